/// What a run of the simulator came to.
package struct Report: Hashable, Sendable {
    /// The schedule that broke an invariant, as small as it could be made.
    package struct Failure: Hashable, Sendable {
        package var schedule: Schedule
        package var violation: Violation
        /// Steps before it was cut down.
        package var drawn: Int

        /// The steps as `--steps` reads them.
        package var steps: String { schedule.steps.map(\.description).joined(separator: " ") }
    }

    package var seed: UInt64
    /// Faults that were allowed.
    package var faults: Faults
    package var schedules: UInt64 = 0
    package var tally = Tally()
    /// Over the traces of all schedules: the same seed gives the same on every machine.
    package var hash: UInt64 = 0
    package var failure: Failure?
    /// The oracles that something was noticed by: the failure's, or while collecting all of them.
    package var noticed: Set<Oracle> = []

    package init(seed: UInt64, faults: Faults) {
        self.seed = seed
        self.faults = faults
    }
}
