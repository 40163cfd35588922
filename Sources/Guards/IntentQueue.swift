import Synchronization

/// Everything that was asked for is applied, in the order of asking (G4). One that fails holds up no other.
public final class IntentQueue: Sendable {
    /// When a piece of work begins.
    public enum Start: Sendable {
        /// When the one before it was applied or has failed: the server sees them in order too.
        case inTurn
        /// At once; only the applying waits its turn (G9). The server may see them in any order.
        case atOnce
    }

    private let start: Start
    private let tail = Mutex<Task<Void, Never>?>(nil)

    public init(start: Start = .inTurn) {
        self.start = start
    }

    /// Runs work in its turn. The turn is taken when this is called, in the order of calls; it ends when `apply` has.
    ///
    /// - Parameter apply: runs in the caller's isolation.
    /// - Throws: what the work or `apply` throws. A caller that is cancelled has its work cancelled, and keeps its turn until that ends.
    public func run<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ work: @escaping @Sendable () async throws -> Value,
        apply: (Value) throws -> Void
    ) async throws {
        let turn = Turn()
        let start = start
        let before = tail.withLock { tail in
            defer { tail = Task { await turn.wait() } }
            return tail
        }
        defer { turn.end() }
        let task = Task {
            if start == .inTurn { await before?.value }
            return try await work()
        }
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        await before?.value
        try apply(result.get())
    }
}

/// One caller's turn: others wait until it ends.
private final class Turn: Sendable {
    private struct State {
        var isOver = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Called once, by the task that the next caller waits for.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiting = continuation }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }

    func end() {
        let waiting = state.withLock { state in
            state.isOver = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }
}
