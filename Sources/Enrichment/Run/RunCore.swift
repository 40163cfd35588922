package import GridModel

// A run: an agent's turn over the rows of one column. Sans-I/O: events come in with the time, effects go out; the driver makes
// the calls. Specified in Docs/specifications/enrichment.md, whose transition table this file follows.
//
// Law: after one `handle`, drain `nextEffect` to nil before the next.

/// Decides which row is asked about when, what becomes of each answer, and when the run ends.
package struct RunCore: Sendable {
    /// Where a task stands.
    package enum TaskState: UInt8, Hashable, Sendable, CaseIterable {
        /// Not asked about yet. Becomes calling, cancelled.
        case queued
        /// To be asked again at a set time, or when an equal question is through. Becomes queued, calling, cancelled.
        case waiting
        /// A call is in flight. Becomes submitting, waiting, marking, skipped, cancelled.
        case calling
        /// An answer is with the grid. Becomes committed, suggested, waiting (inputs changed), held, skipped, marking.
        case submitting
        /// An answer or a mark that the grid could not take yet. Becomes submitting or marking; skipped when the grid closes.
        case held
        /// A mark is with the grid. Becomes failed or skipped, whichever the mark says; held.
        case marking
        /// What a failed call cost, or that nobody knows, is with the grid. Becomes waiting, marking, cancelled, held.
        case booking
        /// The answer is the cell's value.
        case committed
        /// The answer is in the cell's history: a person changed the cell meanwhile.
        case suggested
        /// No answer; the cell says why.
        case failed
        /// Not asked about, or the cell is gone.
        case skipped
        /// The run ended first.
        case cancelled
    }

    /// Where the run stands.
    package enum Phase: Hashable, Sendable {
        /// Nothing has been asked yet. Becomes running.
        case ready
        /// Becomes paused, ending.
        case running
        /// Calls in flight go on; nothing new begins. Becomes running, ending.
        case paused(PauseCause)
        /// No call is in flight; what is with the grid is awaited, and that the run ended is written down. Becomes ended.
        case ending(RunEnd)
        /// Nothing follows.
        case ended(RunEnd)
    }

    struct Task: Sendable {
        var row: RowID
        var state = TaskState.queued
        /// Attempts at the present question.
        var attempts: UInt16 = 0
        /// Questions asked: one more each time the inputs had changed.
        var questions: UInt16 = 0
        /// Calls made, over all questions.
        var serial: UInt32 = 0
    }

    struct Call: Sendable {
        var id: CallID
        /// When its time is over; `nil` until the log has that it begins.
        var deadline: Duration?
        /// Whether it began after the window was last narrowed: only then does a 429 narrow it again.
        var epoch: UInt32
        /// What it may cost, once its question is known.
        var reserved: RunUsage?
    }

    /// What a call says beside its question.
    package struct Turn: Hashable, Sendable {
        /// Answers that did not fit, the oldest first.
        package var corrections: [WrongAnswer] = []
        /// The server has refused to be told what the answer has to look like.
        package var isPlain = false
    }

    struct Wait: Sendable {
        var task: Int
        var due: Duration
    }

    /// What is with the grid, or waits to be given to it again.
    enum Submission: Sendable {
        case answer(ComputedAnswer)
        /// `call` when one was made.
        case mark(CellMark, CallEnd?)
        /// The task is skipped, and the cell does not say so.
        case close
        /// A call failed; its question is asked again at `due`.
        case book(CallEnd, due: Duration)
        /// What a call cost is not known.
        case doubt(AfterDoubt)
    }

    /// What becomes of a task once its call is written down as in doubt.
    enum AfterDoubt: Sendable {
        case askAgain(due: Duration)
        case fail(reason: String)
    }

    package let limits: RunLimits
    package internal(set) var phase = Phase.ready
    package internal(set) var tally: RunTally

    var tasks: [Task]
    /// Where each row is in `tasks`.
    let places: [RowID: Int]
    /// The first task that may still be queued, in the run's order.
    var cursor = 0
    /// Queued tasks that go first, the next one last.
    var preferred: [Int] = []
    /// Tasks whose question another task is asking, by that task: they wait until it is through with it.
    var parked: [Int: [Int]] = [:]
    /// Answers to a task's present question that did not fit.
    var corrections: [Int: [WrongAnswer]] = [:]
    /// Tasks whose question the server would not take with a schema.
    var plain: Set<Int> = []
    /// Queued tasks that were parked: they go before the preferred ones, and no one may forget them.
    var released: [Int] = []
    var calls: [Call] = []
    var waits: [Wait] = []
    var submissions: [Int: Submission] = [:]
    /// Tasks in `held`, in the order they came.
    var held: [Int] = []
    /// When held submissions are tried again; `nil` when none is held.
    var heldUntil: Duration?
    /// How many calls may be in flight: halved by a 429, widened by answers.
    var window: Int
    var epoch: UInt32 = 0
    var answersSinceWidening = 0
    /// No call begins before this time: the provider said so to the only call there was.
    var quietUntil: Duration?
    var passingFailures = 0
    var rejections = 0
    /// How often the last rejection's words came, one after the other.
    var sameRejections = 0
    var lastRejection: String?
    var random: SplitMix
    var armedTimer: Duration?
    /// What the run may use, and what its calls have used: settled ones, and by estimate those in doubt.
    package internal(set) var budget: RunBudget
    package internal(set) var spent: RunUsage
    package internal(set) var callsMade: UInt64
    /// Tasks whose question costs more than is left while other calls hold a reserve.
    var unaffordable: [Int] = []
    /// The phase that the log has, and whether the next one is on its way there.
    var recordedPhase = RunPhase.running
    var isRecording = false
    /// When a run that paused for want of room, with nothing held that would tell of room, begins again.
    var roomAgainAt: Duration?
    /// When writing the phase down is tried again.
    var recordAgain: Duration?
    private var effects: [Effect] = []
    private var drained = 0

    /// A run over rows, each once, in the order they are to be asked about. `seed` decides the jitter of waits.
    /// `past` is what came of the run before a restart.
    /// O(rows).
    package init(rows: [RowID], limits: RunLimits, seed: UInt64, budget: RunBudget = RunBudget(), past: RunPast? = nil) {
        self.limits = limits
        self.budget = budget
        spent = past?.spent ?? RunUsage()
        callsMade = past?.calls ?? 0
        tasks = rows.map { Task(row: $0) }
        places = Dictionary(rows.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
        tally = RunTally(total: rows.count)
        window = max(1, limits.concurrentCalls)
        random = SplitMix(seed: seed)
        if let past { takeUp(past) }
    }

    /// Takes an event at a monotonic time.
    package mutating func handle(_ event: Event, at now: Duration) {
        switch event {
        case .begun: begin(at: now)
        case .answerArrived(let id, let answer): arrived(id, answer, at: now)
        case .callFailed(let id, let failure): failed(id, failure, at: now)
        case .rowSkipped(let id, let reason, let isMarked): skipped(id, reason, isMarked, at: now)
        case .questionReady(let id, let reserved): ask(id, reserved)
        case .notAsked(let id, let failure): notAsked(id, failure, at: now)
        case .callBegan(let id): began(id, at: now)
        case .questionShared(let id, let other): park(id, with: other, at: now)
        case .answerCommitted(let id, let result): committed(id, result, at: now)
        case .markCommitted(let id): marked(id)
        case .costBooked(let id): booked(id, at: now)
        case .phaseRecorded(let phase): recorded(phase, at: now)
        case .phaseNotRecorded(let failure): notRecorded(failure, at: now)
        case .budgetSet(let budget): self.budget = budget
        case .submissionFailed(let id, let failure): notTaken(id, failure, at: now)
        case .timerFired: armedTimer = nil
        case .pauseAsked:
            if phase == .running { phase = .paused(.asked) }
        case .resumeAsked: resume(at: now)
        case .cancelAsked: end(.cancelled)
        case .rowsPreferred(let rows): prefer(rows)
        }
        advance(at: now)
    }

    /// The next thing to do; `nil` when there is nothing more.
    package mutating func nextEffect() -> Effect? {
        guard drained < effects.count else {
            effects.removeAll(keepingCapacity: true)
            drained = 0
            return nil
        }
        defer { drained += 1 }
        return effects[drained]
    }

    /// What a page shows beside a cell of the run's column. O(1).
    package func shownState(of row: RowID) -> ShownState? {
        guard let place = places[row] else { return nil }
        return Self.shown(tasks[place].state)
    }

    /// Where a row stands; `nil` when the run does not have it. O(1).
    package func state(of row: RowID) -> TaskState? {
        places[row].map { tasks[$0].state }
    }

    /// What a task's next call says beside its question. O(1).
    package func turn(of task: Int) -> Turn {
        Turn(corrections: corrections[task] ?? [], isPlain: plain.contains(task))
    }

    /// How many calls of a row have been made. O(1).
    package func calls(of id: CallID) -> Int { Int(id.serial) }

    mutating func emit(_ effect: Effect) {
        effects.append(effect)
    }

    /// Moves a task, and with it the counts and what is shown.
    mutating func move(_ task: Int, to state: TaskState) {
        let before = tasks[task].state
        tasks[task].state = state
        tally.move(from: before, to: state)
        switch state {
        case .committed, .suggested, .failed, .skipped, .cancelled: forget(task)
        case .queued, .waiting, .calling, .submitting, .held, .marking, .booking: break
        }
        if Self.shown(before) != Self.shown(state) { emit(.show([tasks[task].row])) }
    }

    private static func shown(_ state: TaskState) -> ShownState? {
        switch state {
        case .queued, .waiting: .queued
        case .calling, .submitting, .held, .marking, .booking: .running
        case .committed, .suggested, .failed, .skipped, .cancelled: nil
        }
    }

    // MARK: Advancing

    /// Begins what may begin, ends what is over, and sets the timer.
    private mutating func advance(at now: Duration) {
        expire(at: now)
        resubmit(at: now)
        tryRoom(at: now)
        affordAgain()
        if phase == .running { fill(at: now) }
        finish(at: now)
        record(at: now)
        arm(at: now)
    }

    /// Calls as many rows as the window, the waiting rows and the grid allow; rows whose wait is over go first.
    private mutating func fill(at now: Duration) {
        if let quiet = quietUntil {
            guard now >= quiet else { return }
            quietUntil = nil
        }
        // A place is free again when what came of its call is in the log: a crash leaves no more calls in doubt than places.
        while calls.count + submissions.count < window, submissions.count < limits.submissions, unaffordable.isEmpty,
            let task = nextTask(at: now)
        {
            tasks[task].serial &+= 1
            tasks[task].attempts += 1
            if tasks[task].questions == 0 { tasks[task].questions = 1 }
            let id = CallID(task: task, serial: tasks[task].serial)
            calls.append(Call(id: id, epoch: epoch))
            move(task, to: .calling)
            emit(.call(id, tasks[task].row))
        }
    }

    private mutating func nextTask(at now: Duration) -> Int? {
        if let due = waits.indices.filter({ waits[$0].due <= now }).min(by: { waits[$0].due < waits[$1].due }) {
            return waits.remove(at: due).task
        }
        while let task = released.popLast() {
            if tasks[task].state == .queued { return task }
        }
        guard waits.count < limits.waiting else { return nil }
        while let task = preferred.popLast() {
            if tasks[task].state == .queued { return task }
        }
        while cursor < tasks.count {
            defer { cursor += 1 }
            if tasks[cursor].state == .queued { return cursor }
        }
        return nil
    }

    /// Stops calls whose time is over.
    private mutating func expire(at now: Duration) {
        for call in calls where call.deadline.map({ $0 <= now }) ?? false {
            emit(.stop(call.id))
            failed(call.id, ModelFailure(.timedOut, "no whole answer within \(limits.callTime.components.seconds) s"), at: now)
        }
    }

    /// Gives held submissions to the grid again, in the order they came.
    private mutating func resubmit(at now: Duration) {
        guard let due = heldUntil, due <= now, !held.isEmpty else { return }
        heldUntil = nil
        let again = held
        held = []
        for task in again { submit(task) }
    }

    /// Hands a task's submission to the grid.
    mutating func submit(_ task: Int) {
        let id = CallID(task: task, serial: tasks[task].serial)
        switch submissions[task] {
        case .answer(let answer):
            move(task, to: .submitting)
            emit(.submit(id, tasks[task].row, answer))
        case .mark(let mark, let call):
            move(task, to: .marking)
            emit(.mark(id, tasks[task].row, mark, call))
        case .close:
            move(task, to: .marking)
            emit(.close(id))
        case .book(let call, _):
            move(task, to: .booking)
            emit(.book(id, call))
        case .doubt:
            move(task, to: .booking)
            emit(.doubt(id))
        case nil: preconditionFailure("task \(task) is held, and there is nothing to submit")
        }
    }

    /// One timer for the whole run, at the earliest time something is due.
    private mutating func arm(at now: Duration) {
        var next: Duration?
        // What is due and did not begin waits for a place, which another event will make.
        func consider(_ time: Duration) {
            if time > now { next = next.map { min($0, time) } ?? time }
        }
        switch phase {
        case .running, .paused, .ending:
            for call in calls { if let deadline = call.deadline { consider(deadline) } }
            if let heldUntil, !held.isEmpty { consider(heldUntil) }
            if let recordAgain { consider(recordAgain) }
            if let roomAgainAt { consider(roomAgainAt) }
        case .ready, .ended: return
        }
        if phase == .running {
            for wait in waits { consider(wait.due) }
            if let quietUntil { consider(quietUntil) }
        }
        // A timer that is set for later than needed is replaced; one that is too early does no harm.
        guard let next, armedTimer.map({ next < $0 }) ?? true else { return }
        armedTimer = next
        emit(.setTimer(at: next))
    }
}
