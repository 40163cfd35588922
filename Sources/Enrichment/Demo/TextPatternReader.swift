/// Reads a pattern into instructions.
struct TextPatternReader {
    static let digit = TextPattern.CharacterSet(ranges: [0x30...0x39])
    static let word = TextPattern.CharacterSet(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = TextPattern.CharacterSet(ranges: [
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x2000...0x200A, 0x3000...0x3000,
    ])

    private typealias Instruction = TextPattern.Instruction

    private var rest: ArraySlice<Unicode.Scalar>
    private let ignoresCase: Bool
    private var groups = 0

    init(_ pattern: String, ignoresCase: Bool) {
        rest = Array(pattern.unicodeScalars)[...]
        self.ignoresCase = ignoresCase
    }

    mutating func program() throws(ModelFailure) -> [TextPattern.Instruction] {
        let body = try alternatives(depth: 0)
        guard rest.isEmpty else { throw refused("a \")\" without its \"(\"") }
        return try checked([.save(0)] + shifted(body, by: 1) + [.save(1), .match])
    }

    private func refused(_ what: String) -> ModelFailure {
        DemoRule.unsupported("in the pattern, \(what)")
    }

    private func checked(_ code: [TextPattern.Instruction]) throws(ModelFailure) -> [TextPattern.Instruction] {
        guard code.count <= TextPattern.instructionLimit else {
            throw refused("more than \(TextPattern.instructionLimit) steps")
        }
        return code
    }

    /// Code whose targets count from its own beginning, moved to another place.
    private func shifted(_ code: [TextPattern.Instruction], by offset: Int) -> [TextPattern.Instruction] {
        code.map { instruction in
            switch instruction {
            case .split(let first, let second): .split(first + offset, second + offset)
            case .jump(let target): .jump(target + offset)
            case .character, .save, .start, .end, .wordBoundary, .match: instruction
            }
        }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func alternatives(depth: Int) throws(ModelFailure) -> [TextPattern.Instruction] {
        guard depth <= TextPattern.depthLimit else { throw refused("groups nested deeper than \(TextPattern.depthLimit)") }
        var code = try sequence(depth: depth)
        while take("|") {
            let other = try sequence(depth: depth)
            code = try checked(
                [.split(1, code.count + 2)] + shifted(code, by: 1) + [.jump(code.count + other.count + 2)]
                    + shifted(other, by: code.count + 2))
        }
        return code
    }

    private mutating func sequence(depth: Int) throws(ModelFailure) -> [TextPattern.Instruction] {
        var code: [TextPattern.Instruction] = []
        while let next = rest.first, next != "|", next != ")" {
            let part = try quantified(try atom(depth: depth))
            code = try checked(code + shifted(part, by: code.count))
        }
        return code
    }

    private mutating func atom(depth: Int) throws(ModelFailure) -> [TextPattern.Instruction] {
        guard let scalar = rest.popFirst() else { return [] }
        switch scalar {
        case ".": return [.character(.init(ranges: [0x0A...0x0A], isNegated: true))]
        case "^": return [.start]
        case "$": return [.end]
        case "[": return [.character(try bracket())]
        case "(": return try group(depth: depth)
        case "\\":
            guard let escaped = rest.popFirst() else { throw refused("a \"\\\" at the end") }
            if escaped == "b" { return [.wordBoundary] }
            return [.character(try escape(escaped))]
        case "*", "+", "?", "{": throw refused("a \"\(scalar)\" with nothing before it")
        default: return [.character(.init(ranges: [scalar.value...scalar.value], ignoresCase: ignoresCase))]
        }
    }

    private mutating func group(depth: Int) throws(ModelFailure) -> [TextPattern.Instruction] {
        var isFirst = false
        if take("?") {
            guard take(":") else { throw refused("a group that begins with \"(?\"") }
        } else {
            groups += 1
            isFirst = groups == 1
        }
        let inside = try alternatives(depth: depth + 1)
        guard take(")") else { throw refused("a \"(\" without its \")\"") }
        return isFirst ? try checked([.save(2)] + shifted(inside, by: 1) + [.save(3)]) : inside
    }

    private func escape(_ scalar: Unicode.Scalar) throws(ModelFailure) -> TextPattern.CharacterSet {
        func negated(_ set: TextPattern.CharacterSet) -> TextPattern.CharacterSet { .init(ranges: set.ranges, isNegated: true) }
        switch scalar {
        case "d": return Self.digit
        case "D": return negated(Self.digit)
        case "w": return Self.word
        case "W": return negated(Self.word)
        case "s": return Self.space
        case "S": return negated(Self.space)
        case "t": return .init(ranges: [0x09...0x09])
        case "n": return .init(ranges: [0x0A...0x0A])
        default:
            guard !scalar.properties.isAlphabetic, !Self.digit.contains(scalar) else { throw refused("\"\\\(scalar)\"") }
            return .init(ranges: [scalar.value...scalar.value])
        }
    }

    private mutating func bracket() throws(ModelFailure) -> TextPattern.CharacterSet {
        var set = TextPattern.CharacterSet(ranges: [], ignoresCase: ignoresCase)
        set.isNegated = take("^")
        var isFirst = true
        while let scalar = rest.popFirst() {
            if scalar == "]", !isFirst { return set }
            isFirst = false
            var low = scalar
            if scalar == "\\" {
                guard let escaped = rest.popFirst() else { break }
                let inside = try escape(escaped)
                guard !inside.isNegated else { throw refused("\"\\\(escaped)\" within brackets") }
                guard inside.ranges.count == 1, inside.ranges[0].count == 1,
                    let single = Unicode.Scalar(inside.ranges[0].lowerBound)
                else {
                    set.ranges += inside.ranges
                    continue
                }
                low = single
            }
            guard rest.first == "-", let high = rest.dropFirst().first, high != "]" else {
                set.ranges.append(low.value...low.value)
                continue
            }
            rest.removeFirst(2)
            guard high != "\\", low <= high else { throw refused("the range \"\(low)-\(high)\"") }
            set.ranges.append(low.value...high.value)
        }
        throw refused("a \"[\" without its \"]\"")
    }

    // MARK: Quantifiers

    private mutating func quantified(_ atom: [TextPattern.Instruction]) throws(ModelFailure) -> [TextPattern.Instruction] {
        guard let bounds = try bounds() else { return atom }
        let isLazy = take("?")
        var code: [TextPattern.Instruction] = []
        for _ in 0..<bounds.least { code = try checked(code + shifted(atom, by: code.count)) }
        if let most = bounds.most {
            for _ in bounds.least..<most { code = try checked(code + shifted(optional(atom, isLazy), by: code.count)) }
        } else {
            let loop = [split(1, atom.count + 2, isLazy)] + shifted(atom, by: 1) + [.jump(0)]
            code = try checked(code + shifted(loop, by: code.count))
        }
        return code
    }

    private func optional(_ atom: [TextPattern.Instruction], _ isLazy: Bool) -> [TextPattern.Instruction] {
        [split(1, atom.count + 1, isLazy)] + shifted(atom, by: 1)
    }

    private func split(_ inside: Int, _ outside: Int, _ isLazy: Bool) -> TextPattern.Instruction {
        isLazy ? .split(outside, inside) : .split(inside, outside)
    }

    private mutating func bounds() throws(ModelFailure) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard take("{") else { return nil }
        let least = number()
        var most: Int? = least
        if take(",") { most = rest.first == "}" ? nil : number() }
        guard take("}"), let least, least <= 100, most.map({ $0 >= least && $0 <= 100 }) ?? true else {
            throw refused("a \"{\" that is not {m}, {m,} or {m,n} up to 100")
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let digits = rest.prefix { Self.digit.contains($0) }.prefix(4)
        rest = rest.dropFirst(digits.count)
        return digits.isEmpty ? nil : digits.reduce(0) { $0 * 10 + Int($1.value - 0x30) }
    }
}
