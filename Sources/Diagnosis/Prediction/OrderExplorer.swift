import Trace

/// Runs a component in every order that differs, each class of orders once (`Docs/specifications/prediction.md`, section 4).
///
/// Source sets (Abdulla, Aronsson, Jonsson and Sagonas 2014) decide which steps are tried at a point: as recorded payloads never change who
/// conflicts with whom, they are computed before a step is run, not found by running on and coming back. Sleep sets (Godefroid 1996) keep one
/// class from being run twice. With state hashing a point is left when the same steps were done before and led to the same state with
/// as many reversals to spare. The bound is on pairs in the other order than recorded: a figure of the class, not of the run, so that
/// none within it is lost.
struct OrderExplorer {
    /// How far to go.
    struct Limits: Sendable, Hashable {
        /// Pairs that may come in the other order than recorded.
        var reversals: Int
        /// Replays of one component before chance takes over.
        var replays: Int
        /// Off: one replay a class, to count them.
        var hashesStates = true
    }

    /// Where some orders end.
    struct Outcome: Sendable {
        var order: [Int]
        var state: OrderState
        var reversals: Int
    }

    /// Points looked at for each replay allowed: a long component passes many on the way.
    static let pointsPerReplay = 300

    let problem: OrderProblem
    let limits: Limits
    /// Numbers of values that were computed.
    var table: DerivedValues { walk.table }
    /// What each read found in the recording, by step.
    private let expected: [[Int32]]
    /// The recorded order's end.
    let recorded: OrderState
    /// By the values at the end, in the order they were found.
    private(set) var outcomes: [Outcome] = []
    private var outcomeByValues: [[Int32]: Int] = [:]
    private(set) var replays = 0
    private(set) var points = 0
    /// Whether orders were left out by the bound, or by the budget.
    private(set) var isBounded = false
    private(set) var isOverBudget = false
    /// Replays in orders chosen by chance.
    private(set) var randomReplays = 0
    private var known = PointTable()
    private var walk: OrderWalk
    private var level = 0
    private let lastWriters: LastWriters

    init(_ problem: OrderProblem, _ limits: Limits) {
        self.problem = problem
        self.limits = limits
        var state = OrderState(problem.places.count)
        var table = DerivedValues()
        var expected: [[Int32]] = []
        for step in problem.steps {
            // A step's reads come before its writes.
            expected.append(step.reads.map { state.values[$0.place] })
            state.perform(step, &table, expected: nil)
        }
        self.expected = expected
        recorded = state
        walk = OrderWalk(problem, expected, table)
        lastWriters = LastWriters(problem, walk)
    }

    /// Components up to this size are run in one go; of larger ones first every single reversal, so that a budget is not spent on their end.
    static let smallComponent = 8

    mutating func run() {
        let levels =
            problem.movableCount > Self.smallComponent && limits.reversals > 1 ? [1, limits.reversals] : [limits.reversals]
        for level in levels where !isOverBudget {
            self.level = level
            known = PointTable()
            isBounded = false
            var order: [Int] = []
            explore(StepSet(), used: 0, sleeping: StepSet(), &order)
        }
    }

    // MARK: Exploring

    private mutating func explore(_ done: StepSet, used: Int, sleeping: StepSet, _ order: inout [Int]) {
        guard order.count < problem.steps.count else { return finish(order, used) }
        points += 1
        if points > limits.replays * Self.pointsPerReplay { isOverBudget = true }
        guard !isOverBudget, !isKnown(done, spare: level - used) else { return }
        var sleeping = sleeping
        var ways = ways(done, spare: level - used)
        while let step = ways.first {
            ways.remove(step)
            guard !sleeping.contains(step) else { continue }
            let cost = problem.rivalsBefore[step].subtracting(done).count
            guard used + cost <= level else {
                isBounded = true
                continue
            }
            var after = done
            after.insert(step)
            order.append(step)
            walk.perform(step)
            let stillAsleep = limits.hashesStates ? StepSet() : sleeping.subtracting(problem.conflicts[step])
            explore(after, used: used + cost, sleeping: stillAsleep, &order)
            walk.takeBack()
            order.removeLast()
            if !limits.hashesStates { sleeping.insert(step) }
        }
    }

