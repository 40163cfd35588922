import Trace

/// Which steps of a program conflict: their order is not given and matters. Its components are explored apart: orders of one say nothing about
/// another, so that their numbers add up and do not multiply.
struct ConflictGraph {
    /// Steps that wrote one place before a step, compared with it; an order that turns more of them around has as many reversals.
    static let maximumNeighbours = 64

    let program: PredictionProgram
    private let engine: RuleEngine
    /// By place: the steps that touch it, as recorded.
    private(set) var accessors: [[Int32]]
    /// The asks and unmounts of each slot, as recorded.
    private var slotSteps: [Int32: [Int32]] = [:]
    /// Union-find over steps.
    private var parents: [Int32]
    /// By the component's root: places at which its steps conflict.
    private var conflictPlaces: [Int32: Set<Int32>] = [:]
    private var edges: [(one: Int32, place: Int32)] = []

    /// The whole graph.
    init(_ program: PredictionProgram) {
        self.init(accessorsOf: program)
        for place in accessors.indices where accessors[place].count > 1 { connect(Int32(place)) }
        connectSlots()
        for edge in edges { conflictPlaces[root(edge.one), default: []].insert(edge.place) }
    }

    /// Who touches what, and no conflicts.
    init(accessorsOf program: PredictionProgram) {
        self.program = program
        engine = program.engine
        accessors = Array(repeating: [], count: engine.places.count)
        parents = program.steps.indices.map { Int32($0) }
        findAccessors()
    }

    /// Components with more than one step, in the order of their first step.
    mutating func problems() -> [OrderProblem] {
        var members: [Int32: [Int]] = [:]
        for edge in edges { members[root(edge.one)] = [] }
        for step in program.steps.indices {
            let root = root(Int32(step))
            if members[root] != nil { members[root]?.append(step) }
        }
        let ordered = members.sorted { ($0.value.first ?? 0, $0.key) < ($1.value.first ?? 0, $1.key) }
        return ordered.compactMap { root, steps in
            guard steps.count > 1, let places = conflictPlaces[root] else { return nil }
            var builder = OrderProblemBuilder(program, accessors)
            return builder.build(steps, places)
        }
    }

    // MARK: Accesses

    private mutating func findAccessors() {
        for (index, step) in program.steps.enumerated() {
            for write in step.writes where !program.commutes(write) {
                touch(engine.writes[Int(write)].place, index)
                for source in program.sources(write) { touch(source, index) }
            }
            for read in step.reads { touch(read.place, index) }
            if step.slot >= 0, Self.decides(step) { slotSteps[step.slot, default: []].append(Int32(index)) }
        }
    }

    /// Asks for something, or takes a view away: what a slot's guards look at.
    private static func decides(_ step: PredictionProgram.Step) -> Bool {
        step.action == .asked || step.action == .unmounted
    }

    private mutating func touch(_ place: Int32, _ step: Int) {
        if accessors[Int(place)].last != Int32(step) { accessors[Int(place)].append(Int32(step)) }
    }

    // MARK: Conflicts

    private mutating func connect(_ place: Int32) {
        let steps = accessors[Int(place)]
        guard steps.contains(where: { !program.steps[Int($0)].isFixed }) else { return }
        let blind = steps.map { plain(Int($0), place) }
        // A step of each component that has a conflict here.
        var known: [Int32] = []
        for (index, step) in steps.enumerated() {
            for earlier in max(0, index - Self.maximumNeighbours)..<index {
                let other = steps[earlier]
                guard !(program.steps[Int(step)].isFixed && program.steps[Int(other)].isFixed) else { continue }
                // One more conflict here between steps of one of these says nothing new.
                if root(other) == root(step), known.contains(where: { root($0) == root(step) }) { continue }
                guard conflict(Int(other), Int(step), blind[earlier], blind[index]),
                    !program.precedes(Int(other), Int(step))
                else { continue }
                join(other, step, at: place)
                known.append(step)
            }
        }
    }

    private mutating func join(_ one: Int32, _ other: Int32, at place: Int32) {
        edges.append((one, place))
        let (a, b) = (root(one), root(other))
        if a != b { parents[Int(max(a, b))] = min(a, b) }
    }

    /// Whether the order of two steps shows at a place: their last writes to it differ, or one reads what the other writes. Where more than
    /// blind writes meet, both orders are run once.
    private func conflict(_ one: Int, _ other: Int, _ a: Int32?, _ b: Int32?) -> Bool {
        guard let a, let b else {
            var builder = OrderProblemBuilder(program, accessors)
            return builder.differ(one, other)
        }
        return !program.isSameValue(a, b)
    }

    /// What makes a write more than blind: it reads, or is taken back.
    private static let seeing: EventFlags = [.derived, .optimistic, .rollback]

    /// A step's last write to a place, when blind writes are all it does there.
    private func plain(_ step: Int, _ place: Int32) -> Int32? {
        let one = program.steps[step]
        guard one.reads.isEmpty else { return nil }
        var last: Int32?
        for write in one.writes {
            let flags = engine.log.flags[Int(engine.writes[Int(write)].event)]
            let isBlind = flags.isDisjoint(with: Self.seeing) && program.guards[write] != .versionCheck
            guard isBlind else { return nil }
            if engine.writes[Int(write)].place == place { last = write }
        }
        return last
    }

    /// What was asked for later, or a view that went, decides about responses of the slot: the first such step after a request's start.
    private mutating func connectSlots() {
        for (index, step) in program.steps.enumerated()
        where step.action == .delivered && step.slot >= 0 && !step.writes.isEmpty {
            let isGuarded = program.slotGuard(index) != nil
            let later = slotSteps[step.slot] ?? []
            let from = later.partitioned { $0 <= step.fixedBefore }
            let rival = later[from...].first { rival in
                let one = program.steps[Int(rival)]
                return one.action == .unmounted || (isGuarded && one.rank > step.rank)
            }
            guard let rival, !program.precedes(index, Int(rival)) else { continue }
            for write in step.writes where !program.commutes(write) {
                join(Int32(index), rival, at: engine.writes[Int(write)].place)
            }
        }
    }

    private mutating func root(_ step: Int32) -> Int32 {
        var top = step
        while parents[Int(top)] != top {
            parents[Int(top)] = parents[Int(parents[Int(top)])]
            top = parents[Int(top)]
        }
        return top
    }
}

extension Array {
    /// Where the elements that belong first end; they stand together at the start.
    fileprivate func partitioned(_ belongsFirst: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if belongsFirst(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
