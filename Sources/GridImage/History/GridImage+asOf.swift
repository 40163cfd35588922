package import GridModel
package import Ordering

extension GridImage {
    /// Rows and cells of a sheet at an older revision: the structural records after it undone, newest first, and each row's
    /// changes after it undone along the row's chain.
    /// - Parameters:
    ///   - ranks: which rows, by their ranks then; what lies past the end is left out.
    ///   - columns: only these of the columns there were then; all of them without.
    ///   - structural: the revisions after `revision` whose records are structural, descending.
    package func page(
        of sheet: SheetID, asOf revision: Revision, ranks: Range<Int>, columns: [ColumnID]? = nil, structural: [Revision],
        records: RecordReader
    ) throws(HistoryError) -> PastPage {
        var shelf = RecordShelf()
        let past = try past(of: sheet, asOf: revision, structural: structural, &shelf, records)
        var page = PastPage(revision: revision, sheet: past.sheet, totalRows: past.order.count, rows: [])
        let shown = past.sheet.columns.filter { columns?.contains($0.id) ?? true }
        for row in past.order.slice(ranks.clamped(to: 0..<past.order.count)) {
            page.rows.append(try self.row(row, asOf: revision, past.restored[row], shown, &shelf, records))
        }
        return page
    }

    /// The given rows as they were at an older revision, in the order given; `nil` when they did not stand there then.
    /// - Parameters:
    ///   - first: the rank then of the first of them, the others next to it; without it they may stand anywhere in the sheet.
    ///   - columns: those of them that there were then.
    ///   - openings: changes looked at at most; beyond it `tooFar`.
    package func rows(
        _ rows: [RowID], of sheet: SheetID, from first: Int?, asOf revision: Revision, columns: [ColumnID],
        structural: [Revision], openings: Int, records: RecordReader
    ) throws(HistoryError) -> [PastPage.Row]? {
        var shelf = RecordShelf(openings: openings)
        let past = try past(of: sheet, asOf: revision, structural: structural, &shelf, records)
        if let first {
            let ranks = (first..<first + rows.count).clamped(to: 0..<past.order.count)
            guard past.order.slice(ranks).elementsEqual(rows.map(\.rawValue)) else { return nil }
        } else {
            guard rows.allSatisfy({ past.order.contains($0.rawValue) }) else { return nil }
        }
        let shown = past.sheet.columns.filter { columns.contains($0.id) }
        var found: [PastPage.Row] = []
        found.reserveCapacity(rows.count)
        for row in rows.map(\.rawValue) {
            found.append(try self.row(row, asOf: revision, past.restored[row], shown, &shelf, records))
        }
        return found
    }

    private func past(
        of sheet: SheetID, asOf revision: Revision, structural: [Revision], _ shelf: inout RecordShelf, _ records: RecordReader
    ) throws(HistoryError) -> PastSheet {
        guard revision <= self.revision else { throw .inFuture(revision) }
        guard let state = (states + deletedStates).first(where: { $0.sheet.id == sheet }) else { throw .noSuchSheet(sheet) }
        guard state.deletedAt == .zero || state.deletedAt > revision else { throw .noSuchSheet(sheet) }
        var past = PastSheet(state, places: places)
        for later in structural where later > revision && later <= self.revision {
            try shelf.open(later, records) { _, cursor throws(RecordError) in try past.undo(cursor) }
        }
        guard past.existed else { throw .noSuchSheet(sheet) }
        return past
    }

    private func row(
        _ row: UInt32, asOf revision: Revision, _ restored: [PastSheet.Restored]?, _ columns: [Column],
        _ shelf: inout RecordShelf,
        _ records: RecordReader
    ) throws(HistoryError) -> PastPage.Row {
        var result = PastPage.Row(id: RowID(row), cells: [], marks: [])
        let places = columns.map { self.places[Int($0.id.rawValue)] }
        var cells: [Int: PastGroup] = [:]
        for group in Set(places.map { $0.group }) {
            var past = PastGroup()
            if let restored {
                if let record = restored.first(where: { $0.group == group })?.record {
                    record.withUnsafeBytes { past.read(RowRecord($0)) }
                }
            } else {
                store.withRecord(row, group) { past.read($0) }
            }
            try undo(&past, row, after: revision, &shelf, records)
            cells[group] = past
        }
        for (column, place) in zip(columns, places) {
            if let json = cells[place.group]?.cells[place.slotInGroup], !json.isEmpty {
                result.cells.append((column.id, CellValue(checkedJSON: String(decoding: json, as: UTF8.self))))
            }
            if let mark = cells[place.group]?.marks[place.slotInGroup] { result.marks.append((column.id, mark)) }
        }
        return result
    }

    private func undo(
        _ past: inout PastGroup, _ row: UInt32, after revision: Revision, _ shelf: inout RecordShelf, _ records: RecordReader
    ) throws(HistoryError) {
        var hops = 0
        while !past.pointer.isNone, past.pointer.revision > revision {
            guard hops < Self.historyHopLimit else { throw .tooFar(hops) }
            hops += 1
            let pointer = past.pointer
            try shelf.open(pointer.revision, records) { _, cursor throws(RecordError) in
                let change = try PointedChange(cursor.bytes, at: pointer.offset, row: row, revision: pointer.revision)
                guard case .cell(let cell) = change, cell.back.rawValue < pointer.rawValue else {
                    past.pointer = .none
                    return
                }
                guard Int(cell.column) < places.count else { throw cursor.damaged("the column c\(cell.column) is not there") }
                let slot = places[Int(cell.column)].slotInGroup
                if cell.setsValue { past.cells[slot] = Array(cell.old) }
                if cell.tag != .suggestion { past.marks[slot] = cell.oldMark }
                past.pointer = cell.back
            }
        }
    }
}

/// One row's cells in one group, taken apart.
private struct PastGroup {
    var pointer: ChangePointer = .none
    var cells: [Int: [UInt8]] = [:]
    var marks: [Int: CellMark] = [:]

    mutating func read(_ record: RowRecord) {
        pointer = record.pointer
        record.forEachCell { cells[$0] = Array($1) }
        record.forEachMark { marks[$0] = $1 }
    }
}
