import GridModel

/// Makes the row records of inserted rows from the cells in a log record.
struct NewRows {
    let pointer: ChangePointer
    /// For each column of the block where its cells go.
    private var places: [ColumnPlace] = []
    private var spans: [(offset: Int, length: Int)] = []

    /// Rows made before they are stored: a multiple of a slab's, so that a slab is written once.
    private static let batch = Slab.rows * 16

    init(pointer: ChangePointer) {
        self.pointer = pointer
    }

    mutating func add(_ place: ColumnPlace) { places.append(place) }

    /// The columns of one group, by ascending slot: their place in the block and their slot in the group.
    private struct Group {
        var group: Int
        var columns: [(index: Int, slot: Int)]
        var writer = RecordWriter()
        var ends: [Int] = []
    }

    private func makeGroups() -> [Group] {
        var groups: [Group] = [Group(group: 0, columns: [])]
        for (index, place) in places.enumerated().sorted(by: { $0.element.slot < $1.element.slot }) {
            if groups[groups.count - 1].group != place.group { groups.append(Group(group: place.group, columns: [])) }
            groups[groups.count - 1].columns.append((index, place.slotInGroup))
        }
        return groups
    }

    /// Group 0 gets a record for every row, so that its history leads to the insertion; other groups only where they hold cells.
    mutating func store(
        first: UInt32, count: Int, block: UnsafeRawBufferPointer, into store: inout RowStore
    ) throws(RecordError) {
        var groups = makeGroups()
        var cursor = RecordCursor(block)
        spans = Array(repeating: (0, 0), count: places.count)
        var done = 0
        while done < count {
            let row = first + UInt32(done)
            let part = min(Self.batch - Int(row) % Self.batch, count - done)
            for _ in 0..<part {
                try readRow(&cursor)
                for group in groups.indices { write(&groups[group], from: block) }
            }
            for group in groups.indices {
                let ends = groups[group].ends
                groups[group].writer.bytes.withUnsafeBytes {
                    store.store(first: row, groups[group].group, records: $0, ends: ends)
                }
                groups[group].writer.bytes.removeAll(keepingCapacity: true)
                groups[group].ends.removeAll(keepingCapacity: true)
            }
            done += part
        }
        guard cursor.isAtEnd else { throw cursor.damaged("more cells than the rows have") }
    }

    private mutating func readRow(_ cursor: inout RecordCursor) throws(RecordError) {
        for index in spans.indices {
            let length = try cursor.number(most: Limits.cellBytes)
            spans[index] = (cursor.position, length)
            _ = try cursor.take(length)
        }
    }

    private func write(_ group: inout Group, from block: UnsafeRawBufferPointer) {
        let slots = (group.columns.last { spans[$0.index].length > 0 }?.slot ?? -1) + 1
        if slots > 0 || group.group == 0 {
            group.writer.word(pointer.rawValue)
            group.writer.byte(UInt8(slots))
            var next = 0
            for column in group.columns where column.slot < slots {
                while next < column.slot {
                    group.writer.byte(0)
                    next += 1
                }
                group.writer.number(spans[column.index].length)
                next += 1
            }
            for column in group.columns where column.slot < slots {
                let span = spans[column.index]
                group.writer.raw(UnsafeRawBufferPointer(rebasing: block[span.offset..<span.offset + span.length]))
            }
        }
        group.ends.append(group.writer.count)
    }
}
