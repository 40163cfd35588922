import ChangePipeline
import GridModel
import Ordering

/// A core driven by hand: each step returns the effects as one line of text.
struct CoreScript {
    var core: PipelineCore
    var now = Duration.zero
    private var submissions: UInt64 = 0

    init(revision: Revision = .zero, unfolded: Int = 0, limits: PipelineLimits = .small) {
        core = PipelineCore(revision: revision, unfoldedChanges: unfolded, limits: limits)
    }

    /// Submits as the next number; that is also its intent, unless it repeats one.
    mutating func submit(_ who: Who, changes: Int = 1, structural: Bool = false, repeating intent: UInt64? = nil) -> String {
        submissions += 1
        return handle(
            .submitted(
                PipelineSubmission(
                    id: PipelineSubmission.ID(submissions), intent: IntentID(high: 0, low: intent ?? submissions),
                    writer: who.writer, changes: changes, structural: structural)))
    }

    mutating func commit(
        _ revision: UInt64?, changes: Int = 1, refused: [UInt64] = [], unplanned: [UInt64] = [], checkpoint: Bool = false
    )
        -> String
    {
        handle(
            .committed(
                PipelineCommit(
                    revision: revision.map { Revision($0) }, changes: changes,
                    refused: Set(refused.map { PipelineSubmission.ID($0) }),
                    unplanned: Set(unplanned.map { PipelineSubmission.ID($0) }), checkpointDue: checkpoint)))
    }

    mutating func wait(_ milliseconds: Int) -> String {
        now += .milliseconds(milliseconds)
        return handle(.timerFired)
    }

    mutating func handle(_ event: PipelineEvent) -> String {
        core.handle(event, at: now)
        var words: [String] = []
        while let effect = core.nextEffect() { words.append(effect.words) }
        return words.joined(separator: ", ")
    }

    enum Who: Hashable, CaseIterable {
        case person
        case program
        case agentA
        case agentB

        var writer: WriterID {
            switch self {
            case .person: WriterID(.person)
            case .program: WriterID(Cause(kind: .program))
            case .agentA: WriterID(Cause(kind: .agent, run: RunID(1)))
            case .agentB: WriterID(Cause(kind: .agent, run: RunID(2)))
            }
        }
    }
}

extension PipelineLimits {
    /// Bounds that a test reaches in a few steps.
    static var small: PipelineLimits {
        var limits = PipelineLimits()
        limits.changesPerCommit = 10
        limits.groupDelay = .milliseconds(50)
        limits.pendingChangesPerWriter = 20
        limits.pendingChanges = 50
        limits.parkedSubmissions = 6
        limits.followers = 3
        limits.changesBeforeFold = 100
        limits.unfoldedChanges = 200
        limits.changesBeforeFoldUnderLoad = 150
        limits.changesPerFoldSlice = 2
        limits.foldQuietDelay = .milliseconds(20)
        limits.foldRetryDelay = .milliseconds(1_000)
        return limits
    }
}

extension PipelineEffect {
    var words: String {
        switch self {
        case .commit(let ids): "commit \(ids.map { String($0.number) }.joined(separator: " "))"
        case .acknowledge(let id): "acknowledge \(id.number)"
        case .refuse(let id, let refusal): "refuse \(id.number) \(refusal.words)"
        case .emit(let revision): "emit \(revision)"
        case .setTimer(let moment): "timer at \(Int(moment / .milliseconds(1))) ms"
        case .suspendWriter(let writer): "suspend \(writer.words)"
        case .resumeWriter(let writer): "resume \(writer.words)"
        case .fold: "fold"
        case .checkpoint: "checkpoint"
        case .stop(let how): "stop \(how)"
        }
    }
}

extension PipelineRefusal {
    var words: String {
        switch self {
        case .planned: "by plan"
        case .overloaded(let limit, _): "overloaded: \(limit)"
        case .full: "full"
        case .failed: "failed"
        case .closed: "closed"
        }
    }
}

extension WriterID {
    var words: String { "\(kind)" + (run.map { " \($0)" } ?? "") }
}
