package import Trace

/// Another end that the same responses can bring a process to, with an order that does and what is known about it.
package struct Prediction: Sendable, Hashable {
    /// A key that ends otherwise.
    package struct End: Sendable, Hashable {
        package var key: Symbol
        /// The slot that wrote it last in the recording.
        package var slot: Symbol
        /// For people: JSON text, "(deleted)", "derived from ...".
        package var recorded: String
        package var predicted: String
        /// A frame shows the key.
        package var isShown: Bool
    }

    /// Two steps in the other order than recorded, by their first events.
    package struct Reversal: Sendable, Hashable {
        /// What comes first now.
        package var first: Int
        package var firstRequest: Symbol
        package var second: Int
        package var secondRequest: Symbol
    }

    package var process: Symbol
    package var ends: [End]
    /// The fewest found that lead there.
    package var reversals: [Reversal]
    /// The component's steps in the order that leads there, by their first events.
    package var order: [Int]
    /// What each of these steps is.
    package var steps: [String]
    package var severity: Severity
    /// Whether frames were recorded in this process.
    package var severityKnown: Bool
    /// What the order breaks; `nil` when it ends otherwise and breaks no rule, or when it was not judged.
    package var rule: Rule?
    package var isJudged = false
    /// What the recorded order breaks at these keys, and this one does not.
    package var repairs: Rule?
    /// Whether that is a violation, and not a hazard or an order-dependent write.
    package var isViolation = false
    package var slot: Symbol
    package var sentence = ""
    package var confidence = Confidence.structural
    /// The guards tried on the order, and the one that removes it.
    package var advice: GuardAdvice?
    /// The event from which on another request would have been made than was recorded.
    package var inexactBeyond: Int?
    /// Nanoseconds by which a response would have to be later than recorded; `nil` when the trace has no times.
    package var delay: Int64?
    /// Which component it is of, from 0.
    package var component: Int

    package var advised: Guard? { advice?.advised }
}

/// How far `predict` looks.
package struct PredictionLimits: Sendable, Hashable {
    /// Pairs of an order that may come the other way round than recorded.
    package var reversals: Int
    /// Replays of a component before orders are drawn by chance.
    package var replays: Int
    /// What chance is drawn from.
    package var seed: UInt64
    /// A guard to try on every response, as if the application had it.
    package var `guard`: Guard?
    /// Off: each class of orders is run, however many lead to one state.
    package var hashesStates: Bool
    /// Ends of one group of responses that are described; further ones are counted.
    package var ends: Int
    /// Of these, how many the rules and guards are run on, until `Predictions.maximumJudged` are judged; the nearest of a group always is.
    package var judged: Int

    package static let defaultReversals = 6
    package static let defaultReplays = 5_000
    package static let defaultEnds = 10
    package static let defaultJudged = 10

    package init(
        reversals: Int = defaultReversals, replays: Int = defaultReplays, seed: UInt64 = 1, guard: Guard? = nil,
        hashesStates: Bool = true, ends: Int = defaultEnds,
        judged: Int = defaultJudged
    ) {
        self.reversals = max(1, reversals)
        self.replays = max(1, replays)
        self.seed = seed
        self.guard = `guard`
        self.hashesStates = hashesStates
        self.ends = max(1, ends)
        self.judged = max(0, judged)
    }
}

/// What was looked at, and how completely.
package struct PredictionCoverage: Sendable, Hashable {
    /// One component of the conflict graph: responses whose order among each other shows.
    package struct Group: Sendable, Hashable {
        package var deliveries: Int
        package var replays: Int
        /// Ends reached, the recorded one among them.
        package var states: Int
        /// The slot and the keys that the responses write.
        package var slot = Symbol.none
        package var keys: [Symbol] = []
    }

    package var groups: [Group] = []
    /// Orders run to their end, and those drawn by chance.
    package var replays = 0
    package var randomReplays = 0
    /// Components of which orders were left out: by the bound on reversals, by the budget, by their size.
    package var bounded = 0
    package var overBudget = 0
    package var truncated = 0
    /// Other ends found, of which the first are described.
    package var ends = 0

    package var deliveries: Int { groups.reduce(0) { $0 + $1.deliveries } }
    package var isComplete: Bool { bounded == 0 && overBudget == 0 && truncated == 0 }
}
