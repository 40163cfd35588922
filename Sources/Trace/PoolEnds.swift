/// Where each event's part of a pool ends. Most events have no edges, most traces no shown keys: only the events up to the last one
/// that has a part take memory.
struct PoolEnds: Sendable {
    private var ends: [UInt32] = []
    /// Events after those in `ends`, all without a part.
    private var empty = 0

    /// Where the next event's part begins.
    var last: UInt32 { ends.last ?? 0 }

    /// The part of an event that was added.
    subscript(event: Int) -> Range<Int> {
        guard event < ends.count else { return Int(last)..<Int(last) }
        return (event == 0 ? 0 : Int(ends[event - 1]))..<Int(ends[event])
    }

    /// Adds the next event, whose part ends there.
    mutating func append(_ end: UInt32) {
        guard end != last else {
            empty += 1
            return
        }
        if empty > 0 {
            ends.append(contentsOf: repeatElement(last, count: empty))
            empty = 0
        }
        ends.append(end)
    }

    /// Adds the events of another pool, whose parts begin at a place of this one.
    mutating func append(_ other: PoolEnds, from start: UInt32) {
        if !other.ends.isEmpty {
            if empty > 0 { ends.append(contentsOf: repeatElement(last, count: empty)) }
            empty = 0
            ends.append(contentsOf: other.ends.lazy.map { $0 + start })
        }
        empty += other.empty
    }

    mutating func reserve(_ times: Int, of other: PoolEnds) {
        if !other.ends.isEmpty { ends.reserveCapacity(ends.count + (other.ends.count + other.empty) * times) }
    }

    mutating func removeAll() {
        ends.removeAll(keepingCapacity: true)
        empty = 0
    }
}
