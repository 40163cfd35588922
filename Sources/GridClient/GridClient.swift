public import GridModel
import TraceRecording
import Wire

/// A client of a Trueline server.
///
/// ```swift
/// let client = try GridClient(baseURL: "http://127.0.0.1:8787", environment: .live(clock: ContinuousClock(), chance: { .random(in: 0 ... .max) }))
/// let grid = try await client.grids()[0]
/// try await client.withLiveSheet(grid: grid.id, sheet: SheetID(1)) { sheet in
///     for await snapshot in sheet.snapshots() { draw(snapshot) }
/// }
/// await client.shutdown()
/// ```
///
/// Every call is made for one server; calls may overlap. Call ``shutdown()`` once before the client goes away.
public struct GridClient: Sendable {
    let transport: any Transport
    let environment: ClientEnvironment
    /// Where live sheets record what they do; `nil` for nowhere.
    var recorder: TraceRecorder?
    /// How long a small request may take.
    static let timeout = Duration.seconds(30)
    /// Bytes of a reply that is held in memory.
    static let replyLimit = 268_435_456
    /// How long a change is sent again and again while the server cannot be reached; its intent keeps it to one effect (S5).
    static let patience = Duration.seconds(60)

    /// - Parameters:
    ///   - baseURL: scheme, host and port: `http://127.0.0.1:8787`. A path is refused.
    ///   - environment: time and chance.
    /// - Throws: ``ClientError`` when the address is not one.
    public init(baseURL: String, environment: ClientEnvironment) throws {
        let base = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        let rest = base.hasPrefix("http://") ? base.dropFirst(7) : base.hasPrefix("https://") ? base.dropFirst(8) : ""
        guard !rest.isEmpty, !rest.contains(where: { "/?#@ ".contains($0) || !$0.isASCII }) else {
            throw ClientError(.invalid, "\"\(baseURL)\" is not a server's address; write it as http://127.0.0.1:8787")
        }
        self.init(transport: NetworkTransport(base: base), environment: environment)
    }

    package init(transport: any Transport, environment: ClientEnvironment) {
        self.transport = transport
        self.environment = environment
    }

    /// Closes the connections. Nothing may be called afterwards.
    public func shutdown() async {
        await transport.shutdown()
    }

    /// The server's grids.
    public func grids() async throws -> [GridSummary] {
        let bytes = try await get("/api/v1/grids")
        return try Self.read { () throws(WireError) in try GridList(wire: bytes) }.grids.map {
            GridSummary(id: $0.id, name: $0.name, damage: $0.damage)
        }
    }

    /// A grid's sheets, columns and views, as of now.
    public func grid(_ id: GridID) async throws -> GridDescription {
        let bytes = try await get("/api/v1/grids/\(id)")
        return GridDescription(try Self.read { () throws(WireError) in try GridDocument(wire: bytes) })
    }

    /// Makes a grid with one sheet and no columns.
    public func createGrid(named name: String) async throws -> GridDescription {
        let request = TransportRequest(
            "POST", "/api/v1/grids", headers: Self.json, body: .bytes(NameRequest(name: name).wire), timeout: Self.timeout)
        let bytes = try await succeed(request).body.collect(upTo: Self.replyLimit)
        return GridDescription(try Self.read { () throws(WireError) in try GridDocument(wire: bytes) })
    }

    /// Removes a grid and everything in it, for good.
    public func deleteGrid(_ id: GridID) async throws {
        _ = try await succeed(TransportRequest("DELETE", "/api/v1/grids/\(id)", timeout: Self.timeout))
    }

    /// An id for something that is asked for now.
    public func newIntent() -> IntentID {
        // Version 4, variant 1 of RFC 9562.
        let high = environment.chance() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = environment.chance() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return IntentID(high: high, low: low)
    }

    // MARK: - Requests

    static let json = [(name: "Content-Type", value: "application/json")]

    func get(_ target: String, timeout: Duration = GridClient.timeout) async throws -> [UInt8] {
        let request = TransportRequest(
            "GET", target, headers: [(name: "Accept", value: "application/json")], timeout: timeout)
        return try await succeed(request).body.collect(upTo: Self.replyLimit)
    }

    /// Sends a request and insists on success.
    func succeed(_ request: TransportRequest) async throws -> TransportReply {
        let reply = try await transport.send(request)
        if (200..<300).contains(reply.status) { return reply }
        throw try await Self.refusal(reply)
    }

    static func refusal(_ reply: TransportReply) async throws -> ClientError {
        let wait = reply.header("Retry-After").flatMap { Int($0) }.map { Duration.seconds($0) }
        let bytes = try await reply.body.collect(upTo: 1_048_576)
        guard let problem = try? Wire.Problem(wire: bytes), !problem.title.isEmpty else {
            return ClientError(
                .refused(status: reply.status, problem: ""), "the server answered with status \(reply.status)", retryAfter: wait
            )
        }
        return refusal(problem, status: reply.status, retryAfter: wait)
    }

    static func refusal(_ problem: Wire.Problem, status: Int, retryAfter: Duration?) -> ClientError {
        let detail = problem.detail.isEmpty ? problem.title : problem.detail
        return ClientError(.refused(status: status, problem: problem.code), detail, retryAfter: retryAfter)
    }

    /// Reads a reply's document.
    static func read<Value>(_ body: () throws(WireError) -> Value) throws -> Value {
        do throws(WireError) {
            return try body()
        } catch {
            throw ClientError(
                .damagedReply, "the server's reply cannot be read: \(error); client and server may be of different versions",
                cause: error)
        }
    }
}
