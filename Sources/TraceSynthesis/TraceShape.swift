/// What a synthetic trace is made of. Everything else is decided by the seed.
package struct TraceShape: Sendable, Hashable {
    /// Inversions injected: 0 for a healthy trace, 1, or 2 independent ones.
    package var inversions: Int
    /// Browser processes, each with slots of its own.
    package var browsers: Int
    /// Slots in each browser.
    package var slots: Int
    /// Rounds of intents in each slot.
    package var rounds: Int
    /// A server and a store take part.
    package var isDistributed: Bool
    /// Lines of different processes are mixed at random, each process's own order kept.
    package var isMixed: Bool
    /// Events have ids; otherwise reports name them by line.
    package var hasIDs: Bool
    /// Writes carry versions.
    package var hasVersions: Bool
    /// Some handlers await once more between `deliver` and their writes.
    package var hasSplitDeliveries: Bool

    package init(
        inversions: Int, browsers: Int = 1, slots: Int = 2, rounds: Int = 3, isDistributed: Bool = false, isMixed: Bool = false,
        hasIDs: Bool = true, hasVersions: Bool = false, hasSplitDeliveries: Bool = false
    ) {
        self.inversions = inversions
        self.browsers = max(1, browsers)
        self.slots = max(1, slots)
        self.rounds = max(1, rounds)
        self.isDistributed = isDistributed
        self.isMixed = isMixed
        self.hasIDs = hasIDs
        self.hasVersions = hasVersions
        self.hasSplitDeliveries = hasSplitDeliveries
    }

    /// A shape as varied as the seed says.
    package static func varied(seed: UInt64, inversions: Int) -> TraceShape {
        var dice = Dice(seed: seed ^ 0x5A5A_0F0F_1234_9876)
        return TraceShape(
            inversions: inversions, browsers: dice.pick(1, 1, 2, 3), slots: dice.among(1...5), rounds: dice.among(1...6),
            isDistributed: dice.chance(50), isMixed: dice.chance(25), hasIDs: dice.chance(60), hasVersions: dice.chance(40),
            hasSplitDeliveries: dice.chance(15))
    }
}

/// What is wrong with a synthetic trace, known because it was put there.
package struct Truth: Sendable, Hashable {
    /// Name of the first divergence point: the write of the late response that replaced a higher-ranked one's with another value.
    package var write: String
    package var key: String
    package var slot: String
    package var process: String
    /// The request whose response came too late.
    package var late: String
    /// The earliest of the higher-ranked requests whose response was applied to the key before it.
    package var overtaken: String
    /// How many independent inversions were injected; this is the first in the order of the trace.
    package var inversions: Int
}
