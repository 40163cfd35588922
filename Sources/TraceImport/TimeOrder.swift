/// Sorting by times, eleven bits a pass (LSD radix sort): the events of an import are many, and their times differ in few bits.
enum TimeOrder {
    private static let bits = 11

    private struct Entry {
        var time: UInt64
        var index: UInt32
    }

    /// The numbers below `count` in the order of their times; of equal times the lower number first.
    static func order(of count: Int, _ time: (Int) -> Int64) -> [UInt32] {
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        var (least, greatest) = (UInt64.max, UInt64.min)
        for index in 0..<count {
            // Negative times come before positive ones.
            let key = UInt64(bitPattern: time(index)) ^ 1 << 63
            (least, greatest) = (min(least, key), max(greatest, key))
            entries.append(Entry(time: key, index: UInt32(truncatingIfNeeded: index)))
        }
        guard count > 1 else { return entries.map(\.index) }
        for index in entries.indices { entries[index].time -= least }
        var other = entries
        var shift: UInt64 = 0
        while shift < 64, (greatest - least) >> shift > 0 {
            pass(entries, &other, shift)
            swap(&entries, &other)
            shift += UInt64(bits)
        }
        return entries.map(\.index)
    }

    private static func pass(_ entries: [Entry], _ sorted: inout [Entry], _ shift: UInt64) {
        let mask = UInt64(1 << bits - 1)
        var places = [Int](repeating: 0, count: 1 << bits + 1)
        for entry in entries { places[Int(entry.time >> shift & mask) + 1] += 1 }
        for digit in 1..<places.count { places[digit] += places[digit - 1] }
        for entry in entries {
            let digit = Int(entry.time >> shift & mask)
            sorted[places[digit]] = entry
            places[digit] += 1
        }
    }
}
