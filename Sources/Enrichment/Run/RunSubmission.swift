import GridModel
import Ordering

/// A step of a run on its way into the grid: what it writes, and the run's memory of it, in one command.
struct RunSubmission: Sendable {
    enum Content: Sendable {
        case answer(ComputedAnswer)
        case mark(CellMark, CallEnd?, ModelFailure?)
        /// The task is skipped.
        case close
        /// A call failed; the task is asked about again.
        case book(CallEnd)
        /// What a call cost is not known.
        case doubt
    }

    var plan: RunPlan
    var run: RunID
    var id: CallID
    var row: RowID
    var intent: IntentID
    var content: Content

    /// Commits it. Never throws: what happened is the event.
    func submit() async -> RunCore.Event {
        var refusal = SubmissionFailure.refused("there was nothing to commit")
        for command in commands {
            do throws(SubmissionFailure) {
                return event(of: try await plan.grid.submitForRun(command))
            } catch {
                guard case .refused = error else { return .submissionFailed(id, error) }
                refusal = error
            }
        }
        return .submissionFailed(id, refusal)
    }

    /// What to hand to the grid: each only if the one before was refused.
    var commands: [Command] {
        switch content {
        case .answer(let answer):
            let call = answer.isShared ? nil : CallEnd(call: id.serial, usage: answer.usage, kept: answer.kept)
            let change = Change.answerCell(
                row: row, column: plan.order.column, value: answer.value, base: answer.base,
                inputs: plan.template.inputs.map(\.column), type: answer.type)
            return [command([change, settled(call, .asAnswered)], ",\"base\":\(answer.base)" + answer.detail)]
        case .mark(let mark, let call, let failure):
            let end = settled(call, mark.isSkipped ? .skipped : .failed)
            // A cell that somebody changed meanwhile does not need to hear that the agent gave up. Where the row or the column
            // went, only the run remembers.
            let snapshot = plan.grid.snapshotForRun()
            let isWanted = snapshot.contains(row: row) && !plan.isChanged(task: id.task, in: snapshot)
            let marked = Change.markCell(row: row, column: plan.order.column, mark: mark)
            let more = Provenance.attempts(id) + (failure.map { Provenance.failure($0) } ?? "")
            return (isWanted ? [command([marked, end], more)] : []) + [command([end])]
        case .close: return [command([settled(nil, .skipped)])]
        case .book(let call): return [command([settled(call, .again)])]
        case .doubt: return [command([.noteRun(run, .doubted(tasks: [UInt32(id.task)]))])]
        }
    }

    /// What it means that one of them is in the log.
    func event(of outcome: CommandOutcome) -> RunCore.Event {
        switch content {
        case .answer: .answerCommitted(id, outcome.results.first ?? .done)
        case .mark, .close: .markCommitted(id)
        case .book, .doubt: .costBooked(id)
        }
    }

    private func settled(_ call: CallEnd?, _ result: TaskResult) -> Change {
        .noteRun(run, .settled(task: UInt32(id.task), call: call, result))
    }

    private func command(_ changes: [Change], _ more: String? = nil) -> Command {
        let cause = Cause(kind: .agent, run: run, detail: more.map(detail))
        return Command(intent: intent, cause: cause, changes: changes)
    }

    /// The cause's JSON object.
    private func detail(_ more: String) -> String {
        var json = "{\"provider\":" + ChatRequest.quoted(plan.provider.label)
        for (name, value) in [("host", plan.provider.host), ("model", plan.order.model)] {
            if let value { json += Provenance.member(name, ModelFailure.bounded(value, to: 200)) }
        }
        json += ",\"promptVersion\":\(plan.order.agent.version)"
        json += ",\"inputs\":[" + plan.template.inputs.map { "\"\($0.column)\"" }.joined(separator: ",") + "]"
        if !plan.order.examples.isEmpty {
            json += ",\"examples\":[" + plan.order.examples.map { "\"\($0.row)\"" }.joined(separator: ",") + "]"
        }
        return json + more + "}"
    }
}

/// A fact of a run that no cell goes with.
struct RunNote: Sendable {
    var plan: RunPlan
    var run: RunID
    var intent: IntentID
    var fact: RunFact

    func submit() async throws(SubmissionFailure) {
        _ = try await plan.grid.submitForRun(command)
    }

    var command: Command {
        Command(intent: intent, cause: Cause(kind: .agent, run: run), changes: [.noteRun(run, fact)])
    }
}

extension CellMark {
    fileprivate var isSkipped: Bool { if case .skipped = self { true } else { false } }
}
