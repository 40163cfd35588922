import Enrichment
import GridImage
import GridModel
import Ordering

/// What the oracles write down of an agent's runs.
struct RunBooks {
    /// One call, named by its task and its number within it.
    struct Call: Hashable, Sendable {
        var task: Int
        var serial: UInt32
    }

    /// An answer that a person's edit had overtaken.
    struct Suggestion: Sendable {
        var row: UInt32
        var column: UInt32
        var token: UInt32
        var revision: UInt32
    }

    /// What is on its way into the log, of which call, about which question, and read at which revision.
    private struct Settling: Sendable {
        var call: Call
        var command: Int
        var base: UInt32
        var values: [String]
    }

    /// What the log says of runs.
    var log = RunLog()
    /// The run at work.
    var watch: RunWatch?
    /// What each task's cell held when its run was planned.
    var found: [RunID: [UInt32]] = [:]
    /// Questions whose answers the log keeps, and since when.
    private(set) var kept: [[String]: UInt32] = [:]
    /// Questions by their fingerprints, of answers that did not fit.
    private(set) var questions: [UInt64: [String]] = [:]
    /// Whole answers that a provider gave, each once, and to which question.
    var whole: [UInt32: [String]] = [:]
    /// The revision that each call's question was read at.
    private var bases: [(call: Call, base: UInt32)] = []
    /// Calls that the log has as begun.
    private(set) var recorded: [Call] = []
    /// Calls that were made and whose end the log does not have.
    private(set) var open: [Call] = []
    /// The commands that say how a call ended, and are on their way into the log.
    private var settling: [Settling] = []
    /// Tasks whose answer reached us and waits to be committed, or is.
    private var answered: [Int] = []

    mutating func prepared(_ call: Call, base: UInt32) { bases.append((call, base)) }

    /// A cell as a model is told it.
    static func text(_ token: UInt32) -> String { token == 0 ? "" : "\(token)" }

    /// S6, from the commits alone: what the answer should have come to.
    func judge(
        _ state: Truth.State, _ command: Command, _ change: Change, _ result: ChangeResult, at revision: UInt32
    ) throws(Violation) {
        if case .takeBack(let row, let column, let run) = change {
            let expected = state.givesBack(row.rawValue, column.rawValue, run) ? ChangeResult.done : .inputsChanged
            guard result == expected else {
                throw Violation(
                    .s6, "taking back what \(run) wrote into \(row) comes to \(result) at \(revision), not to \(expected)")
            }
        }
        guard case .answerCell(let row, let column, _, _, let inputs, _) = change, let base = base(of: command) else { return }
        let expected: ChangeResult
        if state.sheet(of: row.rawValue) == nil {
            expected = .inputsChanged
        } else if state.changedByHand(row.rawValue, column.rawValue) > base {
            expected = .keptAsSuggestion
        } else if inputs.contains(where: { state.changedByHand(row.rawValue, $0.rawValue) > base }) {
            expected = .inputsChanged
        } else {
            expected = .done
        }
        guard result == expected else {
            throw Violation(
                .s6, "an answer for \(row), asked at \(base), comes to \(result) at \(revision), not to \(expected)")
        }
    }

    private func base(of command: Command) -> UInt32? {
        settling.last { $0.command == Int(command.intent.low) }?.base
    }

    /// Takes in what a command's changes say of runs, and holds its answers against what models said.
    mutating func take(
        _ command: Command, _ results: [ChangeResult], at revision: UInt32, _ truth: Truth, _ tally: inout Tally
    ) throws(Violation) {
        for (place, change) in command.changes.enumerated() {
            switch change {
            case .noteRun(let run, let fact):
                tally.count(.e3)
                try log.take(fact, of: run, after: place > 0 ? results[place - 1] : nil, at: revision)
                try keep(fact, command, at: revision)
                let run = log.runs[run]
                guard run.map({ $0.openCalls <= max(1, Int($0.order.concurrency)) }) ?? true else {
                    throw Violation(.e1, "revision \(revision): \(run?.openCalls ?? 0) calls are open at once")
                }
            case .answerCell(let row, _, let value, let base, let inputs, _):
                tally.count(.e6)
                try checkSaid(row, Token.of(value), inputs, UInt32(clamping: base.rawValue), command, truth)
                tally.count(.s7)
                guard case .noteRun(_, .settled(_, _, .asAnswered))? = command.changes.dropFirst(place + 1).first else {
                    throw Violation(
                        .s7, "revision \(revision) has an answer for \(row) and not with it that its task is through")
                }
            default: break
            }
        }
    }

    private mutating func keep(_ fact: RunFact, _ command: Command, at revision: UInt32) throws(Violation) {
        guard case .settled(_, let call?, let result) = fact,
            let known = settling.last(where: { $0.command == Int(command.intent.low) })
        else { return }
        if let wrong = call.wrong { questions[wrong.question] = known.values }
        guard result == .asAnswered, call.kept != nil else { return }
        if kept[known.values] == nil { kept[known.values] = revision }
    }

    /// E5 and E6: what is committed was said by a model, whole, when it was asked about what the row held at the revision it names.
    private func checkSaid(
        _ row: RowID, _ token: UInt32, _ inputs: [ColumnID], _ base: UInt32, _ command: Command, _ truth: Truth
    ) throws(Violation) {
        guard let read = self.base(of: command) else { return }
        guard read == base else {
            throw Violation(.e5, "an answer for \(row) names \(base), and its question was read at \(read)")
        }
        let values = inputs.map { Self.text(truth.value(row.rawValue, $0.rawValue, at: base)) }
        guard whole[token] == values else {
            throw Violation(
                .e6, "\(row) gets \(token), and no model said that, whole, of \(values) (said of \(whole[token] ?? []))")
        }
    }

