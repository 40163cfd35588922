/// When a slice of a fold has its turn. Folding early keeps a restart short; folding late is cheaper, since many changes of a page of
/// the store's file then cost one writing of it. So a quiet grid folds early, a busy one late, and at the pace of its changes.
struct FoldSchedule: Sendable {
    private let limits: PipelineLimits
    /// Changes that a restart would replay.
    private(set) var unfolded: Int
    /// What of `unfolded` the pass in progress will have folded; `nil` between passes.
    private var pass: Int?
    /// Changes committed during the pass that no slice has made up for.
    private var debt = 0
    /// No commit has ended since the slice before.
    private(set) var sliceWasLast = false
    /// The grid is quiet from this moment on, unless a commit ends before it.
    private var quietFrom = Duration.zero
    /// The disk was full; nothing is folded before this moment.
    private var pausedUntil: Duration?
    var checkpointDue = false

    init(unfolded: Int, limits: PipelineLimits) {
        self.unfolded = unfolded
        self.limits = limits
    }

    /// More is unfolded than a restart may replay.
    var isOverBound: Bool { unfolded >= limits.unfoldedChanges }

    /// When a slice would be useful in a gap; `nil` when there is nothing worth folding.
    var wantedFrom: Duration? {
        guard pass != nil || unfolded >= limits.changesBeforeFold else { return nil }
        // Programs wait for the fold: it does not wait for quiet.
        let start = isOverBound ? .zero : quietFrom
        return pausedUntil.map { max($0, start) } ?? start
    }

    /// A slice goes before the next commit, lest a busy grid never folds. Does not depend on quiet.
    func isTurn(at now: Duration) -> Bool {
        if let pausedUntil, now < pausedUntil { return false }
        guard pass != nil else { return unfolded >= limits.changesBeforeFoldUnderLoad }
        return debt >= limits.changesPerFoldSlice
    }

    mutating func commitEnded(changes: Int, at now: Duration) {
        unfolded += changes
        if pass != nil { debt += changes }
        sliceWasLast = false
        quietFrom = now + limits.foldQuietDelay
    }

    mutating func sliceStarted() {
        pausedUntil = nil
        sliceWasLast = true
        if pass == nil {
            pass = unfolded
            debt = 0
        } else {
            debt = max(0, debt - limits.changesPerFoldSlice)
        }
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
