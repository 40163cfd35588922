import Trace

/// One component of the conflict graph, ready to be run in any order: its steps with the writes to its places, who precedes whom, and whose
/// order matters. Steps are numbered in the recorded order.
struct OrderProblem: Sendable {
    struct Write: Sendable {
        enum Kind: Sendable {
            case plain, optimistic, rollback
            /// Computed from these places as they are.
            case derived([Int])
        }

        var kind: Kind
        var event: UInt32
        var place: Int
        var value: Int32
        var intent: Int32
        var slot: Int32
        var rank: Int64
        var version: TraceVersion
        /// The check that the trace says stands between delivery and write.
        var `guard`: Guard?
    }

    struct Step: Sendable {
        /// Into the program's steps.
        var id: Int
        var action: PredictionProgram.Action
        var slot: Int32
        var rank: Int64
        var writes: [Write] = []
        var reads: [(place: Int, event: UInt32)] = []
        /// The fixed step before which it cannot come: where its request began.
        var fixedBefore: Int32
        /// It writes and looks at nothing.
        var isBlind = true
    }

    let steps: [Step]
    /// Into `RuleEngine.places`.
    let places: [Int32]
    let all: StepSet
    /// By step: those that come before it in every order.
    let predecessors: [StepSet]
    let successors: [StepSet]
    /// By step: those whose order to it matters, where both orders are possible.
    let conflicts: [StepSet]
    /// By step: the step and those that come before it in every order.
    let needed: [StepSet]
    /// By step: the conflicting ones recorded before it.
    let rivalsBefore: [StepSet]
    let values: ValueTable
    /// More steps belong here than are explored.
    let isTruncated: Bool

    init(
        steps: [Step], places: [Int32], predecessors: [StepSet], conflicts: [StepSet], values: ValueTable, isTruncated: Bool
    ) {
        self.steps = steps
        self.places = places
        self.predecessors = predecessors
        self.conflicts = conflicts
        self.values = values
        self.isTruncated = isTruncated
        all = StepSet(count: steps.count)
        var successors = Array(repeating: StepSet(), count: steps.count)
        for step in steps.indices { predecessors[step].forEach { successors[$0].insert(step) } }
        self.successors = successors
        needed = steps.indices.map { step in
            var set = predecessors[step]
            set.insert(step)
            return set
        }
        rivalsBefore = steps.indices.map { conflicts[$0].intersection(StepSet(count: $0)) }
    }

    var movableCount: Int { steps.count { !$0.action.isFixed } }

    /// Pairs that an order has the other way round than the recording.
    func reversals(_ order: [Int]) -> [(first: Int, second: Int)] {
        var found: [(first: Int, second: Int)] = []
        for (place, step) in order.enumerated() {
            for earlier in order[..<place] where earlier > step && conflicts[step].contains(earlier) {
                found.append((earlier, step))
            }
        }
        return found
    }
}

/// What stands at a component's places while its steps run.
///
/// Equal states have equal futures, given which steps are done: what follows from these alone (the latest intent of a slot) is not compared.
struct OrderState: Sendable, Hashable {
    /// Value numbers; -1 is what stood there before, `gone` what left with its view.
    var values: [Int32]
    /// Of what stands: the highest rank that its slot wrote here, for G3.
    var ranks: [Int64]
    var slots: [Int32]
    var versions: [TraceVersion]
    var pending: [Pending] = []
    /// The first event that read something else than it did in the recording; -1 for none: from there on the run is not exact.
    var inexact: Int32 = -1
    /// Off where nobody asks who wrote what stands: ranks, slots, versions and what is pending are then left as they are.
    var tracksWriters = true
    /// By slot, and which of its unmounts came last: functions of the steps done.
    private(set) var latest: [Int32: Int64] = [:]
    private var unmounted: [Int32: Int32] = [:]

    /// An optimistic write that is not taken back.
    struct Pending: Sendable, Hashable {
        var place: Int
        var intent: Int32
        var before: Int32
    }

    static let gone: Int32 = -2

    /// Takes back the newest intent of a slot that a step made known.
    mutating func forgetLatest(of slot: Int32, before: Int64?) { latest[slot] = before }

