/// Takes credentials out of lines of a trace: what a recorder should have done at capture is done again wherever a trace comes in.
///
/// Two passes: `learn` each line, then `redacted` each line. The first finds credentials by where they stand: members within values,
/// arguments and headers whose name says so, parameters of addresses, what follows `Bearer` and `Basic`. The second takes these
/// out there, and the same texts wherever else they stand. The format's own members are never taken by their name.
package struct TraceRedactor: Sendable {
    /// What stands in a credential's place.
    package static let mark = "[redacted]"
    /// Shorter texts stand in too many places that are no credential.
    static let smallestSecret = 6
    /// How many are searched for: each costs a search of every text.
    static let secretLimit = 64

    /// The format's nesting limit.
    private static let depthLimit = 64

    private var secrets: [[UInt8]] = []

    package init() {}

    /// Finds the credentials of a line, for all lines.
    /// - Parameter line: one JSON object. Throws where it is none.
    package mutating func learn(_ line: some Sequence<UInt8>) throws(JSONFailure) {
        _ = try walk(line, learning: true)
    }

    /// The line without credentials.
    package func redacted(_ line: some Sequence<UInt8>) throws(JSONFailure) -> [UInt8] {
        var copy = self
        return try copy.walk(line, learning: false)
    }

    /// A text without what an address or an authentication scheme shows to be a credential.
    package static func scrubbed(_ text: String) -> String {
        String(decoding: TraceRedactor().scrubbed(Array(text.utf8)), as: UTF8.self)
    }

    /// True for a member, a header or a parameter that holds a credential.
    package static func namesSecret(_ name: String) -> Bool {
        let name = name.lowercased().filter { $0 != "-" && $0 != "_" }
        if name.contains("auth"), !name.contains("author") || name.contains("authori") { return true }
        return ["token", "secret", "passw", "credential", "cookie", "session", "apikey", "csrf", "xsrf", "signature"].contains {
            name.contains($0)
        }
    }

    // MARK: - Walking

    private mutating func walk(_ line: some Sequence<UInt8>, learning: Bool) throws(JSONFailure) -> [UInt8] {
        var padded = Array(line)
        let count = padded.count
        padded.append(contentsOf: repeatElement(0, count: JSONCursor.padding))
        // Typed throws do not pass through the standard library's closure.
        let result: Result<[UInt8], JSONFailure> = padded.withUnsafeBytes { bytes in
            var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            var out: [UInt8] = []
            do throws(JSONFailure) {
                _ = cursor.peek()
                try object(&cursor, depth: 0, learning: learning, &out)
                try cursor.finish()
                return .success(out)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private mutating func object(
        _ cursor: inout JSONCursor, depth: Int, learning: Bool, _ out: inout [UInt8]
    ) throws(JSONFailure) {
        guard depth < Self.depthLimit else { throw cursor.failure("nested deeper than 64") }
        try cursor.beginObject()
        out.append(UInt8(ascii: "{"))
        var isFirst = true
        var isFollowing = false
        while let name = try cursor.nextMember(&isFirst) {
            if isFollowing { out.append(UInt8(ascii: ",")) }
            isFollowing = true
            append(name, learning: learning, &out)
            out.append(UInt8(ascii: ":"))
            let isSecret = depth > 0 && Self.namesSecret(name.string)
            try value(&cursor, depth: depth + 1, isSecret: isSecret, learning: learning, &out)
        }
        out.append(UInt8(ascii: "}"))
    }

    private mutating func value(
        _ cursor: inout JSONCursor, depth: Int, isSecret: Bool, learning: Bool, _ out: inout [UInt8]
    ) throws(JSONFailure) {
        switch cursor.peek() {
        case UInt8(ascii: "{"): try object(&cursor, depth: depth, learning: learning, &out)
        case UInt8(ascii: "["):
            guard depth < Self.depthLimit else { throw cursor.failure("nested deeper than 64") }
            try cursor.beginArray()
            out.append(UInt8(ascii: "["))
            var isFirst = true
            var isFollowing = false
            while try cursor.nextElement(&isFirst) {
                if isFollowing { out.append(UInt8(ascii: ",")) }
                isFollowing = true
                try value(&cursor, depth: depth + 1, isSecret: isSecret, learning: learning, &out)
            }
            out.append(UInt8(ascii: "]"))
        case UInt8(ascii: "\""):
            let text = try cursor.string()
            guard isSecret else { return append(text, learning: learning, &out) }
            if learning { keep(Array(text.string.utf8)) }
            JSONText.append(quoting: Self.mark.utf8, to: &out)
        case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "f"): out.append(contentsOf: try cursor.skipValue().bytes)
        default:
            let number = try cursor.skipValue()
            if isSecret { JSONText.append(quoting: Self.mark.utf8, to: &out) } else { out.append(contentsOf: number.bytes) }
        }
    }

    // MARK: - Texts

    private mutating func append(_ text: JSONString, learning: Bool, _ out: inout [UInt8]) {
        var bytes: [UInt8] = []
        text.decode(into: &bytes)
        if learning {
            for found in SecretsOfText(bytes).ranges { keep(Array(bytes[found])) }
            return
        }
        let clean = scrubbed(bytes)
        if clean == bytes { out.append(contentsOf: text.quoted.bytes) } else { JSONText.append(quoting: clean, to: &out) }
    }

    private mutating func keep(_ secret: [UInt8]) {
        // "Bearer abc": the scheme is none.
        for candidate in [secret, secret.split(separator: UInt8(ascii: " ")).last.map(Array.init) ?? []]
        where candidate.count >= Self.smallestSecret && secrets.count < Self.secretLimit && !secrets.contains(candidate)
            && candidate != Array(Self.mark.utf8)
        {
            secrets.append(candidate)
        }
    }

    private func scrubbed(_ text: [UInt8]) -> [UInt8] {
        var text = text
        for found in SecretsOfText(text).ranges.reversed() { text.replaceSubrange(found, with: Self.mark.utf8) }
        for secret in secrets where text.count >= secret.count {
            var at = 0
            while at + secret.count <= text.count {
                if text[at] == secret[0], text[at..<(at + secret.count)].elementsEqual(secret) {
                    text.replaceSubrange(at..<(at + secret.count), with: Self.mark.utf8)
                    at += Self.mark.utf8.count
                } else {
                    at += 1
                }
            }
        }
        return text
    }
}

/// Where credentials stand within a text: values of an address's parameters, and what follows `Bearer` or `Basic`.
private struct SecretsOfText {
    /// In order, none overlapping.
    var ranges: [Range<Int>] = []

    init(_ text: [UInt8]) {
        var at = 0
        while at < text.count {
            let found: Range<Int>?
            switch text[at] {
            case UInt8(ascii: "?"), UInt8(ascii: "&"), UInt8(ascii: ";"): found = Self.parameter(text, at + 1)
            case UInt8(ascii: "B"), UInt8(ascii: "b"): found = Self.scheme(text, at)
            default: found = nil
            }
            if let found, !text[found].elementsEqual("redacted".utf8), !text[found].elementsEqual(TraceRedactor.mark.utf8) {
                ranges.append(found)
                at = found.upperBound
            } else {
                at += 1
            }
        }
    }

    /// The value of the parameter whose name begins at `start`, if its name says that it is a credential.
    private static func parameter(_ text: [UInt8], _ start: Int) -> Range<Int>? {
        guard let equals = text[start...].prefix(64).firstIndex(of: UInt8(ascii: "=")) else { return nil }
        guard TraceRedactor.namesSecret(String(decoding: text[start..<equals], as: UTF8.self)) else { return nil }
        let end = text[equals...].firstIndex { [UInt8(ascii: "&"), UInt8(ascii: ";"), UInt8(ascii: "#"), 0x20].contains($0) }
        let value = equals + 1..<(end ?? text.count)
        return value.isEmpty ? nil : value
    }

    /// What follows an authentication scheme that begins at `start`.
    private static func scheme(_ text: [UInt8], _ start: Int) -> Range<Int>? {
        for scheme in ["bearer ", "basic "] {
            let first = start + scheme.utf8.count
            guard first < text.count,
                zip(text[start..<first], scheme.utf8).allSatisfy({ $0 | 0x20 == $1 })
            else { continue }
            let end = text[first...].firstIndex { $0 <= 0x20 || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }
            let value = first..<(end ?? text.count)
            // Prose has short words after "basic".
            return value.count >= 8 ? value : nil
        }
        return nil
    }
}
