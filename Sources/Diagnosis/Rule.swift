/// The anomalies. Numbers, names and conditions: `Docs/specifications/diagnosis.md`.
package enum Rule: UInt8, Sendable, CaseIterable, Comparable, Hashable {
    case staleResponseOverwrite = 1
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
    case lostCompletion = 19

    package static func < (a: Rule, b: Rule) -> Bool { a.rawValue < b.rawValue }

    /// "A1" to "A19".
    package var code: String { "A\(rawValue)" }

    package var title: String {
        switch self {
        case .staleResponseOverwrite: "stale-response overwrite"
        case .completionBoundWrite: "completion-bound write"
        case .lostUpdate: "lost update"
        case .dirtyDisplay: "dirty display"
        case .nonMonotonicRead: "non-monotonic read"
        case .readYourWrites: "read-your-writes"
        case .serverInversion: "intent-order inversion at the server"
        case .tornSnapshot: "torn snapshot"
        case .mixedAggregate: "mixed aggregate"
        case .orphanResponse: "orphan response"
        case .resurrection: "resurrection"
        case .doubleSubmit: "double submit"
        case .identityMixUp: "identity mix-up"
        case .rollbackClobber: "rollback clobber"
        case .refetchClobber: "refetch clobbers optimistic"
        case .signalBeforeData: "signal before data"
        case .streamGap: "stream gap or regression"
        case .hydrationClobber: "hydration clobber"
        case .lostCompletion: "lost completion"
        }
    }
}

/// How far a finding's wrong state went. Later is worse.
package enum Severity: UInt8, Sendable, CaseIterable, Comparable, Hashable {
    /// A hazard: nothing wrong was written in this trace.
    case latent = 0
    /// Written, and no frame is known to have shown it.
    case transient = 1
    /// Painted while it stood.
    case visible = 2
    /// Fed a later request or commit.
    case durable = 3

    package static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }

    package var name: String { "\(self)" }
}
