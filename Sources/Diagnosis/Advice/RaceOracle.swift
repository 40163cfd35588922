import Trace

/// What a race's places should hold after an order, by what was asked for and not by what came when: the measure that guards are held against,
/// and written without them.
///
/// Each place holds its contributions from the lowest to the highest. A response goes below what the person did after the request began, below
/// an optimistic write until a request that began after its acknowledgement, and below what was asked for later; what was given up, taken
/// away or asked for under another name contributes nothing; what is taken back is removed.
struct RaceOracle {
    private struct Contribution {
        var write: Race.Write
        var isLocal: Bool
        var tick: Int
        /// When it was asked for.
        var asked: Int
    }

    private let race: Race
    private var stacks: [[Contribution]]
    /// By the race's number of the request.
    private var began: [Int]
    private var asked: [Int32: Int] = [:]
    private var givenUp: Set<Int32> = []
    private var unmounted: [Int32: Int] = [:]
    /// By place and intent: when its change was acknowledged there, by an acknowledgement or by its own response.
    private var acknowledged: [UInt64: Int] = [:]
    private var tick = 0

    init(_ race: Race) {
        self.race = race
        stacks = Array(repeating: [], count: race.places.count)
        began = Array(repeating: 0, count: race.requests.count)
    }

    /// What a place should hold.
    struct Target {
        /// -1: what stood there before.
        var value: Int32
        /// Whether a guard that blocked it took something away: what the application gives up in the end is owed to nobody.
        var isOwed: Bool
    }

    mutating func run(_ order: [Int]) -> [Target] {
        for index in order {
            tick += 1
            let step = race.steps[index]
            switch step.action {
            case .asked: asked[step.intent] = tick
            case .began: if step.request >= 0 { began[Int(step.request)] = tick }
            case .gaveUp: givenUp.insert(step.request)
            case .unmounted(let slot): unmounted[slot] = tick
            case .wrote, .hydrated, .delivered: for write in step.writes { add(write, step) }
            case .tookBack: for write in step.writes { remove(write) }
            case .acknowledged: for place in step.touched { acknowledged[key(place, step.intent)] = tick }
            }
            if case .delivered = step.action {
                for (request, state) in race.requests.enumerated() where state.beganIn == index { began[request] = tick }
            }
        }
        return stacks.map { stack in
            guard let top = stack.last else { return Target(value: -1, isOwed: true) }
            let isGivenUp =
                givenUp.contains(top.write.request) || (unmounted[top.write.slot] ?? 0) > start(of: top.write)
            return Target(value: top.write.value, isOwed: top.isLocal || !isGivenUp)
        }
    }

    private func start(of write: Race.Write) -> Int { write.request >= 0 ? began[Int(write.request)] : 0 }

    private func key(_ place: Int, _ intent: Int32) -> UInt64 { PairTable.key(UInt32(place), UInt32(bitPattern: intent)) }

    private mutating func remove(_ write: Race.Write) {
        stacks[write.place].removeAll { $0.isLocal && $0.write.intent == write.intent && $0.write.flags.contains(.optimistic) }
    }

    private mutating func add(_ write: Race.Write, _ step: Race.Step) {
        if write.flags.contains(.rollback) { return remove(write) }
        guard !write.isDerived else { return }
        var isLocal = false
        if case .wrote = step.action { isLocal = true }
        let start = start(of: write)
        if !isLocal, write.request >= 0 {
            let isOrphan = givenUp.contains(write.request) || (unmounted[write.slot] ?? 0) > start
            if isOrphan || write.isMisbound { return }
        }
        let one = Contribution(
            write: write, isLocal: isLocal, tick: tick, asked: write.intent >= 0 ? asked[write.intent] ?? start : start)
        var place = stacks[write.place].count
        while !isLocal, place > 0, isBelow(one, stacks[write.place][place - 1], start) { place -= 1 }
        stacks[write.place].insert(one, at: place)
        if !isLocal, stacks[write.place].contains(where: { $0.isLocal && $0.write.intent == write.intent && write.intent >= 0 })
        {
            acknowledged[key(write.place, write.intent)] = tick
        }
    }

    private func isBelow(_ new: Contribution, _ old: Contribution, _ start: Int) -> Bool {
        let isOwn = new.write.intent >= 0 && new.write.intent == old.write.intent
        let settled = acknowledged[key(old.write.place, old.write.intent)]
        if old.isLocal {
            guard !isOwn else { return false }
            if new.write.request < 0 { return old.write.flags.contains(.user) || old.write.flags.contains(.optimistic) }
            if new.write.version.number != nil, let version = version(of: old, settled), version.number != nil {
                return new.write.version.isOlder(than: version)
            }
            if old.write.flags.contains(.optimistic) { return start < settled ?? .max }
            return start < max(old.tick, settled ?? 0)
        }
        if new.write.version.number != nil, old.write.version.number != nil {
            return new.write.version.isOlder(than: old.write.version)
        }
        if new.write.slot == old.write.slot, new.write.rank != old.write.rank { return new.write.rank < old.write.rank }
        if !isOwn, let settled { return start < settled }
        return new.asked < old.asked
    }

    /// The version of a local change: its own, or the one under which it was acknowledged.
    private func version(of old: Contribution, _ settled: Int?) -> TraceVersion? {
        if old.write.version.number != nil { return old.write.version }
        return settled == nil ? nil : race.acknowledgedVersions[old.write.intent]
    }
}
