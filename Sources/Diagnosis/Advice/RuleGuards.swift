extension Rule {
    /// The guards that are tried against a rule, the preferred of equals first; the reasons are in
    /// `Docs/specifications/diagnosis.md`, section 5. A1 has an order of its own there.
    var guardsToTry: [Guard] {
        switch self {
        case .staleResponseOverwrite:
            [.identityBinding, .versionCheck, .queue, .ignoreWhilePending, .cancelInFlight]
        case .completionBoundWrite: [.identityBinding, .versionCheck, .queue, .cancelInFlight]
        case .lostUpdate: [.atomicReadModifyWrite, .versionCheck, .idempotencyKey]
        case .dirtyDisplay: [.waitForDependency, .versionCheck]
        case .nonMonotonicRead: [.versionCheck, .identityBinding, .queue, .cancelInFlight]
        case .readYourWrites: [.versionCheck, .waitForDependency, .cancelInFlight]
        case .serverInversion: [.queue, .versionCheck, .idempotencyKey, .cancelInFlight]
        case .tornSnapshot: [.snapshotToken, .versionCheck]
        case .mixedAggregate: [.snapshotToken, .identityBinding, .queue, .cancelInFlight]
        case .orphanResponse: [.identityBinding, .versionCheck, .cancelInFlight]
        case .resurrection: [.versionCheck, .waitForDependency, .identityBinding, .cancelInFlight]
        case .doubleSubmit: [.idempotencyKey, .ignoreWhilePending, .cancelInFlight]
        case .identityMixUp: [.identityBinding, .versionCheck, .cancelInFlight]
        case .rollbackClobber: [.versionCheck, .atomicReadModifyWrite, .cancelInFlight]
        case .refetchClobber: [.waitForDependency, .versionCheck, .identityBinding, .cancelInFlight]
        case .signalBeforeData: [.waitForDependency, .versionCheck, .cancelInFlight]
        case .streamGap: [.queue, .versionCheck]
        case .hydrationClobber: [.waitForDependency, .versionCheck, .identityBinding, .cancelInFlight]
        case .lostCompletion: []
        }
    }
}
