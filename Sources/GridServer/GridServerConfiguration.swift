/// What an operator decides about a server.
package struct GridServerConfiguration: Sendable {
    /// The address to listen on; loopback unless told.
    package var host: String
    /// 0 lets the system pick one.
    package var port: Int
    /// Host names that requests may name besides the loopback ones and `host`.
    package var allowedHosts: [String]
    /// Where the page's files lie; `nil` serves the API alone.
    package var webDirectory: String?
    /// Where an upload is kept until it is imported; `nil` is the system's temporary directory.
    package var spoolDirectory: String?
    /// A list to play with that comes with the program; `nil` where it was not found.
    package var sampleFile: String?
    /// What `/health` and the OpenAPI document say.
    package var version: String
    /// Seconds between two attestations of one page, on average; `nil` asks pages for none.
    package var attestationInterval: Int? = 30
    /// Serves the deliberately faulty design too, as the control of the ordering checks.
    package var servesControl: Bool
    /// Where recorded traces are kept and who may post them; `nil` takes none.
    package var traces: Traces?
    package var limits: Limits

    /// Recorded traces.
    package struct Traces: Sendable {
        package var directory: String
        /// Origins besides our own whose pages may post: "https://shop.example".
        package var origins: [String]

        package init(directory: String, origins: [String] = []) {
            self.directory = directory
            self.origins = origins
        }
    }

    /// The server's own bounds (S8); a grid's are in `GridModel.Limits`.
    package struct Limits: Sendable {
        /// Bytes of one JSON request: ten thousand changes of a few kilobytes each.
        package var jsonBytes = 32 << 20
        /// Bytes of one imported file.
        package var importBytes = 8 << 30
        /// Bytes of the list of one import's rejected rows, over a million of them: a file of which more is rejected is not what its
        /// settings say, and is refused. All kept lists together have four times as much.
        package var rejectListBytes = 256 << 20
        /// How long a read waits for `minRevision` before it says that it is behind.
        package var behindTimeout = Duration.seconds(5)
        /// Between heartbeats of a stream: readers take one and a half of it as late, so that a cut is seen within 3 s.
        package var heartbeat = Duration.seconds(2)
        /// Streams at one time.
        package var streams = 20_000
        /// Bytes of encoded pages that are kept.
        package var pageCacheBytes = 64 << 20
        /// A connection without a request, or with a request that stops arriving, is closed after this.
        package var idleTimeout = Duration.seconds(60)
        /// Fields and bytes of a request's head.
        package var headerFields = 256
        package var headerBytes = 64 << 10
        /// What a stopping server gives its open requests.
        package var shutdown = Duration.milliseconds(1_500)

        package init() {}
    }

    package init(
        host: String = "127.0.0.1", port: Int = 8787, allowedHosts: [String] = [], webDirectory: String? = nil,
        spoolDirectory: String? = nil, sampleFile: String? = nil, version: String, servesControl: Bool = false,
        limits: Limits = Limits()
    ) {
        self.host = host
        self.port = port
        self.allowedHosts = allowedHosts
        self.webDirectory = webDirectory
        self.spoolDirectory = spoolDirectory
        self.sampleFile = sampleFile
        self.version = version
        self.servesControl = servesControl
        self.limits = limits
    }
}
