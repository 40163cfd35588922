package import Trace

/// A trace with an inversion that was put there, and the same run without it: the late response comes just before the one that it had been
/// moved behind. What `predict` says of the healthy one is held against what the faulty one came to.
package struct HealthyTwin: Sendable {
    package let faulty: [TraceEvent]
    package let healthy: [TraceEvent]
    package let truth: Truth

    /// `nil` when the inversion leaves no trace in the end, or another one of the same request stands in the way.
    package init?(seed: UInt64, shape: TraceShape) {
        let made = TraceSynthesis.make(seed: seed, shape: shape)
        guard let truth = made.truth,
            let place = made.events.firstIndex(where: { $0.request == truth.overtaken && $0.kind == .arrive })
        else { return nil }
        let (before, after) = (made.events[..<place], made.events[place...])
        func isLate(_ event: TraceEvent) -> Bool { event.request == truth.late && event.kind != .start }
        var moved = after.filter(isLate)
        guard let first = moved.first, !before.contains(where: { isLate($0) && $0.kind == .arrive }) else { return nil }
        // As if it had been answered so much sooner.
        let sooner = max(0, first.time - made.events[place].time)
        for index in moved.indices where moved[index].time != 0 { moved[index].time -= sooner }
        self.truth = truth
        faulty = made.events
        healthy = before + moved + after.filter { !isLate($0) }
        guard end(of: faulty) != nil, end(of: faulty) != end(of: healthy) else { return nil }
    }

    /// What the inversion left at its key.
    package var wrongEnd: String? { end(of: faulty) }

    private func end(of events: [TraceEvent]) -> String? {
        events.last { $0.kind == .write && $0.key == truth.key && $0.process == truth.process }?.value
    }

    /// The shape that a number stands for: small ones, as what is looked for is one pair.
    package static func shape(_ number: Int) -> TraceShape {
        TraceShape(inversions: 1, slots: 1 + number % 2, rounds: 2, isMixed: number % 3 == 0)
    }
}
