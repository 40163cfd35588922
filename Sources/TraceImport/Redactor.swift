import Trace

/// Takes credentials out of an imported file: what stands under a telling name, and the same texts wherever else they stand.
struct Redactor: Sendable {
    /// Shorter texts are too common to be looked for elsewhere.
    private static let shortestSecret = 8
    static let replacement = "[redacted]"

    /// Parts of names of headers, cookies, parameters and members that carry credentials.
    private static let tellingParts = [
        "authorization", "cookie", "password", "passwd", "secret", "token", "apikey", "credential", "sessionid", "signature",
    ]

    private var secrets = SymbolTable()

    var isEmpty: Bool { secrets.count == 1 }

    /// Whether what stands under this name is a credential. Case, `-` and `_` do not count.
    static func isTelling(_ name: UnsafeRawBufferPointer) -> Bool {
        guard 5...64 ~= name.count else { return false }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { letters in
            var count = 0
            for byte in name where byte != UInt8(ascii: "-") && byte != UInt8(ascii: "_") {
                letters[count] = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
                count += 1
            }
            let plain = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: letters[..<count]))
            return tellingParts.contains { plain.contains(part: $0) }
        }
    }

    /// Remembers what another has remembered.
    mutating func add(_ other: Redactor) {
        for symbol in stride(from: 1, to: UInt32(other.secrets.count), by: 1) {
            other.secrets.utf8(Symbol(raw: symbol)).withUnsafeBytes { _ = secrets.intern($0) }
        }
    }

    /// Remembers a credential: the whole of it and its parts ("Bearer x", "a=b; c=d", a URL's parameter).
    mutating func add(_ secret: JSONString) {
        if secret.isPlain {
            add(secret.raw)
        } else {
            var bytes: [UInt8] = []
            secret.decode(into: &bytes)
            bytes.withUnsafeBytes { add($0) }
        }
    }

    /// The same, of plain text.
    mutating func add(_ secret: UnsafeRawBufferPointer) {
        if secret.count >= Self.shortestSecret { _ = secrets.intern(secret) }
        for token in Tokens(secret) where token.count >= Self.shortestSecret {
            // A name before "=" is no secret.
            if token.upperBound < secret.count, secret[token.upperBound] == UInt8(ascii: "="),
                token.upperBound + 1 < secret.count,
                secret[token.upperBound + 1] != UInt8(ascii: "=")
            {
                continue
            }
            _ = secrets.intern(UnsafeRawBufferPointer(rebasing: secret[token]))
        }
    }

    /// The text without what was remembered; `nil` when nothing of it is in there.
    func redacted(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard !isEmpty else { return nil }
        if secrets.find(text) != nil { return Array(Self.replacement.utf8) }
        var result: [UInt8] = []
        var copied = 0
        for token in Tokens(text) where token.count >= Self.shortestSecret {
            guard secrets.find(UnsafeRawBufferPointer(rebasing: text[token])) != nil else { continue }
            result.append(contentsOf: text[copied..<token.lowerBound])
            result.append(contentsOf: Self.replacement.utf8)
            copied = token.upperBound
        }
        guard copied > 0 else { return nil }
        result.append(contentsOf: text[copied...])
        return result
    }

    /// A URL without the user's name and password, and without the values of telling parameters, which are remembered.
    mutating func url(_ url: UnsafeRawBufferPointer) -> [UInt8]? {
        var result: [UInt8] = []
        var copied = 0
        if let user = Self.userInfo(url) {
            result.append(contentsOf: url[..<user.lowerBound])
            copied = user.upperBound
        }
        guard let query = url.firstIndex(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) else {
            return copied == 0 ? nil : result + url[copied...]
        }
        var start = query + 1
        while start < url.count {
            let end = url[start...].firstIndex { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "#") } ?? url.count
            if let equals = url[start..<end].firstIndex(of: UInt8(ascii: "=")), equals + 1 < end,
                Self.isTelling(UnsafeRawBufferPointer(rebasing: url[start..<equals]))
            {
                add(UnsafeRawBufferPointer(rebasing: url[(equals + 1)..<end]))
                result.append(contentsOf: url[copied...equals])
                result.append(contentsOf: Self.replacement.utf8)
                copied = end
            }
            start = end + 1
        }
        return copied == 0 ? nil : result + url[copied...]
    }

    /// The place of "user:password@" in a URL.
    private static func userInfo(_ url: UnsafeRawBufferPointer) -> Range<Int>? {
        guard let colon = url.firstIndex(of: UInt8(ascii: ":")), colon + 2 < url.count, url[colon + 1] == UInt8(ascii: "/"),
            url[colon + 2] == UInt8(ascii: "/")
        else { return nil }
        let host = colon + 3
        let end = url[host...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        guard let at = url[host..<(end ?? url.count)].lastIndex(of: UInt8(ascii: "@")) else { return nil }
        return host..<(at + 1)
    }

    /// Runs of bytes that are not separators of any of the places where credentials stand.
    private struct Tokens: Sequence, IteratorProtocol {
        private let text: UnsafeRawBufferPointer
        private var at = 0

        init(_ text: UnsafeRawBufferPointer) { self.text = text }

        mutating func next() -> Range<Int>? {
            while at < text.count, isSeparator(text[at]) { at += 1 }
            guard at < text.count else { return nil }
            let start = at
            while at < text.count, !isSeparator(text[at]) { at += 1 }
            return start..<at
        }

        private func isSeparator(_ byte: UInt8) -> Bool {
            switch byte {
            case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "&"),
                UInt8(ascii: "?"), UInt8(ascii: "="), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "#"),
                UInt8(ascii: "\\"),
                UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "("),
                UInt8(ascii: ")"):
                true
            default: false
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the letters of `part` stand one after the other somewhere in here.
    fileprivate func contains(part: String) -> Bool {
        let part = part.utf8
        guard let first = part.first, count >= part.count else { return false }
        return (0...(count - part.count)).contains { start in
            self[start] == first && self[start..<(start + part.count)].elementsEqual(part)
        }
    }
}

/// Remembers of names whether they tell of a credential: few names come often.
struct TellingNames: Sendable {
    /// A name's digest with the answer in the lowest bit, at the place that the digest says; a later name takes an earlier one's.
    private var answers = [UInt64](repeating: 0, count: 1024)

    mutating func contains(_ name: UnsafeRawBufferPointer) -> Bool {
        let digest = ImportedEvents.digest(name) | 1
        let place = Int(truncatingIfNeeded: digest >> 20 & 1023)
        if answers[place] | 1 == digest { return answers[place] & 1 == 1 }
        let isTelling = Redactor.isTelling(name)
        answers[place] = isTelling ? digest : digest & ~1
        return isTelling
    }
}
