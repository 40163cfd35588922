package import Logging

/// Time and chance, as the composition root picked them.
package struct ServerEnvironment: Sendable {
    /// Milliseconds since 1970.
    package var wallClock: @Sendable () -> UInt64
    /// Nanoseconds from some point in the past; never goes back.
    package var monotonicClock: @Sendable () -> UInt64
    package var sleep: @Sendable (Duration) async throws -> Void
    package var random: @Sendable () -> UInt64
    package var logger: Logger

    package init(
        wallClock: @escaping @Sendable () -> UInt64, monotonicClock: @escaping @Sendable () -> UInt64,
        sleep: @escaping @Sendable (Duration) async throws -> Void, random: @escaping @Sendable () -> UInt64, logger: Logger
    ) {
        self.wallClock = wallClock
        self.monotonicClock = monotonicClock
        self.sleep = sleep
        self.random = random
        self.logger = logger
    }
}
