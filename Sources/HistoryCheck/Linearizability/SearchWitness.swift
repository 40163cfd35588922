/// Makes the reason small why a key has no linearization: the shortest beginning of its history that has none, then the latest
/// start from which that holds whatever the value was, then without the reads that are not needed.
struct SearchWitness {
    /// For all trials together; what is not proven within it stays in the witness.
    private static let budget = 400_000
    /// More operations are not tried one by one.
    private static let maximalSingles = 64
    /// More are not listed.
    private static let maximalListed = 24

    private let history: History
    private let builder: SearchProblemBuilder
    private let key: Int
    private let end: UInt32
    private let last: Int32
    private var left: Set<Int32> = []
    private var budget = Self.budget

    /// - Parameter search: found it impossible.
    init(_ history: History, _ builder: SearchProblemBuilder, _ search: Search, _ problem: SearchProblem, key: Int) {
        self.history = history
        self.builder = builder
        self.key = key
        end = search.furthest
        last = problem.operations[Int(search.furthestStep)]
    }

    mutating func finding() -> HistoryFinding {
        var start: UInt32 = 0
        if builder.allowsStart { start = latestStart() }
        leaveOutReads(from: start)
        let problem = builder.problem(from: start, to: end, without: left)
        return describe(problem, start: start)
    }

    /// Whether the part is impossible whatever the value was before it; false when the budget cannot tell.
    private mutating func isImpossible(from start: UInt32, without left: Set<Int32>) -> Bool {
        var problem = builder.problem(from: start, to: end, without: left)
        guard start > 0 else { return run(problem) }
        var initials = Set([builder.otherState])
        for step in problem.steps where step.old >= 0 { initials.insert(step.old) }
        for step in problem.openSteps where step.old >= 0 { initials.insert(step.old) }
        for initial in initials.sorted() {
            problem.initial = initial
            guard run(problem) else { return false }
        }
        return true
    }

    private mutating func run(_ problem: SearchProblem) -> Bool {
        guard budget > 0 else { return false }
        var search = Search(problem, budget: budget)
        let outcome = search.run()
        // A trial costs something even if it visits little.
        budget -= search.nodes + 1 + problem.steps.count / 16
        return outcome == .impossible
    }

    private mutating func latestStart() -> UInt32 {
        let whole = builder.problem(to: end)
        let invocations = whole.invoked
        var size = 1
        var proven = invocations.count
        while size < invocations.count {
            if isImpossible(from: invocations[invocations.count - size], without: []) {
                proven = size
                break
            }
            size *= 2
        }
        guard proven < invocations.count else { return 0 }
        var low = size / 2
        while low + 1 < proven {
            let middle = (low + proven) / 2
            if isImpossible(from: invocations[invocations.count - middle], without: []) {
                proven = middle
            } else {
                low = middle
            }
        }
        return invocations[invocations.count - proven]
    }

    private mutating func leaveOutReads(from start: UInt32) {
        let problem = builder.problem(from: start, to: end)
        guard problem.operations.count <= Self.maximalSingles else { return }
        for (operation, step) in zip(problem.operations, problem.steps) where !step.changes && operation != last {
            if isImpossible(from: start, without: left.union([operation])) { left.insert(operation) }
        }
    }

    private func describe(_ problem: SearchProblem, start: UInt32) -> HistoryFinding {
        var search = Search(problem, budget: Self.budget)
        if start == 0 { _ = search.run() }
        let completion = history.completionLine(Int(last)).map { " (line \($0))" } ?? ""
        var sentences: [String] = []
        let listed = listed(problem)
        let isWhole = problem.operations.count <= Self.maximalListed
        if start == 0, builder.allowsStart, search.furthestStep >= 0 {
            let states = search.statesThere.sorted().prefix(8).map(stateName)
            sentences.append(
                "Every order that explains what completed before leaves the value at \(states.joined(separator: " or ")) when "
                    + "\(history.named(Int(last))) must have happened\(completion).")
        } else {
            sentences.append("No order of the operations lets \(history.named(Int(last))) complete\(completion).")
        }
        if start > 0 {
            let line = history.lines[Int(start)]
            sentences.append(
                "That holds from line \(line) on, whatever the value was and whichever operations open then happened.")
        }
        if !isWhole {
            sentences.append("\(problem.operations.count) operations are needed to see it; those open at the end are listed.")
        }
        return HistoryFinding(
            anomaly: .noLinearization, key: history.keyName(key), operations: listed.map(Int.init).sorted(),
            sentences: sentences)
    }

    /// All operations of the witness, or those that were open when the last one completed.
    private func listed(_ problem: SearchProblem) -> [Int32] {
        guard problem.operations.count > Self.maximalListed else { return problem.operations }
        let begun = history.invoked[Int(last)]
        let open = problem.operations.filter { history.completed[Int($0)] > begun && $0 != last }
        return Array(open.suffix(Self.maximalListed - 1)) + [last]
    }

    private func stateName(_ state: Int32) -> String {
        state >= 0 && state < builder.values.count ? history.texts.describe(builder.values[Int(state)]) : "something else"
    }
}
