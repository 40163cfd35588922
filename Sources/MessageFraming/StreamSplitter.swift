// Splits the bytes of a stream into its messages, so that each can be held by itself. The bytes stay as they are: a splitter only says
// where a message ends. What is no message (a comment of an event stream, a control frame of a WebSocket) goes along in its place.

/// Finds the messages of a server-sent event stream, or of the frames that a WebSocket's server sends.
package enum StreamSplitter: Hashable, Sendable {
    case events(EventSplitter)
    case frames(FrameSplitter)

    /// Where the current part ends.
    /// - Returns: how many of the bytes belong to the part that is under way, and when it ends with them, whether it was a message.
    package mutating func split(_ bytes: UnsafeRawBufferPointer) throws(FramingError) -> (count: Int, end: Bool?) {
        switch self {
        case .events(var splitter):
            let result = splitter.split(bytes)
            self = .events(splitter)
            return result
        case .frames(var splitter):
            let result = try splitter.split(bytes)
            self = .frames(splitter)
            return result
        }
    }
}

/// Finds the events of an event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html): they end with an empty line.
package struct EventSplitter: Hashable, Sendable {
    /// The first bytes of the line: enough to know `data`.
    private var line: [UInt8] = []
    private var hasData = false
    /// A CR ended the line: an LF now belongs to it.
    private var isAfterCR = false

    private static let field = Array("data".utf8)
    private static let enough = field.count + 1

    package init() {}

    mutating func split(_ bytes: UnsafeRawBufferPointer) -> (count: Int, end: Bool?) {
        for (index, byte) in bytes.enumerated() {
            let joins = isAfterCR && byte == HeadReader.lf
            isAfterCR = byte == HeadReader.cr
            if joins { continue }
            guard byte == HeadReader.lf || byte == HeadReader.cr else {
                if line.count < Self.enough { line.append(byte) }
                continue
            }
            let isEmpty = line.isEmpty
            if line.starts(with: Self.field), line.count == Self.field.count || line.last == UInt8(ascii: ":") {
                hasData = true
            }
            line.removeAll(keepingCapacity: true)
            guard isEmpty else { continue }
            // The LF of a CR LF that ends an event goes with it when it is here already.
            var count = index + 1
            if isAfterCR, count < bytes.count, bytes[count] == HeadReader.lf {
                count += 1
                isAfterCR = false
            }
            let isMessage = hasData
            hasData = false
            return (count, isMessage)
        }
        return (bytes.count, nil)
    }
}

/// Finds the messages among the frames of a WebSocket's server (RFC 6455, section 5.2): a message may be of several frames, with control
/// frames between them.
package struct FrameSplitter: Hashable, Sendable {
    /// The header that is being gathered.
    private var header: [UInt8] = []
    /// Bytes of the frame's payload that are left.
    private var left: UInt64 = 0
    private var isInPayload = false
    private var endsMessage = false
    private var isControl = false
    /// A message of several frames is under way.
    private var isWithinMessage = false

    package init() {}

    mutating func split(_ bytes: UnsafeRawBufferPointer) throws(FramingError) -> (count: Int, end: Bool?) {
        var index = 0
        while index < bytes.count || (isInPayload && left == 0) {
            if isInPayload {
                let count = Int(min(left, UInt64(bytes.count - index)))
                left -= UInt64(count)
                index += count
                guard left == 0 else { break }
                isInPayload = false
                // A control frame within a message travels with it.
                if isControl, isWithinMessage { continue }
                if isControl { return (index, false) }
                isWithinMessage = !endsMessage
                if endsMessage { return (index, true) }
                continue
            }
            header.append(bytes[index])
            index += 1
            try readHeader()
        }
        return (index, nil)
    }

    private mutating func readHeader() throws(FramingError) {
        guard header.count >= 2 else { return }
        guard header[1] & 0x80 == 0 else { throw .malformed("a masked frame from a server") }
        let code = header[1] & 0x7F
        let width = code == 127 ? 8 : code == 126 ? 2 : 0
        guard header.count == 2 + width else { return }
        isControl = header[0] & 0x08 != 0
        endsMessage = header[0] & 0x80 != 0
        left = width == 0 ? UInt64(code) : header[2...].reduce(0) { $0 << 8 | UInt64($1) }
        guard left >> 63 == 0 else { throw .malformed("a frame's length that is none") }
        guard !isControl || (endsMessage && left <= 125) else {
            throw .malformed("a control frame that is too long or in pieces")
        }
        header.removeAll(keepingCapacity: true)
        isInPayload = true
    }
}
