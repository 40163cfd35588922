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
    private let environment: PipelineEnvironment
    private let id: GridID

    init(directory: String, workload: inout Workload) async throws {
        self.directory = directory
        guard let id = GridID("bench") else { throw CocoaError(.formatting) }
        self.id = id
        environment = .live(
            clock: ContinuousClock(), wallClock: { UInt64(Date().timeIntervalSince1970 * 1_000) },
            logger: Logger(label: "benchmark", factory: { _ in SwiftLogNoOpLogHandler() }),
            onFatal: { error in
                print("fatal: \(error)")
                exit(1)
            })
        catalog = try SQLiteGridCatalog(directory: directory, startedAt: "now")
        store = TimedStore(try catalog.create(id))
        grid = try await LiveGrid.create(id: id, name: "Benchmark", store: store, environment: environment)
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
            for _ in 0..<min(left, 50_000) {
                for column in 0..<workload.columns { block.appendCell(checkedJSON: workload.cell(column).utf8) }
                block.endRow()
            }
            left -= block.rowCount
            try await submit(.insertRows(sheet: SheetID(1), position: .last, rows: block))
        }
        while store.counts.completed == 0 || grid.pipelineState == .folding { try await Task.sleep(for: .milliseconds(50)) }
        store.reset()
    }

    var folded: TimedStore.Counts { store.counts }
    var storedBytes: UInt64 { store.storedBytes }
    var bytesPerChange: Double { Double(store.counts.recordBytes) / Double(max(1, store.counts.changes)) }
    func takeAppends() -> Timings { store.takeAppends() }

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

    /// Closes the grid and opens it again, as a restart does.
    func reopen() async throws -> (seconds: Double, replayed: Int) {
        await grid.close()
        catalog.close()
        catalog = try SQLiteGridCatalog(directory: directory, startedAt: "now")
        let clock = ContinuousClock()
        let start = clock.now
        store = TimedStore(try catalog.open(id))
        grid = try await LiveGrid.open(id: id, store: store, environment: environment)
        let seconds = (clock.now - start) / .seconds(1)
        let replayed = Int(store.lastRevision.rawValue - store.foldedRevision.rawValue)
        return (seconds, replayed * Setup.batch)
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

/// A store that times its appends and counts its folding.
final class TimedStore: GridStore {
    struct Counts {
        var slices = 0
        var rows = 0
        var completed = 0
        var checkpoints = 0
        var recordBytes = 0
        var changes = 0
    }

    private let wrapped: any GridStore
    private let state = Mutex((appends: Timings(), counts: Counts()))

    init(_ wrapped: any GridStore) { self.wrapped = wrapped }

    var counts: Counts { state.withLock { $0.counts } }
    func reset() { state.withLock { $0 = (Timings(), Counts()) } }
    func note(changes: Int) { state.withLock { $0.counts.changes += changes } }
    func takeAppends() -> Timings {
        state.withLock { state in
            defer { state.appends = Timings() }
            return state.appends
        }
    }

    func append(_ entry: LogEntry) throws(StoreError) {
        let clock = ContinuousClock()
        let start = clock.now
        try wrapped.append(entry)
        let taken = clock.now - start
        state.withLock {
            $0.appends.add(taken)
            $0.counts.recordBytes += entry.record.bytes.count
        }
    }

    func fold(_ slice: FoldSlice) throws(StoreError) {
        try wrapped.fold(slice)
        state.withLock {
            $0.counts.slices += 1
            $0.counts.rows += slice.rows.count
            if slice.completes != nil { $0.counts.completed += 1 }
        }
    }

    func checkpoint() throws(StoreError) {
        try wrapped.checkpoint()
        state.withLock { $0.counts.checkpoints += 1 }
    }

    var lastRevision: Revision { wrapped.lastRevision }
    var durability: String { wrapped.durability }
    var foldedRevision: Revision { wrapped.foldedRevision }
    var storedBytes: UInt64 { wrapped.storedBytes }
    var isCheckpointDue: Bool { wrapped.isCheckpointDue }
    func forEachRecord(after: Revision, _ body: (LogRecord) -> Bool) throws(StoreError) {
        try wrapped.forEachRecord(after: after, body)
    }
    func record(_ revision: Revision) throws(StoreError) -> LogRecord? { try wrapped.record(revision) }
    func structuralRevisions(after: Revision) throws(StoreError) -> [Revision] {
        try wrapped.structuralRevisions(after: after)
    }
    func outcome(of intent: IntentID) throws(StoreError) -> RecordedOutcome? { try wrapped.outcome(of: intent) }
    func outcomes(of intents: [IntentID]) throws(StoreError) -> [IntentID: RecordedOutcome] {
        try wrapped.outcomes(of: intents)
    }
    func forEachRow(_ body: (_ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> Void) throws(StoreError) {
        try wrapped.forEachRow(body)
    }
    func document(_ name: String) throws(StoreError) -> [UInt8]? { try wrapped.document(name) }
    func documents(withPrefix prefix: String) throws(StoreError) -> [(name: String, bytes: [UInt8])] {
        try wrapped.documents(withPrefix: prefix)
    }
    func close() { wrapped.close() }
}
