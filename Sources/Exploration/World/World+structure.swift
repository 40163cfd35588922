import ChangePipeline
import GridModel

// Columns, sheets and imports: what people and programs change beside cells and rows.
extension World {
    mutating func restructure(_ step: Step) {
        let sheet = Int(step.a) % Truth.sheets
        let columns = oracles.truth.newest.structure.sheets[sheet].columns
        let column = columns[Int(step.b) % columns.count].id
        switch step.kind {
        case .addColumn:
            guard columnsAsked < Truth.stride - Int(Truth.firstAdded) else { return }
            columnsAsked += 1
            let position: Position<ColumnID> = step.b % 2 == 0 ? .after(column) : .last
            let change = Change.addColumn(
                sheet: SheetID(UInt32(sheet + 1)), name: newName(), type: .number, width: nil, agent: nil, position: position)
            send(.person, [change])
        case .renameColumn: send(.person, [.renameColumn(column: column, name: newName())])
        case .retypeColumn:
            // What views sort by keeps its type, and so does what the agent fills: `Truth` sorts numbers, and S6's oracle knows values only.
            let free = columns.filter { $0.id != Self.answered && $0.id.rawValue != Truth.named(sheet).lowerBound + 1 }
            guard let column = free.indices.contains(Int(step.b) % 4) ? free[Int(step.b) % 4] : free.first else { return }
            send(.person, [.retypeColumn(column: column.id, type: column.type == .number ? .json : .number)])
        case .moveColumn:
            let other = columns[Int(step.b / 16) % columns.count].id
            send(.person, [.moveColumn(column: column, position: other == column ? .first : .before(other))])
        default:
            guard let added = columns.last(where: { $0.id.rawValue >= Truth.firstAdded }) else { return }
            send(.person, [.deleteColumn(column: added.id)])
        }
    }

    mutating func rearrange(_ step: Step) {
        let sheets = oracles.truth.newest.structure.sheets
        switch step.kind {
        case .addSheet: if sheets.count < Truth.sheets + 3 { send(.person, [.addSheet(name: newName())]) }
        case .renameSheet: send(.person, [.renameSheet(sheet: sheets[Int(step.b) % sheets.count].id, name: newName())])
        default:
            guard sheets.count > Truth.sheets, let last = sheets.last else { return }
            send(.person, [.deleteSheet(sheet: last.id)])
        }
    }

    /// A name that nothing else has.
    private mutating func newName() -> String { "n\(newToken(0))" }

    // MARK: Imports

    /// Stores rows that nobody sees yet.
    mutating func importRows(_ step: Step) {
        let sheet = Int(step.a) % Truth.sheets
        guard oracles.truth.newest.orders[sheet].count < 22 else { return }
        var block = RowsBlock(columns: Truth.named(sheet).prefix(2).map { ColumnID($0) })
        for number in 0...step.b % 5 {
            block.append([Token.value(newToken(step.b &+ number)), Token.value(newToken(step.a &+ number))])
        }
        let id = SheetID(UInt32(sheet + 1))
        let command = note(
            .staged(sheet: id, step.b / 8), Cause(kind: .importer), [.stageRows(sheet: id, rows: block)])
        changes.append(ChangeMessage(command: command))
    }

    /// They are stored: now they are shown, all at once, or thrown away.
    mutating func staged(_ outcome: CommandOutcome, in sheet: SheetID, _ number: UInt32) {
        guard case .rows(let first, let count)? = outcome.results.first else { return }
        let order = oracles.truth.newest.orders[Int(sheet.rawValue) - 1]
        let next: Change =
            if number % 4 == 0 {
                .discardRows(sheet: sheet, first: first, count: count)
            } else {
                .publishRows(
                    sheet: sheet, first: first, count: count,
                    position: order.isEmpty ? .first : .before(RowID(order[Int(number) % order.count])))
            }
        send(Cause(kind: .importer), [next])
    }
}
