package import Trace

/// One anomaly: its first occurrence, and how often it occurred with the same slot and key.
package struct Finding: Sendable, Hashable {
    package var rule: Rule
    /// The event that breaks the rule; an index into the log.
    package var event: Int
    /// The other side of the race, or of the comparison.
    package var other: Int?
    /// Requests of the two sides, where they have one.
    package var request: Symbol
    package var otherRequest: Symbol
    package var slot: Symbol
    package var key: Symbol
    package var process: UInt16
    /// Occurrences with the same rule, slot and key.
    package var count = 1
    package var severity: Severity
    package var confidence: Confidence
    /// The first frame that showed the wrong value.
    package var frame: Int?
    /// The slot's policy, where the rule depends on it.
    package var policy: PolicyVerdict?
    /// Values or versions that the sentence names; empty when it needs none.
    package var detail = ""

    /// Whether this is a violation: a hazard is none, nor is an order-dependent write whose slot's policy is unknown.
    package var isViolation: Bool {
        rule != .completionBoundWrite && (policy.map { $0.policy != nil } ?? true)
    }
}

/// A slot's policy, and where it is known from.
package struct PolicyVerdict: Sendable, Hashable {
    package enum Source: String, Sendable, Hashable {
        case declared, inferred, unknown
    }

    package var policy: SlotPolicy?
    package var source: Source
    /// What an inferred policy rests on; empty otherwise.
    package var evidence: String

    package static let unknown = PolicyVerdict(policy: nil, source: .unknown, evidence: "")
}

/// A rule that could not be checked, and the member that the trace lacks.
package struct NotChecked: Sendable, Hashable {
    package var rule: Rule
    package var missing: String
}
