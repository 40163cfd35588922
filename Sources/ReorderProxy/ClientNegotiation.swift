import NIOCore
import NIOHTTP2
import NIOSSL
import NIOTLS

/// What a proxy shows to browsers that speak TLS to it.
package struct ProxyCertificate: Sendable {
    /// Certificates in PEM, the proxy's own first.
    package var chain: [UInt8]
    /// The private key of the first, in PEM.
    package var key: [UInt8]

    package init(chain: [UInt8], key: [UInt8]) {
        self.chain = chain
        self.key = key
    }

    /// Throws when they cannot be read, or do not belong together.
    func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(chain).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Waits for a client's TLS handshake, and then speaks the protocol that was agreed on.
final class ClientNegotiation: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let hub: ProxyHub
    private var deadline: Scheduled<Void>?

    init(_ hub: ProxyHub) {
        self.hub = hub
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        hub.opened(ObjectIdentifier(self)) { bound.value.close(promise: nil) }
        deadline = context.eventLoop.scheduleTask(in: .seconds(ProxyLimits.connectSeconds)) { bound.value.close(promise: nil) }
        // Nobody can be told in words yet.
        if hub.connections > ProxyLimits.connections { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        hub.closed(ObjectIdentifier(self))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let name) = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        do {
            if name == "h2" {
                try ClientStreams.add(to: context.channel, hub)
            } else {
                // From here on its handler asks for every read.
                try context.channel.syncOptions?.setOption(.autoRead, value: false)
                try context.pipeline.syncOperations.addHandler(FrontHandler(hub))
            }
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        } catch {
            hub.environment.say("a connection that nothing could be spoken on: \(error)")
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A browser that does not trust the certificate ends the handshake: its person reads why there.
        context.close(promise: nil)
    }
}

extension ClientNegotiation: RemovableChannelHandler {}
