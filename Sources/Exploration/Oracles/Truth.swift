import GridModel
import Ordering

/// What was committed, told from what was asked and in what order the log has it: a second, naive reading of the grid that knows no
/// records, slabs or caches. Every revision is kept whole, as plain arrays.
struct Truth: Sendable {
    /// Columns of each sheet at the beginning. Sheet 0 has columns 1 to 3, sheet 1 has 4 to 6; the second of a sheet is what views sort by.
    static let columns = 3
    static let sheets = 2
    /// Cells of a row in the arrays: one more than the highest number of a column. 0 is never used, and those from `firstAdded` on are of
    /// columns that come and go.
    static let stride = 12
    static let firstAdded = UInt32(columns * sheets + 1)
    /// Ways to look at a sheet: as it is; sorted; filtered and sorted the other way.
    static let views = 3

    /// The grid at one revision.
    struct State: Sendable {
        /// The rows of each sheet, in order.
        var orders: [[UInt32]] = [[], []]
        /// A new grid has one sheet without columns.
        var structure = Structure([Sheet(id: SheetID(1), name: "Sheet 1")])
        /// By row and column number; 0 is the empty cell.
        var values: [UInt32] = []
        /// When each cell last changed.
        var changed: [UInt32] = []
        /// When somebody other than an agent last changed each cell.
        var changedByHand: [UInt32] = []
        /// By cell: the run whose answers it holds, and what it held before them.
        var answers: [Int: (run: RunID, before: UInt32)] = [:]

        /// Whether a cell still holds what a run wrote, so that an undo of the run gives back what it held before.
        func givesBack(_ row: UInt32, _ column: UInt32, _ run: RunID) -> Bool {
            answers[Truth.cell(row, column)]?.run == run && sheet(of: row) != nil
        }

        func sheet(of row: UInt32) -> Int? { orders.firstIndex { $0.contains(row) } }

        func changedByHand(_ row: UInt32, _ column: UInt32) -> UInt32 {
            let cell = Truth.cell(row, column)
            return cell < changedByHand.count ? changedByHand[cell] : 0
        }
    }

    /// By revision, from 0.
    private(set) var states: [State] = [State()]
    /// Each revision's intents, in the order of the log.
    private(set) var intents: [[IntentID]] = [[]]
    private var seen: [[UInt32]?] = []

    var revision: UInt32 { UInt32(states.count - 1) }
    var newest: State { states[states.count - 1] }

    /// The columns of a sheet that were there from the beginning.
    static func named(_ sheet: Int) -> Range<UInt32> { UInt32(sheet * columns + 1)..<UInt32((sheet + 1) * columns + 1) }

    static func cell(_ row: UInt32, _ column: UInt32) -> Int { Int(row) * stride + Int(column) }

    func value(_ row: UInt32, _ column: UInt32, at revision: UInt32) -> UInt32 {
        let index = Self.cell(row, column)
        let values = states[Int(revision)].values
        return index < values.count ? values[index] : 0
    }

    /// Takes back the revisions after one: power was lost, and they with it.
    mutating func truncate(to revision: UInt32) {
        states.removeLast(states.count - Int(revision) - 1)
        intents.removeLast(intents.count - Int(revision) - 1)
        seen = Array(seen.prefix(states.count * Self.sheets * Self.views))
    }

    /// Takes in a commit. `judge` sees the state as each change of it found it.
    mutating func append(
        _ commands: [(Command, [ChangeResult])], judge: (State, Command, Change, ChangeResult) throws(Violation) -> Void
    ) throws(Violation) {
        var next = states[states.count - 1]
        let revision = UInt32(states.count)
        for (command, results) in commands {
            for (change, result) in zip(command.changes, results) {
                try judge(next, command, change, result)
                next.take(change, result, at: revision, by: command.cause)
            }
        }
        states.append(next)
        intents.append(commands.map { $0.0.intent })
    }

    /// The rows of a view, in order. Kept after the first time.
    mutating func rows(sheet: Int, view: Int, at revision: UInt32) -> [UInt32] {
        let key = (Int(revision) * Self.sheets + sheet) * Self.views + view
        if key < seen.count, let rows = seen[key] { return rows }
        while seen.count <= key { seen.append(nil) }
        let rows = states[Int(revision)].rows(sheet: sheet, view: view)
        seen[key] = rows
        return rows
    }
}

extension Truth.State {
    fileprivate func rows(sheet: Int, view: Int) -> [UInt32] {
        let order = orders[sheet]
        guard view > 0 else { return order }
        let column = UInt32(sheet * Truth.columns + 2)
        let keyed = order.enumerated().map { (place: $0.offset, row: $0.element, key: values[Truth.cell($0.element, column)]) }
        if view == 1 {
            return keyed.sorted { a, b in
                // The empty cells are last.
                if (a.key == 0) != (b.key == 0) { return b.key == 0 }
                return (a.key, a.place) < (b.key, b.place)
            }.map(\.row)
        }
        return keyed.filter { $0.key != 0 }.sorted { a, b in a.key == b.key ? a.place < b.place : a.key > b.key }.map(\.row)
    }

