import GridModel
import Ordering

/// The grid as plainly as it can be said: arrays and dictionaries, every change by hand. The image must equal it.
struct NaiveGrid: Equatable {
    struct NaiveSheet: Equatable {
        var sheet: Sheet
        var rows: [RowID] = []
        var staged: Set<RowID> = []
    }

    var name = ""
    var sheets = [NaiveSheet(sheet: Sheet(id: SheetID(1), name: "Sheet 1"))]
    var cells: [RowID: [ColumnID: CellValue]] = [:]
    var marks: [RowID: [ColumnID: CellMark]] = [:]

    func index(_ id: SheetID) -> Int? { sheets.firstIndex { $0.sheet.id == id } }

    func owner(_ column: ColumnID) -> Int? { sheets.firstIndex { $0.sheet.columns.contains { $0.id == column } } }

    mutating func update(_ column: ColumnID, _ body: (inout Column) -> Void) {
        guard let sheet = owner(column), let at = sheets[sheet].sheet.columns.firstIndex(where: { $0.id == column }) else {
            return
        }
        body(&sheets[sheet].sheet.columns[at])
    }

    static func place<ID>(_ position: Position<ID>, in ids: [ID]) -> Int {
        switch position {
        case .first: 0
        case .last: ids.count
        case .before(let id): ids.firstIndex(of: id) ?? 0
        case .after(let id): (ids.firstIndex(of: id) ?? 0) + 1
        }
    }

    /// Sets a value and what follows from it.
    mutating func set(_ row: RowID, _ column: ColumnID, _ value: CellValue?) {
        let old = cells[row]?[column]
        cells[row, default: [:]][column] = value
        marks[row]?[column] = nil
        guard old != value, let sheet = owner(column),
            let name = sheets[sheet].sheet.columns.first(where: { $0.id == column })?.name
        else { return }
        for agent in sheets[sheet].sheet.columns where agent.id != column {
            guard let prompt = agent.agent?.prompt, prompt.contains("{{\(name)}}"), cells[row]?[agent.id] != nil else {
                continue
            }
            marks[row, default: [:]][agent.id] = .stale
        }
    }

    mutating func apply(_ change: Change, _ result: ChangeResult) {
        switch change {
        case .setCell(let row, let column, let value, _): set(row, column, value)
        case .answerCell(let row, let column, let value, _, _, _): if result == .done { set(row, column, value) }
        case .markCell(let row, let column, let mark): marks[row, default: [:]][column] = mark
        case .takeBack, .noteRun: break  // RunLedgerTests
        case .insertRows, .stageRows, .deleteRows, .moveRows, .publishRows, .discardRows: applyRows(change, result)
        case .addColumn, .renameColumn, .retypeColumn, .resizeColumn, .setColumnAgent, .moveColumn, .deleteColumn:
            applyColumns(change, result)
        case .addSheet, .renameSheet, .deleteSheet, .addView, .changeView, .deleteView, .renameGrid:
            applySheets(change, result)
        }
    }

    private mutating func store(_ rows: RowsBlock, _ result: ChangeResult) -> [RowID] {
        guard case .rows(let first, _) = result else { return [] }
        let ids = (0..<rows.rowCount).map { RowID(first.rawValue + UInt32($0)) }
        for (row, id) in ids.enumerated() {
            for (index, column) in rows.columns.enumerated() {
                let cell = rows.cell(row: row, column: index)
                if !cell.isEmpty {
                    cells[id, default: [:]][column] = CellValue(checkedJSON: String(decoding: cell, as: UTF8.self))
                }
            }
        }
        return ids
    }

    private mutating func applyRows(_ change: Change, _ result: ChangeResult) {
        switch change {
        case .insertRows(let sheet, let position, let rows):
            guard let at = index(sheet) else { return }
            let ids = store(rows, result)
            sheets[at].rows.insert(contentsOf: ids, at: Self.place(position, in: sheets[at].rows))
        case .stageRows(let sheet, let rows):
            guard let at = index(sheet) else { return }
            sheets[at].staged.formUnion(store(rows, result))
        case .publishRows(let sheet, let first, let count, let position):
            guard let at = index(sheet) else { return }
            let ids = (0..<count).map { RowID(first.rawValue + $0) }
            sheets[at].staged.subtract(ids)
            sheets[at].rows.insert(contentsOf: ids, at: Self.place(position, in: sheets[at].rows))
        case .discardRows(let sheet, let first, let count):
            guard let at = index(sheet) else { return }
            for number in 0..<count {
                let id = RowID(first.rawValue + number)
                sheets[at].staged.remove(id)
                cells[id] = nil
            }
        case .deleteRows(let sheet, let rows):
            guard let at = index(sheet) else { return }
            sheets[at].rows.removeAll { rows.contains($0) }
            for row in rows {
                cells[row] = nil
                marks[row] = nil
            }
        case .moveRows(let sheet, let rows, let position):
            guard let at = index(sheet) else { return }
            sheets[at].rows.removeAll { rows.contains($0) }
            sheets[at].rows.insert(contentsOf: rows, at: Self.place(position, in: sheets[at].rows))
        default: break
        }
    }

