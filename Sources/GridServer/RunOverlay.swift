import GridImage
import GridModel
import Wire

/// What runs in progress show beside cells. It is not committed, so it lies over the image and counts in a page's tag.
struct RunOverlay: Sendable {
    /// The states of one page's rows.
    struct States: Sendable {
        /// One entry a row that has states, by the row's place in the page.
        var rows: [Int: [(column: Int, state: CellState)]] = [:]
        /// 0 when there are none.
        var hash: UInt64 = 0
    }

    func states(of rows: [RowID], in window: ColumnWindow) -> States {
        States()
    }
}
