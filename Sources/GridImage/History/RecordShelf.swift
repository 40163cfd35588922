import GridModel
import Ordering

/// Opened records of the log, kept while one question is answered: neighbouring cells lead to the same records.
struct RecordShelf {
    /// Bytes kept; beyond them the shelf is emptied.
    private static let byteLimit = 64 << 20

    private var records: [Revision: [UInt8]] = [:]
    private var kept = 0
    /// How many times it may still be opened; `nil` without a bound.
    private var openings: Int?
    private let most: Int

    /// - Parameter openings: how many changes may be looked at; beyond it `tooFar`.
    init(openings: Int? = nil) {
        self.openings = openings
        most = openings ?? 0
    }

    /// Calls `body` with a record without its checksum, and its header.
    mutating func open<Value>(
        _ revision: Revision, _ reader: RecordReader, _ body: (RecordHeader, RecordCursor) throws(RecordError) -> Value
    ) throws(HistoryError) -> Value {
        if let left = openings {
            guard left > 0 else { throw .tooFar(most) }
            openings = left - 1
        }
        let isNew = records[revision] == nil
        let bytes = try take(revision, reader)
        do throws(RecordError) {
            return try bytes.withUnsafeBufferPointer { buffer throws(RecordError) in
                let raw = UnsafeRawBufferPointer(buffer)
                // The checksum is looked at once, when the record comes from outside.
                if isNew {
                    let (header, cursor) = try RecordHeader.open(raw)
                    guard header.revision == revision else { throw .outOfOrder(expected: revision, found: header.revision) }
                    return try body(header, cursor)
                }
                var cursor = RecordCursor(UnsafeRawBufferPointer(rebasing: raw[..<(raw.count - RecordFormat.checksumBytes)]))
                let header = try RecordHeader(from: &cursor)
                return try body(header, cursor)
            }
        } catch {
            records[revision] = nil
            throw .damaged(revision, error)
        }
    }

    /// A record's bytes, its checksum included.
    mutating func take(_ revision: Revision, _ reader: RecordReader) throws(HistoryError) -> [UInt8] {
        if let bytes = records[revision] { return bytes }
        let bytes: [UInt8]?
        do { bytes = try reader(revision) } catch { throw .unreadable(revision, "\(error)") }
        guard let bytes else { throw .notKept(revision) }
        if kept + bytes.count > Self.byteLimit {
            records = [:]
            kept = 0
        }
        records[revision] = bytes
        kept += bytes.count
        return bytes
    }
}

/// What stands at a change pointer: a change of a cell, or the row's beginning.
enum PointedChange {
    case cell(CellChange)
    case beginning

    /// Reads the change at `offset` of a record, for a row whose chain leads there.
    init(_ record: UnsafeRawBufferPointer, at offset: Int, row: UInt32, revision: Revision) throws(RecordError) {
        var cursor = RecordCursor(record, at: offset)
        let number = try cursor.byte()
        guard let tag = ChangeTag(rawValue: number) else { throw cursor.damaged("a change of kind \(number)") }
        guard tag.isOfCell else {
            switch try StructuralChange(tag, from: &cursor) {
            case .insertRows(_, let first, let count, _, _, _), .stageRows(_, let first, let count, _, _):
                if row >= first, Int(row - first) < count {
                    self = .beginning
                    return
                }
            default: break
            }
            throw cursor.damaged("the chain of r\(row) leads to another change")
        }
        let change = try CellChange(tag, from: &cursor, revision: revision)
        guard change.row == row else { throw cursor.damaged("the chain of r\(row) leads to r\(change.row)") }
        self = .cell(change)
    }
}
