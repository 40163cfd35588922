import GridImage
import GridModel
import Ordering

/// What the oracles write down of an agent's runs.
struct RunBooks: Sendable {
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

    /// The revision that each call's question was read at.
    private var bases: [(call: Call, base: UInt32)] = []
    /// Calls that the log has as begun.
    private(set) var recorded: [Call] = []
    /// Calls that were made and whose end the log does not have.
    private(set) var open: [Call] = []
    /// The commands that say how a call ended, and are on their way into the log.
    private var settling: [(call: Call, command: Int)] = []
    /// Tasks whose answer reached us and waits to be committed, or is.
    private var answered: [Int] = []

    mutating func prepared(_ call: Call, base: UInt32) { bases.append((call, base)) }

    private func base(of command: Command) -> UInt32? {
        let call = settling.last { $0.command == Int(command.intent.low) }?.call
        return bases.last { $0.call == call }?.base
    }

    /// S6, from the commits alone: what the answer should have come to.
    func judge(
        _ state: Truth.State, _ command: Command, _ change: Change, _ result: ChangeResult, at revision: UInt32
    ) throws(Violation) {
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

    mutating func begin() { self = RunBooks() }

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

    mutating func settles(_ call: Call, by command: Int) { settling.append((call, command)) }

    mutating func reached(_ task: Int) { answered.append(task) }

    /// What came of a call is in the log; `isOver` unless the task is asked again.
    mutating func settled(_ call: Call, isOver: Bool) {
        open.removeAll { $0 == call }
        if !isOver { answered.removeAll { $0 == call.task } }
    }

    /// After a power cut: every call whose end is not in the log is named there as open.
    /// - Parameter isCommitted: whether a command is in the log that survived, though nobody may have been told.
    mutating func checkLedger(_ run: RecordedRun?, _ isCommitted: (Int) -> Bool) throws(Violation) {
        let ended = settling.filter { isCommitted($0.command) }.map(\.call)
        settling = []
        bases = []
        for call in open where !ended.contains(call) {
            guard let entry = run?.openCalls[UInt32(call.task)], entry.call == call.serial else {
                throw Violation(.s7, "call \(call.serial) of task \(call.task) was in flight, and the ledger does not name it")
            }
        }
        open = []
        answered = []
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

    mutating func checkLedger(_ run: RecordedRun?) throws(Violation) {
        tally.count(.s7)
        let committed = server.committed
        try runs.checkLedger(run) { $0 < committed.count && committed[$0] > 0 }
    }
}
