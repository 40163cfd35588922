import TraceSynthesis

/// Every order of a race program, tried one by one and judged by its own small model: what the explorer is held against. It shares no code
/// with it.
struct EveryOrder {
    /// Steps that conflict, directly or through others.
    struct Group {
        var members: [Int]
        var keys: Set<Int> = []
        /// Ends at these keys, and the ways in which the conflicting pairs can stand.
        var states: Set<[Int]> = []
        var classes: Set<UInt64> = []
    }

    private let program: RaceProgram
    /// Deliveries first, then locals.
    private let count: Int
    private(set) var groups: [Group] = []
    private var recorded: [Int] = []
    private var pairs: [(one: Int, other: Int)] = []
    private let keys: [String]
    /// By item: what it writes, by key's number; and whom it must come after, as bits.
    private var effects: [[(key: Int, value: Int)]] = []
    private var before: [UInt64] = []

    init(_ program: RaceProgram) {
        self.program = program
        count = program.deliveries.count + program.locals.count
        keys = Set(program.deliveries.flatMap(\.writes.keys) + program.locals.map(\.key)).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, $0) })
        effects = (0..<count).map { item in writes(item).map { (numbers[$0.key] ?? 0, $0.value) } }
        before = (0..<count).map { item in
            (0..<count).reduce(UInt64(0)) { precedes($1, item) ? $0 | 1 << UInt64($1) : $0 }
        }
        findGroups()
        recorded = end(of: recordedOrder)
        var order: [Int] = []
        extend(&order, done: 0)
    }

    /// What differs from the recorded end, for each other end of each group.
    var otherEnds: Set<[String]> {
        var ends: Set<[String]> = []
        for group in groups {
            for state in group.states {
                let changed = group.keys.sorted().filter { state[$0] != recorded[$0] }
                if !changed.isEmpty { ends.insert(changed.map { "\(keys[$0])=\(state[$0])" }) }
            }
        }
        return ends
    }

    // MARK: The program

    private func writes(_ item: Int) -> [String: Int] {
        if item < program.deliveries.count { return program.deliveries[item].merges ? [:] : program.deliveries[item].writes }
        let local = program.locals[item - program.deliveries.count]
        return [local.key: local.value]
    }

    /// Whether an item has to come before another.
    private func precedes(_ one: Int, _ other: Int) -> Bool {
        let locals = program.deliveries.count
        if one >= locals { return other >= locals ? one < other : mustFollow(other, local: one - locals) }
        guard other < locals else { return false }
        var next = program.deliveries[other].parent
        while let parent = next {
            if parent == one { return true }
            next = program.deliveries[parent].parent
        }
        return false
    }

    private func mustFollow(_ delivery: Int, local: Int) -> Bool {
        if let parent = program.deliveries[delivery].parent { return mustFollow(parent, local: local) }
        return local < program.deliveries[delivery].localsBefore
    }

    private var recordedOrder: [Int] {
        var order: [Int] = []
        var local = 0
        func deliver(_ item: Int) {
            order.append(item)
            for child in program.deliveries.indices where program.deliveries[child].parent == item { deliver(child) }
        }
        let roots = program.deliveries.indices.filter { program.deliveries[$0].parent == nil }
        for root in roots {
            while local < program.deliveries[root].localsBefore {
                order.append(program.deliveries.count + local)
                local += 1
            }
            if !program.overlaps { deliver(root) }
        }
        while local < program.locals.count {
            order.append(program.deliveries.count + local)
            local += 1
        }
        if program.overlaps { roots.forEach(deliver) }
        return order
    }

    private mutating func findGroups() {
        var group = Array(0..<count)
        for one in 0..<count {
            for other in one + 1..<max(one + 1, count) where conflict(one, other) {
                pairs.append((one, other))
                let (from, to) = (group[other], group[one])
                for item in 0..<count where group[item] == from { group[item] = to }
            }
        }
        for root in Set(group).sorted() {
            let members = (0..<count).filter { group[$0] == root }
            guard members.count > 1 else { continue }
            var one = Group(members: members)
            for pair in pairs where members.contains(pair.one) {
                for (key, value) in effects[pair.one]
                where effects[pair.other].contains(where: { $0.key == key && $0.value != value }) {
                    one.keys.insert(key)
                }
            }
            groups.append(one)
        }
    }

    private func conflict(_ one: Int, _ other: Int) -> Bool {
        guard !(one >= program.deliveries.count && other >= program.deliveries.count) else { return false }
        guard !precedes(one, other), !precedes(other, one) else { return false }
        let (a, b) = (writes(one), writes(other))
        return a.contains { b[$0.key].map { [value = $0.value] in value != $0 } ?? false }
    }

    // MARK: Orders

    private mutating func extend(_ order: inout [Int], done: UInt64) {
        guard order.count < count else { return note(order) }
        for item in 0..<count where done & (1 << UInt64(item)) == 0 && before[item] & ~done == 0 {
            order.append(item)
            extend(&order, done: done | 1 << UInt64(item))
            order.removeLast()
        }
    }

    /// By key: the value that stands there, 0 for none.
    private func end(of order: [Int]) -> [Int] {
        var state = Array(repeating: 0, count: keys.count)
        for item in order { for effect in effects[item] { state[effect.key] = effect.value } }
        return state
    }

    private mutating func note(_ order: [Int]) {
        var places = Array(repeating: 0, count: count)
        for (place, item) in order.enumerated() { places[item] = place }
        let state = end(of: order)
        for index in groups.indices {
            let own = keys.indices.map { groups[index].keys.contains($0) ? state[$0] : 0 }
            var way: UInt64 = 0
            for (number, pair) in pairs.enumerated() where groups[index].members.contains(pair.one) {
                if places[pair.one] < places[pair.other] { way |= 1 << UInt64(number) }
            }
            groups[index].states.insert(own)
            groups[index].classes.insert(way)
        }
    }
}
