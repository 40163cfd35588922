import ChangePipeline
import GridModel
import Ordering
import TestKit

/// What happens to a core in an exploration. A step that makes no sense where it stands does nothing, so any part of a schedule is
/// a schedule, which is what shrinking needs.
enum CoreStep: Hashable, Sendable {
    /// `repeating` counts back over the submissions so far.
    case submit(CoreScript.Who, changes: Int, structural: Bool, repeating: Int?)
    case advance(milliseconds: Int)
    /// A timer that nobody asked for.
    case strayTimer
    /// The work in hand ends; what the choice means depends on the work.
    case finish(Outcome)
    case close

    enum Outcome: Hashable, Sendable {
        case done
        /// A commit: every command whose number has this bit is refused.
        case refuse(bit: Int)
        /// A commit: the record takes this many commands.
        case partly(Int)
        case full
        case fatal
        /// A fold: the pass is over. A commit: with a checkpoint due.
        case last
    }

    /// A schedule that reaches all of the core's states, by seed.
    static func schedule(seed: UInt64) -> [CoreStep] {
        var random = Seeded(seed: seed)
        let flood = Bool.random(using: &random)
        let fatal = Int.random(in: 0..<8, using: &random) == 0
        return (0..<120).map { _ in
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<(flood ? 65 : 45):
                let who = CoreScript.Who.allCases.randomElement(using: &random) ?? .person
                let repeats = Int.random(in: 0..<6, using: &random) == 0 ? Int.random(in: 1...5, using: &random) : nil
                return .submit(
                    who, changes: Int.random(in: 1...8, using: &random), structural: Int.random(in: 0..<8, using: &random) == 0,
                    repeating: repeats)
            case ..<75: return .finish(.done)
            case ..<78: return .finish(.refuse(bit: Int.random(in: 0..<3, using: &random)))
            case ..<81: return .finish(.partly(Int.random(in: 1...3, using: &random)))
            case ..<84: return .finish(.full)
            case ..<88: return .finish(.last)
            case ..<89: return fatal ? .finish(.fatal) : .strayTimer
            case ..<90: return fatal ? .close : .strayTimer
            default: return .advance(milliseconds: Int.random(in: 1...40, using: &random))
            }
        }
    }
}

/// A core, or a mutant of one.
protocol CoreSubject {
    mutating func handle(_ event: PipelineEvent, at now: Duration) -> [PipelineEffect]
}

struct SoundCore: CoreSubject {
    private var core: PipelineCore

    init(limits: PipelineLimits = .small) {
        core = PipelineCore(revision: .zero, unfoldedChanges: 0, limits: limits)
    }

    mutating func handle(_ event: PipelineEvent, at now: Duration) -> [PipelineEffect] {
        core.handle(event, at: now)
        var effects: [PipelineEffect] = []
        while let effect = core.nextEffect() { effects.append(effect) }
        return effects
    }
}

/// Everything around a core, and the rules that its effects must keep. Written from the invariants, not from the core.
struct CoreWorld<Subject: CoreSubject> {
    struct Violation: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    struct Command {
        var who: CoreScript.Who
        var changes: Int
        var structural: Bool
        var intent: UInt64
        /// The command whose answer this one shares.
        var leader: Int
        var fate: Fate?
        var isAnswered = false
    }

    /// What the writer reported of a command.
    enum Fate { case durable, refused, full }

    enum Work: Hashable { case commit([Int]), fold, checkpoint }

    private var subject: Subject
    private let limits = PipelineLimits.small
    private var now = Duration.zero
    private var commands: [Command] = []
    private var hand: Work?
    private var durable: UInt64 = 0
    private var emitted: UInt64 = 0
    private var timers: [Duration] = []
    private var isClosing = false
    private var hasFailed = false
    private var stopped: PipelineStop?
    private var isFolding = false
    /// Changes committed in this pass that no slice has made up for, and in all.
    private var unpaced = 0
    private var changesInAll = 0

    init(_ subject: Subject) {
        self.subject = subject
    }

    /// Runs the schedule, then lets everything come to rest and closes.
    mutating func run(_ steps: [CoreStep]) throws(Violation) {
        for step in steps { try take(step) }
        for _ in 0..<400 {
            if stopped != nil || hand == nil && !commands.contains(where: { !$0.isAnswered }) { break }
            try take(hand == nil ? .advance(milliseconds: 1_100) : .finish(.last))
        }
        if let lost = commands.firstIndex(where: { !$0.isAnswered }) {
            throw violation("command \(lost + 1) is never answered")
        }
        try take(.close)
        for _ in 0..<10 where stopped == nil { try take(.finish(.last)) }
        if stopped == nil { throw violation("closing never ends") }
    }

    private mutating func take(_ step: CoreStep) throws(Violation) {
        switch step {
        case .submit(let who, let changes, let structural, let back): try submit(who, changes, structural, back)
        case .advance(let milliseconds):
            now += .milliseconds(milliseconds)
            let due = timers.filter { $0 <= now }
            timers.removeAll { $0 <= now }
            for _ in due { try handle(.timerFired) }
        case .strayTimer: try handle(.timerFired)
        case .finish(let outcome): try finish(outcome)
        case .close:
            isClosing = true
            try handle(.closing)
        }
    }

