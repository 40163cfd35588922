import GridModel
import Ordering

/// Makes random changes that fit a grid, so that most are accepted.
struct RandomChanges {
    var chance: Seeded
    private var names = 0

    init(seed: UInt64) { chance = Seeded(seed) }

    mutating func value() -> CellValue? {
        switch chance.below(12) {
        case 0: return nil
        case 1: return json(String(chance.below(1_000)))
        case 2: return json("-\(chance.below(50)).\(chance.below(100))e\(chance.below(3))")
        case 3: return json(chance.chance(50) ? "true" : "false")
        case 4: return json("{\"k\":[\(chance.below(9)),null]}")
        case 5: return text(String(repeating: "long ", count: 10 + chance.below(60)))
        case 6: return text(["Äpfel", "äpfel", "ZEBRA", "zebra \"quoted\"", "tab\tin", "日本"][chance.below(6)])
        case 7: return text("20\(10 + chance.below(16))-0\(1 + chance.below(9))-1\(chance.below(9))")
        default:
            return text(
                ["amber", "Amber", "basalt", "cobalt", "fjord", "007"][chance.below(6)] + (chance.chance(30) ? " x" : ""))
        }
    }

    mutating func position<ID>(_ ids: [ID]) -> Position<ID> {
        guard !ids.isEmpty else { return chance.chance(50) ? .first : .last }
        switch chance.below(4) {
        case 0: return .first
        case 1: return .last
        case 2: return .before(chance.pick(ids))
        default: return .after(chance.pick(ids))
        }
    }

    mutating func name() -> String {
        names += 1
        return "name \(names)"
    }

    mutating func mark() -> CellMark? {
        [nil, .stale, .failed(reason: "no answer \(chance.below(5))"), .skipped(reason: "")][chance.below(4)]
    }

    mutating func block(_ sheet: Sheet, most: Int) -> RowsBlock {
        let columns = sheet.columns.map { $0.id }.filter { _ in chance.chance(70) }
        let count = 1 + chance.below(most)
        if columns.isEmpty { return RowsBlock(emptyRows: count) }
        var block = RowsBlock(columns: columns)
        for _ in 0..<count { block.append(columns.map { _ in value() }) }
        return block
    }

    mutating func definition(_ columns: [ColumnID]) -> ViewDefinition {
        guard !columns.isEmpty else { return ViewDefinition() }
        var definition = ViewDefinition(match: chance.chance(50) ? .all : .any)
        for _ in 0..<chance.below(3) {
            let operation = chance.pick(Filter.Operation.allCases)
            var values: [CellValue] = []
            let count =
                switch operation {
                case .isEmpty, .isNotEmpty, .isFailed, .isStale: 0
                case .oneOf: chance.below(4)
                default: 1
                }
            while values.count < count { if let value = value() { values.append(value) } }
            definition.filter.append(Filter(column: chance.pick(columns), operation: operation, values: values))
        }
        for _ in 0..<chance.below(3) {
            definition.sort.append(SortCriterion(column: chance.pick(columns), descending: chance.chance(50)))
        }
        return definition
    }

    /// A change of one cell; `nil` when the sheet has none.
    mutating func cellChange(_ sheet: NaiveGrid.NaiveSheet, revision: Revision) -> Change? {
        guard !sheet.rows.isEmpty, !sheet.sheet.columns.isEmpty else { return nil }
        let row = chance.pick(sheet.rows)
        let column = chance.pick(sheet.sheet.columns).id
        switch chance.below(10) {
        case 0: return .markCell(row: row, column: column, mark: mark())
        case 1:
            let base = Revision(revision.rawValue - UInt64(chance.below(Int(min(revision.rawValue, 4)) + 1)))
            let inputs = sheet.sheet.columns.map { $0.id }.filter { $0 != column && chance.chance(20) }
            return .answerCell(row: row, column: column, value: value(), base: base, inputs: inputs)
        default: return .setCell(row: row, column: column, value: value(), ifRevision: nil)
        }
    }

