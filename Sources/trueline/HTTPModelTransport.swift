import AsyncHTTPClient
import Enrichment
import NIOCore
import NIOHTTP1

/// Sends a model's requests over AsyncHTTPClient: no redirects, no cookies, a bounded time to connect.
struct HTTPModelTransport: ModelTransport {
    private let client: HTTPClient
    /// The whole of one reply; a run's own limits are shorter.
    private static let timeout = TimeAmount.minutes(10)

    init() {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(120)))
        configuration.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async {
        // Nothing is left to do about a client that does not close: the process ends.
        try? await client.shutdown()
    }

    func send(
        _ request: TransportRequest, deliver: (TransportPart) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        var message = HTTPClientRequest(url: request.url)
        message.method = .RAW(value: request.method)
        for field in request.headers { message.headers.add(name: field.name, value: field.value) }
        message.body = .bytes(ByteBuffer(bytes: request.body))
        do {
            let response = try await client.execute(message, timeout: Self.timeout)
            try deliver(
                .head(
                    status: Int(response.status.code),
                    headers: response.headers.map { TransportField($0.name.lowercased(), $0.value) }))
            for try await part in response.body { try deliver(.bytes(Array(buffer: part))) }
        } catch let failure as ModelFailure {
            throw failure
        } catch is CancellationError {
            throw ModelFailure(.stopped, "the call was stopped")
        } catch {
            throw ModelFailure(.unreachable, "the model's address did not answer: \(error)")
        }
    }
}
