public import GridModel
public import Ordering
import Synchronization
import Wire

extension GridClient {
    /// A live sheet. It does nothing until its ``LiveSheet/run()`` is called;
    /// ``withLiveSheet(grid:sheet:view:columns:pageSize:_:)`` does both.
    /// - Parameters:
    ///   - columns: which columns its pages hold.
    ///   - pageSize: rows of a page, 1 to 1,000.
    public func open(
        grid: GridID, sheet: SheetID, view: ViewSelection = .all, columns: ColumnWindow = .all, pageSize: Int = 100
    ) -> LiveSheet {
        LiveSheet(
            client: self, grid: grid, sheet: sheet, view: view, columns: columns, pageSize: min(max(pageSize, 1), 1_000))
    }

    /// Opens a live sheet and keeps it live while `body` runs.
    public func withLiveSheet<Result: Sendable>(
        grid: GridID, sheet: SheetID, view: ViewSelection = .all, columns: ColumnWindow = .all, pageSize: Int = 100,
        _ body: @escaping @Sendable (LiveSheet) async throws -> Result
    ) async throws -> Result {
        let live = open(grid: grid, sheet: sheet, view: view, columns: columns, pageSize: pageSize)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await live.run()
                return nil
            }
            group.addTask { try await body(live) }
            defer { group.cancelAll() }
            while let finished = try await group.next() {
                if let result = finished { return result }
            }
            throw CancellationError()
        }
    }
}

/// A sheet that stays equal to what is committed, page by page.
///
/// What it shows is decided by the same ordering core that the browser runs: a late reply never replaces a newer one, all
/// visible pages equal one revision, a burst of changes costs one read.
public final class LiveSheet: Sendable {
    public let grid: GridID
    public let sheet: SheetID
    let client: GridClient
    private let pageSize: Int
    private let columns: ColumnWindow
    /// While it is full, the event stream is not read on: then the server merges what it has to tell.
    private let inbox = Inbox<Message>(limit: 256)
    /// What the stream, replies and acknowledgements told of.
    private let heard = HeardRevision()
    private let shared: Mutex<Shared>
    private let recording: SheetRecording?

    /// What callers on other tasks see.
    private struct Shared {
        var snapshot: Snapshot?
        var viewers: [UInt64: AsyncStream<Snapshot>.Continuation] = [:]
        var nextViewer: UInt64 = 0
        var nextDraft: UInt32 = 0
        var counters = Counters()
        var hasRun = false
        var isOver = false
    }

    fileprivate enum Message: Sendable {
        case event(Event)
        case open(ViewSelection)
        case columns(ColumnWindow)
        case restored(Trust.Restoration)
        case reply(PageReply, to: RequestID)
        case draft(Draft)
        case acknowledged(DraftID, Revision)
        case refused(DraftID, String)
        case lost(String)
    }

    init(
        client: GridClient, grid: GridID, sheet: SheetID, view: ViewSelection, columns: ColumnWindow, pageSize: Int
    ) {
        self.client = client
        self.grid = grid
        self.sheet = sheet
        self.pageSize = pageSize
        self.columns = columns
        shared = Mutex(Shared())
        recording = client.recorder.map { SheetRecording(recorder: $0, grid: grid) }
        inbox.post(.open(view))
    }

    /// What is shown now; `nil` before the first page came.
    public var snapshot: Snapshot? { shared.withLock { $0.snapshot } }

    /// How often the ordering core refused something, and how much was done.
    public var counters: Counters { shared.withLock { $0.counters } }

