import GridImage
import GridModel
import Ordering

/// A run at work: its core, and what the driver needs to act for it.
struct RunInProgress {
    let key: RunCoordinator.Key
    let plan: RunPlan
    private(set) var core: RunCore
    private var stops: [CallID: StopSignal] = [:]
    /// Questions that wait for the core's word to be asked.
    private var prepared: [CallID: PreparedQuestion] = [:]
    /// A submission that is tried again keeps its intent (S5).
    private var intents: [CallID: IntentID] = [:]
    /// Failures that are on their way into the log, by task: the raw answer goes there with the mark.
    private var failures: [Int: ModelFailure] = [:]
    private var timer: StopSignal?
    /// Calls whose cost is not known, of processes before this one.
    private let doubts: Int

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
        doubts = 0
        core = RunCore(rows: plan.order.rows, limits: plan.limits, seed: seed, budget: plan.budget)
    }

    /// Goes on with what a log tells, open calls already counted as in doubt.
    init(key: RunCoordinator.Key, plan: RunPlan, seed: UInt64, resuming run: RecordedRun) {
        self.key = key
        self.plan = plan
        doubts = run.doubtCount
        let past = RunPast(
            phase: run.phase, spent: run.doubts.reduce(run.spent) { $0 + $1.reserved }, usage: run.spent, calls: run.callCount,
            wrong: plan.wrongAnswers(of: run)
        ) { task in
            (run.mark(of: UInt32(task)), run.calls(of: UInt32(task)))
        }
        core = RunCore(rows: plan.order.rows, limits: plan.limits, seed: seed, budget: plan.budget, past: past)
    }

    /// Keeps a question until the core has decided about it.
    mutating func keep(_ question: PreparedQuestion) { prepared[question.id] = question }

    mutating func advance(_ event: RunCore.Event, at now: Duration, newIntent: () -> IntentID) -> Step {
        switch event {
        case .answerArrived(let id, _), .callFailed(let id, _), .rowSkipped(let id, _, _), .questionShared(let id, _),
            .notAsked(let id, _):
            stops[id] = nil
        case .answerCommitted(let id, _), .markCommitted(let id), .costBooked(let id): intents[id] = nil
        case .begun, .questionReady, .callBegan, .submissionFailed, .timerFired, .pauseAsked, .resumeAsked, .cancelAsked,
            .rowsPreferred,
            .phaseRecorded, .phaseNotRecorded, .budgetSet:
            break
        }
        if case .callFailed(let id, var failure) = event {
            failure.earlier = core.turn(of: id.task).corrections
            failures[id.task] = failure
        }
        let corrected = event.call.map { core.turn(of: $0.task).corrections.first?.values }
        core.handle(event, at: now)
        var step = Step(status: status(at: now))
        while let effect = core.nextEffect() { take(effect, &step, newIntent) }
        if let id = event.call { settle(id, event, corrected: corrected ?? nil) }
        if case .questionReady(let id, _) = event { drop(id) }
        step.status = status(at: now)
        return step
    }

    /// Rows that wait for a question of which nothing will come ask it themselves, or fail as it did.
    private mutating func settle(_ id: CallID, _ event: RunCore.Event, corrected: [String]?) {
        var wrong: ModelFailure?
        if case .callFailed(_, let failure) = event, failure.wrong != nil { wrong = failure }
        let isThrough = core.turn(of: id.task).corrections.isEmpty
        if isThrough {
            let asked = wrong?.wrong?.values
            // The row may have asked something else by its last call than by those before.
            if let corrected, corrected != asked { plan.answers?.abandon(corrected, id.task) }
            if let asked { plan.answers?.abandon(asked, id.task, wrong) }
        }
        guard let state = core.state(of: plan.order.rows[id.task]), ![.booking, .marking, .held].contains(state) else { return }
        failures[id.task] = nil
    }

    private mutating func take(_ effect: RunCore.Effect, _ step: inout Step, _ newIntent: () -> IntentID) {
        switch effect {
        case .call(let id, let row):
            stops[id] = StopSignal()
            step.work.append(.prepare(key, RunQuestion(plan: plan, id: id, row: row, turn: core.turn(of: id.task))))
        case .ask(let id, _, let reserved):
            guard var question = prepared.removeValue(forKey: id), let stop = stops[id] else { return }
            question.request.requestID = "\(key.run)-\(question.row)-\(id.serial)"
            let asked = RunFact.asked(task: UInt32(id.task), call: id.serial, reserved: reserved)
            step.work.append(.ask(key, question, note(asked, newIntent), stop))
        case .stop(let id):
            stops.removeValue(forKey: id)?.stop()
            drop(id)
        case .submit(let id, let row, let answer): submit(id, row, .answer(answer), &step, newIntent)
        case .mark(let id, let row, let mark, let call): submit(id, row, .mark(mark, call, failures[id.task]), &step, newIntent)
        case .close(let id): submit(id, plan.order.rows[id.task], .close, &step, newIntent)
        case .book(let id, let call): submit(id, plan.order.rows[id.task], .book(call), &step, newIntent)
        case .doubt(let id): submit(id, plan.order.rows[id.task], .doubt, &step, newIntent)
        case .record(let phase): step.work.append(.record(key, note(.phase(phase), newIntent), phase))
        case .setTimer(let time):
            timer?.stop()
            let stop = StopSignal()
            timer = stop
            step.work.append(.timer(key, time, stop))
        case .show(let rows): step.shownRows?.append(contentsOf: rows)
        case .showMany: step.shownRows = nil
        case .ended:
            timer?.stop()
            step.isEnded = true
        }
    }

    /// A question that the core did not ask after all.
    private mutating func drop(_ id: CallID) {
        prepared.removeValue(forKey: id)?.dropped()
    }

    private func note(_ fact: RunFact, _ newIntent: () -> IntentID) -> RunNote {
        RunNote(plan: plan, run: key.run, intent: newIntent(), fact: fact)
    }

    private mutating func submit(
        _ id: CallID, _ row: RowID, _ content: RunSubmission.Content, _ step: inout Step, _ newIntent: () -> IntentID
    ) {
        let intent = intents[id] ?? newIntent()
        intents[id] = intent
        let submission = RunSubmission(plan: plan, run: key.run, id: id, row: row, intent: intent, content: content)
        step.work.append(.submit(key, submission))
    }

    func status(at now: Duration) -> RunStatus {
        let tally = core.tally
        let (state, reason) = stateAndReason
        var status = RunStatus(
            run: key.run, grid: key.grid, sheet: plan.order.sheet, column: plan.order.column, state: state, reason: reason,
            scope: plan.order.scope, provider: plan.provider.label, model: plan.order.model, total: tally.total,
            queued: tally.queued, running: tally.running, committed: tally.committed, suggested: tally.suggested,
            failed: tally.failed, skipped: tally.skipped, cancelled: tally.cancelled, calls: tally.calls,
            retries: tally.retries, corrections: tally.corrections, shared: tally.shared, askedAgain: tally.askedAgain,
            inDoubt: doubts + tally.doubts, usage: tally.usage,
            budget: core.budget, undone: nil, elapsed: tally.elapsed(at: now), rate: tally.rate(at: now),
            secondsLeft: tally.secondsLeft(at: now))
        status.skipReasons = tally.skipReasons
        status.examples = plan.order.examples.map(\.row)
        return status
    }

    private var stateAndReason: (RunStatus.State, String?) {
        switch core.phase {
        case .ready, .running: (.running, nil)
        case .paused(let cause): (.paused, cause.reason)
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
    case prepare(RunCoordinator.Key, RunQuestion)
    case ask(RunCoordinator.Key, PreparedQuestion, RunNote, StopSignal)
    case submit(RunCoordinator.Key, RunSubmission)
    case record(RunCoordinator.Key, RunNote, RunPhase)
    case timer(RunCoordinator.Key, Duration, StopSignal)
}
