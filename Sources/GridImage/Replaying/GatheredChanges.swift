import GridModel

/// Changes of cells that wait to be carried out together, in any order of rows but each row's in the order they came.
struct GatheredChanges {
    /// What a change does to its row, beside noting it as the last one.
    private enum Kind: UInt8 {
        case set
        case mark
        /// Nothing.
        case touch
    }

    private struct Entry {
        var pointer: ChangePointer
        var row: UInt32
        var group: UInt16
        var slot: UInt8
        var kind: Kind
        /// Where the value lies in `values`; for a mark its place in `marks`.
        var at: UInt32
        var count: UInt32

        var node: Int { Int(row) / RowStore.Node.rows }
    }

    /// So many changes of a node's rows that most of its slabs will outgrow their buffers sooner or later.
    private static let loosenedFrom = RowStore.Node.slabLimit / 4

    private var entries: [Entry] = []
    private var values: [UInt8] = []
    private var marks: [CellMark?] = []

    var count: Int { entries.count }
    var valueBytes: Int { values.count }

    @inline(__always)
    mutating func set(_ row: UInt32, _ place: ColumnPlace, to json: UnsafeRawBufferPointer, _ pointer: ChangePointer) {
        append(row, place, .set, pointer, at: values.count, count: json.count)
        values.append(contentsOf: json)
    }

    mutating func add(_ change: CellChange, _ place: ColumnPlace, _ pointer: ChangePointer) {
        switch change.tag {
        case .suggestion: append(change.row, place, .touch, pointer, at: 0, count: 0)
        case .mark:
            append(change.row, place, .mark, pointer, at: marks.count, count: 1)
            marks.append(change.newMark)
        default: set(change.row, place, to: change.new, pointer)
        }
    }

    @inline(__always)
    private mutating func append(
        _ row: UInt32, _ place: ColumnPlace, _ kind: Kind, _ pointer: ChangePointer, at: Int, count: Int
    ) {
        entries.append(
            Entry(
                pointer: pointer, row: row, group: UInt16(truncatingIfNeeded: place.group),
                slot: UInt8(truncatingIfNeeded: place.slotInGroup), kind: kind, at: UInt32(truncatingIfNeeded: at),
                count: UInt32(truncatingIfNeeded: count)))
    }

    /// Carries everything out and forgets it.
    mutating func carryOut(in store: inout RowStore) {
        guard !entries.isEmpty else { return }
        let sorted = sortedBySlab()
        var node = sorted[...]
        while let first = node.first {
            let end = node.firstIndex { $0.group != first.group || $0.node != first.node } ?? sorted.endIndex
            if end - node.startIndex >= Self.loosenedFrom { store.loosen(first.node, Int(first.group)) }
            carryOut(node[..<end], in: &store)
            node = sorted[end...]
        }
        entries.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        marks.removeAll(keepingCapacity: true)
    }

    private func carryOut(_ changes: ArraySlice<Entry>, in store: inout RowStore) {
        var warmed = changes.startIndex
        for index in changes.indices {
            if index == warmed {
                let next = changes[index...].prefix(RowStore.warmCount)
                store.warm(next.map { (row: $0.row, group: Int($0.group)) })
                warmed = next.endIndex
            }
            carryOut(changes[index], in: &store)
        }
    }

    @inline(__always)
    private func carryOut(_ entry: Entry, in store: inout RowStore) {
        let (row, group, slot) = (entry.row, Int(entry.group), Int(entry.slot))
        switch entry.kind {
        case .set:
            values.withUnsafeBytes { values in
                let json = UnsafeRawBufferPointer(rebasing: values[Int(entry.at)..<Int(entry.at) + Int(entry.count)])
                store.set(row, group, slot: slot, to: json, pointer: entry.pointer)
            }
        case .mark:
            let mark = marks[Int(entry.at)]
            store.change(row, group) { $0.update($1, pointer: entry.pointer) { $0.setMark(slot, mark) } }
        case .touch: store.change(row, group) { $0.update($1, pointer: entry.pointer) { _ in } }
        }
    }

    /// By group and slab; within one as they came. Least significant digit first: by the slab in its node, then by the node.
    private func sortedBySlab() -> [Entry] {
        let nodes = 1 + entries.reduce(0) { max($0, $1.node) }
        let groups = 1 + entries.reduce(0) { max($0, Int($1.group)) }
        let bySlab = Self.sorted(entries, buckets: RowStore.Node.slabLimit) {
            Int($0.row) / Slab.rows % RowStore.Node.slabLimit
        }
        return Self.sorted(bySlab, buckets: nodes * groups) { Int($0.group) * nodes + $0.node }
    }

    /// A stable counting sort: linear in entries and buckets.
    @inline(__always)
    private static func sorted(_ entries: [Entry], buckets: Int, by bucket: (Entry) -> Int) -> [Entry] {
        var begins = [Int](repeating: 0, count: buckets + 1)
        for entry in entries { begins[bucket(entry) + 1] += 1 }
        for index in 1..<begins.count { begins[index] += begins[index - 1] }
        return [Entry](unsafeUninitializedCapacity: entries.count) { sorted, count in
            guard let target = sorted.baseAddress else { return }
            for entry in entries {
                let bucket = bucket(entry)
                (target + begins[bucket]).initialize(to: entry)
                begins[bucket] += 1
            }
            count = entries.count
        }
    }
}
