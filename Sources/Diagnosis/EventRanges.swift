/// Finds what belongs to an event in a list that is sorted by events: a bit an event says whether anything does, so that the many
/// events of which nothing does cost one look at few bytes.
struct EventRanges: Sendable {
    /// Sixty-four events.
    private struct Block: Sendable {
        /// Which of them have entries.
        var present: UInt64 = 0
        /// How many events before them have.
        var before: UInt32 = 0
    }

    private var blocks: [Block] = []
    /// Where the entries of each event that has any begin in the list, and the list's end.
    private var starts: [UInt32] = []

    /// - Parameter event: the event of an entry; it does not fall from one entry to the next.
    init(_ count: Int, _ event: (Int) -> UInt32) {
        guard count > 0 else { return }
        blocks = Array(repeating: Block(), count: Int(event(count - 1)) / 64 + 1)
        for entry in 0..<count where entry == 0 || event(entry) != event(entry - 1) {
            blocks[Int(event(entry) >> 6)].present |= 1 << UInt64(event(entry) & 63)
            starts.append(UInt32(entry))
        }
        starts.append(UInt32(count))
        var before: UInt32 = 0
        for index in blocks.indices {
            blocks[index].before = before
            before += UInt32(blocks[index].present.nonzeroBitCount)
        }
    }

    /// The entries of an event.
    subscript(event: Int) -> Range<Int>? {
        guard event >> 6 < blocks.count else { return nil }
        let block = blocks[event >> 6]
        let bit: UInt64 = 1 << UInt64(event & 63)
        guard block.present & bit != 0 else { return nil }
        let index = Int(block.before) + (block.present & (bit - 1)).nonzeroBitCount
        return Int(starts[index])..<Int(starts[index + 1])
    }
}
