import GridModel
import Ordering

extension Planner {
    mutating func planRows(_ change: Change) throws(CommandRefusal) -> ChangeResult {
        switch change {
        case .insertRows(let sheet, let position, let rows):
            try planNewRows(sheet, rows, position: position)
        case .stageRows(let sheet, let rows):
            try planNewRows(sheet, rows, position: nil)
        case .deleteRows(let sheet, let rows):
            try planDeletion(sheet, rows)
        case .moveRows(let sheet, let rows, let position):
            try planMove(sheet, rows, position)
        case .publishRows(let sheet, let first, let count, let position):
            try planPublication(sheet, first, count, position)
        case .discardRows(let sheet, let first, let count):
            try planDiscarding(sheet, first, count)
        default: throw refuse(.invalid("not a change of rows"))
        }
    }

    private func rank(_ position: Position<RowID>, in order: RowOrder) throws(CommandRefusal) -> Int {
        switch position {
        case .first: return 0
        case .last: return order.count
        case .before(let row), .after(let row):
            guard let rank = order.rank(of: row.rawValue) else { throw refuse(.noSuchRow(row)) }
            if case .after = position { return rank + 1 }
            return rank
        }
    }

    /// Inserts rows at a position, or stages them without one.
    private mutating func planNewRows(
        _ sheet: SheetID, _ rows: RowsBlock, position: Position<RowID>?
    ) throws(CommandRefusal) -> ChangeResult {
        let at = try stateIndex(sheet)
        try limit("rows of one change", most: Limits.rowsPerChange, asked: rows.rowCount)
        let state = draft.states[at]
        try limit("rows of a sheet", most: Limits.rowsPerSheet, asked: state.order.count + state.stagedCount + rows.rowCount)
        let first = draft.nextRow
        guard UInt64(first) + UInt64(rows.rowCount) < UInt64(UInt32.max) else {
            throw refuse(.limit("rows in a grid's life", most: Int(UInt32.max) - 1, asked: Int(first) + rows.rowCount))
        }
        let rank = try position.map { position throws(CommandRefusal) in try self.rank(position, in: state.order) }
        try check(rows, for: sheet)
        try emit(rank == nil ? .stageRows : .insertRows) { writer in
            writer.varint(UInt64(sheet.rawValue))
            writer.varint(UInt64(first))
            writer.number(rows.rowCount)
            if let rank { writer.number(rank) }
            writer.number(rows.columns.count)
            for column in rows.columns { writer.varint(UInt64(column.rawValue)) }
            Self.write(rows, to: &writer)
        }
        return .rows(first: RowID(first), count: UInt32(rows.rowCount))
    }

    private func check(_ rows: RowsBlock, for sheet: SheetID) throws(CommandRefusal) {
        guard Set(rows.columns).count == rows.columns.count else { throw refuse(.invalid("a column comes twice in the rows")) }
        for column in rows.columns where try place(column).sheet != sheet.rawValue {
            throw refuse(.noSuchColumn(column))
        }
        let cells = rows.rowCount * rows.columns.count
        guard rows.ends.count >= cells else { throw refuse(.invalid("the rows have fewer cells than columns")) }
        var start: UInt32 = 0
        for end in rows.ends[..<cells] {
            guard end >= start, Int(end) <= rows.bytes.count else { throw refuse(.invalid("the rows' cells overlap")) }
            try limit("bytes of a cell", most: Limits.cellBytes, asked: Int(end - start))
            start = end
        }
        try limit(Self.recordLimitName, most: BatchPlan.recordByteLimit - 64, asked: rows.bytes.count)
    }

    private static func write(_ rows: RowsBlock, to writer: inout RecordWriter) {
        var block = RecordWriter()
        let cells = rows.rowCount * rows.columns.count
        block.bytes.reserveCapacity(rows.bytes.count + cells * 2)
        rows.bytes.withUnsafeBytes { bytes in
            var start = 0
            for end in rows.ends[..<cells] {
                block.blob(UnsafeRawBufferPointer(rebasing: bytes[start..<Int(end)]))
                start = Int(end)
            }
        }
        block.bytes.withUnsafeBytes { writer.blob($0) }
    }