    init(_ places: Int) {
        values = Array(repeating: -1, count: places)
        ranks = Array(repeating: .min, count: places)
        slots = Array(repeating: -1, count: places)
        versions = Array(repeating: .none, count: places)
    }

    static func == (a: OrderState, b: OrderState) -> Bool {
        a.values == b.values && a.ranks == b.ranks && a.slots == b.slots && a.versions == b.versions && a.pending == b.pending
            && a.inexact == b.inexact
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(values)
        hasher.combine(inexact)
    }

    /// Performs a step. `expected` are the values that its reads had in the recording; `table` numbers derived values.
    mutating func perform(_ step: OrderProblem.Step, _ table: inout DerivedValues, expected: [Int32]?) {
        for (index, read) in step.reads.enumerated() {
            if let expected, inexact < 0, values[read.place] != expected[index] { inexact = Int32(bitPattern: read.event) }
        }
        switch step.action {
        case .asked: latest[step.slot] = max(latest[step.slot] ?? .min, step.rank)
        case .unmounted: unmount(step)
        case .began, .gaveUp, .read, .wrote, .delivered, .received, .hydrated: break
        }
        for write in step.writes where lets(write, of: step) { apply(write, &table) }
    }

    /// Whether the check that stands before a write lets it through.
    func lets(_ write: OrderProblem.Write, of step: OrderProblem.Step) -> Bool {
        switch write.guard {
        case .cancelInFlight, .identityBinding: !isSuperseded(write, of: step)
        case .versionCheck: !isBelow(write)
        case .queue, .ignoreWhilePending, .idempotencyKey, .atomicReadModifyWrite, .snapshotToken, .waitForDependency, nil: true
        }
    }

    private mutating func unmount(_ step: OrderProblem.Step) {
        unmounted[step.slot] = Int32(step.id)
        for place in values.indices where slots[place] == step.slot {
            values[place] = Self.gone
            ranks[place] = .min
        }
    }

    /// G1 and G2: a newer intent of the slot came, or its view went.
    private func isSuperseded(_ write: OrderProblem.Write, of step: OrderProblem.Step) -> Bool {
        // A write may serve a later intent of the slot than its request did.
        (latest[step.slot] ?? .min) > (write.slot == step.slot ? write.rank : step.rank)
            || (unmounted[step.slot] ?? -1) > step.fixedBefore
    }

    private mutating func apply(_ write: OrderProblem.Write, _ table: inout DerivedValues) {
        let place = write.place
        switch write.kind {
        case .rollback:
            guard let own = pending.lastIndex(where: { $0.place == place && $0.intent == write.intent }) else { return }
            values[place] = pending.remove(at: own).before
            return
        case .derived(let sources):
            values[place] = table.number(place, sources.map { values[$0] })
            if tracksWriters { slots[place] = write.slot }
            return
        case .optimistic:
            pending.append(Pending(place: place, intent: write.intent, before: values[place]))
        case .plain:
            if tracksWriters { pending.removeAll { $0.place == place && $0.intent == write.intent } }
        }
        values[place] = write.value
        guard tracksWriters else { return }
        ranks[place] = slots[place] == write.slot ? max(ranks[place], write.rank) : write.rank
        slots[place] = write.slot
        versions[place] = write.version
    }

    /// G3: by version where both are known, by rank within a slot.
    private func isBelow(_ write: OrderProblem.Write) -> Bool {
        let standing = versions[write.place]
        if write.version.number != nil, standing.number != nil { return write.version.isOlder(than: standing) }
        return slots[write.place] == write.slot && write.rank < ranks[write.place]
    }
}

/// Numbers for values that were computed: the same sources give the same number.
struct DerivedValues: Sendable {
    private var numbers: [[Int32]: Int32] = [:]
    private(set) var sources: [[Int32]] = []

    /// Above every recorded value's.
    static let first: Int32 = 1 << 30

    mutating func number(_ place: Int, _ from: [Int32]) -> Int32 {
        let key = [Int32(place)] + from
        if let known = numbers[key] { return known }
        let number = Self.first + Int32(sources.count)
        numbers[key] = number
        sources.append(from)
        return number
    }
}
