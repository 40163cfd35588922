import GridImage
package import GridModel
package import Logging
import Synchronization
package import Wire

// The driver of the runs. Every decision is RunCore's, made under one lock; calls, submissions and timers are child tasks of
// `run()`, so nothing outlives it. Answers go into the grid like anybody's changes: as commands with a base revision.

/// What the composition root gives the runs: time, chance and names.
package struct RunEnvironment: Sendable {
    package var clock: any RunClock
    package var newIntent: @Sendable () -> IntentID
    /// Decides the jitter of a run's waits.
    package var newSeed: @Sendable () -> UInt64
    /// The number of the first run: runs of a grid must differ across restarts, because the history names them.
    package var firstRun: RunID
    package var prices: PriceTable
    package var logger: Logger

    package init(
        clock: any RunClock, newIntent: @escaping @Sendable () -> IntentID, newSeed: @escaping @Sendable () -> UInt64,
        firstRun: RunID, prices: PriceTable = PriceTable(), logger: Logger
    ) {
        self.clock = clock
        self.newIntent = newIntent
        self.newSeed = newSeed
        self.firstRun = firstRun
        self.prices = prices
        self.logger = logger
    }
}

/// All runs of all open grids of a process.
package final class RunCoordinator: Sendable {
    /// Runs at work at once, over all grids.
    package static let activeRuns = 64
    /// Ended runs whose last status is kept.
    package static let keptRuns = 256

    struct Key: Hashable {
        var grid: GridID
        var run: RunID
    }

    private struct ColumnKey: Hashable {
        var grid: GridID
        var column: ColumnID
    }

    private struct WeakFeed {
        weak var feed: RunActivityFeed?
    }

    private struct State {
        var runs: [Key: RunInProgress] = [:]
        var columns: [ColumnKey: Key] = [:]
        var ended: [Key: RunStatus] = [:]
        var endedOrder: [Key] = []
        var feeds: [WeakFeed] = []
        var work: [RunWork] = []
        var nextRun: UInt32
        var isClosed = false

        /// Why a run cannot begin beside those there are; `nil` when it can.
        func refusal(of key: Key, _ plan: RunPlan) -> RunRefusal? {
            if let busy = columns[ColumnKey(grid: key.grid, column: plan.order.column)] { return .columnBusy(busy.run) }
            guard runs.count >= RunCoordinator.activeRuns else { return nil }
            return .limit("runs at once", most: RunCoordinator.activeRuns, asked: runs.count + 1)
        }

        mutating func add(_ run: RunInProgress) {
            runs[run.key] = run
            columns[ColumnKey(grid: run.key.grid, column: run.plan.order.column)] = run.key
        }

        mutating func remove(_ key: Key) {
            guard let run = runs.removeValue(forKey: key) else { return }
            columns[ColumnKey(grid: key.grid, column: run.plan.order.column)] = nil
        }
    }

    package let provider: any ModelProvider
    let limits: RunLimits
    let environment: RunEnvironment
    private let state: Mutex<State>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    package init(provider: any ModelProvider, limits: RunLimits = RunLimits(), environment: RunEnvironment) {
        self.provider = provider
        self.limits = limits
        self.environment = environment
        state = Mutex(State(nextRun: environment.firstRun.rawValue))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Does the work of all runs until `close`, or until the surrounding task is cancelled. Called once.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in wakes {
                let work = state.withLock { state in
                    defer { state.work = [] }
                    return state.work
                }
                for item in work { group.addTask { await self.perform(item) } }
            }
            group.cancelAll()
        }
        close()
    }

    /// Ends all calls. Runs that were not through go on when their grid is opened again.
    package func close() {
        let feeds = state.withLock { state in
            state.isClosed = true
            defer { state.feeds = [] }
            return state.feeds.compactMap(\.feed)
        }
        for feed in feeds { feed.finish() }
        wake.finish()
    }

    // MARK: What people ask

    /// Begins a run, once its plan is in the log. O(rows of the view).
    package func start(_ request: RunRequest, on grid: any RunGrid) async throws(RunRefusal) -> RunStatus {
        var plan = try RunPlan(request, on: grid, provider: provider, limits: limits, prices: environment.prices)
        plan.use(await ExampleFinder(plan: plan).examples())
        let seed = environment.newSeed()
        let lastRun = grid.snapshotForRun().ledger.runs.keys.max()?.rawValue ?? 0
        let added = state.withLock { state -> Result<Key, RunRefusal> in
            state.nextRun = max(state.nextRun, lastRun &+ 1)
            let key = Key(grid: grid.id, run: RunID(state.nextRun))
            if let refusal = state.refusal(of: key, plan) { return .failure(refusal) }
            state.nextRun &+= 1
            state.add(RunInProgress(key: key, plan: plan, seed: seed))
            return .success(key)
        }
        let key = try added.get()
        let note = RunNote(plan: plan, run: key.run, intent: environment.newIntent(), fact: .planned(plan.order, plan.budget))
        do throws(SubmissionFailure) {
            try await note.submit()
        } catch {
            state.withLock { $0.remove(key) }
            throw .notStored(error.reason)
        }
        let status = state.withLock { advance(key, .begun, &$0) }
        wake.yield()
        guard let status else { throw .noSuchRun(key.run) }
        return status
    }

    /// Goes on with the runs that a process before this one did not end. Their open calls are written down as in doubt, and their
    /// tasks are asked about again. Called once for each grid, when it is opened.
    package func adopt(_ grid: any RunGrid) async {
        let ledger = grid.snapshotForRun().ledger
        for id in ledger.unfinished {
            guard let run = ledger.runs[id] else { continue }
            do throws(RunRefusal) {
                try await adopt(run, id, grid)
            } catch {
                environment.logger.error("\(id) of \(grid.id) does not go on: \(error)")
            }
        }
    }

    private func adopt(_ run: RecordedRun, _ id: RunID, _ grid: any RunGrid) async throws(RunRefusal) {
        let plan = try RunPlan(resuming: run, on: grid, provider: provider, limits: limits, prices: environment.prices)
        let key = Key(grid: grid.id, run: id)
        if state.withLock({ $0.runs[key] != nil }) { return }
        var recorded = run
        if !run.openCalls.isEmpty {
            let doubted = RunFact.doubted(tasks: run.openCalls.keys.sorted())
            do throws(SubmissionFailure) {
                try await RunNote(plan: plan, run: id, intent: environment.newIntent(), fact: doubted).submit()
            } catch {
                throw .notStored(error.reason)
            }
            recorded = grid.snapshotForRun().ledger.runs[id] ?? run
        }
        let objection = plan.objectionToProvider
        if let objection { recorded.pauseUntilAgreed(objection) }
        let progress = RunInProgress(key: key, plan: plan, seed: environment.newSeed(), resuming: recorded)
        let isNew = state.withLock { state in
            guard state.refusal(of: key, plan) == nil else { return false }
            state.add(progress)
            _ = advance(key, .begun, &state)
            return true
        }
        wake.yield()
        guard isNew else { return }
        environment.logger.notice(
            "\(id) of \(grid.id) goes on: \(recorded.count(.open)) rows to do, \(recorded.doubtCount) calls in doubt\(objection.map { "; paused: " + $0 } ?? "")"
        )
    }

    /// Stops the calls in flight and asks nothing more. Answers already with the grid are committed.
    package func cancel(_ run: RunID, of grid: GridID) throws(RunRefusal) -> RunStatus {
        try change(run, of: grid, .cancelAsked)
    }

    /// Lets calls in flight end, and begins none.
    package func pause(_ run: RunID, of grid: GridID) throws(RunRefusal) -> RunStatus {
        try change(run, of: grid, .pauseAsked)
    }

    /// Goes on, with another budget when one is given, once that is in the log: a restart must not forget what a person allowed.
    package func resume(_ run: RunID, of grid: GridID, budget: RunBudget? = nil) async throws(RunRefusal) -> RunStatus {
        if let budget, let plan = state.withLock({ $0.runs[Key(grid: grid, run: run)]?.plan }) {
            do throws(SubmissionFailure) {
                try await RunNote(plan: plan, run: run, intent: environment.newIntent(), fact: .budget(budget)).submit()
            } catch {
                throw .notStored(error.reason)
            }
            _ = try change(run, of: grid, .budgetSet(budget))
        }
        return try change(run, of: grid, .resumeAsked)
    }

    /// Rows of this column that somebody looks at now come next.
    package func prefer(_ rows: [RowID], column: ColumnID, of grid: GridID) {
        state.withLock { state in
            guard let key = state.columns[ColumnKey(grid: grid, column: column)] else { return }
            _ = advance(key, .rowsPreferred(rows), &state)
        }
        wake.yield()
    }

    /// Cancels the runs of a grid that is going to be closed or deleted.
    package func cancelAll(of grid: GridID) {
        state.withLock { state in
            for key in state.runs.keys.filter({ $0.grid == grid }).sorted(by: { $0.run < $1.run }) {
                _ = advance(key, .cancelAsked, &state)
            }
        }
        wake.yield()
    }

    // MARK: What is shown

    /// How a run stands; `nil` when there is none, or it ended too long ago.
    package func status(of run: RunID, grid: GridID) -> RunStatus? {
        let key = Key(grid: grid, run: run)
        return state.withLock { $0.runs[key]?.status(at: environment.clock.now) ?? $0.ended[key] }
    }

    /// The runs of a grid that are known, the oldest first.
    package func statuses(of grid: GridID) -> [RunStatus] {
        state.withLock { state in
            let active = state.runs.filter { $0.key.grid == grid }.map { $0.value.status(at: environment.clock.now) }
            let ended = state.ended.filter { $0.key.grid == grid }.map(\.value)
            return (active + ended).sorted { $0.run < $1.run }
        }
    }

    /// True while a run may still change the grid: do not close it.
    package func isActive(_ grid: GridID) -> Bool {
        state.withLock { $0.runs.keys.contains { $0.grid == grid } }
    }

    /// What a page shows beside cells of one column: one entry a row. These states belong into the page's tag.
    package func states(of rows: [RowID], column: ColumnID, grid: GridID) -> [CellState?] {
        state.withLock { state in
            guard let key = state.columns[ColumnKey(grid: grid, column: column)], let run = state.runs[key] else {
                return Array(repeating: nil, count: rows.count)
            }
            return rows.map { row in
                switch run.core.shownState(of: row) {
                case .queued: .queued
                case .running: .running
                case nil: nil
                }
            }
        }
    }

    /// The columns of a grid that runs are filling: the only ones to ask `states` about. In ascending order.
    package func activeColumns(of grid: GridID) -> [ColumnID] {
        state.withLock { state in state.columns.keys.filter { $0.grid == grid }.map(\.column) }.sorted()
    }

    /// Follows the runs of one grid, or of all. Hold the feed as long as you listen.
    package func activity(of grid: GridID? = nil) -> RunActivityFeed {
        let feed = RunActivityFeed(grid: grid)
        let isClosed = state.withLock { state in
            state.feeds.removeAll { $0.feed == nil }
            if !state.isClosed { state.feeds.append(WeakFeed(feed: feed)) }
            return state.isClosed
        }
        if isClosed { feed.finish() }
        return feed
    }

    // MARK: Deciding

    private func change(_ run: RunID, of grid: GridID, _ event: RunCore.Event) throws(RunRefusal) -> RunStatus {
        let key = Key(grid: grid, run: run)
        let status = state.withLock { advance(key, event, &$0) ?? $0.ended[key] }
        wake.yield()
        guard let status else { throw .noSuchRun(run) }
        return status
    }

    private func happened(_ key: Key, _ event: RunCore.Event) {
        state.withLock { _ = advance(key, event, &$0) }
        wake.yield()
    }

    /// Hands an event to a run. Feeds are told under the lock, so that a newer status is never followed by an older one.
    private func advance(_ key: Key, _ event: RunCore.Event, _ state: inout State) -> RunStatus? {
        let now = environment.clock.now
        guard let step = state.runs[key]?.advance(event, at: now, newIntent: environment.newIntent) else { return nil }
        state.work.append(contentsOf: step.work)
        if step.isEnded {
            state.remove(key)
            state.ended[key] = step.status
            state.endedOrder.append(key)
            if state.endedOrder.count > Self.keptRuns { state.ended[state.endedOrder.removeFirst()] = nil }
            environment.logger.info(
                "\(key.run) of \(key.grid) ended: \(step.status.state.rawValue) \(step.status.reason ?? "")")
        }
        for feed in state.feeds { feed.feed?.publish(step.status, rows: step.shownRows) }
        return step.status
    }

    // MARK: Acting

    private func perform(_ work: RunWork) async {
        switch work {
        case .prepare(let key, let question):
            if let kept = await question.kept() { return happened(key, kept) }
            switch question.prepare() {
            case .event(let event): happened(key, event)
            case .ask(let prepared):
                state.withLock { state in
                    state.runs[key]?.keep(prepared)
                    _ = advance(key, .questionReady(prepared.id, reserved: prepared.reserve), &state)
                }
                wake.yield()
            }
        case .ask(let key, let question, let note, let stop): await ask(key, question, note, stop)
        case .record(let key, let note, let phase):
            do throws(SubmissionFailure) {
                try await note.submit()
                happened(key, .phaseRecorded(phase))
            } catch {
                happened(key, .phaseNotRecorded(error))
            }
        case .submit(let key, let submission): happened(key, await submission.submit())
        case .timer(let key, let time, let stop):
            let clock = environment.clock
            let isDue = await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    await clock.wait(until: time)
                    return !Task.isCancelled
                }
                group.addTask {
                    await stop.wait()
                    return false
                }
                let first = await group.next() ?? false
                group.cancelAll()
                return first
            }
            if isDue { happened(key, .timerFired) }
        }
    }

    /// Makes a call, once the log has that it begins.
    private func ask(_ key: Key, _ question: PreparedQuestion, _ note: RunNote, _ stop: StopSignal) async {
        do throws(SubmissionFailure) {
            try await note.submit()
        } catch {
            question.dropped()
            return happened(key, .notAsked(question.id, error))
        }
        // Given up while the log was being told.
        guard !stop.isStopped else { return question.dropped() }
        happened(key, .callBegan(question.id))
        let (provider, clock) = (provider, environment.clock)
        let event = await withTaskGroup(of: RunCore.Event?.self) { group in
            group.addTask { await question.ask(provider, clock) }
            group.addTask {
                await stop.wait()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if case .callFailed(_, let failure)? = event {
            environment.logger.debug("\(key.run), \(question.row): \(failure.kind.rawValue): \(failure.message)")
        }
        if let event { happened(key, event) }
    }
}
