import ChangePipeline
import Enrichment
import GridImage
import GridModel
import HTTPTypes
import Hummingbird
import NIOCore
import Wire

/// Plain words: a sentence in, a plan or a question out. There is no way from here to change a cell, a column or a view; what the model was
/// asked, and what that cost, is written down in the grid's log.
struct WordsRoutes {
    let services: ServerServices
    let desk: WordsDesk

    var routes: [Route] {
        [
            Route(
                method: .post, path: "/api/v1/grids/{grid}/sheets/{sheet}/words", operation: "planWords",
                summary:
                    "Makes a plan of a sentence, or asks back; changes nothing. With Accept: text/event-stream progress events "
                    + "and the same document last",
                headers: [.init(name: "Accept", summary: "text/event-stream for progress", schema: .string())],
                body: .init(
                    types: ["application/json"], schema: .named("Words"), example: "{\"sentence\":\"sort by A, highest first\"}"
                ),
                answers: [
                    .init(
                        status: 200, summary: "A plan or a question",
                        payload: .init(types: ["application/json", "text/event-stream"], schema: .named("WordsReply")))
                ], problems: [404, 413, 415, 422, 429, 502, 503], handle: plan)
        ]
    }

    @Sendable private func plan(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let id = try scope.identifier("sheet", SheetID.self)
        let request = try WordsRequest(wire: try await scope.json())
        let image = grid.snapshot()
        guard let sheet = image.sheet(id) else { throw Problem.notFound("sheet", "\(id)") }
        let question = try Self.question(request, sheet, image)
        let isStream = scope.header(.accept)?.contains("text/event-stream") == true
        guard !isStream else { return stream(question, grid, scope.client) }
        let result = try await turn(question, grid, scope.client) { _ in }
        return .json { writer in writer.object { write(result, to: &$0) } }
    }

    private static func question(_ request: WordsRequest, _ sheet: Sheet, _ image: GridImage) throws(Problem) -> WordsQuestion {
        let sentence = request.sentence.trimmed
        guard !sentence.isEmpty else {
            throw .invalid("the sentence is empty: say what should be shown, sorted, added or filled")
        }
        func bound(_ text: String, _ most: Int, _ name: String) throws(Problem) {
            if text.count > most { throw .tooLarge(name, most: most, asked: text.count) }
        }
        try bound(sentence, PlanLimits.sentenceCharacters, "characters of a sentence")
        guard request.answers.count <= PlanLimits.answers else {
            throw .tooLarge("answers with a sentence", most: PlanLimits.answers, asked: request.answers.count)
        }
        for answer in request.answers {
            for text in [answer.question, answer.answer, answer.said ?? ""] {
                try bound(text, PlanLimits.answerCharacters, "characters of a question or its answer")
            }
        }
        guard !sheet.columns.isEmpty else { throw .invalid("the sheet has no columns yet: import a file, or add one") }
        return WordsQuestion(
            sentence: sentence, columns: sheet.columns, summary: SheetSummary(sheet, in: image),
            view: try sheet.definition(request.view),
            answers: request.answers.map { .init(question: $0.question, answer: $0.answer, said: $0.said) },
            rows: { image.rows(of: sheet.id, view: $0).count })
    }

    /// Takes a turn, counts it, and says in the API's words why there is no plan.
    private func turn(
        _ question: WordsQuestion, _ grid: LiveGrid, _ client: ClientPresence?,
        report: (WordsDesk.Progress) async throws -> Void
    ) async throws -> WordsDesk.Result {
        do {
            let result = try await desk.turn(question, in: grid) { progress in
                if client?.isGone == true { throw CancellationError() }
                try await report(progress)
            }
            switch result.outcome {
            case .plan: services.metrics.wordsPlans.add()
            case .question: services.metrics.wordsQuestions.add()
            }
            services.metrics.wordsTokens.add(Int(clamping: result.usage.tokens))
            return result
        } catch let failure as WordsDesk.Failure {
            services.metrics.wordsFailures.add()
            if case .model(let failure) = failure { services.metrics.wordsTokens.add(Int(clamping: failure.usage.tokens)) }
            throw Problem(failure)
        }
    }

