package import GridModel
import Synchronization

/// What changed about runs since the last time somebody asked: newest status of each run, and the cells whose shown state
/// changed. However much happens meanwhile, it is one of these.
package struct RunActivity: Hashable, Sendable {
    /// Cells of one column.
    package struct Cells: Hashable, Sendable {
        package var grid: GridID
        package var sheet: SheetID
        package var column: ColumnID
        /// In ascending order; `nil` for many.
        package var rows: [RowID]?
    }

    /// In ascending order of grid and run.
    package var statuses: [RunStatus]
    /// In ascending order of grid and column.
    package var cells: [Cells]
}

/// One listener's view of all runs: an endless sequence that holds at most one merged entry. Slow listeners get fewer, larger
/// entries; nobody waits for them.
package final class RunActivityFeed: AsyncSequence, AsyncIteratorProtocol, Sendable {
    package typealias Element = RunActivity

    /// Rows kept by number; more are "many".
    package static let namedRows = 1_000

    private struct Column: Hashable {
        var grid: GridID
        var sheet: SheetID
        var column: ColumnID
    }

    private struct RunKey: Hashable {
        var grid: GridID
        var run: RunID
    }

    private struct State {
        var statuses: [RunKey: RunStatus] = [:]
        /// Rows in the order they came, perhaps more than once; `nil` for many.
        var cells: [Column: [RowID]?] = [:]
        var waiting: CheckedContinuation<RunActivity?, Never>?
        var isFinished = false

        mutating func add(_ rows: [RowID], to column: Column) {
            guard cells[column, default: []] != nil else { return }
            cells[column, default: []]?.append(contentsOf: rows)
            guard let count = cells[column]??.count, count > 2 * RunActivityFeed.namedRows else { return }
            let distinct = cells[column]?.map { Set($0) } ?? []
            cells.updateValue(distinct.count > RunActivityFeed.namedRows ? nil : Array(distinct), forKey: column)
        }

        mutating func take() -> RunActivity? {
            guard !statuses.isEmpty || !cells.isEmpty else { return nil }
            let activity = RunActivity(
                statuses: statuses.values.sorted { ($0.grid, $0.run) < ($1.grid, $1.run) },
                cells: cells.map { .init(grid: $0.grid, sheet: $0.sheet, column: $0.column, rows: $1.map { Set($0).sorted() }) }
                    .sorted { ($0.grid, $0.column) < ($1.grid, $1.column) })
            statuses = [:]
            cells = [:]
            return activity
        }
    }

    private let grid: GridID?
    private let state = Mutex(State())

    /// Listens to one grid's runs, or to all.
    init(grid: GridID?) {
        self.grid = grid
    }

    package func makeAsyncIterator() -> RunActivityFeed { self }

    /// The next entry, at once when something has happened; `nil` when the coordinator closed or the task is cancelled. One
    /// caller at a time.
    package func next() async -> RunActivity? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: RunActivity?? = state.withLock { state in
                    if let activity = state.take() { return .some(activity) }
                    if state.isFinished || state.waiting != nil { return .some(nil) }
                    state.waiting = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            finish()
        }
    }

    func publish(_ status: RunStatus, rows: [RowID]?) {
        guard grid == nil || grid == status.grid else { return }
        let (waiting, activity) = state.withLock { state -> (CheckedContinuation<RunActivity?, Never>?, RunActivity?) in
            guard !state.isFinished else { return (nil, nil) }
            state.statuses[RunKey(grid: status.grid, run: status.run)] = status
            let column = Column(grid: status.grid, sheet: status.sheet, column: status.column)
            if let rows {
                if !rows.isEmpty { state.add(rows, to: column) }
            } else {
                state.cells.updateValue(nil, forKey: column)
            }
            guard let waiting = state.waiting else { return (nil, nil) }
            state.waiting = nil
            return (waiting, state.take())
        }
        waiting?.resume(returning: activity)
    }

    func finish() {
        let waiting = state.withLock { state in
            state.isFinished = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: nil)
    }
}
