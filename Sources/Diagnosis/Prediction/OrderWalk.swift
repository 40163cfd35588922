/// A state that steps are performed on and taken back from, in place: a search goes down one step and up again millions of times.
///
/// It numbers the states that it comes to, for `PointTable`. Two states are one when nothing that can still come tells them apart: what stands
/// at a place is *forgotten* as long as some step that will overwrite it is still to come and nobody looks at it before. States are compared in
/// full, and not by their hashes.
struct OrderWalk {
    private let problem: OrderProblem
    /// What each read found in the recording, by step.
    private let expected: [[Int32]]
    private(set) var state: OrderState
    private(set) var table: DerivedValues
    /// Only plain and derived writes, and nobody asks who wrote what stands: a step is then taken back by what stood at its places.
    private let isPlain: Bool
    /// By step: the places that it writes.
    let touched: [[Int]]
    /// By place: whether what stands there can be forgotten while `left` is above 0.
    let isForgettable: [Bool]
    /// By place: steps to come that write it.
    private var left: [Int]
    /// Of what is not forgotten.
    private var hash: UInt64 = 0
    private var frames: [Frame] = []
    /// Of plain problems: what stood at the places of the steps performed.
    private var overwritten: [Int32] = []
    /// Of the others: the states before them.
    private var copies: [OrderState] = []
    private var numbers = StateNumbers()
    /// The state as it is compared.
    private var row: [Int32]

    private struct Frame {
        var step: Int
        var hash: UInt64
        var inexact: Int32
        var latest: Int64?
    }

    init(_ problem: OrderProblem, _ expected: [[Int32]], _ table: DerivedValues) {
        self.problem = problem
        self.expected = expected
        self.table = table
        let isPlain = problem.isPlain
        self.isPlain = isPlain
        state = OrderState(problem.places.count)
        state.tracksWriters = !isPlain
        touched = problem.steps.map { step in
            step.writes.map(\.place).enumerated().filter { place in
                !step.writes[..<place.offset].contains { $0.place == place.element }
            }.map(\.element)
        }
        isForgettable = problem.places.indices.map { isPlain && problem.isOverwritten($0) }
        left = Array(repeating: 0, count: problem.places.count)
        row = Array(repeating: 0, count: problem.places.count + 1)
        for places in touched { for place in places { left[place] += 1 } }
        for place in problem.places.indices where isCounted(place) { hash &+= mixed(place) }
    }

    mutating func perform(_ index: Int) {
        let step = problem.steps[index]
        guard isPlain else {
            copies.append(state)
            return state.perform(step, &table, expected: expected[index])
        }
        frames.append(
            Frame(
                step: index, hash: hash, inexact: state.inexact, latest: step.action == .asked ? state.latest[step.slot] : nil))
        for place in touched[index] {
            overwritten.append(state.values[place])
            if isCounted(place) { hash &-= mixed(place) }
        }
        state.perform(step, &table, expected: expected[index])
        for place in touched[index] {
            left[place] -= 1
            if isCounted(place) { hash &+= mixed(place) }
        }
    }

    mutating func takeBack() {
        guard isPlain else {
            if let before = copies.popLast() { state = before }
            return
        }
        guard let frame = frames.popLast() else { return }
        for place in touched[frame.step].reversed() {
            left[place] += 1
            if let before = overwritten.popLast() { state.values[place] = before }
        }
        hash = frame.hash
        state.inexact = frame.inexact
        let step = problem.steps[frame.step]
        if step.action == .asked { state.forgetLatest(of: step.slot, before: frame.latest) }
    }

    /// The same number for the same state, as far as what can still come is concerned.
    mutating func stateNumber() -> Int32 {
        guard isPlain else { return numbers.number(state) }
        for place in left.indices { row[place] = isCounted(place) ? state.values[place] : .min }
        row[left.count] = state.inexact
        return numbers.number(row, hash: hash &+ UInt64(UInt32(bitPattern: state.inexact)))
    }

    private func isCounted(_ place: Int) -> Bool { !isForgettable[place] || left[place] == 0 }

    private func mixed(_ place: Int) -> UInt64 {
        var mixed = UInt64(UInt32(bitPattern: state.values[place])) | UInt64(place + 1) << 32
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        return (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    }
}

extension OrderProblem {
    /// Nothing but plain and derived writes, no version check, no view that goes: who wrote what stands is then of no consequence.
    var isPlain: Bool {
        steps.allSatisfy { step in
            step.action != .unmounted
                && step.writes.allSatisfy { write in
                    switch write.kind {
                    case .plain, .derived: write.guard != .versionCheck
                    case .optimistic, .rollback: false
                    }
                }
        }
    }

    /// Whether each write to a place leaves nothing of what stood there: none is held back by a guard, nobody reads the place, and what is computed
    /// from it is computed again by each step that writes it, and looked at by nobody.
    func isOverwritten(_ place: Int) -> Bool {
        var computed: Set<Int> = []
        for step in steps {
            if step.reads.contains(where: { $0.place == place }) { return false }
            for write in step.writes {
                if write.place == place, write.isHeldBack { return false }
                if case .derived(let sources) = write.kind, sources.contains(place) { computed.insert(write.place) }
            }
        }
        return computed.allSatisfy { target in
            target != place && !isLookedAt(target)
                && steps.allSatisfy { step in
                    guard let last = step.writes.lastIndex(where: { $0.place == place }) else { return true }
                    return step.writes[last...].contains { $0.place == target && !$0.isHeldBack }
                }
        }
    }

    private func isLookedAt(_ place: Int) -> Bool {
        steps.contains { step in
            step.reads.contains { $0.place == place }
                || step.writes.contains { write in
                    if case .derived(let sources) = write.kind { return sources.contains(place) }
                    return false
                }
        }
    }
}

extension OrderProblem.Write {
    /// Whether a guard may keep it out.
    fileprivate var isHeldBack: Bool { self.guard == .cancelInFlight || self.guard == .identityBinding }
}

/// Numbers for states, in the order in which they are met.
private struct StateNumbers {
    /// The states' values, one after the other.
    private var values: [Int32] = []
    private var hashes: [UInt64] = []
    /// State number + 1; 0 is free. Its length is a power of two.
    private var slots: [Int32] = Array(repeating: 0, count: 64)
    /// Of states that hold more than values.
    private var whole: [OrderState: Int32] = [:]

    mutating func number(_ state: OrderState) -> Int32 {
        if let known = whole[state] { return known }
        let number = Int32(whole.count)
        whole[state] = number
        return number
    }

    /// `row` has the same length every time.
    mutating func number(_ row: [Int32], hash: UInt64) -> Int32 {
        let count = row.count
        var slot = self.slot(hash)
        while slots[slot] > 0 {
            let number = Int(slots[slot]) - 1
            if hashes[number] == hash, values[number * count..<(number + 1) * count].elementsEqual(row) { return Int32(number) }
            slot = (slot + 1) & (slots.count - 1)
        }
        values += row
        hashes.append(hash)
        slots[slot] = Int32(hashes.count)
        let number = Int32(hashes.count - 1)
        if hashes.count * 2 > slots.count { grow() }
        return number
    }

    private func slot(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) >> 20) & (slots.count - 1)
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for number in hashes.indices {
            var slot = self.slot(hashes[number])
            while slots[slot] > 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(number + 1)
        }
    }
}
