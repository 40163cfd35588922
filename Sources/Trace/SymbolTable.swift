/// Interned texts. Open addressing over one byte pool: a look-up is a hash and a comparison, and holds no object a text.
///
/// A symbol is the ordinal of its text's first appearance, so nothing that comes out depends on the hash. The hash has a key that is
/// different in every process: whoever writes a trace cannot choose texts that meet in one place.
package struct SymbolTable: Sendable {
    private var bytes: [UInt8] = []
    /// Where each symbol's text ends; symbol 0 is the empty "none".
    private var ends: [UInt32] = [0]
    /// A place holds a symbol below and its text's hash above; 0 is an empty place. The count is a power of two, at most 3/4 full.
    private var places: [UInt64] = Array(repeating: 0, count: 64)
    private let key: SymbolHash

    /// - Parameter key: of the hash; tests give one of their own.
    package init(key: SymbolHash = .ofProcess) {
        self.key = key
    }

    package var count: Int { ends.count }
    /// Bytes of all texts.
    var byteCount: Int { bytes.count }

    /// The symbol of a text; adds it when it is new. `none` for the empty text, and once the pool is full (4 GiB of texts).
    package mutating func intern(_ text: UnsafeRawBufferPointer) -> Symbol {
        guard !text.isEmpty else { return .none }
        let hash = key.hash(text)
        let (found, place) = look(for: text, hash)
        if let found { return found }
        guard hasRoom(texts: 1, bytes: text.count) else { return .none }
        let symbol = add(text, hash, at: place)
        if ends.count * 4 > places.count * 3 { grow(to: places.count * 2) }
        return symbol
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
        text.isEmpty ? nil : look(for: text, key.hash(text)).found
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

    /// Whether so many more texts can be taken: symbols and places in the pool are 32 bits.
    package func hasRoom(texts: Int, bytes count: Int) -> Bool {
        bytes.count + count < Int(UInt32.max) && ends.count + texts <= Int(UInt32.max) - 1
    }

    /// Forgets the texts that were added last: those that `intern(contentsOf:_:)` added last and none before them.
    mutating func removeLast(downTo count: Int) {
        for symbol in stride(from: ends.count - 1, through: count, by: -1) {
            // Nobody who was added later has gone past this place.
            let text = utf8(Symbol(raw: UInt32(symbol)))
            let hash = text.withUnsafeBytes { key.hash($0) }
            var place = Int(hash) & (places.count - 1)
            while places[place] != UInt64(hash) << 32 | UInt64(symbol) { place = (place + 1) & (places.count - 1) }
            places[place] = 0
            ends.removeLast()
        }
        bytes.removeSubrange(Int(ends[ends.count - 1])...)
    }

    /// Forgets all texts and keeps the memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeSubrange(1...)
        places.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
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

    /// How many places a search for this text looks at.
    package func probes(for text: String) -> Int {
        var text = text
        let hash = text.withUTF8 { key.hash(UnsafeRawBufferPointer($0)) }
        let mask = places.count - 1
        return ((text.withUTF8 { look(for: UnsafeRawBufferPointer($0), hash).place } - Int(hash) & mask) & mask) + 1
    }

    private mutating func add(_ text: UnsafeRawBufferPointer, _ hash: UInt32, at place: Int) -> Symbol {
        let symbol = UInt32(truncatingIfNeeded: ends.count)
        bytes.append(contentsOf: text)
        ends.append(UInt32(truncatingIfNeeded: bytes.count))
        places[place] = UInt64(hash) << 32 | UInt64(symbol)
        return Symbol(raw: symbol)
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

    private mutating func grow(to count: Int) {
        let old = places
        places = Array(repeating: 0, count: count)
        let mask = places.count - 1
        places.withUnsafeMutableBufferPointer { places in
            for entry in old where entry != 0 {
                var place = Int(entry >> 32) & mask
                while places[place] != 0 { place = (place + 1) & mask }
                places[place] = entry
            }
        }
    }
}

extension SymbolTable {
    /// How many texts are searched for at once: their places come from memory side by side then, not one after the other.
    private static let blockCount = 64

    /// Interns all texts of another table in their order, as if they came one by one. The caller makes sure that there is room.
    /// - Parameter map: becomes the symbol here of each symbol there.
    mutating func intern(contentsOf other: SymbolTable, _ map: inout [Symbol]) {
        map.removeAll(keepingCapacity: true)
        map.append(contentsOf: repeatElement(.none, count: other.count))
        let hashes = other.hashes(for: key)
        reserve(other.count)
        for first in stride(from: 1, to: other.count, by: Self.blockCount) {
            intern(first..<min(first + Self.blockCount, other.count), of: other, hashes, &map)
        }
    }

    /// Each symbol's hash by another table's key.
    private func hashes(for key: SymbolHash) -> [UInt32] {
        var hashes = [UInt32](repeating: 0, count: count)
        if key == self.key {
            for entry in places where entry != 0 { hashes[Int(entry & 0xFFFF_FFFF)] = UInt32(truncatingIfNeeded: entry >> 32) }
        } else {
            for index in 1..<max(1, count) { hashes[index] = utf8(Symbol(raw: UInt32(index))).withUnsafeBytes { key.hash($0) } }
        }
        return hashes
    }

    /// Makes room for so many times the texts of another table.
    mutating func reserve(_ times: Int, of other: SymbolTable) {
        ends.reserveCapacity(count + other.count * times)
        bytes.reserveCapacity(byteCount + other.byteCount * times)
        reserve(other.count * times)
    }

    /// Makes the places ready for so many more texts.
    private mutating func reserve(_ texts: Int) {
        var places = places.count
        while (ends.count + texts) * 4 > places * 3 { places *= 2 }
        if places > self.places.count { grow(to: places) }
    }

    private mutating func intern(_ block: Range<Int>, of other: SymbolTable, _ hashes: [UInt32], _ map: inout [Symbol]) {
        let mask = places.count - 1
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: block.count) { isFree in
            // Reads that do not wait for each other.
            for index in block { isFree[index - block.lowerBound] = places[Int(hashes[index]) & mask] == 0 }
            other.bytes.withUnsafeBytes { texts in
                for index in block {
                    let text = UnsafeRawBufferPointer(rebasing: texts[Int(other.ends[index - 1])..<Int(other.ends[index])])
                    let hash = hashes[index]
                    // A place that was free may have been taken by a text of this block.
                    let home = Int(hash) & mask
                    let isNew = isFree[index - block.lowerBound] && places[home] == 0
                    let (found, place) = isNew ? (nil, home) : look(for: text, hash)
                    map[index] = found ?? add(text, hash, at: place)
                }
            }
        }
    }
}
