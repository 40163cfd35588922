import ChangePipeline
import GridModel
import Synchronization

/// The grids that page reads found open, to be asked again without suspending. It keeps none of them open.
final class OpenGrids: Sendable {
    private struct Reference {
        weak var grid: LiveGrid?
    }

    private let grids = Mutex<[GridID: Reference]>([:])
    /// More references than this are forgotten together: each is found again by the next read.
    private static let limit = 1_024

    func note(_ grid: LiveGrid) {
        grids.withLock { grids in
            if let known = grids[grid.id]?.grid, known === grid { return }
            if grids.count >= Self.limit { grids = [:] }
            grids[grid.id] = Reference(grid: grid)
        }
    }

    /// The grid, if it is open and takes commands.
    func grid(_ id: GridID) -> LiveGrid? {
        guard let grid = grids.withLock({ $0[id]?.grid }), grid.isServing else { return nil }
        return grid
    }
}