    private mutating func submit(
        _ who: CoreScript.Who, _ changes: Int, _ structural: Bool, _ back: Int?
    ) throws(Violation) {
        let number = commands.count
        var command = Command(who: who, changes: changes, structural: structural, intent: UInt64(number), leader: number)
        if let back, back <= number { command.intent = commands[number - back].intent }
        if let leader = commands.firstIndex(where: { $0.intent == command.intent && !$0.isAnswered }) {
            command.leader = leader
        }
        commands.append(command)
        try handle(
            .submitted(
                PipelineSubmission(
                    id: PipelineSubmission.ID(UInt64(number)), intent: IntentID(high: 0, low: command.intent),
                    writer: who.writer,
                    changes: changes, structural: structural)))
        if stopped != nil || isClosing, !commands[number].isAnswered {
            throw violation("command \(number + 1) waits for nothing")
        }
    }

    private mutating func finish(_ outcome: CoreStep.Outcome) throws(Violation) {
        guard let work = hand, stopped == nil else { return }
        hand = nil
        if outcome == .fatal { hasFailed = true }
        switch work {
        case .fold:
            switch outcome {
            case .done, .refuse, .partly: try handle(.foldDone(.slice))
            case .last:
                isFolding = false
                try handle(.foldDone(.completed))
            case .full: try handle(.foldDone(.failed(.full)))
            case .fatal: try handle(.foldDone(.failed(.fatal)))
            }
        case .checkpoint:
            try handle(.checkpointDone(outcome == .full ? .full : outcome == .fatal ? .fatal : nil))
        case .commit(let group): try finish(group, outcome)
        }
    }

    private mutating func finish(_ group: [Int], _ outcome: CoreStep.Outcome) throws(Violation) {
        guard outcome != .full, outcome != .fatal else {
            for id in group { commands[id].fate = outcome == .full ? .full : nil }
            return try handle(.commitFailed(outcome == .full ? .full : .fatal))
        }
        var commit = PipelineCommit(revision: nil)
        for (place, id) in group.enumerated() {
            if case .partly(let most) = outcome, place >= most {
                commit.unplanned.insert(PipelineSubmission.ID(UInt64(id)))
            } else if case .refuse(let bit) = outcome, id >> bit & 1 == 1 {
                commit.refused.insert(PipelineSubmission.ID(UInt64(id)))
                commands[id].fate = .refused
            } else {
                commands[id].fate = .durable
                commit.changes += commands[id].changes
            }
        }
        if commit.changes > 0 {
            durable += 1
            commit.revision = Revision(durable)
            unpaced += commit.changes
            changesInAll += commit.changes
        }
        commit.checkpointDue = outcome == .last
        try handle(.committed(commit))
    }

    func violation(_ what: String) -> Violation { Violation(description: what) }
}

// MARK: - The rules

extension CoreWorld {
    private mutating func handle(_ event: PipelineEvent) throws(Violation) {
        for effect in subject.handle(event, at: now) { try check(effect, of: event) }
        if emitted != durable, !hasFailed {
            throw violation("S2: revision \(durable) is durable, \(emitted) is the last emitted")
        }
        guard stopped == nil else { return }
        if parked > limits.parkedSubmissions { throw violation("S8: \(parked) commands are held back") }
        let followers = commands.indices.filter { commands[$0].leader != $0 && !commands[$0].isAnswered }.count
        if followers > limits.followers { throw violation("S8: \(followers) repeats wait") }
        guard hand == nil else { return }
        let waiting = commands.indices.filter { !commands[$0].isAnswered }
        if let person = waiting.first(where: { commands[$0].who == .person && commands[$0].leader == $0 }) {
            throw violation("the person's command \(person + 1) waits while the writer is free")
        }
        if !waiting.isEmpty, timers.isEmpty { throw violation("command \(waiting[0] + 1) waits and no timer is set") }
        if isClosing { throw violation("closing waits for nothing") }
    }

    /// Commands that do not fit their writer's bound: all after the ones that do.
    private var parked: Int {
        CoreScript.Who.allCases.reduce(0) { sum, who in
            var changes = 0
            var held = 0
            for (index, command) in commands.enumerated() where command.who == who && command.leader == index {
                guard !command.isAnswered else { continue }
                if held > 0 || changes > 0 && changes + command.changes > limits.pendingChangesPerWriter {
                    held += 1
                } else {
                    changes += command.changes
                }
            }
            return sum + held
        }
    }

