/// What a cell holds: one JSON value, kept as the text it came in. Nothing is coerced, numbers keep their digits.
///
/// The empty cell is `nil`, never a `CellValue`: `null` and `""` are the empty cell.
public struct CellValue: Hashable, Sendable {
    /// The value's JSON text, strictly valid (RFC 8259), without white space around it; never `null` and never `""`.
    public let json: String

    /// What the JSON text begins with decides the kind.
    public enum Kind: Hashable, Sendable {
        case text
        case number
        case boolean
        /// An object or an array.
        case structure
    }

    /// Takes JSON text that the caller has already checked with `JSONScanner`, as the log and the wire reader have.
    public init(checkedJSON json: String) {
        self.json = json
    }

    /// A text cell; `nil` when the text is empty, which is the empty cell.
    public init?(text: some StringProtocol) {
        guard !text.isEmpty else { return nil }
        var json = "\""
        json.reserveCapacity(text.utf8.count + 2)
        JSONText.escape(text, into: &json)
        json.append("\"")
        self.json = json
    }

    public static let yes = CellValue(checkedJSON: "true")
    public static let no = CellValue(checkedJSON: "false")

    public var kind: Kind {
        switch json.utf8.first {
        case UInt8(ascii: "\""): .text
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "{"), UInt8(ascii: "["): .structure
        default: .number
        }
    }

    /// What a person is shown: a text's characters, anything else's JSON.
    public var displayText: String {
        kind == .text ? JSONText.unescape(json.dropFirst().dropLast()) : json
    }
}

extension CellValue: CustomStringConvertible {
    public var description: String { json }
}
