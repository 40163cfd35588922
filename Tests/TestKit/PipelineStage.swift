package import ChangePipeline
package import GridStore
import Logging
import Synchronization

/// Time that moves only when a test moves it.
package final class VirtualTime: Sendable {
    private struct Alarm {
        var moment: Duration
        var action: @Sendable () -> Void
    }

    private struct State {
        var now = Duration.zero
        var alarms: [Alarm] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Duration { state.withLock { $0.now } }

    /// How many alarms are set.
    package var alarms: Int { state.withLock { $0.alarms.count } }

    package func schedule(at moment: Duration, _ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.alarms.append(Alarm(moment: moment, action: action)) }
    }

    /// Moves on, and on the way sets off the alarms, the earliest first.
    package func advance(by duration: Duration) {
        let end = now + duration
        while let due = takeAlarm(upTo: end) { due() }
        state.withLock { $0.now = end }
    }

    private func takeAlarm(upTo end: Duration) -> (@Sendable () -> Void)? {
        state.withLock { state in
            let due = state.alarms.indices.filter { state.alarms[$0].moment <= end }
            guard let next = due.min(by: { state.alarms[$0].moment < state.alarms[$1].moment }) else { return nil }
            let alarm = state.alarms.remove(at: next)
            state.now = max(state.now, alarm.moment)
            return alarm.action
        }
    }
}

/// A writer whose work is done when a test says so, on the test's thread.
package final class ManualWriter: SerialWriter {
    private let work = Mutex<[@Sendable () -> Void]>([])

    package init() {}

    package var waiting: Int { work.withLock { $0.count } }

    package func run(_ work: @escaping @Sendable () -> Void) {
        self.work.withLock { $0.append(work) }
    }

    /// Does the next piece of work; false when there is none.
    @discardableResult
    package func step() -> Bool {
        let next = work.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        next?()
        return next != nil
    }

    package func drain() {
        while step() {}
    }
}

/// Does each piece of work at once, for tests that do not care.
package struct InlineWriter: SerialWriter {
    package init() {}
    package func run(_ work: @escaping @Sendable () -> Void) { work() }
}

/// Everything that a test of a pipeline controls.
package final class PipelineStage: Sendable {
    package let time = VirtualTime()
    package let writer = ManualWriter()
    private let fatalErrors = Mutex<[StoreError]>([])

    package init() {}

    /// What `onFatal` was called with.
    package var fatal: [StoreError] { fatalErrors.withLock { $0 } }

    /// An environment whose writer waits for `writer.step()` and whose timers wait for `time.advance(by:)`.
    package func environment(
        limits: PipelineLimits = PipelineLimits(), signalLimits: SignalLimits = SignalLimits(),
        writer: (any SerialWriter)? = nil
    ) -> PipelineEnvironment {
        let made = writer ?? self.writer
        return PipelineEnvironment(
            wallClock: { [time] in 1_700_000_000_000 + UInt64(time.now / .milliseconds(1)) },
            now: { [time] in time.now },
            schedule: { [time] in time.schedule(at: $0, $1) },
            makeWriter: { _ in made },
            runBlocking: { $0() },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            onFatal: { [self] error in fatalErrors.withLock { $0.append(error) } },
            limits: limits,
            signalLimits: signalLimits)
    }
}