    private mutating func isKnown(_ done: StepSet, spare: Int) -> Bool {
        guard limits.hashesStates else { return false }
        return known.isKnown(done, state: walk.stateNumber(), spare: spare)
    }

    private mutating func finish(_ order: [Int], _ used: Int) {
        replays += 1
        if replays >= limits.replays { isOverBudget = true }
        note(Outcome(order: order, state: walk.state, reversals: used))
    }

    /// Keeps the order with the fewest reversals of those that end alike, an exact one before one that is not.
    private mutating func note(_ outcome: Outcome) {
        guard let known = outcomeByValues[outcome.state.values] else {
            outcomeByValues[outcome.state.values] = outcomes.count
            outcomes.append(outcome)
            return
        }
        func rank(_ one: Outcome) -> (Int, Int) { (one.state.inexact < 0 ? 0 : 1, one.reversals) }
        if rank(outcome) < rank(outcomes[known]) { outcomes[known] = outcome }
    }

    /// The steps to try. One alone where the first as recorded leaves nothing in any order within the bound: each order from here ends as the
    /// one in which it comes first, which has no more reversals.
    private mutating func ways(_ done: StepSet, spare: Int) -> StepSet {
        guard limits.hashesStates, let first = problem.all.subtracting(done).first else { return sourceSet(done) }
        var one = StepSet()
        one.insert(first)
        switch lastWriters.remains(of: first, done, spare: spare) {
        case .some: return sourceSet(done)
        case .nothing: return one
        case .nothingWithinBound:
            isBounded = true
            return one
        }
    }

    /// Steps of which every order from here has one that nothing before it conflicts with: the first as recorded, and for each step that could
    /// come before one of them and conflicts with it, something that has to happen for that. All of them can come next: what is lowest of those
    /// that are left among a step and all that it needs, needs nothing more.
    private func sourceSet(_ done: StepSet) -> StepSet {
        var chosen = StepSet()
        guard let first = problem.all.subtracting(done).first else { return chosen }
        chosen.insert(first)
        var open = chosen
        // A rival needs one way only, whoever it is a rival of.
        var answered = done
        while let step = open.first {
            open.remove(step)
            let rivals = problem.conflicts[step].subtracting(answered).subtracting(problem.successors[step])
            answered = answered.union(rivals)
            rivals.forEach { rival in
                let ways = problem.needed[rival].subtracting(done)
                guard ways.intersection(chosen).isEmpty, let way = ways.first else { return }
                chosen.insert(way)
                open.insert(way)
            }
        }
        return chosen
    }

    // MARK: Single runs

    /// Runs one order and keeps its end.
    mutating func replay(_ order: [Int]) -> OrderState {
        for step in order { walk.perform(step) }
        let state = walk.state
        for _ in order { walk.takeBack() }
        return state
    }

    /// Orders drawn by chance, when the budget is spent: priorities with change points (PCT; Burckhardt, Kothari, Musuvathi and Nagarakatte 2010).
    mutating func runRandomly(_ count: Int, seed: UInt64) {
        var orders = PriorityOrders(problem, seed: seed)
        for _ in 0..<count {
            let order = orders.next()
            let state = replay(order)
            randomReplays += 1
            guard outcomeByValues[state.values] == nil else { continue }
            note(shrink(Outcome(order: order, state: state, reversals: problem.reversals(order).count)))
        }
    }

    /// Swaps tried to bring a drawn order nearer to the recorded one.
    static let maximumShrinks = 4_000

    /// Takes neighbours back into the recorded order as long as the end stays the same.
    private mutating func shrink(_ outcome: Outcome) -> Outcome {
        var best = outcome
        var tries = 0
        var place = 0
        while place + 1 < best.order.count, tries < Self.maximumShrinks {
            defer { place += 1 }
            let (one, other) = (best.order[place], best.order[place + 1])
            guard one > other, !problem.predecessors[other].contains(one) else { continue }
            var order = best.order
            order.swapAt(place, place + 1)
            tries += 1
            let state = replay(order)
            guard state.values == best.state.values else { continue }
            best = Outcome(order: order, state: state, reversals: 0)
            place = max(-1, place - 2)
        }
        best.reversals = problem.reversals(best.order).count
        return best
    }
}
