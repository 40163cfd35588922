/// Interned texts. Open addressing over one byte pool: a look-up is a hash and a comparison, and holds no object a text.
package struct SymbolTable: Sendable {
    private var bytes: [UInt8] = []
    /// Where each symbol's text ends; symbol 0 is the empty "none".
    private var ends: [UInt32] = [0]
    private var hashes: [UInt32] = [0]
    /// Symbols by hash; 0 is an empty place. The count is a power of two, at most 3/4 full.
    private var places: [UInt32] = Array(repeating: 0, count: 64)

    package init() {}

    package var count: Int { ends.count }

    /// The symbol of a text; adds it when it is new. `none` for the empty text, and once the pool is full (4 GiB of texts).
    package mutating func intern(_ text: UnsafeRawBufferPointer) -> Symbol {
        guard !text.isEmpty else { return .none }
        let hash = Self.hash(text)
        var place = Int(hash) & (places.count - 1)
        while true {
            let found = places[place]
            if found == 0 { break }
            if hashes[Int(found)] == hash, isEqual(found, text) { return Symbol(raw: found) }
            place = (place + 1) & (places.count - 1)
        }
        guard bytes.count + text.count < Int(UInt32.max), ends.count < Int(UInt32.max) - 1 else { return .none }
        let symbol = UInt32(ends.count)
        bytes.append(contentsOf: text)
        ends.append(UInt32(bytes.count))
        hashes.append(hash)
        places[place] = symbol
        if ends.count * 4 > places.count * 3 { grow() }
        return Symbol(raw: symbol)
    }

    package mutating func intern(_ text: String) -> Symbol {
        var text = text
        return text.withUTF8 { intern(UnsafeRawBufferPointer($0)) }
    }

    /// The symbol of a text that is already there.
    package func find(_ text: String) -> Symbol? {
        var text = text
        return text.withUTF8 { utf8 in
            let text = UnsafeRawBufferPointer(utf8)
            guard !text.isEmpty else { return nil }
            let hash = Self.hash(text)
            var place = Int(hash) & (places.count - 1)
            while places[place] != 0 {
                if hashes[Int(places[place])] == hash, isEqual(places[place], text) { return Symbol(raw: places[place]) }
                place = (place + 1) & (places.count - 1)
            }
            return nil
        }
    }

    /// The text of a symbol of this table; empty for `none`.
    package func text(_ symbol: Symbol) -> String {
        String(decoding: utf8(symbol), as: UTF8.self)
    }

    /// The bytes of a symbol of this table; empty for `none` and for a symbol of another table that is not here.
    package func utf8(_ symbol: Symbol) -> ArraySlice<UInt8> {
        let index = Int(symbol.raw)
        guard index > 0, index < ends.count else { return [] }
        return bytes[Int(ends[index - 1])..<Int(ends[index])]
    }

    private func isEqual(_ symbol: UInt32, _ text: UnsafeRawBufferPointer) -> Bool {
        let start = Int(ends[Int(symbol) - 1])
        let end = Int(ends[Int(symbol)])
        guard end - start == text.count else { return false }
        return bytes.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[start..<end]).elementsEqual(text) }
    }

    private mutating func grow() {
        places = Array(repeating: 0, count: places.count * 2)
        for symbol in 1..<ends.count {
            var place = Int(hashes[symbol]) & (places.count - 1)
            while places[place] != 0 { place = (place + 1) & (places.count - 1) }
            places[place] = UInt32(symbol)
        }
    }

    /// A multiply-xor hash over eight bytes at a time. Not against attackers: a trace's names are its own, and the table is bounded.
    private static func hash(_ text: UnsafeRawBufferPointer) -> UInt32 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(text.count)
        var index = 0
        while index + 8 <= text.count {
            hash = (hash ^ text.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0xFF51_AFD7_ED55_8CCD
            hash ^= hash >> 32
            index += 8
        }
        var rest: UInt64 = 0
        while index < text.count {
            rest = rest << 8 | UInt64(text[index])
            index += 1
        }
        hash = (hash ^ rest) &* 0xC4CE_B9FE_1A85_EC53
        hash ^= hash >> 29
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }
}
