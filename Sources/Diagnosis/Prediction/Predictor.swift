package import Trace

/// From a recorded trace: which other orders of the same responses end otherwise. A pure function of the log and the limits: the same bytes
/// every time. The specification is `Docs/specifications/prediction.md`.
package struct Predictions: Sendable {
    /// The worst first; of one component those with the fewest reversals first.
    package private(set) var found: [Prediction] = []
    package private(set) var coverage = PredictionCoverage()
    package let limits: PredictionLimits
    /// What the recorded order breaks already.
    package private(set) var recordedViolations = 0
    /// Whether the trace has any write of a response: without one nothing can be said.
    package private(set) var hasWrites = false
    /// What is not known, in sentences.
    package private(set) var unknown: [String] = []

    /// Ends described in all.
    package static let maximumFound = 10_000
    /// Of these judged, by running the rules and guards on what their order would have recorded, besides the nearest of each group.
    package static let maximumJudged = 300
    /// Of groups whose nearest end is judged.
    package static let maximumNearest = 2_000

    package init(_ log: TraceLog, _ limits: PredictionLimits = PredictionLimits()) {
        self.limits = limits
        let causal = CausalOrder(log)
        var engine = RuleEngine(log, causal)
        engine.run()
        hasWrites = engine.writes.contains { $0.request >= 0 }
        recordedViolations = engine.findings.count { $0.isViolation }
        let program = ProgramBuilder.build(engine, assuming: limits.guard)
        var graph = ConflictGraph(program)
        var describer = PredictionDescriber(program)
        for (number, problem) in graph.problems().enumerated() {
            explore(problem, number, &describer)
        }
        found.sort { Self.rank($0) < Self.rank($1) }
        note(log, engine, program)
    }

    /// The worst severity among the predictions.
    package var worst: Severity? { found.map(\.severity).max() }

    private mutating func explore(_ problem: OrderProblem, _ number: Int, _ describer: inout PredictionDescriber) {
        var explorer = OrderExplorer(
            problem,
            OrderExplorer.Limits(
                reversals: limits.reversals, replays: limits.replays, hashesStates: limits.hashesStates))
        explorer.run()
        if explorer.isOverBudget {
            // A tenth of the budget again, at least some: chance finds what is far from the recording.
            explorer.runRandomly(max(50, limits.replays / 10), seed: limits.seed &+ UInt64(number))
        }
        let about = describer.keys(problem)
        coverage.groups.append(
            PredictionCoverage.Group(
                deliveries: problem.movableCount, replays: explorer.replays, states: explorer.outcomes.count,
                slot: about.slot, keys: about.keys))
        coverage.replays += explorer.replays
        coverage.randomReplays += explorer.randomReplays
        coverage.bounded += explorer.isBounded ? 1 : 0
        coverage.overBudget += explorer.isOverBudget ? 1 : 0
        coverage.truncated += problem.isTruncated ? 1 : 0
        let others = explorer.outcomes.filter { $0.state.values != explorer.recorded.values }
            .sorted(by: Self.isNearer)
        coverage.ends += others.count
        for (place, outcome) in others.prefix(limits.ends).enumerated() where found.count < Self.maximumFound {
            let isFirst = place == 0 && limits.judged > 0 && number < Self.maximumNearest
            let isJudged = isFirst || (place < limits.judged && found.count < Self.maximumJudged)
            if let prediction = describer.describe(outcome, explorer, number, isJudged: isJudged) { found.append(prediction) }
        }
    }

    /// Exact orders first, then those nearer to the recorded one.
    private static func isNearer(_ one: OrderExplorer.Outcome, _ other: OrderExplorer.Outcome) -> Bool {
        let (a, b) = ((one.state.inexact < 0 ? 0 : 1, one.reversals), (other.state.inexact < 0 ? 0 : 1, other.reversals))
        return a == b ? one.order.lexicographicallyPrecedes(other.order) : a < b
    }

    private static func rank(_ one: Prediction) -> (Int, Int, Int, Int) {
        (3 - Int(one.severity.rawValue), one.component, one.reversals.count, one.order.first ?? 0)
    }

    private mutating func note(_ log: TraceLog, _ engine: RuleEngine, _ program: PredictionProgram) {
        if coverage.bounded > 0 {
            unknown.append(
                "Orders with more than \(limits.reversals) pairs the other way round were left out in \(coverage.bounded) of the \(coverage.groups.count) groups of responses; --bound takes more."
            )
        }
        if coverage.overBudget > 0 {
            unknown.append(
                "In \(coverage.overBudget) groups the budget of \(limits.replays) replays was spent; \(coverage.randomReplays) further orders were drawn by chance (seed \(limits.seed)). --budget gives more."
            )
        }
        if coverage.truncated > 0 {
            unknown.append(
                "\(coverage.truncated) groups have more than \(StepSet.capacity) steps; only their last ones were put into other orders."
            )
        }
        if program.guards.isEmpty, !found.isEmpty {
            unknown.append(
                "No write names a guard. If the application checks a response before it writes, record that (`guard`): the replay then honours it."
            )
        }
        let dropped = engine.log.flags.count { $0.contains(.dropped) }
        if dropped > 0 {
            unknown.append(
                "\(dropped) responses were thrown away by a guard in the recording; what they would have written in another order is not known."
            )
        }
    }
}
