package import GridImage
package import GridModel
package import Ordering

/// Why the pipeline did not do what was asked.
package enum PipelineError: Error, Hashable, Sendable {
    /// The command makes no sense now; nothing of it happened.
    case refused(CommandRefusal)
    /// A bound was hit: its name and value. Nothing happened; try again later.
    case overloaded(limit: String, most: Int)
    /// The disk is full. Nothing happened; try again when there is room.
    case full(String)
    /// The store failed; the text says how. A command in flight may or may not have been committed: send it again, with the
    /// same intent, after the restart.
    case failed(String)
    /// The image did not reach the revision in time.
    case behind(asked: Revision, at: Revision)
    /// The grid was closed.
    case closed
    case noSuchGrid(GridID)
    /// History is not kept so far back: from the state at `oldest` on, it is.
    case notKept(oldest: Revision, String)
    /// The past cannot be told for another reason.
    case history(HistoryError)
}
