// Where row records lie: for each group of 64 columns a list of nodes of 256 slabs of 16 rows. A snapshot shares all of it; a
// change copies the slab it touches and its node's list, each once a snapshot. (A third level would copy less and cost each
// access one more cache miss; measured, the misses weigh more.)
//
// Nodes also note which rows changed since the last fold began. A note counts only under the epoch it was made in, so that
// beginning a fold touches no node: it shares the notes and raises the epoch.

/// See the file's head.
struct RowStore: Sendable {
    /// 4,096 rows.
    struct Node: Sendable {
        var slabs: [Slab] = []
        var epoch: UInt32 = 0
        /// A bit a row.
        var dirty: [UInt64] = []

        static let slabLimit = 256
        static let rows = Slab.rows * slabLimit

        @inline(__always)
        mutating func markDirty(_ row: Int, epoch now: UInt32) {
            if epoch != now {
                epoch = now
                dirty = [UInt64](repeating: 0, count: Self.rows / 64)
            }
            dirty[row / 64 % (Self.rows / 64)] |= 1 << UInt64(row & 63)
        }
    }

    private(set) var groups: [[Node]] = []
    /// Counts folds begun.
    private(set) var epoch: UInt32 = 1

    /// Calls `body` with the record of a row in a group, absent when there is none.
    @inline(__always)
    func withRecord<Value>(_ row: UInt32, _ group: Int, _ body: (RowRecord) -> Value) -> Value {
        withSlab(row, group) { $0.withRecord(Int(row) % Slab.rows, body) } ?? body(Self.absent)
    }

    /// Calls `body` with the slab of a row in a group, if there is one.
    @inline(__always)
    func withSlab<Value>(_ row: UInt32, _ group: Int, _ body: (Slab) -> Value) -> Value? {
        let number = Int(row)
        let node = number / Node.rows
        guard group < groups.count, node < groups[group].count else { return nil }
        let slab = number / Slab.rows % Node.slabLimit
        guard slab < groups[group][node].slabs.count else { return nil }
        return body(groups[group][node].slabs[slab])
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
        makeRoom(group, node)
        groups[group][node].markDirty(number, epoch: epoch)
        if groups[group][node].slabs.isEmpty { groups[group][node].slabs = Array(repeating: Slab(), count: Node.slabLimit) }
        body(&groups[group][node].slabs[number / Slab.rows % Node.slabLimit], number % Slab.rows)
    }

    @inline(__always)
    private mutating func makeRoom(_ group: Int, _ node: Int) {
        while groups.count <= group { groups.append([]) }
        while groups[group].count <= node { groups[group].append(Node()) }
    }

    /// Gives the slabs of a node room to grow in, where they have none.
    mutating func loosen(_ node: Int, _ group: Int) {
        guard group < groups.count, node < groups[group].count else { return }
        for slab in groups[group][node].slabs.indices where groups[group][node].slabs[slab].isFull {
            groups[group][node].slabs[slab].loosen()
        }
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
        groups[group][Int(row) / Node.rows].markDirty(Int(row), epoch: epoch)
    }

    /// Forgets what is noted as changed: all of it is in the fold.
    mutating func beginEpoch() {
        epoch &+= 1
    }

    /// The rows noted since the last fold began. Shares the notes, and nothing else of the store.
    var dirty: Dirty {
        Dirty(groups: groups.map { nodes in nodes.map { $0.epoch == epoch ? $0.dirty : [] } })
    }

    struct Dirty: Sendable {
        /// By group, by node: a bit a row, or nothing.
        fileprivate let groups: [[[UInt64]]]

        /// Calls `body` with each row from `row` on that was noted, group by group, until it answers false. Rows come in ascending
        /// order, and each row's groups too.
        func forEach(from row: Int, _ body: (_ row: Int, _ group: Int) -> Bool) {
            let nodes = groups.map { $0.count }.max() ?? 0
            for node in row / Node.rows..<max(nodes, row / Node.rows) {
                let active = groups.indices.filter { node < groups[$0].count && !groups[$0][node].isEmpty }
                guard !active.isEmpty else { continue }
                for word in 0..<Node.rows / 64 {
                    let first = node * Node.rows + word * 64
                    guard first + 64 > row else { continue }
                    var rows = active.reduce(UInt64(0)) { $0 | groups[$1][node][word] }
                    while rows != 0 {
                        let bit = rows.trailingZeroBitCount
                        rows &= rows - 1
                        guard first + bit >= row else { continue }
                        for group in active where groups[group][node][word] >> UInt64(bit) & 1 == 1 {
                            guard body(first + bit, group) else { return }
                        }
                    }
                }
            }
        }
    }
}
