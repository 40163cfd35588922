package import GridModel

/// What a person said about a sheet, and all that is needed to make a plan of it.
package struct WordsQuestion: Sendable {
    /// An earlier question back, and what the person answered.
    package struct Answer: Hashable, Sendable {
        package var question: String
        package var answer: String
        /// The words that the answer says the column of.
        package var said: String?

        package init(question: String, answer: String, said: String? = nil) {
            self.question = question
            self.answer = answer
            self.said = said
        }
    }

    package var sentence: String
    package var columns: [Column]
    package var summary: SheetSummary
    /// What is seen now.
    package var view: ViewDefinition
    package var answers: [Answer]
    /// How many rows a view has.
    package var rows: @Sendable (ViewDefinition) -> Int

    package init(
        sentence: String, columns: [Column], summary: SheetSummary, view: ViewDefinition = ViewDefinition(),
        answers: [Answer] = [], rows: @escaping @Sendable (ViewDefinition) -> Int
    ) {
        self.sentence = sentence
        self.columns = columns
        self.summary = summary
        self.view = view
        self.answers = answers
        self.rows = rows
    }

    var check: PlanCheck {
        PlanCheck(
            columns: columns, meanings: answers.compactMap { answer in answer.said.map { (said: $0, column: answer.answer) } })
    }
}

/// How a turn ends at the server. What a person does with a plan is the page's part.
package enum WordsOutcome: Hashable, Sendable {
    case plan(WordsProposal)
    case question(PlanQuestion)
}

/// A plan to read, with what it would show.
package struct WordsProposal: Hashable, Sendable {
    package var plan: Plan
    /// Rows that the plan's view has, and rows that there are; `nil` when the view stays as it is.
    package var rows: (matching: Int, all: Int)?
    /// What a person should know before accepting.
    package var notes: [String]

    package static func == (a: Self, b: Self) -> Bool {
        a.plan == b.plan && a.notes == b.notes && a.rows?.matching == b.rows?.matching && a.rows?.all == b.rows?.all
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(plan)
        hasher.combine(notes)
    }
}

/// One turn, from the sentence to a plan, a question back, or a failure: which call is made next, and what its answer means. It makes no
/// call and reads no clock. Its table is in Docs/specifications/plain-words.md.
package struct WordsTurn: Sendable {
    /// What is to be done next.
    package enum Effect: Sendable {
        case ask(ChatRequest)
        case end(WordsOutcome)
        case fail(ModelFailure)
    }

    private let question: WordsQuestion
    private let check: PlanCheck
    private var turns: [ChatRequest.Turn]
    private var asksForSchema = true
    /// Answers that were no plan.
    private var refusals = 0
    /// A plan that can be read, but is about values which no row has: better than none.
    private var doubtful: WordsProposal?

    /// Answers that are asked for: the first, and one after a refusal.
    package static let answers = 2

    package init(_ question: WordsQuestion) {
        self.question = question
        check = question.check
        turns = [.person(PlanPrompt.message(question))]
    }

    /// The first thing to do.
    package func begin() -> Effect { .ask(request) }

    /// A whole answer arrived.
    package mutating func answered(_ text: String) -> Effect {
        do throws(PlanProblem) {
            switch try check.result(of: try PlanSketch(answer: text)) {
            case .question(let question): return .end(.question(question))
            case .plan(let plan, let notes): return .end(.plan(try proposal(plan, notes)))
            }
        } catch {
            return refuse(error, text)
        }
    }

    /// The call brought no answer.
    package mutating func failed(_ failure: ModelFailure) -> Effect {
        // A server that knows no schemas refuses the request: the same question is asked again in words alone.
        if failure.kind == .rejected, asksForSchema {
            asksForSchema = false
            return .ask(request)
        }
        return .fail(failure)
    }

    private mutating func refuse(_ problem: PlanProblem, _ text: String) -> Effect {
        refusals += 1
        guard refusals < Self.answers else {
            return .end(doubtful.map { .plan($0) } ?? .question(problem.question))
        }
        turns.append(.model(String(decoding: text.utf8.prefix(PlanLimits.answerBytes), as: UTF8.self)))
        turns.append(.person(PlanPrompt.correction(problem)))
        return .ask(request)
    }

    private var request: ChatRequest {
        ChatRequest(
            instruction: PlanPrompt.instruction, turns: turns,
            schema: asksForSchema ? PlanSchema.schema(question.summary) : nil, answerTokens: PlanLimits.answerTokens)
    }

    // MARK: Proposing

    private mutating func proposal(_ plan: Plan, _ notes: [String]) throws(PlanProblem) -> WordsProposal {
        let notes = notes + PlanUnits.notes(on: plan, question.sentence, question.columns)
        let problems = plan.steps.compactMap { step in
            if case .filter(let filter, _) = step { noSuchValue(filter) } else { nil }
        }
        let proposal = Self.proposal(plan, notes + problems.map(\.sentence), for: question)
        // The model has one chance to write the value as the sheet does; then the person decides.
        if let problem = problems.first, refusals + 1 < Self.answers {
            doubtful = proposal
            throw problem
        }
        return proposal
    }

    /// The plan over what is seen now, with its rows counted.
    static func proposal(_ plan: Plan, _ notes: [String], for question: WordsQuestion) -> WordsProposal {
        let whole = plan.over(question.view)
        guard plan.changesView else { return WordsProposal(plan: whole, rows: nil, notes: notes) }
        var counted = whole.view
        counted.sort = []
        counted.find = question.view.find
        return WordsProposal(
            plan: whole, rows: (question.rows(counted), question.rows(ViewDefinition())), notes: notes)
    }

    /// A condition that is about a value which no row has.
    private func noSuchValue(_ filter: Filter) -> PlanProblem? {
        var asked = filter
        switch filter.operation {
        case .equals, .contains, .startsWith, .oneOf: break
        case .notEquals: asked.operation = .equals
        case .isEmpty, .isNotEmpty, .isFailed, .isStale, .less, .lessOrEqual, .greater, .greaterOrEqual: return nil
        }
        guard let column = question.columns.first(where: { $0.id == filter.column }),
            question.rows(ViewDefinition(filter: [asked])) == 0
        else { return nil }
        let value = filter.values.map(\.displayText).joined(separator: ", ")
        return PlanProblem(
            .noSuchValue(
                column: column.name, value: ModelFailure.bounded(value, to: 80),
                samples: question.summary.samples(of: column.name)))
    }
}
