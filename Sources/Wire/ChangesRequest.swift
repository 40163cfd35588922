package import GridModel
package import Ordering

// {"intent":"uuid","cause":"person"|"program","changes":[
//   {"op":"setCell","row":"r9","column":"c3","value":"x","ifRevision":12},
//   {"op":"insertRows","sheet":"s1","after":"r9"|null,"count":2}            after null: at the start
//   {"op":"insertRows","sheet":"s1","at":"end","rows":[{"c3":"x"},{}]},     or "before":"r9"
//   {"op":"deleteRows","rows":["r9"]}, {"op":"moveRows","rows":["r9"],"after":"r2"}]}

/// A batch of changes under one intent.
package struct ChangesRequest: Hashable, Sendable {
    package var intent: IntentID
    /// Who says so: a person, whose changes commit at once, or a program, whose changes are committed in groups.
    package var cause: Cause.Kind
    package var changes: [RequestedChange]

    package init(intent: IntentID, cause: Cause.Kind = .person, changes: [RequestedChange]) {
        self.intent = intent
        self.cause = cause
        self.changes = changes
    }

    package init(wire bytes: [UInt8]) throws(WireError) {
        self = try WireReader.read(bytes) { (reader) throws(WireError) in
            var intent: IntentID?
            var cause = Cause.Kind.person
            var changes: [RequestedChange]?
            try reader.object { (member, reader) throws(WireError) in
                switch member {
                case "intent":
                    intent = IntentID(text: try reader.string())
                    if intent == nil { throw reader.failure("an intent is a UUID, 8-4-4-4-12 hexadecimal digits") }
                case "cause":
                    switch try reader.string() {
                    case "person": cause = .person
                    case "program": cause = .program
                    default: throw reader.failure("expected \"person\" or \"program\"")
                    }
                case "changes":
                    changes = try reader.list { (reader) throws(WireError) in try RequestedChange(&reader) }
                default: throw reader.unknownMember()
                }
            }
            guard let intent else { throw reader.missing("intent") }
            guard let changes else { throw reader.missing("changes") }
            return ChangesRequest(intent: intent, cause: cause, changes: changes)
        }
    }

    package var wire: [UInt8] {
        WireWriter.write(capacity: 64 + changes.count * 64) { writer in
            writer.object { writer in
                writer.member("intent", intent.description)
                if cause == .program { writer.member("cause", "program") }
                writer.arrayMember("changes") { writer in
                    for change in changes { change.write(to: &writer) }
                }
            }
        }
    }
}

/// One change as it is asked for: the sheet may be left out where the rows tell it.
package enum RequestedChange: Hashable, Sendable {
    case setCell(row: RowID, column: ColumnID, value: CellValue?, ifRevision: Revision?)
    case insertRows(sheet: SheetID?, position: Position<RowID>, rows: RowsBlock)
    case deleteRows(sheet: SheetID?, rows: [RowID])
    case moveRows(sheet: SheetID?, rows: [RowID], position: Position<RowID>)

    /// The row that tells the sheet when it is not named.
    package var anchor: RowID? {
        switch self {
        case .setCell(let row, _, _, _): row
        case .insertRows(_, .after(let row), _), .insertRows(_, .before(let row), _): row
        case .insertRows(_, .first, _), .insertRows(_, .last, _): nil
        case .deleteRows(_, let rows), .moveRows(_, let rows, _): rows.first
        }
    }

    /// The change with its sheet: the one named, else the one that `sheet` finds for the anchor.
    package func change(sheet find: (RowID?) -> SheetID?) -> Change? {
        switch self {
        case .setCell(let row, let column, let value, let ifRevision):
            return .setCell(row: row, column: column, value: value, ifRevision: ifRevision)
        case .insertRows(let sheet, let position, let rows):
            guard let sheet = sheet ?? find(anchor) else { return nil }
            return .insertRows(sheet: sheet, position: position, rows: rows)
        case .deleteRows(let sheet, let rows):
            guard let sheet = sheet ?? find(anchor) else { return nil }
            return .deleteRows(sheet: sheet, rows: rows)
        case .moveRows(let sheet, let rows, let position):
            guard let sheet = sheet ?? find(anchor) else { return nil }
            return .moveRows(sheet: sheet, rows: rows, position: position)
        }
    }

    init(_ reader: inout WireReader) throws(WireError) {
        var draft = ChangeDraft()
        try reader.object { (member, reader) throws(WireError) in try draft.readMember(member, &reader) }
        self = try draft.change(reader)
    }

    func write(to writer: inout WireWriter) {
        writer.object { writer in
            switch self {
            case .setCell(let row, let column, let value, let ifRevision):
                writer.member("op", "setCell")
                writer.name("row")
                writer.identifier(row)
                writer.name("column")
                writer.identifier(column)
                writer.member("value", cell: value)
                if let ifRevision { writer.member("ifRevision", ifRevision) }
            case .insertRows(let sheet, let position, let rows):
                writer.member("op", "insertRows")
                writer.sheet(sheet)
                writer.position(position)
                writer.rows(rows)
            case .deleteRows(let sheet, let rows):
                writer.member("op", "deleteRows")
                writer.sheet(sheet)
                writer.rows(rows)
            case .moveRows(let sheet, let rows, let position):
                writer.member("op", "moveRows")
                writer.sheet(sheet)
                writer.rows(rows)
                writer.position(position)
            }
        }
    }
}

