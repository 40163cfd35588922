import Enrichment
import GridModel
import Ordering

/// One run in one process, told from what reached it and from what it had done since: never from its state. The rules are those of
/// Docs/specifications/enrichment.md, read once more.
final class RunWatch {
    /// Where a place in the window stands.
    enum Stage: Sendable { case turn, asking, called, withGrid, held }

    /// From a row's turn until what came of it is in the log.
    struct Place: Sendable {
        var id: CallID
        var stage = Stage.turn
        var since: UInt64
        /// How often the window had been narrowed.
        var epoch: Int
        var values: [String] = []
        /// What the provider told that the call cost.
        var usage = RunUsage()
        /// How the task has to be settled, when that is known.
        var expected: TaskResult?
        var intent: IntentID?
        var heldAt: UInt64 = 0
        /// Its call is settled already, and what is left is to say that the task fails.
        var isSettled = false
        /// Its call is to be written down as in doubt.
        var isLost = false
    }

    enum Pause: Sendable { case asked, decision, budget, noRoom }

    struct Wrong: Sendable {
        var values: [String]
        var text: String
    }

    struct Task: Sendable {
        /// Calls about the present question that failed without an answer and without failing the cell.
        var failures = 0
        /// How often it was tried again because of one of them.
        var tries = 0
        /// Questions whose inputs had changed by the time of their answer.
        var overtaken = 0
        var wrong: [Wrong] = []
        var wasPlain = false
        var notBefore: UInt64 = 0
        var serial: UInt32
        var isUntouched: Bool
    }

    let id: RunID
    let limits: RunLimits
    let order: RunOrder
    let isRestart: Bool
    var budget: RunBudget
    var tasks: [Task]
    var places: [Place] = []
    /// Calls of the log's, and what they count for the budget, as this process found them.
    let callsBefore: UInt64
    let spentBefore: RunUsage
    /// What calls of this process may cost, or did.
    var costs: [CallID: RunUsage] = [:]

    var isBegun = false
    var isEnding = false
    var pause: Pause?
    var window: Int
    var epoch = 0
    var answersSinceWidening = 0
    var quietUntil: UInt64 = 0
    var passing = 0
    var rejections = 0
    var sameRejections = 0
    var lastRejection = ""
    var answered: Int
    var roomAgainAt: UInt64?
    /// When something last went wrong that slows a run.
    var troubled: UInt64?
    /// A row was too dear beside the others: from then on not every place is taken.
    var isStinted = false
    var preferred: [Int] = []
    /// Calls whose submission waits for room, in the order they came; and whether now is when they have to be tried again.
    var held: [CallID] = []
    var triesHeld = false
    /// A phase is on its way into the log.
    var isRecording = false
    /// Something that the log did not hear of: the run's own counts may say more than the log's.
    var hasUnlogged = false
    /// The run ended while the log was being told of a call: whether it counts, the run did not learn.
    var hasCallsUnderway = false
    /// The questions of this process that were answered, and those that no answer fitted.
    var answeredQuestions: Set<[String]> = []
    var failedQuestions: Set<[String]> = []

    /// The calls that the present event is about, and those that something was done for.
    var about: [CallID] = []
    var worked: [CallID] = []
    /// The call whose question is known by this event, and what it may cost.
    var ready: CallID?
    var readyReserve = RunUsage()

    /// - Parameter wrong: answers that did not fit, of a process before this one, by task.
    init(_ id: RunID, _ run: RunLog.Run, limits: RunLimits, isRestart: Bool, wrong: [Int: [Wrong]] = [:]) {
        self.id = id
        self.limits = limits
        self.isRestart = isRestart
        order = run.order
        budget = run.budget
        window = max(1, Int(run.order.concurrency))
        tasks = run.tasks.map { Task(serial: $0.calls, isUntouched: $0.mark == .open) }
        callsBefore = run.calls
        spentBefore = run.doubts.reduce(run.spent) { $0 + $1.reserved }
        answered = run.tasks.count { $0.mark == .committed || $0.mark == .suggested }
        if case .paused = run.phase { pause = .decision }
        for (task, answers) in wrong {
            tasks[task].wrong = answers
            // It goes on before all others.
            tasks[task].isUntouched = false
        }
    }

    var concurrency: Int { max(1, Int(order.concurrency)) }
    var isRunning: Bool { isBegun && !isEnding && pause == nil }

    func index(_ id: CallID) -> Int? { places.firstIndex { $0.id == id } }

    /// What the budget counts by now.
    var committed: RunUsage { costs.values.reduce(spentBefore, +) }

    // MARK: What reaches the run

