import GridModel

/// For each row and column group that a plan has changed, where in the record its last change begins. The record itself is the
/// overlay over the image: its chains lead from there to every earlier change. Open addressing: one probe for most keys.
struct PlanOverlay {
    private var keys: [UInt64]
    private var offsets: [UInt32]
    private var mask: Int
    private var used = 0
    /// What the current command changed, newest last, for when it is refused.
    private var undo: [(key: UInt64, offset: UInt32)] = []

    /// No key has this value: it would be row 2^32-1 in group 2^32-1.
    private static let free = UInt64.max

    init(expecting count: Int) {
        var size = 16
        while size < count * 2 { size <<= 1 }
        keys = Array(repeating: Self.free, count: size)
        offsets = Array(repeating: 0, count: size)
        mask = size - 1
    }

    @inline(__always)
    static func key(_ row: UInt32, _ group: Int) -> UInt64 { UInt64(row) << 32 | UInt64(group) }

    @inline(__always)
    private func slot(_ key: UInt64) -> Int {
        // The row number stands in the key's high half, so only the product's high bits depend on all of it.
        var at = Int(truncatingIfNeeded: ((key ^ key >> 32) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while keys[at] != key, keys[at] != Self.free { at = (at + 1) & mask }
        return at
    }

    /// Where the last change begins; `nil` when this plan did not change the row and group.
    @inline(__always)
    func offset(_ key: UInt64) -> Int? {
        let at = slot(key)
        return keys[at] == Self.free || offsets[at] == 0 ? nil : Int(offsets[at])
    }

    @inline(__always)
    mutating func note(_ key: UInt64, offset: Int) {
        if used * 2 > mask { grow() }
        let at = slot(key)
        if keys[at] == Self.free {
            keys[at] = key
            used += 1
        }
        undo.append((key, offsets[at]))
        offsets[at] = UInt32(truncatingIfNeeded: offset)
    }

    private mutating func grow() {
        let old = zip(keys, offsets).filter { $0.0 != Self.free }
        keys = Array(repeating: Self.free, count: (mask + 1) * 2)
        offsets = Array(repeating: 0, count: keys.count)
        mask = keys.count - 1
        for (key, offset) in old {
            let at = slot(key)
            keys[at] = key
            offsets[at] = offset
        }
    }

    mutating func beginCommand() { undo.removeAll(keepingCapacity: true) }

    /// Takes back what was noted since `beginCommand`.
    mutating func refuseCommand() {
        for (key, offset) in undo.reversed() { offsets[slot(key)] = offset }
        undo.removeAll(keepingCapacity: true)
    }
}
