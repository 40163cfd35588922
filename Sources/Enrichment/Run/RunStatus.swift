package import GridModel
package import Wire

/// How a run stands, for the page.
package struct RunStatus: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case running
        case paused
        /// Cancelled or refused, and the answers already on their way are being committed.
        case ending
        case finished
        case cancelled
        /// It ended itself, with the reason.
        case refused
    }

    package var run: RunID
    package var grid: GridID
    package var sheet: SheetID
    package var column: ColumnID
    package var state: State
    /// Why it is paused or was refused.
    package var reason: String?
    /// Which rows were asked for, in a word.
    package var scope: String
    /// Who answers, as shown in the page: "demo rules, no model called".
    package var provider: String
    package var model: String?
    package var total: Int
    package var queued: Int
    package var running: Int
    package var committed: Int
    /// Answers kept as suggestions, because a person had changed the cell.
    package var suggested: Int
    package var failed: Int
    package var skipped: Int
    package var cancelled: Int
    /// Why rows were skipped, and how many; by this process.
    package var skipReasons: [String: Int] = [:]
    /// Rows whose cells were filled by hand, and go along as examples.
    package var examples: [RowID] = []
    package var calls: Int
    package var retries: Int
    /// Calls that told the model what was wrong with its answer.
    package var corrections: Int
    /// Rows answered without a call of their own, because their question had been asked for another row.
    package var shared: Int
    /// Rows asked about again because their inputs had changed.
    package var askedAgain: Int
    /// Calls that were open when a process ended: what they cost is not known.
    package var inDoubt: Int
    package var usage: RunUsage
    package var budget: RunBudget
    /// Cells that were given back; `nil` when the run was not undone.
    package var undone: Int?
    package var elapsed: Duration
    /// Answers a second lately.
    package var rate: Double?
    /// Seconds left: at the better and the worse of the rates so far.
    package var secondsLeft: ClosedRange<Double>?

    /// True while something may still change.
    package var isActive: Bool {
        switch state {
        case .running, .paused, .ending: true
        case .finished, .cancelled, .refused: false
        }
    }

    /// As the event stream says it; `done` counts answers, kept ones included.
    package var event: RunEvent {
        return RunEvent(
            run: run, state: state.rawValue, done: committed + suggested, running: running, queued: queued, failed: failed,
            skipped: skipped, tokens: Int(clamping: usage.tokens),
            cost: usage.cost > 0 ? Double(usage.cost) / 1e9 : nil,
            eta: secondsLeft.flatMap { Int(exactly: min($0.upperBound, 1e9).rounded(.up)) },
            reason: reason)
    }
}
