/// Reads lines of a trace one after the other into one log.
struct TraceLineReader: Sendable {
    var log = TraceLog()
    var rejections = TraceRejections()
    /// The header was wrong, or the trace is full: the rest of the file is passed over.
    var isEnded = false
    var hasHeader = false
    private(set) var records = TraceRecordReader()

    /// Forgets what was read and keeps the memory; the next line is a record.
    mutating func restart() {
        log.removeAll()
        rejections = TraceRejections()
        records.restart()
        isEnded = false
        hasHeader = true
    }

    /// Says that the file ends.
    mutating func finish() {
        guard !hasHeader, !isEnded else { return }
        rejections.add(TraceRejection(line: 1, offset: 0, reason: "the file has no header; \(Self.headerRemedy)"))
        isEnded = true
    }

    /// Takes over what was read from the file's next lines, unless a line would have been read otherwise had it come with those before
    /// it: `false` then.
    mutating func append(_ other: TraceLineReader, after line: Int, _ offset: Int, _ map: inout [Symbol]) -> Bool {
        guard !other.isEnded, log.hasRoom(for: other.log) else { return false }
        let (first, symbols) = (log.count, log.symbols.count)
        log.symbols.intern(contentsOf: other.log.symbols, &map)
        guard !records.hasTakenID(of: other.records, map) else {
            log.symbols.removeLast(downTo: symbols)
            return false
        }
        log.append(piece: other.log, after: line, map)
        records.takeIDs(of: log, from: first)
        rejections.add(other.rejections, after: line, offset)
        return true
    }

    mutating func read(_ line: JSONLine) {
        guard !isEnded else { return }
        guard !line.isTooLong else {
            reject(line, at: 0, "the line is longer than 4 MiB; split what it holds into several events")
            return
        }
        var bytes = line.bytes
        if line.number == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = UnsafeRawBufferPointer(rebasing: bytes[3...]) }
        var cursor = JSONCursor(bytes)
        if cursor.peek() == 0, cursor.offset == bytes.count { return }
        do throws(JSONFailure) {
            if hasHeader {
                try records.read(&cursor, line: UInt32(clamping: line.number), into: &log)
            } else {
                try readHeader(&cursor)
                hasHeader = true
            }
        } catch {
            log.dropPending()
            reject(line, at: error.offset + (line.bytes.count - bytes.count), String(describing: error.reason))
            isEnded = !hasHeader || records.isFull
        }
    }

    private mutating func reject(_ line: JSONLine, at place: Int, _ reason: String) {
        rejections.add(TraceRejection(line: line.number, offset: line.offset + place, reason: reason))
    }

    private static let headerRemedy =
        #"the first line must be {"type":"trace","version":1}; give another tool's file to the importers"#

    private mutating func readHeader(_ cursor: inout JSONCursor) throws(JSONFailure) {
        let wrong: StaticString =
            #"this is no trace: the first line must be {"type":"trace","version":1}; give another tool's file to the importers"#
        var isTrace = false
        var version: Int64?
        var isFirst = true
        guard cursor.peek() == UInt8(ascii: "{") else { throw cursor.failure(wrong) }
        try cursor.beginObject()
        while let name = try cursor.nextMember(&isFirst) {
            if name.equals("type") {
                isTrace = try cursor.string("type must be a text").equals("trace")
            } else if name.equals("version") {
                version = try cursor.integer("version must be a whole number")
            } else if name.equals("recorder"), cursor.peek() == UInt8(ascii: "\"") {
                log.recorder = try cursor.string().string
            } else if name.equals("limits"), cursor.peek() == UInt8(ascii: "[") {
                var isFirst = true
                try cursor.beginArray()
                while try cursor.nextElement(&isFirst) { log.limits.append(try cursor.string("limits are texts").string) }
            } else {
                let value = try cursor.skipValue().string
                log.headerAttributes.append(TraceEvent.Attribute(name: name.string, value: value))
            }
        }
        try cursor.finish()
        guard isTrace, let version else { throw JSONFailure(offset: 0, reason: wrong) }
        guard version == 1 else {
            throw JSONFailure(offset: 0, reason: "a version of the format that this reader does not know; it reads version 1")
        }
    }
}
