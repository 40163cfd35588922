package import GridModel

/// Something that answers prompts: a model behind an address, or the demo rules.
package protocol ModelProvider: Sendable {
    /// What it is, for the page.
    var description: ProviderDescription { get }

    /// Says beforehand, in words for a person, why no row of such a column could be answered; `nil` when it can be tried.
    func objection(to template: PromptTemplate, model: String?) -> String?

    /// Asks once. Hands on what arrives, in order, as it arrives; returns when the reply has ended.
    ///
    /// It does not judge whether the answer is whole: `AnswerCollector` does, for every provider alike. When the surrounding task
    /// is cancelled it closes the connection and throws `stopped`.
    func stream(_ request: ModelRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void) async throws(ModelFailure)
}

/// A provider that also takes what is not about one row.
package protocol ChatProvider: ModelProvider {
    /// Asks once, as `stream(_:deliver:)` does about a row. A server that knows no schemas refuses one: `rejected`.
    func stream(_ request: ChatRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void) async throws(ModelFailure)
}

/// What a provider is, for the page and for "why this value?".
package struct ProviderDescription: Hashable, Sendable {
    /// "demo rules, no model called", or the kind of API.
    package var label: String
    /// Where prompts go: a host and port; `nil` when nothing leaves this process.
    package var host: String?
    /// The model asked when a column names none.
    package var model: String?
    /// True when no model is called.
    package var isDemo: Bool
    /// What to set so that a model can be called; `nil` when one can.
    package var notice: String?

    package init(label: String, host: String? = nil, model: String? = nil, isDemo: Bool = false, notice: String? = nil) {
        self.label = label
        self.host = host
        self.model = model
        self.isDemo = isDemo
        self.notice = notice
    }
}

/// One question about one row.
package struct ModelRequest: Sendable {
    /// The prompt as written; the demo rules read their rule from it.
    package var template: PromptTemplate
    /// The row's text for each input.
    package var values: [String]
    /// What the answer has to be.
    package var type: AnswerType
    /// Cells that people filled, as examples.
    package var examples: [RunOrder.Example] = []
    /// Answers to this question that did not fit, the oldest first.
    package var corrections: [WrongAnswer] = []
    /// Whether the server has refused to be told what the answer has to look like.
    package var isPlain = false
    /// The model asked; `nil` for the provider's default.
    package var model: String?
    /// The most tokens an answer may have.
    package var answerTokens: Int
    /// Finds values in other rows of the sheet, for the demo rules' look-up.
    package var tables: (any LookupTables)?
    /// Names the call to the provider, so that its log and ours can be compared.
    package var requestID: String?

    package init(
        template: PromptTemplate, values: [String], type: AnswerType, model: String? = nil, answerTokens: Int = 256,
        tables: (any LookupTables)? = nil
    ) {
        self.template = template
        self.values = values
        self.type = type
        self.model = model
        self.answerTokens = answerTokens
        self.tables = tables
    }
}

/// What a provider hands on.
package enum ModelEvent: Hashable, Sendable {
    /// The next characters of the answer.
    case text(String)
    /// The answer was asked for as a document, with the value as its one member.
    case asDocument
    /// Why the model stopped: "stop" is the only reason that makes an answer whole.
    case finished(reason: String)
    /// What the call cost so far; the last one counts.
    case usage(RunUsage)
    /// More to tell in "why this value?": a member of its JSON object.
    case remark(name: String, value: String)
}

/// A whole answer.
package struct ModelAnswer: Hashable, Sendable {
    package var text: String
    package var usage: RunUsage
    package var remarks: [Remark]
    /// Whether it was asked for as a document, with the value as its one member.
    package var isDocument = false

    package struct Remark: Hashable, Sendable {
        package var name: String
        package var value: String
    }
}

/// Puts an answer together and decides whether it is one: only a reply with a finish reason is whole, and only "stop" is good.
package struct AnswerCollector: Sendable {
    /// The most bytes an answer may have; more ends the call.
    private let most: Int
    private var text = ""
    private var reason: String?
    private var usage = RunUsage()
    private var remarks: [ModelAnswer.Remark] = []
    private var isDocument = false

    package init(most: Int) {
        self.most = most
    }

    /// Takes the next event. Throws `tooLong` as soon as the answer passes its limit of bytes.
    package mutating func receive(_ event: ModelEvent) throws(ModelFailure) {
        switch event {
        case .text(let more):
            guard text.utf8.count + more.utf8.count <= most else {
                throw ModelFailure(
                    .tooLong, "the answer passed \(most) bytes, the most a cell takes; it began: \(text.prefix(80))",
                    usage: usage)
            }
            text += more
        case .asDocument: isDocument = true
        case .finished(let reason): self.reason = self.reason ?? reason
        case .usage(let usage): self.usage = usage
        case .remark(let name, let value):
            if remarks.count < 16 { remarks.append(.init(name: name, value: ModelFailure.bounded(value))) }
        }
    }

    /// What the call has cost as far as told.
    package var usageSoFar: RunUsage { usage }

    /// The answer, once the reply has ended.
    package func answer() throws(ModelFailure) -> ModelAnswer {
        switch reason {
        case nil:
            throw ModelFailure(.cut, "the reply broke off without a finish reason after \(text.utf8.count) bytes", usage: usage)
        case "stop": return ModelAnswer(text: text, usage: usage, remarks: remarks, isDocument: isDocument)
        case "length":
            throw ModelFailure(
                .tooLong, "the model stopped at its limit of tokens before it had finished; it began: \(text.prefix(80))",
                usage: usage)
        case "content_filter": throw ModelFailure(.filtered, "the provider's content filter withheld the answer", usage: usage)
        case .some(let other):
            throw ModelFailure(.garbage, "the model stopped for a reason that makes no value: \(other)", usage: usage)
        }
    }
}
