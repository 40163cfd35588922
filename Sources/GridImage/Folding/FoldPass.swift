// A fold writes what changed since the last one: rows in ascending order of key, in slices, and with the last slice the
// documents. Until the documents of revision R are written, the fold counts as that of the revision before it; rows that are
// newer by then are no harm, because replay sets every cell that changed meanwhile to what it became.

import GridModel
package import Ordering

/// One pass of writing what changed since the pass before it began. A value: when writing a slice fails, go on from a copy made
/// before that slice. A pass that is given up must be gone on with later, or the grid be loaded anew: only it knows those rows.
package struct FoldPass: Sendable {
    /// One part, to be written all or nothing.
    package struct Slice: Sendable {
        /// Key: row number << 8 | column group. `nil` bytes: the row is gone.
        package var rows: [(key: UInt64, bytes: [UInt8]?)] = []
        package var documents: [(name: String, bytes: [UInt8]?)] = []
        /// On the last slice: the revision that rows and documents now hold.
        package var completes: Revision?
    }

    /// The revision that the pass folds.
    package var revision: Revision { image.revision }

    private let image: GridImage
    private let epoch: UInt32
    private var next: UInt64 = 0
    private var isDone = false

    init(_ image: GridImage) {
        self.image = image
        epoch = image.store.epoch
    }

    /// The next part; `nil` after the last one.
    package mutating func next(maxRows: Int = 1_000, maxBytes: Int = 1 << 20) -> Slice? {
        guard !isDone else { return nil }
        var slice = Slice()
        var bytes = 0
        var more = false
        let from = next
        var reached = next
        image.store.forEachDirty(from: Int(from >> 8), epoch: epoch) { row, group in
            let key = UInt64(row) << 8 | UInt64(group)
            guard key >= from else { return true }
            if !slice.rows.isEmpty, slice.rows.count >= maxRows || bytes >= maxBytes {
                more = true
                return false
            }
            let record: [UInt8]? = image.store.withRecord(UInt32(row), group) { $0.isAbsent ? nil : Array($0.bytes) }
            bytes += record?.count ?? 0
            slice.rows.append((key, record))
            reached = key + 1
            return true
        }
        next = reached
        if !more {
            slice.documents = FoldDocuments.changed(in: image)
            slice.completes = revision
            isDone = true
        }
        return slice
    }
}

extension GridImage {
    /// Begins a pass over everything that changed since the pass before; `nil` when nothing did.
    package mutating func beginFold() -> FoldPass? {
        guard revision != foldBegun else { return nil }
        let pass = FoldPass(self)
        store.beginEpoch()
        for index in states.indices { states[index].order.beginEpoch() }
        for index in deletedStates.indices { deletedStates[index].order.beginEpoch() }
        foldBegun = revision
        return pass
    }
}
