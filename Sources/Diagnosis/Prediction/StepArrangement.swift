/// Puts steps of one process into an order: some of them as given, the others as near to the recording as what must come before what allows.
struct StepArrangement {
    private let program: PredictionProgram
    private let steps: [Int]
    private var numbers: [Int: Int] = [:]
    private var followers: [[Int]]
    private var open: [Int]

    /// `steps` are in the recorded order and hold what they need; `sequence` is some of them. `nil` when the sequence contradicts what must be.
    static func arrange(_ program: PredictionProgram, _ steps: [Int], sequence: [Int]) -> [Int]? {
        var arrangement = StepArrangement(program, steps)
        arrangement.connect()
        for (one, other) in zip(sequence, sequence.dropFirst()) { arrangement.put(one, before: other) }
        let order = arrangement.order()
        return order.count == steps.count ? order : nil
    }

    private init(_ program: PredictionProgram, _ steps: [Int]) {
        self.program = program
        self.steps = steps
        followers = Array(repeating: [], count: steps.count)
        open = Array(repeating: 0, count: steps.count)
        for (number, step) in steps.enumerated() { numbers[step] = number }
    }

    private mutating func put(_ one: Int, before other: Int) {
        guard let first = numbers[one], let second = numbers[other] else { return }
        followers[first].append(second)
        open[second] += 1
    }

    private mutating func connect() {
        let fixed = steps.filter { program.steps[$0].isFixed }
        for (one, other) in zip(fixed, fixed.dropFirst()) { put(one, before: other) }
        for step in steps {
            let one = program.steps[step]
            for need in one.needs { put(Int(need), before: step) }
            guard !one.isFixed else { continue }
            // Where the neighbours on the chain are not among the steps, the nearest ones that are stand for them.
            if one.fixedBefore >= 0, let before = fixed.last(where: { $0 <= Int(one.fixedBefore) }) {
                put(before, before: step)
            }
            if one.fixedAfter != .max, let after = fixed.first(where: { $0 >= Int(one.fixedAfter) }) {
                put(step, before: after)
            }
        }
    }

    /// The first as recorded of those that can come next, again and again.
    private mutating func order() -> [Int] {
        var ready = SmallestFirst()
        for number in open.indices where open[number] == 0 { ready.insert(number) }
        var order: [Int] = []
        while let number = ready.removeFirst() {
            order.append(steps[number])
            for follower in followers[number] {
                open[follower] -= 1
                if open[follower] == 0 { ready.insert(follower) }
            }
        }
        return order
    }
}

/// A heap of numbers.
private struct SmallestFirst {
    private var heap: [Int] = []

    mutating func insert(_ number: Int) {
        heap.append(number)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Int? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
            guard let least = children.min(by: { heap[$0] < heap[$1] }), heap[least] < heap[parent] else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
