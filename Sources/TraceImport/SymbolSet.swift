import Trace

/// A set of symbols of one table, a bit each: symbols are small numbers.
struct SymbolSet: Sendable {
    private var words: [UInt64] = []

    func contains(_ symbol: Symbol) -> Bool {
        let word = Int(symbol.raw >> 6)
        return word < words.count && words[word] & 1 << UInt64(symbol.raw & 63) != 0
    }

    /// `false` when it was there already.
    @discardableResult
    mutating func insert(_ symbol: Symbol) -> Bool {
        let word = Int(symbol.raw >> 6)
        if word >= words.count {
            words.append(contentsOf: repeatElement(0, count: max(64, word + 1 - words.count, words.count)))
        }
        let bit: UInt64 = 1 << UInt64(symbol.raw & 63)
        guard words[word] & bit == 0 else { return false }
        words[word] |= bit
        return true
    }
}

/// Numbers by symbols of one table.
struct SymbolIndex: Sendable {
    /// The number and one more; 0 where there is none.
    private var values: [UInt32] = []

    /// Forgets all numbers and keeps the memory.
    mutating func removeAll() {
        values.removeAll(keepingCapacity: true)
    }

    subscript(symbol: Symbol) -> Int? {
        let place = Int(symbol.raw)
        return place < values.count && values[place] > 0 ? Int(values[place]) - 1 : nil
    }

    mutating func set(_ number: Int, for symbol: Symbol) {
        let place = Int(symbol.raw)
        if place >= values.count {
            values.append(contentsOf: repeatElement(0, count: max(64, place + 1 - values.count, values.count)))
        }
        values[place] = UInt32(truncatingIfNeeded: number + 1)
    }
}
