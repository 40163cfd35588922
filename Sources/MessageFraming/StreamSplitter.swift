// Splits the bytes of a stream into its messages, so that each can be held by itself. The bytes stay as they are: a splitter only says
// where a message ends. What is no message (a comment of an event stream, a control frame of a WebSocket) goes along in its place.

/// Finds the messages of a server-sent event stream, or of the frames that a WebSocket's server sends.
package enum StreamSplitter: Hashable, Sendable {
    case events(EventSplitter)
    case frames(FrameSplitter)

    /// What a page calls the message that ended last; `nil` when it is not known.
    package var messageType: String? {
        switch self {
        case .events(let splitter): splitter.endedType
        case .frames: "message"
        }
    }

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
    /// The first bytes of the line: enough to know `data`, and the name of an event.
    private var line: [UInt8] = []
    private var hasData = false
    /// Of the event that is under way; `nil`: longer than is looked at.
    private var type: [UInt8]? = []
    /// The type of the last event that ended, as a page hears it; `nil` when its name is too long to be known.
    package private(set) var endedType: String?
    /// A CR ended the line: an LF now belongs to it.
    private var isAfterCR = false

    /// Bytes of an event's name that are looked at.
    private static let typeBytes = 100
    private static let enough = "event: ".utf8.count + typeBytes + 1

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
            readLine()
            guard isEmpty else { continue }
            // The LF of a CR LF that ends an event goes with it when it is here already.
            var count = index + 1
            if isAfterCR, count < bytes.count, bytes[count] == HeadReader.lf {
                count += 1
                isAfterCR = false
            }
            let isMessage = hasData
            endedType = type.map { $0.isEmpty ? "message" : String(decoding: $0, as: UTF8.self) }
            type = []
            hasData = false
            return (count, isMessage)
        }
        return (bytes.count, nil)
    }

    /// A line is whole: what it says of the event.
    private mutating func readLine() {
        defer { line.removeAll(keepingCapacity: true) }
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        if name.elementsEqual("data".utf8) { hasData = true }
        guard name.elementsEqual("event".utf8) else { return }
        var value = line.dropFirst(name.count + 1)
        if value.first == 0x20 { value.removeFirst() }
        type = value.count > Self.typeBytes ? nil : Array(value)
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
