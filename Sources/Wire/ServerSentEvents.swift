// The event stream format of the HTML standard (section 9.2.6, "Interpreting an event stream"), over chunks cut anywhere.
// Two things differ, both because a client of ours is not a page: a comment is reported, since it is a heartbeat, and a line
// has a limit, beyond which the stream is damaged.

/// Reads an event stream.
package struct ServerSentEventsReader: Hashable, Sendable {
    /// What the stream said.
    package enum Item: Hashable, Sendable {
        case event(ServerSentEvent)
        /// A comment: the connection is alive.
        case comment
        /// The server's wish for how long to wait before connecting again.
        case retry(milliseconds: Int)
    }

    /// A line, or an event's data, was longer than the limit.
    package struct TooLong: Error, Hashable, Sendable {
        package var limit: Int
    }

    /// Bytes of one line and of one event's data; our own events are below a hundred kilobytes.
    package static let limit = 4_194_304

    /// What `Last-Event-ID` says when connecting again; empty before the first id.
    package private(set) var lastEventID = ""
    private let limit: Int
    private var line: [UInt8] = []
    private var name = ""
    private var data: [UInt8] = []
    private var hasData = false
    private var afterReturn = false
    private var atStart = true

    package init(limit: Int = ServerSentEventsReader.limit) {
        self.limit = limit
    }

    /// Takes the next bytes in.
    /// - Returns: what they completed, in order. An event without its closing blank line is not complete.
    package mutating func take(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [Item] {
        var items: [Item] = []
        for byte in bytes {
            if afterReturn {
                afterReturn = false
                if byte == 0x0A { continue }
            }
            if byte == 0x0A || byte == 0x0D {
                afterReturn = byte == 0x0D
                if let item = endLine() { items.append(item) }
            } else {
                guard line.count < limit, data.count < limit else { throw TooLong(limit: limit) }
                line.append(byte)
            }
        }
        return items
    }

    private mutating func endLine() -> Item? {
        var line = self.line[...]
        if atStart {
            atStart = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
        }
        defer { self.line.removeAll(keepingCapacity: true) }
        if line.isEmpty { return dispatch() }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return take(field: line, value: []) }
        if colon == line.startIndex { return .comment }
        var value = line[(colon + 1)...]
        if value.first == 0x20 { value = value.dropFirst() }
        return take(field: line[..<colon], value: value)
    }

    private mutating func take(field: ArraySlice<UInt8>, value: ArraySlice<UInt8>) -> Item? {
        switch String(decoding: field, as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data":
            if hasData { data.append(0x0A) }
            hasData = true
            data.append(contentsOf: value)
        case "id": if !value.contains(0) { lastEventID = String(decoding: value, as: UTF8.self) }
        case "retry":
            let digits = value.allSatisfy { (0x30...0x39).contains($0) }
            if digits, let wait = Int(String(decoding: value, as: UTF8.self)) { return .retry(milliseconds: wait) }
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> Item? {
        defer {
            name = ""
            data = []
            hasData = false
        }
        guard hasData else { return nil }
        return .event(ServerSentEvent(id: lastEventID, name: name.isEmpty ? "message" : name, data: data))
    }
}

/// One event of a stream.
package struct ServerSentEvent: Hashable, Sendable {
    /// The last id that the stream gave, with this event or before it.
    package var id: String
    package var name: String
    package var data: [UInt8]

    package init(id: String, name: String, data: [UInt8]) {
        self.id = id
        self.name = name
        self.data = data
    }
}
