// HTTP/1.1 messages out of a stream of bytes (RFC 9112), strictly: a proxy that reads a message otherwise than the server behind it lets
// one person's request hide in another's. So nothing is guessed and nothing is repaired: one line end (CR LF), one declaration of the
// length, chunk sizes in plain hexadecimal, no folded fields. Bodies are never copied here: the parser says how many of the bytes belong.

/// Finds heads, bodies and ends in the bytes of one direction of a connection.
package struct MessageParser: Hashable, Sendable {
    /// Which of the two sides sends.
    package enum Role: Hashable, Sendable {
        case request, response
    }

    /// What the bytes begin with.
    package enum Step: Hashable, Sendable {
        /// All bytes were taken; more are needed.
        case needsMore
        case request(RequestHead)
        case response(ResponseHead)
        /// The last `count` of the consumed bytes belong to the body.
        case body(count: Int)
        case end
    }

    private enum State: Hashable, Sendable {
        /// Gathers a head: -> `length`, `chunkSize`, `untilClose`, `ending`.
        case head
        /// So many bytes of the body are left: -> `ending`.
        case length(UInt64)
        /// Gathers a chunk's size line: -> `chunk`, `trailers`.
        case chunkSize
        /// So many bytes of the chunk are left: -> `chunkEnd`.
        case chunk(UInt64)
        /// The CR LF after a chunk: -> `chunkSize`.
        case chunkEnd
        /// Gathers the trailers: -> `ending`.
        case trailers
        /// The body goes on until the connection ends: -> `ending` by `finish`.
        case untilClose
        /// The body is over and nobody was told: -> `head`.
        case ending
    }

    private let role: Role
    private var state = State.head
    /// The head or the line that is being gathered.
    private var gathered: [UInt8] = []
    private var hasPassedLine = false
    /// What the next response answers.
    private var method = "GET"

    package init(_ role: Role) {
        self.role = role
    }

    /// Nothing of a message has been read.
    package var isBetweenMessages: Bool { state == .head && gathered.isEmpty }

    /// Says what the next response answers.
    package mutating func expectResponse(to method: String) {
        self.method = method
    }

    /// Takes the next step over bytes.
    /// - Returns: how many bytes were consumed, and what they were. `needsMore` has consumed all.
    package mutating func step(_ bytes: UnsafeRawBufferPointer) throws(FramingError) -> (consumed: Int, step: Step) {
        switch state {
        case .head: return try head(bytes)
        case .length(let left): return body(bytes, left) { $0 == 0 ? .ending : .length($0) }
        case .chunkSize: return try chunkSize(bytes)
        case .chunk(let left): return body(bytes, left) { $0 == 0 ? .chunkEnd : .chunk($0) }
        case .chunkEnd: return try chunkEnd(bytes)
        case .trailers: return try trailers(bytes)
        case .untilClose: return bytes.isEmpty ? (0, .needsMore) : (bytes.count, .body(count: bytes.count))
        case .ending:
            state = .head
            return (0, .end)
        }
    }

    /// The connection ended.
    /// - Returns: true when a message that lasts until then is complete; false when none had begun. Throws when one was cut.
    package mutating func finish() throws(FramingError) -> Bool {
        switch state {
        case .untilClose, .ending:
            state = .head
            return true
        case .head where gathered.isEmpty: return false
        case .head, .length, .chunkSize, .chunk, .chunkEnd, .trailers: throw .malformed("the connection ended within a message")
        }
    }

    private mutating func body(
        _ bytes: UnsafeRawBufferPointer, _ left: UInt64, then next: (UInt64) -> State
    ) -> (consumed: Int, step: Step) {
        guard !bytes.isEmpty else { return (0, .needsMore) }
        let count = Int(min(UInt64(bytes.count), left))
        state = next(left - UInt64(count))
        return (count, .body(count: count))
    }

    // MARK: - Heads

    private mutating func head(_ bytes: UnsafeRawBufferPointer) throws(FramingError) -> (consumed: Int, step: Step) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            gathered.append(byte)
            // One empty line before a request is passed over (RFC 9112, section 2.2).
            if role == .request, gathered == Self.emptyLine, !hasPassedLine {
                gathered.removeAll(keepingCapacity: true)
                hasPassedLine = true
                continue
            }
            guard gathered.count <= MessageLimits.headBytes else {
                throw FramingError(.headerTooLarge, "a head of more than \(MessageLimits.headBytes >> 10) KiB")
            }
            guard byte == HeadReader.lf else {
                try checkEarly()
                continue
            }
            guard gathered.suffix(2).elementsEqual(Self.emptyLine) else { throw .malformed("a line ends with LF alone") }
            if gathered == Self.emptyLine { throw .malformed("no start line") }
            if gathered.suffix(4).elementsEqual(Self.endOfHead) { return (index, try endHead()) }
        }
        return (index, .needsMore)
    }

    /// What can be no head is refused before a line's end, which may never come.
    private func checkEarly() throws(FramingError) {
        guard let last = gathered.last else { return }
        if gathered.count == 1 {
            let isStart = role == .response ? last == UInt8(ascii: "H") : HeadReader.isTokenByte(last) || last == HeadReader.cr
            guard isStart else { throw .malformed("not HTTP") }
        } else if gathered[gathered.count - 2] == HeadReader.cr {
            throw .malformed("a CR within a line")
        }
    }

    private mutating func endHead() throws(FramingError) -> Step {
        let bytes = gathered
        hasPassedLine = false
        gathered.removeAll(keepingCapacity: bytes.capacity <= MessageLimits.headBytes)
        switch role {
        case .request:
            let head = try HeadReader.request(bytes)
            state = Self.state(head.framing)
            return .request(head)
        case .response:
            let head = try HeadReader.response(bytes, to: method)
            // An interim response is followed by another; a switch of protocols ends HTTP here.
            state = head.status < 200 ? .head : Self.state(head.framing)
            return .response(head)
        }
    }

    private static func state(_ framing: BodyFraming) -> State {
        switch framing {
        case .none, .length(0): .ending
        case .length(let count): .length(count)
        case .chunked: .chunkSize
        case .untilClose: .untilClose
        }
    }

    // MARK: - Chunks

    private mutating func chunkSize(_ bytes: UnsafeRawBufferPointer) throws(FramingError) -> (consumed: Int, step: Step) {
        for (index, byte) in bytes.enumerated() {
            gathered.append(byte)
            guard gathered.count <= MessageLimits.chunkDigits + MessageLimits.extensionBytes else {
                throw .malformed("a chunk's size line is too long")
            }
            guard byte == HeadReader.lf else { continue }
            let size = try ChunkLine.size(gathered[...])
            gathered.removeAll(keepingCapacity: true)
            state = size == 0 ? .trailers : .chunk(size)
            return try rest(bytes, from: index + 1)
        }
        return (bytes.count, .needsMore)
    }

    private mutating func chunkEnd(_ bytes: UnsafeRawBufferPointer) throws(FramingError) -> (consumed: Int, step: Step) {
        for (index, byte) in bytes.enumerated() {
            gathered.append(byte)
            guard Self.emptyLine.starts(with: gathered) else { throw .malformed("a chunk is longer than it said") }
            guard gathered.count == Self.emptyLine.count else { continue }
            gathered.removeAll(keepingCapacity: true)
            state = .chunkSize
            return try rest(bytes, from: index + 1)
        }
        return (bytes.count, .needsMore)
    }

    private mutating func trailers(_ bytes: UnsafeRawBufferPointer) throws(FramingError) -> (consumed: Int, step: Step) {
        for (index, byte) in bytes.enumerated() {
            gathered.append(byte)
            guard gathered.count <= MessageLimits.headBytes else {
                throw FramingError(.headerTooLarge, "trailers of more than \(MessageLimits.headBytes >> 10) KiB")
            }
            guard byte == HeadReader.lf, gathered == Self.emptyLine || gathered.suffix(4).elementsEqual(Self.endOfHead) else {
                continue
            }
            var reader = HeadReader(gathered)
            _ = try reader.fields()
            gathered.removeAll(keepingCapacity: true)
            state = .ending
            return try rest(bytes, from: index + 1)
        }
        return (bytes.count, .needsMore)
    }

    /// Goes on behind what was framing only.
    private mutating func rest(
        _ bytes: UnsafeRawBufferPointer, from start: Int
    ) throws(FramingError) -> (consumed: Int, step: Step) {
        let (consumed, step) = try step(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        return (start + consumed, step)
    }

    private static let emptyLine: [UInt8] = Array("\r\n".utf8)
    private static let endOfHead: [UInt8] = Array("\r\n\r\n".utf8)
}

