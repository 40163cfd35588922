import ChangePipeline
import Enrichment
import GridModel
import NIOCore
import Ordering
import Synchronization
import Wire

/// Passes the signals of one grid on to all its streams: it listens once, and hops once to each event loop.
final class GridRelay: Sendable {
    let grid: LiveGrid
    private let limits: SignalLimits
    private let metrics: ServerMetrics

    private struct State {
        var loops: [(loop: any EventLoop, streams: NIOLoopBound<LoopStreams>)] = []
        var following: SignalFollowing?
        /// The grid's revision at the last heartbeat.
        var atLastBeat: Revision = .zero
        var hasEnded = false
    }

    private let state = Mutex(State())

    /// - Throws: `overloaded`, `closed`, `failed`: there is nothing to pass on.
    init(_ grid: LiveGrid, limits: SignalLimits, metrics: ServerMetrics) throws(PipelineError) {
        self.grid = grid
        self.limits = limits
        self.metrics = metrics
        let following = try grid.follow { [weak self] event in
            if let event { self?.tell(event) } else { self?.end() }
        }
        state.withLock { $0.following = following }
    }

    /// True when the grid is closed or has failed: a later stream needs another relay.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// The streams of the loop that we are on.
    func streams(on loop: any EventLoop) -> LoopStreams {
        state.withLock { state in
            if let known = state.loops.first(where: { $0.loop === loop }) { return known.streams.value }
            let streams = LoopStreams(loop: loop, revision: grid.position.revision, limits: limits, metrics: metrics)
            state.loops.append((loop, NIOLoopBound(streams, eventLoop: loop)))
            return streams
        }
    }

    private func tell(_ event: SignalEvent) {
        onEveryLoop { $0.tell(event) }
    }

    func tell(_ activity: RunActivity) {
        onEveryLoop { $0.tell(activity) }
    }

    /// The heartbeat says how far the grid is, so that a reader whose last signal was lost on the way finds out. It asks the grid
    /// and not the signals; and since a signal may be on its way at this moment, it says what the grid was at the beat before, if
    /// the signals are not that far by themselves.
    func beat() {
        let now = grid.position.revision
        let before = state.withLock { state in
            defer { state.atLastBeat = now }
            return state.atLastBeat
        }
        onEveryLoop { streams in
            streams.beat(EventBytes(StreamEvent.beat(max(before, streams.revision)).frame))
        }
    }

    func end() {
        state.withLock { state in
            state.hasEnded = true
            state.following = nil
        }
        onEveryLoop { $0.end() }
    }

    private func onEveryLoop(_ body: @escaping @Sendable (LoopStreams) -> Void) {
        for (loop, streams) in state.withLock({ $0.loops }) { loop.execute { body(streams.value) } }
    }
}