    mutating func structuralChange(_ grid: NaiveGrid) -> Change? {
        let sheet = chance.pick(grid.sheets)
        let id = sheet.sheet.id
        let columns = sheet.sheet.columns.map { $0.id }
        switch chance.below(30) {
        case 0..<6: return .insertRows(sheet: id, position: position(sheet.rows), rows: block(sheet.sheet, most: 40))
        case 6..<9:
            let rows = sheet.rows.filter { _ in chance.chance(10) }
            return .deleteRows(sheet: id, rows: rows.reversed())
        case 9..<12:
            let rows = sheet.rows.filter { _ in chance.chance(5) }
            let others = sheet.rows.filter { !rows.contains($0) }
            return .moveRows(sheet: id, rows: rows.reversed(), position: position(others))
        case 12: return .stageRows(sheet: id, rows: block(sheet.sheet, most: 10))
        case 13, 14:
            guard let first = sheet.staged.min() else { return nil }
            if chance.chance(30) { return .discardRows(sheet: id, first: first, count: 1) }
            return .publishRows(sheet: id, first: first, count: 1, position: position(sheet.rows))
        case 15..<18:
            guard columns.count < 70 else { return nil }
            var agent: AgentSettings?
            if let column = sheet.sheet.columns.first, chance.chance(30) {
                agent = AgentSettings(prompt: "about {{\(column.name)}}")
            }
            return .addColumn(
                sheet: id, name: name(), type: chance.pick(ColumnType.allCases), width: nil, agent: agent,
                position: position(columns))
        case 18: return columns.isEmpty ? nil : .renameColumn(column: chance.pick(columns), name: name())
        case 19:
            return columns.isEmpty ? nil : .retypeColumn(column: chance.pick(columns), type: chance.pick(ColumnType.allCases))
        case 20:
            guard let column = columns.last else { return nil }
            let outputs: [AnswerType?] = [nil, .text, .boolean, .oneOf(["a", "b"]), .json]
            var agent = AgentSettings(prompt: "of {{\(sheet.sheet.columns[0].name)}}", output: chance.pick(outputs))
            agent.usesExamples = chance.chance(50)
            return .setColumnAgent(column: column, agent: agent)
        case 21:
            guard columns.count > 1 else { return nil }
            let column = chance.pick(columns)
            return .moveColumn(column: column, position: position(columns.filter { $0 != column }))
        case 22: return columns.count < 3 || chance.chance(60) ? nil : .deleteColumn(column: chance.pick(columns))
        case 23: return grid.sheets.count < 4 ? .addSheet(name: name()) : nil
        case 24: return .renameSheet(sheet: id, name: name())
        case 25: return grid.sheets.count > 2 && chance.chance(30) ? .deleteSheet(sheet: id) : nil
        case 26: return .addView(sheet: id, name: name(), definition: definition(columns))
        case 27:
            guard let view = sheet.sheet.views.first else { return nil }
            return .changeView(view: view.id, name: name(), definition: definition(columns))
        case 28: return sheet.sheet.views.count < 2 ? nil : .deleteView(view: chance.pick(sheet.sheet.views).id)
        default: return .resizeColumn(column: columns.first ?? ColumnID(1), width: UInt16(chance.below(500)))
        }
    }

    /// The changes of some commands, as a plan takes them together.
    mutating func commands(_ grid: NaiveGrid, revision: Revision) -> [[Change]] {
        if chance.chance(35) {
            let change = structuralChange(grid)
            return [[change, chance.chance(20) ? cellChange(grid.sheets[0], revision: revision) : nil].compactMap { $0 }]
        }
        return (0..<(1 + chance.below(4))).map { _ in
            let sheet = chance.pick(grid.sheets)
            return (0..<(1 + chance.below(6))).compactMap { _ in cellChange(sheet, revision: revision) }
        }
    }
}
