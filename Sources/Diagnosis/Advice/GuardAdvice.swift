package import Trace

/// Which guard prevents a finding, and how far that is proved (`Docs/specifications/diagnosis.md`, section 5).
package struct GuardAdvice: Sendable, Hashable {
    /// What the trials rest on.
    package enum Proof: Sendable, Hashable {
        /// The recorded responses, run in other orders (T1).
        case replay(orders: Int, isExhaustive: Bool)
        /// The guard's model, run on the events as recorded; `orders` above 1: in other orders of what the server or the stream did (T2).
        case recordedEvents(orders: Int, isExhaustive: Bool)
        /// The trace does not hold what a proof needs.
        case notProved(missing: String)
    }

    package var rule: Rule
    /// The finding's event.
    package var event: Int
    package var slot: Symbol
    package var key: Symbol
    package var process: UInt16
    package var proof: Proof
    /// One of each guard that was tried, the preferred of equals first.
    package var trials: [GuardTrial]

    /// The guard with no residual violation and no wrongly blocked write; `nil` when none of those tried is.
    package var advised: Guard? { trials.first { $0.isAdvised }?.guard }

    init(_ finding: Finding, proof: Proof, trials: [GuardTrial]) {
        rule = finding.rule
        event = finding.event
        slot = finding.slot
        key = finding.key
        process = finding.process
        self.proof = proof
        self.trials = trials
    }

    /// Marks the first trial that was judged, left nothing and blocked nothing wrongly. When there is none and one could not be judged, nothing is
    /// proved.
    mutating func advise() {
        let best = trials.indices.first {
            trials[$0].missing == nil && trials[$0].residual == 0 && trials[$0].wronglyBlocked == 0
        }
        if let best {
            trials[best].isAdvised = true
        } else if let missing = trials.compactMap(\.missing).first {
            proof = .notProved(missing: missing)
        }
    }
}