    private func stream(_ question: WordsQuestion, _ grid: LiveGrid, _ client: ClientPresence?) -> Reply {
        var reply = Reply()
        reply.fields[.contentType] = "text/event-stream"
        reply.fields[.cacheControl] = "no-store"
        reply.fields[named("X-Accel-Buffering")] = "no"
        reply.body = .stream { writer in
            let provider = desk.provider.description
            try await writer.write(
                ByteBuffer(bytes: StreamEvent.frame(id: nil, "started") { ServerRoutes.write(provider, to: &$0) }))
            do {
                let result = try await turn(question, grid, client) { progress in
                    try await writer.write(
                        ByteBuffer(bytes: StreamEvent.frame(id: nil, "progress") { progress.write(to: &$0) }))
                }
                try await writer.write(ByteBuffer(bytes: StreamEvent.frame(id: nil, "done") { write(result, to: &$0) }))
            } catch let problem as Problem {
                try await writer.write(ByteBuffer(bytes: problem.event))
            }
            try await writer.finish(nil)
        }
        return reply
    }

    // MARK: Writing

    private func write(_ result: WordsDesk.Result, to writer: inout WireWriter) {
        switch result.outcome {
        case .plan(let proposal):
            writer.member("outcome", "plan")
            writer.objectMember("plan") { proposal.plan.write(to: &$0) }
            if let rows = proposal.rows {
                writer.objectMember("rows") { writer in
                    writer.member("matching", rows.matching)
                    writer.member("all", rows.all)
                }
            }
            writer.arrayMember("notes") { writer in for note in proposal.notes { writer.string(note) } }
        case .question(let question):
            writer.member("outcome", "question")
            writer.objectMember("question") { writer in
                writer.member("text", question.text)
                writer.arrayMember("choices") { writer in for choice in question.choices { writer.string(choice) } }
                if let said = question.said { writer.member("said", said) }
            }
        }
        ServerRoutes.write(desk.provider.description, to: &writer)
        writer.member("calls", result.calls)
        writer.member("inputTokens", Int(clamping: result.usage.input))
        writer.member("outputTokens", Int(clamping: result.usage.output))
        if let currency = desk.currency {
            writer.name("cost")
            writer.json(String(Double(result.usage.cost) / 1e9).utf8)
            writer.member("currency", currency)
        }
        writer.seconds(result.elapsed)
    }
}

extension WordsDesk.Progress {
    fileprivate func write(to writer: inout WireWriter) {
        writer.member("calls", calls)
        writer.member("pieces", pieces)
        writer.seconds(elapsed)
    }
}

extension WireWriter {
    /// The member `seconds`, with a tenth.
    fileprivate mutating func seconds(_ time: Duration) {
        let tenths = time / .milliseconds(100)
        name("seconds")
        json(String(tenths.rounded() / 10).utf8)
    }
}

extension Plan {
    /// Writes the members of the plan into an open object.
    fileprivate func write(to writer: inout WireWriter) {
        writer.arrayMember("steps") { writer in
            for step in steps { writer.object { step.write(to: &$0) } }
        }
        writer.member("match", match.rawValue)
    }
}

extension Plan.Step {
    fileprivate func write(to writer: inout WireWriter) {
        switch self {
        case .filter(let filter, let isKept):
            writer.member("step", "filter")
            filter.writeMembers(to: &writer)
            if isKept { writer.member("kept", true) }
        case .sort(let criterion, let isKept):
            writer.member("step", "sort")
            criterion.writeMembers(to: &writer)
            if isKept { writer.member("kept", true) }
        case .addColumn(let name, let type):
            writer.member("step", "addColumn")
            writer.member("name", name)
            writer.member("type", type.rawValue)
        case .fillColumn(let target, let prompt):
            writer.member("step", "fillColumn")
            switch target {
            case .existing(let id):
                writer.name("column")
                writer.identifier(id)
            case .added(let name): writer.member("name", name)
            }
            writer.member("prompt", prompt)
        }
    }
}

extension Problem {
    /// As the last event of a stream that began well.
    var event: [UInt8] { Array("event: problem\ndata: ".utf8) + wire + Array("\n\n".utf8) }

    fileprivate init(_ failure: WordsDesk.Failure) {
        switch failure {
        case .busy(let most):
            self.init(
                "overloaded", "Too much at once", status: 429, detail: "\(most) sentences are being read already; try again",
                errors: [.init(["limit": .text("sentences at once"), "most": .number(most)])], retryAfter: 2)
        case .model(let failure):
            let seconds = failure.retryAfter.map { Int($0.components.seconds) + 1 }
            self.init(
                "model-failed", "The model gave no answer", status: failure.recovery == .retry ? 503 : 502,
                detail: failure.message, errors: [.init(["kind": .text(failure.kind.rawValue)])],
                retryAfter: failure.recovery == .retry ? seconds ?? 5 : nil)
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
