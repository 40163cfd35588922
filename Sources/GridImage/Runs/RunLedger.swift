package import GridModel
package import Ordering

/// What a grid remembers of the runs of its agents: a function of the log like everything else in the image, so that a task's
/// answer and its state are committed together or not at all.
package struct RunLedger: Sendable {
    /// By number. At most `Limits.runsPerGrid` that have ended.
    package internal(set) var runs: [RunID: RecordedRun] = [:]
    package internal(set) var answers = KeptAnswers()
    /// What turns of plain words asked.
    package internal(set) var words = WordsLedger()
    /// The fold in which something of the ledger last changed.
    var epoch: UInt32 = 0
    /// Runs that were forgotten since the last fold, with the number of their task chunks.
    var forgotten: [(run: RunID, chunks: Int)] = []

    package init() {}

    /// Runs that go on after a restart, in ascending order.
    package var unfinished: [RunID] {
        runs.filter { !$0.value.phase.isEnded }.map(\.key).sorted()
    }

    /// Why a fact cannot be; `nil` when it can.
    func objection(to fact: RunFact, of id: RunID) -> String? {
        if id == .words { return words.objection(to: fact) }
        if case .planned(let order, _) = fact {
            if runs[id] != nil { return "\(id) is planned already" }
            return order.rows.isEmpty || order.rows.count > Limits.rowsPerRun ? "\(order.rows.count) rows in a run" : nil
        }
        guard let run = runs[id] else { return "there is no \(id)" }
        if case .undone = fact { return run.phase.isEnded ? nil : "\(id) has not ended" }
        guard !run.phase.isEnded else { return "\(id) has ended" }
        switch fact {
        case .planned, .undone, .phase, .budget: return nil
        case .asked(let task, let call, _):
            guard Int(task) < run.taskCount, run.mark(of: task) == .open else { return "task \(task) of \(id) is through" }
            guard run.openCalls[task] == nil else { return "task \(task) of \(id) has a call open" }
            return call > run.calls(of: task) ? nil : "call \(call) of task \(task) does not come after \(run.calls(of: task))"
        case .settled(let task, let call, _):
            guard Int(task) < run.taskCount, run.mark(of: task) == .open else { return "task \(task) of \(id) is through" }
            return run.openCalls[task]?.call == call?.call ? nil : "task \(task) of \(id) has another call open"
        case .doubted(let tasks):
            return tasks.allSatisfy { run.openCalls[$0] != nil } && Set(tasks).count == tasks.count
                ? nil : "no such call of \(id) is open"
        }
    }

    /// Takes a fact from a record. One that does not fit where the run stands by then changes nothing.
    mutating func apply(_ recorded: RecordedFact, at revision: Revision, _ cursor: RecordCursor) throws(RecordError) {
        let (id, time) = (recorded.run, recorded.time)
        guard objection(to: recorded.fact, of: id) == nil else {
            guard runs[id] != nil || id == .words else { throw cursor.damaged("a fact of \(id), which is not there") }
            return
        }
        if id == .words { return words.apply(recorded.fact, epoch: epoch) }
        switch recorded.fact {
        case .planned(let order, let budget):
            runs[id] = RecordedRun(order: order, budget: budget, planned: revision, time: time, epoch: epoch)
            forgetOldest()
        case .phase(let phase): runs[id]?.enter(phase, time: time, epoch: epoch)
        case .budget(let budget): runs[id]?.change(epoch) { $0.budget = budget }
        case .asked(let task, let call, let reserved): runs[id]?.asked(task, call, reserved, epoch)
        case .settled(let task, let call, _):
            runs[id]?.settled(task, call, recorded.end, epoch)
            if let kept = call?.kept { answers.keep(kept, epoch: epoch) }
        case .doubted(let tasks): runs[id]?.doubted(tasks, epoch)
        case .undone(let cells): runs[id]?.change(epoch) { $0.undone = ($0.undone ?? 0) &+ cells }
        }
    }

    private mutating func forgetOldest() {
        let ended = runs.filter { $0.value.phase.isEnded }.map { ($0.value.planned, $0.key) }.sorted { $0 < $1 }
        for (_, id) in ended.dropLast(min(ended.count, Limits.runsPerGrid)) {
            guard let run = runs.removeValue(forKey: id) else { continue }
            forgotten.append((id, run.chunks.count))
        }
    }

    mutating func beginEpoch() {
        epoch &+= 1
        forgotten = []
        answers.beginEpoch()
    }
}

