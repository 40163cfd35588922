package import GridImage
package import GridModel
package import Ordering

extension GridImage: RunSnapshot {
    package func lastTouched(row: RowID, column: ColumnID) -> Revision { lastChange(ofRow: row, besides: column) }

    package func rows(
        of sheet: SheetID, view: ViewDefinition, most: Int, where isIncluded: (RowID) -> Bool
    ) -> [RowID] {
        let list = rows(of: sheet, view: view)
        var found: [RowID] = []
        var rank = 0
        while rank < list.count, found.count < most {
            // In slices: a step within one costs less than finding a rank anew.
            for row in list.slice(rank..<min(rank + 1_000, list.count)) where isIncluded(row) {
                found.append(row)
                if found.count == most { break }
            }
            rank += 1_000
        }
        return found
    }
}
