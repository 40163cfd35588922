import Trace

/// What a step asks of a request's body: members of its JSON, and pieces of its text. Two POSTs to one address, such as two operations of GraphQL,
/// differ in nothing else.
package struct BodyMatcher: Hashable, Sendable {
    /// Bytes of a body that are looked at: operations and their variables are smaller, and uploads are nobody's identity.
    package static let bytes = 64 << 10

    /// What a value must be.
    indirect enum Pattern: Hashable, Sendable {
        case any
        /// A value with this canonical text.
        case exactly(String)
        /// An object with at least these members, or a list with such an object.
        case members([Member])
    }

    struct Member: Hashable, Sendable {
        var name: String
        var pattern: Pattern
    }

    var pattern: Pattern?
    /// The body contains this text, as it stands.
    var contained: String?

    var isEmpty: Bool { pattern == nil && contained == nil }

    /// - Parameter body: of which at most ``bytes`` count; a longer one has no members.
    package func matches(_ body: [UInt8]) -> Bool {
        if let contained, !Self.contains(body.prefix(Self.bytes), Array(contained.utf8)) { return false }
        guard let pattern else { return true }
        guard body.count <= Self.bytes else { return false }
        var padded = body
        padded.append(contentsOf: repeatElement(0, count: JSONCursor.padding))
        return padded.withUnsafeBytes { bytes in
            var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: bytes[..<body.count]))
            do throws(JSONFailure) {
                let isThere = try pattern.matches(try cursor.skipValue())
                try cursor.finish()
                return isThere
            } catch {
                // No JSON: a form, a picture, something compressed.
                return false
            }
        }
    }

    private static func contains(_ body: ArraySlice<UInt8>, _ text: [UInt8]) -> Bool {
        guard let first = text.first else { return true }
        var rest = body
        while let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: text) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    /// For people: ` {"operationName":"Price"}`.
    var text: String { (pattern.map { " \($0.text)" } ?? "") + (contained.map { " \(JSONText.quoted($0))" } ?? "") }
}

extension BodyMatcher.Pattern {
    /// Reads a value of a plan: objects by their members, `null` for any, everything else as it is.
    init(_ slice: JSONSlice) throws(JSONFailure) {
        switch slice.bytes.first {
        case UInt8(ascii: "{"):
            var cursor = JSONCursor(slice)
            var members: [BodyMatcher.Member] = []
            var isFirst = true
            try cursor.beginObject()
            while let name = try cursor.nextMember(&isFirst) {
                let name = name.string
                members.append(BodyMatcher.Member(name: name, pattern: try BodyMatcher.Pattern(try cursor.skipValue())))
            }
            self = .members(members)
        case UInt8(ascii: "n"): self = .any
        default: self = .exactly(try JSONCanonicalText.of(slice))
        }
    }

    func matches(_ slice: JSONSlice) throws(JSONFailure) -> Bool {
        switch self {
        case .any: return true
        case .exactly(let text): return try JSONCanonicalText.of(slice) == text
        case .members(let wanted):
            var cursor = JSONCursor(slice)
            var isFirst = true
            switch slice.bytes.first {
            case UInt8(ascii: "["):
                try cursor.beginArray()
                while try cursor.nextElement(&isFirst) {
                    if try matches(try cursor.skipValue()) { return true }
                }
                return false
            case UInt8(ascii: "{"):
                var missing = wanted
                try cursor.beginObject()
                while !missing.isEmpty, let name = try cursor.nextMember(&isFirst) {
                    let name = name.string
                    let value = try cursor.skipValue()
                    var rest: [BodyMatcher.Member] = []
                    for member in missing {
                        if member.name == name, try member.pattern.matches(value) { continue }
                        rest.append(member)
                    }
                    missing = rest
                }
                return missing.isEmpty
            default: return false
            }
        }
    }

    fileprivate var text: String {
        switch self {
        case .any: "null"
        case .exactly(let text): text
        case .members(let members):
            "{" + members.map { "\(JSONText.quoted($0.name)):\($0.pattern.text)" }.joined(separator: ",") + "}"
        }
    }
}
