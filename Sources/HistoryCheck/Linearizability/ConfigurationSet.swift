/// The configurations that a search has been at: which operations are done, which open ones were used, and the state. Exact: whole
/// configurations are compared, not their hashes.
struct ConfigurationSet {
    /// 2^26 words, 512 MB: beyond that a search answers unknown.
    static let maximalWords = 1 << 26

    /// One behind the other: the length, then the words.
    private var words: [UInt64] = []
    /// Places in `words` plus 1; 0 is free. A power of two.
    private var slots: [UInt32] = Array(repeating: 0, count: 1 << 10)
    private(set) var count = 0

    var isFull: Bool { words.count > Self.maximalWords }

    /// - Returns: false when it was there already.
    mutating func insert(_ configuration: [UInt64]) -> Bool {
        var slot = Self.hash(configuration[...]) & (slots.count - 1)
        while slots[slot] != 0 {
            let start = Int(slots[slot]) - 1
            let length = Int(words[start])
            if length == configuration.count, words[start + 1..<start + 1 + length].elementsEqual(configuration) {
                return false
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = UInt32(truncatingIfNeeded: words.count + 1)
        words.append(UInt64(configuration.count))
        words.append(contentsOf: configuration)
        count += 1
        if count * 2 > slots.count { grow() }
        return true
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 4)
        var start = 0
        while start < words.count {
            let length = Int(words[start])
            var slot = Self.hash(words[start + 1..<start + 1 + length]) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(truncatingIfNeeded: start + 1)
            start += 1 + length
        }
    }

    private static func hash(_ configuration: ArraySlice<UInt64>) -> Int {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
        for word in configuration {
            hash = (hash ^ word) &* 0xBF58_476D_1CE4_E5B9
            hash ^= hash >> 29
        }
        return Int(truncatingIfNeeded: hash >> 8)
    }
}
