/// A JSON value taken apart. Numbers keep their digits; two of them are equal when their values are, two objects whatever the order of
/// their members.
indirect enum JSONTree: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        var name: String
        var value: JSONTree
    }

    case null
    case boolean(Bool)
    case number(JSONNumber)
    case text(String)
    case array([JSONTree])
    case object([Member])

    /// Reads a whole document.
    init(_ json: [UInt8]) throws(JSONScanner.Failure) {
        var scanner = JSONScanner(json)
        // Checked as a whole first: the depth is bounded from here on.
        _ = try JSONScanner.check(json[...])
        self = try Self.read(&scanner)
    }

    private static func read(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> JSONTree {
        switch scanner.peek() {
        case UInt8(ascii: "{"):
            var members: [Member] = []
            try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
                members.append(Member(name: name, value: try read(&scanner)))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var values: [JSONTree] = []
            try scanner.array { (scanner) throws(JSONScanner.Failure) in values.append(try read(&scanner)) }
            return .array(values)
        case UInt8(ascii: "\""): return .text(try scanner.string())
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean(try scanner.boolean())
        case UInt8(ascii: "n"):
            _ = try scanner.takeNull()
            return .null
        default: return .number(JSONNumber(String(decoding: try scanner.skipValue(), as: UTF8.self)))
        }
    }

    static func == (a: JSONTree, b: JSONTree) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.boolean(let x), .boolean(let y)): x == y
        case (.number(let x), .number(let y)): x == y
        case (.text(let x), .text(let y)): x == y
        case (.array(let x), .array(let y)): x == y
        case (.object(let x), .object(let y)):
            x.count == y.count && x.allSatisfy { member in y.contains { $0.name == member.name && $0.value == member.value } }
        case (.null, _), (.boolean, _), (.number, _), (.text, _), (.array, _), (.object, _): false
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .boolean(let value): hasher.combine(value)
        case .number(let value): hasher.combine(value)
        case .text(let value): hasher.combine(value)
        case .array(let values): hasher.combine(values)
        case .object(let members): hasher.combine(Set(members.map(\.name)))
        }
    }

    /// What it is, in a word for a message.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "true or false"
        case .number: "a number"
        case .text: "a text"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
