import GridModel
import Ordering

/// A step of a run on its way into the grid: what it writes, and the run's memory of it, in one command.
struct RunSubmission: Sendable {
    enum Content: Sendable {
        case answer(ComputedAnswer)
        case mark(CellMark, CallEnd?)
        /// The task is skipped.
        case close
        /// A call failed; the task is asked about again.
        case book(CallEnd)
    }

    var plan: RunPlan
    var run: RunID
    var id: CallID
    var row: RowID
    var intent: IntentID
    var content: Content

    /// Commits it. Never throws: what happened is the event.
    func submit() async -> RunCore.Event {
        do {
            switch content {
            case .answer(let answer): return .answerCommitted(id, try await submit(answer))
            case .mark(let mark, let call):
                try await submit(mark, call)
                return .markCommitted(id)
            case .close:
                _ = try await commit([settled(nil, .skipped)])
                return .markCommitted(id)
            case .book(let call):
                _ = try await commit([settled(call, .again)])
                return .costBooked(id)
            }
        } catch {
            return .submissionFailed(id, error)
        }
    }

    private func submit(_ answer: ComputedAnswer) async throws(SubmissionFailure) -> ChangeResult {
        let call = answer.isShared ? nil : CallEnd(call: id.serial, usage: answer.usage, kept: answer.kept)
        let change = Change.answerCell(
            row: row, column: plan.order.column, value: answer.value, base: answer.base,
            inputs: plan.template.inputs.map(\.column))
        return try await commit([change, settled(call, .asAnswered)], answer: answer).results.first ?? .done
    }

    private func submit(_ mark: CellMark, _ call: CallEnd?) async throws(SubmissionFailure) {
        let end = settled(call, mark.isSkipped ? .skipped : .failed)
        // A cell that somebody changed meanwhile does not need to hear that the agent gave up.
        let snapshot = plan.grid.snapshotForRun()
        if snapshot.contains(row: row), !plan.isChanged(task: id.task, in: snapshot) {
            do throws(SubmissionFailure) {
                _ = try await commit([.markCell(row: row, column: plan.order.column, mark: mark), end])
                return
            } catch {
                // The row or the column went in between: only the run remembers then.
                guard case .refused = error else { throw error }
            }
        }
        _ = try await commit([end])
    }

    private func settled(_ call: CallEnd?, _ result: TaskResult) -> Change {
        .noteRun(run, .settled(task: UInt32(id.task), call: call, result))
    }

    private func commit(
        _ changes: [Change], answer: ComputedAnswer? = nil
    ) async throws(SubmissionFailure) -> CommandOutcome {
        let cause = Cause(kind: .agent, run: run, detail: changes.count > 1 ? detail(answer) : nil)
        return try await plan.grid.submitForRun(Command(intent: intent, cause: cause, changes: changes))
    }

    /// The cause's JSON object.
    private func detail(_ answer: ComputedAnswer?) -> String {
        var json = "{\"provider\":\""
        JSONText.escape(plan.provider.label, into: &json)
        json += "\""
        for (name, value) in [("host", plan.provider.host), ("model", plan.order.model)] {
            guard let value else { continue }
            json += ",\"\(name)\":\""
            JSONText.escape(ModelFailure.bounded(value, to: 200), into: &json)
            json += "\""
        }
        json += ",\"promptVersion\":\(plan.order.agent.version)"
        json += ",\"inputs\":[" + plan.template.inputs.map { "\"\($0.column)\"" }.joined(separator: ",") + "]"
        if let answer { json += ",\"base\":\(answer.base)" + answer.detail }
        return json + "}"
    }
}

/// A fact of a run that no cell goes with.
struct RunNote: Sendable {
    var plan: RunPlan
    var run: RunID
    var intent: IntentID
    var fact: RunFact

    func submit() async throws(SubmissionFailure) {
        let cause = Cause(kind: .agent, run: run)
        _ = try await plan.grid.submitForRun(Command(intent: intent, cause: cause, changes: [.noteRun(run, fact)]))
    }
}

extension CellMark {
    fileprivate var isSkipped: Bool { if case .skipped = self { true } else { false } }
}
