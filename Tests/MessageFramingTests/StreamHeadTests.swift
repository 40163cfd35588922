import MessageFraming
import Testing

private let plain = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost:1"), (":path", "/a?b=1")]

private func lines(_ pairs: [(String, String)]) -> [HeaderField] { pairs.map { HeaderField($0.0, $0.1) } }

private func request(_ more: [(String, String)], endsStream: Bool = true) throws(FramingError) -> RequestHead {
    try StreamHeadReader.request(lines(plain + more), endsStream: endsStream)
}

/// The plain request with one pseudo-header changed, or without it.
private func changed(_ name: String, _ value: String?) -> [HeaderField] {
    lines(plain.compactMap { $0.0 != name ? $0 : value.map { (name, $0) } })
}

/// Heads that must be refused, and why.
private struct RefusedHead: Sendable, CustomTestStringConvertible {
    var why: String
    var fields: [HeaderField]
    var endsStream = true
    var status = 400

    var testDescription: String { why }

    init(_ why: String, _ fields: [HeaderField], endsStream: Bool = true, status: Int = 400) {
        (self.why, self.fields, self.endsStream, self.status) = (why, fields, endsStream, status)
    }

    init(_ why: String, more: [(String, String)], endsStream: Bool = true, status: Int = 400) {
        self.init(why, lines(plain + more), endsStream: endsStream, status: status)
    }
}

private let refused: [RefusedHead] = [
    RefusedHead("no method", changed(":method", nil)), RefusedHead("no scheme", changed(":scheme", nil)),
    RefusedHead("no path", changed(":path", nil)), RefusedHead("no name of the server", changed(":authority", nil)),
    RefusedHead("an empty path", changed(":path", "")), RefusedHead("a path without a slash", changed(":path", "a")),
    RefusedHead("a whole address", changed(":path", "https://inside.test/")),
    RefusedHead("a path that ends its line", changed(":path", "/ HTTP/1.1\r\nHost: evil.test\r\n\r\nGET /evil")),
    RefusedHead("a blank in the path", changed(":path", "/a b")), RefusedHead("a fragment", changed(":path", "/a#b")),
    RefusedHead("another scheme", changed(":scheme", "http")),
    RefusedHead("a scheme that goes on", changed(":scheme", "https://evil.test/?")),
    RefusedHead("a method that goes on", changed(":method", "GET /evil HTTP/1.1\r\n"), status: 501),
    RefusedHead("a tunnel", changed(":method", "CONNECT"), status: 501),
    RefusedHead("a tunnel as it is written", lines([(":method", "CONNECT"), (":authority", "inside:443")]), status: 501),
    RefusedHead("a method in lower case", changed(":method", "get"), status: 501),
    RefusedHead("a person in the name", changed(":authority", "user@localhost")),
    RefusedHead("a line end in the name", changed(":authority", "localhost\r\nX: 1")),
    RefusedHead("a pseudo-header twice", lines(plain + [(":path", "/b")])),
    RefusedHead("a pseudo-header of responses", lines(plain + [(":status", "200")])),
    RefusedHead("a pseudo-header that nobody knows", lines(plain + [(":protocol", "websocket")])),
    RefusedHead("a pseudo-header behind a field", lines([("accept", "*/*")] + plain)),
    RefusedHead("another Host beside the name", more: [("host", "evil.test")]),
    RefusedHead("two Hosts, one of them another", more: [("host", "localhost:1"), ("host", "evil.test")]),
    RefusedHead("a name in upper case", more: [("Accept", "*/*")]), RefusedHead("an empty name", more: [("", "x")]),
    RefusedHead("a name with a colon in it", more: [("a:b", "x")]), RefusedHead("a name with a blank", more: [("a b", "x")]),
    RefusedHead("a line end in a value", more: [("x", "1\r\ntransfer-encoding: chunked")]),
    RefusedHead("an LF in a value", more: [("x", "1\n2")]), RefusedHead("a zero in a value", more: [("x", "1\u{0}")]),
    RefusedHead("a blank before a value", more: [("x", " 1")]), RefusedHead("a tab behind a value", more: [("x", "1\t")]),
    RefusedHead("Connection", more: [("connection", "close")]), RefusedHead("Keep-Alive", more: [("keep-alive", "5")]),
    RefusedHead("Proxy-Connection", more: [("proxy-connection", "close")]),
    RefusedHead("Upgrade", more: [("upgrade", "websocket")]),
    RefusedHead("Transfer-Encoding", more: [("transfer-encoding", "chunked")], endsStream: false),
    RefusedHead("TE other than trailers", more: [("te", "gzip")]),
    RefusedHead("a length without a body", more: [("content-length", "3")]),
    RefusedHead("a length twice", more: [("content-length", "3"), ("content-length", "3")], endsStream: false),
    RefusedHead("a length that is none", more: [("content-length", "+3")], endsStream: false),
    RefusedHead("too many fields", more: (0..<300).map { ("x\($0)", "1") }, status: 431),
    RefusedHead("too large a head", more: [("x", String(repeating: "a", count: 70_000))], status: 431),
]

struct StreamHeadTests {
    @Test(arguments: refused) fileprivate func `P9 a stream's head that is no request is refused`(_ head: RefusedHead) {
        #expect {
            try StreamHeadReader.request(head.fields, endsStream: head.endsStream)
        } throws: {
            ($0 as? FramingError)?.status == head.status
        }
    }

    @Test func `a stream's head becomes one of HTTP 1, with the name of the server in Host`() throws {
        let head = try request([("accept", "*/*"), ("te", "trailers"), ("cookie", "a=1"), ("cookie", "b=2")])
        #expect(head.method == "GET" && head.target == "/a?b=1" && head.minor == 1 && head.framing == .none)
        #expect(
            head.fields.lines == [
                HeaderField("Host", "localhost:1"), HeaderField("accept", "*/*"), HeaderField("te", "trailers"),
                HeaderField("cookie", "a=1; b=2"),
            ])
        let named = lines([(":method", "OPTIONS"), (":scheme", "https"), (":path", "*"), ("host", "localhost")])
        #expect(try StreamHeadReader.request(named, endsStream: true).fields.first("host") == "localhost")
        #expect(try request([("host", "localhost:1")]).fields.all("host").count == 1)
    }

    @Test func `how a body ends follows from its length and from the stream`() throws {
        #expect(try request([], endsStream: false).framing == .chunked)
        #expect(try request([("content-length", "3")], endsStream: false).framing == .length(3))
        #expect(try request([("content-length", "0")]).framing == .length(0))
    }

    @Test func `P11 trailers are fields, and nothing else`() throws {
        #expect(try StreamHeadReader.trailers(lines([("x-sum", "1")])).first("x-sum") == "1")
        for bad in [(":path", "/"), ("transfer-encoding", "chunked"), ("X-Sum", "1"), ("x", "1\r\n")] {
            #expect(throws: FramingError.self) { try StreamHeadReader.trailers(lines([bad])) }
        }
    }
}
