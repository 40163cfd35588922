import Trace

/// Addresses as they may stand in a trace.
enum TraceAddress {
    static func scrubbed(_ target: String) -> String { TraceRedactor.scrubbed(target) }
}

/// Parts of recorders' traces, put into the order in which they were made: a page's last part may overtake the one before.
struct TracePartQueue {
    /// What a recorder posts.
    struct Part {
        var trace: String
        var number: Int
        var lines: [UInt8]

        /// - Parameter body: a header line, then an event a line. Throws where a line is no object.
        init(_ body: [UInt8]) throws(JSONFailure) {
            let lines = body.split(separator: UInt8(ascii: "\n"))
            var redactor = TraceRedactor()
            for line in lines { try redactor.learn(line) }
            guard let first = lines.first, let header = Header(first) else {
                throw JSONFailure(offset: 0, reason: "expected the header of a trace of version 1")
            }
            trace = header.id
            number = header.part
            var kept: [UInt8] = []
            kept.reserveCapacity(body.count)
            for line in lines.dropFirst() {
                kept += try redactor.redacted(line)
                kept.append(UInt8(ascii: "\n"))
            }
            self.lines = kept
        }
    }

    private struct Header {
        var id = ""
        var part = 1

        init?(_ line: ArraySlice<UInt8>) {
            var padded = Array(line)
            let count = padded.count
            padded.append(contentsOf: repeatElement(0, count: JSONCursor.padding))
            let isHeader = padded.withUnsafeBytes { bytes in
                var cursor = JSONCursor(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                return (try? read(&cursor)) ?? false
            }
            guard isHeader else { return nil }
        }

        private mutating func read(_ cursor: inout JSONCursor) throws(JSONFailure) -> Bool {
            var type = ""
            var isFirst = true
            try cursor.beginObject()
            while let name = try cursor.nextMember(&isFirst) {
                switch name.string {
                case "type": type = try cursor.string().string
                case "id": id = try cursor.string().string
                case "part": part = Int(clamping: try cursor.integer())
                default: _ = try cursor.skipValue()
                }
            }
            return type == "trace" && !id.isEmpty
        }
    }

    /// The next part of each trace, and those that wait for it.
    private var next: [String: Int] = [:]
    private var waiting: [String: [Int: [UInt8]]] = [:]
    private var waitingBytes = 0

    /// Bytes that wait for a part before them.
    private static let waitingLimit = 16 << 20
    /// Traces that are put in order.
    private static let traceLimit = 1_000

    /// - Returns: what can be written now, in order. A part that came before is not written again.
    mutating func add(_ part: Part) -> [[UInt8]] {
        let expected = next[part.trace, default: 1]
        guard part.number >= expected, next.count < Self.traceLimit || next[part.trace] != nil || expected == 1 else {
            return []
        }
        guard waitingBytes + part.lines.count <= Self.waitingLimit else {
            next[part.trace] = part.number + 1
            return [part.lines]
        }
        if waiting[part.trace]?[part.number] == nil {
            waiting[part.trace, default: [:]][part.number] = part.lines
            waitingBytes += part.lines.count
        }
        var ready: [[UInt8]] = []
        var number = expected
        while let lines = waiting[part.trace]?.removeValue(forKey: number) {
            waitingBytes -= lines.count
            ready.append(lines)
            number += 1
        }
        next[part.trace] = number
        return ready
    }

    /// What still waits, at the end.
    mutating func rest() -> [[UInt8]] {
        defer { waiting = [:] }
        return waiting.sorted { $0.key < $1.key }.flatMap { $0.value.sorted { $0.key < $1.key }.map(\.value) }
    }
}
