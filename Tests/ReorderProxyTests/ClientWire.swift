import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A client's connection, and what it has seen of it: a test waits until that is enough.
final class ClientWire<Seen: Sendable>: Sendable {
    /// Takes what was read into what was seen.
    typealias Take = (ByteBuffer, inout sending Seen) -> Void

    private struct State {
        var seen: Seen
        var isEnded = false
        var waiter: (isEnough: @Sendable (Seen, Bool) -> Bool, continuation: CheckedContinuation<Seen, Never>)?
    }

    /// Shared with the channel's handler, which lives as long as the channel.
    private final class Inbox: Sendable {
        let state: Mutex<State>

        init(_ seen: sending Seen) { state = Mutex(State(seen: seen)) }

        func change(_ body: (inout sending State) -> Void) {
            let ready = state.withLock { state -> (CheckedContinuation<Seen, Never>, Seen)? in
                body(&state)
                guard let waiter = state.waiter, waiter.isEnough(state.seen, state.isEnded) else { return nil }
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

    /// - Parameters:
    ///   - authority: what is trusted, in PEM, of a server that speaks TLS: its certificate is verified as a browser would.
    ///   - speaks: the protocol that is asked for there.
    ///   - taking: makes what takes the bytes of this connection, in their order.
    static func connect(
        _ port: Int, authority: String?, speaks: String, seen: Seen, taking: @escaping @Sendable () -> Take
    ) async throws -> ClientWire {
        let inbox = Inbox(seen)
        let tls = try authority.map { authority in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
            configuration.applicationProtocols = [speaks]
            return try NIOSSLContext(configuration: configuration)
        }
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: "localhost")) }
                    let take = taking()
                    try pipeline.addHandler(
                        Reader(
                            { bytes in inbox.change { take(bytes, &$0.seen) } },
                            ended: { inbox.change { $0.isEnded = true } }))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return ClientWire(channel, inbox)
    }

    func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }

    /// Closes it, unless the other side has.
    func close() async throws {
        do { try await channel.close().get() } catch ChannelError.alreadyClosed { return }
    }

    /// What was seen so far.
    var seen: Seen { inbox.state.withLock { $0.seen } }

    /// Waits until something was seen, or the connection ended, as the test says.
    func until(_ isEnough: @escaping @Sendable (_ seen: Seen, _ isEnded: Bool) -> Bool) async -> Seen {
        await withCheckedContinuation { continuation in inbox.change { $0.waiter = (isEnough, continuation) } }
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
