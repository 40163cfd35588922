import GridModel
import Ordering

/// A recorded change of one cell. Its bytes point into the record.
struct CellChange {
    var tag: ChangeTag
    var row: UInt32
    var column: UInt32
    /// The change of this row and column group before this one.
    var back: ChangePointer
    /// The value before; for a suggestion and a mark there is none.
    var old = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The value after; for a suggestion the answer that was kept.
    var new = UnsafeRawBufferPointer(start: nil, count: 0)
    var oldMark: CellMark?
    var newMark: CellMark?
    /// What an answer or suggestion was computed from.
    var base: Revision?
    var inputs: [ColumnID] = []

    /// Whether it decides the cell's value.
    var setsValue: Bool {
        switch tag {
        case .set, .setMarked, .answer, .answerMarked: true
        default: false
        }
    }

    /// Reads what follows the tag.
    @inline(__always)
    init(_ tag: ChangeTag, from cursor: inout RecordCursor, revision: Revision) throws(RecordError) {
        self.tag = tag
        row = try cursor.number32()
        column = try cursor.number32()
        back = try cursor.back(at: revision)
        switch tag {
        case .set:
            old = try cursor.blob()
            new = try cursor.blob()
        case .setMarked:
            old = try cursor.blob()
            new = try cursor.blob()
            oldMark = try cursor.mark()
        case .answer, .answerMarked:
            old = try cursor.blob()
            new = try cursor.blob()
            if tag == .answerMarked { oldMark = try cursor.mark() }
            try readProvenance(&cursor, revision)
        case .suggestion:
            new = try cursor.blob()
            try readProvenance(&cursor, revision)
        case .mark:
            oldMark = try cursor.mark()
            newMark = try cursor.mark()
        default:
            throw cursor.damaged("a change of a cell was expected, found \(tag)")
        }
    }

    private mutating func readProvenance(_ cursor: inout RecordCursor, _ revision: Revision) throws(RecordError) {
        let delta = try cursor.varint()
        guard delta <= revision.rawValue else { throw cursor.damaged("a base before the first revision") }
        base = Revision(revision.rawValue - delta)
        for _ in 0..<(try cursor.number(most: Limits.columnsPerSheet)) { inputs.append(ColumnID(try cursor.number32())) }
    }

    static func writeProvenance(_ base: Revision, _ inputs: [ColumnID], at revision: Revision, to writer: inout RecordWriter) {
        writer.varint(revision.rawValue &- min(base, revision).rawValue)
        writer.number(inputs.count)
        for input in inputs { writer.varint(UInt64(input.rawValue)) }
    }
}
