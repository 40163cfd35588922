package import GridImage
package import GridModel
package import Ordering

/// What a run needs of an open grid.
package protocol RunGrid: Sendable {
    var id: GridID { get }

    /// The latest committed state.
    func snapshotForRun() -> any RunSnapshot

    /// The last change of each cell's value; `nil` where there was none, or its record is not kept any more.
    func lastChanges(_ cells: [CellPlace]) async -> [ValueChange?]

    /// Commits a command, suspending while the grid is busy.
    func submitForRun(_ command: Command) async throws(SubmissionFailure) -> CommandOutcome
}

/// A cell by its row and column.
package struct CellPlace: Hashable, Sendable {
    package var row: RowID
    package var column: ColumnID

    package init(row: RowID, column: ColumnID) {
        self.row = row
        self.column = column
    }
}

extension ValueChange {
    /// Whether a person wrote the value: not as a run's undo, which gives back what was there before.
    var isEdit: Bool { cause.kind == .person && cause.run == nil }
}

/// A grid at one revision.
package protocol RunSnapshot: Sendable {
    var revision: Revision { get }
    func sheet(_ id: SheetID) -> Sheet?
    func contains(row: RowID) -> Bool
    func value(row: RowID, column: ColumnID) -> CellValue?
    func mark(row: RowID, column: ColumnID) -> CellMark?
    /// When something of the row last changed, in the columns that are stored with this one.
    func lastTouched(row: RowID, column: ColumnID) -> Revision
    /// What is remembered of runs.
    var ledger: RunLedger { get }
    /// The first `most` rows of a view that `isIncluded` accepts, in the view's order.
    func rows(of sheet: SheetID, view: ViewDefinition, most: Int, where isIncluded: (RowID) -> Bool) -> [RowID]
}
