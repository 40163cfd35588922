// Where row records lie: for each group of 64 columns a tree over row numbers: nodes of 64 leaves of 16 slabs of 16 rows. A
// snapshot shares all of it; a change copies the slab it touches, its leaf and its node, each once a snapshot.
//
// Leaves also note which rows changed since the last fold began. A note counts only under the epoch it was made in, so that
// beginning a fold touches no leaf: it takes a snapshot and raises the epoch.

/// See the file's head.
struct RowStore: Sendable {
    /// 256 rows.
    struct Leaf: Sendable {
        var slabs: [Slab] = []
        var epoch: UInt32 = 0
        var dirty: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

        static let rows = 256

        @inline(__always)
        mutating func markDirty(_ row: Int, epoch now: UInt32) {
            if epoch != now {
                epoch = now
                dirty = (0, 0, 0, 0)
            }
            let bit: UInt64 = 1 << UInt64(row & 63)
            switch row >> 6 & 3 {
            case 0: dirty.0 |= bit
            case 1: dirty.1 |= bit
            case 2: dirty.2 |= bit
            default: dirty.3 |= bit
            }
        }

        func isDirty(_ row: Int) -> Bool {
            let word =
                switch row >> 6 & 3 {
                case 0: dirty.0
                case 1: dirty.1
                case 2: dirty.2
                default: dirty.3
                }
            return word >> UInt64(row & 63) & 1 == 1
        }
    }

    /// 16,384 rows.
    struct Node: Sendable {
        var leaves: [Leaf] = []
        var epoch: UInt32 = 0

        static let rows = Leaf.rows * 64
    }

    private(set) var groups: [[Node]] = []
    /// Counts folds begun; 0 until something changed is noted under 1.
    private(set) var epoch: UInt32 = 1
    private(set) var isDirty = false

    /// The first row number that lies past the store.
    var rowLimit: Int { (groups.map { $0.count }.max() ?? 0) * Node.rows }

    /// Calls `body` with the record of a row in a group, absent when there is none.
    @inline(__always)
    func withRecord<Value>(_ row: UInt32, _ group: Int, _ body: (RowRecord) -> Value) -> Value {
        let number = Int(row)
        let node = number / Node.rows
        guard group < groups.count, node < groups[group].count else { return body(Self.absent) }
        let leaf = number / Leaf.rows % 64
        guard leaf < groups[group][node].leaves.count else { return body(Self.absent) }
        let slab = number / Slab.rows % 16
        guard slab < groups[group][node].leaves[leaf].slabs.count else { return body(Self.absent) }
        return groups[group][node].leaves[leaf].slabs[slab].withRecord(number % Slab.rows, body)
    }

    private static var absent: RowRecord { RowRecord(UnsafeRawBufferPointer(start: nil, count: 0)) }

    func pointer(_ row: UInt32, _ group: Int) -> ChangePointer {
        withRecord(row, group) { $0.pointer }
    }

    /// Hands the slab of a row to `body` to change, and notes the row as changed.
    @inline(__always)
    mutating func change(_ row: UInt32, _ group: Int, _ body: (inout Slab, Int) -> Void) {
        let number = Int(row)
        let node = number / Node.rows
        let leaf = number / Leaf.rows % 64
        makeRoom(group, node)
        isDirty = true
        let now = epoch
        Self.change(&groups[group][node], leaf, number, now, body)
    }

    @inline(__always)
    private static func change(_ node: inout Node, _ leaf: Int, _ number: Int, _ now: UInt32, _ body: (inout Slab, Int) -> Void)
    {
        node.epoch = now
        if node.leaves.isEmpty { node.leaves = Array(repeating: Leaf(), count: 64) }
        node.leaves[leaf].markDirty(number, epoch: now)
        if node.leaves[leaf].slabs.isEmpty { node.leaves[leaf].slabs = Array(repeating: Slab(), count: 16) }
        body(&node.leaves[leaf].slabs[number / Slab.rows % 16], number % Slab.rows)
    }

    @inline(__always)
    private mutating func makeRoom(_ group: Int, _ node: Int) {
        while groups.count <= group { groups.append([]) }
        while groups[group].count <= node { groups[group].append(Node()) }
    }

    @inline(__always)
    mutating func set(_ row: UInt32, _ group: Int, slot: Int, to json: UnsafeRawBufferPointer, pointer: ChangePointer) {
        change(row, group) { $0.set($1, slot: slot, to: json, pointer: pointer) }
    }

    /// Takes a row away from every group.
    mutating func remove(_ row: UInt32) {
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        for group in groups.indices where !withRecord(row, group, { $0.isAbsent }) {
            change(row, group) { $0.replace(first: $1, with: empty, ends: [0]) }
        }
    }

    func groups(of row: UInt32) -> [Int] {
        groups.indices.filter { group in !withRecord(row, group) { $0.isAbsent } }
    }

    /// Stores the records of rows with consecutive numbers, one run of bytes and where each ends.
    mutating func store(first: UInt32, _ group: Int, records: UnsafeRawBufferPointer, ends: [Int]) {
        var index = 0
        while index < ends.count {
            let row = first + UInt32(index)
            let count = min(Slab.rows - Int(row) % Slab.rows, ends.count - index)
            let base = index == 0 ? 0 : ends[index - 1]
            let part = UnsafeRawBufferPointer(rebasing: records[base..<ends[index + count - 1]])
            change(row, group) { $0.replace(first: $1, with: part, ends: ends[index..<index + count], base: base) }
            for later in 1..<max(count, 1) { noteDirty(row + UInt32(later), group) }
            index += count
        }
    }

    private mutating func noteDirty(_ row: UInt32, _ group: Int) {
        groups[group][Int(row) / Node.rows].leaves[Int(row) / Leaf.rows % 64].markDirty(Int(row), epoch: epoch)
    }

    /// Forgets what is noted as changed: all of it is in the fold.
    mutating func beginEpoch() {
        epoch &+= 1
        isDirty = false
    }

    /// Calls `body` with the first row from `row` on that was noted under `epoch` in any group, then with each after it, until
    /// it answers false. Groups of a row come in ascending order.
    func forEachDirty(from row: Int, epoch: UInt32, _ body: (_ row: Int, _ group: Int) -> Bool) {
        var node = row / Node.rows
        let nodes = groups.map { $0.count }.max() ?? 0
        while node < nodes {
            let active = groups.indices.filter { node < groups[$0].count && groups[$0][node].epoch == epoch }
            for leaf in 0..<(active.isEmpty ? 0 : 64) {
                let groupsHere = active.filter { groups[$0][node].leaves[leaf].epoch == epoch }
                guard !groupsHere.isEmpty else { continue }
                let first = node * Node.rows + leaf * Leaf.rows
                for number in max(first, row)..<max(first + Leaf.rows, row) {
                    for group in groupsHere where groups[group][node].leaves[leaf].isDirty(number) {
                        guard body(number, group) else { return }
                    }
                }
            }
            node += 1
        }
    }
}
