import GridModel
package import Ordering

extension GridImage {
    /// Does what a record says. Called with each record of the log in order, at the commit and at replay.
    ///
    /// Throws before it changes anything when the checksum or the revision is wrong. A record whose checksum holds but that does
    /// not fit this image throws too; the image then holds part of it and must be dropped.
    package mutating func apply(record bytes: [UInt8], revision: Revision) throws(RecordError) -> Touched {
        guard revision == self.revision.next else {
            throw .outOfOrder(expected: self.revision.next, found: revision)
        }
        return try bytes.withUnsafeBufferPointer { buffer throws(RecordError) in
            try apply(UnsafeRawBufferPointer(buffer), revision)
        }
    }

    private mutating func apply(_ bytes: UnsafeRawBufferPointer, _ revision: Revision) throws(RecordError) -> Touched {
        var touched = TouchedBuilder(columns: places.count)
        var ahead = ReadAhead()
        try RecordHeader.forEachChange(of: bytes, at: revision) { cursor, section throws(RecordError) in
            if cursor.position >= ahead.position { ahead.warm(self, cursor, section) }
            try applyChange(&cursor, revision, &touched)
        }
        let before = lineage
        advance(to: revision, bytes)
        let result = touched.finish()
        recent.append(RecentChanges.Entry(revision: revision, before: before, touched: result))
        return result
    }

    /// Notes that a record, given with its checksum, was applied.
    mutating func advance(to revision: Revision, _ record: UnsafeRawBufferPointer) {
        self.revision = revision
        let sum = record.loadUnaligned(fromByteOffset: record.count - RecordFormat.checksumBytes, as: UInt64.self)
        lineage = Checksum.mix(lineage, UInt64(littleEndian: sum))
    }

    /// Applies the change at the cursor.
    @inline(__always)
    mutating func applyChange(
        _ cursor: inout RecordCursor, _ revision: Revision, _ touched: inout TouchedBuilder
    ) throws(RecordError) {
        let pointer = ChangePointer(revision, offset: cursor.position)
        let number = try cursor.byte()
        if number == ChangeTag.set.rawValue {
            try applySet(&cursor, pointer, &touched)
            return
        }
        guard let tag = ChangeTag(rawValue: number) else { throw cursor.damaged("a change of kind \(number)") }
        if tag.isOfCell {
            try applyCellChange(CellChange(tag, from: &cursor, revision: revision), pointer, cursor, &touched)
        } else if tag == .run {
            touched.changes += 1
            try ledger.apply(cursor.runFact(), at: revision, cursor)
        } else {
            try applyStructural(StructuralChange(tag, from: &cursor), pointer, cursor, &touched)
        }
    }

    /// The commonest change, without the steps that only others need.
    @inline(__always)
    private mutating func applySet(
        _ cursor: inout RecordCursor, _ pointer: ChangePointer, _ touched: inout TouchedBuilder
    ) throws(RecordError) {
        let change = try readSet(&cursor)
        store.set(change.row, change.place.group, slot: change.place.slotInGroup, to: change.json, pointer: pointer)
        touched.cell(change.row, change.column, sheet: change.place.sheet)
    }

    /// Reads what follows the tag of the commonest change, and checks that it fits.
    @inline(__always)
    func readSet(
        _ cursor: inout RecordCursor
    ) throws(RecordError) -> (row: UInt32, column: UInt32, place: ColumnPlace, json: UnsafeRawBufferPointer) {
        let row = try cursor.number32()
        let column = try cursor.number32()
        _ = try cursor.varint()
        _ = try cursor.varint()
        _ = try cursor.blob()
        let new = try cursor.blob()
        return (row, column, try cellPlace(row, column, new, cursor), new)
    }

    /// Where a changed cell is, once it is clear that the change fits.
    @inline(__always)
    func cellPlace(
        _ row: UInt32, _ column: UInt32, _ new: UnsafeRawBufferPointer, _ cursor: RecordCursor
    ) throws(RecordError) -> ColumnPlace {
        guard row < nextRow, let place = place(ColumnID(column)) else {
            throw cursor.damaged("a change of the cell r\(row) c\(column), which is not there")
        }
        guard new.count <= Limits.cellBytes else { throw cursor.damaged("a cell of \(new.count) bytes") }
        return place
    }

