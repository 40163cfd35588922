import Testing

@testable import trueline

@Suite("Keys that turn pages")
struct PagingKeysTests {
    private static func keys(_ pieces: String...) -> [PagingKeys.Key] {
        var reader = PagingKeys()
        return pieces.flatMap { reader.take(Array($0.utf8)) }
    }

    @Test("Letters, PageUp and PageDown turn pages, and q or Ctrl-C ends, from anywhere") func pages() {
        #expect(Self.keys("np q") == [.next, .previous, .next, .quit])
        #expect(Self.keys("\u{1B}[6~\u{1B}[5~") == [.next, .previous])
        #expect(Self.keys("\u{3}") == [.quit] && Self.keys("g1\u{3}").last == .quit)
        #expect(Self.keys("xyz\u{E9}").isEmpty)
    }

    @Test("A number after g goes to that page; it can be corrected and given up") func numbers() {
        #expect(Self.keys("g12\r") == [.typing(""), .typing("1"), .typing("12"), .goTo(12)])
        #expect(Self.keys("g1", "2", "\u{7F}", "3\n").last == .goTo(13))
        #expect(Self.keys("g\r") == [.typing(""), .typing(nil)])
        #expect(Self.keys("g4x", "n") == [.typing(""), .typing("4"), .typing(nil), .next])
        #expect(Self.keys("g4", "\u{1B}", "n") == [.typing(""), .typing("4"), .typing(nil), .next])
        #expect(Self.keys("g" + String(repeating: "9", count: 30) + "\r").last == .goTo(999_999_999))
    }

    @Test("A sequence that comes in two pieces is one key; one that means nothing is none, however long") func sequences() {
        #expect(Self.keys("\u{1B}[6", "~") == [.next])
        #expect(Self.keys("\u{1B}[A", "n").last == .next)
        #expect(Self.keys("\u{1B}[" + String(repeating: "1", count: 300), "n").last == .next)
    }
}
