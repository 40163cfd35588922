// The records of sixteen rows with consecutive numbers, in one group of columns, in one buffer: no allocation a row.
//
//   16 times 4 bytes   where each row's record ends in the buffer; a record begins where the one before it ends
//   the records, then unused bytes up to the buffer's length
//
// An empty buffer is a slab without records. The buffer's length is its capacity, so that a splice needs no append.

/// See the file's head.
struct Slab: Sendable {
    static let rows = 16
    static let headBytes = rows * 4

    private(set) var bytes: [UInt8] = []

    var isEmpty: Bool { bytes.isEmpty }

    @inline(__always)
    private static func end(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Int {
        index < 0 ? headBytes : Int(bytes.load(fromByteOffset: index * 4, as: UInt32.self))
    }

    /// Whether the next cell that grows needs a new buffer.
    var isFull: Bool {
        !bytes.isEmpty && bytes.withUnsafeBytes { Self.end($0, Self.rows - 1) } == bytes.count
    }

    /// Makes room to grow in. Slabs lie one behind the other as they were loaded: where all of a stretch move in turn, each takes
    /// the place that those before it gave up. One here and one there, as they happen to grow, would leave gaps that fit no other:
    /// a quarter of the memory of a million rows.
    mutating func loosen() {
        let used = bytes.count
        let old = bytes
        bytes = [UInt8](unsafeUninitializedCapacity: Self.room(for: used)) { target, count in
            let raw = UnsafeMutableRawBufferPointer(target)
            raw.initializeMemory(as: UInt8.self, repeating: 0)
            old.withUnsafeBytes { raw.copyMemory(from: $0) }
            count = raw.count
        }
    }

    /// The length of a buffer that holds so many bytes and may grow.
    private static func room(for needed: Int) -> Int { needed + needed >> 5 + 24 }

    /// Calls `body` with the record at an index, absent when there is none.
    @inline(__always)
    func withRecord<Value>(_ index: Int, _ body: (RowRecord) -> Value) -> Value {
        guard !bytes.isEmpty else { return body(RowRecord(UnsafeRawBufferPointer(start: nil, count: 0))) }
        return bytes.withUnsafeBytes { raw in
            let start = Self.end(raw, index - 1)
            let end = Self.end(raw, index)
            return body(RowRecord(UnsafeRawBufferPointer(rebasing: raw[start..<end])))
        }
    }

    /// Replaces records `first...` by consecutive new ones, given as one run of bytes and where each ends, counted from `base`.
    mutating func replace(first: Int, with new: UnsafeRawBufferPointer, ends: ArraySlice<Int>, base: Int = 0) {
        let (oldStart, oldEnd, used): (Int, Int, Int) = withEnds { raw in
            guard let raw else { return (Self.headBytes, Self.headBytes, Self.headBytes) }
            return (Self.end(raw, first - 1), Self.end(raw, first + ends.count - 1), Self.end(raw, Self.rows - 1))
        }
        let delta = new.count - (oldEnd - oldStart)
        if used + delta == Self.headBytes {
            bytes = []
            return
        }
        resize(used: used, gapAt: oldEnd, delta: delta)
        bytes.withUnsafeMutableBytes { raw in
            if !new.isEmpty { UnsafeMutableRawBufferPointer(rebasing: raw[oldStart...]).copyMemory(from: new) }
            var index = first
            for end in ends {
                raw.storeBytes(of: UInt32(oldStart + end - base), toByteOffset: index * 4, as: UInt32.self)
                index += 1
            }
            Self.shiftEnds(raw, from: index, by: delta)
        }
    }

    private func withEnds<Value>(_ body: (UnsafeRawBufferPointer?) -> Value) -> Value {
        bytes.isEmpty ? body(nil) : bytes.withUnsafeBytes { body($0) }
    }

    @inline(__always)
    private static func shiftEnds(_ raw: UnsafeMutableRawBufferPointer, from index: Int, by delta: Int) {
        guard delta != 0 else { return }
        for later in index..<max(index, rows) {
            let end = Int(raw.load(fromByteOffset: later * 4, as: UInt32.self)) + delta
            raw.storeBytes(of: UInt32(truncatingIfNeeded: end), toByteOffset: later * 4, as: UInt32.self)
        }
    }

    /// Moves what lies at `gapAt..<used` by `delta` bytes, in place when there is room and nobody else holds the buffer.
    private mutating func resize(used: Int, gapAt: Int, delta: Int) {
        let needed = used + delta
        if bytes.isEmpty || needed > bytes.count {
            let room = bytes.isEmpty ? needed : Self.room(for: needed)
            let old = bytes
            bytes = [UInt8](unsafeUninitializedCapacity: room) { target, count in
                let raw = UnsafeMutableRawBufferPointer(target)
                raw.initializeMemory(as: UInt8.self, repeating: 0)
                if old.isEmpty {
                    for index in 0..<Self.rows {
                        raw.storeBytes(of: UInt32(Self.headBytes), toByteOffset: index * 4, as: UInt32.self)
                    }
                } else {
                    old.withUnsafeBytes { source in
                        raw.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<gapAt]))
                        UnsafeMutableRawBufferPointer(rebasing: raw[(gapAt + delta)...])
                            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[gapAt..<used]))
                    }
                }
                count = room
            }
        } else if delta != 0, gapAt < used {
            bytes.withUnsafeMutableBytes { raw in
                UnsafeMutableRawBufferPointer(rebasing: raw[(gapAt + delta)..<needed])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[gapAt..<used]))
            }
        }
    }

    /// Sets one cell and the row's last change; clears the cell's mark.
    @inline(__always)
    mutating func set(_ index: Int, slot: Int, to json: UnsafeRawBufferPointer, pointer: ChangePointer) {
        if !setFast(index, slot: slot, to: json, pointer: pointer) {
            setSlow(index, pointer: pointer) { row in
                row.set(slot, json)
                row.setMark(slot, nil)
            }
        }
    }

    /// Changes a row's marks, or only its last change.
    mutating func update(_ index: Int, pointer: ChangePointer, _ body: (inout LooseRow) -> Void) {
        setSlow(index, pointer: pointer, body)
    }

    private mutating func setSlow(_ index: Int, pointer: ChangePointer, _ body: (inout LooseRow) -> Void) {
        let record = withRecord(index) { record in
            var row = LooseRow(record)
            row.pointer = pointer
            body(&row)
            return row.encoded()
        }
        record.withUnsafeBytes { replace(first: index, with: $0, ends: [record.count]) }
    }

    /// Where a cell lies in the buffer, when a splice can set it.
    private struct Place {
        var lengthAt: Int
        var cellAt: Int
        var oldLength: Int
        var recordAt: Int
        var used: Int
    }

    @inline(__always)
    private func place(_ index: Int, slot: Int) -> Place? {
        bytes.withUnsafeBytes { raw -> Place? in
            let start = Self.end(raw, index - 1)
            let end = Self.end(raw, index)
            guard end > start else { return nil }
            let head = raw[start + 8]
            let count = Int(head)
            guard head & RowRecord.marksFlag == 0, slot < count else { return nil }
            var position = start + RowRecord.headerBytes
            var before = 0
            for _ in 0..<slot { before += RowRecord.length(raw, &position) }
            let lengthAt = position
            let oldLength = RowRecord.length(raw, &position)
            for _ in (slot + 1)..<count { _ = RowRecord.length(raw, &position) }
            return Place(
                lengthAt: lengthAt, cellAt: position + before, oldLength: oldLength, recordAt: start,
                used: Self.end(raw, Self.rows - 1))
        }
    }

    /// Splices the cell in place.
    /// - Returns: false when the record must be written anew: it has no such slot, has marks, or the length's width changes.
    @inline(__always)
    private mutating func setFast(_ index: Int, slot: Int, to json: UnsafeRawBufferPointer, pointer: ChangePointer) -> Bool {
        guard !bytes.isEmpty, let place = place(index, slot: slot) else { return false }
        let width = Self.width(json.count)
        guard width == Self.width(place.oldLength) else { return false }
        let delta = json.count - place.oldLength
        if delta != 0 { resize(used: place.used, gapAt: place.cellAt + place.oldLength, delta: delta) }
        bytes.withUnsafeMutableBytes { raw in
            raw.storeBytes(of: pointer.rawValue.littleEndian, toByteOffset: place.recordAt, as: UInt64.self)
            var rest = json.count
            for at in 0..<width {
                raw[place.lengthAt + at] = UInt8(truncatingIfNeeded: rest & 0x7F) | (at < width - 1 ? 0x80 : 0)
                rest >>= 7
            }
            if let source = json.baseAddress, let target = raw.baseAddress {
                (target + place.cellAt).copyMemory(from: source, byteCount: json.count)
            }
            Self.shiftEnds(raw, from: index, by: delta)
        }
        return true
    }

    @inline(__always)
    private static func width(_ length: Int) -> Int {
        length < 1 << 7 ? 1 : length < 1 << 14 ? 2 : 3
    }
}
