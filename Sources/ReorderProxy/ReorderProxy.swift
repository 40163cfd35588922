import NIOCore
import NIOPosix
import NIOSSL
package import Reordering

/// A proxy in front of one upstream that releases responses in a chosen order: `Docs/specifications/proxy.md`.
package final class ReorderProxy: Sendable {
    private let hub: NIOLoopBound<ProxyHub>
    private let channel: any Channel
    /// Where it listens.
    package let port: Int

    private init(_ hub: NIOLoopBound<ProxyHub>, _ channel: any Channel, port: Int) {
        self.hub = hub
        self.channel = channel
        self.port = port
    }

    /// Starts to listen. Throws when the address cannot be had, or certificates cannot be read.
    package static func start(_ configuration: ProxyConfiguration, _ environment: ProxyEnvironment) async throws -> ReorderProxy
    {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let hub = try await loop.submit {
            NIOLoopBound(try ProxyHub(loop: loop, configuration: configuration, environment: environment), eventLoop: loop)
        }.get()
        let tls = try configuration.certificate.map { try $0.context() }
        let channel = try await ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 1_024)
            // A handshake and HTTP/2 bound what is read by themselves.
            .childChannelOption(.autoRead, value: tls != nil)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    guard let tls else { return try pipeline.addHandler(FrontHandler(hub.value)) }
                    try pipeline.addHandler(NIOSSLServerHandler(context: tls))
                    try pipeline.addHandler(ClientNegotiation(hub.value))
                }
            }
            .bind(host: configuration.host, port: configuration.port).get()
        let port = channel.localAddress?.port ?? configuration.port
        return ReorderProxy(hub, channel, port: port)
    }

    /// What happened so far.
    package struct Summary: Sendable {
        /// What clients took, in order.
        package var delivered: [Scheduler.Delivery]
        package var isInexact: Bool
        package var reports: [String]
        package var precedences: [Scheduler.Precedence]
        /// What was posted as the final state.
        package var finals: [Final]
    }

    /// A final state that a script posted.
    package struct Final: Sendable, Hashable {
        package var name: String
        package var digest: String
    }

    package func summary() async throws -> Summary {
        try await hub.eventLoopSubmit { hub in
            Summary(
                delivered: hub.scheduler.delivered, isInexact: hub.scheduler.isInexact, reports: hub.reports,
                precedences: hub.scheduler.precedences, finals: hub.finals.map { Final(name: $0.name, digest: $0.digest) })
        }
    }

    /// Waits until the listening socket is closed.
    package func finished() async throws {
        try await channel.closeFuture.get()
    }

    /// Closes all connections; what is held is dropped.
    package func stop() async throws {
        do {
            try await channel.close().get()
        } catch ChannelError.alreadyClosed {
            // Stopped before: nothing listens.
        }
        try await hub.eventLoopSubmit { $0.stop() }
    }
}

extension NIOLoopBound {
    /// Runs on the value's own loop.
    fileprivate func eventLoopSubmit<Result: Sendable>(_ body: @escaping @Sendable (Value) -> Result) async throws -> Result {
        try await eventLoop.submit { body(self.value) }.get()
    }
}
