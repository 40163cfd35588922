import ChangePipeline
import Foundation
import GridImage
import GridModel
import GridStore
import Logging
import Ordering
import SQLiteStore
import Synchronization

/// The product's path: `LiveGrid` on a `SQLiteGridStore`, with everything on: history, answers to intents, signals, fold.
final class PipelineBench {
    private let directory: String
    private var catalog: SQLiteGridCatalog
    private var store: TimedStore
    private var grid: LiveGrid
    private var environment: PipelineEnvironment
    private let watch = Watch()

    private static func id() throws -> GridID {
        guard let id = GridID("bench") else { throw CocoaError(.formatting) }
        return id
    }

    private static func environment(_ watch: Watch) -> PipelineEnvironment {
        var environment = PipelineEnvironment.live(
            clock: ContinuousClock(), wallClock: { UInt64(Date().timeIntervalSince1970 * 1_000) },
            logger: Logger(label: "benchmark", factory: { _ in SwiftLogNoOpLogHandler() }),
            onFatal: { error in
                print("fatal: \(error)")
                exit(1)
            })
        environment.makeWriter = { WatchedWriter(DispatchWriter(label: $0), watch) }
        return environment
    }

    /// Makes a grid of the workload's shape in an empty directory, and lets it fold.
    init(directory: String, workload: inout Workload) async throws {
        self.directory = directory
        environment = Self.environment(watch)
        catalog = try SQLiteGridCatalog(directory: directory, startedAt: "now")
        store = TimedStore(try catalog.create(Self.id()))
        grid = try await LiveGrid.create(id: Self.id(), name: "Benchmark", store: store, environment: environment)
        try await fill(&workload)
        await untilFolded()
        store.reset()
    }

    /// Opens the grid of a directory.
    init(opening directory: String) async throws {
        self.directory = directory
        environment = Self.environment(watch)
        catalog = try SQLiteGridCatalog(directory: directory, startedAt: "now")
        store = TimedStore(try catalog.open(Self.id()))
        grid = try await LiveGrid.open(id: Self.id(), store: store, environment: environment)
    }

    private func fill(_ workload: inout Workload) async throws {
        var intent: UInt64 = 0
        func submit(_ change: Change) async throws {
            intent += 1
            _ = try await grid.submit(
                Command(intent: IntentID(high: 8, low: intent), cause: Cause(kind: .importer), changes: [change]))
        }
        for column in 1...workload.columns {
            try await submit(
                .addColumn(sheet: SheetID(1), name: "Column \(column)", type: .text, width: nil, agent: nil, position: .last))
        }
        let ids = (1...workload.columns).map { ColumnID(UInt32($0)) }
        var left = workload.rows
        while left > 0 {
            var block = RowsBlock(columns: ids)
            for _ in 0..<min(left, 50_000, 1_500_000 / workload.columns) {
                for column in 0..<workload.columns { block.appendCell(checkedJSON: workload.cell(column).utf8) }
                block.endRow()
            }
            left -= block.rowCount
            try await submit(.insertRows(sheet: SheetID(1), position: .last, rows: block))
        }
    }

    /// Closes the grid, if it is open, and opens it with other limits than the product's.
    func reopen(_ change: (inout PipelineLimits) -> Void = { _ in }) async throws {
        await close()
        environment.limits = PipelineLimits()
        change(&environment.limits)
        catalog = try SQLiteGridCatalog(directory: directory, startedAt: "now")
        store = TimedStore(try catalog.open(Self.id()))
        grid = try await LiveGrid.open(id: Self.id(), store: store, environment: environment)
    }

    func close() async {
        await grid.close()
        catalog.close()
    }

    /// Returns when a quiet grid has folded what it folds.
    func untilFolded() async {
        let (grid, limit) = (grid, environment.limits.changesBeforeFold)
        await watch.until { grid.unfoldedChanges < limit && grid.pipelineState == .idle }
    }

    var snapshot: GridImage { grid.snapshot() }
    var unfolded: Int { grid.unfoldedChanges }
    var replay: Duration { store.replay }
    var folded: TimedStore.Counts { store.counts }
    var storedBytes: UInt64 { store.storedBytes }
    var bytesPerChange: Double { Double(store.counts.recordBytes) / Double(max(1, store.counts.changes)) }
    func reset() { store.reset() }
    func takeAppends() -> Timings { store.takeAppends() }
    func takeSlices() -> Timings { store.takeSlices() }
    func takeCheckpoints() -> Timings { store.takeCheckpoints() }

    /// Submits the commands, so many at a time, each as soon as an earlier one is answered.
    func flood(commands: [Command], inFlight: Int, person: Bool = false) async -> (throughput: Double, latencies: Timings) {
        let clock = ContinuousClock()
        let start = clock.now
        let flight = Flight(commands: commands, grid: grid)
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<inFlight {
                let cause = person ? Cause.person : Cause(kind: .program, run: RunID(UInt32(writer + 1)))
                group.addTask { await flight.fly(as: cause) }
            }
        }
        let changes = commands.reduce(0) { $0 + $1.changes.count }
        store.note(changes: changes)
        return (Double(changes) / ((clock.now - start) / .seconds(1)), flight.timings)
    }

    /// Submits one command and waits for its answer.
    func submit(_ changes: [Change], intent: UInt64) async throws -> CommandOutcome {
        try await grid.submit(Command(intent: IntentID(high: 10, low: intent), cause: .person, changes: changes))
    }
}

/// Lets somebody wait for something that only the writer's work can bring about.
final class Watch: Sendable {
    private struct Waiting {
        var condition: @Sendable () -> Bool
        var continuation: CheckedContinuation<Void, Never>
    }

    private let waiting = Mutex<[Waiting]>([])

    func until(_ condition: @escaping @Sendable () -> Bool) async {
        await withCheckedContinuation { continuation in
            waiting.withLock { $0.append(Waiting(condition: condition, continuation: continuation)) }
            workDone()  // it may be so already
        }
    }

    func workDone() {
        let met = waiting.withLock { waiting in
            let last = waiting.partition { $0.condition() }
            defer { waiting.removeSubrange(last...) }
            return waiting[last...]
        }
        for waiter in met { waiter.continuation.resume() }
    }
}

private struct WatchedWriter: SerialWriter {
    private let writer: DispatchWriter
    private let watch: Watch

    init(_ writer: DispatchWriter, _ watch: Watch) {
        self.writer = writer
        self.watch = watch
    }

    func run(_ work: @escaping @Sendable () -> Void) {
        writer.run {
            work()
            watch.workDone()
        }
    }
}

/// Commands on their way, taken by several writers one after the other.
private final class Flight: Sendable {
    private let commands: [Command]
    private let grid: LiveGrid
    private let state = Mutex((next: 0, timings: Timings()))

    init(commands: [Command], grid: LiveGrid) {
        self.commands = commands
        self.grid = grid
    }

    var timings: Timings { state.withLock { $0.timings } }

    func fly(as cause: Cause) async {
        let clock = ContinuousClock()
        while let index = take() {
            var command = commands[index]
            command.cause = cause
            let begun = clock.now
            guard (try? await grid.submit(command)) != nil else { exit(1) }
            let taken = clock.now - begun
            state.withLock { $0.timings.add(taken) }
        }
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.next < commands.count else { return nil }
            state.next += 1
            return state.next - 1
        }
    }
}
