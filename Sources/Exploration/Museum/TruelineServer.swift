import ChangePipeline
import GridImage
import GridModel
import GridStore
import Ordering

/// Trueline's server in a piece: the real pipeline core decides when, the real planner and image decide what, the real store in memory
/// keeps it. Revisions count from 1 for the piece's first state, whatever the grid needed to be made.
struct TruelineServer: MuseumServer {
    private let contents = MemoryGridContents()
    private var store: MemoryGridStore
    private var core = PipelineCore(revision: .zero)
    private var image = GridImage(name: "museum")
    /// By revision: what a stale cache may answer from.
    private var pasts: [Int64: (image: GridImage, versions: [String: Int64])] = [:]
    /// The last revision that the core let out.
    private var announced = Revision.zero
    private var rows: [String: RowID] = [:]
    private var columns: [String: ColumnID] = [:]
    private var versions: [String: Int64] = [:]
    /// How many revisions lie before the piece's first one.
    private var offset: Int64 = 0
    private var submissions: UInt64 = 0
    private var intents: UInt64 = 1 << 32
    private var commands: [PipelineSubmission.ID: Command] = [:]
    private var answers: [IntentID: Result<CommandOutcome, CommandRefusal>] = [:]
    private var touched = Touched()
    private var clock = Duration.zero
    private var stream: [MuseumSignal] = []
    private var transactions: [String: [MuseumPiece.Cell]] = [:]
    private var questions: [String: (cell: String, reads: [String], base: Revision)] = [:]
    private var events: [MuseumServerEvent] = []

    init(_ piece: MuseumPiece) {
        store = MemoryGridStore(contents: contents)
        makeColumns(MuseumNames.all(of: piece).map { MuseumNames.split($0).column })
        write(piece.cells.filter { $0.value != nil }, cause: .person, intent: nil)
        offset = Int64(image.revision.rawValue) - 1
        versions = versions.mapValues { _ in 1 }
        pasts = [1: (image, versions)]
        stream = []
        events = piece.cells.filter { $0.value != nil }.map {
            .committed(revision: 1, cell: $0.name, value: $0.value, intent: nil, base: nil)
        }
    }

    var revision: Int64 { Int64(image.revision.rawValue) - offset }

    mutating func takeEvents() -> [MuseumServerEvent] {
        defer { events = [] }
        return events
    }

    func read(_ read: MuseumRead, from snapshot: Int64?) -> (revision: Int64, cells: [String: MuseumStored]) {
        let (image, versions) = snapshot.flatMap { pasts[$0] } ?? (image, versions)
        var cells: [String: MuseumStored] = [:]
        for name in read.cells {
            guard let stored = value(of: name, in: image) else { continue }
            cells[name] = MuseumStored(value: stored, version: versions[name] ?? 1)
        }
        return (Int64(image.revision.rawValue) - offset, cells)
    }

    mutating func change(_ change: MuseumChange) -> MuseumChangeReply? {
        if change.isRefused { return .refused }
        let names = change.parts.map(\.cell)
        let result = write(
            change.parts.map { MuseumPiece.Cell(name: $0.cell, value: $0.value) }, cause: .person, intent: change.intent,
            bases: change.isGuarded ? change.parts.map(\.base) : nil)
        let rows = read(MuseumRead(id: "", view: "", cells: names), from: nil).cells
        switch result {
        case .success(let outcome): return .committed(revision: Int64(outcome.revision.rawValue) - offset, rows: rows)
        case .failure(let refusal):
            guard case .cellChanged = refusal.reason else { return .refused }
            return .conflict(revision: revision, rows: rows)
        case nil: return .refused
        }
    }

    mutating func commit(_ cells: [MuseumPiece.Cell]) { write(cells, cause: Cause(kind: .program), intent: nil) }

    // A transaction of the report is a command here: it is nothing before it is submitted whole.
    mutating func begin(_ name: String, _ cells: [MuseumPiece.Cell]) { transactions[name] = cells }

    mutating func finish(_ name: String) {
        if let cells = transactions.removeValue(forKey: name) { commit(cells) }
    }

    mutating func ask(_ name: String, cell: String, reads: [String]) { questions[name] = (cell, reads, image.revision) }

    mutating func answer(_ name: String, value: String) {
        guard let question = questions.removeValue(forKey: name) else { return }
        let (row, column) = MuseumNames.split(question.cell)
        guard let rowID = rows[row], let columnID = columns[column] else { return }
        let inputs = question.reads.compactMap { columns[MuseumNames.split($0).column] }
        let change = Change.answerCell(
            row: rowID, column: columnID, value: CellValue(text: value), base: question.base, inputs: inputs)
        submit([change], [MuseumPiece.Cell(name: question.cell, value: value)], cause: Cause(kind: .agent), intent: nil)
    }

