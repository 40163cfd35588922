/// Is there an order of the operations of one key that keeps real time and that a sequential store explains? Depth first over what
/// may come next, remembering configurations (Wing and Gong, "Testing and verifying concurrent objects", 1993; Lowe, "Testing for
/// linearizability", 2017). Operations are numbered in the order of invocation; number n has entry n for its invocation and entry
/// count + n for its completion in a list from which both are taken while it is done.
struct Search {
    enum Outcome: Equatable {
        case possible
        case impossible
        /// The budget ended.
        case unknown
    }

    /// Where a branch began, to go back there.
    private struct Frame {
        var state: Int32
        /// How many operations were done.
        var done: Int
        var low: Int
        var high: Int
        /// The next operation to try, then the next class of open ones.
        var nextStep: Int32
        var nextClass = 0
        /// The class that the branch in hand used, or -1.
        var usedClass = -1
    }

    /// Open operations that do the same; the first invoked is used first.
    private struct OpenClass {
        var step: SearchStep
        var invoked: [UInt32]
        var used = 0
    }

    private var problem: SearchProblem
    private let budget: Int
    private var next: [Int32]
    private var previous: [Int32]
    private var classes: [OpenClass] = []
    private var done: [UInt64]
    /// The operations that are done, in order.
    private var order: [Int32] = []
    private var frames: [Frame] = []
    private var seen = ConfigurationSet()
    private var state: Int32
    /// All operations below are done, and none above `high`.
    private var low = 0
    private var high = -1
    private var key: [UInt64] = []

    /// How many configurations were remembered.
    var nodes: Int { seen.count }
    /// The completion that no branch could pass: its position and operation.
    private(set) var furthest: UInt32 = 0
    private(set) var furthestStep: Int32 = -1
    /// The states in which branches stood before it.
    private(set) var statesThere: Set<Int32> = []

    init(_ problem: SearchProblem, budget: Int) {
        self.problem = problem
        self.budget = budget
        state = problem.initial
        readsLeft = problem.steps.count { $0.kind == .read }
        writesLeft = problem.steps.count { $0.kind == .write } + problem.openSteps.count { $0.kind == .write }
        let count = problem.steps.count
        done = Array(repeating: 0, count: count / 64 + 1)
        (next, previous) = Self.entries(problem)
        var classNumbers: [SearchStep: Int] = [:]
        for (step, invoked) in zip(problem.openSteps, problem.openInvoked) {
            if let known = classNumbers[step] {
                classes[known].invoked.append(invoked)
            } else {
                classNumbers[step] = classes.count
                classes.append(OpenClass(step: step, invoked: [invoked]))
            }
        }
    }

    /// The list of entries by position; entry 2 * count is its head.
    private static func entries(_ problem: SearchProblem) -> ([Int32], [Int32]) {
        let count = problem.steps.count
        var byPosition: [UInt64] = []
        byPosition.reserveCapacity(count * 2)
        for step in 0..<count {
            byPosition.append(UInt64(problem.invoked[step]) << 32 | UInt64(step))
            byPosition.append(UInt64(problem.completed[step]) << 32 | UInt64(count + step))
        }
        byPosition.sort()
        var next = Array(repeating: Int32(-1), count: count * 2 + 1)
        var previous = next
        var last = Int32(truncatingIfNeeded: count * 2)
        for packed in byPosition {
            let entry = Int32(truncatingIfNeeded: packed & 0xFFFF_FFFF)
            next[Int(last)] = entry
            previous[Int(entry)] = last
            last = entry
        }
        return (next, previous)
    }

    /// How many reads, and how many writes (open ones too), are not done.
    private var readsLeft: Int
    private var writesLeft: Int

    private var head: Int { next.count - 1 }
    private var count: Int { problem.steps.count }

    mutating func run() -> Outcome {
        if next[head] < 0 { return .possible }
        frames.append(frame())
        guard enter() else { return next[head] < 0 ? .possible : .impossible }
        while true {
            if seen.count > budget || seen.isFull { return .unknown }
            if advance() {
                frames.append(frame())
                if !enter() {
                    if next[head] < 0 { return .possible }
                    leave()
                }
            } else {
                frames.removeLast()
                if frames.isEmpty { return .impossible }
                restore()
            }
        }
    }

    // MARK: Branches

    private func frame() -> Frame {
        Frame(state: state, done: order.count, low: low, high: high, nextStep: -2)
    }

    /// Does what fits at once, and decides whether to go on from here.
    /// - Returns: false when all is done, or this was seen, or it is a dead end.
    private mutating func enter() -> Bool {
        doWhatFits()
        let first = next[head]
        guard first >= 0 else { return false }
        frames[frames.count - 1] = frame()
        guard remember() else { return false }
        var mayContinue = false
        var entry = first
        while entry < count { entry = next[Int(entry)] }
        let due = Int(entry) - count
        let position = problem.completed[due]
        if position >= furthest || furthestStep < 0 {
            if position > furthest || furthestStep < 0 { statesThere = [] }
            furthest = position
            furthestStep = Int32(truncatingIfNeeded: due)
            if statesThere.count < 1_000 { statesThere.insert(state) }
        }
        mayContinue = !hasPassedReads && canBeReached(due, before: position)
        if mayContinue { frames[frames.count - 1].nextStep = first }
        return mayContinue
    }

