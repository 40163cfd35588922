/// Interned texts. Open addressing over one byte pool: a look-up is a hash and a comparison, and holds no object a text.
package struct SymbolTable: Sendable {
    private var bytes: [UInt8] = []
    /// Where each symbol's text ends; symbol 0 is the empty "none".
    private var ends: [UInt32] = [0]
    /// A place holds a symbol below and its text's hash above; 0 is an empty place. The count is a power of two, at most 3/4 full.
    private var places: [UInt64] = Array(repeating: 0, count: 64)

    package init() {}

    package var count: Int { ends.count }

    /// The symbol of a text; adds it when it is new. `none` for the empty text, and once the pool is full (4 GiB of texts).
    package mutating func intern(_ text: UnsafeRawBufferPointer) -> Symbol {
        guard !text.isEmpty else { return .none }
        let hash = Self.hash(text)
        let (found, place) = look(for: text, hash)
        if let found { return found }
        guard bytes.count + text.count < Int(UInt32.max), ends.count < Int(UInt32.max) - 1 else { return .none }
        let symbol = UInt32(truncatingIfNeeded: ends.count)
        bytes.append(contentsOf: text)
        ends.append(UInt32(truncatingIfNeeded: bytes.count))
        places[place] = UInt64(hash) << 32 | UInt64(symbol)
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
        return text.withUTF8 { find(UnsafeRawBufferPointer($0)) }
    }

    /// The symbol of a text that is already there.
    package func find(_ text: UnsafeRawBufferPointer) -> Symbol? {
        text.isEmpty ? nil : look(for: text, Self.hash(text)).found
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

    /// The symbol of a text, or the place where it would stand.
    private func look(for text: UnsafeRawBufferPointer, _ hash: UInt32) -> (found: Symbol?, place: Int) {
        places.withUnsafeBufferPointer { places in
            var place = Int(hash) & (places.count - 1)
            while places[place] != 0 {
                let entry = places[place]
                let symbol = UInt32(truncatingIfNeeded: entry)
                if UInt32(truncatingIfNeeded: entry >> 32) == hash, isEqual(symbol, text) {
                    return (Symbol(raw: symbol), place)
                }
                place = (place + 1) & (places.count - 1)
            }
            return (nil, place)
        }
    }

    private func isEqual(_ symbol: UInt32, _ text: UnsafeRawBufferPointer) -> Bool {
        let start = Int(ends[Int(symbol) - 1])
        let count = text.count
        guard Int(ends[Int(symbol)]) - start == count else { return false }
        return bytes.withUnsafeBytes { bytes in
            var at = 0
            while at + 8 <= count {
                let own = bytes.loadUnaligned(fromByteOffset: start + at, as: UInt64.self)
                guard own == text.loadUnaligned(fromByteOffset: at, as: UInt64.self) else { return false }
                at += 8
            }
            while at < count {
                guard bytes[start + at] == text[at] else { return false }
                at += 1
            }
            return true
        }
    }

    private mutating func grow() {
        let old = places
        places = Array(repeating: 0, count: old.count * 2)
        let mask = places.count - 1
        places.withUnsafeMutableBufferPointer { places in
            for entry in old where entry != 0 {
                var place = Int(entry >> 32) & mask
                while places[place] != 0 { place = (place + 1) & mask }
                places[place] = entry
            }
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
