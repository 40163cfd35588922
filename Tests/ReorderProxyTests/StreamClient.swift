import NIOCore
import NIOHPACK

/// A client of HTTP/2 that writes its frames by itself, so that a test says and sees what goes over the wire (RFC 9113, section 6).
final class StreamClient: Sendable {
    enum Kind {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let reset: UInt8 = 3
        static let settings: UInt8 = 4
        static let ping: UInt8 = 6
        static let goAway: UInt8 = 7
        static let windowUpdate: UInt8 = 8
        static let continuation: UInt8 = 9
    }

    struct Frame: Sendable {
        var kind: UInt8
        var flags: UInt8
        var stream: UInt32
        var payload: [UInt8]

        var endsStream: Bool { (kind == Kind.data || kind == Kind.headers) && flags & 1 != 0 }
        var isPing: Bool { kind == Kind.ping && flags & 1 == 0 }
    }

    /// What came so far.
    struct Seen: Sendable {
        var frames: [Frame] = []
        var fields: [UInt32: [[String]]] = [:]

        func body(_ stream: UInt32) -> String {
            String(decoding: frames.filter { $0.kind == Kind.data && $0.stream == stream }.flatMap(\.payload), as: UTF8.self)
        }
        func isOver(_ stream: UInt32) -> Bool { frames.contains { $0.stream == stream && $0.endsStream } }
        func status(_ stream: UInt32) -> String? { fields[stream]?.first { $0[0] == ":status" }?[1] }
        func reset(_ stream: UInt32) -> Bool { frames.contains { $0.kind == Kind.reset && $0.stream == stream } }
        var wentAway: Bool { frames.contains { $0.kind == Kind.goAway } }
    }

    /// Cuts what comes into frames.
    private final class FrameReader {
        private var rest: [UInt8] = []
        private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())

        func take(_ bytes: ByteBuffer, _ seen: inout Seen) {
            rest += bytes.readableBytesView
            while rest.count >= 9 {
                let length = rest[..<3].reduce(0) { $0 << 8 | Int($1) }
                guard rest.count >= 9 + length else { return }
                let stream = rest[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                let frame = Frame(kind: rest[3], flags: rest[4], stream: stream, payload: Array(rest[9..<9 + length]))
                rest.removeFirst(9 + length)
                seen.frames.append(frame)
                guard frame.kind == Kind.headers else { continue }
                var block = ByteBuffer(bytes: frame.payload)
                let fields = (try? decoder.decodeHeaders(from: &block)) ?? [:]
                seen.fields[stream, default: []] += fields.map { [$0.name, $0.value] }
            }
        }
    }

    private let wire: ClientWire<Seen>

    private init(_ wire: ClientWire<Seen>) {
        self.wire = wire
    }

    /// - Parameter authority: what is trusted, in PEM.
    static func connect(_ port: Int, authority: String) async throws -> StreamClient {
        let client = StreamClient(
            try await ClientWire.connect(port, authority: authority, speaks: "h2", seen: Seen()) {
                let reader = FrameReader()
                return { reader.take($0, &$1) }
            })
        try await client.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + bytes(Kind.settings, 0, 0, []))
        return client
    }

    // MARK: - Sending

    static func bytes(_ kind: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        return [UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), kind, flags]
            + [24, 16, 8, 0].map { UInt8(stream >> UInt32($0) & 0xFF) } + payload
    }

    func frame(_ kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) async throws {
        try await send(Self.bytes(kind, flags, stream, payload))
    }

    /// Bytes as they stand, such as many frames of ``bytes`` at once.
    func send(_ bytes: [UInt8]) async throws { try await wire.send(ByteBuffer(bytes: bytes)) }

    /// Field lines as literals without an index (RFC 7541, section 6.2.2): what may be written is not checked here.
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        func text(_ text: String) -> [UInt8] {
            let count = text.utf8.count
            guard count >= 127 else { return [UInt8(count)] + Array(text.utf8) }
            var rest = count - 127
            var length: [UInt8] = [127]
            while rest >= 128 {
                length.append(UInt8(rest & 127 | 128))
                rest >>= 7
            }
            return length + [UInt8(rest)] + Array(text.utf8)
        }
        return fields.flatMap { [0] + text($0.0) + text($0.1) }
    }

    /// A whole request, or its head.
    func ask(
        _ stream: UInt32, _ path: String, method: String = "GET", more: [(String, String)] = [], endsStream: Bool = true
    ) async throws {
        let head = [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)] + more
        try await frame(Kind.headers, flags: endsStream ? 5 : 4, stream: stream, Self.block(head))
    }

    /// Answers the PINGs that came.
    func answer(_ pings: [Frame]) async throws {
        for ping in pings { try await frame(Kind.ping, flags: 1, ping.payload) }
    }

    /// Lets the proxy send so many bytes more on the connection, which begins with 65,535 (RFC 9113, section 6.9).
    func allow(_ bytes: Int) async throws {
        try await frame(Kind.windowUpdate, [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes >> $0) })
    }

    func close() async throws { try await wire.close() }

    /// Waits until something was seen, or the connection ended.
    @discardableResult
    func until(_ isEnough: @escaping @Sendable (Seen) -> Bool) async -> Seen {
        await wire.until { seen, isEnded in isEnded || isEnough(seen) }
    }

    /// Waits until the connection ended.
    @discardableResult
    func untilEnded() async -> Seen {
        await wire.until { _, isEnded in isEnded }
    }
}
