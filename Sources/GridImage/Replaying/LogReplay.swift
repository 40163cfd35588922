// A restart applies hundreds of thousands of changes to rows all over the memory. One after the other, each would wait for
// memory; and where the rows are millions, nearly each for its page's address too. So changes of cells are gathered and carried
// out a node's rows (`RowStore.Node`) at a time: those fit the processor's caches, and every row is fetched once for all of its
// changes. The order of one row's changes stays. What else a record does is done in its turn, after everything gathered before it.

import GridModel
package import Ordering

/// Applies the records of a log one after the other, as `GridImage.apply` would, only faster; nobody sees the states between.
package struct LogReplay {
    /// So many changes that several fall on each slab of a million rows, so few that they take about 8 MB.
    package static let gatheredMost = 1 << 17
    /// Bytes of gathered values, where cells are long.
    private static let gatheredBytes = 8 << 20

    private var image: GridImage
    private var gathered = GatheredChanges()
    private let gatheredMost: Int
    /// Single changes applied so far.
    package private(set) var changes = 0

    /// - Parameter gatheredMost: changes gathered before they are carried out.
    package init(_ image: consuming GridImage, gatheredMost: Int = LogReplay.gatheredMost) {
        self.image = image
        self.gatheredMost = gatheredMost
    }

    /// The last revision taken in.
    package var revision: Revision { image.revision }

    /// Takes in the next record. After a throw, what is here must be dropped.
    package mutating func apply(record bytes: [UInt8], revision: Revision) throws(RecordError) {
        guard revision == image.revision.next else {
            throw .outOfOrder(expected: image.revision.next, found: revision)
        }
        try bytes.withUnsafeBufferPointer { buffer throws(RecordError) in
            let raw = UnsafeRawBufferPointer(buffer)
            try RecordHeader.forEachChange(of: raw, at: revision) { cursor, _ throws(RecordError) in
                try take(&cursor, revision)
            }
            image.advance(to: revision, raw)
        }
        if gathered.count >= gatheredMost || gathered.valueBytes >= Self.gatheredBytes { carryOut() }
    }

    /// The image after the last record. Not consuming: a caller that keeps this in a variable would hold a copy of the image, and
    /// the last changes would copy each row they change.
    package mutating func finish() -> GridImage {
        carryOut()
        return image
    }

    @inline(__always)
    private mutating func take(_ cursor: inout RecordCursor, _ revision: Revision) throws(RecordError) {
        let start = cursor
        let pointer = ChangePointer(revision, offset: cursor.position)
        let number = try cursor.byte()
        if number == ChangeTag.set.rawValue {
            let change = try image.readSet(&cursor)
            gathered.set(change.row, change.place, to: change.json, pointer)
            changes += 1
        } else if let tag = ChangeTag(rawValue: number), tag.isOfCell {
            let change = try CellChange(tag, from: &cursor, revision: revision)
            gathered.add(change, try image.cellPlace(change.row, change.column, change.new, cursor), pointer)
            changes += 1
        } else {
            carryOut()
            cursor = start
            var touched = TouchedBuilder(columns: 0)
            try image.applyChange(&cursor, revision, &touched)
            changes += touched.changes
        }
    }

    private mutating func carryOut() {
        gathered.carryOut(in: &image.store)
    }
}
