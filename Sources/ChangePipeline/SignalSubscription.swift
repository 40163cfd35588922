package import Ordering
import Synchronization

/// The signals of one grid, for one reader. A reader that is slow gets fewer, wider ones; one that is very slow gets a gap.
/// Ends when the grid is closed or has failed, or when the reading task is cancelled.
package struct SignalSubscription: AsyncSequence, Sendable {
    package typealias Element = SignalEvent

    /// The revision the subscription began at: later commits are signalled, and those between it and the position asked for.
    package let start: Revision
    private let registration: Registration

    init(start: Revision, buffer: SignalBuffer, cancel: @escaping @Sendable () -> Void) {
        self.start = start
        registration = Registration(buffer: buffer, cancel: cancel)
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(registration: registration)
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let registration: Registration

        package mutating func next() async -> SignalEvent? {
            await registration.buffer.next()
        }
    }

    /// Ends the subscription when nobody holds it any more.
    fileprivate final class Registration: Sendable {
        let buffer: SignalBuffer
        private let cancel: @Sendable () -> Void

        init(buffer: SignalBuffer, cancel: @escaping @Sendable () -> Void) {
            self.buffer = buffer
            self.cancel = cancel
        }

        deinit { cancel() }
    }
}

/// What waits for one reader.
final class SignalBuffer: Sendable {
    private struct State {
        var waiting: [SignalEvent] = []
        var bytes = 0
        var finished = false
        var reader: CheckedContinuation<SignalEvent?, Never>?
    }

    private let limits: SignalLimits
    private let state = Mutex(State())

    init(limits: SignalLimits) {
        self.limits = limits
    }

    /// Never waits: what does not fit is merged or becomes a gap.
    func push(_ event: SignalEvent) {
        let reader: CheckedContinuation<SignalEvent?, Never>? = state.withLock { state in
            guard !state.finished else { return nil }
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            enqueue(event, &state)
            return nil
        }
        reader?.resume(returning: event)
    }

    private func enqueue(_ event: SignalEvent, _ state: inout State) {
        switch (state.waiting.last, event) {
        case (.gap, .commit(let signal)):
            state.waiting[state.waiting.count - 1] = .gap(signal.revision)
            return
        case (_, .gap(let revision)):
            state.waiting = [.gap(revision)]
            state.bytes = 0
            return
        case (.commit(let last), .commit(let signal)) where state.waiting.count >= limits.queued:
            let merged = last.merged(with: signal)
            state.waiting[state.waiting.count - 1] = .commit(merged)
            state.bytes += merged.weight - last.weight
        case (_, .commit(let signal)):
            state.waiting.append(event)
            state.bytes += signal.weight
        }
        if state.bytes > limits.queuedBytes, case .commit(let last) = state.waiting.last {
            state.waiting = [.gap(last.revision)]
            state.bytes = 0
        }
    }

    func finish() {
        let reader = state.withLock { state in
            state.finished = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    func next() async -> SignalEvent? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready: SignalEvent?? = state.withLock { state in
                    if !state.waiting.isEmpty {
                        let event = state.waiting.removeFirst()
                        if case .commit(let signal) = event { state.bytes -= signal.weight }
                        return .some(event)
                    }
                    // A second reader at once is a mistake of the caller; it ends rather than hang.
                    if state.finished || state.reader != nil { return .some(nil) }
                    state.reader = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            finish()
        }
    }
}
