import Trace

/// Makes a component runnable: its steps with what they write and read at its places, and the relations between them.
struct OrderProblemBuilder {
    private let program: PredictionProgram
    private let engine: RuleEngine
    private let accessors: [[Int32]]
    private var values = ValueTable()
    private var placeNumbers: [Int32: Int] = [:]
    private var places: [Int32] = []

    init(_ program: PredictionProgram, _ accessors: [[Int32]]) {
        self.program = program
        engine = program.engine
        self.accessors = accessors
    }

    /// The component of some steps that conflict at some places. Whoever else touches these places runs along at its place.
    mutating func build(_ steps: [Int], _ conflictPlaces: Set<Int32>) -> OrderProblem {
        addPlaces(conflictPlaces.sorted(), steps)
        let members = self.members(steps)
        let isTruncated = members.count > StepSet.capacity
        // What comes last decides how it ends: of a long component its end is explored, and the report says so.
        return problem(Array(members.suffix(StepSet.capacity)), own: Set(steps), isTruncated)
    }

    /// Whether two steps leave another state in the other order, from any state: both orders are run once.
    mutating func differ(_ one: Int, _ other: Int) -> Bool {
        let both = [min(one, other), max(one, other)]
        var touched: Set<Int32> = []
        for step in both {
            for write in program.steps[step].writes {
                touched.insert(engine.writes[Int(write)].place)
                touched.formUnion(program.sources(write))
            }
            touched.formUnion(program.steps[step].reads.map(\.place))
        }
        touched.sorted().forEach { add($0) }
        let (a, b) = (step(both[0]), step(both[1]))
        return differ(a, b)
    }

    private func reads(_ one: OrderProblem.Step, what other: OrderProblem.Step) -> Bool {
        one.reads.contains { read in other.writes.contains { $0.place == read.place } }
    }

    /// A rollback restores what stood before its own write: that is a state of both, not of any.
    private func takesBack(_ step: OrderProblem.Step) -> Bool {
        step.writes.contains { write in
            switch write.kind {
            case .rollback, .optimistic: true
            case .plain, .derived: false
            }
        }
    }

    // MARK: What belongs to it

    /// Numbers the places, and those that values computed at them or from them need.
    private mutating func addPlaces(_ first: [Int32], _ steps: [Int]) {
        first.forEach { add($0) }
        var next = 0
        while next < places.count {
            let place = places[next]
            next += 1
            for step in accessors[Int(place)] {
                for write in program.steps[Int(step)].writes {
                    let sources = program.sources(write)
                    let own = engine.writes[Int(write)].place
                    guard own == place || sources.contains(place) else { continue }
                    if !sources.isEmpty, !program.commutes(write) {
                        add(own)
                        sources.forEach { add($0) }
                    }
                }
            }
        }
    }

    private mutating func add(_ place: Int32) {
        guard placeNumbers[place] == nil else { return }
        placeNumbers[place] = places.count
        places.append(place)
    }

    /// All steps of a process, with everything they write: to be run in one order.
    mutating func everything(of steps: [Int]) -> (steps: [OrderProblem.Step], places: [Int32], values: ValueTable) {
        for step in steps {
            for write in program.steps[step].writes where !program.commutes(write) {
                add(engine.writes[Int(write)].place)
                program.sources(write).forEach { add($0) }
            }
            program.steps[step].reads.forEach { add($0.place) }
        }
        return (steps.map { self.step($0) }, places, values)
    }

    private func members(_ steps: [Int]) -> [Int] {
        var members = Set(steps)
        for place in places { members.formUnion(accessors[Int(place)].map { Int($0) }) }
        return members.sorted()
    }

    // MARK: Its parts

    /// `own` are the component's steps. The others run along: where their order among each other shows, it is another component's.
    private mutating func problem(_ members: [Int], own: Set<Int>, _ isTruncated: Bool) -> OrderProblem {
        let isOwn = members.map { own.contains($0) }
        let steps = members.map { step($0) }
        var predecessors = Array(repeating: StepSet(), count: steps.count)
        var conflicts = predecessors
        for (index, later) in members.enumerated() {
            for (other, first) in members[..<index].enumerated() {
                if program.precedes(first, later) {
                    predecessors[index].insert(other)
                } else if isOwn[index] || isOwn[other], differ(steps[other], steps[index]) {
                    conflicts[index].insert(other)
                    conflicts[other].insert(index)
                }
            }
        }
        return OrderProblem(
            steps: steps, places: places, predecessors: predecessors, conflicts: conflicts, values: values,
            isTruncated: isTruncated)
    }

