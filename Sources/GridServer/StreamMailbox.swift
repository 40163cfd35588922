import ChangePipeline
import GridModel
import NIOCore
import Synchronization
import Wire

/// Where the writer of one event stream waits: for a signal, for news of runs, for the heartbeat, or for the end.
///
/// It holds one signal at a time, so a slow reader is felt by the subscription behind it, which merges and at last says gap (S8).
final class StreamMailbox: Sendable {
    enum Item: Sendable {
        case signal(SignalEvent)
        case runs([RunEvent])
        case beat
        case end
    }

    private struct State {
        var signal: SignalEvent?
        /// Goes on when the signal was taken.
        var putter: CheckedContinuation<Void, Never>?
        /// The newest news of each run, in the order of runs.
        var runs: [RunEvent] = []
        var isBeatDue = false
        var isEnded = false
        var taker: CheckedContinuation<Item, Never>?

        mutating func next() -> Item? {
            if isEnded { return .end }
            if let signal {
                self.signal = nil
                return .signal(signal)
            }
            if !runs.isEmpty {
                defer { runs = [] }
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

    func put(_ event: RunEvent) {
        update { state in
            if let index = state.runs.firstIndex(where: { $0.run == event.run }) {
                state.runs[index] = event
            } else {
                state.runs.append(event)
            }
            return nil
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
            defer { state.putter = nil }
            return state.putter
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

    /// Changes the state, then hands over what is ready to whoever waits, outside the lock.
    private func update(_ body: (inout State) -> CheckedContinuation<Void, Never>?) {
        let (released, taker, item, putter) = state.withLock {
            state -> (
                CheckedContinuation<Void, Never>?, CheckedContinuation<Item, Never>?, Item?, CheckedContinuation<Void, Never>?
            ) in
            let released = body(&state)
            guard let taker = state.taker, let item = state.next() else { return (released, nil, nil, nil) }
            state.taker = nil
            guard case .signal = item else { return (released, taker, item, nil) }
            defer { state.putter = nil }
            return (released, taker, item, state.putter)
        }
        released?.resume()
        if let taker, let item { taker.resume(returning: item) }
        putter?.resume()
    }
}
