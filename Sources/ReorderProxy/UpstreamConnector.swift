import NIOCore
import NIOPosix
import NIOSSL

/// Connects to the one upstream, and to nothing else.
struct UpstreamConnector {
    private let upstream: Upstream
    private let tls: NIOSSLContext?

    /// - Parameter trusted: certificates in PEM that are trusted besides the system's.
    init(_ upstream: Upstream, trusted: [UInt8]) throws {
        self.upstream = upstream
        guard upstream.isSecure else {
            tls = nil
            return
        }
        // Verified as a browser would: the chain and the name.
        var configuration = TLSConfiguration.makeClientConfiguration()
        if !trusted.isEmpty {
            configuration.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMBytes(trusted))]
        }
        configuration.applicationProtocols = ["http/1.1"]
        tls = try NIOSSLContext(configuration: configuration)
    }

    /// - Parameter done: with the problem, or `nil` when there is a connection.
    func connect(_ back: BackHandler, on loop: any EventLoop, done: @escaping (String?) -> Void) {
        let bound = NIOLoopBound(back, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(ProxyLimits.connectSeconds))
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { [tls, upstream] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let name = Self.isAddress(upstream.host) ? nil : upstream.host
                        try pipeline.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHandler(bound.value)
                }
            }
        let place = upstream.origin
        let answer = NIOLoopBound(done, eventLoop: loop)
        bootstrap.connect(host: upstream.host, port: upstream.port).whenComplete { result in
            switch result {
            case .success: answer.value(nil)
            case .failure(let error): answer.value("cannot reach \(place): \(error)")
            }
        }
    }

    private static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }
}
