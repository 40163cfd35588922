import Synchronization

/// What waits for one reader, in order and bounded (S8): whoever brings more waits until there is room.
///
/// Beside that, a few may not wait, because they are asked for by a caller that cannot, or come from work that the reader itself
/// began: of those, one that supersedes another takes its place.
final class Inbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var reader: CheckedContinuation<Message?, Never>?
        /// Those who wait for room, the first first.
        var senders: [(id: UInt64, sender: CheckedContinuation<Void, Never>)] = []
        var nextSender: UInt64 = 0
        var isOver = false
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: messages that wait at most, beside those that may not wait.
    init(limit: Int) {
        self.limit = limit
    }

    /// How many messages wait.
    var count: Int { state.withLock { $0.messages.count } }

    /// Brings a message at once.
    /// - Parameter supersedes: messages that this one makes needless.
    func post(_ message: Message, supersedes: (Message) -> Bool = { _ in false }) {
        _ = put(message, limit: .max, supersedes)
    }

    /// Brings a message once there is room. A task that is cancelled meanwhile brings nothing any more.
    func send(_ message: Message) async {
        while !put(message, limit: limit, { _ in false }), !Task.isCancelled { await room() }
    }

    /// - Returns: false when there is no room.
    private func put(_ message: Message, limit: Int, _ supersedes: (Message) -> Bool) -> Bool {
        let (isPut, reader) = state.withLock { state -> (Bool, CheckedContinuation<Message?, Never>?) in
            if state.isOver { return (true, nil) }
            if let reader = state.reader {
                state.reader = nil
                return (true, reader)
            }
            state.messages.removeAll(where: supersedes)
            guard state.messages.count < limit else { return (false, nil) }
            state.messages.append(message)
            return (true, nil)
        }
        reader?.resume(returning: message)
        return isPut
    }

    /// Returns when there may be room, or when the task is cancelled.
    private func room() async {
        let id = state.withLock { state in
            state.nextSender += 1
            return state.nextSender
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { sender in
                let waits = state.withLock { state in
                    guard !state.isOver, state.messages.count >= limit, !Task.isCancelled else { return false }
                    state.senders.append((id, sender))
                    return true
                }
                if !waits { sender.resume() }
            }
        } onCancel: {
            let sender = state.withLock { state in
                state.senders.firstIndex { $0.id == id }.map { state.senders.remove(at: $0).sender }
            }
            sender?.resume()
        }
    }

    /// The next message; `nil` at the end, which being cancelled is. One reader at a time.
    func next() async -> Message? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { reader in
                let (ready, senders) = state.withLock { state in
                    defer { state.senders = [] }
                    return (Self.take(&state, reader), state.senders)
                }
                // All of them: one that is woken may have been cancelled, and would leave its turn to nobody.
                for entry in senders { entry.sender.resume() }
                if let ready { reader.resume(returning: ready) }
            }
        } onCancel: {
            finish()
        }
    }

    /// - Returns: a message, or the end; `nil` when the reader waits for it.
    private static func take(_ state: inout State, _ reader: CheckedContinuation<Message?, Never>) -> Message?? {
        if state.isOver { return .some(nil) }
        if !state.messages.isEmpty { return .some(state.messages.removeFirst()) }
        state.reader = reader
        return nil
    }

    /// Ends it: what waits is dropped, and nobody waits any more.
    func finish() {
        let (reader, senders) = state.withLock { state in
            defer {
                state.messages = []
                state.senders = []
                state.reader = nil
                state.isOver = true
            }
            return (state.reader, state.senders)
        }
        reader?.resume(returning: nil)
        for entry in senders { entry.sender.resume() }
    }
}
