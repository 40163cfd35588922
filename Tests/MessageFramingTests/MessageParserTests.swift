import MessageFraming
import Testing

struct MessageParserTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(arguments: [Int.max, 1, 2, 7]) func `requests are read whatever pieces they come in`(pieces: Int) {
        let bytes = Array(
            """
            GET /a?b=c|d HTTP/1.1\r\nHost: shop.test:80\r\nX-Empty:\r\nX: \t two words \t\r\n\r\n\
            POST /b HTTP/1.1\r\nhost: a\r\nContent-Length: 5\r\n\r\nhello\
            \r\nPUT /c HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: Chunked\r\n\r\n3;a="b"\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n\
            POST /d HTTP/1.0\r\nContent-Length: 0\r\n\r\n
            """.utf8)
        let parsed = Parsed(.request, bytes, pieces: pieces)
        #expect(parsed.error == nil)
        #expect(parsed.requests.map(\.method) == ["GET", "POST", "PUT", "POST"])
        #expect(parsed.requests.map(\.target) == ["/a?b=c|d", "/b", "/c", "/d"])
        #expect(parsed.requests.map(\.framing) == [.none, .length(5), .chunked, .length(0)])
        #expect(parsed.bodies.map(text) == ["", "hello", "abc0123456789", ""])
        #expect(parsed.ends == 4)
        #expect(parsed.requests.first?.fields.first("x") == "two words")
        #expect(parsed.requests.first?.fields.first("x-empty") == "")
    }

    @Test(arguments: [Int.max, 1, 5]) func `responses are read whatever pieces they come in`(pieces: Int) {
        let bytes = Array(
            """
            HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi\
            HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n\
            HTTP/1.0 200 Fine, and until the end\r\n\r\nall of this
            """.utf8)
        let parsed = Parsed(.response, bytes, pieces: pieces, closes: true)
        #expect(parsed.error == nil)
        #expect(parsed.responses.map(\.status) == [100, 200, 204, 200, 200])
        #expect(parsed.bodies.map(text) == ["", "hi", "", "x", "all of this"])
        #expect(parsed.ends == 4)
    }

    @Test func `an answer to HEAD has no body, whatever length it names`() {
        let parsed = Parsed(.response, Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n".utf8), answering: "HEAD")
        #expect(parsed.responses.first?.framing == BodyFraming.none)
        #expect(parsed.ends == 1)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 20",
    ])
    func `P9 an answer that is cut is no answer`(text: String) {
        #expect(Parsed(.response, Array(text.utf8), closes: true).error != nil)
    }

    // Those with a place in brackets: see RefusedRequestTests.
    @Test(arguments: [
        "HTP/1.1 200 OK\r\n\r\n" /* [invalid] */, "HTTP/01.1 200 OK\r\n\r\n" /* [invalid] */,
        "HTTP/11.1 200 OK\r\n\r\n" /* [invalid] */,
        "HTTP/1.01 200 OK\r\n\r\n" /* [invalid] */, "HTTP/1.1\t200 OK\r\n\r\n" /* [invalid] */,
        "\rHTTP/1.1\t200 OK\r\n\r\n" /* [invalid] */,
        "HTTP/1.1 2 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\n Host: foo\r\n\r\n" /* [invalid] */,
        "HTTP/1.1 200 OK\r\nFoo: 1\rBar: 2\r\n\r\n" /* [invalid] */, "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx" /* [content-length] */,
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" /* [content-length] */,
        "HTTP/1.1 200 OK\r\nContent-Length-X: 0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0 \r\n\r\n" /* [transfer-encoding] */
        ,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ])
    func `P9 answers that could be read in two ways are refused`(text: String) {
        for pieces in [Int.max, 1] {
            #expect(Parsed(.response, Array(text.utf8), pieces: pieces).error != nil)
        }
    }

    @Test func `P11 what concerns one connection goes no further, and nothing else can be taken along`() {
        var fields = HeaderFields([
            HeaderField("Connection", "close, X-Private, Authorization, Content-Type"), HeaderField("X-Private", "1"),
            HeaderField("Keep-Alive", "timeout=5"), HeaderField("Authorization", "Bearer t"), HeaderField("TE", "trailers"),
            HeaderField("Upgrade", "h2c"), HeaderField("Content-Type", "text/plain"), HeaderField("Content-Length", "3"),
            HeaderField("Proxy-Authorization", "Basic x"), HeaderField("Set-Cookie", "a=1"), HeaderField("Set-Cookie", "b=2"),
        ])
        fields.removeHopByHop()
        #expect(fields.lines.map(\.name) == ["Authorization", "Content-Type", "Set-Cookie", "Set-Cookie"])
    }

    @Test func `what is written is read as the same`() {
        let head = RequestHead(
            method: "POST", target: "/x",
            fields: HeaderFields([HeaderField("Host", "a"), HeaderField("X", [0xE4, 0x20, 0xFC])]),
            framing: .length(3))
        let parsed = Parsed(.request, HeadWriter.bytes(head) + Array("abc".utf8))
        #expect(parsed.error == nil)
        #expect(parsed.requests.first?.fields.all("x").first?.value == [0xE4, 0x20, 0xFC])
        #expect(parsed.requests.first?.framing == .length(3))
    }

    @Test func `P10 no bytes of any kind make it trap or loop`() {
        var chance: UInt64 = 7
        let words = [
            "GET / HTTP/1.1\r\n", "Host: a\r\n", "\r\n", "Transfer-Encoding: chunked\r\n", "5\r\n", "0\r\n", "hello", "\n",
            "\r", " ", ":", "Content-Length: 4\r\n", "\u{00}", "HTTP/1.1 200 OK\r\n",
        ]
        for _ in 0..<3_000 {
            var bytes: [UInt8] = []
            for _ in 0..<12 {
                chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let word = Array(words[Int((chance >> 33) % UInt64(words.count))].utf8)
                bytes += (chance >> 60) == 0 ? word.map { $0 ^ UInt8(truncatingIfNeeded: chance >> 40) } : word
            }
            for role in [MessageParser.Role.request, .response] {
                let whole = Parsed(role, bytes)
                let single = Parsed(role, bytes, pieces: 1)
                #expect(whole.error == single.error)
                #expect(whole.requests == single.requests)
                #expect(whole.bodies == single.bodies)
            }
        }
    }
}
