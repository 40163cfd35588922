import ChangePipeline
import Enrichment
import GridImage
import GridModel
import Ordering

typealias SteppedRunAsk = SteppedRun.Question
typealias RunPhaseNote = RunPhase

/// A step of a run on its way into the grid, and which of its commands it is.
struct SteppedRunStep: Sendable {
    var submission: SteppedRun.Submission
    var place: Int
}

/// A run at work, the calls that the model has, and what waits to be done. A class, so that asking whether there is one copies nothing.
final class Agent {
    var run: SteppedRun
    let id: RunID
    var work: [SteppedRun.Work] = []
    var calls: [SteppedRun.Question] = []
    var timer: UInt64?

    init(run: SteppedRun, id: RunID) {
        self.run = run
        self.id = id
    }
}

/// What a simulated run needs to know of its model. The simulation answers itself, so nothing is ever asked here.
struct SimulatedProvider: ModelProvider {
    var description: ProviderDescription { ProviderDescription(label: "simulated", model: "simulated") }

    func objection(to template: PromptTemplate, model: String?) -> String? { nil }

    func stream(_ request: ModelRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void) async throws(ModelFailure) {
        throw ModelFailure(.unreachable, "a simulated model is answered by its simulation")
    }
}

extension World {
    static let answered = ColumnID(3)

    mutating func enriching(_ step: Step) throws(Violation) {
        switch step.kind {
        case .run: try startRun(step)
        case .prepare:
            guard let count = agent?.work.count, let place = pick(count, step), let work = agent?.work.remove(at: place) else {
                return
            }
            try perform(work)
        case .reply: try reply(step, "\(newToken(step.b))")
        case .wrongReply: try reply(step, "no number")
        case .failCall:
            guard let call = takeCall(step) else { return }
            try settled(call.id, call.failed(ModelFailure(step.b % 2 == 0 ? .serverFailed : .timedOut, "it failed")))
        default: try steer(step)
        }
    }

    private mutating func takeCall(_ step: Step) -> SteppedRun.Question? {
        guard let count = agent?.calls.count, let place = pick(count, step) else { return nil }
        return agent?.calls.remove(at: place)
    }

    private mutating func reply(_ step: Step, _ text: String) throws(Violation) {
        guard let call = takeCall(step) else { return }
        try settled(call.id, call.answered(text))
    }

    private mutating func settled(_ id: CallID, _ event: RunCore.Event) throws(Violation) {
        try advanceRun(event)
    }

    private mutating func steer(_ step: Step) throws(Violation) {
        guard agent != nil else { return }
        switch step.b % 4 {
        case 0: try advanceRun(.pauseAsked)
        case 1 where step.b % 16 == 1: try advanceRun(.cancelAsked)
        default: try advanceRun(.resumeAsked)
        }
    }

    // MARK: Beginning and ending

    private mutating func startRun(_ step: Step) throws(Violation) {
        guard agent == nil else { return }
        var request = RunRequest(sheet: SheetID(1), column: Self.answered, scope: step.b % 2 == 0 ? .all : .empty)
        request.concurrency = 1 + Int(step.b) % 3
        request.sharesAnswers = step.b % 4 < 2
        let last = server.grid.snapshot().ledger.runs.keys.max()?.rawValue ?? 0
        runs = max(runs, last) + 1
        let id = RunID(runs)
        do throws(RunRefusal) {
            let run = try SteppedRun(
                request, as: id, on: server.grid, provider: SimulatedProvider(), limits: Self.runLimits, seed: UInt64(step.a))
            oracles.runs.begin()
            agent = Agent(run: run, id: id)
        } catch { return }
        guard let plan = agent?.run.plan(Self.intent(asked.count)) else { return }
        asked.append(Asked(command: plan, origin: .plan))
        submit(asked.count - 1)
    }

    private static var runLimits: RunLimits {
        var limits = RunLimits()
        limits.callTime = .seconds(5)
        limits.outage = 8
        return limits
    }

    /// After a restart: the ledger names what was in flight, and the run goes on when it was planned.
    mutating func resumeRun() throws(Violation) {
        guard let id = agent?.id else { return }
        agent = nil
        let recorded = server.grid.snapshot().ledger.runs[id]
        try oracles.checkLedger(recorded)
        guard let recorded, !recorded.phase.isEnded else { return }
        let open = recorded.openCalls.keys.sorted()
        do throws(RunRefusal) {
            guard
                let run = try SteppedRun(
                    resuming: id, on: server.grid, provider: SimulatedProvider(), limits: Self.runLimits, seed: schedule.seed)
            else { return }
            agent = Agent(run: run, id: id)
        } catch { return }
        guard !open.isEmpty else { return try advanceRun(.begun) }
        let command = note(.plan, Cause(kind: .agent, run: id), [.noteRun(id, .doubted(tasks: open))])
        submit(command)
    }

