/// A map from 64 bits to 32, by open addressing. The rules look up several of these per event; a `Dictionary` costs four times as much.
struct PairTable: Sendable {
    private var keys: [UInt64] = Array(repeating: 0, count: 64)
    /// Value + 1; 0 is an empty place.
    private var values: [UInt32] = Array(repeating: 0, count: 64)
    private(set) var count = 0

    init() {}

    static func key(_ high: UInt32, _ low: UInt32) -> UInt64 { UInt64(high) << 32 | UInt64(low) }

    subscript(key: UInt64) -> Int? {
        var place = Self.place(key) & (keys.count - 1)
        while values[place] != 0 {
            if keys[place] == key { return Int(values[place] - 1) }
            place = (place + 1) & (keys.count - 1)
        }
        return nil
    }

    /// Sets a value, `0 ..< UInt32.max - 1`.
    mutating func set(_ key: UInt64, _ value: Int) {
        var place = Self.place(key) & (keys.count - 1)
        while values[place] != 0 {
            if keys[place] == key {
                values[place] = UInt32(value) + 1
                return
            }
            place = (place + 1) & (keys.count - 1)
        }
        keys[place] = key
        values[place] = UInt32(value) + 1
        count += 1
        if count * 4 > keys.count * 3 { grow() }
    }

    private mutating func grow() {
        let oldKeys = keys
        let oldValues = values
        keys = Array(repeating: 0, count: oldKeys.count * 2)
        values = Array(repeating: 0, count: oldKeys.count * 2)
        for index in oldKeys.indices where oldValues[index] != 0 {
            var place = Self.place(oldKeys[index]) & (keys.count - 1)
            while values[place] != 0 { place = (place + 1) & (keys.count - 1) }
            keys[place] = oldKeys[index]
            values[place] = oldValues[index]
        }
    }

    private static func place(_ key: UInt64) -> Int {
        let mixed = (key ^ key >> 31) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 20)
    }
}
