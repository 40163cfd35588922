package import GridModel
package import Ordering

/// A grid in memory: a pure function of its log.
package struct GridImage: Sendable {
    package private(set) var revision: Revision
    package private(set) var name: String
    package private(set) var sheets: [Sheet]

    /// An empty grid with the sheet s1 "Sheet 1", at revision 0.
    package init(name: String) {
        revision = .zero
        self.name = name
        sheets = [Sheet(id: SheetID(1), name: "Sheet 1")]
    }
    package func sheet(_ id: SheetID) -> Sheet? { sheets.first { $0.id == id } }
    package func sheetID(ofColumn column: ColumnID) -> SheetID? { nil }
    package func column(_ id: ColumnID) -> Column? { nil }
    package func rowCount(of sheet: SheetID) -> Int { 0 }
    package func contains(row: RowID) -> Bool { false }
    package func sheetID(ofRow row: RowID) -> SheetID? { nil }
    package func value(row: RowID, column: ColumnID) -> CellValue? { nil }
    package func mark(row: RowID, column: ColumnID) -> CellMark? { nil }
    /// Coarse.
    package func lastChange(row: RowID, column: ColumnID) -> Revision { .zero }
    package func rank(of row: RowID, in sheet: SheetID) -> Int? { nil }
    package func row(at rank: Int, in sheet: SheetID) -> RowID? { nil }
    package func rows(of sheet: SheetID, view: ViewDefinition) -> RowList { RowList(order: []) }
    package func hash() -> UInt64 { 0 }

    /// The columns of a sheet at the given positions, clamped; all of them without positions.
    package func window(of sheet: SheetID, positions: Range<Int>? = nil) -> ColumnWindow? { nil }
    /// The given columns; `nil` when one is not the sheet's.
    package func window(of sheet: SheetID, columns: [ColumnID]) -> ColumnWindow? { nil }
    /// Calls `body` with each cell of a row in the window that is not empty: the cell's place in the window and its JSON, valid
    /// during the call only.
    package func forEachCell(
        row: RowID, in window: ColumnWindow, _ body: (_ index: Int, _ json: UnsafeRawBufferPointer) -> Void
    ) {}
    /// Calls `body` with each marked cell of a row in the window.
    package func forEachMark(row: RowID, in window: ColumnWindow, _ body: (_ index: Int, _ mark: CellMark) -> Void) {}
    /// Changes whenever what the page shows changes.
    package func pageTag(rows: [RowID], window: ColumnWindow, view: UInt64) -> UInt64 { 0 }

    package func plan(_ commands: [Command], time: UInt64, valueChanges: ValueChangesAfter? = nil) -> BatchPlan {
        BatchPlan(revision: revision.next)
    }
    package mutating func apply(record bytes: [UInt8], revision: Revision) throws(RecordError) -> Touched {
        throw .damaged(offset: 0, "not written yet")
    }

    /// `nil` when nothing changed since the last pass began.
    package mutating func beginFold() -> FoldPass? { nil }

    /// What happened to a cell, newest first.
    package func history(
        row: RowID, column: ColumnID, limit: Int, records: RecordReader
    ) throws(HistoryError) -> [HistoryEntry] { [] }
    /// The changes of a cell's value after a revision, newest first: what the planner asks for.
    package func valueChanges(
        row: RowID, column: ColumnID, after: Revision, records: RecordReader
    ) throws(HistoryError) -> [ValueChange] { [] }
    /// The last change of exactly this cell's value; `nil` when it never had one.
    package func lastValueChange(
        row: RowID, column: ColumnID, records: RecordReader
    ) throws(HistoryError) -> ValueChange? { nil }
    /// Rows and cells of a sheet at an older revision.
    /// - Parameter structural: the revisions after `revision` whose records are structural, descending.
    package func page(
        of sheet: SheetID, asOf revision: Revision, ranks: Range<Int>, structural: [Revision], records: RecordReader
    ) throws(HistoryError) -> PastPage { throw .noSuchSheet(sheet) }
}