/// The line before a chunk: its size in hexadecimal digits, and extensions that nobody reads.
enum ChunkLine {
    /// - Parameter line: with its end.
    static func size(_ line: ArraySlice<UInt8>) throws(FramingError) -> UInt64 {
        guard line.count >= 2, line[line.endIndex - 2] == HeadReader.cr else { throw .malformed("a line ends with LF alone") }
        let text = line.dropLast(2)
        let digits = text.prefix { $0 != UInt8(ascii: ";") }
        let extensions = text.dropFirst(digits.count)
        guard !digits.isEmpty, digits.count <= MessageLimits.chunkDigits, digits.allSatisfy(isHexadecimal),
            let size = UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .malformed("a chunk's size that is no hexadecimal number") }
        guard areExtensions(extensions) else { throw .malformed("a chunk extension that is none") }
        return size
    }

    /// `;name`, `;name=value` or `;name="value"`, any number of them (RFC 9112, section 7.1.1).
    private static func areExtensions(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        func skipBlanks() { rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == HeadReader.tab } }
        func takeToken() -> Bool {
            let token = rest.prefix(while: HeadReader.isTokenByte)
            rest = rest.dropFirst(token.count)
            skipBlanks()
            return !token.isEmpty
        }
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: ";") else { return false }
            skipBlanks()
            guard takeToken() else { return false }
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest.removeFirst()
            skipBlanks()
            guard rest.first == UInt8(ascii: "\"") ? takeQuoted(&rest) : takeToken() else { return false }
            skipBlanks()
        }
        return true
    }

    /// Takes a text in quotes with its end; `false` when it has none, or holds what no text may.
    private static func takeQuoted(_ rest: inout ArraySlice<UInt8>) -> Bool {
        rest.removeFirst()
        while var byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\") {
                guard let escaped = rest.popFirst() else { return false }
                byte = escaped
            }
            guard byte == HeadReader.tab || (byte >= 0x20 && byte < 0x7F) else { return false }
        }
        return false
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
