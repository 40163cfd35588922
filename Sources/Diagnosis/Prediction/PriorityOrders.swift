/// Orders of a component by random priorities: the enabled step of highest priority comes next, and at a few places the priority of what would
/// come is taken away. The same seed draws the same orders.
struct PriorityOrders {
    private let problem: OrderProblem
    private var state: UInt64

    /// Change points of an order: an order that needs d - 1 of them is met with at least 1/(n k^(d-1)) chance.
    static let changePoints = 2

    init(_ problem: OrderProblem, seed: UInt64) {
        self.problem = problem
        state = seed
    }

    mutating func next() -> [Int] {
        let count = problem.steps.count
        let own = Int64(random() >> 2)
        // The process's own steps are one thread: they have one priority.
        var priorities = problem.steps.map { $0.action.isFixed ? own : Int64(random() >> 2) }
        let changes = (0..<Self.changePoints).map { _ in Int(random() % UInt64(max(1, count))) }
        var done = StepSet()
        var order: [Int] = []
        while order.count < count {
            guard var step = highest(done, priorities) else { return order }
            if let change = changes.firstIndex(of: order.count) {
                priorities[step] = -1 - Int64(change)
                step = highest(done, priorities) ?? step
            }
            done.insert(step)
            order.append(step)
        }
        return order
    }

    private func highest(_ done: StepSet, _ priorities: [Int64]) -> Int? {
        var best: Int?
        problem.all.subtracting(done).forEach { step in
            guard problem.predecessors[step].isSubset(of: done) else { return }
            if best.map({ priorities[$0] < priorities[step] }) ?? true { best = step }
        }
        return best
    }

    /// SplitMix64 (Steele, Lea and Flood 2014); TraceSynthesis has it too, which a diagnosis does not import.
    private mutating func random() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
