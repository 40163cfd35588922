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
    /// Unfolded changes at which a quiet grid folds: about 10 ms of replay.
    package var changesBeforeFold = 20_000
    /// How long after a commit a grid counts as quiet: longer than a lone writer needs between an answer and its next command,
    /// shorter than programs' commands wait for company.
    package var foldQuietDelay = Duration.milliseconds(20)
    /// Unfolded changes at which a fold begins however busy the grid is: about 0.4 seconds of replay. In a flood over a million
    /// rows, ten changed rows then share a page of the file.
    package var changesBeforeFoldUnderLoad = 1_000_000
    /// Under load, the changes between two slices of a fold.
    package var changesPerFoldSlice = 1_000
    /// Unfolded changes at which programs wait for the fold: about 1.5 seconds of replay.
    package var unfoldedChanges = 4_000_000
    /// Rows of one slice of a fold, fewer where they lie apart (`FoldPass`): about half a millisecond, which a commit may have to
    /// wait. At half of `changesPerFoldSlice`, a pass over a million rows folds 1,600,000 changes while as many come: together they
    /// stay below `unfoldedChanges`, so that programs need not wait for the fold.
    package var rowsPerFoldSlice = 500
    /// Bytes of one slice of a fold: 64 pages, where rows are long.
    package var bytesPerFoldSlice = 256 << 10
    /// How long a fold that found the disk full waits before it tries again.
    package var foldRetryDelay = Duration.seconds(1)

    package init() {}
}
