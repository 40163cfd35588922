package import GridModel
package import Ordering

extension GridImage {
    /// Changes of one row and column group that one question walks over.
    package static let historyHopLimit = 20_000

    /// What happened to a cell, newest first, at most `limit` entries. Ends where the records that are kept end.
    package func history(
        row: RowID, column: ColumnID, limit: Int, records: RecordReader
    ) throws(HistoryError) -> [HistoryEntry] {
        var entries: [HistoryEntry] = []
        guard let place = historyPlace(row, column) else { return [] }
        var value = value(row: row, column: column)
        var shelf = RecordShelf()
        do throws(HistoryError) {
            try walk(row.rawValue, place.group, &shelf, records) { pointer, change, header, section in
                guard let entry = Self.entry(pointer, change, header, section, column, &value) else { return true }
                entries.append(entry)
                return entries.count < limit
            }
        } catch {
            switch error {
            case .notKept, .tooFar:
                if entries.isEmpty { throw error }
            case .damaged, .unreadable, .noSuchSheet, .inFuture: throw error
            }
        }
        return entries
    }

    /// The changes of a cell's value after a revision, newest first: what the planner asks for. The row's insertion is one.
    package func valueChanges(
        row: RowID, column: ColumnID, after: Revision, records: RecordReader
    ) throws(HistoryError) -> [ValueChange] {
        var changes: [ValueChange] = []
        guard let place = historyPlace(row, column) else { return [] }
        var shelf = RecordShelf()
        try walk(row.rawValue, place.group, &shelf, records, after: after) { pointer, change, _, section in
            switch change {
            case .beginning: changes.append(ValueChange(revision: pointer.revision, cause: section.cause))
            case .cell(let change):
                if change.column == column.rawValue, change.setsValue {
                    let old = Self.cellValue(change.old)
                    changes.append(ValueChange(revision: pointer.revision, cause: section.cause, old: old))
                }
            }
            return true
        }
        return changes
    }

    /// The last change of exactly this cell's value; `nil` when it never had one.
    package func lastValueChange(
        row: RowID, column: ColumnID, records: RecordReader
    ) throws(HistoryError) -> ValueChange? {
        var found: ValueChange?
        guard let place = historyPlace(row, column) else { return nil }
        var shelf = RecordShelf()
        try walk(row.rawValue, place.group, &shelf, records) { pointer, change, _, section in
            switch change {
            case .beginning: found = ValueChange(revision: pointer.revision, cause: section.cause)
            case .cell(let change):
                if change.column == column.rawValue, change.setsValue {
                    found = ValueChange(revision: pointer.revision, cause: section.cause)
                }
            }
            return found == nil
        }
        return found
    }

    /// The revision of the last change of a row in the columns that are stored with one; revision 0 for a row that is not there. O(1).
    package func lastChange(ofRow row: RowID, besides column: ColumnID) -> Revision {
        historyPlace(row, column).map { store.pointer(row.rawValue, $0.group).revision } ?? .zero
    }

    private func historyPlace(_ row: RowID, _ column: ColumnID) -> ColumnPlace? {
        guard let place = place(column), states[Int(place.stateIndex)].order.contains(row.rawValue) else { return nil }
        return place
    }

    /// Follows the chain of a row and group, newest first, down to the changes after `after`, while `body` answers true.
    private func walk(
        _ row: UInt32, _ group: Int, _ shelf: inout RecordShelf, _ records: RecordReader, after: Revision = .zero,
        _ body: (ChangePointer, PointedChange, RecordHeader, SectionHeader) throws(RecordError) -> Bool
    ) throws(HistoryError) {
        var pointer = store.pointer(row, group)
        var hops = 0
        while !pointer.isNone, pointer.revision > after {
            guard hops < Self.historyHopLimit else { throw .tooFar(hops) }
            hops += 1
            let next: ChangePointer? = try shelf.open(pointer.revision, records) { header, cursor throws(RecordError) in
                let change = try PointedChange(cursor.bytes, at: pointer.offset, row: row, revision: pointer.revision)
                let section = try Self.section(of: pointer.offset, cursor)
                guard try body(pointer, change, header, section) else { return nil }
                guard case .cell(let cell) = change, cell.back.rawValue < pointer.rawValue else { return nil }
                return cell.back
            }
            guard let next else { return }
            pointer = next
        }
    }

    /// The section that holds an offset.
    private static func section(of offset: Int, _ start: RecordCursor) throws(RecordError) -> SectionHeader {
        var cursor = start
        while !cursor.isAtEnd {
            let section = try SectionHeader(from: &cursor)
            if offset < section.end { return section }
            cursor = RecordCursor(cursor.bytes, at: section.end)
        }
        throw cursor.damaged("no section holds byte \(offset)")
    }

    private static func entry(
        _ pointer: ChangePointer, _ change: PointedChange, _ header: RecordHeader, _ section: SectionHeader, _ column: ColumnID,
        _ value: inout CellValue?
    ) -> HistoryEntry? {
        var entry = HistoryEntry(
            kind: .insert, revision: pointer.revision, time: header.time, cause: section.cause, intent: section.intent,
            old: nil,
            new: value)
        guard case .cell(let cell) = change else { return entry }
        guard cell.column == column.rawValue else { return nil }
        entry.old = value
        entry.oldMark = cell.oldMark
        entry.newMark = cell.newMark
        entry.base = cell.base
        entry.inputs = cell.inputs
        switch cell.tag {
        case .suggestion:
            entry.kind = .suggestion
            entry.new = Self.cellValue(cell.new)
        case .mark: entry.kind = .mark
        default:
            entry.kind = cell.tag == .set || cell.tag == .setMarked ? .set : .answer
            entry.old = Self.cellValue(cell.old)
            value = entry.old
        }
        return entry
    }

    static func cellValue(_ json: UnsafeRawBufferPointer) -> CellValue? {
        json.isEmpty ? nil : CellValue(checkedJSON: String(decoding: json, as: UTF8.self))
    }
}
