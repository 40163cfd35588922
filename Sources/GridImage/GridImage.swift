package import GridModel
package import Ordering

/// A grid in memory: a pure function of its log. A value: a copy is a snapshot and costs nothing that grows with the grid; what
/// is changed afterwards is copied piece by piece.
///
/// `plan` says what commands would do, `apply` does what a record says: the same function at the commit and at replay.
package struct GridImage: Sendable {
    /// The last revision applied.
    package internal(set) var revision: Revision = .zero
    package internal(set) var name: String
    /// A hash over the log so far: equal for two images that applied the same records.
    package internal(set) var lineage: UInt64 = 0

    /// The sheets in the order shown.
    var states: [SheetState]
    /// Sheets that were deleted: their rows stay, so that older states can be told.
    var deletedStates: [SheetState] = []
    /// By column number.
    var places: [ColumnPlace] = [.none]
    /// For each column that prompts refer to, the agent columns whose prompts do.
    var dependents: [ColumnID: [ColumnID]] = [:]
    var nextRow: UInt32 = 1
    var nextSheet: UInt32 = 2
    var nextView: UInt32 = 1
    /// What is remembered of agents' runs.
    package internal(set) var ledger = RunLedger()
    var store = RowStore()
    /// The revision at which the last fold began.
    var foldBegun: Revision = .zero
    var recent = RecentChanges()
    let views = ViewCache()

    /// An empty grid with the sheet s1 "Sheet 1", at revision 0.
    package init(name: String) {
        self.name = name
        states = [SheetState(sheet: Sheet(id: SheetID(1), name: "Sheet 1"))]
    }

    // MARK: sheets and columns

    /// The sheets with their columns and saved views, in the order shown.
    package var sheets: [Sheet] { states.map { $0.sheet } }

    package func sheet(_ id: SheetID) -> Sheet? { state(id)?.sheet }

    /// The sheet of a column that is not deleted.
    package func sheetID(ofColumn column: ColumnID) -> SheetID? {
        place(column).map { SheetID($0.sheet) }
    }

    package func column(_ id: ColumnID) -> Column? {
        guard let place = place(id) else { return nil }
        return states[Int(place.stateIndex)].sheet.columns.first { $0.id == id }
    }

    /// Rows that an import stored and nobody sees yet: what is left of one that broke off.
    package func stagedRows(of sheet: SheetID) -> [StagedRows] { state(sheet)?.staged ?? [] }

    /// The number that the next new row gets.
    package var nextRowID: RowID { RowID(nextRow) }

    // MARK: rows

    package func rowCount(of sheet: SheetID) -> Int { state(sheet)?.order.count ?? 0 }

    package func contains(row: RowID) -> Bool { sheetID(ofRow: row) != nil }

    /// The sheet that shows a row. Grows with the number of sheets.
    package func sheetID(ofRow row: RowID) -> SheetID? {
        states.first { $0.order.contains(row.rawValue) }?.sheet.id
    }

    /// The place of a row in its sheet, counted from 0.
    package func rank(of row: RowID, in sheet: SheetID) -> Int? { state(sheet)?.order.rank(of: row.rawValue) }

    package func row(at rank: Int, in sheet: SheetID) -> RowID? {
        guard let order = state(sheet)?.order, rank >= 0, rank < order.count else { return nil }
        return RowID(order.row(at: rank))
    }

    // MARK: cells

    /// A cell's value; `nil` when it is empty, or its row or column is gone.
    package func value(row: RowID, column: ColumnID) -> CellValue? {
        withCell(row: row, column: column) { json in
            json.isEmpty ? nil : CellValue(checkedJSON: String(decoding: json, as: UTF8.self))
        } ?? nil
    }

    /// Calls `body` with a cell's JSON, empty for the empty cell, valid during the call only.
    /// - Returns: `nil` when the row or the column is gone.
    package func withCell<Value>(row: RowID, column: ColumnID, _ body: (UnsafeRawBufferPointer) -> Value) -> Value? {
        guard let place = place(column), states[Int(place.stateIndex)].order.contains(row.rawValue) else { return nil }
        return store.withRecord(row.rawValue, place.group) { body($0.cell(place.slotInGroup)) }
    }

    package func mark(row: RowID, column: ColumnID) -> CellMark? {
        guard let place = place(column), states[Int(place.stateIndex)].order.contains(row.rawValue) else { return nil }
        return store.withRecord(row.rawValue, place.group) { $0.mark(place.slotInGroup) }
    }

    /// The last change to any of the 64 columns that are stored together with this one: never below the cell's own last change.
    package func lastChange(row: RowID, column: ColumnID) -> Revision {
        guard let place = place(column) else { return .zero }
        return store.pointer(row.rawValue, place.group).revision
    }

    // MARK: inside

    func state(_ id: SheetID) -> SheetState? { states.first { $0.sheet.id == id } }

    func stateIndex(_ id: SheetID) -> Int? { states.firstIndex { $0.sheet.id == id } }

    /// The place of a column that is not deleted, in a sheet that is not.
    @inline(__always)
    func place(_ column: ColumnID) -> ColumnPlace? {
        let number = Int(column.rawValue)
        guard number < places.count, places[number].isLive, places[number].stateIndex >= 0 else { return nil }
        return places[number]
    }

    /// Called after sheets came or went.
    mutating func reindexSheets() {
        var indexes: [UInt32: Int32] = [:]
        for (index, state) in states.enumerated() { indexes[state.sheet.id.rawValue] = Int32(index) }
        for number in places.indices { places[number].stateIndex = indexes[places[number].sheet] ?? -1 }
    }

    /// Called after a column's name or agent changed, or columns came or went.
    mutating func reindexDependents() {
        for column in dependents.keys { places[Int(column.rawValue)].hasDependents = false }
        dependents = [:]
        for state in states {
            guard state.sheet.columns.contains(where: { $0.agent != nil }) else { continue }
            var named: [String: ColumnID] = [:]
            for column in state.sheet.columns { named[column.name] = column.id }
            for agent in state.sheet.columns {
                guard let prompt = agent.agent?.prompt else { continue }
                for name in PromptReferences.names(in: prompt) {
                    guard let input = named[name], input != agent.id,
                        dependents[input]?.contains(agent.id) != true
                    else { continue }
                    dependents[input, default: []].append(agent.id)
                    places[Int(input.rawValue)].hasDependents = true
                }
            }
        }
    }
}
