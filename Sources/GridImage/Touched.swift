package import GridModel

/// What one applied record touched, for the commit event and for cached views. It names things and carries no values.
package struct Touched: Hashable, Sendable {
    /// The touched rows of a sheet as ranges of row numbers, or more than are worth naming.
    package enum Rows: Hashable, Sendable {
        /// Ascending, not overlapping, not adjacent; at most `Touched.rangeLimit`.
        case ranges([ClosedRange<RowID>])
        case many
    }

    /// What was touched of one sheet.
    package struct Sheet: Hashable, Sendable {
        package var id: SheetID
        /// Rows whose cells, marks or suggestions changed, and rows inserted, deleted or moved.
        package var rows: Rows
        /// Columns whose cells changed, ascending, at most `Touched.columnLimit`; beyond that `nil`, which means any.
        package var columns: [ColumnID]?
        /// Columns, views or the sheet itself changed.
        package var structure: Bool
        /// Rows came, went or moved.
        package var order: Bool

        package init(
            id: SheetID, rows: Rows = .ranges([]), columns: [ColumnID]? = [], structure: Bool = false, order: Bool = false
        ) {
            self.id = id
            self.rows = rows
            self.columns = columns
            self.structure = structure
            self.order = order
        }
    }

    /// Ranges of one sheet beyond which a client re-reads what it shows anyway.
    package static let rangeLimit = 2_000
    package static let columnLimit = 256

    /// In ascending order of sheet.
    package var sheets: [Sheet]
    /// The grid's name or its list of sheets changed.
    package var structure: Bool
    /// Single changes in the record; a row inserted, deleted or moved counts as one.
    package var changes: Int

    package init(sheets: [Sheet] = [], structure: Bool = false, changes: Int = 0) {
        self.sheets = sheets
        self.structure = structure
        self.changes = changes
    }
}
