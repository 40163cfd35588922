import GridImage
import GridModel
import Ordering

/// Finds what people filled in an agent's column by hand: the best there is to show a model. Chosen once, when a run is planned.
struct ExampleFinder {
    /// Cells whose history is read, the rows that changed last first, until the newest edits are found. Beyond these an edit is not found, but
    /// for those that earlier runs had as examples: each history is a record of the log that is opened, 10,000 of them take a third of a second, a million half a minute.
    static let candidates = 10_000
    /// Histories that are read between two looks at what there is.
    static let batch = 400

    var plan: RunPlan

    /// A cell that a person wrote last, and that can be shown.
    private struct Edit {
        var revision: Revision
        var example: RunOrder.Example

        var bytes: Int { example.values.reduce(example.answer.json.utf8.count) { $0 + $1.utf8.count } }
    }

    /// A filled cell, and when something of its row last changed: its own last change is no later.
    private struct Candidate {
        var row: RowID
        var touched: Revision
    }

    /// The newest edits of the column whose inputs have not changed since, at most so many and so long as `RunOrder` allows.
    func examples() async -> [RunOrder.Example] {
        guard plan.order.agent.usesExamples, !plan.provider.isDemo, !plan.template.inputs.isEmpty else { return [] }
        let snapshot = plan.grid.snapshotForRun()
        guard let column = snapshot.sheet(plan.order.sheet)?.columns.first(where: { $0.id == plan.order.column }) else {
            return []
        }
        let type = plan.order.agent.output ?? AnswerType(column.type)
        let candidates = candidates(in: snapshot)
        var found = await edits(in: earlier(in: snapshot, besides: candidates), type, snapshot)
        for start in stride(from: 0, to: candidates.count, by: Self.batch) {
            let end = min(start + Self.batch, candidates.count)
            found += await edits(in: candidates[start..<end].map(\.row), type, snapshot)
            guard end < candidates.count else { break }
            // What comes later in the list was not edited after this.
            let chosen = Self.chosen(of: found.filter { $0.revision >= candidates[end].touched })
            if chosen.count == RunOrder.examplesMost { return chosen }
        }
        return Self.chosen(of: found)
    }

    /// The newest that fit together.
    private static func chosen(of edits: [Edit]) -> [RunOrder.Example] {
        var bytes = 0
        var chosen: [RunOrder.Example] = []
        for edit in edits.sorted(by: { ($1.revision, $0.example.row) < ($0.revision, $1.example.row) })
        where edit.bytes <= RunOrder.exampleBytes && bytes + edit.bytes <= RunOrder.examplesBytes {
            guard chosen.count < RunOrder.examplesMost else { break }
            bytes += edit.bytes
            chosen.append(edit.example)
        }
        return chosen
    }

    /// The filled cells whose rows changed last, the newest first.
    private func candidates(in snapshot: any RunSnapshot) -> [Candidate] {
        let column = plan.order.column
        let filled = snapshot.rows(of: plan.order.sheet, view: ViewDefinition(), most: Limits.rowsPerSheet) {
            snapshot.value(row: $0, column: column) != nil && snapshot.mark(row: $0, column: column) == nil
        }
        return Array(
            filled.map { Candidate(row: $0, touched: snapshot.lastTouched(row: $0, column: column)) }
                .sorted { ($1.touched, $0.row) < ($0.touched, $1.row) }
                .prefix(Self.candidates))
    }

    /// Rows that earlier runs of the column had as examples.
    private func earlier(in snapshot: any RunSnapshot, besides candidates: [Candidate]) -> [RowID] {
        let runs = snapshot.ledger.runs.values.filter { $0.order.column == plan.order.column }
        return Set(runs.flatMap { $0.order.examples.map(\.row) }).subtracting(candidates.map(\.row))
            .filter { snapshot.contains(row: $0) }.sorted()
    }

    /// Those of the cells that a person wrote last, and that can be shown.
    private func edits(in rows: [RowID], _ type: AnswerType, _ snapshot: any RunSnapshot) async -> [Edit] {
        let changes = await plan.grid.lastChanges(rows.map { CellPlace(row: $0, column: plan.order.column) })
        var edits: [Edit] = []
        for (row, change) in zip(rows, changes) {
            guard let change, change.isEdit, let example = example(row, type, in: snapshot),
                await isCurrent(row, since: change.revision)
            else { continue }
            edits.append(Edit(revision: change.revision, example: example))
        }
        return edits
    }

    /// A row as an example; `nil` when its inputs are empty, or its value is not what the agent is asked for.
    private func example(_ row: RowID, _ type: AnswerType, in snapshot: any RunSnapshot) -> RunOrder.Example? {
        let values = plan.values(of: row, in: snapshot)
        guard !values.allSatisfy(\.isEmpty), let answer = snapshot.value(row: row, column: plan.order.column),
            (try? AnswerReader.value(of: answer.displayText, type: type)) == answer
        else { return nil }
        return RunOrder.Example(row: row, values: values, answer: answer)
    }

    /// Whether the row's inputs are still those that the person saw.
    private func isCurrent(_ row: RowID, since revision: Revision) async -> Bool {
        let inputs = plan.template.inputs.map { CellPlace(row: row, column: $0.column) }
        return await plan.grid.lastChanges(inputs).allSatisfy { $0.map { $0.revision <= revision } ?? true }
    }
}
