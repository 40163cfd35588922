import AsyncHTTPClient
import Enrichment
import NIOCore
import NIOHTTP1

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Carries model calls over AsyncHTTPClient: no redirect is followed, no cookie kept, certificates are checked. Each connection's address is
/// judged when it is made, before a request is sent over it: that a name led to a good address a moment ago says nothing (DNS rebinding).
/// Connections are kept from call to call for a short time; what a connection's end means for a request says `ConnectionWatch`.
struct HTTPModelTransport: ModelTransport {
    /// Time to connect and to shake hands; how long the answer may take is the run's decision.
    static let connectSeconds: Int64 = 10
    /// Time without a byte: a stream that says nothing for so long is dead.
    static let silenceSeconds: Int64 = 120

    /// How many connections may end before a request was sent whole, until a call gives up.
    static let staleConnections = 4
    /// ECONNREFUSED on Linux.
    private static let connectionRefused: CInt = 111

    private let client: HTTPClient

    /// What was connected to is not what the operator named.
    private struct Refusal: Error {
        var reason: String
    }

    /// - Parameters:
    ///   - addresses: where names lead, instead of what a resolver says: for tests.
    ///   - idleTime: how long a connection is kept for the next call.
    init(network: ModelNetwork, addresses: [String: String] = [:], idleTime: Duration = ConnectionWatch.idleTime) {
        var configuration = HTTPClient.Configuration()
        configuration.dnsOverride = addresses
        configuration.http1_1ConnectionDebugInitializer = { channel in
            guard let objection = network.objection(to: Self.bytes(of: channel.remoteAddress)) else {
                return channel.eventLoop.submit {
                    let pipeline = channel.pipeline.syncOperations
                    let codec = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
                    try pipeline.addHandler(ConnectionWatch(), position: .after(codec))
                }
            }
            let address = channel.remoteAddress?.ipAddress ?? "an unknown address"
            return channel.close().flatMapThrowing { throw Refusal(reason: "it is at \(address), \(objection)") }
        }
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(Self.connectSeconds), read: .seconds(Self.silenceSeconds))
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = RunLimits.mostConcurrentCalls
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = TimeAmount(idleTime)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes idle connections; nothing may be sent afterwards.
    func shutdown() async {
        // Nothing is left to do about a client that does not close: the process ends.
        try? await client.shutdown()
    }

    func send(
        _ request: TransportRequest, deliver: (TransportPart) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        var call = HTTPClientRequest(url: request.url)
        call.method = HTTPMethod(rawValue: request.method)
        for field in request.headers { call.headers.add(name: field.name, value: field.value) }
        call.body = .bytes(ByteBuffer(bytes: request.body))
        for attempt in 1... {
            var hasBegun = false
            do {
                let response = try await client.execute(call, deadline: .distantFuture)
                hasBegun = true
                let headers = response.headers.map { TransportField($0.name.lowercased(), $0.value) }
                try deliver(.head(status: Int(response.status.code), headers: headers))
                for try await buffer in response.body { try deliver(.bytes(Array(buffer.readableBytesView))) }
                return
            } catch let failure as ModelFailure {
                throw failure
            } catch {
                // The server had closed the connection before all was sent: nobody has answered, so nothing is asked twice.
                if !hasBegun, attempt < Self.staleConnections, Self.isUnsent(error) { continue }
                throw Self.failure(error, hasBegun: hasBegun, url: call.url)
            }
        }
    }

    /// Whether the request cannot have been read whole. The client's own two errors come from connections that it found closed when it was
    /// about to send: what ends later is a `Loss`.
    private static func isUnsent(_ error: any Error) -> Bool {
        switch error {
        case let loss as ConnectionWatch.Loss: loss == .beforeItWasSent
        case let error as ChannelError: error == .ioOnClosedChannel
        case let error as HTTPClientError: error == .remoteConnectionClosed
        default: false
        }
    }

    private static func bytes(of address: SocketAddress?) -> [UInt8] {
        switch address {
        case .v4(let v4): withUnsafeBytes(of: v4.address.sin_addr) { Array($0) }
        case .v6(let v6): withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) }
        case .unixDomainSocket, nil: []
        }
    }

    /// The transport's errors in words. An address has no secrets: user names and passwords in it are refused when it is read.
    private static func failure(_ error: any Error, hasBegun: Bool, url: String) -> ModelFailure {
        if error is CancellationError || error as? HTTPClientError == .cancelled {
            return ModelFailure(.stopped, "the call was stopped")
        }
        if let refusal = error as? Refusal {
            return ModelFailure(.refused, "\(url) was not asked: \(refusal.reason)")
        }
        if let loss = error as? ConnectionWatch.Loss, loss == .afterItWasSent {
            return ModelFailure(.lost, "the connection to \(url) ended before a reply; the question may have been read")
        }
        if error as? HTTPClientError == .readTimeout {
            return ModelFailure(.timedOut, "no byte came for \(silenceSeconds) s from \(url)")
        }
        if (error as? IOError)?.errnoCode == Self.connectionRefused {
            return ModelFailure(.unreachable, "cannot reach \(url): the connection was refused; is the server running?")
        }
        return hasBegun
            ? ModelFailure(.cut, "the reply broke off: \(error)")
            : ModelFailure(.unreachable, "cannot reach \(url): \(error)")
    }
}
