import GridImage
import GridModel
import Ordering

/// One row's turn: reads the row as committed now, and says what it needs.
struct RunQuestion: Sendable {
    var plan: RunPlan
    var id: CallID
    var row: RowID
    /// What is said beside the question.
    var turn = RunCore.Turn()

    /// What a row's turn comes to.
    enum Preparation {
        /// No call is needed, or none can be made.
        case event(RunCore.Event)
        case ask(PreparedQuestion)
    }

    /// Why a cell is left alone that a person filled.
    static let filledByHand = "filled by hand"

    /// The row is not asked about when a person wrote what its cell holds, unless the run was told to.
    func kept() async -> RunCore.Event? {
        let place = CellPlace(row: row, column: plan.order.column)
        guard plan.order.keepsEdits, plan.grid.snapshotForRun().value(row: row, column: place.column) != nil,
            let change = await plan.grid.lastChanges([place]).first ?? nil, change.isEdit
        else { return nil }
        return .rowSkipped(id, reason: Self.filledByHand, isMarked: false)
    }

    /// Reads the row's inputs. Equal questions take an answer that is known.
    func prepare() -> Preparation {
        let order = plan.order
        let snapshot = plan.grid.snapshotForRun()
        guard snapshot.contains(row: row),
            let column = snapshot.sheet(order.sheet)?.columns.first(where: { $0.id == order.column })
        else { return .event(.rowSkipped(id, reason: "the row or the column is gone", isMarked: false)) }
        guard !plan.isChanged(task: id.task, in: snapshot) else {
            return .event(.rowSkipped(id, reason: "changed by hand since the run began", isMarked: false))
        }
        guard let question = question(in: snapshot, column) else {
            return .event(
                .rowSkipped(id, reason: "the columns that the prompt names are empty in this row", isMarked: true))
        }
        let values = question.request.values
        guard let answers = plan.answers else { return .ask(question) }
        // What was corrected is not what is asked by now.
        if let old = turn.corrections.first?.values, old != values { answers.abandon(old, id.task) }
        switch answers.begin(values, id) {
        case .sharedWith(let other): return .event(.questionShared(id, with: other))
        case .answered(let answer, let other):
            let remark = ModelAnswer.Remark(name: "sameQuestionAs", value: "\(order.rows[other.task])")
            let known = ModelAnswer(text: answer.text, usage: RunUsage(), remarks: [remark], isDocument: answer.isDocument)
            return .event(question.judge(known, .zero, isShared: true))
        case .failed(let failure):
            return .event(.callFailed(id, ModelFailure(failure.kind, failure.message)))
        case .ask: break
        }
        guard let text = snapshot.ledger.answers.answer(to: question.key) else { return .ask(question) }
        let known = ModelAnswer(
            text: text, usage: RunUsage(), remarks: [.init(name: "sameQuestionAs", value: "an earlier question")])
        answers.end(values, id, known)
        return .event(question.judge(known, .zero, isShared: true))
    }

    /// The question as the row is now; `nil` when every input is empty, or the column is gone.
    func question(in snapshot: any RunSnapshot) -> PreparedQuestion? {
        let column = snapshot.sheet(plan.order.sheet)?.columns.first { $0.id == plan.order.column }
        return column.flatMap { question(in: snapshot, $0) }
    }

    private func question(in snapshot: any RunSnapshot, _ column: Column) -> PreparedQuestion? {
        let values = plan.values(of: row, in: snapshot)
        guard values.isEmpty || !values.allSatisfy(\.isEmpty) else { return nil }
        let type = plan.order.agent.output ?? AnswerType(column.type)
        let isDocument = type.columnType == .json
        var request = ModelRequest(
            template: plan.template, values: values, type: type, model: plan.order.agent.model,
            answerTokens: isDocument ? plan.limits.documentTokens : plan.limits.answerTokens, tables: plan.tables)
        request.examples = plan.order.examples
        request.corrections = turn.corrections.filter { $0.values == values }
        request.isPlain = turn.isPlain
        return PreparedQuestion(
            plan: plan, id: id, row: row, request: request, columnType: column.type, base: snapshot.revision, key: key(request))
    }

    /// All that decides an answer, as one text.
    private func key(_ request: ModelRequest) -> String {
        let parts = [
            plan.provider.label, plan.provider.host ?? "", plan.order.model ?? "", Self.key(request.type),
            "\(request.answerTokens)", plan.template.rendered(request.values),
        ]
        return (parts + plan.examplesKey).joined(separator: "\u{1F}")
    }

