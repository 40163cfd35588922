import Enrichment
import GridImage
import GridModel
import Wire

/// What runs in progress show beside cells. It is not committed, so it lies over the image and counts in a page's tag.
struct RunOverlay: Sendable {
    /// The states of one page's rows.
    struct States: Sendable {
        /// By the row's place in the page.
        var rows: [Int: [(column: Int, state: CellState)]] = [:]
        /// 0 when there are none.
        var hash: UInt64 = 0
    }

    private let runs: RunCoordinator?
    private let grid: GridID
    /// The only columns that runs are filling: nearly always none.
    private let columns: [ColumnID]

    init(_ runs: RunCoordinator?, grid: GridID) {
        self.runs = runs
        self.grid = grid
        columns = runs?.activeColumns(of: grid) ?? []
    }

    /// No run is filling anything.
    var isEmpty: Bool { columns.isEmpty }

    func states(of rows: [RowID], in window: ColumnWindow) -> States {
        var states = States()
        guard !columns.isEmpty, let runs else { return states }
        for column in columns {
            guard let place = window.columns.firstIndex(where: { $0.id == column }) else { continue }
            for (index, state) in runs.states(of: rows, column: column, grid: grid).enumerated() {
                guard let state else { continue }
                states.rows[index, default: []].append((place, state))
                let code: UInt64 = if case .running = state { 2 } else { 1 }
                states.hash =
                    (states.hash ^ (UInt64(index) << 24 ^ UInt64(column.rawValue) << 4 ^ code)) &* 0x0000_0100_0000_01b3
            }
        }
        return states
    }
}
