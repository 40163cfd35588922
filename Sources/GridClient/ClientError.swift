/// Why the server did not do what was asked.
public struct ClientError: Error, Sendable, CustomStringConvertible {
    /// What a program switches on.
    public enum Code: Hashable, Sendable {
        /// No connection to the server could be made, or it broke. Whether the server did what was asked is not known.
        case unreachable
        /// The server did not answer in time. Whether it did what was asked is not known.
        case timedOut
        /// The server answered and refused: the HTTP status, and the last part of the problem's `type`, such as "cell-changed".
        case refused(status: Int, problem: String)
        /// What came back is not what the protocol says.
        case damagedReply
        /// What was asked makes no sense; nothing was sent.
        case invalid
    }

    public var code: Code
    /// What happened, with the values, and what to do next.
    public var message: String
    /// How long the server asks to wait before trying again.
    public var retryAfter: Duration?
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, retryAfter: Duration? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.cause = cause
    }

    /// True when the same may succeed later: no connection, no answer, too many requests, a server that is restarting or full.
    public var isTemporary: Bool {
        switch code {
        case .unreachable, .timedOut: true
        case .refused(let status, _): status == 408 || status == 429 || status >= 500
        case .damagedReply, .invalid: false
        }
    }

    public var description: String { message }
}

extension ClientError: Hashable {
    /// Equal when they say the same; causes are not compared.
    public static func == (a: ClientError, b: ClientError) -> Bool {
        a.code == b.code && a.message == b.message && a.retryAfter == b.retryAfter
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(message)
    }
}
