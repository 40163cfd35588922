import Trace

/// A value of the application: what was read, written, asked with.
public enum TraceValue: Sendable {
    case null
    case flag(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case array([TraceValue])
    /// Members in any order; they are written sorted by name.
    case object([(name: String, value: TraceValue)])
    /// Stands for a value that is not kept.
    case digest(String)

    /// Canonical JSON.
    var json: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .flag(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .integer(let number): bytes.append(contentsOf: String(number).utf8)
        // JSON has no infinities and no NaN.
        case .number(let number): bytes.append(contentsOf: (number.isFinite ? "\(number)" : "null").utf8)
        case .text(let text): JSONText.append(quoting: text.utf8, to: &bytes)
        case .digest(let digest): Self.append([("digest", .text(digest))], to: &bytes)
        case .object(let members): Self.append(members.sorted { $0.name < $1.name }, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        }
    }

    private static func append(_ members: [(name: String, value: TraceValue)], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            JSONText.append(quoting: member.name.utf8, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            member.value.append(to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Without what members hold whose name says that they are credentials.
    var withoutSecrets: TraceValue {
        switch self {
        case .array(let elements): .array(elements.map(\.withoutSecrets))
        case .object(let members):
            .object(
                members.map {
                    ($0.name, TraceRedactor.namesSecret($0.name) ? .text(TraceRedactor.mark) : $0.value.withoutSecrets)
                })
        case .null, .flag, .integer, .number, .text, .digest: self
        }
    }
}
