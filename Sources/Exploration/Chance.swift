/// The only source of chance in a simulation (SplitMix64, Steele, Lea and Flood 2014): the same seed makes the same choices on
/// every machine. The standard library's own `random(in:using:)` is not used, because how it consumes a generator is not promised; so this is no
/// `RandomNumberGenerator`, as the test kit's `Seeded` is, which no product may import.
package struct Chance: Hashable, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A number from 0 up to, but not including, `bound`; 0 when that is 0. Its bias is below 2^-32 for the bounds used here.
    package mutating func below(_ bound: UInt32) -> UInt32 {
        UInt32(truncatingIfNeeded: ((next() >> 32) &* UInt64(bound)) >> 32)
    }

    /// True in `thousandths` of 1,000 cases.
    package mutating func happens(_ thousandths: UInt32) -> Bool {
        below(1_000) < thousandths
    }

    /// Another generator, whose choices do not depend on how many this one makes afterwards.
    package mutating func fork() -> Chance {
        Chance(seed: next())
    }
}
