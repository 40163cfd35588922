package import GridModel
package import Ordering

/// Reads one record of the log; `nil` when it is not kept.
package typealias RecordReader = (Revision) throws -> [UInt8]?

/// Why the past could not be told.
package enum HistoryError: Error, Hashable, Sendable {
    /// The record of this revision is no longer kept: only newer states can be told.
    case notKept(Revision)
    case damaged(Revision, RecordError)
    /// The reader failed, in its words.
    case unreadable(Revision, String)
    /// The sheet did not exist then.
    case noSuchSheet(SheetID)
    /// The revision is not committed yet.
    case inFuture(Revision)
    /// More changes of the row lie between than are walked, this many.
    case tooFar(Int)
}

/// One thing that happened to a cell.
package struct HistoryEntry: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// A value was set or emptied.
        case set
        /// A model's answer became the value.
        case answer
        /// A model's answer came too late and was kept here; `new` is the answer, the value stayed.
        case suggestion
        /// The lasting state changed, not the value.
        case mark
        /// The row came to be, with this value.
        case insert
    }

    package var kind: Kind
    package var revision: Revision
    /// Milliseconds since 1970, by the server's clock at the commit.
    package var time: UInt64
    package var cause: Cause
    package var intent: IntentID
    /// The value before; `nil` is the empty cell.
    package var old: CellValue?
    package var new: CellValue?
    package var oldMark: CellMark?
    package var newMark: CellMark?
    /// For an answer or a suggestion: the revision and the columns it was computed from.
    package var base: Revision?
    package var inputs: [ColumnID] = []
}

/// Rows and cells of a sheet as they were at a revision.
package struct PastPage: Hashable, Sendable {
    package struct Row: Hashable, Sendable {
        package var id: RowID
        /// The cells that were not empty, in the columns' order.
        package var cells: [(column: ColumnID, value: CellValue)]
        package var marks: [(column: ColumnID, mark: CellMark)]

        package init(id: RowID, cells: [(column: ColumnID, value: CellValue)], marks: [(column: ColumnID, mark: CellMark)]) {
            self.id = id
            self.cells = cells
            self.marks = marks
        }

        package static func == (a: Row, b: Row) -> Bool {
            a.id == b.id && a.cells.elementsEqual(b.cells) { $0 == $1 } && a.marks.elementsEqual(b.marks) { $0 == $1 }
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(id)
            for cell in cells { hasher.combine(cell.value) }
        }
    }

    package var revision: Revision
    /// The sheet as it was, with its columns and views.
    package var sheet: GridModel.Sheet
    package var totalRows: Int
    package var rows: [Row]
}