    fileprivate mutating func take(_ change: Change, _ result: ChangeResult, at revision: UInt32, by cause: Cause) {
        let byHand = cause.kind != .agent
        switch (change, result) {
        case (.setCell(let row, let column, let value, _), .done):
            set(row.rawValue, column.rawValue, Token.of(value), revision, byHand)
        case (.answerCell(let row, let column, let value, _, _, _), .done):
            if let run = cause.run { note(row.rawValue, column.rawValue, Token.of(value), of: run) }
            set(row.rawValue, column.rawValue, Token.of(value), revision, byHand)
        case (.takeBack(let row, let column, _), .done):
            let cell = Truth.cell(row.rawValue, column.rawValue)
            guard let before = answers[cell]?.before else { return }
            set(row.rawValue, column.rawValue, before, revision, byHand)
        case (.insertRows(let sheet, let position, let block), .rows(let first, let count)):
            insert(Int(sheet.rawValue) - 1, position, block, first.rawValue, count, revision)
        case (.deleteRows(let sheet, let rows), .done):
            orders[Int(sheet.rawValue) - 1].removeAll { row in rows.contains { $0.rawValue == row } }
        case (.moveRows(let sheet, let rows, let position), .done):
            let index = Int(sheet.rawValue) - 1
            let moved = rows.map(\.rawValue)
            orders[index].removeAll { moved.contains($0) }
            orders[index].insert(contentsOf: moved, at: place(position, in: orders[index]))
        case (.stageRows(_, let block), .rows(let first, let count)): fill(block, first.rawValue, count, revision)
        case (.publishRows(let sheet, _, _, let position), .rows(let first, let count)):
            let index = Int(sheet.rawValue) - 1
            let rows = first.rawValue..<first.rawValue + count
            orders[index].insert(contentsOf: rows, at: place(position, in: orders[index]))
        default: if let next = structure.after(change, result) { structure = next }
        }
    }

    /// A run answers a cell: what it held before the run's first answer is what an undo gives back.
    private mutating func note(_ row: UInt32, _ column: UInt32, _ value: UInt32, of run: RunID) {
        let cell = Truth.cell(row, column)
        grow(to: cell)
        guard values[cell] != value, answers[cell]?.run != run else { return }
        answers[cell] = (run, values[cell])
    }

    private mutating func set(_ row: UInt32, _ column: UInt32, _ value: UInt32, _ revision: UInt32, _ byHand: Bool) {
        let cell = Truth.cell(row, column)
        grow(to: cell)
        guard values[cell] != value else { return }
        values[cell] = value
        changed[cell] = revision
        if byHand {
            changedByHand[cell] = revision
            if !answers.isEmpty { answers[cell] = nil }
        }
    }

    private mutating func grow(to cell: Int) {
        guard cell >= values.count else { return }
        let more = (cell / Truth.stride + 8) * Truth.stride - values.count
        values.append(contentsOf: repeatElement(0, count: more))
        changed.append(contentsOf: repeatElement(0, count: more))
        changedByHand.append(contentsOf: repeatElement(0, count: more))
    }

    private mutating func insert(
        _ sheet: Int, _ position: Position<RowID>, _ block: RowsBlock, _ first: UInt32, _ count: UInt32, _ revision: UInt32
    ) {
        orders[sheet].insert(contentsOf: first..<first + count, at: place(position, in: orders[sheet]))
        fill(block, first, count, revision)
    }

    private mutating func fill(_ block: RowsBlock, _ first: UInt32, _ count: UInt32, _ revision: UInt32) {
        grow(to: Truth.cell(first + count, 0))
        for row in 0..<Int(count) {
            for (index, column) in block.columns.enumerated() {
                set(first + UInt32(row), column.rawValue, Token.of(json: block.cell(row: row, column: index)), revision, true)
            }
        }
    }

    private func place(_ position: Position<RowID>, in order: [UInt32]) -> Int {
        switch position {
        case .first: 0
        case .last: order.count
        case .before(let row): order.firstIndex(of: row.rawValue) ?? order.count
        case .after(let row): order.firstIndex(of: row.rawValue).map { $0 + 1 } ?? order.count
        }
    }
}

/// A cell's value as one number. Every value that is ever written in a simulated world is a whole number that comes once, so a painted
/// cell says by itself which write it shows.
enum Token {
    /// No number that was ever written.
    static let unknown = UInt32.max

    static func of(_ value: CellValue?) -> UInt32 { value.map { of(json: $0.json.utf8) } ?? 0 }

    static func of(json: some Sequence<UInt8>) -> UInt32 {
        var number: UInt64 = 0
        for byte in json {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), number < 1 << 32 else { return unknown }
            number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        return UInt32(exactly: number) ?? unknown
    }

    static func value(_ token: UInt32) -> CellValue { CellValue(checkedJSON: String(token)) }
}