    private mutating func applyCellChange(
        _ change: CellChange, _ pointer: ChangePointer, _ cursor: RecordCursor, _ touched: inout TouchedBuilder
    ) throws(RecordError) {
        let place = try cellPlace(change.row, change.column, change.new, cursor)
        let slot = place.slotInGroup
        switch change.tag {
        case .suggestion: store.change(change.row, place.group) { $0.update($1, pointer: pointer) { _ in } }
        case .mark:
            store.change(change.row, place.group) { $0.update($1, pointer: pointer) { $0.setMark(slot, change.newMark) } }
        default: store.set(change.row, place.group, slot: slot, to: change.new, pointer: pointer)
        }
        touched.cell(change.row, change.column, sheet: place.sheet)
    }

    // MARK: structure

    private mutating func applyStructural(
        _ change: StructuralChange, _ pointer: ChangePointer, _ cursor: RecordCursor, _ touched: inout TouchedBuilder
    ) throws(RecordError) {
        switch change {
        case .insertRows, .deleteRows, .moveRows, .stageRows, .publishRows, .discardRows:
            try applyRows(change, pointer, cursor, &touched)
        case .addColumn, .changeColumn, .moveColumn, .deleteColumn:
            try applyColumns(change, cursor, &touched)
        case .addSheet, .renameSheet, .deleteSheet, .addView, .changeView, .deleteView, .renameGrid:
            try applySheets(change, pointer.revision, cursor, &touched)
        }
    }

    private func index(_ sheet: SheetID, _ cursor: RecordCursor) throws(RecordError) -> Int {
        guard let index = stateIndex(sheet) else { throw cursor.damaged("the sheet \(sheet) is not there") }
        return index
    }

    private mutating func applyRows(
        _ change: StructuralChange, _ pointer: ChangePointer, _ cursor: RecordCursor, _ touched: inout TouchedBuilder
    ) throws(RecordError) {
        switch change {
        case .insertRows(let sheet, let first, let count, let rank, let columns, let block):
            let at = try index(sheet, cursor)
            guard rank <= states[at].order.count else { throw cursor.damaged("rank \(rank) is past the end") }
            try storeNewRows(first, count, columns, of: sheet, block, pointer, cursor)
            states[at].order.insert(Array(first..<first + UInt32(count)), at: rank)
            touched.rows(first, UInt32(count), sheet: states[at].sheet.id.rawValue)
        case .stageRows(let sheet, let first, let count, let columns, let block):
            let at = try index(sheet, cursor)
            try storeNewRows(first, count, columns, of: sheet, block, pointer, cursor)
            states[at].stage(first: first, count: UInt32(count))
            touched.changes += count
        case .publishRows(let sheet, let first, let count, let rank):
            let at = try index(sheet, cursor)
            guard states[at].isStaged(first: first, count: count), rank <= states[at].order.count else {
                throw cursor.damaged("rows that are not staged")
            }
            states[at].unstage(first: first, count: count)
            states[at].order.insert(Array(first..<first + count), at: rank)
            touched.rows(first, count, sheet: states[at].sheet.id.rawValue)
        case .discardRows(let sheet, let first, let count):
            let at = try index(sheet, cursor)
            guard states[at].isStaged(first: first, count: count) else { throw cursor.damaged("rows that are not staged") }
            states[at].unstage(first: first, count: count)
            for row in first..<first + count { store.remove(row) }
            touched.changes += Int(count)
        case .deleteRows(let sheet, let rows):
            let at = try index(sheet, cursor)
            states[at].order.remove(rows.map { $0.row })
            for row in rows {
                store.remove(row.row)
                touched.rows(row.row, 1, sheet: states[at].sheet.id.rawValue)
            }
        case .moveRows(let sheet, let rank, let rows):
            let at = try index(sheet, cursor)
            var seen: Set<UInt32> = []
            for row in rows {
                guard states[at].order.contains(row.row), seen.insert(row.row).inserted else {
                    throw cursor.damaged("r\(row.row) is not there, or comes twice")
                }
                touched.rows(row.row, 1, sheet: states[at].sheet.id.rawValue)
            }
            states[at].order.remove(rows.map { $0.row })
            guard rank <= states[at].order.count else { throw cursor.damaged("rank \(rank) is past the end") }
            states[at].order.insert(rows.map { $0.row }, at: rank)
        default: break
        }
    }

    private mutating func storeNewRows(
        _ first: UInt32, _ count: Int, _ columns: [ColumnID], of sheet: SheetID, _ block: UnsafeRawBufferPointer,
        _ pointer: ChangePointer, _ cursor: RecordCursor
    ) throws(RecordError) {
        guard Set(columns).count == columns.count else { throw cursor.damaged("a column comes twice") }
        guard first >= nextRow, first > 0 else { throw cursor.damaged("new rows from r\(first), the next one is r\(nextRow)") }
        var builder = NewRows(pointer: pointer)
        for column in columns {
            guard let place = place(column), place.sheet == sheet.rawValue else {
                throw cursor.damaged("the column \(column) is not there")
            }
            builder.add(place)
        }
        try builder.store(first: first, count: count, block: block, into: &store)
        nextRow = first + UInt32(count)
    }

