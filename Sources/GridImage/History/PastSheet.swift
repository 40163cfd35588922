import GridModel
import Ordering

/// A sheet on its way back in time: structural records are undone from the newest on.
struct PastSheet {
    /// Where the records of a row lie that was deleted later.
    struct Restored {
        var group: Int
        var record: [UInt8]
    }

    let id: SheetID
    let columnSheets: [ColumnPlace]
    var sheet: Sheet
    var order: RowOrder
    /// Rows that were deleted later, as they were just before.
    var restored: [UInt32: [Restored]] = [:]
    var existed = true

    init(_ state: SheetState, places: [ColumnPlace]) {
        id = state.sheet.id
        sheet = state.sheet
        order = state.order
        columnSheets = places
    }

    /// Undoes the structural changes of one record, given with the cursor at its first section.
    mutating func undo(_ start: RecordCursor) throws(RecordError) {
        var cursor = start
        var changes: [StructuralChange] = []
        while !cursor.isAtEnd {
            let section = try SectionHeader(from: &cursor)
            while cursor.position < section.end {
                let number = try cursor.byte()
                guard let tag = ChangeTag(rawValue: number) else { throw cursor.damaged("a change of kind \(number)") }
                if tag.isOfCell {
                    // Cells are undone along their rows' chains.
                    _ = try CellChange(tag, from: &cursor, revision: Revision(UInt64.max))
                } else if tag == .run {
                    _ = try cursor.runFact()
                } else {
                    changes.append(try StructuralChange(tag, from: &cursor))
                }
            }
        }
        for change in changes.reversed() { undo(change) }
    }

    private mutating func undo(_ change: StructuralChange) {
        switch change {
        case .insertRows(id, let first, let count, _, _, _): takeBack(first, count)
        case .publishRows(id, let first, let count, _): takeBack(first, Int(count))
        case .deleteRows(id, let rows):
            for row in rows {
                restored[row.row] = row.records.map { Restored(group: $0.group, record: Array($0.bytes)) }
            }
            putBack(rows.map { ($0.row, $0.rank) })
        case .moveRows(id, _, let rows):
            order.remove(rows.map { $0.row })
            putBack(rows.map { ($0.row, $0.oldRank) }.sorted { $0.1 < $1.1 })
        case .addColumn(id, _, _, let column): sheet.columns.removeAll { $0.id == column.id }
        case .changeColumn(let old, _):
            if let index = sheet.columns.firstIndex(where: { $0.id == old.id }) { sheet.columns[index] = old }
        case .moveColumn(let column, let oldIndex, _):
            guard let index = sheet.columns.firstIndex(where: { $0.id == column }) else { return }
            let moved = sheet.columns.remove(at: index)
            sheet.columns.insert(moved, at: min(oldIndex, sheet.columns.count))
        case .deleteColumn(let index, let column):
            let number = Int(column.id.rawValue)
            guard number < columnSheets.count, columnSheets[number].sheet == id.rawValue else { return }
            sheet.columns.insert(column, at: min(index, sheet.columns.count))
        case .addSheet(id, _): existed = false
        case .renameSheet(id, let old, _): sheet.name = old
        case .addView(id, let view): sheet.views.removeAll { $0.id == view.id }
        case .changeView(id, let old, _):
            if let index = sheet.views.firstIndex(where: { $0.id == old.id }) { sheet.views[index] = old }
        case .deleteView(id, let index, let view): sheet.views.insert(view, at: min(index, sheet.views.count))
        case .insertRows, .publishRows, .deleteRows, .moveRows, .addColumn, .addSheet, .renameSheet, .addView, .changeView,
            .deleteView, .stageRows, .discardRows, .deleteSheet, .renameGrid:
            break
        }
    }

    /// Rows that are there already are a damaged record's: an order holds a row once.
    private mutating func putBack(_ ranked: [(row: UInt32, rank: Int)]) {
        var seen: Set<UInt32> = []
        order.insert(ranked.filter { !order.contains($0.row) && seen.insert($0.row).inserted })
    }

    private mutating func takeBack(_ first: UInt32, _ count: Int) {
        order.remove((0..<count).map { first &+ UInt32($0) })
    }
}

extension RowOrder {
    /// Inserts rows each at the rank it then has, given in ascending order of rank.
    mutating func insert(_ ranked: [(row: UInt32, rank: Int)]) {
        if ranked.count <= 256 {
            for (row, rank) in ranked { insert([row], at: min(rank, count)) }
            return
        }
        var rows: [UInt32] = []
        rows.reserveCapacity(count + ranked.count)
        var next = ranked[...]
        forEach { row in
            while let first = next.first, first.rank <= rows.count {
                rows.append(first.row)
                next.removeFirst()
            }
            rows.append(row)
        }
        rows.append(contentsOf: next.map { $0.row })
        self = RowOrder(rows)
    }
}
