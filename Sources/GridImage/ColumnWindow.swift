package import GridModel
package import Ordering

/// Columns of one sheet that a page shows, with where their cells lie: made once a request by `GridImage.window`.
package struct ColumnWindow: Hashable, Sendable {
    package let sheet: SheetID
    /// In the order shown.
    package let columns: [Column]
    /// The groups that hold the columns' cells, ascending, each with the index in `columns` of each slot, -1 for none.
    let groups: [Group]

    struct Group: Hashable, Sendable {
        var group: Int
        var indexOfSlot: [Int32]
    }

    init(sheet: SheetID, columns: [Column], places: [ColumnPlace]) {
        self.sheet = sheet
        self.columns = columns
        var groups: [Int: [Int32]] = [:]
        for (index, place) in places.enumerated() {
            groups[place.group, default: Array(repeating: -1, count: Limits.columnsPerGroup)][place.slotInGroup] = Int32(index)
        }
        self.groups = groups.sorted { $0.key < $1.key }.map { Group(group: $0.key, indexOfSlot: $0.value) }
    }
}

extension GridImage {
    /// The columns of a sheet at the given positions, clamped; all of them without positions.
    package func window(of sheet: SheetID, positions: Range<Int>? = nil) -> ColumnWindow? {
        guard let columns = state(sheet)?.sheet.columns else { return nil }
        let range = (positions ?? columns.indices).clamped(to: columns.indices)
        return makeWindow(sheet, Array(columns[range]))
    }

    /// The given columns in the given order; `nil` when one is not the sheet's.
    package func window(of sheet: SheetID, columns ids: [ColumnID]) -> ColumnWindow? {
        guard let columns = state(sheet)?.sheet.columns else { return nil }
        var named: [ColumnID: Column] = [:]
        for column in columns { named[column.id] = column }
        var found: [Column] = []
        for id in ids {
            guard let column = named.removeValue(forKey: id) else { return nil }
            found.append(column)
        }
        return makeWindow(sheet, found)
    }

    private func makeWindow(_ sheet: SheetID, _ columns: [Column]) -> ColumnWindow {
        ColumnWindow(sheet: sheet, columns: columns, places: columns.map { places[Int($0.id.rawValue)] })
    }

    /// Calls `body` with each cell of a row in the window that is not empty: its column's index in the window and its JSON, valid
    /// during the call only. Cells come in the order they are stored in, which is not always the columns'.
    @inline(__always)
    package func forEachCell(
        row: RowID, in window: ColumnWindow, _ body: (_ index: Int, _ json: UnsafeRawBufferPointer) -> Void
    ) {
        for group in window.groups {
            store.withRecord(row.rawValue, group.group) { record in
                record.forEachCell { slot, json in
                    let index = group.indexOfSlot[slot]
                    if index >= 0 { body(Int(index), json) }
                }
            }
        }
    }

    /// Calls `body` with each marked cell of a row in the window.
    package func forEachMark(row: RowID, in window: ColumnWindow, _ body: (_ index: Int, _ mark: CellMark) -> Void) {
        for group in window.groups {
            store.withRecord(row.rawValue, group.group) { record in
                guard record.hasMarks else { return }
                record.forEachMark { slot, mark in
                    let index = group.indexOfSlot[slot]
                    if index >= 0 { body(Int(index), mark) }
                }
            }
        }
    }

    /// The last change to any column of a row that is stored together with one of the window's: never below their own.
    package func lastChange(row: RowID, in window: ColumnWindow) -> Revision {
        window.groups.reduce(.zero) { max($0, store.pointer(row.rawValue, $1.group).revision) }
    }

    /// Changes whenever what a page shows changes: a hash over the rows, the last change of each row in the window's groups, the
    /// window with its columns' names and types, and what else the caller says the page depends on.
    package func pageTag(rows: [RowID], window: ColumnWindow, view: UInt64) -> UInt64 {
        var state = Checksum.mix(view, UInt64(rows.count))
        for column in window.columns {
            state = Checksum.mix(state, UInt64(column.id.rawValue) << 8 | UInt64(column.type.formatByte))
            for byte in column.name.utf8 { state = Checksum.mix(state, UInt64(byte)) }
        }
        for row in rows {
            state = Checksum.mix(state, UInt64(row.rawValue))
            for group in window.groups {
                state = Checksum.mix(state, store.pointer(row.rawValue, group.group).rawValue)
            }
        }
        return Checksum.mix(state, 0)
    }
}
