/// Monotonic time and waiting, given by the composition root.
package protocol RunClock: Sendable {
    /// Time since some fixed moment.
    var now: Duration { get }
    /// Returns at that time, or when the surrounding task is cancelled.
    func wait(until time: Duration) async
}

/// A clock of the standard library as a run's clock.
package struct StandardRunClock<C: Clock>: RunClock where C.Duration == Duration {
    private let clock: C
    private let start: C.Instant

    package init(_ clock: C) {
        self.clock = clock
        start = clock.now
    }

    package var now: Duration { start.duration(to: clock.now) }

    package func wait(until time: Duration) async {
        // Cancelled is a way to return: the caller looks at its task.
        try? await clock.sleep(until: start.advanced(by: time), tolerance: nil)
    }
}
