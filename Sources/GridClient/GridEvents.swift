public import GridModel
public import Ordering
import Wire

/// What a grid's event stream says. It carries no values: what changed is read again.
public enum GridEvent: Hashable, Sendable {
    /// The stream is open and the grid is at `revision`. With `resumedAfter` the commits after that one follow.
    case connected(Revision, resumedAfter: Revision?)
    /// Commits happened.
    case commit(CommitSignal)
    /// How a run stands.
    case run(RunProgress)
    /// The commits before this revision are no longer kept, or their signals were lost on the way: what was read before is out of
    /// date.
    case gap(Revision)
    /// The stream is alive though nothing happened.
    case heartbeat
    /// The server serves an older copy of the grid, at `revision`: what it had committed up to `heard` is gone. `connected` follows, and
    /// whatever was read or remembered before is to be forgotten.
    case restored(Revision, heard: Revision)
    /// The stream broke and is opened again after a moment.
    case lost(ClientError)
}

/// What the commits `from...revision` touched.
public struct CommitSignal: Hashable, Sendable {
    /// What they touched of one sheet.
    public struct Touched: Hashable, Sendable {
        /// In ascending order; `nil` for many.
        public var rows: [ClosedRange<RowID>]?
        /// In ascending order; `nil` for any.
        public var columns: [ColumnID]?
        /// Columns or views changed.
        public var structure: Bool
        /// Rows came, went or moved.
        public var order: Bool
    }

    public var from: Revision
    public var revision: Revision
    public var sheets: [SheetID: Touched]
    /// How many changes they hold together.
    public var changes: Int

    init(_ event: CommitEvent) {
        from = event.from
        revision = event.revision
        changes = event.changes
        sheets = [:]
        for (id, touched) in event.sheets {
            sheets[id] = Touched(
                rows: touched.rows, columns: touched.columns, structure: touched.structure, order: touched.order)
        }
    }
}

/// How a run stands.
public struct RunProgress: Hashable, Sendable {
    public var run: RunID
    /// The server's word for it, such as "running" or "done".
    public var state: String
    public var done: Int
    public var running: Int
    public var queued: Int
    public var failed: Int
    public var skipped: Int

    init(_ event: RunEvent) {
        run = event.run
        state = event.state
        done = event.done
        running = event.running
        queued = event.queued
        failed = event.failed
        skipped = event.skipped
    }

    /// True when the run does no more work unless somebody asks for it.
    public var isOver: Bool { running == 0 && queued == 0 }
}

extension GridClient {
    /// A grid's event stream, opened again by itself whenever it breaks, without losing or repeating a commit.
    /// - Parameter after: the revision to go on after; `nil` to begin with what happens from now on.
    public func events(of grid: GridID, after: Revision? = nil) -> GridEvents {
        GridEvents(client: self, grid: grid, after: after)
    }
}

/// The events of a grid, for as long as they are read. Ends only by throwing: ``ClientError`` when the server refuses for good,
/// `CancellationError` when the reading task is cancelled.
public struct GridEvents: AsyncSequence, Sendable {
    public typealias Element = GridEvent
    public typealias Failure = any Error

    let client: GridClient
    let grid: GridID
    let after: Revision?
    /// What the reader of these events hears besides.
    var heard = HeardRevision()

    public func makeAsyncIterator() -> Iterator {
        Iterator(client: client, grid: grid, position: after, heard: heard)
    }

    /// Reads one connection after the other.
    public struct Iterator: AsyncIteratorProtocol {
        private let client: GridClient
        private let grid: GridID
        /// The last revision whose commits were handed over. A connection's `hello` does not move it while resumed commits
        /// are still to come.
        private var position: Revision?
        private var body: ByteStream.Iterator?
        private var reader = ServerSentEventsReader()
        private var ready: [GridEvent] = []
        private var lineage: Lineage
        private let heard: HeardRevision
        private var backoff = Backoff()
        private var wish: Duration?
        private var wait: Duration?
        private var askedAfter: Revision?
        /// How long the stream may say nothing; `nil` when the server did not say how often it beats.
        private var patience: Duration? = Self.helloPatience

        /// A server says hello at once, unless something between holds it back.
        private static let helloPatience = Duration.seconds(4)