/// The members of a change as they come, in any order, before it is known which change it is.
private struct ChangeDraft {
    private enum Operation: String, CaseIterable {
        case setCell, insertRows, deleteRows, moveRows
    }

    private enum Rows {
        case none
        case named([RowID])
        case new([[(ColumnID, CellValue?)]])
    }

    private var operation: Operation?
    private var row: RowID?
    private var column: ColumnID?
    private var value: CellValue??
    private var ifRevision: Revision?
    private var sheet: SheetID?
    private var position: Position<RowID>?
    private var count: Int?
    private var rows = Rows.none

    mutating func readMember(_ member: String, _ reader: inout WireReader) throws(WireError) {
        switch member {
        case "op": operation = try reader.choice(Operation.self)
        case "row": row = try reader.identifier(RowID.self)
        case "column": column = try reader.identifier(ColumnID.self)
        case "value": value = .some(try reader.cellValue())
        case "ifRevision": ifRevision = try reader.revision()
        case "sheet": sheet = try reader.identifier(SheetID.self)
        case "count": count = try reader.integer(in: 1...Int64(Limits.rowsPerChange))
        case "rows": try readRows(&reader)
        default: guard try reader.readPosition(member, into: &position) else { throw reader.unknownMember() }
        }
    }

    private mutating func readRows(_ reader: inout WireReader) throws(WireError) {
        var named: [RowID] = []
        var new: [[(ColumnID, CellValue?)]] = []
        try reader.array { (reader) throws(WireError) in
            guard named.count + new.count < Limits.rowsPerChange else {
                throw reader.failure("one change holds at most \(Limits.rowsPerChange) rows")
            }
            if reader.comes("{") {
                new.append(try Self.cells(&reader))
            } else {
                named.append(try reader.identifier(RowID.self))
            }
        }
        if !named.isEmpty, !new.isEmpty { throw reader.failure("\"rows\" holds either ids or new rows") }
        rows = named.isEmpty ? .new(new) : .named(named)
    }

    private static func cells(_ reader: inout WireReader) throws(WireError) -> [(ColumnID, CellValue?)] {
        var cells: [(ColumnID, CellValue?)] = []
        try reader.object { (name, reader) throws(WireError) in
            guard let column = ColumnID(text: name) else {
                throw reader.failure("expected a column's id, found \"\(name.prefix(40))\"")
            }
            cells.append((column, try reader.cellValue()))
        }
        return cells
    }

