import ChangePipeline
import Synchronization

/// The server's clock and alarms: time that moves only when the simulation moves it.
///
/// Tests have a `VirtualTime` of their own in TestKit, which no product may import; this one also tells when the next alarm is due, so
/// that one loop keeps the order between the server's alarms and the screens'.
final class SimulatedTime: Sendable {
    private struct Alarm {
        var milliseconds: UInt64
        var action: @Sendable () -> Void
    }

    private struct State {
        var now: UInt64 = 0
        var alarms: [Alarm] = []
    }

    private let state = Mutex(State())

    var now: Duration { .milliseconds(Int64(state.withLock { $0.now })) }

    /// When the next alarm is due.
    var next: UInt64? { state.withLock { state in state.alarms.min { $0.milliseconds < $1.milliseconds }?.milliseconds } }

    func schedule(_ moment: Duration, _ action: @escaping @Sendable () -> Void) {
        let (seconds, attoseconds) = moment.components
        // Rounded up: an alarm that comes early is ignored.
        let milliseconds =
            UInt64(max(0, seconds)) * 1_000 + UInt64(max(0, attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        state.withLock { $0.alarms.append(Alarm(milliseconds: milliseconds, action: action)) }
    }

    func move(to milliseconds: UInt64) {
        state.withLock { $0.now = max($0.now, milliseconds) }
    }

    /// Sets off the alarms that are due by now, the earliest first.
    func ring() {
        while let action = takeDue() { action() }
    }

    private func takeDue() -> (@Sendable () -> Void)? {
        state.withLock { state in
            let next = state.alarms.indices.min { state.alarms[$0].milliseconds < state.alarms[$1].milliseconds }
            guard let next, state.alarms[next].milliseconds <= state.now else { return nil }
            return state.alarms.remove(at: next).action
        }
    }

    /// The process is gone, and its alarms with it.
    func forgetAlarms() {
        state.withLock { $0.alarms = [] }
    }
}

/// The server's writer thread, whose work is done when the simulation says so.
final class SimulatedWriter: SerialWriter {
    private let work = Mutex<[@Sendable () -> Void]>([])

    func run(_ work: @escaping @Sendable () -> Void) {
        self.work.withLock { $0.append(work) }
    }

    /// Does the next piece of work; false when there is none.
    func step() -> Bool {
        let next = work.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        next?()
        return next != nil
    }

    var isIdle: Bool { work.withLock { $0.isEmpty } }

    func forget() {
        work.withLock { $0 = [] }
    }
}
