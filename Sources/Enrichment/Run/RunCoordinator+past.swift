import GridImage
package import GridModel
import Ordering

// What a grid's log tells of runs: those that ended before this process began, what they cost, and taking their answers back.
extension RunCoordinator {
    /// How a run stands, at work or ended whenever.
    package func status(of run: RunID, in grid: any RunGrid) -> RunStatus? {
        if let status = status(of: run, grid: grid.id), status.isActive { return status }
        let ledger = grid.snapshotForRun().ledger
        let known = status(of: run, grid: grid.id)
        return ledger.runs[run].map { RunStatus(run, of: grid.id, $0, known) } ?? known
    }

    /// The runs of a grid that are remembered, the oldest first.
    package func statuses(in grid: any RunGrid) -> [RunStatus] {
        let known = Dictionary(statuses(of: grid.id).map { ($0.run, $0) }, uniquingKeysWith: { first, _ in first })
        let active = known.values.filter(\.isActive)
        let past = grid.snapshotForRun().ledger.runs.filter { known[$0.key]?.isActive != true }
            .map { RunStatus($0, of: grid.id, $1, known[$0]) }
        return (active + past).sorted { $0.run < $1.run }
    }

    /// What a run would ask and cost.
    package func estimate(_ request: RunRequest, on grid: any RunGrid) async throws(RunRefusal) -> RunEstimate {
        var plan = try RunPlan(request, on: grid, provider: provider, limits: limits, prices: environment.prices)
        plan.use(await ExampleFinder(plan: plan).examples())
        return RunEstimate(plan)
    }

    /// Cells of one command of an undo.
    private static let cellsAtOnce = 1_000

    private static func undoCause(_ run: RunID) -> Cause {
        Cause(kind: .person, run: run, detail: "{\"undo\":\"\(run)\"}")
    }

    /// The commands of an undo, in order: each cell that the run answered, whatever became of it since.
    static func undoing(_ recorded: RecordedRun, _ run: RunID, newIntent: () -> IntentID) -> [Command] {
        let answered = recorded.order.rows.indices.filter { recorded.mark(of: UInt32($0)) == .committed }
        return stride(from: 0, to: answered.count, by: cellsAtOnce).map { first in
            let part = answered[first..<min(first + cellsAtOnce, answered.count)]
            let changes = part.map { Change.takeBack(row: recorded.order.rows[$0], column: recorded.order.column, run: run) }
            return Command(intent: newIntent(), cause: undoCause(run), changes: changes)
        }
    }

    /// Gives every cell that a run answered its value from before, unless somebody changed it since. Repeated, it does what is left.
    /// - Returns: cells that were given back.
    package func undo(_ run: RunID, on grid: any RunGrid) async throws(RunRefusal) -> Int {
        guard let recorded = grid.snapshotForRun().ledger.runs[run] else { throw .noSuchRun(run) }
        guard recorded.phase.isEnded else { throw .notNow("\(run) has not ended: cancel it first") }
        let cause = Self.undoCause(run)
        var given = 0
        do throws(SubmissionFailure) {
            for command in Self.undoing(recorded, run, newIntent: environment.newIntent) {
                given += try await grid.submitForRun(command).results.count { $0 == .done }
            }
            let note = Change.noteRun(run, .undone(cells: UInt32(given)))
            _ = try await grid.submitForRun(Command(intent: environment.newIntent(), cause: cause, changes: [note]))
        } catch {
            throw .notStored("\(given) cells were given back, then: \(error.reason)")
        }
        return given
    }
}

extension RunStatus {
    /// A run that this process does not work on any more.
    /// - Parameter known: how it stood when it ended in this process; the log does not count all of it.
    init(_ run: RunID, of grid: GridID, _ recorded: RecordedRun, _ known: RunStatus?) {
        let open = recorded.count(.open)
        let (state, reason): (State, String?) =
            switch recorded.phase {
            case .running: (.running, "it goes on in a moment")
            case .paused(let reason): (.paused, reason)
            case .finished: (.finished, nil)
            case .cancelled: (.cancelled, nil)
            case .refused(let reason): (.refused, reason)
            }
        let order = recorded.order
        let took = recorded.endTime.map { $0 - min($0, recorded.time) } ?? 0
        self.init(
            run: run, grid: grid, sheet: order.sheet, column: order.column, state: state, reason: reason, scope: order.scope,
            provider: order.provider, model: order.model, total: recorded.taskCount,
            queued: recorded.phase.isEnded ? 0 : open, running: 0, committed: recorded.count(.committed),
            suggested: recorded.count(.suggested), failed: recorded.count(.failed), skipped: recorded.count(.skipped),
            cancelled: recorded.phase.isEnded ? open : 0, calls: Int(clamping: recorded.callCount),
            retries: known?.retries ?? 0, corrections: known?.corrections ?? 0,
            shared: known?.shared ?? 0, askedAgain: known?.askedAgain ?? 0, inDoubt: recorded.doubtCount, usage: recorded.spent,
            budget: recorded.budget,
            undone: recorded.undone.map { Int($0) },
            elapsed: .milliseconds(Int64(clamping: took)), rate: nil, secondsLeft: nil)
        examples = order.examples.map(\.row)
        skipReasons = known?.skipReasons ?? [:]
    }
}