    /// What was acknowledged is on disk already.
    mutating func flush() {}

    mutating func crash() {
        transactions = [:]
        store.close()
        store = MemoryGridStore(contents: contents)
        image = GridImage(name: "museum")
        core = PipelineCore(revision: store.lastRevision)
        do {
            var records: [LogRecord] = []
            try store.forEachRecord(after: .zero) {
                records.append($0)
                return true
            }
            for record in records { _ = try image.apply(record: record.bytes, revision: record.revision) }
        } catch {
            preconditionFailure("the store in memory did not give back what it took: \(error)")
        }
    }

    func connect(after position: Int64?) -> (revision: Int64, missed: [MuseumSignal]) {
        (revision, position.map { position in stream.filter { $0.position > position } } ?? [])
    }
}

// MARK: - Commands

extension TruelineServer {
    private func value(of cell: String, in image: GridImage) -> String? {
        let (row, column) = MuseumNames.split(cell)
        guard let rowID = rows[row], let columnID = columns[column] else { return nil }
        return image.value(row: rowID, column: columnID)?.displayText
    }

    private mutating func makeColumns(_ names: [String]) {
        for name in names where columns[name] == nil {
            let change = Change.addColumn(
                sheet: SheetID(1), name: name, type: .text, width: nil, agent: nil, position: .last)
            guard case .success(let outcome) = submit([change], [], cause: .person, intent: nil),
                case .column(let id) = outcome.results.first
            else { preconditionFailure("an empty grid refused the column \(name)") }
            columns[name] = id
        }
    }

    /// Cells that lie in rows not there yet make the rows; rows whose every known cell is removed are deleted.
    @discardableResult
    private mutating func write(
        _ cells: [MuseumPiece.Cell], cause: Cause, intent: Int64?, bases: [Int64?]? = nil
    ) -> Result<CommandOutcome, CommandRefusal>? {
        var changes: [Change] = []
        var inserted: [String: [MuseumPiece.Cell]] = [:]
        var order: [String] = []
        for (index, cell) in cells.enumerated() {
            let (row, column) = MuseumNames.split(cell.name)
            guard let rowID = rows[row], image.contains(row: rowID) else {
                if inserted[row] == nil { order.append(row) }
                inserted[row, default: []].append(cell)
                continue
            }
            guard let columnID = columns[column] else { continue }
            let base = bases?[index].map { Revision(UInt64($0 + offset)) }
            changes.append(
                .setCell(row: rowID, column: columnID, value: cell.value.flatMap { CellValue(text: $0) }, ifRevision: base))
        }
        let gone = rowsRemoved(by: cells)
        if !gone.isEmpty { changes = [.deleteRows(sheet: SheetID(1), rows: gone)] }
        for row in order { changes.append(insertion(of: inserted[row] ?? [])) }
        guard !changes.isEmpty else { return nil }
        let result = submit(changes, cells, cause: cause, intent: intent)
        if case .success(let outcome) = result {
            var new = order[...]
            for case .rows(let first, _) in outcome.results {
                if let name = new.popFirst() { rows[name] = first }
            }
        }
        return result
    }

    private func rowsRemoved(by cells: [MuseumPiece.Cell]) -> [RowID] {
        let removed = Set(cells.filter { $0.value == nil }.map { MuseumNames.row($0.name) })
        return removed.sorted().compactMap { row in
            guard let id = rows[row], image.contains(row: id) else { return nil }
            let left = columns.keys.filter { column in
                let name = MuseumNames.cell(row: row, column: column)
                return !cells.contains { $0.name == name && $0.value == nil } && value(of: name, in: image) != nil
            }
            return left.isEmpty ? id : nil
        }
    }

    private func insertion(of cells: [MuseumPiece.Cell]) -> Change {
        let known = cells.compactMap { cell in columns[MuseumNames.split(cell.name).column].map { ($0, cell.value) } }
        var block = RowsBlock(columns: known.map(\.0))
        block.append(known.map { $0.1.flatMap { CellValue(text: $0) } })
        return .insertRows(sheet: SheetID(1), position: .last, rows: block)
    }