    /// Whether something can still make the state that the operation due next needs.
    private func canBeReached(_ due: Int, before position: UInt32) -> Bool {
        let step = problem.steps[due]
        guard step.kind == .read || step.kind == .swap, step.old != state else { return true }
        var entry = next[head]
        while entry < count {
            if leads(problem.steps[Int(entry)], to: step.old) { return true }
            entry = next[Int(entry)]
        }
        for group in classes where group.used < group.invoked.count && group.invoked[group.used] < position {
            if leads(group.step, to: step.old) { return true }
        }
        return false
    }

    /// Whether a step can be on the way to a state that another one needs.
    private func leads(_ step: SearchStep, to target: Int32) -> Bool {
        switch step.kind {
        case .append: problem.content?.begins(target, with: state) ?? false
        case .write, .swap: problem.content?.begins(target, with: step.new) ?? (step.new == target)
        case .read, .differs: false
        }
    }

    /// Whether what is left to read was passed for good: nothing resets the content.
    private var hasPassedReads: Bool {
        problem.content != nil && state == AppendedContent.unread && readsLeft > 0 && writesLeft == 0
    }

    /// Reads that fit the state can be moved here in every explanation.
    private mutating func doWhatFits() {
        var entry = next[head]
        while entry >= 0, entry < count {
            let step = problem.steps[Int(entry)]
            let following: Int32
            if step.kind == .read && step.old == state || step.kind == .differs && step.old != state {
                // Its completion may be what comes next.
                following =
                    next[Int(entry)] == entry + Int32(truncatingIfNeeded: count)
                    ? next[Int(next[Int(entry)])] : next[Int(entry)]
                take(entry)
            } else {
                following = next[Int(entry)]
            }
            entry = following
        }
    }

    /// Tries the next branch of the last frame.
    /// - Returns: false when there is none.
    private mutating func advance() -> Bool {
        let index = frames.count - 1
        var entry = frames[index].nextStep
        while entry >= 0, entry < count {
            let step = problem.steps[Int(entry)]
            if let new = apply(step) {
                frames[index].nextStep = next[Int(entry)]
                frames[index].usedClass = -1
                take(entry)
                state = new
                return true
            }
            entry = next[Int(entry)]
        }
        frames[index].nextStep = entry
        guard entry >= 0 else { return false }
        return advanceClass(index, before: problem.completed[Int(entry) - count])
    }

    private mutating func advanceClass(_ index: Int, before position: UInt32) -> Bool {
        while frames[index].nextClass < classes.count {
            let number = frames[index].nextClass
            frames[index].nextClass += 1
            let group = classes[number]
            guard group.used < group.invoked.count, group.invoked[group.used] < position else { continue }
            guard let new = apply(group.step), new != state else { continue }
            classes[number].used += 1
            if group.step.kind == .write { writesLeft -= 1 }
            frames[index].usedClass = number
            state = new
            return true
        }
        return false
    }

    private mutating func apply(_ step: SearchStep) -> Int32? {
        switch step.kind {
        case .write: step.new
        case .swap: step.old == state ? step.new : nil
        case .append: problem.content?.appending(step.new, to: state)
        case .read, .differs: nil
        }
    }

    /// Leaves the branch in hand for the frame before.
    private mutating func leave() {
        frames.removeLast()
        restore()
    }

    /// Goes back to where the last frame was.
    private mutating func restore() {
        guard let frame = frames.last else { return }
        while order.count > frame.done { putBack() }
        state = frame.state
        low = frame.low
        high = frame.high
        if frame.usedClass >= 0 {
            classes[frame.usedClass].used -= 1
            if classes[frame.usedClass].step.kind == .write { writesLeft += 1 }
            frames[frames.count - 1].usedClass = -1
        }
    }

    // MARK: The list

    private mutating func take(_ entry: Int32) {
        unlink(Int(entry))
        unlink(Int(entry) + count)
        order.append(entry)
        count(entry, -1)
        done[Int(entry) >> 6] |= 1 << UInt64(entry & 63)
        high = max(high, Int(entry))
        while low < count, done[low >> 6] & 1 << UInt64(low & 63) != 0 { low += 1 }
    }

    private mutating func count(_ entry: Int32, _ change: Int) {
        switch problem.steps[Int(entry)].kind {
        case .read: readsLeft += change
        case .write: writesLeft += change
        case .differs, .swap, .append: break
        }
    }

    private mutating func unlink(_ entry: Int) {
        next[Int(previous[entry])] = next[entry]
        if next[entry] >= 0 { previous[Int(next[entry])] = previous[entry] }
    }

    private mutating func putBack() {
        let entry = Int(order.removeLast())
        count(Int32(truncatingIfNeeded: entry), 1)
        link(entry + count)
        link(entry)
        done[entry >> 6] &= ~(1 << UInt64(entry & 63))
    }

    private mutating func link(_ entry: Int) {
        next[Int(previous[entry])] = Int32(truncatingIfNeeded: entry)
        if next[entry] >= 0 { previous[Int(next[entry])] = Int32(truncatingIfNeeded: entry) }
    }

    /// - Returns: false when this configuration was seen.
    private mutating func remember() -> Bool {
        key.removeAll(keepingCapacity: true)
        key.append(UInt64(UInt32(bitPattern: state)) << 32 | UInt64(low))
        if high >= low { key.append(contentsOf: done[low >> 6...high >> 6]) }
        for (number, group) in classes.enumerated() where group.used > 0 {
            key.append(UInt64(number) << 32 | UInt64(group.used))
        }
        // The number of words of each part is not in the key: a part is told from the other by this.
        key.append(UInt64(max(0, high >= low ? high >> 6 - low >> 6 + 1 : 0)))
        return seen.insert(key)
    }
}
