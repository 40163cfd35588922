/// The list stands here and as `Rule` in Diagnosis: the generator must not know what it checks.
///
/// The anomalies that can be put into a small trace one by one; A1 has a generator of its own, whose first divergence point is known.
package enum Anomaly: UInt8, Sendable, CaseIterable, Hashable {
    case completionBoundWrite = 2
    case lostUpdate = 3
    case dirtyDisplay = 4
    case nonMonotonicRead = 5
    case readYourWrites = 6
    case serverInversion = 7
    case tornSnapshot = 8
    case mixedAggregate = 9
    case orphanResponse = 10
    case resurrection = 11
    case doubleSubmit = 12
    case identityMixUp = 13
    case rollbackClobber = 14
    case refetchClobber = 15
    case signalBeforeData = 16
    case streamGap = 17
    case hydrationClobber = 18

    /// "A2" to "A18".
    package var code: String { "A\(rawValue)" }
}
