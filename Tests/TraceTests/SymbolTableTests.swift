import Testing
import Trace

struct SymbolTableTests {
    static func hash(_ text: String, _ key: SymbolHash) -> UInt32 {
        var text = text
        return text.withUTF8 { key.hash(UnsafeRawBufferPointer($0)) }
    }

    @Test func `texts that meet in one place under one key are apart under another`() {
        let (known, other) = (SymbolHash(key: (1, 2)), SymbolHash(key: (3, 4)))
        let chosen = (0..<400_000).map { "name \($0)" }.filter { Self.hash($0, known) & 1023 == 7 }
        #expect(chosen.count > 300)
        var (attacked, safe) = (SymbolTable(key: known), SymbolTable(key: other))
        for text in chosen { #expect(attacked.intern(text) == safe.intern(text)) }
        #expect((chosen.map { attacked.probes(for: $0) }.max() ?? 0) > 100)
        #expect((chosen.map { safe.probes(for: $0) }.max() ?? 0) < 40)
    }

    @Test func `no difference of two texts makes them meet under every key`() {
        // Without a key in each product, flipping the highest bits of two words could cancel.
        var meetings = 0
        for key in 0..<64 as Range<UInt64> {
            let hash = SymbolHash(key: (key &* 0x9E37_79B9_7F4A_7C15, key &* 0xC2B2_AE3D_27D4_EB4F))
            for bit in 0..<128 {
                var changed = Array("0123456789abcdef0123456789abcdef".utf8)
                let plain = changed.withUnsafeBytes { hash.hash($0) }
                changed[bit / 8] ^= 1 << (bit % 8)
                changed[bit / 8 + 16] ^= 1 << (bit % 8)
                if changed.withUnsafeBytes({ hash.hash($0) }) == plain { meetings += 1 }
            }
        }
        #expect(meetings == 0)
    }

    @Test func `symbols are numbered by first appearance, whatever the key`() {
        let texts = (0..<5_000).map { "t\($0 * 7 % 1_300)" } + ["", "t0", String(repeating: "long ", count: 50)]
        var (one, other) = (SymbolTable(key: SymbolHash(key: (5, 6))), SymbolTable())
        #expect(texts.map { one.intern($0) } == texts.map { other.intern($0) })
        #expect(one.count == 1_302 && texts.allSatisfy { one.text(one.find($0) ?? .none) == $0 })
    }
}
