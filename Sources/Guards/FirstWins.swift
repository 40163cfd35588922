import Synchronization

/// While one piece of work is under way others are not begun (G5): for what must not be done twice, such as paying.
public final class FirstWins: Sendable {
    private let isBusy = Mutex(false)

    public init() {}

    /// Runs the work, unless another is under way.
    /// - Parameter apply: runs in the caller's isolation; the next work can begin after it.
    /// - Returns: `applied` or `busy`.
    public func run<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> sending Value, apply: (Value) throws -> Void
    ) async throws -> GuardOutcome {
        let isFirst = isBusy.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isFirst else { return .busy }
        defer { isBusy.withLock { $0 = false } }
        try apply(try await work())
        return .applied
    }
}
