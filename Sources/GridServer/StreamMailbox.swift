import ChangePipeline
import Enrichment
import GridModel
import Synchronization

/// Where the writer of one event stream waits: for a signal, for news of runs, for the heartbeat, or for the end.
///
/// It holds one signal at a time, so a slow reader is felt by the subscription behind it, which merges and at last says gap (S8).
final class StreamMailbox: Sendable {
    enum Item: Sendable {
        case signal(SignalEvent)
        case runs(RunActivity)
        case beat
        case end
    }

    private struct State {
        var signal: SignalEvent?
        /// Goes on when the signal was taken.
        var putter: CheckedContinuation<Void, Never>?
        /// The newest news of runs.
        var runs: RunActivity?
        var runsPutter: CheckedContinuation<Void, Never>?
        var isBeatDue = false
        var isEnded = false
        var taker: CheckedContinuation<Item, Never>?

        mutating func takePutter() -> CheckedContinuation<Void, Never>? {
            defer { putter = nil }
            return putter
        }

        mutating func takeRunsPutter() -> CheckedContinuation<Void, Never>? {
            defer { runsPutter = nil }
            return runsPutter
        }

        mutating func next() -> Item? {
            if isEnded { return .end }
            if let signal {
                self.signal = nil
                return .signal(signal)
            }
            if let runs {
                self.runs = nil
                return .runs(runs)
            }
            guard isBeatDue else { return nil }
            isBeatDue = false
            return .beat
        }
    }

    private let state = Mutex(State())

    /// Hands over a signal; returns when it was taken.
    func put(_ signal: SignalEvent) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (putter: CheckedContinuation<Void, Never>) in
                update { state in
                    if state.isEnded { return putter }
                    state.signal = signal
                    state.putter = putter
                    return nil
                }
            }
        } onCancel: {
            end()
        }
    }

    /// Hands over news of runs; returns when they were taken, so that the feed behind merges what comes meanwhile.
    func put(_ activity: RunActivity) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (putter: CheckedContinuation<Void, Never>) in
                update { state in
                    if state.isEnded { return putter }
                    state.runs = activity
                    state.runsPutter = putter
                    return nil
                }
            }
        } onCancel: {
            end()
        }
    }

    func beat() {
        update { state in
            state.isBeatDue = true
            return nil
        }
    }

    /// The stream ends; whatever waits is let go.
    func end() {
        update { state in
            state.isEnded = true
            return nil
        }
    }

    /// The next thing to write. One caller at a time.
    func take() async -> Item {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (taker: CheckedContinuation<Item, Never>) in
                update { state in
                    state.taker = taker
                    return nil
                }
            }
        } onCancel: {
            end()
        }
    }

    /// What is to go on once the lock is given back.
    private struct Due {
        var putters: [CheckedContinuation<Void, Never>?] = []
        var taker: CheckedContinuation<Item, Never>?
        var item = Item.end
    }

    /// Changes the state, then hands over what is ready to whoever waits, outside the lock.
    private func update(_ body: (inout State) -> CheckedContinuation<Void, Never>?) {
        let due = state.withLock { state -> Due in
            var due = Due(putters: [body(&state)])
            if state.isEnded { due.putters += [state.takePutter(), state.takeRunsPutter()] }
            guard let taker = state.taker, let item = state.next() else { return due }
            state.taker = nil
            due.taker = taker
            due.item = item
            switch item {
            case .signal: due.putters.append(state.takePutter())
            case .runs: due.putters.append(state.takeRunsPutter())
            case .beat, .end: break
            }
            return due
        }
        due.taker?.resume(returning: due.item)
        for putter in due.putters { putter?.resume() }
    }
}
