// The log record, version 1. Docs/specifications/record-format.md is the description; this file has its numbers and the
// small shapes that several changes share.

import GridModel
import Ordering

/// What begins each change of a record.
enum ChangeTag: UInt8 {
    case set = 1
    /// `set`, and the cell had a mark, which the change clears.
    case setMarked = 2
    case answer = 3
    case answerMarked = 4
    case suggestion = 5
    case mark = 6
    case run = 7

    case insertRows = 16
    case deleteRows = 17
    case moveRows = 18
    case stageRows = 19
    case publishRows = 20
    case discardRows = 21

    case addColumn = 32
    case changeColumn = 33
    case moveColumn = 34
    case deleteColumn = 35

    case addSheet = 48
    case renameSheet = 49
    case deleteSheet = 50
    case addView = 51
    case changeView = 52
    case deleteView = 53
    case renameGrid = 54

    @inline(__always)
    var isOfCell: Bool { rawValue <= Self.mark.rawValue }
}

enum RecordFormat {
    static let version: UInt8 = 1
    static let structuralFlag: UInt8 = 1
    static let checksumBytes = 8
}

/// What stands at the front of a record.
struct RecordHeader {
    var revision: Revision
    var time: UInt64
    var structural: Bool

    func write(to writer: inout RecordWriter) {
        writer.byte(RecordFormat.version)
        writer.byte(structural ? RecordFormat.structuralFlag : 0)
        writer.varint(revision.rawValue)
        writer.varint(time)
    }

    init(revision: Revision, time: UInt64, structural: Bool) {
        self.revision = revision
        self.time = time
        self.structural = structural
    }

    init(from cursor: inout RecordCursor) throws(RecordError) {
        let version = try cursor.byte()
        guard version == RecordFormat.version else { throw .version(version) }
        structural = try cursor.byte() & RecordFormat.structuralFlag != 0
        revision = Revision(try cursor.varint())
        time = try cursor.varint()
    }

    /// Checks a whole record's checksum.
    /// - Returns: the header, and the record's bytes without the checksum, with the cursor at the first section.
    static func open(_ bytes: UnsafeRawBufferPointer) throws(RecordError) -> (RecordHeader, RecordCursor) {
        let end = bytes.count - RecordFormat.checksumBytes
        guard end >= 4 else { throw .damaged(offset: bytes.count, "a record of \(bytes.count) bytes") }
        if bytes[0] > RecordFormat.version { throw .version(bytes[0]) }
        let body = UnsafeRawBufferPointer(rebasing: bytes[..<end])
        let sum = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt64.self))
        guard Checksum.of(body) == sum else { throw .damaged(offset: end, "the checksum does not match") }
        var cursor = RecordCursor(body)
        let header = try RecordHeader(from: &cursor)
        return (header, cursor)
    }

    /// Checks a whole record and calls `body` with the cursor at each change in turn; `body` steps over it.
    @inline(__always)
    static func forEachChange(
        of bytes: UnsafeRawBufferPointer, at revision: Revision,
        _ body: (inout RecordCursor, SectionHeader) throws(RecordError) -> Void
    ) throws(RecordError) {
        let (header, start) = try open(bytes)
        guard header.revision == revision else { throw .outOfOrder(expected: revision, found: header.revision) }
        var cursor = start
        while !cursor.isAtEnd {
            let section = try SectionHeader(from: &cursor)
            while cursor.position < section.end { try body(&cursor, section) }
            guard cursor.position == section.end else { throw cursor.damaged("a change reaches past its section") }
        }
    }
}

/// What stands at the front of a command's section.
struct SectionHeader {
    /// Where the section's changes end in the record.
    var end: Int
    var intent: IntentID
    var kind: Cause.Kind
    var run: RunID?
    var detail: UnsafeRawBufferPointer?

    var cause: Cause {
        Cause(kind: kind, run: run, detail: detail.map { String(decoding: $0, as: UTF8.self) })
    }

    init(from cursor: inout RecordCursor) throws(RecordError) {
        let length = Int(UInt32(littleEndian: try cursor.take(4).loadUnaligned(as: UInt32.self)))
        guard length <= cursor.remaining else { throw cursor.damaged("a section of \(length) bytes") }
        end = cursor.position + length
        intent = IntentID(high: try cursor.word(), low: try cursor.word())
        let number = try cursor.byte()
        guard let kind = Cause.Kind(rawValue: number) else { throw cursor.damaged("a cause of kind \(number)") }
        self.kind = kind
        let run = try cursor.varint()
        guard run <= UInt64(UInt32.max) + 1 else { throw cursor.damaged("run \(run)") }
        self.run = run == 0 ? nil : RunID(UInt32(truncatingIfNeeded: run - 1))
        detail = try cursor.byte() == 0 ? nil : try cursor.blob()
        guard cursor.position <= end else { throw cursor.damaged("a section shorter than its head") }
    }

    /// Begins a section.
    /// - Returns: where its length stands, for `finish`.
    static func begin(_ command: Command, in writer: inout RecordWriter) -> Int {
        let place = writer.count
        writer.raw([0, 0, 0, 0])
        writer.word(command.intent.high)
        writer.word(command.intent.low)
        writer.byte(command.cause.kind.rawValue)
        writer.varint(command.cause.run.map { UInt64($0.rawValue) + 1 } ?? 0)
        if let detail = command.cause.detail {
            writer.byte(1)
            writer.text(detail)
        } else {
            writer.byte(0)
        }
        return place
    }

