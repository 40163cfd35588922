import GridModel
import Ordering

/// One call: reads the row as committed now, asks, and judges the answer.
struct RunQuestion: Sendable {
    var plan: RunPlan
    var id: CallID
    var row: RowID

    /// Asks the provider. Never throws: what happened is the event.
    func ask(_ provider: any ModelProvider, _ clock: any RunClock) async -> RunCore.Event {
        let snapshot = plan.grid.snapshotForRun()
        guard snapshot.contains(row: row),
            let column = snapshot.sheet(plan.request.sheet)?.columns.first(where: { $0.id == plan.request.column })
        else { return .rowSkipped(id, reason: "the row or the column is gone", isMarked: false) }
        guard !plan.isChanged(task: id.task, in: snapshot) else {
            return .rowSkipped(id, reason: "changed by hand since the run began", isMarked: false)
        }
        let values = plan.template.inputs.map { snapshot.value(row: row, column: $0.column)?.displayText ?? "" }
        guard values.isEmpty || !values.allSatisfy(\.isEmpty) else {
            return .rowSkipped(id, reason: "the columns that the prompt names are empty in this row", isMarked: true)
        }
        let began = clock.now
        func took() -> Duration { clock.now - began }
        switch plan.answers?.begin(values, id) ?? .ask {
        case .sharedWith(let other): return .questionShared(id, with: other)
        case .answered(let answer, let other):
            let remark = ModelAnswer.Remark(name: "sameQuestionAs", value: "\(plan.rows[other.task])")
            return judge(ModelAnswer(text: answer.text, usage: TokenUsage(), remarks: [remark]), column, snapshot, took(), true)
        case .ask:
            let request = ModelRequest(
                template: plan.template, values: values, type: column.type, model: plan.settings.model,
                answerTokens: plan.limits.answerTokens, tables: plan.tables)
            var collector = AnswerCollector(most: plan.limits.answerBytes)
            do {
                try await provider.stream(request) { (event) throws(ModelFailure) in try collector.receive(event) }
                let answer = try collector.answer()
                plan.answers?.end(values, id, answer)
                return judge(answer, column, snapshot, took(), false)
            } catch {
                plan.answers?.end(values, id, nil)
                var failure = error
                if failure.usage == TokenUsage() { failure.usage = collector.usageSoFar }
                return .callFailed(id, failure)
            }
        }
    }

    /// Makes a whole answer a value, or says why it is none.
    private func judge(
        _ answer: ModelAnswer, _ column: Column, _ snapshot: any RunSnapshot, _ took: Duration, _ isShared: Bool
    ) -> RunCore.Event {
        do {
            let value = try AnswerReader.value(of: answer.text, type: column.type)
            return .answerArrived(
                id,
                ComputedAnswer(
                    value: value, base: snapshot.revision, usage: answer.usage, isShared: isShared,
                    detail: detail(of: answer, took)))
        } catch {
            var failure = ModelFailure(error.kind, error.message, usage: answer.usage)
            failure.isShared = isShared
            return .callFailed(id, failure)
        }
    }

    /// What "why this value?" tells about an answer, as members of a JSON object.
    private func detail(of answer: ModelAnswer, _ took: Duration) -> String {
        var json = ",\"inputTokens\":\(answer.usage.input),\"outputTokens\":\(answer.usage.output)"
        json +=
            ",\"attempts\":\(id.serial),\"milliseconds\":\(took.components.seconds * 1_000 + took.components.attoseconds / 1_000_000_000_000_000)"
        for remark in answer.remarks {
            json += ",\""
            JSONText.escape(remark.name, into: &json)
            json += "\":\""
            JSONText.escape(remark.value, into: &json)
            json += "\""
        }
        return json
    }
}

/// One answer or mark on its way into the grid.
struct RunSubmission: Sendable {
    enum Content: Sendable {
        case answer(ComputedAnswer)
        case mark(CellMark)
    }

    var plan: RunPlan
    var run: RunID
    var id: CallID
    var row: RowID
    var intent: IntentID
    var content: Content

    /// Commits it. Never throws: what happened is the event.
    func submit() async -> RunCore.Event {
        let column = plan.request.column
        let change: Change
        switch content {
        case .answer(let answer):
            change = .answerCell(
                row: row, column: column, value: answer.value, base: answer.base, inputs: plan.template.inputs.map(\.column))
        case .mark(let mark):
            // A cell that somebody changed meanwhile does not need to hear that the agent gave up.
            let snapshot = plan.grid.snapshotForRun()
            guard snapshot.contains(row: row), !plan.isChanged(task: id.task, in: snapshot) else { return .markCommitted(id) }
            change = .markCell(row: row, column: column, mark: mark)
        }
        let command = Command(intent: intent, cause: Cause(kind: .agent, run: run, detail: detail), changes: [change])
        do {
            let outcome = try await plan.grid.submitForRun(command)
            guard case .answer = content else { return .markCommitted(id) }
            return .answerCommitted(id, outcome.results.first ?? .done)
        } catch {
            return .submissionFailed(id, error)
        }
    }

    /// The cause's JSON object.
    private var detail: String {
        var json = "{\"provider\":\""
        JSONText.escape(plan.provider.label, into: &json)
        json += "\""
        for (name, value) in [("host", plan.provider.host), ("model", plan.settings.model ?? plan.provider.model)] {
            guard let value else { continue }
            json += ",\"\(name)\":\""
            JSONText.escape(ModelFailure.bounded(value, to: 200), into: &json)
            json += "\""
        }
        json += ",\"promptVersion\":\(plan.settings.version)"
        json += ",\"inputs\":[" + plan.template.inputs.map { "\"\($0.column)\"" }.joined(separator: ",") + "]"
        if case .answer(let answer) = content { json += ",\"base\":\(answer.base)" + answer.detail }
        return json + "}"
    }
}
