extension HeadReader {
    /// The head of a request, strictly (RFC 9112, sections 3 and 6).
    static func request(_ bytes: [UInt8]) throws(FramingError) -> RequestHead {
        var reader = HeadReader(bytes)
        guard let line = try reader.line() else { throw .malformed("no request line") }
        let words = line.split(separator: space, omittingEmptySubsequences: false)
        guard words.count == 3 else {
            throw .malformed("a request line is a method, a target and a version, with one space between")
        }
        guard !words[0].isEmpty, words[0].allSatisfy(isTokenByte) else { throw .malformed("a method that is no token") }
        let minor = try version(words[2])
        let method = String(decoding: words[0], as: UTF8.self)
        guard methods.contains(method) else { throw FramingError(.notImplemented, "a method that HTTP does not register") }
        let target = try target(words[1], method)
        let fields = try reader.fields()
        try checkHost(fields, minor)
        return RequestHead(
            method: method, target: target, minor: minor, fields: fields,
            framing: try declared(fields, minor) ?? .none)
    }

    /// The head of a response.
    /// - Parameter method: what it answers: an answer to HEAD has no body.
    static func response(_ bytes: [UInt8], to method: String) throws(FramingError) -> ResponseHead {
        var reader = HeadReader(bytes)
        guard let line = try reader.line() else { throw .malformed("no status line") }
        let words = line.split(separator: space, maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2 else { throw .malformed("a status line without a status") }
        let minor = try version(words[0])
        let digits = words[1]
        guard digits.count == 3, digits.allSatisfy(isDigit), let status = Int(String(decoding: digits, as: UTF8.self)),
            status >= 100
        else { throw .malformed("a status that is no number of three digits") }
        let reason = words.count == 3 ? words[2] : []
        guard reason.allSatisfy({ $0 == tab || ($0 >= 0x20 && $0 != 0x7F) }) else {
            throw .malformed("a control character in a reason")
        }
        let fields = try reader.fields()
        let declared = try declared(fields, minor)
        let isBodiless = method == "HEAD" || status < 200 || status == 204 || status == 304
        return ResponseHead(
            status: status, reason: String(decoding: reason, as: UTF8.self), minor: minor, fields: fields,
            framing: isBodiless ? .none : declared ?? .untilClose)
    }

    /// Those of the registry (https://www.iana.org/assignments/http-methods) but CONNECT, which would open a tunnel to anywhere, and TRACE,
    /// which gives a page its own credentials back.
    static let methods: Set<String> = [
        "ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "DELETE", "GET", "HEAD", "LABEL", "LINK", "LOCK",
        "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE", "OPTIONS", "ORDERPATCH", "PATCH",
        "POST", "PROPFIND", "PROPPATCH", "PUT", "QUERY", "REBIND", "REPORT", "SEARCH", "UNBIND", "UNCHECKOUT", "UNLINK",
        "UNLOCK",
        "UPDATE", "UPDATEREDIRECTREF", "VERSION-CONTROL",
    ]

    private static func version(_ word: ArraySlice<UInt8>) throws(FramingError) -> Int {
        switch String(decoding: word, as: UTF8.self) {
        case "HTTP/1.1": return 1
        case "HTTP/1.0": return 0
        default:
            guard word.starts(with: "HTTP/".utf8) else { throw .malformed("not HTTP") }
            throw FramingError(.version, "neither HTTP/1.1 nor HTTP/1.0")
        }
    }

    /// Only a path, or `*` of OPTIONS: a whole address would let a client choose whom this proxy asks.
    static func target(_ word: ArraySlice<UInt8>, _ method: String) throws(FramingError) -> String {
        let isAsterisk = word.elementsEqual("*".utf8) && method == "OPTIONS"
        guard isAsterisk || word.first == UInt8(ascii: "/") else { throw .malformed("a target that is no path") }
        guard word.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw .malformed("a character in the target that must be escaped")
        }
        return String(decoding: word, as: UTF8.self)
    }

    static func checkHost(_ fields: HeaderFields, _ minor: Int) throws(FramingError) {
        let hosts = fields.all("host")
        guard hosts.count <= 1, minor == 0 || hosts.count == 1 else { throw .malformed("not exactly one Host") }
        guard let host = hosts.first else { return }
        let isName = host.value.allSatisfy { byte in
            isTokenByte(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
        }
        guard isName else { throw .malformed("a Host that is no name") }
    }

    /// The framing that fields declare. Two declarations are refused, also when they agree: whoever comes next may read only one of them.
    static func declared(_ fields: HeaderFields, _ minor: Int) throws(FramingError) -> BodyFraming? {
        let lengths = fields.all("content-length")
        let codings = fields.all("transfer-encoding")
        guard lengths.count <= 1 else { throw .malformed("more than one Content-Length") }
        guard codings.count <= 1 else { throw .malformed("more than one Transfer-Encoding") }
        guard lengths.isEmpty || codings.isEmpty else { throw .malformed("Content-Length beside Transfer-Encoding") }
        if let coding = codings.first {
            guard minor == 1 else { throw .malformed("Transfer-Encoding in HTTP/1.0") }
            guard coding.text.lowercased() == "chunked" else {
                throw FramingError(.notImplemented, "a transfer coding other than chunked")
            }
            return .chunked
        }
        guard let length = lengths.first else { return nil }
        guard !length.value.isEmpty, length.value.count <= MessageLimits.lengthDigits, length.value.allSatisfy(isDigit),
            let count = UInt64(length.text)
        else { throw .malformed("a Content-Length that is no number") }
        return .length(count)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
