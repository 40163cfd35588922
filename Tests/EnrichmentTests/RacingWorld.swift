import ChangePipeline
import GridImage
import GridModel
import GridStore
import Ordering
import Synchronization
import TestKit

@testable import Enrichment

/// People who edit a grid while runs answer the same cells: a real `LiveGrid`, `RunInProgress` and `RunCore`, with every commit, reply and
/// timer in the order that a seed draws. What is committed is kept in its order, and judged by `RaceOracle`.
final class RacingWorld {
    static let sheet = SheetID(1)
    static let (city, answer, note) = (ColumnID(1), ColumnID(2), ColumnID(3))

    /// A call that the provider has.
    private struct Call {
        var question: PreparedQuestion
        var values: [String]
    }

    let grid: LiveGrid
    var oracle = RaceOracle()
    private(set) var edits = 0
    private(set) var runs: [RecordedRun] = []
    private var random: Seeded
    private let stage = PipelineStage()
    private let news = News()
    private var sent: [IntentID: Sent] = [:]
    private var intents: UInt64 = 0
    private var answers = 0
    private var run: RunInProgress?
    private var work: [RunWork] = []
    private var calls: [Call] = []
    private var timer: Duration?
    private let seed: UInt64

    /// What a command was for, until it is committed or refused.
    private enum Sent {
        case edit(Command)
        case ask(PreparedQuestion)
        case submission(RunSubmission, [Command])
        case phase(RunPhase)
        case planned
    }

    init(seed: UInt64, rows: Int) throws {
        self.seed = seed
        random = Seeded(seed: seed)
        guard let id = GridID("race") else { throw StoreError(.other, "no such name") }
        grid = try LiveGrid.openBlocking(
            id: id, store: MemoryGridStore(contents: MemoryGridContents()), environment: stage.environment(),
            writer: stage.writer)
        let agent = AgentSettings(prompt: "About {{City}}?")
        for (name, settings) in [("City", nil), ("Answer", agent), ("Note", nil)] {
            edit(.addColumn(sheet: Self.sheet, name: name, type: .text, width: nil, agent: settings, position: .last))
        }
        var block = RowsBlock(columns: [Self.city])
        // Every other seed has rows that ask the same.
        for row in 0..<rows { block.append([CellValue(text: "City \(seed % 2 == 0 ? row : row / 3)")]) }
        edit(.insertRows(sheet: Self.sheet, position: .last, rows: block))
        settle()
        edits = 0
        oracle.begin(grid.snapshot())
    }

    /// Runs over the column, one after the other, until people have made so many edits.
    func race(edits wanted: Int) throws {
        while edits < wanted {
            if run == nil { try startRun() }
            step()
        }
        while run != nil { step(edits: false) }
    }

    private func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    // MARK: One step

    private func step(edits isEditing: Bool = true) {
        let choice = below(100)
        switch choice {
        case ..<30 where isEditing: personEdits()
        case ..<55 where !calls.isEmpty: reply()
        case ..<75 where !work.isEmpty: perform(work.remove(at: below(work.count)))
        case ..<98:
            if stage.writer.step() { return hear() }
            if !work.isEmpty { return perform(work.remove(at: below(work.count))) }
            if !calls.isEmpty { return reply() }
            fireTimer()
        // A call's time is over minutes later, when everything that was on its way has arrived.
        default: if work.isEmpty, stage.writer.waiting == 0 { fireTimer() }
        }
    }

    private func fireTimer() {
        guard let due = timer else { return }
        timer = nil
        stage.time.advance(by: max(.zero, due - stage.time.now))
        hear()
        advance(.timerFired)
    }

    /// Mostly at a row that is being asked about.
    private func personEdits() {
        let rows = grid.snapshot().rows(of: Self.sheet, view: ViewDefinition(), most: 10_000) { _ in true }
        guard !rows.isEmpty else { return }
        let isAsked = !calls.isEmpty && below(10) < 7
        let row = isAsked ? calls[below(calls.count)].question.row : rows[below(rows.count)]
        let value = below(8) == 0 ? nil : CellValue(text: "edit \(edits)")
        switch below(100) {
        case ..<55: edit(.setCell(row: row, column: Self.answer, value: value, ifRevision: nil))
        case ..<80: edit(.setCell(row: row, column: Self.city, value: value, ifRevision: nil))
        case ..<96: edit(.setCell(row: row, column: Self.note, value: value, ifRevision: nil))
        case 96: edit(.deleteRows(sheet: Self.sheet, rows: [row]))
        case 97: edit(.moveRows(sheet: Self.sheet, rows: [row], position: .first))
        default:
            let type: ColumnType = grid.snapshot().column(Self.answer)?.type == .text ? .json : .text
            edit(.retypeColumn(column: Self.answer, type: type))
        }
    }

