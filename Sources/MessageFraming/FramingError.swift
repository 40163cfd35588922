/// Why bytes are no HTTP/1.1 message that can be passed on: what two programs could read differently is refused, not repaired.
package struct FramingError: Error, Hashable, Sendable {
    /// What a server answers to such a request.
    package enum Kind: Hashable, Sendable {
        /// 400
        case malformed
        /// 431
        case headerTooLarge
        /// 501: a transfer coding other than chunked.
        case notImplemented
        /// 505
        case version
    }

    package var kind: Kind
    /// For people: what is wrong, without what a stranger sent.
    package var reason: String

    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    static func malformed(_ reason: String) -> FramingError { FramingError(.malformed, reason) }

    /// The status code for a refused request.
    package var status: Int {
        switch kind {
        case .malformed: 400
        case .headerTooLarge: 431
        case .notImplemented: 501
        case .version: 505
        }
    }
}
