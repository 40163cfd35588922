package import GridModel
package import Ordering

/// What a list of commands comes to: one record for the log, and each command's answer. Nothing has happened yet; `apply` makes
/// it happen once the record is durable.
package struct BatchPlan: Sendable {
    /// The revision that the record must be committed as.
    package var revision: Revision
    /// The record, ready for the log; empty when `isEmpty`.
    package var record: [UInt8]
    /// True when the record changes more than cells.
    package var structural: Bool
    /// One entry a command, in order. Shorter than the list of commands when the record is full: the commands after it were not
    /// looked at and must be planned again once this record is applied.
    package var results: [Result<[ChangeResult], CommandRefusal>]
    /// Changes in the record, implied ones included.
    package var changeCount: Int
    /// All commands were refused: there is nothing to commit.
    package var isEmpty: Bool

    /// A record this long takes no further command.
    package static let fullRecordBytes = 4 << 20
    /// The longest record: a command that alone needs more is refused. A change's place in its record is 26 bits wide.
    package static let recordByteLimit = 1 << 26

    package init(
        revision: Revision, record: [UInt8] = [], structural: Bool = false,
        results: [Result<[ChangeResult], CommandRefusal>] = [], changeCount: Int = 0, isEmpty: Bool = true
    ) {
        self.revision = revision
        self.record = record
        self.structural = structural
        self.results = results
        self.changeCount = changeCount
        self.isEmpty = isEmpty
    }
}

/// A change of one cell's value: when, and who asked.
package struct ValueChange: Hashable, Sendable {
    package var revision: Revision
    package var cause: Cause
    /// The value before.
    package var old: CellValue?

    package init(revision: Revision, cause: Cause, old: CellValue? = nil) {
        self.revision = revision
        self.cause = cause
        self.old = old
    }
}

/// Answers which changes of a cell's value came after a revision, newest first; `nil` when that cannot be told. Asked by the
/// planner only when the image alone cannot rule a change out. See `GridImage.valueChanges(row:column:after:records:)`.
package typealias ValueChangesAfter = (_ row: RowID, _ column: ColumnID, _ after: Revision) -> [ValueChange]?

extension Command {
    /// True when a change of the command touches more than cells: rows, columns, sheets, views, names. The pipeline plans such a
    /// command alone.
    package var isStructural: Bool {
        changes.contains { $0.isStructural }
    }
}

extension Change {
    /// True for every change that is not of single cells, and not a run's memory.
    package var isStructural: Bool {
        switch self {
        case .setCell, .answerCell, .markCell, .takeBack, .noteRun: false
        case .insertRows, .deleteRows, .moveRows, .stageRows, .publishRows, .discardRows, .addColumn, .renameColumn,
            .retypeColumn, .resizeColumn, .setColumnAgent, .moveColumn, .deleteColumn, .addSheet, .renameSheet, .deleteSheet,
            .addView, .changeView, .deleteView, .renameGrid:
            true
        }
    }
}
