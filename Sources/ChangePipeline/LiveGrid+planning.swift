import GridImage
import GridModel
import Ordering
import Synchronization

// While the writer is busy with a slice of the fold, the image stands still: a large command that waits alone can be planned meanwhile, on
// another thread. Its commit then waits for the longer of the two, not for their sum.

/// A plan that was made before its commit began.
struct PlanAhead {
    var made: (id: PipelineSubmission.ID, plan: BatchPlan)?
    /// How many were used, and how many were not.
    var counts = PlanAheadCounts()
}

/// How plans that were made ahead fared.
package struct PlanAheadCounts: Hashable, Sendable {
    package var used = 0
    /// Another commit came first.
    package var dropped = 0

    package init(used: Int = 0, dropped: Int = 0) {
        self.used = used
        self.dropped = dropped
    }
}

extension LiveGrid {
    /// Fewer changes are planned in less time than it takes to wake a thread; more would keep a person's command waiting.
    private static let changesAhead = 100...1_000

    /// Whether a command's plan needs nothing but the image: cells are set. History is read on the writer alone.
    static func canPlanAhead(_ command: Command) -> Bool {
        changesAhead.contains(command.changes.count)
            && command.changes.allSatisfy { if case .setCell = $0 { true } else { false } }
    }

    package var plansAhead: PlanAheadCounts { ahead.withLock { $0.counts } }

    /// Plans a command, unless its commit has begun or another is to come first. Blocks.
    func planAhead(_ command: Command, _ id: PipelineSubmission.ID) {
        ahead.withLock { ahead in
            guard let image = state.withLock({ $0.aheadWanted == id ? $0.image : nil }) else { return }
            let plan = image.plan([command], time: environment.wallClock()) { _, _, _ in nil }
            ahead.made = (id, plan)
        }
    }

    /// The plan of a group that is to be committed, if it was made ahead of the present revision. After that none is made until the writer is
    /// busy with a slice again.
    func takeAhead(for group: [Submitted]) -> BatchPlan? {
        ahead.withLock { ahead in
            let revision = state.withLock { state in
                state.aheadWanted = nil
                return state.image.revision
            }
            guard let made = ahead.made else { return nil }
            ahead.made = nil
            let isUsable = group.count == 1 && group.first?.id == made.id && made.plan.revision == revision.next
            if isUsable { ahead.counts.used += 1 } else { ahead.counts.dropped += 1 }
            return isUsable ? made.plan : nil
        }
    }
}
