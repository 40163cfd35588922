/// The pipeline's bounds (S8).
package struct PipelineLimits: Hashable, Sendable {
    /// Changes of one commit that groups several commands. At 1,000 a commit's sync costs a thousandth a change, and a commit lasts
    /// about a millisecond; one larger command is a commit by itself.
    package var changesPerCommit = 1_000
    /// How long a program's command waits for company: 20 signals a second is as often as a screen is worth refreshing.
    package var groupDelay = Duration.milliseconds(50)
    /// Changes of one writer that wait or are being committed; beyond it that writer is suspended. Four full commits.
    package var pendingChangesPerWriter = 4_000
    /// Changes of all programs that wait: 25 writers at their limit, some tens of megabytes.
    package var pendingChanges = 100_000
    /// Commands held back of all suspended writers; beyond it a command is refused as overloaded.
    package var parkedSubmissions = 10_000
    /// Repeats of commands that wait; beyond it a repeat is refused as overloaded.
    package var followers = 1_000
    /// Unfolded changes at which a fold begins in the next gap: 15 ms of replay at most if none ever did.
    package var changesBeforeFold = 20_000
    /// Unfolded changes at which programs wait for the fold: about 3 seconds of replay.
    package var unfoldedChanges = 4_000_000
    /// Under load, the commits between two slices of a fold.
    package var commitsPerFoldSlice = 4
    /// Rows of one slice of a fold: with 30 cells a row below 5 ms, which a commit may have to wait.
    package var rowsPerFoldSlice = 500
    /// How long a fold that found the disk full waits before it tries again.
    package var foldRetryDelay = Duration.seconds(1)

    package init() {}
}
