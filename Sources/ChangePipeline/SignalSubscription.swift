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

/// What waits for one reader, or the way to one that is told at once.
final class SignalBuffer: Sendable {
    private struct State {
        var queue: SignalQueue
        var finished = false
        var reader: CheckedContinuation<SignalEvent?, Never>?
    }

    private let state: Mutex<State>
    private let listener: SignalListener?

    /// - Parameter listener: is told of everything; then nothing waits here.
    init(limits: SignalLimits, listener: SignalListener? = nil) {
        state = Mutex(State(queue: SignalQueue(limits: limits)))
        self.listener = listener
    }

    /// Never waits: what does not fit is merged or becomes a gap.
    func push(_ event: SignalEvent) {
        if let listener { return listener(event) }
        let reader: CheckedContinuation<SignalEvent?, Never>? = state.withLock { state in
            guard !state.finished else { return nil }
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            state.queue.append(event)
            return nil
        }
        reader?.resume(returning: event)
    }

    func finish() {
        if let listener { return listener(nil) }
        let reader = state.withLock { state in
            state.finished = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: nil)
    }

    /// What waits, without waiting.
    func takeAll() -> [SignalEvent] {
        state.withLock { $0.queue.takeAll() }
    }

    func next() async -> SignalEvent? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready: SignalEvent?? = state.withLock { state in
                    if let event = state.queue.popFirst() { return .some(event) }
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
