// Requests of HTTP/2 are written anew as HTTP/1.1 for the upstream. What is a plain value in a frame is syntax on a line: a line end in a
// value, a blank in a path or a length that is not that of the body would make two requests of one. So a head of a stream is judged by the
// rules for a line, besides its own (RFC 9113, sections 8.2 and 8.3), wherever it was decoded.

/// Reads the heads of HTTP/2's streams, as strictly as those of HTTP/1.1.
package enum StreamHeadReader {
    /// The head of a request.
    /// - Parameters:
    ///   - lines: as decoded, pseudo-headers first.
    ///   - endsStream: no body follows.
    package static func request(_ lines: [HeaderField], endsStream: Bool) throws(FramingError) -> RequestHead {
        var pseudo: [String: HeaderField] = [:]
        var fields = HeaderFields()
        try checkSize(lines)
        for line in lines {
            guard line.name.utf8.first == UInt8(ascii: ":") else {
                try checkField(line)
                fields.lines.append(line)
                continue
            }
            guard fields.lines.isEmpty else { throw .malformed("a pseudo-header behind a field") }
            guard names.contains(line.name) else { throw .malformed("a pseudo-header that no request has") }
            guard pseudo.updateValue(line, forKey: line.name) == nil else { throw .malformed("a pseudo-header twice") }
        }
        guard let method = pseudo[":method"]?.text else { throw .malformed("no :method") }
        // CONNECT has neither a scheme nor a path.
        guard HeadReader.methods.contains(method) else {
            throw FramingError(.notImplemented, "a method that HTTP does not register")
        }
        guard let scheme = pseudo[":scheme"], let path = pseudo[":path"] else { throw .malformed("no :scheme or no :path") }
        guard scheme.text == "https" else { throw .malformed("a :scheme other than that of the connection") }
        let target = try HeadReader.target(path.value[...], method)
        try setHost(pseudo[":authority"], &fields)
        joinCookies(&fields)
        return RequestHead(
            method: method, target: target, fields: fields, framing: try framing(fields, endsStream: endsStream))
    }

    /// The fields behind a body.
    package static func trailers(_ lines: [HeaderField]) throws(FramingError) -> HeaderFields {
        try checkSize(lines)
        for line in lines { try checkField(line) }
        return HeaderFields(lines)
    }

    private static let names: Set<String> = [":method", ":scheme", ":authority", ":path"]

    /// They would say how one connection is used, and this one has no such thing (RFC 9113, section 8.2.2).
    private static let connectionSpecific: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings",
    ]

    private static func checkSize(_ lines: [HeaderField]) throws(FramingError) {
        guard lines.count <= MessageLimits.fields else {
            throw FramingError(.headerTooLarge, "more than \(MessageLimits.fields) fields")
        }
        guard lines.reduce(0, { $0 + $1.name.utf8.count + $1.value.count }) <= MessageLimits.headBytes else {
            throw FramingError(.headerTooLarge, "a head of more than \(MessageLimits.headBytes >> 10) KiB")
        }
    }

    private static func checkField(_ field: HeaderField) throws(FramingError) {
        let isName = !field.name.isEmpty && field.name.utf8.allSatisfy { HeadReader.isTokenByte($0) && !isUpperCase($0) }
        guard isName else { throw .malformed("a field name that is no token in lower case") }
        guard field.value.allSatisfy({ $0 == HeadReader.tab || ($0 >= 0x20 && $0 != 0x7F) }) else {
            throw .malformed("a control character in a field value")
        }
        for end in [field.value.first, field.value.last] where end == HeadReader.space || end == HeadReader.tab {
            throw .malformed("a field value with a blank at its end")
        }
        guard !connectionSpecific.contains(field.name) else { throw .malformed("a field of a connection in a stream") }
        guard field.name != "te" || field.text == "trailers" else { throw .malformed("TE other than trailers") }
    }

    /// `:authority` takes the place of `Host`; who sends both must mean the same.
    private static func setHost(_ authority: HeaderField?, _ fields: inout HeaderFields) throws(FramingError) {
        let hosts = fields.all("host")
        guard let host = authority ?? hosts.first, hosts.allSatisfy({ $0.value == host.value }) else {
            throw .malformed("neither :authority nor Host, or another in each")
        }
        fields.remove("host")
        fields.lines.insert(HeaderField("Host", host.value), at: 0)
        try HeadReader.checkHost(fields, 1)
    }

    /// Cookies may come one a field; upstream they are one field (RFC 9113, section 8.2.3).
    private static func joinCookies(_ fields: inout HeaderFields) {
        let cookies = fields.all("cookie")
        guard cookies.count > 1 else { return }
        fields.remove("cookie")
        fields.lines.append(HeaderField("cookie", Array(cookies.map(\.value).joined(separator: "; ".utf8))))
    }

    private static func framing(_ fields: HeaderFields, endsStream: Bool) throws(FramingError) -> BodyFraming {
        switch try HeadReader.declared(fields, 1) {
        case .length(let count) where endsStream && count > 0: throw .malformed("a Content-Length without a body")
        case .length(let count): .length(count)
        case nil: endsStream ? .none : .chunked
        case let other?: other
        }
    }

    private static func isUpperCase(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
}