    /// A new run of this process, planned or taken up.
    mutating func begin(_ watch: RunWatch) {
        self.watch = watch
        (bases, recorded, open, answered) = ([], [], [], [])
    }

    /// Answers of a run that did not fit, about questions that are asked in the same words at a revision.
    func wrong(_ run: RunLog.Run, _ truth: Truth) -> [Int: [RunWatch.Wrong]] {
        var found: [Int: [RunWatch.Wrong]] = [:]
        for (task, known) in run.tasks.enumerated() where known.mark == .open && !known.wrong.isEmpty {
            let row = run.order.rows[task].rawValue
            let values = run.order.inputs.map { Self.text(truth.value(row, $0.column.rawValue, at: truth.revision)) }
            let own = known.wrong.filter { questions[$0.question] == values }
            if !own.isEmpty { found[task] = own.map { RunWatch.Wrong(values: values, text: $0.text) } }
        }
        return found
    }

    mutating func record(_ call: Call) { recorded.append(call) }

    /// A call is made.
    mutating func call(_ call: Call) throws(Violation) {
        guard recorded.contains(call) else {
            throw Violation(.s7, "call \(call.serial) of task \(call.task) is made, and the log does not have that it begins")
        }
        guard !answered.contains(call.task) else {
            throw Violation(.s7, "task \(call.task) is asked again, and its answer had reached us")
        }
        open.append(call)
    }

    mutating func settles(_ call: Call, by command: Int) {
        let values = watch?.places.first { $0.id.task == call.task && $0.id.serial == call.serial }?.values ?? []
        guard let base = bases.last(where: { $0.call == call })?.base else { return }
        settling.append(Settling(call: call, command: command, base: base, values: values))
    }

    mutating func reached(_ task: Int) { answered.append(task) }

    /// What came of a call is in the log; `isOver` unless the task is asked again.
    mutating func settled(_ call: Call, isOver: Bool) {
        open.removeAll { $0 == call }
        if !isOver { answered.removeAll { $0 == call.task } }
    }

    /// Power was lost, and with it what is after a revision.
    mutating func truncate(to revision: UInt32) {
        log.truncate(to: revision)
        kept = kept.filter { $0.value <= revision }
    }

    /// The process is gone, or its run is over.
    mutating func forget() {
        watch = nil
        (open, answered) = ([], [])
    }

    /// After a power cut: every call whose end is not in the log is named there as open, or, where the run ended, as in doubt.
    /// - Parameter isCommitted: whether a command is in the log that survived, though nobody may have been told.
    mutating func checkOpen(_ run: RecordedRun?, _ isCommitted: (Int) -> Bool) throws(Violation) {
        let ended = settling.filter { isCommitted($0.command) }.map(\.call)
        settling = []
        bases = []
        for call in open where !ended.contains(call) {
            let isInDoubt = run?.doubts.contains { $0.call == call.serial && $0.row == run?.order.rows[call.task] } ?? false
            guard run?.openCalls[UInt32(call.task)]?.call == call.serial || isInDoubt else {
                throw Violation(.s7, "call \(call.serial) of task \(call.task) was in flight, and the ledger does not name it")
            }
        }
    }
}

extension Oracles {
    /// S6: what a person's edit had overtaken is still to be found in the cell's history, as long as the row is there.
    mutating func checkSuggestions(_ entries: (RunBooks.Suggestion) throws -> [HistoryEntry]) throws(Violation) {
        for kept in suggestions where truth.newest.sheet(of: kept.row) != nil {
            tally.count(.s6)
            tally.suggestionsInHistory &+= 1
            let found = (try? entries(kept)) ?? []
            let isThere = found.contains {
                $0.kind == .suggestion && $0.revision.rawValue == UInt64(kept.revision) && Token.of($0.new) == kept.token
            }
            guard isThere else {
                return try fail(
                    .s6,
                    "an answer for r\(kept.row) was kept as a suggestion at \(kept.revision), and its history does not have it")
            }
        }
    }

    mutating func prepared(_ call: RunBooks.Call, base: UInt32) {
        note(.asked, -1, call.task, base)
        runs.prepared(call, base: base)
    }

    mutating func called(_ call: RunBooks.Call) throws(Violation) {
        note(.called, -1, call.task, call.serial)
        tally.count(.s7)
        tally.calls &+= 1
        try runs.call(call)
    }

    mutating func reached(_ task: Int) {
        note(.answeredByModel, -1, task)
        runs.reached(task)
    }

    mutating func settled(_ call: RunBooks.Call, isOver: Bool) {
        note(.settled, -1, call.task, call.serial)
        runs.settled(call, isOver: isOver)
    }

    mutating func checkOpen(_ run: RecordedRun?) throws(Violation) {
        tally.count(.s7)
        let committed = server.committed
        try runs.checkOpen(run) { $0 < committed.count && committed[$0] > 0 }
    }

    /// What a grid remembers of its runs is what its log says.
    mutating func checkLedger(_ ledger: RunLedger, _ what: String) throws(Violation) {
        tally.count(.e10)
        if let difference = runs.log.difference(from: ledger) { return try fail(.e10, "\(what): \(difference)") }
    }

    /// At the end every run has come to its end, and of one that was gone through every row.
    mutating func checkRunsEnded() throws(Violation) {
        for (id, run) in runs.log.runs.sorted(by: { $0.key < $1.key }) {
            tally.count(.e4)
            guard run.phase.isEnded else { return try fail(.e11, "\(id) is \(run.phase), and nobody goes on with it") }
            let open = run.tasks.count { $0.mark == .open }
            guard run.phase != .finished || open == 0 else {
                return try fail(.e3, "\(id) is finished, and \(open) rows are not")
            }
        }
    }
}
