import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A server that answers what the test says, byte by byte.
final class FakeUpstream: Sendable {
    /// One of its connections.
    struct Connection: Sendable {
        /// From 1, in the order in which they were made.
        let number: Int
        let channel: any Channel

        func send(_ text: String) { send(Array(text.utf8)) }
        func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

        /// Ends the connection once the bytes are on their way.
        func sendAndClose(_ text: String) {
            channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { [channel] _ in channel.close(promise: nil) }
        }

        func close() { channel.close(promise: nil) }

        /// A whole answer.
        func answer(_ body: String, status: Int = 200, fields: String = "") {
            send("HTTP/1.1 \(status) OK\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
        }
    }

    private let channel: any Channel
    let port: Int

    /// - Parameter answer: called with what a connection reads, in the pieces in which it comes: a head in one piece.
    static func start(_ answer: @escaping @Sendable (Connection, String) -> Void) async throws -> FakeUpstream {
        let counter = Counter()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = Connection(number: counter.next(), channel: channel)
                    try channel.pipeline.syncOperations.addHandler(Reader { answer(connection, String(buffer: $0)) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FakeUpstream(channel)
    }

    private init(_ channel: any Channel) {
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func stop() async throws { try await channel.close().get() }

    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }
}

/// Hands over what a channel reads.
final class Reader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let read: (ByteBuffer) -> Void
    private let ended: () -> Void

    init(_ read: @escaping (ByteBuffer) -> Void, ended: @escaping () -> Void = {}) {
        self.read = read
        self.ended = ended
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { read(unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { ended() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ended()
        context.close(promise: nil)
    }
}

/// A client that writes and reads bytes, so that a test sees what goes over the wire.
final class RawClient: Sendable {
    private struct State {
        var text = ""
        var isEnded = false
        var waiter: (isEnough: @Sendable (String, Bool) -> Bool, continuation: CheckedContinuation<String, Never>)?

        mutating func ready() -> (CheckedContinuation<String, Never>, String)? {
            guard let waiter, waiter.isEnough(text, isEnded) else { return nil }
            self.waiter = nil
            return (waiter.continuation, text)
        }
    }

    /// Shared with the channel's handler, which lives as long as the channel.
    private final class Inbox: Sendable {
        let state = Mutex(State())

        func change(_ body: (inout sending State) -> Void) {
            let ready = state.withLock { state in
                body(&state)
                return state.ready()
            }
            if let (continuation, text) = ready { continuation.resume(returning: text) }
        }
    }

    private let channel: any Channel
    private let inbox: Inbox

    private init(_ channel: any Channel, _ inbox: Inbox) {
        self.channel = channel
        self.inbox = inbox
    }

    /// - Parameter authority: what is trusted, in PEM, of a server that speaks TLS.
    static func connect(_ port: Int, authority: String? = nil) async throws -> RawClient {
        let inbox = Inbox()
        let tls = try authority.map { authority in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        }
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            try NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        Reader(
                            { bytes in inbox.change { $0.text += String(buffer: bytes) } },
                            ended: { inbox.change { $0.isEnded = true } }))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawClient(channel, inbox)
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    func close() async throws {
        try await channel.close().get()
    }

    /// What was read so far.
    var text: String { inbox.state.withLock { $0.text } }

    /// Waits until what was read contains a text, or the connection ended.
    @discardableResult
    func until(_ part: String) async -> String {
        await wait { text, isEnded in text.contains(part) || isEnded }
    }

    /// Everything up to the end of the connection.
    func whole() async -> String {
        await wait { _, isEnded in isEnded }
    }

    private func wait(_ isEnough: @escaping @Sendable (String, Bool) -> Bool) async -> String {
        await withCheckedContinuation { continuation in
            inbox.change { $0.waiter = (isEnough, continuation) }
        }
    }

    /// The body behind the first head.
    static func body(_ text: String) -> String {
        text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? ""
    }
}
