import ChangePipeline
import Enrichment
import NIOCore
import Ordering

// A signal to ten thousand streams is ten thousand writes. They are made on the streams' own event loops, one hop a loop, from
// bytes that were made once, a slice at a time, so that page reads on the same loop wait for a slice and not for all. What is
// signalled meanwhile waits in one bounded queue for the whole loop and goes out in the next round.

/// The streams of one grid on one event loop. Lives on that loop.
final class LoopStreams {
    /// Streams written to at once: about a millisecond.
    private static let slice = 256

    private let loop: any EventLoop
    private let limits: SignalLimits
    private let metrics: ServerMetrics
    private var streams: [EventStream] = []
    /// What comes while a round is on.
    private var backlog: SignalQueue
    private var isCasting = false
    /// All streams were given everything up to here, or it waits in them.
    private(set) var revision: Revision

    init(loop: any EventLoop, revision: Revision, limits: SignalLimits, metrics: ServerMetrics) {
        self.loop = loop
        self.revision = revision
        self.limits = limits
        self.metrics = metrics
        backlog = SignalQueue(limits: limits)
    }

    func add(_ stream: EventStream) {
        stream.place = streams.count
        streams.append(stream)
    }

    func remove(_ stream: EventStream) {
        guard stream.place < streams.count, streams[stream.place] === stream else { return }
        let last = streams.removeLast()
        guard last !== stream else { return }
        last.place = stream.place
        streams[stream.place] = last
    }

    func tell(_ event: SignalEvent) {
        backlog.append(event)
        castNext()
    }

    private func castNext() {
        guard !isCasting, let cast = EventStream.Cast(backlog.takeAll()) else { return }
        isCasting = true
        // A stream that comes from here on is told by whoever opens it what it missed.
        let limits = limits
        inSlices(streams[...]) { [metrics] stream in
            count(cast.events, stream.take(cast, limits: limits), metrics)
        } then: { [self] in
            revision = max(revision, cast.revision)
            isCasting = false
            castNext()
        }
    }

    func tell(_ activity: RunActivity) {
        let bytes = EventBytes(activity)
        inSlices(streams[...]) { $0.take(activity, bytes: bytes) }
    }

    func beat(_ bytes: EventBytes) {
        inSlices(streams[...]) { $0.beat(bytes) }
    }

    func end() {
        let all = streams
        streams = []
        for stream in all { stream.end() }
    }

    private func inSlices(
        _ rest: ArraySlice<EventStream>, _ body: @escaping (EventStream) -> Void, then: @escaping () -> Void = {}
    ) {
        for stream in rest.prefix(Self.slice) { body(stream) }
        let left = rest.dropFirst(Self.slice)
        guard !left.isEmpty else { return then() }
        loop.assumeIsolated().execute { self.inSlices(left, body, then: then) }
    }
}

/// Counts events of which the first so many were written.
func count(_ events: [SignalEvent], _ written: Int, _ metrics: ServerMetrics) {
    guard written > 0 else { return }
    let gaps = events.suffix(written).count { if case .gap = $0 { true } else { false } }
    metrics.signals.add(written - gaps)
    if gaps > 0 { metrics.gaps.add(gaps) }
}
