import Testing

@testable import Enrichment

struct EventStreamParserTests {
    /// Parses bytes cut into pieces at the given places.
    static func events(_ bytes: [UInt8], cuts: [Int] = []) throws(ModelFailure) -> [String] {
        var parser = EventStreamParser()
        var events: [String] = []
        var start = 0
        for cut in (cuts + [bytes.count]).sorted() where cut > start && cut <= bytes.count {
            try parser.receive(bytes[start..<cut]) { events.append(String(decoding: $0, as: UTF8.self)) }
            start = cut
        }
        return events
    }

    static let stream =
        "\u{FEFF}: hello\r\ndata: one\r\ndata: more\r\n\r\ndata:two\ndata: lines\n\nevent: x\rdata: thr\u{E9}\u{1F6EB}e\r\rid: 4\n\nretry: 5\ndata\n\ndata: cut"

    @Test func `data is read with any line end, comments and other fields are not, and an unfinished event is dropped`() throws
    {
        #expect(try Self.events(Array(Self.stream.utf8)) == ["one\nmore", "two\nlines", "thr\u{E9}\u{1F6EB}e", ""])
    }

    @Test func `where the bytes are cut makes no difference, also within a character or a line end`() throws {
        let bytes = Array(Self.stream.utf8)
        let whole = try Self.events(bytes)
        for cut in 1..<bytes.count {
            #expect(try Self.events(bytes, cuts: [cut]) == whole, "cut at \(cut)")
        }
        #expect(try Self.events(bytes, cuts: Array(1..<bytes.count)) == whole)
    }

    @Test func `an event beyond its limit is garbage`() {
        let bytes = Array("data: ".utf8) + [UInt8](repeating: 0x61, count: EventStreamParser.eventBytes)
        #expect(throws: ModelFailure.self) { try Self.events(bytes) }
        var parser = EventStreamParser()
        let line = Array("data: \(String(repeating: "a", count: 100_000))\n".utf8)
        #expect(throws: ModelFailure.self) {
            for _ in 0..<12 { try parser.receive(line) { _ in } }
        }
    }

    @Test(arguments: UInt64(0)..<40) func `any bytes are read without a trap`(_ seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let alphabet = Array("data: \r\n\n{}[]\":,choices deltacontent\u{E9}".utf8) + [0xFF, 0xEF, 0xBB, 0xBF, 0]
        let bytes = (0..<2_000).map { _ in alphabet[Int(random.fraction() * Double(alphabet.count))] }
        let whole = try Self.events(bytes)
        let cuts = (0..<50).map { _ in Int(random.fraction() * 2_000) }
        #expect(try Self.events(bytes, cuts: cuts) == whole, "seed \(seed)")
    }
}
