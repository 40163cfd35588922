import GridImage
import GridModel
import Ordering

/// What a run does, fixed before it begins, and what is needed to do it.
struct RunPlan: Sendable {
    var order: RunOrder
    var budget: RunBudget
    var grid: any RunGrid
    var template: PromptTemplate
    var provider: ProviderDescription
    var limits: RunLimits
    var prices: PriceTable
    var tables: SheetLookup
    /// Questions of this run; `nil` when equal ones are asked anew, and for rules, which cost nothing.
    var answers: SharedAnswers?
    /// The examples' part of a question's key; empty without examples.
    private(set) var examplesKey: [String]

    init(
        _ request: RunRequest, on grid: any RunGrid, provider: any ModelProvider, limits: RunLimits, prices: PriceTable
    ) throws(RunRefusal) {
        let snapshot = grid.snapshotForRun()
        guard let sheet = snapshot.sheet(request.sheet) else { throw .noSuchSheet(request.sheet) }
        guard let column = sheet.columns.first(where: { $0.id == request.column }) else { throw .noSuchColumn(request.column) }
        guard let settings = column.agent else { throw .noAgent(column: column.name) }
        let template: PromptTemplate
        do {
            template = try PromptTemplate(settings.prompt, columns: sheet.columns, target: column.id)
        } catch {
            throw .prompt(error)
        }
        if let objection = provider.objection(to: template, model: settings.model) { throw .notSupported(objection) }
        if let asked = request.concurrency {
            guard (1...RunLimits.mostConcurrentCalls).contains(asked) else {
                throw .limit("calls at once", most: RunLimits.mostConcurrentCalls, asked: asked)
            }
        }
        let rows = request.rows(in: snapshot)
        guard !rows.isEmpty else { throw .nothingToDo }
        guard rows.count <= Limits.rowsPerRun else { throw .limit("rows of a run", most: Limits.rowsPerRun, asked: rows.count) }
        let about = provider.description
        var order = RunOrder(
            sheet: request.sheet, column: request.column, scope: request.scopeName, agent: settings,
            inputs: template.inputs.map { RunOrder.Input(column: $0.column, name: $0.name) }, provider: about.label,
            host: about.host, model: settings.model ?? about.model,
            concurrency: UInt16(clamping: request.concurrency ?? limits.concurrentCalls), sharesAnswers: request.sharesAnswers,
            rows: rows, found: rows.map { Self.fingerprint(snapshot.value(row: $0, column: request.column)) })
        order.keepsEdits = request.keepsEdits
        self.init(order, request.budget, template, on: grid, about, limits, prices)
    }

    /// Takes examples into the plan. They decide answers, so they are part of what makes two questions equal.
    mutating func use(_ examples: [RunOrder.Example]) {
        order.examples = examples
        examplesKey = Self.key(of: examples)
    }

    private static func key(of examples: [RunOrder.Example]) -> [String] {
        let texts = examples.map { ($0.values + [$0.answer.json]).joined(separator: "\u{1E}") }
        return texts.isEmpty ? [] : ["\(fingerprint(texts.joined(separator: "\u{1D}")))"]
    }

    /// A run that a process before this one began.
    init(
        resuming run: RecordedRun, on grid: any RunGrid, provider: any ModelProvider, limits: RunLimits, prices: PriceTable
    ) throws(RunRefusal) {
        let order = run.order
        // The names are the prompt's own: a column may be called otherwise by now.
        let columns = order.inputs.map { Column(id: $0.column, name: $0.name, type: .text) }
        let template: PromptTemplate
        do {
            template = try PromptTemplate(order.agent.prompt, columns: columns, target: order.column)
        } catch {
            throw .prompt(error)
        }
        self.init(order, run.budget, template, on: grid, provider.description, limits, prices)
    }

    private init(
        _ order: RunOrder, _ budget: RunBudget, _ template: PromptTemplate, on grid: any RunGrid,
        _ provider: ProviderDescription, _ limits: RunLimits, _ prices: PriceTable
    ) {
        self.order = order
        self.budget = budget
        self.grid = grid
        self.template = template
        self.provider = provider
        self.limits = limits
        self.limits.concurrentCalls = Int(order.concurrency)
        self.prices = prices
        tables = SheetLookup(grid: grid, sheet: order.sheet)
        answers = order.sharesAnswers && !provider.isDemo ? SharedAnswers() : nil
        // Rules say the same again.
        if provider.isDemo { self.limits.corrections = 0 }
        examplesKey = Self.key(of: order.examples)
    }

    /// Why this provider must not go on with the run without a person's word: prompts would go elsewhere than was agreed.
    var objectionToProvider: String? {
        guard
            order.provider != provider.label || order.host != provider.host
                || order.model != (order.agent.model ?? provider.model)
        else { return nil }
        func name(_ label: String, _ model: String?, _ host: String?) -> String {
            [model, host.map { "at \($0)" }, "(\(label))"].compactMap { $0 }.joined(separator: " ")
        }
        return
            "it was begun with \(name(order.provider, order.model, order.host)), and now \(name(provider.label, order.agent.model ?? provider.model, provider.host)) would answer; resume it to agree"
    }

    /// The row's text for each input.
    func values(of row: RowID, in snapshot: any RunSnapshot) -> [String] {
        template.inputs.map { snapshot.value(row: row, column: $0.column)?.displayText ?? "" }
    }

    /// What decides whether an answer that did not fit is about the question as it is by now.
    static func fingerprint(_ values: [String], _ type: AnswerType) -> UInt64 {
        fingerprint((values + [RunQuestion.key(type)]).joined(separator: "\u{1F}"))
    }

    /// Answers that did not fit, of a process before this one. Of questions that have changed since there are none.
    func wrongAnswers(of run: RecordedRun) -> [Int: [WrongAnswer]] {
        let snapshot = grid.snapshotForRun()
        guard !run.wrong.isEmpty, let column = snapshot.sheet(order.sheet)?.columns.first(where: { $0.id == order.column })
        else { return [:] }
        let type = order.agent.output ?? AnswerType(column.type)
        var found: [Int: [WrongAnswer]] = [:]
        for (task, answers) in run.wrong {
            let values = values(of: order.rows[Int(task)], in: snapshot)
            let question = Self.fingerprint(values, type)
            let own = answers.filter { $0.answer.question == question }
            guard !own.isEmpty else { continue }
            found[Int(task)] = own.map {
                WrongAnswer(
                    values: values, question: question, text: $0.answer.text, reason: $0.answer.reason, usage: $0.usage)
            }
        }
        return found
    }

    /// FNV-1a, 64 bits: eight bytes a row instead of a copy of every cell.
    static func fingerprint(_ value: CellValue?) -> UInt64 {
        value.map { fingerprint($0.json) | 1 } ?? 0
    }

    static func fingerprint(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// Whether somebody changed the cell since the run began.
    func isChanged(task: Int, in snapshot: any RunSnapshot) -> Bool {
        Self.fingerprint(snapshot.value(row: order.rows[task], column: order.column)) != order.found[task]
    }
}
