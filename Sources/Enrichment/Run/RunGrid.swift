package import GridImage
package import GridModel
package import Ordering

/// What a run needs of an open grid.
package protocol RunGrid: Sendable {
    var id: GridID { get }

    /// The latest committed state.
    func snapshotForRun() -> any RunSnapshot

    /// Commits a command, suspending while the grid is busy.
    func submitForRun(_ command: Command) async throws(SubmissionFailure) -> CommandOutcome
}

/// A grid at one revision.
package protocol RunSnapshot: Sendable {
    var revision: Revision { get }
    func sheet(_ id: SheetID) -> Sheet?
    func contains(row: RowID) -> Bool
    func value(row: RowID, column: ColumnID) -> CellValue?
    func mark(row: RowID, column: ColumnID) -> CellMark?
    /// What is remembered of runs.
    var ledger: RunLedger { get }
    /// The first `most` rows of a view that `isIncluded` accepts, in the view's order.
    func rows(of sheet: SheetID, view: ViewDefinition, most: Int, where isIncluded: (RowID) -> Bool) -> [RowID]
}
