import ChangePipeline
import Dispatch
import Enrichment
import Foundation
import GridModel
import GridStore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Ordering
import Synchronization
import TestKit
import Wire

@testable import GridServer

/// How requests reach the routes: the same suite runs both ways.
enum Way: String, CaseIterable, Sendable {
    case router
    case live

    var setup: TestingSetup {
        switch self {
        case .router: .router
        case .live: .live
        }
    }
}

/// A server over grids in memory, with time and chance in the test's hands.
struct TestServer: Sendable {
    enum Time {
        /// Every alarm goes off at once, on another thread.
        case instant
        /// No alarm ever goes off.
        case frozen
    }

    let host: GridHost
    let server: GridServer

    static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    init(
        time: Time = .instant, catalog: any GridCatalog = MemoryGridCatalog(), web: String? = nil, sample: String? = nil,
        limits: GridServerConfiguration.Limits = .init(), signals: SignalLimits = SignalLimits(),
        traces: GridServerConfiguration.Traces? = nil, recording: ServerRecording? = nil,
        spool: String = "shared", provider: (any ModelProvider)? = nil
    ) {
        var pipeline = PipelineEnvironment(
            wallClock: { 1_700_000_000_000 }, now: { .zero },
            schedule: { _, action in if time == .instant { DispatchQueue.global().async(execute: action) } },
            makeWriter: { DispatchWriter(label: $0) }, runBlocking: { DispatchQueue.global().async(execute: $0) },
            logger: Self.logger, onFatal: { _ in }, signalLimits: signals)
        pipeline.limits.groupDelay = .zero
        host = GridHost(catalog: catalog, environment: pipeline)
        let seed = Mutex<UInt64>(1)
        var configuration = GridServerConfiguration(
            port: 0, webDirectory: web, sampleFile: sample, version: "test", limits: limits)
        configuration.spoolDirectory =
            FileManager.default.temporaryDirectory.appending(
                path: "trueline-server-tests-\(ProcessInfo.processInfo.processIdentifier)/\(spool)-\(UUID().uuidString)"
            ).path
        configuration.traces = traces
        server = GridServer(
            configuration: configuration, host: host, runs: provider.map(Self.runs), recording: recording,
            environment: ServerEnvironment(
                wallClock: { 1_700_000_000_000 }, monotonicClock: { 0 },
                sleep: { _ in try await Task.sleep(nanoseconds: .max / 4) },
                random: {
                    seed.withLock { seed in
                        // SplitMix64.
                        seed &+= 0x9e37_79b9_7f4a_7c15
                        var mixed = (seed ^ seed >> 30) &* 0xbf58_476d_1ce4_e5b9
                        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
                        return mixed ^ mixed >> 31
                    }
                }, logger: Self.logger))
    }

    /// Agents that ask a provider; no timer of theirs ever fires.
    private static func runs(_ provider: any ModelProvider) -> RunCoordinator {
        struct Frozen: RunClock {
            var now: Duration { .zero }
            func wait(until time: Duration) async { try? await Task.sleep(nanoseconds: .max / 4) }
        }
        let intents = Atomic<UInt64>(0)
        return RunCoordinator(
            provider: provider,
            environment: RunEnvironment(
                clock: Frozen(), newIntent: { IntentID(high: 7, low: intents.add(1, ordering: .relaxed).newValue) },
                newSeed: { 1 }, firstRun: RunID(1), logger: logger))
    }

    /// Returns when a stream is open: what is committed from then on is told.
    func awaitSubscriber() async {
        while server.metrics.subscribers.current == 0 { await Task.yield() }
    }

    /// Serves on a socket while `body` runs.
    /// - Parameter body: is given the port.
    func serve<Value: Sendable>(_ body: @escaping @Sendable (Int) async throws -> Value) async throws -> Value {
        try await server.application().test(.live) { client in try await body(client.port ?? 0) }
    }

    /// Runs a test's requests against the routes.
    func test<Value: Sendable>(
        _ way: Way, _ body: @escaping @Sendable (TestAPI) async throws -> Value
    ) async throws -> Value {
        let value = try await server.application().test(way.setup) { client in try await body(TestAPI(client: client)) }
        await host.close()
        return value
    }
}

/// The API as a test speaks it.
struct TestAPI: Sendable {
    let client: any TestClientProtocol

    struct Answer: Sendable {
        var status: Int
        var headers: HTTPFields
        var body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, type: String? = "application/json",
        headers: [String: String] = [:]
    ) async throws -> Answer {
        var fields = HTTPFields()
        if body != nil, let type { fields[.contentType] = type }
        for (name, value) in headers { if let name = HTTPField.Name(name) { fields[name] = value } }
        return try await client.execute(
            uri: path.hasPrefix("/api") || path.hasPrefix("//") || !path.hasPrefix("/grids") && path != "/health"
                ? path : "/api/v1" + path,
            method: method, headers: fields, body: body.map { ByteBuffer(string: $0) }
        ) { response in
            Answer(status: response.status.code, headers: response.headers, body: Array(response.body.readableBytesView))
        }
    }

    /// A grid with the columns A and B and `rows` rows.
    func makeGrid(rows: Int = 3) async throws -> TestGrid {
        let made = try GridDocument(wire: try await send(.post, "/grids", #"{"name":"Test"}"#).body)
        let path = "/grids/\(made.id)"
        var columns: [ColumnID] = []
        for name in ["A", "B"] {
            let answer = try await send(.post, path + "/sheets/s1/columns", #"{"name":"\#(name)"}"#)
            columns.append(try WireReader.read(answer.body) { (reader) throws(WireError) in try Column(&reader) }.id)
        }
        let cells = (0..<rows).map { #"{"\#(columns[0])":"row \#($0)"}"# }.joined(separator: ",")
        let outcome = try await send(
            .post, path + "/changes",
            #"{"intent":"\#(TestGrid.intent(1))","changes":[{"op":"insertRows","rows":[\#(cells)]}]}"#)
        let revision = try CommandOutcome(wire: outcome.body).revision
        return TestGrid(id: made.id, path: path, columns: columns, revision: revision)
    }
}

/// What a test knows of its grid.
struct TestGrid: Sendable {
    var id: GridID
    var path: String
    var columns: [ColumnID]
    var revision: Revision

    var sheet: String { path + "/sheets/s1" }

    static func intent(_ number: Int) -> String {
        IntentID(high: 0xABCD, low: UInt64(number)).description
    }

    func setCell(_ value: String, row: Int = 1, intent: Int, ifRevision: UInt64? = nil) -> String {
        let condition = ifRevision.map { ",\"ifRevision\":\($0)" } ?? ""
        return
            #"{"intent":"\#(Self.intent(intent))","changes":[{"op":"setCell","row":"r\#(row)","column":"\#(columns[0])","value":\#(value)\#(condition)}]}"#
    }
}
