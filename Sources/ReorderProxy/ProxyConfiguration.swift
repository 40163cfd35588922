package import Reordering

/// What a proxy is told at its start.
package struct ProxyConfiguration: Sendable {
    package var upstream: Upstream
    package var host: String
    /// 0 for any.
    package var port: Int
    /// Speak TLS to browsers, and with it HTTP/2.
    package var certificate: ProxyCertificate?
    package var plan: ReorderingPlan
    package var limits: ReorderingLimits
    /// Names in `Host` besides the loopback ones.
    package var allowedHosts: [String]
    /// Arguments that do not count when requests are compared.
    package var ignoredArguments: Set<String>
    /// Put the recorder into HTML.
    package var injects: Bool
    /// The recorder keeps values, not digests.
    package var keepsValues: Bool
    /// The upstream sees the `Host` that the browser sent.
    package var keepsHost: Bool
    /// The files of the proxy's own page and the recorder, by name.
    package var files: [String: [UInt8]]

    package init(upstream: Upstream, host: String = "127.0.0.1", port: Int = 0, plan: ReorderingPlan = .pass) {
        self.upstream = upstream
        self.host = host
        self.port = port
        self.plan = plan
        limits = ReorderingLimits()
        allowedHosts = []
        ignoredArguments = []
        injects = false
        keepsValues = false
        keepsHost = false
        files = [:]
    }

    /// How a browser's addresses of the proxy begin.
    package var scheme: String { certificate == nil ? "http" : "https" }

    /// How a browser opens the proxy that listens on a port.
    package func address(port: Int) -> String { "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

/// Time, chance and the file, which a library does not take for itself.
package struct ProxyEnvironment: Sendable {
    /// Nanoseconds of a clock that does not go back.
    package var now: @Sendable () -> UInt64
    package var random: @Sendable () -> UInt64
    /// Takes lines of the trace. `nil`: nothing is recorded.
    package var record: (@Sendable ([UInt8]) -> Void)?
    /// Takes sentences for the person at the terminal.
    package var say: @Sendable (String) -> Void
    /// Certificates that are trusted besides the system's, in PEM: a test's own authority.
    package var trusted: [UInt8]

    package init(
        now: @escaping @Sendable () -> UInt64, random: @escaping @Sendable () -> UInt64,
        record: (@Sendable ([UInt8]) -> Void)? = nil, trusted: [UInt8] = [],
        say: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.now = now
        self.random = random
        self.record = record
        self.trusted = trusted
        self.say = say
    }
}

/// What the proxy holds and waits for at most (S8).
enum ProxyLimits {
    /// Connections at once: a browser opens six, a load test a thousand.
    static let connections = 4_096
    /// Bytes of one response that wait in memory; what is behind them waits at the upstream.
    static let heldBytes = 256 << 10
    /// Bytes of all responses that wait in memory, beyond one read of each.
    static let allHeldBytes = 64 << 20
    /// Bytes of requests that a client sends before the one before is answered.
    static let pipelinedBytes = 64 << 10
    /// Bytes of a body sent to the proxy itself: recorders send 60 KB at a time.
    static let ownBodyBytes = 4 << 20
    /// Streams at once on a connection of HTTP/2; a browser asks for more when one is over. The library begins with the same number, so that it
    /// also binds a client that has not acknowledged it.
    static let streams = 100
    /// PING, SETTINGS and PRIORITY frames in 30 s: each response of a plan is a PING, and no page takes more in that time.
    static let controlFrames = 10_000
    /// Streams that a client may cancel in 30 s: more is the rapid reset of CVE-2023-44487.
    static let resetStreams = 1_000
    /// Bytes of one stream that wait for the client, before more is read for it.
    static let streamBufferBytes = 64 << 10
    /// Upstream connections that a connection of HTTP/2 keeps for its next streams: what browsers open by themselves is six.
    static let idleUpstreams = 16
    /// Bytes in which the place for the recorder's tag is looked for.
    static let headSearchBytes = 64 << 10
    /// Seconds in which a head must come whole.
    static let headSeconds: Int64 = 30
    /// Seconds that a connection may be idle.
    static let idleSeconds: Int64 = 120
    /// Seconds to connect to the upstream, and to shake hands.
    static let connectSeconds: Int64 = 10
    /// Seconds in which a client closes a connection whose end it was told. Browsers do at once; who does not is taken to have read.
    static let lingerSeconds: Int64 = 10
    /// Types of one stream's messages that are counted apart.
    static let streamTypes = 100
    /// Posted final states kept for the report, and the bytes of one's digest.
    static let finals = 1_000
}
