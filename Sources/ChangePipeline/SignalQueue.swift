/// What waits for one reader, bounded (S8): beyond so many signals the newest two merge, beyond so many bytes everything that
/// waits becomes one gap. Nobody ever waits for the reader.
package struct SignalQueue: Sendable {
    private let limits: SignalLimits
    private var waiting = Queue<SignalEvent>()
    private var bytes = 0

    package init(limits: SignalLimits) {
        self.limits = limits
    }

    package var isEmpty: Bool { waiting.isEmpty }

    package mutating func append(_ event: SignalEvent) {
        switch (waiting.last, event) {
        case (.gap, .commit(let signal)):
            waiting.replaceLast(.gap(signal.revision))
            return
        case (_, .gap(let revision)):
            replaceAll(.gap(revision))
            return
        case (.commit(let last), .commit(let signal)) where waiting.count >= limits.queued:
            let merged = last.merged(with: signal)
            waiting.replaceLast(.commit(merged))
            bytes += merged.weight - last.weight
        case (_, .commit(let signal)):
            waiting.append(event)
            bytes += signal.weight
        }
        if bytes > limits.queuedBytes, case .commit(let last) = waiting.last { replaceAll(.gap(last.revision)) }
    }

    package mutating func popFirst() -> SignalEvent? {
        let event = waiting.popFirst()
        if case .commit(let signal) = event { bytes -= signal.weight }
        return event
    }

    /// All that waits, in order.
    package mutating func takeAll() -> [SignalEvent] {
        var events: [SignalEvent] = []
        events.reserveCapacity(waiting.count)
        while let event = popFirst() { events.append(event) }
        return events
    }

    private mutating func replaceAll(_ event: SignalEvent) {
        waiting = Queue()
        waiting.append(event)
        bytes = 0
    }
}
