import GridModel

/// `= round({{Elevation}} * 0.3048, 1)`: numbers, columns, `+ - * /`, parentheses, and `round`, `floor`, `ceil`, `abs`, `min`,
/// `max`. Computed in double precision and written with at most 12 significant digits.
struct ArithmeticExpression: Sendable {
    private indirect enum Node: Sendable {
        case number(Double)
        case input(Int)
        case negated(Node)
        case operation(Character, Node, Node)
        case function(String, [Node])
    }

    private enum Token: Hashable {
        case number(Double)
        case input(Int)
        case name(String)
        case sign(Character)
    }

    /// How deep parentheses and signs may nest: the reader and the computation recurse.
    static let depthLimit = 32

    private let root: Node
    private let names: [String]

    /// Reads the prompt after its "=".
    init(_ segments: [PromptTemplate.Segment], inputs names: [String]) throws(ModelFailure) {
        var reader = Reader(tokens: try Self.tokens(segments)[...])
        root = try reader.sum(depth: 0)
        guard reader.tokens.isEmpty else { throw DemoRule.unsupported("something follows the end of the formula") }
        self.names = names
    }

    /// The result for a row's texts, as a JSON number.
    func value(_ values: [String]) throws(ModelFailure) -> String {
        let result = try evaluate(root, values)
        guard result.isFinite else { throw ModelFailure(.wrongType, "the formula has no finite result: a division by zero?") }
        return Self.text(result)
    }

    private func evaluate(_ node: Node, _ values: [String]) throws(ModelFailure) -> Double {
        switch node {
        case .number(let number): return number
        case .input(let index):
            let bytes = Array(values[index].utf8)
            guard let first = bytes.first,
                first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
                (try? JSONScanner.check(bytes[...]))?.count == bytes.count, let number = Double(values[index])
            else {
                let what = bytes.isEmpty ? "is empty" : "is not a number: \(ModelFailure.bounded(values[index], to: 80))"
                throw ModelFailure(.wrongType, "\"\(names[index])\" \(what)")
            }
            return number
        case .negated(let node): return -(try evaluate(node, values))
        case .operation(let sign, let left, let right):
            let (a, b) = (try evaluate(left, values), try evaluate(right, values))
            switch sign {
            case "+": return a + b
            case "-": return a - b
            case "*": return a * b
            default: return a / b
            }
        case .function(let name, let arguments):
            var numbers: [Double] = []
            for argument in arguments { numbers.append(try evaluate(argument, values)) }
            return Self.apply(name, numbers)
        }
    }

    private static func apply(_ name: String, _ numbers: [Double]) -> Double {
        let first = numbers[0]
        switch name {
        case "floor": return first.rounded(.down)
        case "ceil": return first.rounded(.up)
        case "abs": return first.magnitude
        case "min": return numbers.min() ?? first
        case "max": return numbers.max() ?? first
        default:
            let scale = power(of: numbers.count > 1 ? max(0, min(12, numbers[1])) : 0)
            return (first * scale).rounded() / scale
        }
    }

    private static func power(of digits: Double) -> Double {
        (0..<Int(digits)).reduce(1.0) { power, _ in power * 10 }
    }

    /// At most 12 significant digits: hides that 0.1 + 0.2 is not 0.3 in binary.
    static func text(_ value: Double) -> String {
        if value == value.rounded(), value.magnitude < 1e15 { return String(Int64(value)) }
        var scale = 1e11
        var magnitude = value.magnitude
        while magnitude >= 10, scale > 1e-300 {
            magnitude /= 10
            scale /= 10
        }
        while magnitude < 1, magnitude > 0, scale < 1e300 {
            magnitude *= 10
            scale *= 10
        }
        let rounded = (value * scale).rounded() / scale
        return rounded.isFinite ? "\(rounded)" : "\(value)"
    }

    // MARK: Reading

