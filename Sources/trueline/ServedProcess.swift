import ArgumentParser
import ChangePipeline
import Enrichment
import Foundation
import GridModel
import GridServer
import GridStore
import Logging
import NIOCore
import SQLiteStore
import ServiceLifecycle
import Synchronization
import TraceRecording
import UnixSignals

/// A running server process: everything it is made of, from start to clean stop.
struct ServedProcess {
    let plan: ServePlan

    /// A grid that nobody asked anything of for so long gives its memory back.
    private static let idleGrid = Duration.seconds(600)
    private static let idleCheck = Duration.seconds(60)
    /// What `sysexits.h` calls a software error: the log recovers at the next start.
    private static let fatalStatus: Int32 = 70

    func run() async throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "trueline")
        logger.logLevel = plan.logLevel
        let log = logger
        let wallClock: @Sendable () -> UInt64 = { UInt64(max(0, Date().timeIntervalSince1970 * 1_000)) }
        let catalog = try catalog()
        let host = GridHost(
            catalog: catalog,
            environment: .live(clock: ContinuousClock(), wallClock: wallClock, logger: logger) { error in
                log.critical("the store failed; starting again recovers from the log", metadata: ["error": "\(error.message)"])
                exit(Self.fatalStatus)
            })
        let recording = try recording()
        let (provider, transport) = try provider(recording)
        var limits = RunLimits()
        limits.callTime = plan.callTime
        let runs = RunCoordinator(
            provider: provider, limits: limits,
            environment: RunEnvironment(
                clock: StandardRunClock(ContinuousClock()),
                newIntent: { IntentID(Self.random(), Self.random()) }, newSeed: Self.random,
                // Seconds since 2020: runs of one grid differ across restarts.
                firstRun: RunID(UInt32(truncatingIfNeeded: wallClock() / 1_000 &- 1_577_836_800)), prices: plan.prices,
                logger: logger))
        let server = GridServer(
            configuration: plan.server, host: host, runs: runs, recording: recording,
            environment: ServerEnvironment(
                wallClock: wallClock, monotonicClock: { DispatchTime.now().uptimeNanoseconds },
                sleep: { try await Task.sleep(for: $0) }, random: Self.random, logger: logger))
        do {
            if plan.wantsSample { try await sample(host, server, logger) }
            try await serve(server, host, runs, recording, logger)
        } catch {
            runs.close()
            await host.close()
            await transport.shutdown()
            throw error
        }
        runs.close()
        await host.close()
        await transport.shutdown()
    }

    /// What records the server itself, if that was asked for.
    private func recording() throws -> ServerRecording? {
        guard let path = plan.recordFile else { return nil }
        let file = try TraceFile(path: path)
        let number = Self.random()
        let recorder = TraceRecorder(
            process: "trueline-\(String(number, radix: 36))", role: .server, trace: "serve-\(String(number, radix: 36))",
            now: { DispatchTime.now().uptimeNanoseconds }, random: Self.random, sink: { file.append($0) })
        // The composition root's clock: libraries get time from here, tests give their own.
        return ServerRecording(recorder: recorder, sleep: { try await Task.sleep(for: $0) })
    }

    private func serve(
        _ server: GridServer, _ host: GridHost, _ runs: RunCoordinator, _ recording: ServerRecording?, _ logger: Logger
    ) async throws {
        let application = server.application { port in announce(port) }
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: application, successTerminationBehavior: .gracefullyShutdownGroup),
                .init(
                    service: RunService(runs: runs, host: host, recording: recording, logger: logger),
                    successTerminationBehavior: .ignore),
                .init(
                    service: IdleGridService(host: host, runs: runs, after: Self.idleGrid, every: Self.idleCheck),
                    successTerminationBehavior: .ignore),
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = plan.server.limits.shutdown
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE || error.errnoCode == EACCES {
            throw ValidationError(
                "\(plan.server.host):\(plan.server.port) cannot be listened on (\(String(cString: strerror(error.errnoCode)))); "
                    + "stop what uses it, or choose another with --port")
        } catch is CancellationError {
            // Requests that did not end in time were cut off; what was acknowledged is durable.
        }
    }

    private func announce(_ port: Int) {
        let name = plan.server.host.contains(":") ? "[\(plan.server.host)]" : plan.server.host
        let url = "http://\(name == "0.0.0.0" || name == "[::]" ? "127.0.0.1" : name):\(port)"
        FileHandle.standardOutput.write(Data("Trueline is ready at \(url)\n".utf8))
        guard plan.opensBrowser else { return }
        // Without a browser the line above is enough. Not waited for: a browser may stay in the foreground.
        Thread.detachNewThread { _ = Browser.open(url) }
    }

    private func catalog() throws -> any GridCatalog {
        if plan.keepsInMemory { return MemoryGridCatalog() }
        if let spool = plan.server.spoolDirectory {
            // Uploads that broke off with the last process.
            try? FileManager.default.removeItem(atPath: spool)
        }
        return try SQLiteGridCatalog(directory: plan.dataDirectory, startedAt: Date().formatted(.iso8601))
    }

    /// The model that the environment names, else the rules that call none. A setting that cannot be right stops the start.
    private func provider(_ recording: ServerRecording?) throws -> (any ModelProvider, HTTPModelTransport) {
        let named = ModelSettings.names.compactMap { name in plan.settings[name].map { (name, $0) } }
        switch try ModelSettings(environment: Dictionary(named, uniquingKeysWith: { first, _ in first })) {
        case .demoRules:
            let transport = HTTPModelTransport(network: ModelNetwork(allowsPrivate: false))
            return (DemoRulesProvider(clock: StandardRunClock(ContinuousClock()), delay: plan.demoDelay), transport)
        case .model(let configuration):
            let transport = HTTPModelTransport(
                network: ModelNetwork(for: configuration.address, allowsPrivate: plan.allowsPrivateModel))
            let recorded: any ModelTransport = recording.map { RecordedTransport(transport, $0.agents) } ?? transport
            return (WireProvider(configuration, transport: recorded), transport)
        }
    }

    /// Airports, when there is no grid at all.
    private func sample(_ host: GridHost, _ server: GridServer, _ logger: Logger) async throws {
        guard try await host.grids().isEmpty else { return }
        guard let file = plan.server.sampleFile else {
            logger.warning("the sample was not found: \(ServePlan.sample)")
            return
        }
        guard let id = GridID("airports") else { return }
        let grid = try await host.create(id, name: "Airports")
        let rows = try await server.importFile(file, into: grid)
        logger.info("made the sample", metadata: ["grid": "airports", "rows": "\(rows)"])
    }

    @Sendable private static func random() -> UInt64 {
        UInt64.random(in: .min ... .max)
    }
}

extension IntentID {
    /// A random UUID (RFC 9562, version 4) from two random numbers.
    fileprivate init(_ high: UInt64, _ low: UInt64) {
        self.init(high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000, low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }
}

/// The runs, as a service: their calls end when the server stops.
private struct RunService: Service {
    let runs: RunCoordinator
    let host: GridHost
    let recording: ServerRecording?
    let logger: Logger

    func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await resume() }
                await runs.run()
            }
        } onGracefulShutdown: { [runs] in
            runs.close()
        }
    }
}

extension RunService {
    /// Goes on with what the process before this one was doing.
    private func resume() async {
        do {
            for id in try await host.gridsWithRuns() {
                let grid = try await host.grid(id)
                await runs.adopt(recording?.recorded(grid) ?? grid)
            }
        } catch {
            logger.error("runs of a grid could not be resumed: \(error)")
        }
    }
}

/// Closes grids that nobody uses.
private struct IdleGridService: Service {
    let host: GridHost
    let runs: RunCoordinator
    let after: Duration
    let every: Duration

    func run() async throws {
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: every) }
            } catch {
                return
            }
            _ = await host.closeIdle(after: after) { runs.isActive($0) }
        }
    }
}
