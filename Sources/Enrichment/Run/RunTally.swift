package import GridModel

/// A run's counts, kept as it goes: what the page shows as its progress.
package struct RunTally: Hashable, Sendable {
    /// Rows of the run.
    package let total: Int
    private var counts: [Int]
    /// Calls made, also those that failed.
    package internal(set) var calls = 0
    /// Calls that failed for a passing reason.
    package internal(set) var retries = 0
    /// Why rows were skipped: a few reasons, each with its rows.
    package internal(set) var skipReasons: [String: Int] = [:]
    /// Calls that told the model what was wrong with its answer.
    package internal(set) var corrections = 0
    /// Calls since this process took the run up of which nobody knows what they cost.
    package internal(set) var doubts = 0
    /// Rows answered without a call of their own, because their question had been asked for another row.
    package internal(set) var shared = 0
    /// Rows asked about again because their inputs had changed.
    package internal(set) var askedAgain = 0
    /// What all calls cost, as far as the provider said.
    package internal(set) var usage = RunUsage()
    private var start: Duration?
    private var end: Duration?
    /// When the last answers were committed, the oldest first.
    private var recent: [Duration] = []
    /// Answers since this process took the run up.
    private var completedCount = 0

    /// Answers over which the rate is taken.
    static let recentAnswers = 256

    init(total: Int) {
        self.total = total
        counts = Array(repeating: 0, count: RunCore.TaskState.allCases.count)
        counts[Int(RunCore.TaskState.queued.rawValue)] = total
    }

    private subscript(_ state: RunCore.TaskState) -> Int { counts[Int(state.rawValue)] }

    /// Rows not asked about yet, and rows to be asked about again.
    package var queued: Int { self[.queued] + self[.waiting] }
    /// Rows being asked about, and answers on their way into the grid.
    package var running: Int { self[.calling] + self[.submitting] + self[.held] + self[.marking] + self[.booking] }
    package var committed: Int { self[.committed] }
    /// Answers kept in a cell's history because a person had changed the cell.
    package var suggested: Int { self[.suggested] }
    package var failed: Int { self[.failed] }
    package var skipped: Int { self[.skipped] }
    package var cancelled: Int { self[.cancelled] }
    /// Rows that the run is through with.
    package var done: Int { total - unfinished }
    var unfinished: Int { queued + running }

    mutating func move(from before: RunCore.TaskState, to after: RunCore.TaskState) {
        counts[Int(before.rawValue)] -= 1
        counts[Int(after.rawValue)] += 1
    }

    mutating func began(at now: Duration) { start = now }
    mutating func stopped(at now: Duration) { end = now }

    mutating func completed(at now: Duration) {
        if recent.count == Self.recentAnswers { recent.removeFirst() }
        recent.append(now)
        completedCount += 1
    }

    /// How long the run has taken so far.
    package func elapsed(at now: Duration) -> Duration {
        start.map { (end ?? now) - $0 } ?? .zero
    }

    /// Answers a second lately; `nil` until there are two.
    package func rate(at now: Duration) -> Double? {
        guard let first = recent.first, recent.count > 1 else { return nil }
        let seconds = Self.seconds((end ?? now) - first)
        if seconds > 0 { return Double(recent.count - 1) / seconds }
        // One commit brought them all: take the whole run instead.
        let whole = Self.seconds(elapsed(at: now))
        return whole > 0 ? Double(committed + suggested) / whole : nil
    }

    /// Seconds until the last row: at the better and the worse of the present rate and the whole run's, a tenth wider; `nil` when
    /// unknown.
    package func secondsLeft(at now: Duration) -> ClosedRange<Double>? {
        guard let rate = rate(at: now), rate > 0 else { return nil }
        let seconds = Self.seconds(elapsed(at: now))
        let whole = seconds > 0 && completedCount > 0 ? Double(completedCount) / seconds : rate
        return Double(unfinished) / (max(rate, whole) * 1.1)...Double(unfinished) / (min(rate, whole) * 0.9)
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
