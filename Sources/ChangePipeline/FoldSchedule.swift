/// When a slice of a fold has its turn.
struct FoldSchedule: Sendable {
    private let limits: PipelineLimits
    /// Changes that a restart would replay.
    private(set) var unfolded: Int
    /// What of `unfolded` the pass in progress will have folded; `nil` between passes.
    private var pass: Int?
    private var commitsSinceSlice = 0
    /// The disk was full; nothing is folded before this moment.
    private(set) var pausedUntil: Duration?
    var checkpointDue = false

    init(unfolded: Int, limits: PipelineLimits) {
        self.unfolded = unfolded
        self.limits = limits
    }

    /// More is unfolded than a restart may replay.
    var isOverBound: Bool { unfolded >= limits.unfoldedChanges }

    /// A slice would be useful in a gap.
    func isWanted(at now: Duration) -> Bool {
        if let pausedUntil, now < pausedUntil { return false }
        return pass != nil || unfolded >= limits.changesBeforeFold
    }

    /// A slice goes before the next commit, lest a busy grid never folds.
    func isTurn(at now: Duration) -> Bool {
        isWanted(at: now) && commitsSinceSlice >= limits.commitsPerFoldSlice
    }

    mutating func commitStarted() { commitsSinceSlice += 1 }
    mutating func committed(changes: Int) { unfolded += changes }

    mutating func sliceStarted() {
        commitsSinceSlice = 0
        pausedUntil = nil
        if pass == nil { pass = unfolded }
    }

    /// The pass goes on.
    mutating func sliceDone() {}

    mutating func passCompleted() {
        unfolded -= pass ?? 0
        pass = nil
    }

    /// The image says that everything is folded.
    mutating func nothingToFold() {
        unfolded = 0
        pass = nil
    }

    mutating func pause(until moment: Duration) { pausedUntil = moment }
}
