package import Ordering

/// Rules of the ordering core that a simulation may break by name, to see a fault found, cut down and replayed.
/// `Docs/specifications/ordering.md` says which invariant each breaks. `ignoreShownColumns` is not here: a simulated screen shows every column,
/// so that it would change nothing.
package enum PlantedRule {
    package static let all: [(name: String, mutant: Mutants)] = [
        ("ignoreIdentity", .ignoreIdentity), ("ignoreRevision", .ignoreRevision), ("ignoreCoherence", .ignoreCoherence),
        ("forgetSignalsInFlight", .forgetSignalsInFlight), ("signalsTouchNothing", .signalsTouchNothing),
        ("ignoreHoles", .ignoreHoles), ("noBurst", .noBurst), ("alwaysRead", .alwaysRead), ("unboundedCache", .unboundedCache),
        ("keepTouchedPages", .keepTouchedPages), ("releaseOnAcknowledgement", .releaseOnAcknowledgement),
        ("paintBelowAcknowledgement", .paintBelowAcknowledgement), ("wholeRangeFirst", .wholeRangeFirst),
        ("neverRetry", .neverRetry), ("noMaximumWait", .noMaximumWait), ("ignoreSensitiveColumns", .ignoreSensitiveColumns),
        ("evictMostRecent", .evictMostRecent),
        ("advanceWithFrontier", .advanceWithFrontier), ("advanceWithoutFloor", .advanceWithoutFloor),
        ("neverAdvance", .neverAdvance),
    ]
}
