public import Ordering

/// What a client takes from its host: time and chance.
public struct ClientEnvironment: Sendable {
    /// Milliseconds of a monotonic clock.
    public var clock: @Sendable () -> Instant
    public var sleep: @Sendable (Duration) async throws -> Void
    /// Numbers that nobody can guess: they become the ids of intents, and spread the reconnections of many clients.
    public var chance: @Sendable () -> UInt64

    public init(
        clock: @escaping @Sendable () -> Instant, sleep: @escaping @Sendable (Duration) async throws -> Void,
        chance: @escaping @Sendable () -> UInt64
    ) {
        self.clock = clock
        self.sleep = sleep
        self.chance = chance
    }

    /// The host's clock, such as a `ContinuousClock`, and its source of chance.
    public static func live(
        clock: some Clock<Duration>, chance: @escaping @Sendable () -> UInt64
    ) -> ClientEnvironment {
        let start = clock.now
        return ClientEnvironment(
            clock: {
                let elapsed = start.duration(to: clock.now).components
                return Instant(
                    milliseconds: UInt64(max(0, elapsed.seconds * 1_000 + elapsed.attoseconds / 1_000_000_000_000_000)))
            },
            sleep: { try await clock.sleep(for: $0) }, chance: chance)
    }
}

/// How long to wait before the next attempt: doubling from `first` to `ceiling`, and spread over the upper half of that, so that
/// the clients of a server that restarts do not come back at once.
struct Backoff: Hashable, Sendable {
    static let first = Duration.milliseconds(500)
    static let ceiling = Duration.seconds(15)

    private var failures = 0

    /// - Parameters:
    ///   - random: any number; it chooses the place in the spread.
    ///   - wish: what the server asked for; never undercut.
    mutating func next(random: UInt64, wish: Duration? = nil) -> Duration {
        let whole = min(Self.ceiling, Self.first * (1 << min(failures, 10)))
        failures += 1
        let spread = whole / 2 + whole * Double(random >> 11) / Double(1 << 54)
        return max(spread, wish ?? .zero)
    }

    mutating func reset() {
        failures = 0
    }
}
