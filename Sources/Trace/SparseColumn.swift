/// A column of which most events have nothing: a bit an event, and the values of those that have one.
package struct SparseColumn<Value: Sendable & Equatable>: Sendable, Equatable {
    /// Sixty-four events.
    @usableFromInline
    struct Block: Sendable, Equatable {
        /// Which of them have a value.
        @usableFromInline var present: UInt64 = 0
        /// How many values there are before them.
        @usableFromInline var before: UInt32
    }

    /// What an event has that has nothing.
    package let missing: Value
    @usableFromInline private(set) var blocks: [Block] = []
    @usableFromInline private(set) var values: [Value] = []
    @usableFromInline package private(set) var count = 0

    package init(missing: Value) {
        self.missing = missing
    }

    /// What an event has.
    @inlinable
    package subscript(event: Int) -> Value {
        precondition(event < count, "event \(event) of \(count)")
        let block = blocks[event >> 6]
        let bit: UInt64 = 1 << UInt64(event & 63)
        guard block.present & bit != 0 else { return missing }
        return values[Int(block.before) + (block.present & (bit &- 1)).nonzeroBitCount]
    }

    mutating func append(_ value: Value) {
        if count & 63 == 0 { blocks.append(Block(before: UInt32(truncatingIfNeeded: values.count))) }
        if value != missing {
            blocks[blocks.count - 1].present |= 1 << UInt64(count & 63)
            values.append(value)
        }
        count += 1
    }

    /// Adds the events of another column, each value changed; none becomes a missing one.
    mutating func append(_ other: SparseColumn, _ changed: (Value) -> Value) {
        let shift = UInt64(count & 63)
        var added = values.count
        for (index, block) in other.blocks.enumerated() {
            let events = min(64, other.count - index << 6)
            if shift == 0 {
                blocks.append(Block(present: block.present, before: UInt32(truncatingIfNeeded: added)))
            } else {
                let last = blocks.count - 1
                blocks[last].present |= block.present << shift
                let here = (block.present & (1 << (64 - shift) - 1)).nonzeroBitCount
                if events > 64 - Int(shift) {
                    blocks.append(
                        Block(present: block.present >> (64 - shift), before: UInt32(truncatingIfNeeded: added + here)))
                }
            }
            added += block.present.nonzeroBitCount
        }
        values.append(contentsOf: other.values.lazy.map(changed))
        count += other.count
    }

    mutating func reserve(_ times: Int, of other: SparseColumn) {
        blocks.reserveCapacity((count + other.count * times) / 64 + 1)
        values.reserveCapacity(values.count + other.values.count * times)
    }

    mutating func removeAll() {
        blocks.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        count = 0
    }
}
