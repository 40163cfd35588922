import GridModel
import Ordering

/// What a run does, fixed before it begins: an agent's rights do not grow on the way.
struct RunPlan: Sendable {
    var request: RunRequest
    var grid: any RunGrid
    var template: PromptTemplate
    var settings: AgentSettings
    var provider: ProviderDescription
    var limits: RunLimits
    var rows: [RowID]
    /// A fingerprint of each row's cell as the run found it. A cell that differs later was changed meanwhile, and the person wins.
    var found: [UInt64]
    var tables: SheetLookup
    /// Answers to questions that may come again; `nil` for rules, which cost nothing.
    var answers: SharedAnswers?

    init(
        _ request: RunRequest, on grid: any RunGrid, provider: any ModelProvider, limits: RunLimits
    ) throws(RunRefusal) {
        let snapshot = grid.snapshotForRun()
        guard let sheet = snapshot.sheet(request.sheet) else { throw .noSuchSheet(request.sheet) }
        guard let column = sheet.columns.first(where: { $0.id == request.column }) else { throw .noSuchColumn(request.column) }
        guard let settings = column.agent else { throw .noAgent(column: column.name) }
        do {
            template = try PromptTemplate(settings.prompt, columns: sheet.columns, target: column.id)
        } catch {
            throw .prompt(error)
        }
        if let objection = provider.objection(to: template, model: settings.model) { throw .notSupported(objection) }
        self.limits = limits
        if let asked = request.concurrency {
            guard (1...RunLimits.mostConcurrentCalls).contains(asked) else {
                throw .limit("calls at once", most: RunLimits.mostConcurrentCalls, asked: asked)
            }
            self.limits.concurrentCalls = asked
        }
        rows = request.rows(in: snapshot)
        guard !rows.isEmpty else { throw .nothingToDo }
        guard rows.count <= RunLimits.tasks else { throw .limit("rows of a run", most: RunLimits.tasks, asked: rows.count) }
        found = rows.map { Self.fingerprint(snapshot.value(row: $0, column: request.column)) }
        self.request = request
        self.grid = grid
        self.settings = settings
        self.provider = provider.description
        tables = SheetLookup(grid: grid, sheet: request.sheet)
        answers = provider.description.isDemo ? nil : SharedAnswers()
    }

    /// FNV-1a, 64 bits: eight bytes a row instead of a copy of every cell.
    static func fingerprint(_ value: CellValue?) -> UInt64 {
        guard let value else { return 0 }
        return value.json.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 } | 1
    }

    /// Whether somebody changed the cell since the run began.
    func isChanged(task: Int, in snapshot: any RunSnapshot) -> Bool {
        Self.fingerprint(snapshot.value(row: rows[task], column: request.column)) != found[task]
    }
}

/// A run at work: its core, and what the driver needs to act for it.
struct RunInProgress {
    let key: RunCoordinator.Key
    let plan: RunPlan
    private(set) var core: RunCore
    private var stops: [CallID: StopSignal] = [:]
    /// A submission that is tried again keeps its intent (S5).
    private var intents: [CallID: IntentID] = [:]
    private var timer: StopSignal?

    /// What one event led to.
    struct Step {
        var status: RunStatus
        var work: [RunWork] = []
        /// Rows whose shown state changed; `nil` for many.
        var shownRows: [RowID]? = []
        var isEnded = false
    }

    init(key: RunCoordinator.Key, plan: RunPlan, seed: UInt64) {
        self.key = key
        self.plan = plan
        core = RunCore(rows: plan.rows, limits: plan.limits, seed: seed)
    }

    mutating func advance(_ event: RunCore.Event, at now: Duration, newIntent: () -> IntentID) -> Step {
        switch event {
        case .answerArrived(let id, _), .callFailed(let id, _), .rowSkipped(let id, _, _), .questionShared(let id, _):
            stops[id] = nil
        case .answerCommitted(let id, _), .markCommitted(let id): intents[id] = nil
        case .begun, .submissionFailed, .timerFired, .pauseAsked, .resumeAsked, .cancelAsked, .rowsPreferred: break
        }
        core.handle(event, at: now)
        var work: [RunWork] = []
        var shownRows: [RowID]? = []
        var isEnded = false
        while let effect = core.nextEffect() {
            switch effect {
            case .call(let id, let row):
                let stop = StopSignal()
                stops[id] = stop
                work.append(.call(key, RunQuestion(plan: plan, id: id, row: row), stop))
            case .stop(let id): stops.removeValue(forKey: id)?.stop()
            case .submit(let id, let row, let answer):
                work.append(.submit(key, submission(id, row, .answer(answer), newIntent)))
            case .mark(let id, let row, let mark): work.append(.submit(key, submission(id, row, .mark(mark), newIntent)))
            case .setTimer(let time):
                timer?.stop()
                let stop = StopSignal()
                timer = stop
                work.append(.timer(key, time, stop))
            case .show(let rows): shownRows?.append(contentsOf: rows)
            case .showMany: shownRows = nil
            case .ended:
                timer?.stop()
                isEnded = true
            }
        }
        return Step(status: status(at: now), work: work, shownRows: shownRows, isEnded: isEnded)
    }

    private mutating func submission(
        _ id: CallID, _ row: RowID, _ content: RunSubmission.Content, _ newIntent: () -> IntentID
    ) -> RunSubmission {
        let intent = intents[id] ?? newIntent()
        intents[id] = intent
        return RunSubmission(plan: plan, run: key.run, id: id, row: row, intent: intent, content: content)
    }

    func status(at now: Duration) -> RunStatus {
        let tally = core.tally
        let (state, reason) = stateAndReason
        return RunStatus(
            run: key.run, grid: key.grid, sheet: plan.request.sheet, column: plan.request.column, state: state, reason: reason,
            provider: plan.provider.label, model: plan.settings.model ?? plan.provider.model, total: tally.total,
            queued: tally.queued, running: tally.running, committed: tally.committed, suggested: tally.suggested,
            failed: tally.failed, skipped: tally.skipped, cancelled: tally.cancelled, calls: tally.calls,
            retries: tally.retries, shared: tally.shared, askedAgain: tally.askedAgain, usage: tally.usage,
            elapsed: tally.elapsed(at: now),
            rate: tally.rate(at: now), secondsLeft: tally.secondsLeft(at: now))
    }

    private var stateAndReason: (RunStatus.State, String?) {
        switch core.phase {
        case .ready, .running: (.running, nil)
        case .paused(let reason): (.paused, reason)
        case .ending(.refused(let reason)): (.ending, reason)
        case .ending: (.ending, nil)
        case .ended(.finished): (.finished, nil)
        case .ended(.cancelled): (.cancelled, nil)
        case .ended(.refused(let reason)): (.refused, reason)
        }
    }
}

/// What a run has the driver do.
enum RunWork: Sendable {
    case call(RunCoordinator.Key, RunQuestion, StopSignal)
    case submit(RunCoordinator.Key, RunSubmission)
    case timer(RunCoordinator.Key, Duration, StopSignal)
}