    func change(_ reader: WireReader) throws(WireError) -> RequestedChange {
        guard let operation else { throw reader.missing("op") }
        try refuseStrangers(of: operation, reader)
        switch operation {
        case .setCell:
            guard let row else { throw reader.missing("row") }
            guard let column else { throw reader.missing("column") }
            guard let value else { throw reader.missing("value") }
            return .setCell(row: row, column: column, value: value, ifRevision: ifRevision)
        case .insertRows:
            return .insertRows(sheet: sheet, position: position ?? .last, rows: try newRows(reader))
        case .deleteRows:
            guard case .named(let rows) = rows else { throw reader.failure("\"rows\" must name at least one row") }
            return .deleteRows(sheet: sheet, rows: rows)
        case .moveRows:
            guard case .named(let rows) = rows else { throw reader.failure("\"rows\" must name at least one row") }
            guard let position else { throw reader.failure("one of \"after\", \"before\" and \"at\" must say where") }
            return .moveRows(sheet: sheet, rows: rows, position: position)
        }
    }

    private func newRows(_ reader: WireReader) throws(WireError) -> RowsBlock {
        switch rows {
        case .none:
            guard let count else { throw reader.failure("\"count\" or \"rows\" must say which rows to insert") }
            return RowsBlock(emptyRows: count)
        case .named: throw reader.failure("\"rows\" of insertRows holds objects of cells")
        case .new(let new):
            if count != nil { throw reader.failure("only one of \"count\" and \"rows\" can say which rows to insert") }
            guard !new.isEmpty else { throw reader.failure("\"rows\" must hold at least one row") }
            let columns = Set(new.joined().map { $0.0 }).sorted()
            guard columns.count <= Limits.columnsPerSheet else { throw reader.failure("more columns than a sheet has") }
            let (cells, overflow) = columns.count.multipliedReportingOverflow(by: new.count)
            guard !overflow, cells <= Self.cellSlotLimit else {
                throw reader.failure("rows times columns is at most \(Self.cellSlotLimit) in one change")
            }
            let slot = Dictionary(uniqueKeysWithValues: zip(columns, columns.indices))
            var block = RowsBlock(columns: columns)
            for row in new {
                var values = [CellValue?](repeating: nil, count: columns.count)
                for (column, value) in row { if let index = slot[column] { values[index] = value } }
                block.append(values)
            }
            return block
        }
    }

    /// A sparse request must not become a dense block that is a thousand times its size.
    private static let cellSlotLimit = 4_000_000

    private func refuseStrangers(of operation: Operation, _ reader: WireReader) throws(WireError) {
        let isCell = operation == .setCell
        let stranger: String? =
            if isCell {
                sheet != nil ? "sheet" : position != nil ? "a position" : count != nil ? "count" : hasRows ? "rows" : nil
            } else {
                row != nil
                    ? "row"
                    : column != nil
                        ? "column"
                        : value != nil
                            ? "value"
                            : ifRevision != nil
                                ? "ifRevision"
                                : operation != .insertRows && count != nil
                                    ? "count" : operation == .deleteRows && position != nil ? "a position" : nil
            }
        if let stranger { throw reader.failure("\(operation.rawValue) does not take \(stranger)") }
    }

    private var hasRows: Bool {
        if case .none = rows { false } else { true }
    }
}

extension WireWriter {
    fileprivate mutating func sheet(_ sheet: SheetID?) {
        guard let sheet else { return }
        name("sheet")
        identifier(sheet)
    }

    fileprivate mutating func rows(_ rows: [RowID]) {
        arrayMember("rows") { writer in
            for row in rows { writer.identifier(row) }
        }
    }

    fileprivate mutating func rows(_ block: RowsBlock) {
        guard !block.columns.isEmpty else { return member("count", block.rowCount) }
        arrayMember("rows") { writer in
            for row in 0..<block.rowCount {
                writer.object { writer in
                    for (index, column) in block.columns.enumerated() {
                        let cell = block.cell(row: row, column: index)
                        guard !cell.isEmpty else { continue }
                        writer.name(column)
                        writer.json(cell)
                    }
                }
            }
        }
    }
}
