/// In which order responses are released.
package enum ReorderingPlan: Hashable, Sendable {
    /// As they come.
    case pass
    /// In the order in which they were asked for.
    case intent
    /// What came together is released the other way round.
    case reverse
    /// What came together is released in an order drawn by a seed; each order of the same requests once.
    case drawn(seed: UInt64)
    /// When a person says so.
    case hand
    /// As listed.
    case steps([PlanStep])

    /// A step asks for a request's body, so that a request is known only with it.
    package var readsBodies: Bool {
        guard case .steps(let steps) = self else { return false }
        return steps.contains { step in
            step.matcher.body != nil
                || step.after.contains { if case .requested(let matcher) = $0 { matcher.body != nil } else { false } }
        }
    }

    /// The built-in plan of that name.
    package init?(named name: String) {
        switch name {
        case "pass": self = .pass
        case "intent": self = .intent
        case "reverse": self = .reverse
        case "hand": self = .hand
        default: return nil
        }
    }
}

/// One release: this response, after the one before it was taken.
package struct PlanStep: Hashable, Sendable {
    /// What must have happened besides.
    package enum Condition: Hashable, Sendable {
        /// A program said that it is there.
        case barrier(String)
        /// Such a request came in.
        case requested(RequestMatcher)
    }

    package var matcher: RequestMatcher
    /// Which of the requests that match, from 1; without it the first that no earlier step is about.
    package var nth: Int?
    /// Which message of a stream, from 1; 0 is the response itself.
    package var message: Int
    package var after: [Condition]

    package init(_ matcher: RequestMatcher, nth: Int? = nil, message: Int = 0, after: [Condition] = []) {
        self.matcher = matcher
        self.nth = nth
        self.message = message
        self.after = after
    }

    /// For people: `GET /api/price?cart=2 (2nd), message 3`.
    package var text: String {
        var text = "\(matcher.method ?? "*") \(matcher.path ?? "*")"
        if !matcher.arguments.isEmpty {
            text += "?" + matcher.arguments.map { "\($0.name)=\($0.value ?? "*")" }.joined(separator: "&")
        }
        text += matcher.body?.text ?? ""
        if let nth { text += " #\(nth)" }
        return message > 0 ? text + ", message \(message)" : text
    }
}

/// What a proxy holds at most (S8).
package struct ReorderingLimits: Hashable, Sendable {
    /// Responses and messages held at once; what comes beyond passes, and the run says so.
    package var holds: Int
    /// Steps of a plan.
    package static let steps = 10_000
    /// Nanoseconds without any event after which nothing more is expected: the deadlock rule.
    package var patience: UInt64
    /// So many times the patience is waited while a request is still unanswered.
    package static let unansweredPatience: UInt64 = 5
    /// Deliveries that are remembered for the report.
    package static let deliveries = 10_000

    /// What is learned of a page in one run.
    static let precedences = 1_000

    package init(holds: Int = 10_000, patience: UInt64 = 2_000_000_000) {
        self.holds = holds
        self.patience = patience
    }
}
