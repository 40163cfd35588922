import GridModel
import Ordering

extension Planner {
    /// Writes a step of a run beside the cells of its command.
    mutating func planRun(_ run: RunID, _ fact: RunFact, after before: ChangeResult?) throws(CommandRefusal) -> ChangeResult {
        if let objection = draft.ledger.objection(to: fact, of: run) { throw refuse(.invalid(objection)) }
        let offset = writer.count
        // The keys of no row: their group has bit 31. A run's own stands for its end, after which nothing of it follows.
        let ofRun = 0x8000_0000 | UInt64(run.rawValue & 0x7FFF_FFFF)
        let end = UInt64(UInt32.max) << 32 | ofRun
        guard overlay.offset(end) == nil else { throw refuse(.invalid("another command of this commit ends \(run)")) }
        if case .phase(let phase) = fact, phase.isEnded { overlay.note(end, offset: offset) }
        for task in fact.tasks {
            let key = UInt64(task) << 32 | ofRun
            guard overlay.offset(key) == nil else {
                throw refuse(.invalid("another command of this commit has task \(task) of \(run)"))
            }
            overlay.note(key, offset: offset)
        }
        writer.byte(ChangeTag.run.rawValue)
        let mark = try mark(of: fact, after: before)
        writer.runFact(run, fact, end: mark, time: time)
        finishChange(from: offset)
        return mark == .open ? .inputsChanged : .done
    }

    /// How a task stands after a fact: an answer's task as the answer itself came out.
    private func mark(of fact: RunFact, after before: ChangeResult?) throws(CommandRefusal) -> TaskMark? {
        guard case .settled(_, _, let result) = fact else { return nil }
        switch result {
        case .again: return .open
        case .failed: return .failed
        case .skipped: return .skipped
        case .asAnswered:
            switch before {
            case .done: return .committed
            case .keptAsSuggestion: return .suggested
            case .inputsChanged: return .open
            case .rows, .column, .sheet, .view, nil: throw refuse(.invalid("no answer stands before the task's end"))
            }
        }
    }

    /// Gives a cell back the value it had before a run answered it, unless it was changed since by somebody else.
    mutating func planTakeBack(_ row: RowID, _ column: ColumnID, _ run: RunID) throws(CommandRefusal) -> ChangeResult {
        guard let place = draft.place(column), draft.states[Int(place.stateIndex)].order.contains(row.rawValue),
            let recorded = draft.ledger.runs[run], let changes = valueChanges?(row, column, recorded.planned)
        else { return .inputsChanged }
        let own = changes.prefix { $0.cause.run == run && $0.cause.kind == .agent }
        guard let first = own.last else { return .inputsChanged }
        return try planSet(row, column, first.old, nil)
    }
}

extension RunFact {
    /// The tasks that it is about.
    fileprivate var tasks: [UInt32] {
        switch self {
        case .asked(let task, _, _), .settled(let task, _, _): [task]
        case .doubted(let tasks): tasks
        case .planned, .phase, .budget, .undone: []
        }
    }
}