    private mutating func applyColumns(_ change: Change, _ result: ChangeResult) {
        switch change {
        case .addColumn(let sheet, let name, let type, let width, let agent, let position):
            guard let at = index(sheet), case .column(let id) = result else { return }
            let place = Self.place(position, in: sheets[at].sheet.columns.map { $0.id })
            sheets[at].sheet.columns.insert(Column(id: id, name: name, type: type, width: width, agent: agent), at: place)
        case .renameColumn(let column, let name):
            guard let at = owner(column), let old = sheets[at].sheet.columns.first(where: { $0.id == column })?.name else {
                return
            }
            for other in sheets[at].sheet.columns where other.id != column {
                let prompt = Self.replace("{{\(old)}}", by: "{{\(name)}}", in: other.agent?.prompt ?? "")
                update(other.id) { $0.agent?.prompt = prompt }
            }
            update(column) { $0.name = name }
        case .retypeColumn(let column, let type): update(column) { $0.type = type }
        case .resizeColumn(let column, let width): update(column) { $0.width = width }
        case .setColumnAgent(let column, let agent):
            update(column) { old in
                guard var new = agent, let before = old.agent else { return old.agent = agent }
                let isSame = before.prompt == new.prompt && before.model == new.model && before.output == new.output
                new.version = isSame ? before.version : before.version + 1
                old.agent = new
            }
        case .moveColumn(let column, let position):
            guard let at = owner(column), let from = sheets[at].sheet.columns.firstIndex(where: { $0.id == column }) else {
                return
            }
            let moved = sheets[at].sheet.columns.remove(at: from)
            let place = Self.place(position, in: sheets[at].sheet.columns.map { $0.id })
            sheets[at].sheet.columns.insert(moved, at: place)
        case .deleteColumn(let column):
            guard let at = owner(column) else { return }
            sheets[at].sheet.columns.removeAll { $0.id == column }
            for view in sheets[at].sheet.views.indices {
                sheets[at].sheet.views[view].definition.filter.removeAll { $0.column == column }
                sheets[at].sheet.views[view].definition.sort.removeAll { $0.column == column }
            }
            for row in cells.keys { cells[row]?[column] = nil }
            for row in marks.keys { marks[row]?[column] = nil }
        default: break
        }
    }

    static func replace(_ part: String, by other: String, in text: String) -> String {
        var output = ""
        var rest = text[...]
        while !rest.isEmpty {
            if rest.hasPrefix(part) {
                output += other
                rest = rest.dropFirst(part.count)
            } else {
                output.append(rest.removeFirst())
            }
        }
        return output
    }

    private mutating func applySheets(_ change: Change, _ result: ChangeResult) {
        switch change {
        case .addSheet(let name):
            guard case .sheet(let id) = result else { return }
            sheets.append(NaiveSheet(sheet: Sheet(id: id, name: name)))
        case .renameSheet(let sheet, let name):
            if let at = index(sheet) { sheets[at].sheet.name = name }
        case .deleteSheet(let sheet):
            guard let at = index(sheet) else { return }
            for row in sheets[at].rows + sheets[at].staged {
                cells[row] = nil
                marks[row] = nil
            }
            sheets.remove(at: at)
        case .addView(let sheet, let name, let definition):
            guard let at = index(sheet), case .view(let id) = result else { return }
            sheets[at].sheet.views.append(SavedView(id: id, name: name, definition: definition))
        case .changeView(let view, let name, let definition):
            for at in sheets.indices {
                guard let place = sheets[at].sheet.views.firstIndex(where: { $0.id == view }) else { continue }
                sheets[at].sheet.views[place] = SavedView(id: view, name: name, definition: definition)
            }
        case .deleteView(let view):
            for at in sheets.indices { sheets[at].sheet.views.removeAll { $0.id == view } }
        case .renameGrid(let name): self.name = name
        default: break
        }
    }
}