    // MARK: Working

    /// Hands an event to the run; what has to be done because of it waits for its step.
    mutating func advanceRun(_ event: RunCore.Event) throws(Violation) {
        guard agent != nil else { return }
        var intents = asked.count
        let work = agent?.run.handle(event, at: .milliseconds(Int64(now))) {
            defer { intents += 1 }
            return Self.intent(intents)
        }
        while asked.count < intents {
            asked.append(
                Asked(command: Command(intent: Self.intent(asked.count), cause: .person, changes: []), origin: .nobody))
        }
        for item in work ?? [] {
            switch item {
            case .wait(let due): agent?.timer = max(now, UInt64(max(0, due / .milliseconds(1)).rounded(.up)))
            case .submit(let submission):
                if submission.answer?.isShared == false { oracles.reached(submission.id.task) }
                agent?.work.append(item)
            case .prepare, .ask, .record: agent?.work.append(item)
            }
        }
        if agent?.run.isEnded == true { agent = nil }
    }

    private mutating func perform(_ work: SteppedRun.Work) throws(Violation) {
        switch work {
        case .prepare(let turn):
            let call = RunBooks.Call(task: turn.id.task, serial: turn.id.serial)
            oracles.prepared(call, base: UInt32(clamping: server.grid.snapshot().revision.rawValue))
            if let event = agent?.run.prepare(turn) { try advanceRun(event) }
        case .ask(let question, let command):
            if control.contains(.unrecordedCalls) { return try call(question) }
            hand(command, .ask(question))
        case .submit(let submission): hand(submission, 0)
        case .record(let phase, let command): hand(command, .phase(phase))
        case .wait: break
        }
    }

    private mutating func hand(_ submission: SteppedRun.Submission, _ place: Int) {
        guard place < submission.commands.count else { return }
        var command = submission.commands[place]
        if control.contains(.agentWins), case .answerCell(let row, let column, let value, _, _, let type) = command.changes[0] {
            let base = server.grid.snapshot().revision
            command.changes[0] = .answerCell(row: row, column: column, value: value, base: base, inputs: [], type: type)
        }
        let call = RunBooks.Call(task: submission.id.task, serial: submission.id.serial)
        oracles.runs.settles(call, by: Int(command.intent.low))
        hand(command, .step(SteppedRunStep(submission: submission, place: place)))
    }

    private mutating func hand(_ command: Command, _ origin: Asked.Origin) {
        let index = Int(command.intent.low)
        asked[index] = Asked(command: command, origin: origin)
        submit(index)
    }

    private mutating func call(_ question: SteppedRun.Question) throws(Violation) {
        try oracles.called(RunBooks.Call(task: question.id.task, serial: question.id.serial))
        agent?.calls.append(question)
    }

    /// The grid answers something that a run asked of it.
    mutating func runHeard(_ command: Int, _ result: Result<CommandOutcome, PipelineError>) throws(Violation) {
        guard agent != nil else { return }
        switch asked[command].origin {
        case .person, .nobody, .staged: return
        case .plan: if case .success = result { try advanceRun(.begun) } else { agent = nil }
        case .ask(let question):
            guard case .success = result else {
                return try advanceRun(question.notAsked(Self.failure(result)))
            }
            oracles.runs.record(RunBooks.Call(task: question.id.task, serial: question.id.serial))
            try call(question)
        case .phase(let phase):
            guard case .success = result else { return try advanceRun(.phaseNotRecorded(Self.failure(result))) }
            try advanceRun(.phaseRecorded(phase))
        case .step(let step): try stepHeard(step, result)
        }
    }

    private mutating func stepHeard(
        _ step: SteppedRunStep, _ result: Result<CommandOutcome, PipelineError>
    ) throws(Violation) {
        let id = step.submission.id
        switch result {
        case .success(let outcome):
            let isOver = step.submission.answer != nil && outcome.results.first != .inputsChanged
            oracles.settled(RunBooks.Call(task: id.task, serial: id.serial), isOver: isOver)
            try advanceRun(step.submission.event(of: outcome))
        case .failure(.refused) where step.place + 1 < step.submission.commands.count: hand(step.submission, step.place + 1)
        case .failure: try advanceRun(.submissionFailed(id, Self.failure(result)))
        }
    }

    private static func failure(_ result: Result<CommandOutcome, PipelineError>) -> SubmissionFailure {
        guard case .failure(let error) = result else { return .overloaded }
        switch error {
        case .refused: return .refused("it was refused")
        case .full: return .noRoom("the disk is full")
        case .failed, .closed, .noSuchGrid: return .closed("the grid is gone")
        case .overloaded, .behind, .notKept, .history: return .overloaded
        }
    }
}
