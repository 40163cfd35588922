/// How requests reach a server. The one over the network is `NetworkTransport`; tests script one.
package protocol Transport: Sendable {
    /// Sends a request; returns when the reply's head is there.
    /// - Throws: ``ClientError`` with `unreachable` or `timedOut`, or `CancellationError`.
    func send(_ request: TransportRequest) async throws -> TransportReply
    /// Gives up connections.
    func shutdown() async
}

/// One HTTP request.
package struct TransportRequest: Sendable {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// `length` is `nil` when it is not known.
        case stream(ByteStream, length: Int?)
    }

    package var method: String
    /// Path and query, from "/".
    package var target: String
    package var headers: [(name: String, value: String)]
    package var body: Body
    /// How long until the whole reply is there; `nil` for a stream, which only has to go on.
    package var timeout: Duration?

    package init(
        _ method: String, _ target: String, headers: [(name: String, value: String)] = [], body: Body = .none,
        timeout: Duration?
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// One HTTP reply; its body is read once.
package struct TransportReply: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: ByteStream

    package init(status: Int, headers: [(name: String, value: String)] = [], body: ByteStream) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A header's value; names are compared without case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
