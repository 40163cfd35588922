import ChangePipeline
import GridModel
import Ordering
import Testing

@Suite("The pipeline's core under random schedules")
struct CoreExplorationTests {
    /// Run again with one seed: `swift test --filter CoreExplorationTests`, with the seed in this list.
    static let seeds: Range<UInt64> = 1..<801

    @Test("S1 S2 S5 S8: no schedule makes the core break a rule")
    func sound() {
        for seed in Self.seeds {
            if let (steps, violation) = shrunk(CoreStep.schedule(seed: seed), of: SoundCore()) {
                Issue.record("seed \(seed): \(violation), after \(steps)")
                return
            }
        }
    }

    @Test("the rules notice each mutant of the core", arguments: Mutation.allCases)
    func mutantsAreKilled(_ mutation: Mutation) {
        let killed = Self.seeds.first { seed in
            var world = CoreWorld(MutantCore(mutation))
            do throws(CoreWorld<MutantCore>.Violation) {
                try world.run(CoreStep.schedule(seed: seed))
                return false
            } catch {
                return true
            }
        }
        #expect(killed != nil, "\(mutation) breaks no rule")
    }
}

/// A way in which a core could be wrong.
enum Mutation: String, CaseIterable, Sendable {
    case acknowledgesBeforeTheCommit
    case emitsBeforeTheCommit
    case emitsFailedCommits
    case losesOrder
    case losesCommands
    case acknowledgesFailures
    case answersTwice
    case forgetsSignals
    case forgetsRepeats
    case plansRepeatsTwice
    case forgetsTimers
    case letsPeopleWait
    case holdsBackWithoutBound
    case groupsWithoutBound
    case groupsStructural
    case forgetsToFold
    case foldsInEveryGap
    case goesOnAfterAFailure
}

/// A sound core between a front that distorts events and a back that distorts effects.
struct MutantCore: CoreSubject {
    private var core: SoundCore
    private let mutation: Mutation
    private var revision = Revision.zero
    private var submissions: UInt64 = 0
    private var emits = 0

    init(_ mutation: Mutation) {
        self.mutation = mutation
        var limits = PipelineLimits.small
        if mutation == .holdsBackWithoutBound { limits.parkedSubmissions = 1_000 }
        if mutation == .groupsWithoutBound { limits.changesPerCommit = 1_000 }
        if mutation == .foldsInEveryGap { limits.foldQuietDelay = .zero }
        core = SoundCore(limits: limits)
    }

    mutating func handle(_ event: PipelineEvent, at now: Duration) -> [PipelineEffect] {
        if case .committed(let commit) = event, let revision = commit.revision { self.revision = revision }
        return core.handle(distorted(event), at: now).flatMap { distorted($0, of: event) }
    }

    private mutating func distorted(_ event: PipelineEvent) -> PipelineEvent {
        switch event {
        case .submitted(var submission):
            submissions += 1
            if mutation == .plansRepeatsTwice { submission.intent = IntentID(high: 1, low: submissions) }
            if mutation == .letsPeopleWait { submission.writer.kind = .program }
            if mutation == .groupsStructural { submission.structural = false }
            return .submitted(submission)
        case .commitFailed(.fatal) where mutation == .goesOnAfterAFailure: return .commitFailed(.full)
        default: return event
        }
    }

    private mutating func distorted(_ effect: PipelineEffect, of event: PipelineEvent) -> [PipelineEffect] {
        switch (mutation, effect) {
        case (.acknowledgesBeforeTheCommit, .commit(let ids)): return ids.map { .acknowledge($0) } + [effect]
        case (.emitsBeforeTheCommit, .commit): return [.emit(revision.next), effect]
        case (.emitsFailedCommits, .refuse(_, .full)): return [effect, .emit(revision.next)]
        case (.losesOrder, .commit(let ids)): return [.commit(ids.reversed())]
        case (.losesCommands, .commit(let ids)) where ids.count > 1: return [.commit(ids.dropLast())]
        case (.acknowledgesFailures, .refuse(let id, .full)): return [.acknowledge(id)]
        case (.answersTwice, .acknowledge): return [effect, effect]
        case (.forgetsSignals, .emit):
            emits += 1
            return emits % 5 == 0 ? [] : [effect]
        case (.forgetsRepeats, .acknowledge(let id)):
            if case .committed = event, id.number % 2 == 1 { return [] }
            return [effect]
        case (.forgetsTimers, .setTimer): return []
        case (.forgetsToFold, .fold): return []
        default: return [effect]
        }
    }
}