/// One run as the log tells it.
package struct RecordedRun: Sendable {
    /// A call that began and has not ended.
    package struct OpenCall: Hashable, Sendable {
        package var call: UInt32
        package var reserved: RunUsage
    }

    /// A call that was open when the process ended.
    package struct Doubt: Hashable, Sendable {
        package var row: RowID
        package var call: UInt32
        /// What it may have cost at most.
        package var reserved: RunUsage
    }

    /// An answer that did not fit, with what its call cost.
    package struct WrongAnswer: Hashable, Sendable {
        package var answer: KeptWrongAnswer
        package var usage: RunUsage
    }

    /// The states of some tasks that lie beside each other.
    struct Chunk: Sendable {
        static let tasks = 4_096
        var marks: [UInt8]
        /// Calls that each task has had.
        var calls: [UInt16]
        var epoch: UInt32
    }

    package internal(set) var order: RunOrder
    package internal(set) var budget: RunBudget
    package internal(set) var phase = RunPhase.running
    /// The revision that planned it, and when.
    package internal(set) var planned: Revision
    package internal(set) var time: UInt64
    /// When it ended, in milliseconds since 1970.
    package internal(set) var endTime: UInt64?
    package internal(set) var openCalls: [UInt32: OpenCall] = [:]
    /// At most `Limits.doubtsPerRun`; `doubtCount` counts all.
    package internal(set) var doubts: [Doubt] = []
    package internal(set) var doubtCount = 0
    /// Answers to open tasks' questions that did not fit, the oldest first. A run has as many such tasks as calls at once, and a task
    /// at most `wrongAnswersPerTask`.
    package internal(set) var wrong: [UInt32: [WrongAnswer]] = [:]
    /// Wrong answers that are kept of a task: more than any run sends back.
    static let wrongAnswersPerTask = 8
    /// What all settled calls cost.
    package internal(set) var spent = RunUsage()
    /// Calls that were begun.
    package internal(set) var callCount: UInt64 = 0
    /// Cells whose answer was taken back; `nil` when the run was not undone.
    package internal(set) var undone: UInt32?
    var counts = [Int](repeating: 0, count: TaskMark.allCases.count)
    var chunks: [Chunk]
    /// The fold in which something of the run last changed, and the one in which it began.
    var epoch: UInt32
    private let firstEpoch: UInt32

    init(order: RunOrder, budget: RunBudget, planned: Revision, time: UInt64, epoch: UInt32) {
        self.order = order
        self.budget = budget
        self.planned = planned
        self.time = time
        self.epoch = epoch
        firstEpoch = epoch
        counts[0] = order.rows.count
        chunks = stride(from: 0, to: order.rows.count, by: Chunk.tasks).map { first in
            let count = min(Chunk.tasks, order.rows.count - first)
            return Chunk(
                marks: Array(repeating: 0, count: count), calls: Array(repeating: 0, count: count), epoch: epoch)
        }
    }

    /// Whether no fold has written its rows yet.
    func isNew(since epoch: UInt32) -> Bool { firstEpoch == epoch }

    package var taskCount: Int { order.rows.count }

    /// Tasks that stand so.
    package func count(_ mark: TaskMark) -> Int { counts[Int(mark.rawValue)] }

    /// What the open calls may cost.
    package var reserved: RunUsage { openCalls.values.reduce(RunUsage()) { $0 + $1.reserved } }

    package func mark(of task: UInt32) -> TaskMark {
        TaskMark(rawValue: chunks[Int(task) / Chunk.tasks].marks[Int(task) % Chunk.tasks]) ?? .open
    }

    /// Calls that a task has had.
    package func calls(of task: UInt32) -> UInt32 {
        UInt32(chunks[Int(task) / Chunk.tasks].calls[Int(task) % Chunk.tasks])
    }

    /// For a process that may not go on without a person's word; the log does not have it yet.
    package mutating func pauseUntilAgreed(_ reason: String) { phase = .paused(reason: reason) }

    mutating func change(_ epoch: UInt32, _ body: (inout Self) -> Void) {
        body(&self)
        self.epoch = epoch
    }

    mutating func enter(_ phase: RunPhase, time: UInt64, epoch: UInt32) {
        self.phase = phase
        self.epoch = epoch
        guard phase.isEnded else { return }
        endTime = time
        // Calls that were open when the run ended were closed from this side: what they cost is not known either.
        doubted(openCalls.keys.sorted(), epoch)
        order.found = []
        wrong = [:]
    }

    mutating func asked(_ task: UInt32, _ call: UInt32, _ reserved: RunUsage, _ epoch: UInt32) {
        self.epoch = epoch
        openCalls[task] = OpenCall(call: call, reserved: reserved)
        callCount += 1
        let (chunk, place) = (Int(task) / Chunk.tasks, Int(task) % Chunk.tasks)
        chunks[chunk].calls[place] = UInt16(clamping: call)
        chunks[chunk].epoch = epoch
    }

    mutating func settled(_ task: UInt32, _ call: CallEnd?, _ end: TaskMark?, _ epoch: UInt32) {
        self.epoch = epoch
        if let call {
            openCalls[task] = nil
            spent = spent + call.usage
            note(call, of: task)
        }
        guard let end, end != .open else { return }
        wrong[task] = nil
        let (chunk, place) = (Int(task) / Chunk.tasks, Int(task) % Chunk.tasks)
        chunks[chunk].marks[place] = end.rawValue
        chunks[chunk].epoch = epoch
        counts[0] -= 1
        counts[Int(end.rawValue)] += 1
    }

    /// An answer to another question than those before it begins anew.
    private mutating func note(_ call: CallEnd, of task: UInt32) {
        guard let answer = call.wrong else { return }
        let before = (wrong[task] ?? []).filter { $0.answer.question == answer.question }
        wrong[task] = before.suffix(Self.wrongAnswersPerTask - 1) + [WrongAnswer(answer: answer, usage: call.usage)]
    }

    mutating func doubted(_ tasks: [UInt32], _ epoch: UInt32) {
        self.epoch = epoch
        for task in tasks {
            guard let open = openCalls.removeValue(forKey: task) else { continue }
            doubtCount += 1
            if doubts.count < Limits.doubtsPerRun {
                doubts.append(Doubt(row: order.rows[Int(task)], call: open.call, reserved: open.reserved))
            }
        }
    }
}
