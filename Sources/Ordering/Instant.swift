/// A reading of the host's monotonic clock. The core never reads a clock: every event brings one of these.
public struct Instant: Hashable, Comparable, Sendable {
    /// Milliseconds since a moment of the host's choosing.
    public var milliseconds: UInt64

    public init(milliseconds: UInt64) {
        self.milliseconds = milliseconds
    }

    public static func < (a: Instant, b: Instant) -> Bool {
        a.milliseconds < b.milliseconds
    }

    /// The instant that many milliseconds later; the last representable one when the sum is beyond it.
    public func advanced(by milliseconds: UInt32) -> Instant {
        let (sum, overflow) = self.milliseconds.addingReportingOverflow(UInt64(milliseconds))
        return Instant(milliseconds: overflow ? .max : sum)
    }
}