    /// Every snapshot from now on, beginning with the one shown. A reader that is slow gets the newest: none is older than one
    /// before it, and only those in between are skipped. Ends when ``run()`` does.
    public func snapshots() -> AsyncStream<Snapshot> {
        let (stream, continuation) = AsyncStream.makeStream(of: Snapshot.self, bufferingPolicy: .bufferingNewest(1))
        let viewer = shared.withLock { shared -> UInt64? in
            if let snapshot = shared.snapshot { continuation.yield(snapshot) }
            guard !shared.isOver else { return nil }
            shared.nextViewer += 1
            shared.viewers[shared.nextViewer] = continuation
            return shared.nextViewer
        }
        guard let viewer else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.shared.withLock { $0.viewers.removeValue(forKey: viewer) }
        }
        return stream
    }

    /// Brings pages, counted from 1, into view. What is held already is shown at once.
    public func show(pages: ClosedRange<Int>) {
        inbox.post(.event(.viewport(Self.range(pages)))) { $0.isViewport }
    }

    /// Shows other rows, or another order, from the first page on.
    public func show(view: ViewSelection) {
        inbox.post(.open(view)) { $0.isOpen || $0.isViewport }
    }

    /// Shows other columns of the same view and pages.
    public func show(columns: ColumnWindow) {
        inbox.post(.columns(columns)) { $0.isColumns }
    }

    /// Reads again what is shown.
    public func refresh() {
        inbox.post(.event(.refresh)) { $0.isRefresh }
    }

    /// Sets or empties a cell. Until a page shows the value saved, it is one of the snapshot's drafts.
    /// - Parameter ifRevision: the edit is refused with status 409 when the cell changed after that revision.
    /// - Returns: the revision at which the value is saved.
    /// - Throws: ``ClientError``; the draft stays, marked as refused, until ``discard(_:)``.
    @discardableResult
    public func edit(
        row: RowID, column: ColumnID, value: CellValue?, ifRevision: Revision? = nil
    ) async throws -> Revision {
        let id = shared.withLock { shared in
            shared.nextDraft &+= 1
            return DraftID(shared.nextDraft)
        }
        await inbox.send(.draft(Draft(id: id, row: row, column: column, value: value, state: .saving)))
        do {
            let change = Change.setCell(row: row, column: column, value: value, ifRevision: ifRevision)
            let outcome = try await client.submit([change], to: grid, intent: client.newIntent())
            heard.hear(outcome.revision)
            await inbox.send(.acknowledged(id, outcome.revision))
            return outcome.revision
        } catch {
            inbox.post(.refused(id, (error as? ClientError)?.message ?? "the edit was given up"))
            throw error
        }
    }

    /// Lets a refused draft go.
    public func discard(_ draft: DraftID) {
        inbox.post(.event(.editDiscarded(draft))) { $0.discards(draft) }
    }

    /// Keeps the sheet live, until the task is cancelled or the server refuses for good. Call it once.
    /// - Throws: ``ClientError`` when the grid or sheet is not there.
    public func run() async throws {
        let isFirst = shared.withLock { shared in
            defer { shared.hasRun = true }
            return !shared.hasRun
        }
        guard isFirst else { throw ClientError(.invalid, "a live sheet runs once; open another one") }
        defer { end() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.follow() }
            group.addTask { await self.process() }
            defer { group.cancelAll() }
            try await group.next()
        }
        try Task.checkCancellation()
    }

    /// Feeds the screen and does what it says, until it is cancelled.
    private func process() async {
        await withDiscardingTaskGroup { group in
            var configuration = Configuration()
            configuration.jitterSeed = UInt32(truncatingIfNeeded: client.environment.chance())
            var screen = SheetScreen(
                sheet: sheet, view: .all, columns: columns, pageSize: pageSize, configuration: configuration)
            var reads: [RequestID: CancelSignal] = [:]
            var timer: CancelSignal?
            while let message = await inbox.next() {
                if case .restored = message {
                    for read in reads.values { read.send() }
                    reads = [:]
                }
                for action in take(message, &screen) {
                    switch action {
                    case .read(let id, let query):
                        let cancel = CancelSignal()
                        reads[id] = cancel
                        group.addTask { await cancel.race { await self.read(id, query) } }
                    case .cancelRead(let id): reads.removeValue(forKey: id)?.send()
                    case .setTimer(let instant):
                        timer?.send()
                        let cancel = CancelSignal()
                        timer = cancel
                        group.addTask { await cancel.race { await self.wait(until: instant) } }
                    case .cancelTimer:
                        timer?.send()
                        timer = nil
                    case .show(let snapshot): publish(snapshot, screen.counters)
                    case .releaseDraft: break
                    }
                }
                if case .reply(_, let id) = message { reads[id] = nil }
                if case .event(.replyFailed(let id, _, _)) = message { reads[id] = nil }
            }
            group.cancelAll()
        }
    }

    private func take(_ message: Message, _ screen: inout SheetScreen) -> [SheetScreen.Action] {
        let now = client.environment.clock()
        note(message)
        switch message {
        case .event(let event): return screen.handle(event, at: now)
        case .open(let view): return screen.open(view, viewport: Self.range(1...1), at: now)
        case .columns(let columns): return screen.open(columns, at: now)
        case .restored(let restoration): return screen.restored(restoration, at: now)
        case .reply(let reply, let id): return screen.replyArrived(reply, to: id, at: now)
        case .draft(let draft): return screen.draftSubmitted(draft, at: now)
        case .acknowledged(let id, let revision): return screen.draftAcknowledged(id, at: revision, now: now)
        case .refused(let id, let reason): return screen.draftRefused(id, reason: reason, at: now)
        case .lost(let reason): return screen.streamLost(because: reason, at: now)
        }
    }

    /// Records what is about to happen.
    private func note(_ message: Message) {
        guard let recording else { return }
        if case .reply(_, let id) = message { recording.taking(id) } else { recording.taking(nil) }
        switch message {
        case .open: recording.asked("open")
        case .event(.viewport(let pages)): recording.asked("show pages", pages: pages)
        case .event(.signal(let signal)): recording.signaled(from: signal.from, to: signal.revision)
        case .acknowledged(_, let revision): recording.acknowledged(revision)
        case .columns: recording.asked("show columns")
        case .event, .reply, .draft, .refused, .lost, .restored: break
        }
    }

    private func publish(_ snapshot: Snapshot, _ counters: Counters) {
        recording?.shown(snapshot.revision)
        shared.withLock { shared in
            shared.snapshot = snapshot
            shared.counters = counters
            for viewer in shared.viewers.keys.sorted() { shared.viewers[viewer]?.yield(snapshot) }
        }
    }

    private func end() {
        inbox.finish()
        let viewers = shared.withLock { shared in
            defer { shared.viewers = [:] }
            shared.isOver = true
            return shared.viewers
        }
        for viewer in viewers.keys.sorted() { viewers[viewer]?.finish() }
    }

    // MARK: - Children of run()

    /// Reads the event stream and tells the core what it says.
    private func follow() async throws {
        var events = client.events(of: grid)
        events.heard = heard
        for try await event in events {
            switch event {
            case .connected(let revision, let after): await inbox.send(.event(.hello(revision, resumedAfter: after)))
            case .commit(let commit): await inbox.send(.event(.signal(commit.signal(for: sheet))))
            case .run(let run): if run.isOver { await inbox.send(.event(.runEnded(nil))) }
            case .gap(let revision): await inbox.send(.event(.gap(revision)))
            case .heartbeat: await inbox.send(.event(.heartbeat))
            case .restored(let revision, let lost): await inbox.send(.restored(.init(heard: lost, revision: revision)))
            case .lost(let error): await inbox.send(.lost(error.message))
            }
        }
    }

    private func read(_ id: RequestID, _ query: PagesQuery) async {
        do {
            let box = recording.map { _ in SheetRecording.TurnBox() }
            let reply = try await RecordingTransport.$current.withValue((recording?.intent, box)) {
                try await client.read(query, sheet: sheet, grid: grid)
            }
            if let box { recording?.replied(id, box) }
            heard.hear(reply.head.revision)
            inbox.post(.reply(reply, to: id))
        } catch let error as ClientError {
            let wait = error.retryAfter.map { UInt32(clamping: $0.components.seconds * 1_000) }
            inbox.post(.event(.replyFailed(id, error.failure, retryAfterMilliseconds: wait)))
        } catch {
            // Cancelled: nobody waits for the answer.
        }
    }

    private func wait(until instant: Instant) async {
        let now = client.environment.clock().milliseconds
        let milliseconds = instant.milliseconds > now ? instant.milliseconds - now : 0
        do {
            try await client.environment.sleep(.milliseconds(Int64(clamping: milliseconds)))
            inbox.post(.event(.timer))
        } catch {
            // Replaced by another timer.
        }
    }

    private static func range(_ pages: ClosedRange<Int>) -> PageRange {
        PageRange(
            first: PageNumber(UInt32(clamping: pages.lowerBound)), last: PageNumber(UInt32(clamping: pages.upperBound)))
    }
}

extension LiveSheet.Message {
    fileprivate var isViewport: Bool { if case .event(.viewport) = self { true } else { false } }
    fileprivate var isOpen: Bool { if case .open = self { true } else { false } }
    fileprivate var isColumns: Bool { if case .columns = self { true } else { false } }
    fileprivate var isRefresh: Bool { if case .event(.refresh) = self { true } else { false } }

    fileprivate func discards(_ draft: DraftID) -> Bool {
        if case .event(.editDiscarded(draft)) = self { true } else { false }
    }
}

extension ClientError {
    /// What the ordering core needs to know of it.
    var failure: Failure {
        if case .refused(503, "behind") = code { return .behind }
        return isTemporary || code == .damagedReply ? .temporary : .permanent
    }
}

/// Lets one task end the work of another.
private struct CancelSignal: Sendable {
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(of: Never.self)
    }

    /// Cancels the work, now or as soon as it begins.
    func send() {
        continuation.finish()
    }

    /// Does the work until it is done or the signal is sent.
    func race(_ work: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await work() }
            group.addTask { for await _ in stream {} }
            await group.next()
            group.cancelAll()
        }
    }
}