    private static func tokens(_ segments: [PromptTemplate.Segment]) throws(ModelFailure) -> [Token] {
        var tokens: [Token] = []
        var isBeforeEquals = true
        for segment in segments {
            switch segment {
            case .input(let index): tokens.append(.input(index))
            case .text(let text):
                var rest = text[...]
                if isBeforeEquals {
                    rest = rest.drop { $0 != "=" }.dropFirst()
                    isBeforeEquals = false
                }
                while let first = rest.first {
                    if first.isWhitespace {
                        rest.removeFirst()
                    } else if first.isASCII, first.isNumber || first == "." {
                        let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
                        guard let number = Double(digits) else { throw DemoRule.unsupported("\"\(digits)\" in the formula") }
                        tokens.append(.number(number))
                        rest = rest.dropFirst(digits.count)
                    } else if first.isLetter {
                        let name = rest.prefix(while: \.isLetter)
                        tokens.append(.name(name.lowercased()))
                        rest = rest.dropFirst(name.count)
                    } else if "+-*/(),".contains(first) {
                        tokens.append(.sign(first))
                        rest.removeFirst()
                    } else {
                        throw DemoRule.unsupported("\"\(first)\" in the formula")
                    }
                }
            }
        }
        return tokens
    }

    /// Reads sums of products of factors, from the left.
    private struct Reader {
        var tokens: ArraySlice<Token>

        private mutating func take(_ sign: Character) -> Bool {
            guard tokens.first == .sign(sign) else { return false }
            tokens.removeFirst()
            return true
        }

        mutating func sum(depth: Int) throws(ModelFailure) -> Node {
            guard depth <= depthLimit else { throw DemoRule.unsupported("the formula nests deeper than \(depthLimit)") }
            return try chain(["+", "-"]) { (reader) throws(ModelFailure) in
                try reader.chain(["*", "/"]) { (reader) throws(ModelFailure) in try reader.factor(depth: depth) }
            }
        }

        private mutating func chain(
            _ signs: [Character], _ part: (inout Reader) throws(ModelFailure) -> Node
        ) throws(ModelFailure) -> Node {
            var node = try part(&self)
            var count = 0
            while let sign = signs.first(where: { tokens.first == .sign($0) }) {
                tokens.removeFirst()
                count += 1
                // Each step nests the tree by one, and the computation recurses.
                guard count <= 256 else { throw DemoRule.unsupported("the formula has more than 256 terms") }
                node = .operation(sign, node, try part(&self))
            }
            return node
        }

        private mutating func factor(depth: Int) throws(ModelFailure) -> Node {
            guard depth <= depthLimit else { throw DemoRule.unsupported("the formula nests deeper than \(depthLimit)") }
            guard let token = tokens.popFirst() else { throw DemoRule.unsupported("the formula is not finished") }
            switch token {
            case .number(let number): return .number(number)
            case .input(let index): return .input(index)
            case .sign("-"): return .negated(try factor(depth: depth + 1))
            case .sign("("):
                let inside = try sum(depth: depth + 1)
                guard take(")") else { throw DemoRule.unsupported("a parenthesis in the formula is not closed") }
                return inside
            case .name(let name): return try function(name, depth: depth)
            case .sign(let sign): throw DemoRule.unsupported("\"\(sign)\" stands where a number belongs")
            }
        }

        private mutating func function(_ name: String, depth: Int) throws(ModelFailure) -> Node {
            let counts = ["round": 1...2, "floor": 1...1, "ceil": 1...1, "abs": 1...1, "min": 1...16, "max": 1...16]
            guard let count = counts[name] else { throw DemoRule.unsupported("the function \"\(name)\"") }
            guard take("(") else { throw DemoRule.unsupported("\(name) without its parenthesis") }
            var arguments: [Node] = []
            repeat { arguments.append(try sum(depth: depth + 1)) } while take(",") && arguments.count < 16
            guard take(")"), count.contains(arguments.count) else {
                throw DemoRule.unsupported("\(name) with \(arguments.count) arguments")
            }
            return .function(name, arguments)
        }
    }
}