        init(client: GridClient, grid: GridID, position: Revision?, heard: HeardRevision) {
            lineage = Lineage(heard: position ?? .zero)
            self.heard = heard
            self.client = client
            self.grid = grid
            self.position = position
        }

        public mutating func next() async throws -> GridEvent? {
            while ready.isEmpty {
                do {
                    if body == nil { try await connect() }
                    try await readMore()
                } catch let error as ClientError where error.isTemporary || error.code == .damagedReply {
                    body = nil
                    lineage.lost(heard: heard.newest)
                    wait = backoff.next(random: client.environment.chance(), wish: error.retryAfter ?? wish)
                    ready.append(.lost(error))
                }
            }
            return ready.removeFirst()
        }

        private mutating func connect() async throws {
            if let wait {
                self.wait = nil
                try await client.environment.sleep(wait)
            }
            var headers = [(name: "Accept", value: "text/event-stream")]
            if let position { headers.append((name: "Last-Event-ID", value: "\(position)")) }
            askedAfter = position
            let request = TransportRequest("GET", "/api/v1/grids/\(grid)/events", headers: headers, timeout: nil)
            let reply = try await client.succeed(request)
            reader = ServerSentEventsReader()
            patience = Self.helloPatience
            body = reply.body.makeAsyncIterator()
        }

        private mutating func readMore() async throws {
            guard let chunk = try await nextChunk() else {
                throw ClientError(.unreachable, "the event stream of grid \(grid) ended")
            }
            do throws(ServerSentEventsReader.TooLong) {
                for item in try reader.take(chunk) {
                    switch item {
                    case .comment: ready.append(.heartbeat)
                    case .retry(let milliseconds): wish = .milliseconds(Swift.min(milliseconds, 60_000))
                    case .event(let event): take(event)
                    }
                }
            } catch {
                throw ClientError(.damagedReply, "the event stream holds a line of more than \(error.limit) bytes")
            }
        }

        /// The next bytes; a stream that is silent for longer than its heartbeat allows is lost, though nobody has closed it: the
        /// network was cut, the server hangs, or a proxy holds the events back.
        private mutating func nextChunk() async throws -> [UInt8]? {
            guard var body else { return nil }
            guard let patience else { return try await body.next() }
            let sleep = client.environment.sleep
            let (grid, reading) = (grid, body)
            return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
                group.addTask {
                    var body = reading
                    return try await body.next()
                }
                group.addTask {
                    try await sleep(patience)
                    throw ClientError(
                        .timedOut,
                        "the event stream of grid \(grid) was silent for \(patience.inSeconds) s: no heartbeat came")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        }

        private mutating func take(_ event: ServerSentEvent) {
            // An event that cannot be read counts as a hole: the commit after it will show that one is missing.
            guard let known = try? StreamEvent.read(name: event.name, data: event.data) else { return }
            switch known {
            case .hello(let revision, let heartbeat, let server):
                backoff.reset()
                patience = heartbeat.map { .milliseconds($0 + $0 / 2) }
                let lost = lineage.hello(revision, server)
                if let lost {
                    heard.begin(at: revision)
                    ready.append(.restored(revision, heard: lost))
                } else {
                    heard.hear(revision)
                }
                if askedAfter == nil || lost != nil { position = revision }
                ready.append(.connected(revision, resumedAfter: lost == nil ? askedAfter : nil))
            case .commit(let commit):
                heard.hear(commit.revision)
                // The server resumes exactly; a commit that comes twice all the same is not handed over twice.
                if let position, commit.revision <= position { return }
                position = commit.revision
                ready.append(.commit(CommitSignal(commit)))
            case .run(let run): ready.append(.run(RunProgress(run)))
            case .gap(let revision):
                position = revision
                ready.append(.gap(revision))
            case .beat(let revision):
                guard let position, revision > position else { return ready.append(.heartbeat) }
                // The grid is further than what was told: a signal was lost, and nothing else would say so.
                self.position = revision
                ready.append(.gap(revision))
            }
        }
    }
}

extension Duration {
    /// With one decimal.
    fileprivate var inSeconds: String {
        let tenths = self / .milliseconds(100)
        return "\(Int(tenths) / 10).\(Int(tenths) % 10)"
    }
}
