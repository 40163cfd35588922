import Synchronization

/// What came of a guarded piece of work.
public enum GuardOutcome: Hashable, Sendable {
    /// Its value was applied.
    case applied
    /// Something newer was asked for, or the slot was left: nothing was applied.
    case superseded
    /// Another one was under way: the work was not begun.
    case busy
}

/// Knows the newest intent of a slot: one thing on a screen that shows what was asked for last (G2).
///
/// ```swift
/// let price = LatestIntent()
/// try await withLatest(price) {
///     try await shop.price(of: cart)
/// } apply: { total in
///     self.total = total
/// }
/// ```
///
/// **Cancelling is a courtesy, identity the guarantee.** An older intent's task is cancelled, which saves work where the work looks for it. It
/// does not look where the response is there already, where a library swallows the cancellation, or where the value waits in an actor's
/// queue; so whether a value is applied is decided by comparing intents, in the same critical section that applies it.
public final class LatestIntent: Sendable {
    /// One thing that was asked for.
    public struct Token: Hashable, Sendable {
        fileprivate let rank: UInt64
    }

    private struct State {
        var newest: UInt64 = 0
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    public init() {}

    /// Begins an intent: those before it come to nothing, and are cancelled.
    public func ask() -> Token {
        let (token, cancel) = state.withLock { state in
            state.newest += 1
            defer { state.cancel = nil }
            return (Token(rank: state.newest), state.cancel)
        }
        cancel?()
        return token
    }

    /// Whether nothing newer was asked for. Already wrong when it returns, unless the caller sees to that: use `apply`.
    public func isCurrent(_ token: Token) -> Bool {
        state.withLock { $0.newest == token.rank }
    }

    /// Runs `body` if the token is still the newest; nobody can ask while it runs. Do not call the slot from it.
    /// - Returns: whether it ran.
    public func apply<Failure: Error>(_ token: Token, _ body: () throws(Failure) -> Void) throws(Failure) -> Bool {
        try state.withLock { (state) throws(Failure) in
            guard state.newest == token.rank else { return false }
            try body()
            return true
        }
    }

    /// Everything under way comes to nothing: the screen was left, the row closed.
    public func leave() { _ = ask() }

    /// Is told once when the token is superseded; at once when it is already.
    fileprivate func onSuperseded(_ token: Token, _ cancel: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            guard state.newest == token.rank else { return true }
            state.cancel = cancel
            return false
        }
        if isLate { cancel() }
    }
}

/// Runs work for the newest intent of a slot, and applies its value if it still is the newest then.
///
/// - Parameters:
///   - work: asked to stop, by cancellation, once something newer is asked for or the caller is cancelled.
///   - apply: runs in the caller's isolation, with the slot held: short, and without calling the slot.
/// - Returns: `superseded` also when the work failed and something newer had been asked for.
/// - Throws: what the newest intent's work or `apply` throws.
public func withLatest<Value: Sendable>(
    _ slot: LatestIntent, isolation: isolated (any Actor)? = #isolation, _ work: @escaping @Sendable () async throws -> Value,
    apply: (Value) throws -> Void
) async throws -> GuardOutcome {
    let token = slot.ask()
    // Awaited below and cancelled with the caller: a child in all but name, so that `ask` can reach it.
    let task = Task { try await work() }
    slot.onSuperseded(token) { task.cancel() }
    let value: Value
    do {
        value = try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    } catch {
        guard slot.isCurrent(token) else { return .superseded }
        throw error
    }
    return try slot.apply(token) { try apply(value) } ? .applied : .superseded
}