    private mutating func planDeletion(_ sheet: SheetID, _ rows: [RowID]) throws(CommandRefusal) -> ChangeResult {
        try limit("rows of one change", most: Limits.rowsPerChange, asked: rows.count)
        let ranked = try ranked(rows, in: draft.states[try stateIndex(sheet)].order).sorted { $0.rank < $1.rank }
        let store = draft.store
        try emit(.deleteRows) { writer in
            writer.varint(UInt64(sheet.rawValue))
            writer.number(ranked.count)
            var next = 0
            for (row, rank) in ranked {
                writer.number(rank - next)
                next = rank + 1
                writer.varint(UInt64(row))
                let groups = store.groups(of: row)
                writer.number(groups.count)
                for group in groups {
                    writer.number(group)
                    store.withRecord(row, group) { writer.blob($0.bytes) }
                }
                // Longer than a record may be: refused by `emit`.
                if writer.count > BatchPlan.recordByteLimit { return }
            }
        }
        return .done
    }

    private func ranked(_ rows: [RowID], in order: RowOrder) throws(CommandRefusal) -> [(row: UInt32, rank: Int)] {
        var ranked: [(UInt32, Int)] = []
        ranked.reserveCapacity(rows.count)
        var seen: Set<RowID> = []
        for row in rows {
            guard let rank = order.rank(of: row.rawValue) else { throw refuse(.noSuchRow(row)) }
            guard seen.insert(row).inserted else { throw refuse(.invalid("the row \(row) comes twice")) }
            ranked.append((row.rawValue, rank))
        }
        return ranked
    }

    private mutating func planMove(
        _ sheet: SheetID, _ rows: [RowID], _ position: Position<RowID>
    ) throws(CommandRefusal) -> ChangeResult {
        try limit("rows of one change", most: Limits.rowsPerChange, asked: rows.count)
        let order = draft.states[try stateIndex(sheet)].order
        let ranked = try ranked(rows, in: order)
        var target = try rank(position, in: order)
        switch position {
        case .before(let anchor), .after(let anchor):
            if rows.contains(anchor) { throw refuse(.invalid("the row \(anchor) cannot move beside itself")) }
        case .first, .last: break
        }
        let before = target
        for row in ranked where row.rank < before { target -= 1 }
        try emit(.moveRows) { writer in
            writer.varint(UInt64(sheet.rawValue))
            writer.number(target)
            writer.number(ranked.count)
            for (row, rank) in ranked {
                writer.varint(UInt64(row))
                writer.number(rank)
            }
        }
        return .done
    }

    private mutating func planPublication(
        _ sheet: SheetID, _ first: RowID, _ count: UInt32, _ position: Position<RowID>
    ) throws(CommandRefusal) -> ChangeResult {
        let state = draft.states[try stateIndex(sheet)]
        guard count > 0, state.isStaged(first: first.rawValue, count: count) else { throw refuse(.noSuchRow(first)) }
        let rank = try rank(position, in: state.order)
        try emit(.publishRows) { writer in
            writer.varint(UInt64(sheet.rawValue))
            writer.varint(UInt64(first.rawValue))
            writer.varint(UInt64(count))
            writer.number(rank)
        }
        return .rows(first: first, count: count)
    }

    private mutating func planDiscarding(
        _ sheet: SheetID, _ first: RowID, _ count: UInt32
    ) throws(CommandRefusal) -> ChangeResult {
        let state = draft.states[try stateIndex(sheet)]
        guard count > 0, state.isStaged(first: first.rawValue, count: count) else { throw refuse(.noSuchRow(first)) }
        try emit(.discardRows) { writer in
            writer.varint(UInt64(sheet.rawValue))
            writer.varint(UInt64(first.rawValue))
            writer.varint(UInt64(count))
        }
        return .done
    }
}
