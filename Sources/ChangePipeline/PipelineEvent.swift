package import GridModel
package import Ordering

/// One call of `submit`, as the core sees it.
package struct PipelineSubmission: Hashable, Sendable {
    /// Numbered by the host, ascending.
    package struct ID: Hashable, Comparable, Sendable {
        package var number: UInt64
        package init(_ number: UInt64) { self.number = number }
        package static func < (a: ID, b: ID) -> Bool { a.number < b.number }
    }

    package var id: ID
    package var intent: IntentID
    package var writer: WriterID
    package var changes: Int
    /// Must be planned alone.
    package var structural: Bool
    /// Somebody waits for it who does nothing else meanwhile: commits at once, as a person's does.
    package var isUrgent: Bool

    package init(id: ID, intent: IntentID, writer: WriterID, changes: Int, structural: Bool, isUrgent: Bool = false) {
        self.id = id
        self.intent = intent
        self.writer = writer
        self.changes = changes
        self.structural = structural
        self.isUrgent = isUrgent
    }

    var priority: Priority { writer.kind == .person || isUrgent ? .person : .program }

    enum Priority {
        /// Commits at once, together with what waits.
        case person
        /// Is grouped.
        case program
    }
}

/// Whose pending changes are counted together: a kind of cause, and the run if there is one.
package struct WriterID: Hashable, Sendable {
    package var kind: Cause.Kind
    package var run: RunID?

    package init(_ cause: Cause) {
        kind = cause.kind
        run = cause.run
    }
}

/// What happened.
package enum PipelineEvent: Hashable, Sendable {
    case submitted(PipelineSubmission)
    /// The moment of the last `setTimer` has come. Early and repeated ones do no harm.
    case timerFired
    /// The group's record is durable and in the image, or the group needed no record.
    case committed(PipelineCommit)
    /// The group's record is wholly absent, or (fatal) nobody knows.
    case commitFailed(PipelineFailure)
    /// `checkpointDue`: as in `PipelineCommit`.
    case foldDone(FoldResult, checkpointDue: Bool = false)
    case checkpointDone(PipelineFailure?)
    /// The grid is to be closed: what waits is committed, nothing more is accepted.
    case closing
}

/// What a commit came to.
package struct PipelineCommit: Hashable, Sendable {
    /// The revision it made; `nil` when every command was refused or had been committed before.
    package var revision: Revision?
    /// Changes in its record.
    package var changes: Int
    /// The commands that planning refused.
    package var refused: Set<PipelineSubmission.ID>
    /// The commands at the group's end that did not fit the record; they are the next group.
    package var unplanned: Set<PipelineSubmission.ID>
    /// The write-ahead log has grown enough to be worth a checkpoint.
    package var checkpointDue: Bool

    package init(
        revision: Revision?, changes: Int = 0, refused: Set<PipelineSubmission.ID> = [],
        unplanned: Set<PipelineSubmission.ID> = [], checkpointDue: Bool = false
    ) {
        self.revision = revision
        self.changes = changes
        self.refused = refused
        self.unplanned = unplanned
        self.checkpointDue = checkpointDue
    }
}

/// How a piece of the writer's work failed.
package enum PipelineFailure: Hashable, Sendable {
    /// No room. What was tried is wholly absent; later work may succeed.
    case full
    /// What is on disk is unknown.
    case fatal
}

/// What a slice of a fold came to.
package enum FoldResult: Hashable, Sendable {
    /// Written; the pass goes on.
    case slice
    /// Written, and with it the pass.
    case completed
    /// There was nothing to fold.
    case nothing
    case failed(PipelineFailure)
}

/// What the host must do, in order.
package enum PipelineEffect: Hashable, Sendable {
    /// Plan and append these commands as one record, then report `committed` or `commitFailed`.
    case commit([PipelineSubmission.ID])
    case acknowledge(PipelineSubmission.ID)
    case refuse(PipelineSubmission.ID, PipelineRefusal)
    /// Tell every subscriber of this revision (S1: only ever follows its `committed`).
    case emit(Revision)
    /// Report `timerFired` at this moment.
    case setTimer(Duration)
    /// This writer's commands are no longer taken in; its submits wait.
    case suspendWriter(WriterID)
    case resumeWriter(WriterID)
    /// Fold one slice, then report `foldDone`.
    case fold
    case checkpoint
    /// Nothing comes after this but refusals.
    case stop(PipelineStop)
}

/// Why a command was refused.
package enum PipelineRefusal: Hashable, Sendable {
    /// Planning refused it; the host holds the reason.
    case planned
    case overloaded(limit: String, most: Int)
    case full
    case failed
    case closed
}

package enum PipelineStop: Hashable, Sendable {
    case closed
    case failed
}
