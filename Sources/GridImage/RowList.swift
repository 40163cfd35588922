package import GridModel

/// Rows in an order: a sheet's or a view's. A value; taking one costs nothing that grows with the number of rows.
package struct RowList: Sendable {
    let order: RowOrder

    package var count: Int { order.count }
    package var isEmpty: Bool { order.count == 0 }

    /// The row at a rank, counted from 0, which must be below `count`. Takes well under a microsecond, whatever the count.
    package subscript(rank: Int) -> RowID {
        precondition(rank >= 0 && rank < order.count, "rank \(rank) of \(order.count) rows")
        return RowID(order.row(at: rank))
    }

    /// The rows at consecutive ranks; what lies past the end is left out.
    package func slice(_ ranks: Range<Int>) -> [RowID] {
        order.slice(ranks.clamped(to: 0..<order.count)).map { RowID($0) }
    }

    /// The rank of a row; `nil` when it is not in the list.
    package func rank(of row: RowID) -> Int? { order.rank(of: row.rawValue) }
}
