import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Sends requests over AsyncHTTPClient. Redirects are not followed: a server of ours sends none, and following one would carry
/// an edit to somebody else.
final class NetworkTransport: Transport {
    /// A connection that says nothing for so long is lost. Streams of events have an earlier end: their heartbeat.
    static let silence = TimeAmount.seconds(35)

    /// For a reply that has no end.
    private static let forever = TimeAmount.hours(24 * 365)

    private let base: String
    private let client: HTTPClient

    /// - Parameter base: scheme, host and port, without a slash at the end.
    init(base: String) {
        self.base = base
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(5), read: Self.silence)
        configuration.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func send(_ request: TransportRequest) async throws -> TransportReply {
        var message = HTTPClientRequest(url: base + request.target)
        message.method = HTTPMethod(rawValue: request.method)
        for header in request.headers { message.headers.add(name: header.name, value: header.value) }
        switch request.body {
        case .none: break
        case .bytes(let bytes): message.body = .bytes(bytes, length: .known(Int64(bytes.count)))
        case .stream(let stream, let length):
            let buffers = stream.map { @Sendable in ByteBuffer(bytes: $0) }
            message.body = .stream(buffers, length: length.map { .known(Int64($0)) } ?? .unknown)
        }
        do {
            let response = try await client.execute(message, timeout: request.timeout.map { TimeAmount($0) } ?? Self.forever)
            return TransportReply(
                status: Int(response.status.code), headers: response.headers.map { (name: $0.name, value: $0.value) },
                body: stream(response.body))
        } catch {
            throw failure(error)
        }
    }

    func shutdown() async {
        // Fails only when it was shut down before.
        try? await client.shutdown()
    }

    private func stream(_ body: HTTPClientResponse.Body) -> ByteStream {
        let iterator = BodyIterator(body)
        return ByteStream {
            do {
                return try await iterator.next()
            } catch {
                throw self.failure(error)
            }
        }
    }

    private func failure(_ error: any Error) -> any Error {
        if error is CancellationError || Task.isCancelled { return CancellationError() }
        if let error = error as? ClientError { return error }
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .readTimeout?, .writeTimeout?:
            return ClientError(.timedOut, "\(base) did not answer in time", cause: error)
        case .connectTimeout?:
            return ClientError(.unreachable, "\(base) did not answer within 5 s; is the server running there?", cause: error)
        default:
            return ClientError(
                .unreachable, "\(base) cannot be reached (\(error)); is the server running there?", cause: error)
        }
    }
}

/// The iterator of a response's body, which readers on one task after the other use. An actor, because the iterator may not cross
/// from one to the next; while a call is suspended in it, the iterator is away, so that a second reader is an error and not a race.
private actor BodyIterator {
    private var iterator: HTTPClientResponse.Body.AsyncIterator?

    init(_ body: HTTPClientResponse.Body) {
        iterator = body.makeAsyncIterator()
    }

    func next() async throws -> [UInt8]? {
        guard var taken = iterator else { throw ClientError(.invalid, "a reply's body is read by one reader at a time") }
        iterator = nil
        let buffer = try await taken.next(isolation: self)
        iterator = taken
        return buffer.map { Array(buffer: $0) }
    }
}
