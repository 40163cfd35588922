package import GridModel

/// Columns of one sheet that a page shows, with where their cells lie: made once a request by `GridImage.window`.
package struct ColumnWindow: Hashable, Sendable {
    package let sheet: SheetID
    package let columns: [Column]

    init(sheet: SheetID, columns: [Column]) {
        self.sheet = sheet
        self.columns = columns
    }
}
