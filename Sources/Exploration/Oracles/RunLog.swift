import GridImage
import GridModel
import Ordering

/// What the log says of agents' runs, read from the commands that are in it and from nothing else: a second, naive ledger.
struct RunLog: Sendable {
    struct OpenCall: Hashable, Sendable {
        var call: UInt32
        var reserved: RunUsage
    }

    struct Task: Sendable {
        var mark = TaskMark.open
        var open: OpenCall?
        var calls: UInt32 = 0
        /// Answers that did not fit, of the question that was asked last.
        var wrong: [KeptWrongAnswer] = []
    }

    struct Doubt: Hashable, Sendable {
        var row: RowID
        var call: UInt32
        var reserved: RunUsage
    }

    struct Run: Sendable {
        var order: RunOrder
        var budget: RunBudget
        var phase = RunPhase.running
        var tasks: [Task]
        var spent = RunUsage()
        var calls: UInt64 = 0
        var doubts: [Doubt] = []
        var undone: UInt32?

        init(_ order: RunOrder, _ budget: RunBudget) {
            self.order = order
            self.budget = budget
            tasks = order.rows.map { _ in Task() }
        }

        var openCalls: Int { tasks.count { $0.open != nil } }

        mutating func end() {
            for task in tasks.indices {
                doubt(task)
                tasks[task].wrong = []
            }
        }

        /// What cannot be told: open calls at a run's or a process's end.
        mutating func doubt(_ task: Int) {
            guard let open = tasks[task].open else { return }
            doubts.append(Doubt(row: order.rows[task], call: open.call, reserved: open.reserved))
            tasks[task].open = nil
        }
    }

    private struct Entry: Sendable {
        var revision: UInt32
        var run: RunID
        var fact: RunFact
        var answer: ChangeResult?
    }

    private var entries: [Entry] = []
    private(set) var runs: [RunID: Run] = [:]

    /// Takes in a fact, in the order of the log. `answer` is what the answer before it in its command came to.
    mutating func take(
        _ fact: RunFact, of run: RunID, after answer: ChangeResult?, at revision: UInt32
    ) throws(Violation) {
        let entry = Entry(revision: revision, run: run, fact: fact, answer: answer)
        entries.append(entry)
        try apply(entry)
    }

    /// Takes back what is after a revision: power was lost, and that with it.
    mutating func truncate(to revision: UInt32) {
        guard entries.contains(where: { $0.revision > revision }) else { return }
        entries.removeAll { $0.revision > revision }
        runs = [:]
        // They were taken in once without an objection.
        for entry in entries { try? apply(entry) }
    }

    private mutating func apply(_ entry: Entry) throws(Violation) {
        if case .planned(let order, let budget) = entry.fact {
            guard runs[entry.run] == nil else {
                throw Violation(.e11, "\(entry.run) is planned, and the log has one of that number")
            }
            return runs[entry.run] = Run(order, budget)
        }
        guard var run = runs.removeValue(forKey: entry.run) else {
            throw Violation(.e4, "the log has a step of \(entry.run), which was never planned")
        }
        defer { runs[entry.run] = run }
        if case .undone(let cells) = entry.fact { return run.undone = (run.undone ?? 0) + cells }
        guard !run.phase.isEnded else {
            throw Violation(.e4, "revision \(entry.revision): a step of \(entry.run) follows its end: \(entry.fact)")
        }
        switch entry.fact {
        case .planned, .undone: break
        case .phase(let phase):
            run.phase = phase
            if phase.isEnded { run.end() }
        case .budget(let budget): run.budget = budget
        case .doubted(let tasks): for task in tasks { run.doubt(Int(task)) }
        case .asked(let task, let call, let reserved):
            try Self.check(run, entry.run, task, "is asked about")
            guard run.tasks[Int(task)].open == nil, call > run.tasks[Int(task)].calls else {
                throw Violation(.s7, "call \(call) of task \(task) of \(entry.run) begins beside or before another one")
            }
            run.tasks[Int(task)].open = OpenCall(call: call, reserved: reserved)
            run.tasks[Int(task)].calls = call
            run.calls += 1
        case .settled(let task, let call, let result):
            try Self.check(run, entry.run, task, "is settled")
            guard run.tasks[Int(task)].open?.call == call?.call else {
                throw Violation(.s7, "task \(task) of \(entry.run): call \(call?.call ?? 0) ends, and another one is open")
            }
            run.tasks[Int(task)].open = nil
            if let call { run.spent = run.spent + call.usage }
            run.tasks[Int(task)].mark = Self.mark(result, entry.answer)
            if let wrong = call?.wrong {
                run.tasks[Int(task)].wrong.removeAll { $0.question != wrong.question }
                run.tasks[Int(task)].wrong.append(wrong)
            }
            if run.tasks[Int(task)].mark != .open { run.tasks[Int(task)].wrong = [] }
        }
    }

    private static func check(_ run: Run, _ id: RunID, _ task: UInt32, _ what: String) throws(Violation) {
        guard Int(task) < run.tasks.count, run.tasks[Int(task)].mark == .open else {
            throw Violation(.e3, "task \(task) of \(id) \(what), and came to its end before")
        }
    }

    private static func mark(_ result: TaskResult, _ answer: ChangeResult?) -> TaskMark {
        switch result {
        case .again: return .open
        case .failed: return .failed
        case .skipped: return .skipped
        case .asAnswered: break
        }
        switch answer {
        case .done: return .committed
        case .keptAsSuggestion: return .suggested
        case .inputsChanged, .rows, .column, .sheet, .view, nil: return .open
        }
    }

    /// Holds a grid's ledger against what the log says; in words what differs, `nil` when nothing does.
    func difference(from ledger: RunLedger) -> String? {
        guard runs.count == ledger.runs.count else {
            return "\(runs.count) runs are logged, and \(ledger.runs.count) remembered"
        }
        for (id, run) in runs.sorted(by: { $0.key < $1.key }) {
            guard let other = ledger.runs[id] else { return "\(id) is forgotten" }
            if let difference = Self.difference(run, other) { return "\(id): \(difference)" }
        }
        return nil
    }

    private static func difference(_ run: Run, _ other: RecordedRun) -> String? {
        if run.phase != other.phase { return "it is \(run.phase), and remembered as \(other.phase)" }
        if run.spent != other.spent { return "its calls cost \(run.spent), and are remembered as \(other.spent)" }
        if run.calls != other.callCount { return "\(run.calls) calls began, and \(other.callCount) are remembered" }
        if run.budget != other.budget { return "its budget is another one" }
        if run.undone != other.undone {
            return "\(run.undone ?? 0) cells were given back, and \(other.undone ?? 0) are remembered"
        }
        if run.doubts.count != other.doubtCount || run.doubts.map(\.call).sorted() != other.doubts.map(\.call).sorted()
            || Set(run.doubts.map(\.row)) != Set(other.doubts.map(\.row))
        {
            return "\(run.doubts.count) calls are in doubt, and \(other.doubtCount) remembered so"
        }
        for (task, known) in run.tasks.enumerated() {
            let number = UInt32(task)
            guard known.mark == other.mark(of: number), known.calls == other.calls(of: number),
                known.open?.call == other.openCalls[number]?.call, known.open?.reserved == other.openCalls[number]?.reserved,
                known.wrong == other.wrong[number]?.map(\.answer) ?? []
            else {
                return "task \(task) is \(known.mark) after \(known.calls) calls, and remembered as \(other.mark(of: number))"
            }
        }
        return nil
    }
}
