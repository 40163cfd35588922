/// Linearizability of a history, key by key.
package struct LinearizabilityCheck {
    /// Configurations that a search may remember for one key.
    package static let defaultNodeBudget = 4_000_000

    private let history: History
    private let nodeBudget: Int
    private let forcesSearch: Bool
    private var result = ConsistencyResult(.linearizable)

    /// - Parameter forcesSearch: never take the zone test: to compare both.
    package init(_ history: History, nodeBudget: Int = Self.defaultNodeBudget, forcesSearch: Bool = false) {
        self.history = history
        self.nodeBudget = nodeBudget
        self.forcesSearch = forcesSearch
    }

    /// - Complexity: O(n log n) where values are distinct; else exponential in what is open at once, up to the budget.
    package mutating func run() -> ConsistencyResult {
        result = ConsistencyResult(.linearizable)
        guard history.hasInvocations else {
            result.cannotTell("the history has no invocations, so nothing says what came first")
            return result
        }
        guard history.hasRealTime else {
            result.cannotTell("the processes share no clock, so nothing says what came first")
            return result
        }
        for operation in 0..<history.count where history.kinds[operation] == .transaction {
            guard history.singleStep(operation) != nil else {
                result.cannotTell(
                    "[\(history.id(operation))] is a transaction of several steps; linearizability is of single ones")
                return result
            }
        }
        let (starts, operations) = byKey()
        var zones = ZoneTest(history)
        for key in 0..<history.keys.count where starts[key] < starts[key + 1] {
            check(operations[starts[key]..<starts[key + 1]], key: key, &zones)
        }
        return result
    }

    /// The operations of each key in the order of invocation, one key behind the other.
    private func byKey() -> (starts: [Int], operations: [Int32]) {
        var starts = Array(repeating: 0, count: history.keys.count + 1)
        for operation in 0..<history.count { starts[key(operation) + 1] += 1 }
        for key in 0..<history.keys.count { starts[key + 1] += starts[key] }
        var next = starts
        var operations = Array(repeating: Int32(0), count: history.count)
        for operation in 0..<history.count {
            let key = key(operation)
            operations[next[key]] = Int32(truncatingIfNeeded: operation)
            next[key] += 1
        }
        return (starts, operations)
    }

    @inline(__always)
    private func key(_ operation: Int) -> Int {
        let place = Int(history.places[operation])
        guard history.kinds[operation] == .transaction else { return place }
        return max(0, Int(history.steps[place].key))
    }

    private mutating func check(_ operations: ArraySlice<Int32>, key: Int, _ zones: inout ZoneTest) {
        let isPlain =
            !forcesSearch
            && (history.present.isSubset(of: OperationKinds(.read, .write))
                || operations.allSatisfy { history.kinds[Int($0)] == .read || history.kinds[Int($0)] == .write })
        if isPlain {
            switch zones.check(operations, key: key) {
            case .valid: return
            case .invalid(let findings):
                for finding in findings { result.add(finding) }
                return
            case .notDistinct: break
            }
        }
        search(operations, key: key)
    }

    private mutating func search(_ operations: ArraySlice<Int32>, key: Int) {
        let builder = SearchProblemBuilder(history, operations)
        let problem = builder.problem()
        var search = Search(problem, budget: nodeBudget)
        switch search.run() {
        case .possible: return
        case .unknown:
            let name = history.keyName(key).map { " of key \(history.texts.describe($0))" } ?? ""
            result.cannotTell("the search\(name) ended at \(nodeBudget) nodes; a larger --node-budget may tell")
        case .impossible:
            guard result.findings.count < ConsistencyResult.maximalFindings else {
                result.more += 1
                return
            }
            var witness = SearchWitness(history, builder, search, problem, key: key)
            result.add(witness.finding())
        }
    }
}
