/// The state's names, as the specification's table has them.
package enum PipelineState: String, Hashable, Sendable, CaseIterable {
    /// Nothing waits.
    case idle
    /// Programs' commands wait for their time, for company, or for the fold to catch up.
    case collecting
    case committing
    case folding
    case checkpointing
    /// As the three above, and no command is accepted any more.
    case closingCommitting
    case closingFolding
    case closingCheckpointing
    case closed
    case failed
}

extension PipelineCore {
    enum Lifecycle: Hashable {
        case open
        case closing
        case closed
        case failed
    }

    enum Work: Hashable {
        case none
        case commit([PipelineSubmission])
        case fold
        case checkpoint
    }

    struct Waiting: Hashable {
        var submission: PipelineSubmission
        /// When its commit must begin at the latest, if the writer is free.
        var due: Duration
    }

    package var state: PipelineState {
        switch (lifecycle, work) {
        case (.failed, _): .failed
        case (.closed, _): .closed
        case (.open, .none): programQueue.isEmpty ? .idle : .collecting
        case (.open, .commit): .committing
        case (.open, .fold): .folding
        case (.open, .checkpoint): .checkpointing
        case (.closing, .commit): .closingCommitting
        case (.closing, .fold): .closingFolding
        case (.closing, .checkpoint): .closingCheckpointing
        case (.closing, .none): .closed  // never seen between two events: `proceed` finds work or closes
        }
    }

    /// Whether the event can happen now: a piece of work can only end while it is in hand.
    package func allows(_ event: PipelineEvent) -> Bool {
        switch event {
        case .submitted, .timerFired, .closing: true
        case .committed, .commitFailed: if case .commit = work { true } else { false }
        case .foldDone: work == .fold
        case .checkpointDone: work == .checkpoint
        }
    }
}
