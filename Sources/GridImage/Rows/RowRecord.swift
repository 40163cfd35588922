// A row record: what one row holds in one group of 64 columns. The same bytes lie in a slab, in the log where a row was
// deleted, and in the fold.
//
//   8 bytes   the pointer of the last change to this row and group, little endian
//   1 byte    n, how many slots are listed (0...64); its high bit: marks follow the cells
//   n times   the length of the slot's cell, LEB128; 0 is the empty cell
//   the cells' JSON, one after the other
//   marks:    a count, then each: slot, kind (1 stale, 2 failed, 3 skipped), reason's length (LEB128), reason
//
// Slots are physical: a column keeps its slot for ever, whatever its place in the sheet.

import GridModel

/// Reads a row record. The bytes must be sound (`validate`), as all bytes in slabs are.
struct RowRecord {
    static let marksFlag: UInt8 = 0x80
    static let headerBytes = 9

    let bytes: UnsafeRawBufferPointer

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAbsent: Bool { bytes.isEmpty }

    @inline(__always)
    var pointer: ChangePointer {
        bytes.isEmpty ? .none : ChangePointer(rawValue: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)))
    }

    @inline(__always)
    var slotCount: Int { bytes.isEmpty ? 0 : Int(bytes[8] & ~Self.marksFlag) }

    @inline(__always)
    var hasMarks: Bool { !bytes.isEmpty && bytes[8] & Self.marksFlag != 0 }

    /// Reads a length at `position` of sound bytes and steps over it.
    @inline(__always)
    static func length(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int {
        var byte = bytes[position]
        position += 1
        if byte < 0x80 { return Int(byte) }
        var value = Int(byte & 0x7F)
        var shift = 7
        repeat {
            byte = bytes[position]
            position += 1
            value |= Int(byte & 0x7F) << shift
            shift += 7
        } while byte >= 0x80
        return value
    }

    /// The bytes of a slot's cell; empty for the empty cell.
    @inline(__always)
    func cell(_ slot: Int) -> UnsafeRawBufferPointer {
        let count = slotCount
        guard slot < count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        var position = Self.headerBytes
        var start = 0
        for _ in 0..<slot { start += Self.length(bytes, &position) }
        let length = Self.length(bytes, &position)
        guard length > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        for _ in (slot + 1)..<max(count, slot + 1) { _ = Self.length(bytes, &position) }
        let begin = position + start
        return UnsafeRawBufferPointer(rebasing: bytes[begin..<begin + length])
    }

    /// Calls `body` with each cell that is not empty, by ascending slot.
    @inline(__always)
    func forEachCell(_ body: (_ slot: Int, _ json: UnsafeRawBufferPointer) -> Void) {
        let count = slotCount
        guard count > 0 else { return }
        var position = Self.headerBytes
        for _ in 0..<count { _ = Self.length(bytes, &position) }
        var start = position
        position = Self.headerBytes
        for slot in 0..<count {
            let length = Self.length(bytes, &position)
            if length > 0 { body(slot, UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])) }
            start += length
        }
    }

    /// The bytes of the marks, with their count first; empty without marks.
    var marks: UnsafeRawBufferPointer {
        guard hasMarks else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        var position = Self.headerBytes
        var total = 0
        for _ in 0..<slotCount { total += Self.length(bytes, &position) }
        return UnsafeRawBufferPointer(rebasing: bytes[(position + total)...])
    }

    /// Calls `body` with each mark by ascending slot.
    func forEachMark(_ body: (_ slot: Int, _ mark: CellMark) -> Void) {
        let marks = marks
        guard !marks.isEmpty else { return }
        var position = 1
        for _ in 0..<marks[0] {
            let slot = Int(marks[position])
            let kind = marks[position + 1]
            position += 2
            let length = Self.length(marks, &position)
            let reason = String(decoding: marks[position..<position + length], as: UTF8.self)
            position += length
            if let mark = CellMark(kind: kind, reason: reason) { body(slot, mark) }
        }
    }

    func mark(_ slot: Int) -> CellMark? {
        guard hasMarks else { return nil }
        var found: CellMark?
        forEachMark { if $0 == slot { found = $1 } }
        return found
    }

    /// Checks bytes that come from outside.
    static func validate(_ bytes: UnsafeRawBufferPointer) throws(RecordError) {
        if bytes.isEmpty { return }
        var cursor = RecordCursor(bytes)
        _ = try cursor.word()
        let head = try cursor.byte()
        let count = Int(head & ~marksFlag)
        guard count <= Limits.columnsPerGroup else { throw cursor.damaged("a row of \(count) slots") }
        var total = 0
        for _ in 0..<count { total += try cursor.number(most: Limits.cellBytes) }
        _ = try cursor.take(total)
        if head & marksFlag != 0 {
            for _ in 0..<(try cursor.byte()) {
                let slot = try cursor.byte()
                let kind = try cursor.byte()
                let reason = try cursor.text()
                guard slot < Limits.columnsPerGroup, CellMark(kind: kind, reason: reason) != nil else {
                    throw cursor.damaged("a mark of kind \(kind) on slot \(slot)")
                }
            }
        }
        guard cursor.isAtEnd else { throw cursor.damaged("more bytes than the row has") }
    }
}

extension CellMark {
    init?(kind: UInt8, reason: String) {
        switch kind {
        case 1: self = .stale
        case 2: self = .failed(reason: reason)
        case 3: self = .skipped(reason: reason)
        default: return nil
        }
    }

    var kindByte: UInt8 {
        switch self {
        case .stale: 1
        case .failed: 2
        case .skipped: 3
        }
    }

    var reason: String {
        switch self {
        case .stale: ""
        case .failed(let reason), .skipped(let reason): reason
        }
    }
}

/// A row record taken apart, to be changed and written again: the slow path, for what a splice cannot do.
struct LooseRow {
    var pointer: ChangePointer
    var cells: [UnsafeRawBufferPointer]
    var marks: [(slot: Int, mark: CellMark)] = []

    /// The cells point into the record's bytes, which must outlive this.
    init(_ record: RowRecord) {
        pointer = record.pointer
        cells = []
        var next = 0
        record.forEachCell { slot, json in
            while next < slot {
                cells.append(UnsafeRawBufferPointer(start: nil, count: 0))
                next += 1
            }
            cells.append(json)
            next += 1
        }
        record.forEachMark { marks.append(($0, $1)) }
    }

    mutating func set(_ slot: Int, _ json: UnsafeRawBufferPointer) {
        while cells.count <= slot { cells.append(UnsafeRawBufferPointer(start: nil, count: 0)) }
        cells[slot] = json
    }

    mutating func setMark(_ slot: Int, _ mark: CellMark?) {
        marks.removeAll { $0.slot == slot }
        guard let mark else { return }
        let place = marks.firstIndex { $0.slot > slot } ?? marks.count
        marks.insert((slot, mark), at: place)
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter()
        writer.bytes.reserveCapacity(16 + cells.reduce(0) { $0 + $1.count + 2 })
        writer.word(pointer.rawValue)
        writer.byte(UInt8(cells.count) | (marks.isEmpty ? 0 : RowRecord.marksFlag))
        for cell in cells { writer.number(cell.count) }
        for cell in cells { writer.raw(cell) }
        if !marks.isEmpty {
            writer.byte(UInt8(marks.count))
            for (slot, mark) in marks {
                writer.byte(UInt8(slot))
                writer.byte(mark.kindByte)
                writer.text(mark.reason)
            }
        }
        return writer.bytes
    }
}
