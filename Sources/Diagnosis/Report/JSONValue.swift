import Trace

/// A JSON document as a value, with its members in the order given.
indirect enum JSONValue {
    case null
    case bool(Bool)
    case number(Int64)
    case text(String)
    case array([JSONValue])
    case object([(String, JSONValue)])

    static func count(_ number: Int) -> JSONValue { .number(Int64(number)) }
    static func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .text($0) }) }
    static func optional(_ text: String?) -> JSONValue { text.map { .text($0) } ?? .null }

    func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .number(let value): bytes += String(value).utf8
        case .text(let value): JSONText.append(quoting: value.utf8, to: &bytes)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                value.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONText.append(quoting: member.0.utf8, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.1.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