    /// At this component's places: from a state in which every place holds something of its own.
    private func differ(_ a: OrderProblem.Step, _ b: OrderProblem.Step) -> Bool {
        if a.action.isFixed && b.action.isFixed { return false }
        if decides(a, about: b) || decides(b, about: a) { return true }
        if a.isBlind, b.isBlind, !program.looksAtWriters { return leavesOther(a, b) }
        let isTouching = a.writes.contains { write in b.writes.contains { $0.place == write.place } }
        if reads(a, what: b) || reads(b, what: a) { return true }
        if !isTouching, !computes(a, from: b), !computes(b, from: a) { return false }
        if isTouching, takesBack(a) || takesBack(b) { return true }
        var table = DerivedValues()
        var forth = OrderState(places.count)
        for place in places.indices { forth.values[place] = -10 - Int32(place) }
        var back = forth
        forth.perform(a, &table, expected: nil)
        forth.perform(b, &table, expected: nil)
        back.perform(b, &table, expected: nil)
        back.perform(a, &table, expected: nil)
        if program.looksAtWriters { return forth != back }
        return forth.values != back.values || forth.pending != back.pending
    }

    /// Of blind writes: the last ones to some place differ.
    private func leavesOther(_ a: OrderProblem.Step, _ b: OrderProblem.Step) -> Bool {
        a.writes.contains { write in
            guard let other = b.writes.last(where: { $0.place == write.place }) else { return false }
            return a.writes.last { $0.place == write.place }.map { $0.value != other.value } ?? false
        }
    }

    private func computes(_ one: OrderProblem.Step, from other: OrderProblem.Step) -> Bool {
        one.writes.contains { write in
            guard case .derived(let sources) = write.kind else { return false }
            return other.writes.contains { sources.contains($0.place) }
        }
    }

    /// A newer intent decides about a response that looks at it (G1, G2); a view that goes takes what its responses wrote along.
    private func decides(_ one: OrderProblem.Step, about other: OrderProblem.Step) -> Bool {
        guard one.slot >= 0, one.slot == other.slot, other.action == .delivered, !other.writes.isEmpty else { return false }
        switch one.action {
        case .unmounted: return true
        case .asked:
            return one.rank > other.rank
                && other.writes.contains { $0.guard == .cancelInFlight || $0.guard == .identityBinding }
        case .began, .gaveUp, .wrote, .read, .delivered, .received, .hydrated: return false
        }
    }

    private mutating func step(_ id: Int) -> OrderProblem.Step {
        let one = program.steps[id]
        var step = OrderProblem.Step(
            id: id, action: one.action, slot: one.slot, rank: one.rank, fixedBefore: one.fixedBefore)
        for write in one.writes where !program.commutes(write) {
            if let made = self.write(write) { step.writes.append(made) }
        }
        step.reads = one.reads.compactMap { read in placeNumbers[read.place].map { ($0, read.event) } }
        step.isBlind =
            step.reads.isEmpty
            && step.writes.allSatisfy { write in
                if case .plain = write.kind { return write.guard != .versionCheck }
                return false
            }
        return step
    }

    private mutating func write(_ index: Int32) -> OrderProblem.Write? {
        let resolved = engine.writes[Int(index)]
        guard let place = placeNumbers[resolved.place] else { return nil }
        let log = engine.log
        let event = Int(resolved.event)
        let flags = log.flags[event]
        let own = engine.knownIntent(log.intents[event])
        var kind = OrderProblem.Write.Kind.plain
        var value: Int32 = 0
        if flags.contains(.derived) {
            kind = .derived(program.sources(index).compactMap { placeNumbers[$0] })
        } else {
            value = values.plain(event, log)
            if flags.contains(.rollback) { kind = .rollback } else if flags.contains(.optimistic) { kind = .optimistic }
        }
        return OrderProblem.Write(
            kind: kind, event: UInt32(event), place: place, value: value,
            intent: own >= 0 ? own : resolved.request >= 0 ? engine.requests[Int(resolved.request)].intent : -1,
            slot: resolved.slot, rank: resolved.rank, version: log.versions[event], guard: program.guards[index])
    }
}
