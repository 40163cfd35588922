import GridModel
import Ordering

/// A recorded change of more than one cell, with what is needed to undo it.
enum StructuralChange {
    /// `block` holds the cells: for each row and each column a length and the JSON.
    case insertRows(sheet: SheetID, first: UInt32, count: Int, rank: Int, columns: [ColumnID], block: UnsafeRawBufferPointer)
    /// In ascending order of the ranks they had.
    case deleteRows(sheet: SheetID, rows: [DeletedRow])
    /// The rows in their new order, with the ranks they had; `rank` counts without them.
    case moveRows(sheet: SheetID, rank: Int, rows: [(row: UInt32, oldRank: Int)])
    case stageRows(sheet: SheetID, first: UInt32, count: Int, columns: [ColumnID], block: UnsafeRawBufferPointer)
    case publishRows(sheet: SheetID, first: UInt32, count: UInt32, rank: Int)
    case discardRows(sheet: SheetID, first: UInt32, count: UInt32)
    case addColumn(sheet: SheetID, index: Int, slot: UInt16, column: Column)
    case changeColumn(old: Column, new: Column)
    case moveColumn(column: ColumnID, oldIndex: Int, newIndex: Int)
    case deleteColumn(index: Int, column: Column)
    case addSheet(id: SheetID, name: String)
    case renameSheet(sheet: SheetID, old: String, new: String)
    case deleteSheet(sheet: SheetID, index: Int)
    case addView(sheet: SheetID, view: SavedView)
    case changeView(sheet: SheetID, old: SavedView, new: SavedView)
    case deleteView(sheet: SheetID, index: Int, view: SavedView)
    case renameGrid(old: String, new: String)

    /// A row that was deleted, with its records.
    struct DeletedRow {
        var row: UInt32
        var rank: Int
        var records: [(group: Int, bytes: UnsafeRawBufferPointer)]
    }

    /// Reads what follows the tag.
    init(_ tag: ChangeTag, from cursor: inout RecordCursor) throws(RecordError) {
        switch tag {
        case .insertRows, .stageRows: self = try Self.readRows(tag, &cursor)
        case .deleteRows: self = try Self.readDeletion(&cursor)
        case .moveRows: self = try Self.readMove(&cursor)
        case .publishRows:
            self = .publishRows(
                sheet: SheetID(try cursor.number32()), first: try cursor.number32(), count: try cursor.number32(),
                rank: try cursor.number(most: Limits.rowsPerSheet))
        case .discardRows:
            self = .discardRows(
                sheet: SheetID(try cursor.number32()), first: try cursor.number32(), count: try cursor.number32())
        case .addColumn:
            self = .addColumn(
                sheet: SheetID(try cursor.number32()), index: try cursor.number(most: Limits.columnsPerSheet),
                slot: UInt16(try cursor.number(most: Limits.columnsPerSheet - 1)), column: try cursor.column())
        case .changeColumn: self = .changeColumn(old: try cursor.column(), new: try cursor.column())
        case .moveColumn:
            self = .moveColumn(
                column: ColumnID(try cursor.number32()), oldIndex: try cursor.number(most: Limits.columnsPerSheet),
                newIndex: try cursor.number(most: Limits.columnsPerSheet))
        case .deleteColumn:
            self = .deleteColumn(index: try cursor.number(most: Limits.columnsPerSheet), column: try cursor.column())
        case .addSheet: self = .addSheet(id: SheetID(try cursor.number32()), name: try cursor.text())
        case .renameSheet:
            self = .renameSheet(sheet: SheetID(try cursor.number32()), old: try cursor.text(), new: try cursor.text())
        case .deleteSheet:
            self = .deleteSheet(sheet: SheetID(try cursor.number32()), index: try cursor.number(most: Limits.sheetsPerGrid))
        case .addView: self = .addView(sheet: SheetID(try cursor.number32()), view: try cursor.view())
        case .changeView:
            self = .changeView(sheet: SheetID(try cursor.number32()), old: try cursor.view(), new: try cursor.view())
        case .deleteView:
            self = .deleteView(
                sheet: SheetID(try cursor.number32()), index: try cursor.number(most: Limits.viewsPerSheet),
                view: try cursor.view())
        case .renameGrid: self = .renameGrid(old: try cursor.text(), new: try cursor.text())
        case .set, .setMarked, .answer, .answerMarked, .suggestion, .mark, .run:
            throw cursor.damaged("a structural change was expected, found \(tag)")
        }
    }

    private static func readRows(_ tag: ChangeTag, _ cursor: inout RecordCursor) throws(RecordError) -> StructuralChange {
        let sheet = SheetID(try cursor.number32())
        let first = try cursor.number32()
        let count = try cursor.number(most: Limits.rowsPerChange)
        guard UInt64(first) + UInt64(count) <= UInt64(UInt32.max) else { throw cursor.damaged("rows beyond the last number") }
        let rank = tag == .insertRows ? try cursor.number(most: Limits.rowsPerSheet) : 0
        var columns: [ColumnID] = []
        for _ in 0..<(try cursor.number(most: Limits.columnsPerSheet)) { columns.append(ColumnID(try cursor.number32())) }
        let block = try cursor.blob()
        return tag == .insertRows
            ? .insertRows(sheet: sheet, first: first, count: count, rank: rank, columns: columns, block: block)
            : .stageRows(sheet: sheet, first: first, count: count, columns: columns, block: block)
    }

    private static func readDeletion(_ cursor: inout RecordCursor) throws(RecordError) -> StructuralChange {
        let sheet = SheetID(try cursor.number32())
        var rows: [DeletedRow] = []
        var rank = 0
        for index in 0..<(try cursor.number(most: Limits.rowsPerChange)) {
            rank += try cursor.number(most: Limits.rowsPerSheet) + (index == 0 ? 0 : 1)
            let row = try cursor.number32()
            var records: [(Int, UnsafeRawBufferPointer)] = []
            for _ in 0..<(try cursor.number(most: 256)) {
                let group = try cursor.number(most: 255)
                let record = try cursor.blob()
                try RowRecord.validate(record)
                records.append((group, record))
            }
            rows.append(DeletedRow(row: row, rank: rank, records: records))
        }
        return .deleteRows(sheet: sheet, rows: rows)
    }

    private static func readMove(_ cursor: inout RecordCursor) throws(RecordError) -> StructuralChange {
        let sheet = SheetID(try cursor.number32())
        let rank = try cursor.number(most: Limits.rowsPerSheet)
        var rows: [(UInt32, Int)] = []
        for _ in 0..<(try cursor.number(most: Limits.rowsPerChange)) {
            rows.append((try cursor.number32(), try cursor.number(most: Limits.rowsPerSheet)))
        }
        return .moveRows(sheet: sheet, rank: rank, rows: rows)
    }
}
