import ChangePipeline
import Enrichment
import Ordering

/// Where the bytes of one event stream go. Everything is called on the stream's event loop.
protocol EventOutput: AnyObject {
    /// False while the reader has not taken what was written: then what comes waits in the stream, bounded, and not here.
    var isWritable: Bool { get }
    func write(_ bytes: EventBytes)
    /// Nothing more comes.
    func end()
}

/// One reader's event stream: how far it has come, and what waits for it while it does not read. Lives on one event loop.
final class EventStream {
    /// The reader was given everything up to here.
    private var position: Revision
    /// What waits for the reader (S8); `nil` when nothing does, which keeps an idle stream small.
    private var waiting: SignalQueue?
    private var waitingRuns: RunActivity?
    private let output: any EventOutput
    /// Its place in the loop's list.
    var place = 0

    init(position: Revision, output: any EventOutput) {
        self.position = position
        self.output = output
    }

    /// What goes to all streams of a loop at once.
    struct Cast {
        /// Without a hole between them.
        let events: [SignalEvent]
        let bytes: EventBytes
        /// A stream at this revision, or one that was told a gap, takes all of it as it is.
        let from: Revision
        let revision: Revision

        init?(_ events: [SignalEvent]) {
            guard let first = events.first, let last = events.last else { return nil }
            self.events = events
            bytes = EventBytes(events)
            from = if case .commit(let signal) = first { signal.from } else { .zero }
            revision = last.revision
        }
    }

    /// - Returns: how many events were written now.
    func take(_ cast: Cast, limits: SignalLimits) -> Int {
        guard cast.revision > position else { return 0 }
        guard output.isWritable, waiting == nil else {
            var queue = waiting ?? SignalQueue(limits: limits)
            for event in cast.events where event.revision > position { queue.append(event) }
            waiting = queue
            position = cast.revision
            return 0
        }
        defer { position = cast.revision }
        if cast.from > position {
            output.write(cast.bytes)
            return cast.events.count
        }
        // It began in the middle of what is cast.
        let rest = cast.events.filter { $0.revision > position }
        output.write(EventBytes(rest))
        return rest.count
    }

    /// What the reader missed before it came.
    func take(missed events: [SignalEvent]) {
        if !events.isEmpty { output.write(EventBytes(events)) }
    }

    func take(_ activity: RunActivity, bytes: EventBytes) {
        guard output.isWritable, waiting == nil, waitingRuns == nil else {
            waitingRuns = waitingRuns.map { $0.merged(with: activity) } ?? activity
            return
        }
        output.write(bytes)
    }

    /// A reader that has not taken what it was sent would not notice a heartbeat either.
    func beat(_ bytes: EventBytes) {
        if output.isWritable, waiting == nil { output.write(bytes) }
    }

    /// The reader has taken what was written.
    /// - Returns: the events written now.
    func outputBecameWritable() -> [SignalEvent] {
        var events: [SignalEvent] = []
        if var queue = waiting {
            waiting = nil
            events = queue.takeAll()
            output.write(EventBytes(events))
        }
        if let runs = waitingRuns {
            waitingRuns = nil
            output.write(EventBytes(runs))
        }
        return events
    }

    func end() {
        output.end()
    }
}
