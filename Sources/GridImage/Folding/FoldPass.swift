// A fold writes what changed since the last one: rows in ascending order of key, in slices, and with the last slice the
// documents. A slice takes its rows from the image as it is by then, so that a pass holds no snapshot of them: nothing is copied
// for its sake, however long it lasts. Rows may therefore be newer than the documents; that is no harm, because replay from the
// documents' revision sets every cell that changed meanwhile to what it became.

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
        /// On the last slice: the revision of the documents, from which a restart replays.
        package var completes: Revision?
    }

    /// Two rows with more than so many between them probably lie in two pages of the store's file.
    static let neighborhood: UInt64 = 16
    /// What a page costs that one row alone is written to, in rows beside each other. Measured: 8 to 10.
    static let rowsAPage = 8

    /// The revision that the pass folds.
    package var revision: Revision { documents.revision }

    /// The image when the pass began, without rows.
    private let documents: GridImage
    private let dirty: RowStore.Dirty
    private var next: UInt64 = 0
    private var isDone = false

    init(_ image: GridImage) {
        dirty = image.store.dirty
        var image = image
        image.store = RowStore()
        documents = image
    }

    /// The next part, with rows from `image`, which has not gone back since the pass began; `nil` after the last one.
    /// - Parameter maxRows: rows beside each other; of rows that lie apart fewer come, so that a slice takes about as long.
    package mutating func next(from image: GridImage, maxRows: Int = 1_000, maxBytes: Int = 1 << 20) -> Slice? {
        guard !isDone else { return nil }
        var slice = Slice()
        var (bytes, cost) = (0, 0)
        var more = false
        let from = next
        var reached = next
        dirty.forEach(from: Int(from >> 8)) { row, group in
            let key = UInt64(row) << 8 | UInt64(group)
            guard key >= from else { return true }
            if !slice.rows.isEmpty, cost >= maxRows || bytes >= maxBytes {
                more = true
                return false
            }
            let record: [UInt8]? = image.store.withRecord(UInt32(row), group) { $0.isAbsent ? nil : Array($0.bytes) }
            bytes += record?.count ?? 0
            cost += (key - reached) >> 8 > Self.neighborhood ? Self.rowsAPage : 1
            slice.rows.append((key, record))
            reached = key + 1
            return true
        }
        next = reached
        if !more {
            slice.documents = FoldDocuments.changed(in: documents)
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
        ledger.beginEpoch()
        foldBegun = revision
        return pass
    }
}
