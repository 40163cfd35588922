import ChangePipeline
import Enrichment
import GridImage
import GridModel
import GridStore
import Logging
import Ordering
import Synchronization

/// A clock that jumps to whatever is waited for: timers fire at once, in order of asking, and nothing sleeps.
final class JumpingTime: RunClock {
    private let time = Mutex(Duration.zero)

    var now: Duration { time.withLock { $0 } }

    func jump(to moment: Duration) {
        time.withLock { $0 = max($0, moment) }
    }

    func wait(until moment: Duration) async { jump(to: moment) }
}

/// A clock that jumps over short waits and stands still before long ones: rows that wait for another's question go on, and no call is ever
/// out of time.
final class ShortJumps: RunClock {
    private static let longest = Duration.seconds(1)
    private let time = JumpingTime()

    var now: Duration { time.now }

    func wait(until moment: Duration) async {
        guard moment - now > Self.longest else { return time.jump(to: moment) }
        await FrozenTime().wait(until: moment)
    }
}

/// A clock that stands still: what waits, waits until its task is cancelled.
final class FrozenTime: RunClock {
    var now: Duration { .zero }

    func wait(until moment: Duration) async {
        let (stream, _) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
    }
}

/// A provider whose calls wait until the test answers them.
final class GatedProvider: ModelProvider {
    typealias Reply = Result<String, ModelFailure>

    /// A call in flight.
    struct Call: Sendable {
        let request: ModelRequest?
        let reply: @Sendable (Reply) -> Void

        var values: [String] { request?.values ?? ["cancelled"] }

        func answer(_ text: String) { reply(.success(text)) }
        func fail(_ failure: ModelFailure) { reply(.failure(failure)) }
    }

    private struct State {
        var stopped = 0
        var calls = 0
    }

    private let (arrivals, arrival) = AsyncStream<Call>.makeStream()
    private let state = Mutex(State())

    let host: String?
    private let asDocument: Bool

    /// - Parameters:
    ///   - host: where prompts are said to go.
    ///   - asDocument: whether answers are asked for as documents.
    init(host: String? = nil, asDocument: Bool = false) {
        self.host = host
        self.asDocument = asDocument
    }

    var description: ProviderDescription { ProviderDescription(label: "gated", host: host, model: "test") }
    var calls: Int { state.withLock { $0.calls } }
    var stopped: Int { state.withLock { $0.stopped } }

    func objection(to template: PromptTemplate, model: String?) -> String? { nil }

    /// The next call, when there is one; in a test that was cancelled, one that nobody waits for.
    func next() async -> Call {
        for await call in arrivals { return call }
        return Call(request: nil) { _ in }
    }

    func stream(
        _ request: ModelRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        let (replies, reply) = AsyncStream<Reply>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let call = Call(request: request) { reply.yield($0) }
        state.withLock { $0.calls += 1 }
        arrival.yield(call)
        for await reply in replies {
            if asDocument { try deliver(.asDocument) }
            try deliver(.text(try reply.get()))
            try deliver(.usage(RunUsage(input: 10, output: 2)))
            return try deliver(.finished(reason: "stop"))
        }
        state.withLock { $0.stopped += 1 }
        throw ModelFailure(.stopped, "stopped")
    }
}

/// A live grid with a list of cities, and runs over it.
struct RunWorld {
    static let city = ColumnID(1)
    static let answer = ColumnID(2)
    static let sheet = SheetID(1)

    let grid: LiveGrid
    let coordinator: RunCoordinator
    let make: @Sendable (any ModelProvider) -> RunCoordinator

    /// Three a million tokens in, fifteen out.
    static let prices = PriceTable(prices: ["te*": .init(input: 3_000, output: 15_000)])

