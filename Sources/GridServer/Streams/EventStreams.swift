import ChangePipeline
import Enrichment
import GridModel
import NIOCore
import Ordering
import ServiceLifecycle
import Synchronization
import Wire

/// All open event streams: a relay for each grid that has some, one heartbeat for all, and an end for all when the server stops.
final class EventStreams: Service {
    private struct State {
        var relays: [GridID: (relay: GridRelay, streams: Int)] = [:]
        var count = 0
        var isClosed = false
    }

    /// A stream and how to end it. Lives on the stream's event loop.
    struct Opened {
        let stream: EventStream
        fileprivate let relay: GridRelay
        fileprivate let siblings: LoopStreams
    }

    /// Why a stream cannot be opened.
    enum Refusal: Error {
        /// There are as many as may be, or the server stops.
        case tooMany
    }

    private let state = Mutex(State())
    private let limit: Int
    private let heartbeat: Duration
    private let environment: ServerEnvironment
    private let signalLimits: SignalLimits
    private let metrics: ServerMetrics
    private let runs: RunCoordinator?
    private let serverRun: String

    /// - Parameter serverRun: names this run of the server.
    init(
        limits: GridServerConfiguration.Limits, signals: SignalLimits, environment: ServerEnvironment, metrics: ServerMetrics,
        runs: RunCoordinator?, serverRun: String
    ) {
        self.serverRun = serverRun
        limit = limits.streams
        heartbeat = limits.heartbeat
        signalLimits = signals
        self.environment = environment
        self.metrics = metrics
        self.runs = runs
    }

    /// Beats and passes news of runs on until the server stops, then ends every stream: a stopping server waits for open answers.
    func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                if let feed = runs?.activity() {
                    group.addTask { [self] in for await activity in feed { tell(activity) } }
                }
                while !Task.isCancelled, !(state.withLock { $0.isClosed }) {
                    do { try await cancelWhenGracefulShutdown { [self] in try await environment.sleep(heartbeat) } } catch {
                        break
                    }
                    beat()
                }
                group.cancelAll()
            }
        } onGracefulShutdown: { [self] in
            close()
        }
        close()
    }

    /// Opens a stream on the event loop that we are on: says hello, tells what was missed after `position`, and from then on what
    /// comes.
    /// - Throws: `Refusal`, `PipelineError`; nothing was written then.
    func open(_ grid: LiveGrid, after position: Revision?, on loop: any EventLoop, _ output: any EventOutput) throws -> Opened {
        let relay = try join(grid)
        do throws(PipelineError) {
            let siblings = relay.streams(on: loop)
            // The relay listens already: what is committed from here on comes to the loop, after what is written here.
            let (revision, missed) = try grid.missed(after: position)
            let stream = EventStream(position: revision, output: output)
            // Random within two seconds, so that a thousand readers of a server that restarts do not come back at once.
            var opening = StreamEvent.retry(milliseconds: 1_000 + Int(environment.random() % 2_000))
            // The position of a resumed stream stays the asked one until its missing events were sent: a connection that breaks
            // between must not skip them.
            opening += StreamEvent.hello(
                revision, id: position ?? revision, heartbeat: Int(heartbeat / .milliseconds(1)),
                server: (serverRun, grid.openedRevision))
            output.write(EventBytes(opening))
            stream.take(missed: missed)
            siblings.add(stream)
            metrics.subscribers.add()
            // The server began to stop meanwhile: this stream has to hear of it too.
            if relay.hasEnded { relay.end() }
            return Opened(stream: stream, relay: relay, siblings: siblings)
        } catch {
            leave(relay)
            throw error
        }
    }

    /// The stream's reader is gone, or it ended. On the stream's event loop, once.
    func closed(_ opened: Opened) {
        opened.siblings.remove(opened.stream)
        metrics.subscribers.add(-1)
        leave(opened.relay)
    }

    /// The reader of a stream reads again. On the stream's event loop.
    func becameWritable(_ opened: Opened) {
        let events = opened.stream.outputBecameWritable()
        count(events, events.count, metrics)
    }

    func beat() {
        for relay in all() { relay.beat() }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        for relay in all() { relay.end() }
    }

    // MARK: - Relays

    private func join(_ grid: LiveGrid) throws -> GridRelay {
        try state.withLock { state in
            guard !state.isClosed, state.count < limit else { throw Refusal.tooMany }
            var entry = state.relays[grid.id]
            // A grid that was closed and opened again is another one; the streams of the old one are ending.
            if entry == nil || entry?.relay.grid !== grid || entry?.relay.hasEnded == true {
                entry = (try GridRelay(grid, limits: signalLimits, metrics: metrics), 0)
            }
            entry?.streams += 1
            state.relays[grid.id] = entry
            state.count += 1
            guard let entry else { throw Refusal.tooMany }
            return entry.relay
        }
    }

    private func leave(_ relay: GridRelay) {
        let unused: GridRelay? = state.withLock { state in
            state.count -= 1
            guard let entry = state.relays[relay.grid.id], entry.relay === relay else { return nil }
            state.relays[relay.grid.id]?.streams -= 1
            guard entry.streams == 1 else { return nil }
            return state.relays.removeValue(forKey: relay.grid.id)?.relay
        }
        unused?.end()
    }

    private func all() -> [GridRelay] {
        state.withLock { state in state.relays.values.map(\.relay) }
    }

    private func tell(_ activity: RunActivity) {
        for relay in all() {
            if let part = activity.part(of: relay.grid.id) { relay.tell(part) }
        }
    }
}