    static func finish(_ place: Int, in writer: inout RecordWriter) {
        let length = UInt32(truncatingIfNeeded: writer.count - place - 4)
        for index in 0..<4 { writer.bytes[place + index] = UInt8(truncatingIfNeeded: length >> UInt32(index * 8)) }
    }
}

extension RecordWriter {
    mutating func mark(_ mark: CellMark?) {
        byte(mark?.kindByte ?? 0)
        switch mark {
        case .failed(let reason), .skipped(let reason): text(reason)
        case .stale, nil: break
        }
    }

    @inline(__always)
    mutating func back(_ pointer: ChangePointer, at revision: Revision) {
        varint(revision.rawValue &- pointer.revision.rawValue)
        number(pointer.offset)
    }

    mutating func column(_ column: Column) {
        varint(UInt64(column.id.rawValue))
        text(column.name)
        byte(column.type.formatByte)
        number(column.width.map { Int($0) + 1 } ?? 0)
        guard let agent = column.agent else { return byte(0) }
        byte(agent.hasOptions ? 2 : 1)
        self.agent(agent)
        if agent.hasOptions { options(agent) }
    }

    mutating func view(_ view: SavedView) {
        varint(UInt64(view.id.rawValue))
        text(view.name)
        byte(view.definition.match == .all ? 0 : 1)
        number(view.definition.filter.count)
        for filter in view.definition.filter {
            varint(UInt64(filter.column.rawValue))
            byte(filter.operation.formatByte)
            number(filter.values.count)
            for value in filter.values { text(value.json) }
        }
        number(view.definition.sort.count)
        for criterion in view.definition.sort {
            varint(UInt64(criterion.column.rawValue))
            byte(criterion.descending ? 1 : 0)
        }
    }
}

extension RecordCursor {
    mutating func mark() throws(RecordError) -> CellMark? {
        let kind = try byte()
        if kind == 0 { return nil }
        let reason = kind == 1 ? "" : try text()
        guard let mark = CellMark(kind: kind, reason: reason) else { throw damaged("a mark of kind \(kind)") }
        return mark
    }

    @inline(__always)
    mutating func back(at revision: Revision) throws(RecordError) -> ChangePointer {
        let delta = try varint()
        let offset = try number(most: BatchPlan.recordByteLimit - 1)
        guard delta <= revision.rawValue else { throw damaged("a change before the first one") }
        return ChangePointer(Revision(revision.rawValue - delta), offset: offset)
    }

    mutating func column() throws(RecordError) -> Column {
        let id = ColumnID(try number32())
        let name = try text()
        let typeByte = try byte()
        guard let type = ColumnType(formatByte: typeByte) else { throw damaged("a column type \(typeByte)") }
        let width = try number(most: Int(UInt16.max) + 1)
        var agent: AgentSettings?
        let shape = try byte()
        guard shape <= 2 else { throw damaged("an agent of kind \(shape)") }
        if shape > 0 {
            var read = try self.agent()
            if shape == 2 { try options(&read) }
            agent = read
        }
        return Column(id: id, name: name, type: type, width: width == 0 ? nil : UInt16(width - 1), agent: agent)
    }

    mutating func view() throws(RecordError) -> SavedView {
        let id = ViewID(try number32())
        let name = try text()
        let match: ViewDefinition.Match = try byte() == 0 ? .all : .any
        var definition = ViewDefinition(match: match)
        for _ in 0..<(try number(most: Limits.criteriaPerView)) {
            let column = ColumnID(try number32())
            let operationByte = try byte()
            guard let operation = Filter.Operation(formatByte: operationByte) else {
                throw damaged("a filter operation \(operationByte)")
            }
            var values: [CellValue] = []
            for _ in 0..<(try number(most: remaining)) { values.append(CellValue(checkedJSON: try text())) }
            definition.filter.append(Filter(column: column, operation: operation, values: values))
        }
        for _ in 0..<(try number(most: Limits.criteriaPerView)) {
            let column = ColumnID(try number32())
            definition.sort.append(SortCriterion(column: column, descending: try byte() != 0))
        }
        return SavedView(id: id, name: name, definition: definition)
    }
}

extension ColumnType {
    var formatByte: UInt8 {
        switch self {
        case .text: 0
        case .number: 1
        case .boolean: 2
        case .date: 3
        case .json: 4
        }
    }

    init?(formatByte: UInt8) {
        guard let type = Self.allCases.first(where: { $0.formatByte == formatByte }) else { return nil }
        self = type
    }
}

extension Filter.Operation {
    var formatByte: UInt8 {
        switch self {
        case .equals: 0
        case .notEquals: 1
        case .contains: 2
        case .startsWith: 3
        case .isEmpty: 4
        case .isNotEmpty: 5
        case .less: 6
        case .lessOrEqual: 7
        case .greater: 8
        case .greaterOrEqual: 9
        case .oneOf: 10
        case .isFailed: 11
        case .isStale: 12
        }
    }

    init?(formatByte: UInt8) {
        guard let operation = Self.allCases.first(where: { $0.formatByte == formatByte }) else { return nil }
        self = operation
    }
}
