package import ChangePipeline
package import Enrichment
import GridImage
import GridModel
package import Hummingbird
import HTTPTypes
import HummingbirdCore
import NIOCore
import Wire

/// The HTTP server over the grids of one host.
package struct GridServer: Sendable {
    let services: ServerServices
    let table: RouteTable
    /// The faulty design, only where the operator asked for it.
    private let control: FaultyDesign?
    /// Counts, also for others to add to.
    package let metrics: ServerMetrics

    package init(
        configuration: GridServerConfiguration, host: GridHost, runs: RunCoordinator? = nil,
        recording: ServerRecording? = nil, environment: ServerEnvironment
    ) {
        let metrics = ServerMetrics()
        let run = String(environment.random(), radix: 36)
        self.metrics = metrics
        services = ServerServices(
            configuration: configuration, environment: environment, host: host, metrics: metrics,
            streams: EventStreams(
                limits: configuration.limits, signals: host.environment.signalLimits, environment: environment,
                metrics: metrics, runs: runs, serverRun: run),
            pages: PageCache(limit: configuration.limits.pageCacheBytes),
            attestations: AttestationDesk(now: environment.monotonicClock, metrics: metrics),
            hostGuard: HostGuard(
                configured: configuration.allowedHosts, traceOrigins: configuration.traces?.origins ?? []),
            run: run,
            imports: ImportRegistry(keptBytes: 4 * configuration.limits.rejectListBytes), open: OpenGrids(), runs: runs,
            recording: recording)
        control = configuration.servesControl ? FaultyDesign(host: host, environment: environment) : nil
        table = RouteTable(Self.routes(services, control: control))
    }

    /// The open event streams.
    var streams: EventStreams { services.streams }

    /// The one list of routes: what is answered, and what the OpenAPI document says.
    static func routes(_ services: ServerServices, control: FaultyDesign? = nil) -> [Route] {
        var all =
            ServerRoutes(services: services).routes + GridRoutes(services: services).routes
            + SheetRoutes(services: services).routes
            + PageRoutes(services: services).routes + ChangeRoutes(services: services).routes
            + EventRoutes(services: services).routes + ImportRoutes(services: services).routes
            + ExportRoutes(services: services).routes + AttestationRoutes(services: services).routes
        if let sample = services.configuration.sampleFile { all += SampleRoutes(services: services, file: sample).routes }
        if let traces = services.configuration.traces {
            all += TraceRoutes(services: services, archive: TraceArchive(directory: traces.directory)).routes
        }
        if let runs = services.runs {
            all += RunRoutes(services: services, runs: runs).routes
            all += WordsRoutes(services: services, desk: WordsDesk(beside: runs)).routes
        }
        if let control { all += ControlRoutes(services: services, design: control).routes }
        let document = Route(
            method: .get, path: "/openapi.json", operation: "readOpenAPI", summary: "This document",
            answers: [.init(status: 200, summary: "OpenAPI 3.1", payload: .init(types: ["application/json"], schema: .any))],
            handle: { _ in throw Problem("failed", "", status: 500, detail: "") })
        all.append(document)
        let json = OpenAPIDocument(routes: all, version: services.configuration.version).json
        all[all.count - 1].handle = { _ in .json(json) }
        return all
    }

    /// Imports a file of this machine into a grid's first sheet: what `--sample` does.
    package func importFile(_ path: String, into grid: LiveGrid) async throws -> Int {
        try await services.importFile(path, into: grid)
    }

    /// What answers requests.
    package var responder: GridServerResponder {
        GridServerResponder(
            services: services, table: table,
            files: services.configuration.webDirectory.map {
                StaticFiles(directory: $0, servesControl: services.configuration.servesControl)
            })
    }

    /// The server as a service to run.
    /// - Parameter ready: called once with the port, when requests are answered.
    package func application(ready: @escaping @Sendable (Int) async -> Void = { _ in }) -> Application<GridServerResponder> {
        let front = ConnectionFront(services: services)
        return Application(
            responder: responder, server: HTTPServerBuilder { ConnectionSetup(front: front, responder: $0) },
            configuration: ApplicationConfiguration(
                address: .hostname(services.configuration.host, port: services.configuration.port), backlog: 4_096),
            services: [services.streams] + (control.map { [$0] } ?? []) + (services.recording.map { [$0] } ?? []),
            onServerRunning: { channel in await ready(channel.localAddress?.port ?? 0) },
            logger: services.environment.logger)
    }
}
