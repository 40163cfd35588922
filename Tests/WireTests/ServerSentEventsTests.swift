import Testing

@testable import Wire

@Suite("Event stream format")
struct ServerSentEventsTests {
    private static func items(_ text: String, cuts: [Int] = []) throws -> [String] {
        let bytes = Array(text.utf8)
        var reader = ServerSentEventsReader()
        var items: [ServerSentEventsReader.Item] = []
        var start = 0
        for cut in cuts + [bytes.count] {
            items += try reader.take(bytes[start..<cut])
            start = cut
        }
        return items.map { item in
            switch item {
            case .comment: "comment"
            case .retry(let milliseconds): "retry \(milliseconds)"
            case .event(let event): "\(event.name) #\(event.id) \(String(decoding: event.data, as: UTF8.self))"
            }
        }
    }

    @Test(
        "A stream is read as the standard says, wherever it is cut",
        arguments: [
            ("id: 12\nevent: commit\ndata: {}\n\n", ["commit #12 {}"]),
            ("data\n\ndata\ndata\n\ndata:", ["message # ", "message # \n"]),
            (": beat\n\n:\n", ["comment", "comment"]),
            ("data: a\r\ndata:b\rdata:  c\n\r\n", ["message # a\nb\n c"]),
            ("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n", ["message # a"]),
            ("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", ["message #1 a", "message #1 b", "message # c"]),
            ("id: a\u{0}b\ndata: x\n\n", ["message # x"]),
            ("retry: 500\nretry: 5x\nretry:\n\n", ["retry 500"]),
            ("event: only\n\ndata: x\n\n", ["message # x"]),
            ("unknown: x\ndata: é\n\n", ["message # é"]),
            ("data: unfinished\n", []),
        ])
    func standard(text: String, expected: [String]) throws {
        let count = text.utf8.count
        #expect(try Self.items(text) == expected)
        for cut in 0...count { #expect(try Self.items(text, cuts: [cut]) == expected, "cut at \(cut)") }
        #expect(try Self.items(text, cuts: Array(0...count)) == expected)
    }

    @Test("S8: a line without end is refused at the limit")
    func limit() throws {
        var reader = ServerSentEventsReader(limit: 10)
        #expect(throws: ServerSentEventsReader.TooLong(limit: 10)) { try reader.take(Array(repeating: 0x61, count: 11)) }
        var many = ServerSentEventsReader(limit: 10)
        #expect(throws: ServerSentEventsReader.TooLong.self) {
            for _ in 0..<20 { _ = try many.take(Array("data: xx\n".utf8)) }
        }
    }

    @Test("No bytes make the reader trap", arguments: 0..<200)
    func fuzz(seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let alphabet = Array("datidevnry: 09\n\r\u{FEFF}\u{0}é".utf8)
        let bytes = (0..<200).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 60 == 0 ? UInt8(truncatingIfNeeded: state >> 33) : alphabet[Int(state >> 33) % alphabet.count]
        }
        var whole = ServerSentEventsReader()
        var pieces = ServerSentEventsReader()
        var items: [ServerSentEventsReader.Item] = []
        for byte in bytes { items += try pieces.take([byte]) }
        #expect(try whole.take(bytes) == items)
        #expect(whole == pieces)
    }
}
