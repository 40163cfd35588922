// A change of a random row among millions waits three times for memory: for the slab, for where its record begins, for the
// record. Touching the rows of many changes one after the other first lets the processor wait for many of them at once: what
// follows then finds them in its cache. Each round touches one thing of every row: a short loop without a branch that depends
// on what is waited for, so that many of its turns are under way together.

import GridModel

extension RowStore {
    /// How many changes are touched ahead: enough to overlap, few enough to stay in the first caches.
    static let warmCount = 64

    /// Touches what changes of the rows will read.
    func warm(_ rows: [(row: UInt32, group: Int)]) {
        var sum = 0
        for (row, group) in rows { sum &+= withSlab(row, group) { $0.bytes.count } ?? 0 }
        for (row, group) in rows { sum &+= withRecord(row, group) { $0.bytes.count } }
        for (row, group) in rows {
            sum &+= withRecord(row, group) { record in
                record.bytes.isEmpty ? 0 : Int(record.bytes[0]) &+ Int(record.bytes[record.bytes.count - 1])
            }
        }
        // So that the reading is not left out: no sum of lengths comes near this.
        precondition(sum != Int.min, "a sum of lengths is out of range")
    }
}

/// Reads ahead in a record and touches the rows it will change.
struct ReadAhead {
    /// Up to where rows were touched.
    private(set) var position = 0
    private var rows: [(row: UInt32, group: Int)] = []

    init() {
        rows.reserveCapacity(RowStore.warmCount)
    }

    /// Touches the rows of the next changes of a section, the first of which stands at the cursor.
    @inline(never)
    mutating func warm(_ image: GridImage, _ start: RecordCursor, _ section: SectionHeader) {
        var cursor = start
        rows.removeAll(keepingCapacity: true)
        do throws(RecordError) {
            while rows.count < RowStore.warmCount, cursor.position < section.end {
                // Nothing more is read ahead once something else than the commonest change comes.
                guard try cursor.byte() == ChangeTag.set.rawValue else { break }
                let row = try cursor.number32()
                if let place = image.place(ColumnID(try cursor.number32())) { rows.append((row, place.group)) }
                _ = try cursor.varint()
                _ = try cursor.varint()
                _ = try cursor.blob()
                _ = try cursor.blob()
            }
        } catch {
            // The change itself will report it.
        }
        image.store.warm(rows)
        position = cursor.position
    }
}
