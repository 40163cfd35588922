package import GridModel

/// Rows in an order: a sheet's or a view's. A value; taking one costs nothing that grows with the number of rows.
package struct RowList: Sendable {
    var order: [RowID]

    package var count: Int { order.count }
    package var isEmpty: Bool { order.isEmpty }

    /// The row at a rank, counted from 0, which must be below `count`.
    package subscript(rank: Int) -> RowID { order[rank] }

    /// The rows at consecutive ranks; what lies past the end is left out.
    package func slice(_ ranks: Range<Int>) -> [RowID] {
        Array(order[ranks.clamped(to: 0..<order.count)])
    }

    package func rank(of row: RowID) -> Int? { order.firstIndex(of: row) }
}