    /// A type as a part of a key: choices and schemas by their fingerprint, since what is kept is short.
    static func key(_ type: AnswerType) -> String {
        switch type {
        case .text, .number, .boolean, .date, .json: type.name
        case .oneOf(let choices): "oneOf \(RunPlan.fingerprint(choices.joined(separator: "\n")))"
        case .schema(let schema): "json \(RunPlan.fingerprint(schema.source))"
        }
    }
}

/// A question that needs a call.
struct PreparedQuestion: Sendable {
    var plan: RunPlan
    var id: CallID
    var row: RowID
    var request: ModelRequest
    /// What the column held when it was asked.
    var columnType: ColumnType
    /// The revision that the inputs were read at.
    var base: Revision
    var key: String

    /// Bytes of what is sent as words.
    var bytes: Int { ChatRequest(request, asDocument: !request.isPlain).bytes }

    /// What the call may cost: a token has seldom less than three bytes, and an answer no more tokens than it is given.
    var reserve: RunUsage {
        guard !plan.provider.isDemo else { return RunUsage() }
        return priced(RunUsage(input: UInt64(bytes / 3 + 16), output: UInt64(request.answerTokens)))
    }

    /// Asks the provider. Never throws: what happened is the event.
    func ask(_ provider: any ModelProvider, _ clock: any RunClock) async -> RunCore.Event {
        let began = clock.now
        var collector = AnswerCollector(most: plan.limits.answerBytes)
        do {
            try await provider.stream(request) { (event) throws(ModelFailure) in try collector.receive(event) }
        } catch {
            return failed(error, collector.usageSoFar)
        }
        return ended(collector, after: clock.now - began)
    }

    /// What a reply that has ended comes to: a value, or why it is none.
    func ended(_ collector: AnswerCollector, after took: Duration) -> RunCore.Event {
        do throws(ModelFailure) {
            let answer = try collector.answer()
            let event = judge(answer, took, isShared: false)
            if case .answerArrived = event { plan.answers?.end(request.values, id, answer) }
            return event
        } catch {
            return failed(error, collector.usageSoFar)
        }
    }

    /// What a call that brought no whole reply comes to.
    /// - Parameter usageSoFar: what it cost, when the failure does not say.
    func failed(_ failure: ModelFailure, _ usageSoFar: RunUsage = RunUsage()) -> RunCore.Event {
        dropped()
        var failure = failure
        if failure.usage == RunUsage() { failure.usage = usageSoFar }
        failure.usage = priced(failure.usage)
        return .callFailed(id, failure)
    }

    /// The question is not asked after all: the next row with an equal one asks it.
    func dropped() { plan.answers?.end(request.values, id, nil) }

    private func priced(_ usage: RunUsage) -> RunUsage { plan.prices.priced(usage, model: plan.order.model) }

    /// Makes a whole answer a value, or says why it is none.
    func judge(_ answer: ModelAnswer, _ took: Duration, isShared: Bool) -> RunCore.Event {
        let usage = priced(answer.usage)
        let text = answer.isDocument ? AnswerReader.value(inDocument: answer.text, type: request.type) : answer.text
        do {
            let value = try AnswerReader.value(of: text, type: request.type)
            let keeps = !isShared && plan.answers != nil
            return .answerArrived(
                id,
                ComputedAnswer(
                    value: value, base: base, type: columnType, usage: usage,
                    kept: keeps ? KeptAnswer(question: key, text: text) : nil,
                    isShared: isShared, detail: detail(of: answer, request.corrections.reduce(usage) { $0 + $1.usage }, took)))
        } catch {
            var failure = ModelFailure(error.kind, error.message, usage: usage)
            failure.wrong = WrongAnswer(
                values: request.values, question: RunPlan.fingerprint(request.values, request.type), text: answer.text,
                reason: error.message, usage: usage)
            return .callFailed(id, failure)
        }
    }

    /// What "why this value?" tells about an answer, as members of a JSON object.
    private func detail(of answer: ModelAnswer, _ usage: RunUsage, _ took: Duration) -> String {
        var json = ",\"inputTokens\":\(usage.input),\"outputTokens\":\(usage.output)"
        if plan.prices.knows(plan.order.model) {
            json += ",\"cost\":\(Money.text(usage.cost)),\"currency\":\"\(plan.prices.currency)\""
        }
        json += Provenance.attempts(id) + ",\"milliseconds\":\(took.milliseconds)" + Provenance.corrections(request.corrections)
        for remark in answer.remarks {
            json += ",\(ChatRequest.quoted(remark.name)):\(ChatRequest.quoted(remark.value))"
        }
        return json
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
