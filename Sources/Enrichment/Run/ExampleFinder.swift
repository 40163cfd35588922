import GridImage
import GridModel
import Ordering

/// Finds what people filled in an agent's column by hand: the best there is to show a model. Chosen once, when a run is planned.
struct ExampleFinder {
    /// Cells whose history is read: the rows that changed last, and those that earlier runs had as examples. An edit that is older than
    /// this many other changed rows is not found; 400 histories are read in some ten milliseconds.
    static let candidates = 400

    var plan: RunPlan

    /// The newest edits of the column whose inputs have not changed since, at most so many and so long as `RunOrder` allows.
    func examples() async -> [RunOrder.Example] {
        guard plan.order.agent.usesExamples, !plan.provider.isDemo, !plan.template.inputs.isEmpty else { return [] }
        let snapshot = plan.grid.snapshotForRun()
        guard let column = snapshot.sheet(plan.order.sheet)?.columns.first(where: { $0.id == plan.order.column }) else {
            return []
        }
        let type = plan.order.agent.output ?? AnswerType(column.type)
        var examples: [RunOrder.Example] = []
        var bytes = 0
        for edit in await edits(in: snapshot) {
            guard examples.count < RunOrder.examplesMost else { break }
            guard let example = example(edit.row, type, in: snapshot), await isCurrent(edit) else { continue }
            let size = example.values.reduce(example.answer.json.utf8.count) { $0 + $1.utf8.count }
            guard size <= RunOrder.exampleBytes, bytes + size <= RunOrder.examplesBytes else { continue }
            bytes += size
            examples.append(example)
        }
        return examples
    }

    private struct Edit {
        var row: RowID
        var revision: Revision
    }

    /// Cells that a person wrote last, the newest first.
    private func edits(in snapshot: any RunSnapshot) async -> [Edit] {
        let column = plan.order.column
        let filled = snapshot.rows(of: plan.order.sheet, view: ViewDefinition(), most: Limits.rowsPerSheet) {
            snapshot.value(row: $0, column: column) != nil && snapshot.mark(row: $0, column: column) == nil
        }
        let recent = filled.map { Edit(row: $0, revision: snapshot.lastTouched(row: $0, column: column)) }
            .sorted { ($1.revision, $0.row) < ($0.revision, $1.row) }
            .prefix(Self.candidates).map(\.row)
        let before = snapshot.ledger.runs.values.filter { $0.order.column == column }.flatMap { $0.order.examples.map(\.row) }
        var seen: Set<RowID> = []
        let rows = (recent + before.sorted()).filter { seen.insert($0).inserted && snapshot.contains(row: $0) }
        let changes = await plan.grid.lastChanges(rows.map { CellPlace(row: $0, column: column) })
        return zip(rows, changes)
            .compactMap { row, change in
                guard let change, change.isEdit else { return nil }
                return Edit(row: row, revision: change.revision)
            }
            .sorted { ($1.revision, $0.row) < ($0.revision, $1.row) }
    }

    /// A row as an example; `nil` when its inputs are empty, or its value is not what the agent is asked for.
    private func example(_ row: RowID, _ type: AnswerType, in snapshot: any RunSnapshot) -> RunOrder.Example? {
        let values = plan.template.inputs.map { snapshot.value(row: row, column: $0.column)?.displayText ?? "" }
        guard !values.allSatisfy(\.isEmpty), let answer = snapshot.value(row: row, column: plan.order.column),
            (try? AnswerReader.value(of: answer.displayText, type: type)) == answer
        else { return nil }
        return RunOrder.Example(row: row, values: values, answer: answer)
    }

    /// Whether the row's inputs are still those that the person saw.
    private func isCurrent(_ edit: Edit) async -> Bool {
        let inputs = plan.template.inputs.map { CellPlace(row: edit.row, column: $0.column) }
        return await plan.grid.lastChanges(inputs).allSatisfy { $0.map { $0.revision <= edit.revision } ?? true }
    }
}
