public import Ordering

/// One thing a command does to a grid. A command's changes happen in order, all or none.
public enum Change: Hashable, Sendable {
    /// Sets or (with `nil`) empties one cell. With `ifRevision`, only if the cell has not changed after that revision.
    case setCell(row: RowID, column: ColumnID, value: CellValue?, ifRevision: Revision?)
    /// A model's answer for one cell, computed from what was committed at `base` (S6). Committed only if neither the inputs
    /// nor the target changed after `base` by another cause. Target changed: kept as a suggestion in the cell's history. `type` is
    /// what the column held when the model was asked, `nil` for any. The whole table is in Docs/specifications/enrichment.md.
    case answerCell(
        row: RowID, column: ColumnID, value: CellValue?, base: Revision, inputs: [ColumnID], type: ColumnType? = nil)
    /// Sets or (with `nil`) clears a cell's lasting state, beside its value.
    case markCell(row: RowID, column: ColumnID, mark: CellMark?)
    /// Gives a cell back the value it had before a run answered it; nothing when somebody changed it since.
    case takeBack(row: RowID, column: ColumnID, run: RunID)
    /// Remembers a step of an agent's run. In one command with the cells it writes, both happen or neither.
    case noteRun(RunID, RunFact)
    /// Inserts rows, empty or with values.
    case insertRows(sheet: SheetID, position: Position<RowID>, rows: RowsBlock)
    case deleteRows(sheet: SheetID, rows: [RowID])
    /// Moves rows, which keep the order they are named in, to one place.
    case moveRows(sheet: SheetID, rows: [RowID], position: Position<RowID>)

    /// Stores rows that nobody sees yet: what an import does, batch by batch, before `publishRows` shows them in one revision.
    case stageRows(sheet: SheetID, rows: RowsBlock)
    /// Puts staged rows, `first` and the `count - 1` numbers after it, into the sheet.
    case publishRows(sheet: SheetID, first: RowID, count: UInt32, position: Position<RowID>)
    /// Forgets staged rows of an import that was cancelled or broke off.
    case discardRows(sheet: SheetID, first: RowID, count: UInt32)

    case addColumn(
        sheet: SheetID, name: String, type: ColumnType, width: UInt16?, agent: AgentSettings?, position: Position<ColumnID>)
    case renameColumn(column: ColumnID, name: String)
    case retypeColumn(column: ColumnID, type: ColumnType)
    case resizeColumn(column: ColumnID, width: UInt16?)
    case setColumnAgent(column: ColumnID, agent: AgentSettings?)
    case moveColumn(column: ColumnID, position: Position<ColumnID>)
    case deleteColumn(column: ColumnID)

    case addSheet(name: String)
    case renameSheet(sheet: SheetID, name: String)
    case deleteSheet(sheet: SheetID)
    case addView(sheet: SheetID, name: String, definition: ViewDefinition)
    case changeView(view: ViewID, name: String, definition: ViewDefinition)
    case deleteView(view: ViewID)
    case renameGrid(name: String)
}

/// Where something is put among its like.
public enum Position<ID: Hashable & Sendable>: Hashable, Sendable {
    case first
    case last
    case before(ID)
    case after(ID)
}

/// A cell's lasting state, shown beside its value and never instead of it. `queued` and `running` belong to a run in
/// progress and are not stored.
public enum CellMark: Hashable, Sendable {
    /// An input changed after this value was computed.
    case stale
    /// The agent gave up, and why.
    case failed(reason: String)
    /// The agent's condition was not met.
    case skipped(reason: String)
}

/// The cells of several rows in one buffer: no allocation a cell. Cells lie row by row; an empty cell has no bytes.
public struct RowsBlock: Hashable, Sendable {
    public private(set) var columns: [ColumnID]
    public private(set) var rowCount: Int
    /// The cells' JSON, one after the other.
    public private(set) var bytes: [UInt8]
    /// Where each cell ends in `bytes`: `rowCount * columns.count` entries.
    public private(set) var ends: [UInt32]

    public init(columns: [ColumnID] = []) {
        self.columns = columns
        rowCount = 0
        bytes = []
        ends = []
    }

    /// Rows without cells.
    public init(emptyRows: Int) {
        self.init()
        rowCount = emptyRows
    }

    /// Takes over whole rows whose cells' JSON the caller has checked.
    public init(columns: [ColumnID], rowCount: Int, checkedBytes: [UInt8], ends: [UInt32]) {
        precondition(ends.count == rowCount * columns.count, "\(ends.count) cells in \(rowCount) rows of \(columns.count)")
        self.columns = columns
        self.rowCount = rowCount
        self.bytes = checkedBytes
        self.ends = ends
    }

    /// Appends a row; `cells` has one entry a column.
    public mutating func append(_ cells: [CellValue?]) {
        precondition(cells.count == columns.count, "a row of \(cells.count) cells in a block of \(columns.count) columns")
        for cell in cells {
            if let cell { bytes.append(contentsOf: cell.json.utf8) }
            ends.append(UInt32(bytes.count))
        }
        rowCount += 1
    }

    /// Appends one cell's JSON, already checked; after `columns.count` of these call `endRow`.
    public mutating func appendCell(checkedJSON: some Sequence<UInt8>) {
        bytes.append(contentsOf: checkedJSON)
        ends.append(UInt32(bytes.count))
    }

    public mutating func endRow() {
        rowCount += 1
        precondition(ends.count == rowCount * columns.count, "a row ended with \(ends.count) cells at row \(rowCount)")
    }

    /// The JSON of a cell; empty for an empty cell.
    public func cell(row: Int, column: Int) -> ArraySlice<UInt8> {
        let index = row * columns.count + column
        return bytes[(index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])]
    }
}
