import MessageFraming
import Testing

// Requests that must be refused. The cases with a place in brackets are those that the llhttp project publishes as invalid in its tests
// (https://github.com/nodejs/llhttp, test/request/*.md and test/response/*.md, MIT License, Copyright Fedor Indutny 2018 and contributors), put into
// words and bytes of our own; the others are the ambiguities of RFC 9112, section 11.2, and of published smuggling techniques.

/// Bytes that are no request, and why.
private struct Refused: Sendable, CustomTestStringConvertible {
    var why: String
    var bytes: [UInt8]
    var status: Int

    init(_ why: String, _ text: String, status: Int = 400) {
        self.why = why
        bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        self.status = status
    }

    var testDescription: String { why }
}

/// A head with one field more, and a body that would be another request.
private func with(_ field: String, start: String = "POST /save HTTP/1.1") -> String {
    "\(start)\r\nHost: shop.test\r\n\(field)\r\n\r\n"
}

private let refused: [Refused] = [
    // Start lines
    Refused("another protocol's name [invalid]", "GET /music ICE/1.0\r\nHost: a\r\n\r\n"),
    Refused("a name that ends like HTTP [invalid]", "GET /music IHTTP/1.0\r\nHost: a\r\n\r\n"),
    Refused("RTSP [invalid]", "PUT /music RTSP/1.0\r\nHost: a\r\n\r\n"),
    Refused("a method of RTSP over HTTP [invalid]", "ANNOUNCE /music HTTP/1.0\r\nHost: a\r\n\r\n", status: 501),
    Refused("a method that nobody registered [invalid]", "MKCOLA / HTTP/1.1\r\nHost: a\r\n\r\n", status: 501),
    Refused("a version that does not exist [invalid]", "GET / HTTP/5.6\r\nHost: a\r\n\r\n", status: 505),
    Refused("HTTP/0.9", "GET /\r\n\r\n"),
    Refused("HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505),
    Refused("a version with more digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", status: 505),
    Refused("a version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n"),
    Refused("a space in the path [uri]", "GET /foo bar/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    Refused("two spaces before the path", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Refused("a tab for a space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    Refused("a space behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", status: 400),
    Refused("bytes above ASCII in the path [uri]", "GET /\u{CE}\u{B4} HTTP/1.1\r\nHost: a\r\n\r\n"),
    Refused("a control character in the path", "GET /a\u{01}b HTTP/1.1\r\nHost: a\r\n\r\n"),
    Refused("a whole address: this is no relay [uri]", "GET http://metadata.test/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    Refused("a tunnel [uri]", "CONNECT inside.test:443 HTTP/1.1\r\nHost: inside.test:443\r\n\r\n", status: 501),
    Refused("a method in pieces", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Refused("a TLS greeting", "\u{16}\u{03}\u{01}"),
    // Lines
    Refused("a field behind a CR [invalid]", "GET / HTTP/1.1\r\nFoo: 1\rBar: 2\r\n\r\n"),
    Refused("a field behind an LF [invalid]", with("x:x\nTransfer-Encoding: chunked")),
    Refused("an empty field, a CR, a field [invalid]", with("x:\rTransfer-Encoding: chunked")),
    Refused("an empty field, an LF, a field [invalid]", with("x:\nTransfer-Encoding: chunked")),
    Refused("a CR and anything behind it [invalid]", "GET / HTTP/1.1\r\nHost: a\r\n\rZGET /evil: HTTP/1.1\r\nHost: a\r\n\r\n"),
    Refused("no CR between fields [invalid]", with("Dummy: x\nContent-Length: 23", start: "GET / HTTP/1.1")),
    Refused("LF alone everywhere [invalid]", "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n1\nA\n0\n\n"),
    Refused("a folded name [invalid]", "GET / HTTP/1.1\r\nname\r\n : value\r\n\r\n"),
    Refused("a folded value [lenient-headers]", with("X: a\r\n b")),
    Refused("a space before the first field [invalid]", "GET / HTTP/1.1\r\n Host: foo\r\n\r\n"),
    Refused("a space before a later field [invalid]", with("Foo: bar\r\n Content-Length: 38")),
    Refused("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    // Fields
    Refused("a character that no name has [invalid]", with("Fo@: Failure")),
    Refused("a control character in a name [invalid]", with("Foo\u{01}test: Bar")),
    Refused("no name [invalid]", with(": Bar")),
    Refused("a name cut by a CR [invalid]", with("Connection\r\u{1B}eep-Alive: x")),
    Refused("a space before the colon [connection, transfer-encoding]", with("Transfer-Encoding : chunked")),
    Refused("a CR within Connection [connection]", with("Connection: keep\ralive")),
    Refused("no colon", with("nothing")),
    Refused("a zero byte in a value", with("X: a\u{00}b")),
    Refused("a control character in a value [lenient-header-value]", with("X: a\u{7F}b")),
    // Host
    Refused("no Host", "GET / HTTP/1.1\r\n\r\n"),
    Refused("two Hosts", with("Host: other.test")),
    Refused("a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    Refused("a Host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    // Lengths
    Refused("a length that overflows [content-length]", with("Content-Length: 1000000000000000000000")),
    Refused("two equal lengths [content-length]", with("Content-Length: 1\r\nContent-Length: 1")),
    Refused("two different lengths [content-length]", with("Content-Length: 1\r\nContent-Length: 2")),
    Refused("a list of lengths", with("Content-Length: 1, 1")),
    Refused("an empty length [content-length]", with("Content-Length:")),
    Refused("a length with a space in it [content-length]", with("Content-Length: 4 2")),
    Refused("a length and letters [content-length]", with("Content-Length: 13 37")),
    Refused("a negative length", with("Content-Length: -1")),
    Refused("a length with a sign", with("Content-Length: +5")),
    Refused("a hexadecimal length", with("Content-Length: 0x5")),
    Refused(
        "a length before chunks [content-length, transfer-encoding]", with("Content-Length: 1\r\nTransfer-Encoding: chunked")),
    Refused("chunks before a length [transfer-encoding]", with("Transfer-Encoding: chunked\r\nContent-Length: 1")),
    Refused("a length before another coding [content-length]", with("Content-Length: 1\r\nTransfer-Encoding: identity")),
    Refused("chunks in HTTP/1.0", with("Transfer-Encoding: chunked", start: "POST / HTTP/1.0")),
    Refused("another coding [transfer-encoding]", with("Transfer-Encoding: pigeons"), status: 501),
    Refused("chunks and then another coding [transfer-encoding]", with("Transfer-Encoding: chunked, deflate"), status: 501),
    Refused("another coding and then chunks [transfer-encoding]", with("Transfer-Encoding: deflate, chunked"), status: 501),
    Refused("two fields of codings [transfer-encoding]", with("Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked")),
    Refused("a quoted coding [transfer-encoding]", with("Transfer-Encoding: \"chunked\""), status: 501),
    Refused("a coding and a form feed", with("Transfer-Encoding: chunked\u{0C}")),
    Refused("a coding with letters behind [transfer-encoding]", with("Transfer-Encoding: chunkedchunked"), status: 501),
    // Chunks
    Refused("a size that is no number [transfer-encoding]", with("Transfer-Encoding: chunked") + "dunno\r\n"),
    Refused("a size of too many digits", with("Transfer-Encoding: chunked") + "10000000000000000\r\n"),
    Refused("no size", with("Transfer-Encoding: chunked") + "\r\nabc"),
    Refused("a size with a prefix", with("Transfer-Encoding: chunked") + "0x2\r\nab\r\n0\r\n\r\n"),
    Refused("a space before a size", with("Transfer-Encoding: chunked") + " 2\r\nab\r\n0\r\n\r\n"),
    Refused("a space behind a size [transfer-encoding]", with("Transfer-Encoding: chunked") + "2 \r\nab\r\n0\r\n\r\n"),
    Refused("a size line that ends with LF [transfer-encoding]", with("Transfer-Encoding: chunked") + "2\nab\r\n0\r\n\r\n"),
    Refused("data that ends with LF", with("Transfer-Encoding: chunked") + "2\r\nab\n0\r\n\r\n"),
    Refused("more data than said [transfer-encoding]", with("Transfer-Encoding: chunked") + "2\r\nabc\r\n0\r\n\r\n"),
    Refused("an LF in an extension [transfer-encoding]", with("Transfer-Encoding: chunked") + "2;a\nb\r\nab\r\n0\r\n\r\n"),
    Refused("a CR in an extension [transfer-encoding]", with("Transfer-Encoding: chunked") + "2;a\rb\r\nab\r\n0\r\n\r\n"),
    Refused("an extension without a name [transfer-encoding]", with("Transfer-Encoding: chunked") + "2;\r\nab\r\n0\r\n\r\n"),
    Refused(
        "a quoted value without its end [transfer-encoding]",
        with("Transfer-Encoding: chunked") + "2;a=\"b; c\r\nab\r\n0\r\n\r\n"),
    Refused(
        "a value in quotes and more [transfer-encoding]", with("Transfer-Encoding: chunked") + "2;a=\"b\"c\r\nab\r\n0\r\n\r\n"),
    Refused("a name with spaces in it", with("Transfer-Encoding: chunked") + "2;a b\r\nab\r\n0\r\n\r\n"),
    Refused("an extension without a value", with("Transfer-Encoding: chunked") + "2;a=\r\nab\r\n0\r\n\r\n"),
    Refused("a trailer that is no field [transfer-encoding]", with("Transfer-Encoding: chunked") + "0\r\nVary\r\n\r\n"),
    Refused("a trailer that ends with LF", with("Transfer-Encoding: chunked") + "0\r\nVary: *\n\r\n\r\n"),
]

struct RefusedRequestTests {
    @Test(arguments: refused) private func `P9 what could be read in two ways is refused, in one piece and byte by byte`(
        refused: Refused
    ) {
        for pieces in [Int.max, 1, 3] {
            let parsed = Parsed(.request, refused.bytes, pieces: pieces)
            #expect(parsed.error != nil, "in pieces of \(pieces): \(parsed.requests)")
            #expect(parsed.error?.status == refused.status)
            #expect(parsed.ends == 0)
        }
    }

    @Test func `P10 heads are bounded in bytes and in fields`() {
        let wide = "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: MessageLimits.headBytes))\r\n\r\n"
        #expect(Parsed(.request, Array(wide.utf8)).error?.status == 431)
        let many = String(repeating: "X: y\r\n", count: MessageLimits.fields)
        #expect(Parsed(.request, Array("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n".utf8)).error?.status == 431)
        let endless =
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;\(String(repeating: "x", count: 5_000))"
        #expect(Parsed(.request, Array(endless.utf8)).error != nil)
    }
}
