/// Reads a trace file (`Docs/specifications/trace-format.md`) that comes in chunks of any size. A line that it cannot read is
/// rejected with its place and the reason, and the next line is read; only a wrong header ends the reading.
///
///     var reader = TraceReader()
///     for chunk in chunks { reader.read(chunk) }
///     let trace = reader.finish()
package struct TraceReader {
    /// A trace and what of its file could not be read.
    package struct Reading: Sendable {
        package var log: TraceLog
        package var rejections: TraceRejections
    }

    package private(set) var log = TraceLog()
    package internal(set) var rejections = TraceRejections()
    /// The header was wrong, or the trace is full: the rest of the file is passed over.
    package private(set) var isEnded = false

    private var lines = JSONLines()
    private var hasHeader = false
    private var records = TraceRecordReader()

    package init() {}

    /// Takes the next bytes of the file.
    package mutating func read(_ chunk: UnsafeRawBufferPointer) {
        guard !isEnded else { return }
        // Taken out, as the lines are handed over while they are being cut.
        var lines = lines
        self.lines = JSONLines()
        lines.append(chunk) { read($0) }
        self.lines = lines
    }

    /// Takes the next bytes of the file.
    package mutating func read(_ chunk: [UInt8]) {
        chunk.withUnsafeBytes { read($0) }
    }

    /// Says that the file ends.
    package mutating func finish() -> Reading {
        var lines = lines
        self.lines = JSONLines()
        lines.finish { read($0) }
        if !hasHeader, !isEnded {
            rejections.add(TraceRejection(line: 1, offset: 0, reason: "the file has no header; \(Self.headerRemedy)"))
            isEnded = true
        }
        return Reading(log: log, rejections: rejections)
    }

    /// Reads a whole file.
    package static func read(_ bytes: [UInt8]) -> Reading {
        read(contentsOf: CollectionOfOne(bytes))
    }

    /// Reads a whole file that comes in chunks.
    package static func read(contentsOf chunks: some Sequence<[UInt8]>) -> Reading {
        var reader = TraceReader()
        for chunk in chunks { reader.read(chunk) }
        return reader.finish()
    }

    // MARK: Lines

    private mutating func read(_ line: JSONLine) {
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
