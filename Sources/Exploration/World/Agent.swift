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
        case .reply, .wrongReply, .failCall, .refuseCall: try reply(step)
        case .undoRun: undoRun(step)
        default: try steer(step)
        }
    }

    private mutating func steer(_ step: Step) throws(Violation) {
        guard let rows = agent?.run.rows else { return }
        switch step.b % 8 {
        case 0, 1: try advanceRun(.pauseAsked)
        case 2 where step.b % 32 == 2: try advanceRun(.cancelAsked)
        case 3: try advanceRun(.rowsPreferred((0...2).map { rows[Int(step.b / 8 + $0 * 3) % rows.count] }))
        default: try resumeAsPersonDoes()
        }
    }

    /// A person goes on with the run; one that has used up its budget gets another.
    mutating func resumeAsPersonDoes() throws(Violation) {
        guard let agent, !isRaisingBudget else { return }
        guard case .paused(.budget) = agent.run.core.phase else { return try advanceRun(.resumeAsked) }
        isRaisingBudget = true
        let budget = RunBudget()
        submit(note(.budget(budget), Cause(kind: .agent, run: agent.id), [.noteRun(agent.id, .budget(budget))]))
    }

    // MARK: Beginning and ending

    private mutating func startRun(_ step: Step) throws(Violation) {
        guard agent == nil, adopting == nil, server.grid.snapshot().ledger.unfinished.isEmpty else { return }
        let scope: RunRequest.Scope = step.b % 8 == 7 ? .failed : step.b % 2 == 0 ? .all : .empty
        var request = RunRequest(sheet: SheetID(1), column: Self.answered, scope: scope)
        request.concurrency = 1 + Int(step.b) % 3
        request.sharesAnswers = step.b % 4 < 2
        if schedule.faults.contains(.budgets) {
            switch step.b / 8 % 4 {
            case 0: request.budget.calls = UInt64(2 + step.b / 32 % 6)
            case 1: request.budget.tokens = UInt64(400 + step.b / 32 % 1_600)
            case 2: request.budget.cost = UInt64(1_200 + step.b / 32 % 4_000)
            default: break
            }
        }
        let image = server.grid.snapshot()
        runs = max(runs, image.ledger.runs.keys.max()?.rawValue ?? 0) + 1
        let id = RunID(runs)
        do throws(RunRefusal) {
            let run = try SteppedRun(
                request, as: id, on: server.grid, provider: SimulatedProvider(), limits: Self.runLimits, prices: Self.prices,
                seed: UInt64(step.a))
            agent = Agent(run: run, id: id)
        } catch { return }
        guard let plan = agent?.run.plan(Self.intent(asked.count)) else { return }
        oracles.planned(plan, id, at: UInt32(clamping: image.revision.rawValue), Self.runLimits)
        asked.append(Asked(command: plan, origin: .plan))
        submit(asked.count - 1)
    }

    static var runLimits: RunLimits {
        var limits = RunLimits()
        limits.callTime = .seconds(5)
        limits.outage = 8
        return limits
    }

    /// What the simulated model costs: so that a budget in money is one too.
    private static let prices = PriceTable(prices: ["simulated": PriceTable.Price(input: 3, output: 7)])

    /// After a restart: the ledger names what was in flight.
    mutating func forgetRun() throws(Violation) {
        let ledger = server.grid.snapshot().ledger
        if let agent { try oracles.checkOpen(ledger.runs[agent.id]) }
        try oracles.checkLedger(ledger, "after a restart")
        oracles.runs.forget()
        agent = nil
        isRaisingBudget = false
    }

    /// Takes up the run that another process began: what was in flight is written down as in doubt before it goes on.
    mutating func adoptRun() throws(Violation) {
        let ledger = server.grid.snapshot().ledger
        adopting = ledger.unfinished.first
        guard let id = adopting, let recorded = ledger.runs[id] else { return }
        let open = recorded.openCalls.keys.sorted()
        guard !open.isEmpty else { return try takeUp() }
        submit(note(.doubt, Cause(kind: .agent, run: id), [.noteRun(id, .doubted(tasks: open))]))
    }

    /// What was open is in doubt by now: the run goes on.
    private mutating func takeUp() throws(Violation) {
        guard let id = adopting else { return }
        adopting = nil
        do throws(RunRefusal) {
            guard
                let run = try SteppedRun(
                    resuming: id, on: server.grid, provider: SimulatedProvider(), limits: Self.runLimits, prices: Self.prices,
                    seed: schedule.seed)
            else { return }
            agent = Agent(run: run, id: id)
        } catch { return }
        oracles.takenUp(id, Self.runLimits)
        try advanceRun(.begun)
    }

    /// Gives the cells back that an ended run answered.
    mutating func undoRun(_ step: Step) {
        let ended = server.grid.snapshot().ledger.runs.filter { $0.value.phase.isEnded }.keys.sorted()
        guard agent == nil, !ended.isEmpty else { return }
        let id = ended[Int(step.b) % ended.count]
        var intents = asked.count
        let commands = SteppedRun.undoing(id, on: server.grid) {
            defer { intents += 1 }
            return Self.intent(intents)
        }
        for command in commands ?? [] {
            asked.append(Asked(command: command, origin: .nobody))
            changes.append(ChangeMessage(command: asked.count - 1))
        }
    }

    // MARK: Working

    /// Hands an event to the run; what has to be done because of it waits for its step.
    mutating func advanceRun(_ event: RunCore.Event) throws(Violation) {
        guard agent != nil else { return }
        var intents = asked.count
        oracles.runHears(event)
        let work = agent?.run.handle(event, at: .milliseconds(Int64(now))) {
            defer { intents += 1 }
            return Self.intent(intents)
        }
        while asked.count < intents {
            asked.append(
                Asked(command: Command(intent: Self.intent(asked.count), cause: .person, changes: []), origin: .nobody))
        }
        let revision = UInt32(clamping: server.grid.snapshot().revision.rawValue)
        oracles.runActs(work ?? [])
        for item in work ?? [] {
            try oracles.runDid(item, at: revision)
            switch item {
            case .wait(let due): agent?.timer = max(now, UInt64(max(0, due / .milliseconds(1)).rounded(.up)))
            case .submit(let submission):
                if submission.answer?.isShared == false { oracles.reached(submission.id.task) }
                agent?.work.append(item)
            case .prepare, .ask, .record: agent?.work.append(item)
            }
        }
        guard let agent else { return }
        try oracles.runRests(calls: agent.calls)
        guard agent.run.isEnded else { return }
        try oracles.runEnded(agent.run.core.tally, calls: agent.calls)
        self.agent = nil
        isRaisingBudget = false
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
        // The run has given it up before it could be made.
        if question.isStopped {
            try advanceRun(question.failed(ModelFailure(.stopped, "it was stopped")))
        }
        try oracles.called(RunBooks.Call(task: question.id.task, serial: question.id.serial))
        agent?.calls.append(question)
    }

    /// The grid answers something that a run asked of it.
    mutating func runHeard(_ command: Int, _ result: Result<CommandOutcome, PipelineError>) throws(Violation) {
        switch asked[command].origin {
        case .doubt:
            if case .success = result { return try takeUp() }
            adopting = nil
        case .plan, .ask, .phase, .step, .budget: if agent != nil { try runningHeard(command, result) }
        case .person, .nobody, .staged: return
        }
    }

    private mutating func runningHeard(
        _ command: Int, _ result: Result<CommandOutcome, PipelineError>
    ) throws(Violation) {
        switch asked[command].origin {
        case .person, .nobody, .staged, .doubt: return
        case .budget(let budget):
            isRaisingBudget = false
            guard case .success = result else { return }
            try advanceRun(.budgetSet(budget))
            try advanceRun(.resumeAsked)
        case .plan: if case .success = result { try advanceRun(.begun) } else { agent = nil }
        case .ask(let question):
            guard case .success = result else {
                return try advanceRun(question.notAsked(Self.failure(result)))
            }
            oracles.runs.record(RunBooks.Call(task: question.id.task, serial: question.id.serial))
            try advanceRun(.callBegan(question.id))
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