    /// Something reached the run. What it has done because of it is told next, then `rest`.
    func hears(_ event: RunCore.Event, at now: UInt64) {
        about = []
        worked = []
        triesHeld = false
        ready = nil
        switch event {
        case .begun: isBegun = true
        case .pauseAsked: if isRunning { pause = .asked }
        case .resumeAsked: resume()
        case .cancelAsked: end()
        case .budgetSet(let budget): self.budget = budget
        case .rowsPreferred(let rows):
            preferred = rows.compactMap { order.rows.firstIndex(of: $0) }.filter { tasks[$0].isUntouched }
        case .phaseRecorded: isRecording = false
        case .phaseNotRecorded(let failure):
            // It may be about a run before this one.
            guard isRecording else { break }
            isRecording = false
            switch failure {
            case .overloaded, .noRoom: break
            case .refused, .closed:
                hasUnlogged = true
                end()
            }
        case .timerFired: break
        case .questionReady(let id, _), .rowSkipped(let id, _, _), .questionShared(let id, _): turned(id, event)
        case .notAsked(let id, let failure): notAsked(id, failure, at: now)
        case .callBegan(let id):
            guard let index = index(id), places[index].stage == .asking else { break }
            places[index].stage = .called
            places[index].since = now
        case .answerArrived(let id, let answer): arrived(id, answer)
        case .callFailed(let id, let failure): if let index = current(id) { failed(index, failure, at: now) }
        case .answerCommitted(let id, let result): committed(id, result)
        case .markCommitted(let id), .costBooked(let id): committed(id, nil)
        case .submissionFailed(let id, let failure): notTaken(id, failure, at: now)
        }
        expire(at: now)
        if let due = roomAgainAt, due <= now {
            roomAgainAt = nil
            if pause == .noRoom { pause = nil }
        }
    }

    private func resume() {
        guard pause != nil, isBegun, !isEnding else { return }
        pause = nil
        quietUntil = 0
        passing = 0
        sameRejections = 0
        triesHeld = true
    }

    /// Calls are closed; what is with the grid is awaited.
    func end() {
        guard !isEnding else { return }
        isEnding = true
        hasCallsUnderway = places.contains { $0.stage == .asking }
        triesHeld = true
        // What came of a call in this very moment still goes to the grid.
        places.removeAll { ($0.stage == .turn || $0.stage == .asking || $0.stage == .called) && $0.expected == nil }
    }

    /// The place of a call that the run still waits for.
    private func current(_ id: CallID) -> Int? {
        guard let index = index(id) else { return nil }
        switch places[index].stage {
        case .turn, .asking, .called:
            about.append(id)
            return index
        case .withGrid, .held: return nil
        }
    }

    private func turned(_ id: CallID, _ event: RunCore.Event) {
        guard let index = current(id) else { return }
        if case .questionReady(_, let reserved) = event { (ready, readyReserve) = (id, reserved) }
        if case .rowSkipped = event {
            places[index].expected = .skipped
            tasks[id.task].wrong = []
        }
    }

    private func notAsked(_ id: CallID, _ failure: SubmissionFailure, at now: UInt64) {
        hasUnlogged = hasUnlogged || isEnding
        guard current(id) != nil else { return }
        costs[id] = nil
        troubled = now
        switch failure {
        case .overloaded: tasks[id.task].notBefore = now + Self.milliseconds(limits.firstWait)
        case .noRoom:
            if isRunning { pause = .noRoom }
            roomAgainAt = now + Self.milliseconds(limits.longestWait)
        case .refused, .closed: end()
        }
    }

    private func arrived(_ id: CallID, _ answer: ComputedAnswer) {
        guard let index = current(id) else { return }
        (passing, rejections, sameRejections) = (0, 0, 0)
        widen()
        places[index].expected = .asAnswered
        guard !answer.isShared else { return }
        places[index].usage = answer.usage
        costs[id] = answer.usage
        answeredQuestions.insert(places[index].values)
    }

    private func widen() {
        guard window < concurrency else { return }
        answersSinceWidening += 1
        guard answersSinceWidening >= window else { return }
        answersSinceWidening = 0
        window += 1
    }

    private func committed(_ id: CallID, _ result: ChangeResult?) {
        guard let index = index(id), places[index].stage == .withGrid else { return }
        about.append(id)
        if pause == .noRoom { pause = nil }
        if places[index].isLost, places[index].expected == .failed { failsNow(index) }
        switch result {
        case .done, .keptAsSuggestion: answered += 1
        case .inputsChanged:
            tasks[id.task].overtaken += 1
            tasks[id.task].failures = 0
            tasks[id.task].tries = 0
            tasks[id.task].wrong = []
            if tasks[id.task].overtaken >= limits.questions { failsNow(index) }
        case .rows, .column, .sheet, .view, nil: break
        }
    }

    /// Its call is settled, and the cell has to say why there is no answer.
    private func failsNow(_ index: Int) {
        guard !isEnding else { return }
        places[index].stage = .turn
        places[index].expected = .failed
        places[index].usage = RunUsage()
        places[index].isSettled = true
        places[index].isLost = false
    }

    private func notTaken(_ id: CallID, _ failure: SubmissionFailure, at now: UInt64) {
        guard let index = index(id), places[index].stage == .withGrid else { return }
        troubled = now
        func hold() {
            places[index].stage = .held
            places[index].heldAt = now
            held.append(id)
        }
        switch failure {
        case .overloaded: hold()
        case .noRoom where !isEnding:
            if isRunning { pause = .noRoom }
            hold()
        case .refused, .noRoom:
            about.append(id)
            hasUnlogged = true
        case .closed:
            about.append(id)
            hasUnlogged = true
            end()
        }
    }

    /// Calls whose time is over count as failed, unless this very event ended them.
    private func expire(at now: UInt64) {
        for place in places
        where place.stage == .called && place.expected == nil && now >= place.since + Self.milliseconds(limits.callTime) {
            guard let index = current(place.id) else { continue }
            failed(index, ModelFailure(.timedOut, "its time is over"), at: now)
        }
    }

    static func milliseconds(_ duration: Duration) -> UInt64 { UInt64(max(0, duration / .milliseconds(1))) }
}
