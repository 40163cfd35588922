import Dispatch
package import GridStore
package import Logging

/// What the pipeline takes from outside: clocks, timers, threads, and somebody to tell of a fatal error.
package struct PipelineEnvironment: Sendable {
    /// Milliseconds since 1970, written into each record.
    package var wallClock: @Sendable () -> UInt64
    /// Time since any fixed moment; never goes back.
    package var now: @Sendable () -> Duration
    /// Calls the closure once, at or after the moment on `now`'s clock.
    package var schedule: @Sendable (_ moment: Duration, _ action: @escaping @Sendable () -> Void) -> Void
    /// Makes the thread of one grid's writes.
    package var makeWriter: @Sendable (_ label: String) -> any SerialWriter
    /// Runs a closure that blocks, on a thread made for that.
    package var runBlocking: @Sendable (_ work: @escaping @Sendable () -> Void) -> Void
    package var logger: Logger
    /// Called once for a grid whose store failed so that nobody knows what is on disk. The process should exit: the log recovers.
    package var onFatal: @Sendable (StoreError) -> Void
    package var limits: PipelineLimits
    package var signalLimits: SignalLimits

    package init(
        wallClock: @escaping @Sendable () -> UInt64,
        now: @escaping @Sendable () -> Duration,
        schedule: @escaping @Sendable (Duration, @escaping @Sendable () -> Void) -> Void,
        makeWriter: @escaping @Sendable (String) -> any SerialWriter,
        runBlocking: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void,
        logger: Logger,
        onFatal: @escaping @Sendable (StoreError) -> Void,
        limits: PipelineLimits = PipelineLimits(),
        signalLimits: SignalLimits = SignalLimits()
    ) {
        self.wallClock = wallClock
        self.now = now
        self.schedule = schedule
        self.makeWriter = makeWriter
        self.runBlocking = runBlocking
        self.logger = logger
        self.onFatal = onFatal
        self.limits = limits
        self.signalLimits = signalLimits
    }

    /// The environment of a running server: dispatch queues for what blocks, the given clock for timers.
    package static func live<C: Clock>(
        clock: C, wallClock: @escaping @Sendable () -> UInt64, logger: Logger,
        onFatal: @escaping @Sendable (StoreError) -> Void
    ) -> PipelineEnvironment where C.Duration == Duration {
        let start = clock.now
        let now: @Sendable () -> Duration = { start.duration(to: clock.now) }
        return PipelineEnvironment(
            wallClock: wallClock,
            now: now,
            schedule: { moment, action in
                // Not structured: the machine asks to be called back and keeps no task. It ends by itself after the delay.
                Task {
                    try? await clock.sleep(until: start.advanced(by: moment), tolerance: nil)
                    action()
                }
            },
            makeWriter: { DispatchWriter(label: $0) },
            runBlocking: { work in DispatchQueue.global().async(execute: work) },
            logger: logger,
            onFatal: onFatal)
    }
}

/// Runs closures one after the other, in order, never on the cooperative thread pool: what they do blocks.
package protocol SerialWriter: Sendable {
    func run(_ work: @escaping @Sendable () -> Void)
}

/// A serial dispatch queue: a thread only while there is work, so an idle grid holds none.
package struct DispatchWriter: SerialWriter {
    private let queue: DispatchQueue

    package init(label: String) {
        queue = DispatchQueue(label: label)
    }

    package func run(_ work: @escaping @Sendable () -> Void) {
        queue.async(execute: work)
    }
}
