/// A stable sort of rows by 64-bit prefixes.
enum PrefixSort {
    struct Entry {
        var prefix: UInt64
        var row: UInt32
    }

    /// Below this many a comparison sort is faster.
    private static let radixFrom = 512
    private static let digitBits: UInt64 = 11
    private static let digits = 1 << 11

    static func sort(_ entries: inout [Entry]) {
        if entries.count < radixFrom {
            let sorted = entries.enumerated().sorted { a, b in
                a.element.prefix == b.element.prefix ? a.offset < b.offset : a.element.prefix < b.element.prefix
            }
            entries = sorted.map { $0.element }
            return
        }
        var other = entries
        for shift in stride(from: UInt64(0), to: 64, by: Int(digitBits)) {
            let wrote = entries.withUnsafeBufferPointer { from in
                other.withUnsafeMutableBufferPointer { pass(from, into: $0, shift: shift) }
            }
            if wrote { swap(&entries, &other) }
        }
    }

    /// Least significant digits first (Knuth, volume 3, 5.2.5).
    /// - Returns: false when all entries have the same digit, and nothing was written.
    private static func pass(
        _ entries: UnsafeBufferPointer<Entry>, into other: UnsafeMutableBufferPointer<Entry>, shift: UInt64
    ) -> Bool {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: digits) { counts in
            counts.initialize(repeating: 0)
            let mask = UInt64(digits - 1)
            for entry in entries { counts[Int(truncatingIfNeeded: entry.prefix >> shift & mask)] += 1 }
            if counts.contains(entries.count) { return false }
            var start = 0
            for digit in 0..<digits {
                let count = counts[digit]
                counts[digit] = start
                start += count
            }
            for entry in entries {
                let digit = Int(truncatingIfNeeded: entry.prefix >> shift & mask)
                other[counts[digit]] = entry
                counts[digit] += 1
            }
            return true
        }
    }
}
