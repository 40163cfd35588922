/// Sends one HTTP request to a model's address. The adapter is the composition root's; tests script their own.
///
/// An implementation follows no redirect, keeps no cookie, checks certificates, and bounds the time to connect.
package protocol ModelTransport: Sendable {
    /// Sends, then delivers the head once and the body's bytes in order as they arrive. When `deliver` throws, or the
    /// surrounding task is cancelled, the connection is closed and the failure thrown on. Throws `unreachable` when there is no
    /// connection or it breaks.
    func send(_ request: TransportRequest, deliver: (TransportPart) throws(ModelFailure) -> Void) async throws(ModelFailure)
}

/// A request with a whole body.
package struct TransportRequest: Hashable, Sendable {
    package var method: String
    package var url: String
    /// Names in lower case.
    package var headers: [TransportField]
    package var body: [UInt8]

    package init(method: String, url: String, headers: [TransportField], body: [UInt8]) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// One header field.
package struct TransportField: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What arrives.
package enum TransportPart: Hashable, Sendable {
    case head(status: Int, headers: [TransportField])
    case bytes([UInt8])
}