    @discardableResult
    private mutating func submit(
        _ changes: [Change], _ cells: [MuseumPiece.Cell], cause: Cause, intent: Int64?
    ) -> Result<CommandOutcome, CommandRefusal>? {
        intents += 1
        let id = IntentID(high: 0x6D75_7365_756D, low: intent.map { UInt64($0) } ?? intents)
        let command = Command(intent: id, cause: cause, changes: changes)
        submissions += 1
        let submission = PipelineSubmission(
            id: PipelineSubmission.ID(submissions), intent: id, writer: WriterID(cause), changes: changes.count,
            structural: command.isStructural, isUrgent: true)
        commands[submission.id] = command
        let before = revision
        handle(.submitted(submission))
        let result = answers.removeValue(forKey: id)
        if revision > before, case .success(let outcome) = result { note(outcome, cells, before, intent) }
        return result
    }

    /// What became durable, for the record; then what the stream says of it.
    private mutating func note(_ outcome: CommandOutcome, _ cells: [MuseumPiece.Cell], _ before: Int64, _ intent: Int64?) {
        let isKept = outcome.results.contains { $0 == .keptAsSuggestion || $0 == .inputsChanged }
        let changed = isKept ? [] : cells
        for cell in changed {
            versions[cell.name] = revision
            // A value that rests on another was compared with it in the commit: it is never computed from an older one.
            events.append(
                .committed(revision: revision, cell: cell.name, value: cell.value, intent: intent, base: nil))
        }
        pasts[revision] = (image, versions)
        guard announced == image.revision else { return }
        let signal = MuseumSignal(
            position: revision, revision: revision, cells: changed,
            order: touched.structure || touched.sheets.contains(where: \.order))
        stream.append(signal)
        events.append(.emitted(signal))
    }
}

// MARK: - The pipeline

extension TruelineServer {
    private mutating func handle(_ event: PipelineEvent) {
        clock += .milliseconds(1)
        core.handle(event, at: clock)
        var effects: [PipelineEffect] = []
        while let effect = core.nextEffect() { effects.append(effect) }
        for effect in effects {
            switch effect {
            case .commit(let ids): commit(ids)
            case .fold: handle(.foldDone(.nothing))
            case .checkpoint: handle(.checkpointDone(nil))
            case .emit(let revision): announced = revision
            case .acknowledge, .refuse, .setTimer, .suspendWriter, .resumeWriter, .stop: break
            }
        }
    }

    /// S5, then planning, then the log, then the image: as `LiveGrid` does.
    private mutating func commit(_ ids: [PipelineSubmission.ID]) {
        do {
            var fresh: [(id: PipelineSubmission.ID, command: Command)] = []
            for id in ids {
                guard let command = commands.removeValue(forKey: id) else { continue }
                if let recorded = try store.outcome(of: command.intent) {
                    let results = try OutcomeCodec.decode(recorded.bytes)
                    answers[command.intent] = .success(CommandOutcome(revision: recorded.revision, results: results))
                } else {
                    fresh.append((id, command))
                }
            }
            guard !fresh.isEmpty else { return handle(.committed(PipelineCommit(revision: nil))) }
            try commit(fresh)
        } catch {
            preconditionFailure("the store in memory failed: \(error)")
        }
    }

    private mutating func commit(_ fresh: [(id: PipelineSubmission.ID, command: Command)]) throws {
        let plan = plan(fresh.map(\.command))
        var commit = PipelineCommit(revision: nil)
        var outcomes: [RecordedOutcome] = []
        for (submitted, result) in zip(fresh, plan.results) {
            switch result {
            case .success(let results):
                answers[submitted.command.intent] = .success(CommandOutcome(revision: plan.revision, results: results))
                outcomes.append(
                    RecordedOutcome(
                        intent: submitted.command.intent, revision: plan.revision, bytes: OutcomeCodec.encode(results)))
            case .failure(let refusal):
                answers[submitted.command.intent] = .failure(refusal)
                commit.refused.insert(submitted.id)
            }
        }
        if !plan.isEmpty {
            let record = LogRecord(revision: plan.revision, structural: plan.structural, bytes: plan.record)
            try store.append(LogEntry(record: record, outcomes: outcomes))
            touched = try image.apply(record: plan.record, revision: plan.revision)
            commit.revision = plan.revision
            commit.changes = plan.changeCount
        }
        handle(.committed(commit))
    }

    private func plan(_ commands: [Command]) -> BatchPlan {
        image.plan(commands, time: 0) { row, column, after in
            try? image.valueChanges(row: row, column: column, after: after) { try store.record($0)?.bytes }
        }
    }
}
