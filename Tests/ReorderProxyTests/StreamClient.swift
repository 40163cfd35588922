import Foundation
import NIOCore
import NIOHPACK
import NIOPosix
import NIOSSL
import ReorderProxy
import Synchronization

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
        var isEnded = false

        func body(_ stream: UInt32) -> String {
            String(decoding: frames.filter { $0.kind == Kind.data && $0.stream == stream }.flatMap(\.payload), as: UTF8.self)
        }
        func isOver(_ stream: UInt32) -> Bool { frames.contains { $0.stream == stream && $0.endsStream } }
        func status(_ stream: UInt32) -> String? { fields[stream]?.first { $0[0] == ":status" }?[1] }
        func reset(_ stream: UInt32) -> Bool { frames.contains { $0.kind == Kind.reset && $0.stream == stream } }
        var wentAway: Bool { frames.contains { $0.kind == Kind.goAway } }
    }

    private struct State {
        var seen = Seen()
        var rest: [UInt8] = []
        var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
        var waiter: (isEnough: @Sendable (Seen) -> Bool, continuation: CheckedContinuation<Seen, Never>)?
    }

    private final class Inbox: Sendable {
        let state = Mutex(State())

        func change(_ body: (inout sending State) -> Void) {
            let ready = state.withLock { state -> (CheckedContinuation<Seen, Never>, Seen)? in
                body(&state)
                guard let waiter = state.waiter, waiter.isEnough(state.seen) || state.seen.isEnded else { return nil }
                state.waiter = nil
                return (waiter.continuation, state.seen)
            }
            if let (continuation, seen) = ready { continuation.resume(returning: seen) }
        }
    }

    private let channel: any Channel
    private let inbox: Inbox

    private init(_ channel: any Channel, _ inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// - Parameter authority: what is trusted, in PEM: the certificate is verified as a browser would.
    static func connect(_ port: Int, authority: String) async throws -> StreamClient {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        configuration.applicationProtocols = ["h2"]
        let tls = try NIOSSLContext(configuration: configuration)
        let inbox = Inbox()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    try pipeline.addHandler(
                        Reader(
                            { bytes in inbox.change { take(Array(bytes.readableBytesView), &$0) } },
                            ended: { inbox.change { $0.seen.isEnded = true } }))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let client = StreamClient(channel, inbox)
        try await client.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + bytes(Kind.settings, 0, 0, []))
        return client
    }

    private static func take(_ bytes: [UInt8], _ state: inout State) {
        state.rest += bytes
        while state.rest.count >= 9 {
            let length = state.rest[..<3].reduce(0) { $0 << 8 | Int($1) }
            guard state.rest.count >= 9 + length else { return }
            let stream = state.rest[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            let frame = Frame(
                kind: state.rest[3], flags: state.rest[4], stream: stream, payload: Array(state.rest[9..<9 + length]))
            state.rest.removeFirst(9 + length)
            state.seen.frames.append(frame)
            guard frame.kind == Kind.headers else { continue }
            var block = ByteBuffer(bytes: frame.payload)
            let fields = (try? state.decoder.decodeHeaders(from: &block)) ?? [:]
            state.seen.fields[stream, default: []] += fields.map { [$0.name, $0.value] }
        }
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
    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

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

    /// Closes it, unless the proxy has.
    func close() async throws {
        do { try await channel.close().get() } catch ChannelError.alreadyClosed { return }
    }

    /// Waits until something was seen, or the connection ended.
    @discardableResult
    func until(_ isEnough: @escaping @Sendable (Seen) -> Bool) async -> Seen {
        await withCheckedContinuation { continuation in inbox.change { $0.waiter = (isEnough, continuation) } }
    }
}