    private func reply() {
        let call = calls.remove(at: below(calls.count))
        answers += 1
        // A number is a value in a text column and in one of JSON.
        let answer = ModelAnswer(text: "\(1_000 + answers)", usage: RunUsage(input: 10, output: 1), remarks: [])
        call.question.plan.answers?.end(call.values, call.question.id, answer)
        advance(call.question.judge(answer, .zero, isShared: false))
    }

    // MARK: The run

    private func startRun() throws {
        let provider = GatedProvider()
        var limits = RunLimits()
        limits.concurrentCalls = 1 + below(12)
        let request = RunRequest(sheet: Self.sheet, column: Self.answer, scope: .all, sharesAnswers: seed % 2 == 1)
        let plan = try RunPlan(request, on: grid, provider: provider, limits: limits, prices: PriceTable())
        let key = RunCoordinator.Key(grid: grid.id, run: RunID(UInt32(runs.count + 1)))
        var planned = plan
        planned.limits.concurrentCalls = limits.concurrentCalls
        run = RunInProgress(key: key, plan: planned, seed: seed)
        let note = RunNote(plan: planned, run: key.run, intent: newIntent(), fact: .planned(plan.order, plan.budget))
        send(note.command, .planned)
        settle()
        oracle.runBegins(key.run, grid.snapshot())
        advance(.begun)
    }

    private func advance(_ event: RunCore.Event) {
        guard var current = run else { return }
        let step = current.advance(event, at: stage.time.now, newIntent: newIntent)
        run = current
        work += step.work
        guard step.isEnded else { return }
        if let recorded = grid.snapshot().ledger.runs[current.key.run] { runs.append(recorded) }
        (run, work, timer) = (nil, [], nil)
    }

    private func perform(_ item: RunWork) {
        switch item {
        case .prepare(_, let question):
            oracle.questions[question.id] = grid.snapshot().value(row: question.row, column: Self.city)?.displayText ?? ""
            switch question.prepare() {
            case .event(let event): advance(event)
            case .ask(let prepared):
                run?.keep(prepared)
                advance(.questionReady(prepared.id, reserved: prepared.reserve))
            }
        case .ask(_, let question, let note, _): send(note.command, .ask(question))
        case .submit(_, let submission): submit(submission, submission.commands)
        case .record(_, let note, let phase): send(note.command, .phase(phase))
        case .timer(_, let time, _): timer = time
        }
    }

    private func submit(_ submission: RunSubmission, _ commands: [Command]) {
        guard let first = commands.first else { return }
        send(first, .submission(submission, Array(commands.dropFirst())))
    }

    // MARK: The grid

    private func newIntent() -> IntentID {
        intents += 1
        return IntentID(high: 1, low: intents)
    }

    private func edit(_ change: Change) {
        let command = Command(intent: newIntent(), cause: .person, changes: [change])
        edits += 1
        send(command, .edit(command))
    }

    private func send(_ command: Command, _ what: Sent) {
        sent[command.intent] = what
        grid.submit(command, isUrgent: true) { [news] in news.add(command.intent, $0) }
    }

    private func settle() {
        stage.writer.drain()
        hear()
    }

    /// Takes in what was committed, in the order of the commits.
    private func hear() {
        for (intent, answer) in news.take() {
            guard let what = sent.removeValue(forKey: intent) else { continue }
            switch (what, answer) {
            case (.edit(let command), .success(let outcome)): oracle.edited(command, outcome)
            case (.edit, .failure(.refused)): break  // the row was deleted before
            case (.ask(let question), .success):
                advance(.callBegan(question.id))
                calls.append(Call(question: question, values: question.request.values))
            case (.submission(let submission, let rest), .success(let outcome)):
                // The first of two commands is the one with the mark.
                if case .mark = submission.content, !rest.isEmpty { oracle.marks(submission.row) }
                if case .answer(let answer) = submission.content { oracle.answered(submission, answer, outcome) }
                advance(submission.event(of: outcome))
            case (.submission(let submission, let rest), .failure(.refused(let refusal))):
                if rest.isEmpty {
                    advance(.submissionFailed(submission.id, .refused("\(refusal.reason)")))
                } else {
                    submit(submission, rest)
                }
            case (.phase(let phase), .success): advance(.phaseRecorded(phase))
            case (.planned, .success): break
            default: oracle.complaints.append("\(what) came to \(answer)")
            }
        }
    }
}

/// Answers of the grid, in the order they came.
private final class News: Sendable {
    typealias Item = (intent: IntentID, answer: Result<CommandOutcome, PipelineError>)

    private let items = Mutex<[Item]>([])

    func add(_ intent: IntentID, _ answer: Result<CommandOutcome, PipelineError>) {
        items.withLock { $0.append((intent, answer)) }
    }

    func take() -> [Item] {
        items.withLock { items in
            defer { items = [] }
            return items
        }
    }
}