    private mutating func applyColumns(
        _ change: StructuralChange, _ cursor: RecordCursor, _ touched: inout TouchedBuilder
    ) throws(RecordError) {
        switch change {
        case .addColumn(let sheet, let newIndex, let slot, let column):
            let at = try index(sheet, cursor)
            guard Int(column.id.rawValue) == places.count, newIndex <= states[at].sheet.columns.count,
                Int(slot) == states[at].slotCount
            else { throw cursor.damaged("the new column \(column.id) does not follow") }
            places.append(ColumnPlace(sheet: sheet.rawValue, slot: slot, isLive: true, stateIndex: Int32(at)))
            states[at].slotCount += 1
            states[at].sheet.columns.insert(column, at: newIndex)
            touched.structure(sheet: states[at].sheet.id.rawValue)
        case .changeColumn(_, let new):
            let (at, place) = try columnIndex(new.id, cursor)
            states[at].sheet.columns[place] = new
            touched.structure(sheet: states[at].sheet.id.rawValue)
        case .moveColumn(let column, _, let newIndex):
            let (at, place) = try columnIndex(column, cursor)
            let moved = states[at].sheet.columns.remove(at: place)
            guard newIndex <= states[at].sheet.columns.count else {
                throw cursor.damaged("position \(newIndex) is past the end")
            }
            states[at].sheet.columns.insert(moved, at: newIndex)
            touched.structure(sheet: states[at].sheet.id.rawValue)
        case .deleteColumn(_, let column):
            let (at, place) = try columnIndex(column.id, cursor)
            states[at].sheet.columns.remove(at: place)
            places[Int(column.id.rawValue)].isLive = false
            touched.structure(sheet: states[at].sheet.id.rawValue)
        default: break
        }
        reindexDependents()
    }

    private func columnIndex(_ id: ColumnID, _ cursor: RecordCursor) throws(RecordError) -> (Int, Int) {
        guard let place = place(id), let index = states[Int(place.stateIndex)].columnIndex(id) else {
            throw cursor.damaged("the column \(id) is not there")
        }
        return (Int(place.stateIndex), index)
    }

    private mutating func applySheets(
        _ change: StructuralChange, _ revision: Revision, _ cursor: RecordCursor, _ touched: inout TouchedBuilder
    ) throws(RecordError) {
        touched.changes += 1
        switch change {
        case .addSheet(let id, let name):
            guard id.rawValue == nextSheet, id.rawValue < UInt32.max else {
                throw cursor.damaged("the new sheet \(id) does not follow")
            }
            nextSheet += 1
            states.append(SheetState(sheet: Sheet(id: id, name: name)))
            touched.gridStructure = true
        case .renameSheet(let sheet, _, let new):
            states[try index(sheet, cursor)].sheet.name = new
            touched.gridStructure = true
        case .deleteSheet(let sheet, _):
            var deleted = states.remove(at: try index(sheet, cursor))
            deleted.deletedAt = revision
            deletedStates.append(deleted)
            touched.structure(sheet: sheet.rawValue, counts: false)
            reindexSheets()
            reindexDependents()
            touched.gridStructure = true
        case .addView(let sheet, let view):
            guard view.id.rawValue == nextView, nextView < UInt32.max else {
                throw cursor.damaged("the new view does not follow")
            }
            nextView += 1
            let at = try index(sheet, cursor)
            states[at].sheet.views.append(view)
            touched.structure(sheet: states[at].sheet.id.rawValue, counts: false)
        case .changeView(let sheet, _, let new):
            let (at, place) = try viewIndex(new.id, in: sheet, cursor)
            states[at].sheet.views[place] = new
            touched.structure(sheet: states[at].sheet.id.rawValue, counts: false)
        case .deleteView(let sheet, _, let view):
            let (at, place) = try viewIndex(view.id, in: sheet, cursor)
            states[at].sheet.views.remove(at: place)
            touched.structure(sheet: states[at].sheet.id.rawValue, counts: false)
        case .renameGrid(_, let new):
            name = new
            touched.gridStructure = true
        default: break
        }
    }

    private func viewIndex(_ id: ViewID, in sheet: SheetID, _ cursor: RecordCursor) throws(RecordError) -> (Int, Int) {
        let at = try index(sheet, cursor)
        guard let place = states[at].sheet.views.firstIndex(where: { $0.id == id }) else {
            throw cursor.damaged("the view \(id) is not there")
        }
        return (at, place)
    }
}