    private mutating func check(_ effect: PipelineEffect, of event: PipelineEvent) throws(Violation) {
        switch effect {
        case .commit(let ids): try checkGroup(ids.map { Int($0.number) })
        case .acknowledge(let id):
            let command = try answer(id)
            guard commands[command.leader].fate == .durable, !hasFailed else {
                throw violation("S1: command \(id.number + 1) is acknowledged and not durable")
            }
        case .refuse(let id, let refusal): try checkRefusal(try answer(id), refusal, id, event)
        case .emit(let revision):
            guard revision.rawValue == emitted + 1 else { throw violation("S2: \(revision) is emitted after \(emitted)") }
            guard revision.rawValue <= durable else { throw violation("S1: \(revision) is emitted and not durable") }
            emitted += 1
        case .setTimer(let moment):
            guard moment > now else { throw violation("a timer is set for the past") }
            timers.append(moment)
        case .suspendWriter, .resumeWriter: break
        case .fold: try beginSlice(after: event)
        case .checkpoint: try take(.checkpoint)
        case .stop(let how):
            stopped = how
            guard (how == .failed) == hasFailed else { throw violation("stopped as \(how)") }
            if let lost = commands.firstIndex(where: { !$0.isAnswered }) {
                throw violation("stopped without an answer to \(lost + 1)")
            }
        }
    }

    private mutating func answer(_ id: PipelineSubmission.ID) throws(Violation) -> Command {
        let index = Int(id.number)
        guard commands.indices.contains(index), !commands[index].isAnswered else {
            throw violation("command \(id.number + 1) is answered twice")
        }
        commands[index].isAnswered = true
        return commands[index]
    }

    private func checkRefusal(
        _ command: Command, _ refusal: PipelineRefusal, _ id: PipelineSubmission.ID, _ event: PipelineEvent
    ) throws(Violation) {
        let allowed =
            switch refusal {
            case .planned: commands[command.leader].fate == .refused
            case .full: commands[command.leader].fate == .full
            case .failed: hasFailed
            case .closed: isClosing
            case .overloaded: if case .submitted(let submission) = event { submission.id == id } else { false }
            }
        guard allowed else { throw violation("command \(id.number + 1) is refused as \(refusal.words), which is not so") }
    }

    private mutating func take(_ work: Work) throws(Violation) {
        guard hand == nil else { throw violation("the writer is given \(work) while it does \(String(describing: hand))") }
        guard !hasFailed, stopped == nil else { throw violation("the writer is given \(work) after the end") }
        hand = work
    }

    /// A slice right behind a commit needs a reason: the commit's place among the changes, or too much unfolded.
    private mutating func beginSlice(after event: PipelineEvent) throws(Violation) {
        let isPaced = isFolding ? unpaced >= limits.changesPerFoldSlice : changesInAll >= limits.changesBeforeFoldUnderLoad
        if case .committed = event, !isPaced, changesInAll < limits.unfoldedChanges {
            throw violation("a slice goes \(unpaced) changes after the last one, in a grid that is not quiet")
        }
        unpaced = isFolding ? max(0, unpaced - limits.changesPerFoldSlice) : 0
        isFolding = true
        try take(.fold)
    }

    private mutating func checkGroup(_ ids: [Int]) throws(Violation) {
        try take(.commit(ids))
        guard !ids.isEmpty, Set(ids).count == ids.count, ids.allSatisfy({ !commands[$0].isAnswered }) else {
            throw violation("a group of \(ids) is empty, repeats itself, or was answered")
        }
        guard Set(ids.map { commands[$0].intent }).count == ids.count, ids.allSatisfy({ commands[$0].leader == $0 }) else {
            throw violation("S5: the group \(ids) plans an intent twice")
        }
        if ids.contains(where: { commands[$0].structural }), ids.count > 1 {
            throw violation("a structural command in a group of \(ids)")
        }
        let changes = ids.reduce(0) { $0 + commands[$1].changes }
        if ids.count > 1, changes > limits.changesPerCommit { throw violation("S8: a group of \(changes) changes") }
        for who in CoreScript.Who.allCases {
            let own = ids.filter { commands[$0].who == who }
            let waiting = commands.indices.filter {
                commands[$0].who == who && commands[$0].leader == $0 && !commands[$0].isAnswered
            }
            guard own == Array(waiting.prefix(own.count)) else {
                throw violation("S2: \(who) asked for \(waiting), committed are \(own)")
            }
        }
    }
}

/// A schedule that breaks a rule, cut down to what is needed for it.
func shrunk<Subject: CoreSubject>(_ steps: [CoreStep], of subject: Subject) -> (steps: [CoreStep], violation: String)? {
    func broken(_ steps: [CoreStep]) -> String? {
        var world = CoreWorld(subject)
        do throws(CoreWorld<Subject>.Violation) {
            try world.run(steps)
            return nil
        } catch {
            return error.description
        }
    }
    guard var found = broken(steps) else { return nil }
    var steps = steps
    var size = steps.count / 2
    while size >= 1 {
        var start = 0
        while start < steps.count {
            var fewer = steps
            fewer.removeSubrange(start..<min(start + size, steps.count))
            if let still = broken(fewer) {
                (steps, found) = (fewer, still)
            } else {
                start += size
            }
        }
        size /= 2
    }
    return (steps, found)
}