    /// Makes the grid with so many rows, runs `body` beside the coordinator, and closes both.
    static func with(
        rows: Int, provider: any ModelProvider, clock: any RunClock = ShortJumps(), limits: RunLimits = RunLimits(),
        type: ColumnType = .text, prompt: String = "Country of {{City}}?", output: AnswerType? = nil,
        _ body: (RunWorld) async throws -> Void
    ) async throws {
        let time = JumpingTime()
        let numbers = Atomic<UInt64>(1)
        let environment = PipelineEnvironment(
            wallClock: { 1_000 }, now: { time.now },
            schedule: { moment, action in
                Task {
                    time.jump(to: moment)
                    action()
                }
            },
            makeWriter: { DispatchWriter(label: $0) }, runBlocking: { work in Task { work() } }, logger: Logger(label: "test"),
            onFatal: { _ in })
        guard let id = GridID("g1") else { return }
        let grid = try await LiveGrid.create(id: id, name: "Cities", store: MemoryGridStore(), environment: environment)
        let make = { @Sendable (provider: any ModelProvider) in
            RunCoordinator(
                provider: provider, limits: limits,
                environment: RunEnvironment(
                    clock: clock, newIntent: { IntentID(high: 7, low: numbers.add(1, ordering: .relaxed).newValue) },
                    newSeed: { 1 }, firstRun: RunID(1), prices: Self.prices, logger: Logger(label: "test")))
        }
        let coordinator = make(provider)
        let world = RunWorld(grid: grid, coordinator: coordinator, make: make)
        try await world.fill(rows: rows, type: type, agent: AgentSettings(prompt: prompt, output: output))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await coordinator.run() }
            do {
                try await body(world)
            } catch {
                coordinator.close()
                throw error
            }
            coordinator.close()
            try await group.waitForAll()
        }
        await grid.close()
    }

    private func fill(rows: Int, type: ColumnType, agent: AgentSettings) async throws {
        try await submit([
            .addColumn(sheet: Self.sheet, name: "City", type: .text, width: nil, agent: nil, position: .last),
            .addColumn(
                sheet: Self.sheet, name: "Answer", type: type, width: nil, agent: agent, position: .last),
        ])
        var block = RowsBlock(columns: [Self.city])
        for row in 0..<rows { block.append([CellValue(text: "City \(row)")]) }
        try await submit([.insertRows(sheet: Self.sheet, position: .last, rows: block)])
    }

    /// What a person does.
    @discardableResult
    func submit(_ changes: [Change], intent: UInt64? = nil) async throws -> CommandOutcome {
        let low = UInt64(grid.snapshot().revision.rawValue)
        return try await grid.submit(
            Command(intent: IntentID(high: 1, low: intent ?? low), cause: .person, changes: changes))
    }

    func edit(_ row: RowID, _ column: ColumnID, _ text: String) async throws {
        try await submit([.setCell(row: row, column: column, value: CellValue(text: text), ifRevision: nil)])
    }

    var rows: [RowID] {
        grid.snapshot().rows(of: Self.sheet, view: ViewDefinition(), most: 1_000_000) { _ in true }
    }

    func text(_ row: RowID, _ column: ColumnID = RunWorld.answer) -> String? {
        grid.snapshot().value(row: row, column: column)?.displayText
    }

    func start(_ scope: RunRequest.Scope = .all, viewport: [RowID] = []) async throws(RunRefusal) -> RunStatus {
        try await coordinator.start(
            RunRequest(sheet: Self.sheet, column: Self.answer, scope: scope, viewport: viewport), on: grid)
    }

    /// What a process after this one does with the runs that it finds: `body` runs beside it.
    func restarted(_ provider: any ModelProvider, _ body: (RunWorld) async throws -> Void) async throws {
        coordinator.close()
        let next = RunWorld(grid: grid, coordinator: make(provider), make: make)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await next.coordinator.run() }
            await next.coordinator.adopt(grid)
            do {
                try await body(next)
            } catch {
                next.coordinator.close()
                throw error
            }
            next.coordinator.close()
            try await group.waitForAll()
        }
    }

    /// What the log tells of a run.
    func recorded(_ run: RunID) -> RecordedRun? { grid.snapshot().ledger.runs[run] }

    /// Waits until a run's status fits.
    func status(_ run: RunID, where fits: (RunStatus) -> Bool) async -> RunStatus? {
        let feed = coordinator.activity(of: grid.id)
        if let now = coordinator.status(of: run, grid: grid.id), fits(now) { return now }
        for await activity in feed {
            if let status = activity.statuses.first(where: { $0.run == run }), fits(status) { return status }
        }
        return nil
    }

    func end(of run: RunID) async -> RunStatus? { await status(run) { !$0.isActive } }
}
