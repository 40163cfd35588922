/// The orders in which a race's steps can happen, one of each class of orders that differ only in neighbours whose order does not matter.
///
/// Sleep sets (Godefroid 1996): having tried step `t` first, the other branches do not try it again until something that depends on it has
/// happened. A step that everything depending on it must follow anyway goes alone (a persistent set of one). The recorded order is the first.
struct RaceOrders {
    private let race: Race
    private let all: UInt64
    /// By step: those whose order to it does not matter.
    private let independent: [UInt64]
    private let fixed: UInt64
    /// By step: those that come after it in every order.
    private let followers: [UInt64]

    /// Orders tried of one finding: each costs a run a guard, and a report is read by somebody who waits for it.
    static let maximumOrders = 500
    /// Places in the tree of orders looked at: branches that sleep cost time and give no order.
    static let maximumNodes = 50_000

    private var nodes = 0
    private(set) var orders: [[Int]] = []
    private(set) var isExhaustive = true

    init(_ race: Race) {
        self.race = race
        let count = race.steps.count
        all = count == 0 ? 0 : UInt64.max >> UInt64(64 - count)
        independent = (0..<count).map { step in
            (0..<count).reduce(into: UInt64(0)) { set, other in
                if other != step, !race.depends(step, other) { set |= 1 << UInt64(other) }
            }
        }
        let fixed = race.steps.indices.reduce(into: UInt64(0)) { set, step in
            if race.steps[step].action.isFixed { set |= 1 << UInt64(step) }
        }
        self.fixed = fixed
        followers = Self.followers(race, fixed)
        var order: [Int] = []
        order.reserveCapacity(count)
        explore(done: 0, sleeping: 0, &order)
        if race.isTruncated { isExhaustive = false }
    }

    /// What a step is needed by, directly or not; needs point backwards, so one walk from the end suffices.
    private static func followers(_ race: Race, _ fixed: UInt64) -> [UInt64] {
        var followers = [UInt64](repeating: 0, count: race.steps.count)
        for step in race.steps.indices.reversed() {
            let bit = UInt64(1) << UInt64(step)
            for earlier in 0..<step {
                let isChained = fixed & bit != 0 && fixed & (1 << UInt64(earlier)) != 0
                if isChained || race.steps[step].needs & (1 << UInt64(earlier)) != 0 {
                    followers[earlier] |= bit | followers[step]
                }
            }
        }
        return followers
    }

    private mutating func explore(done: UInt64, sleeping: UInt64, _ order: inout [Int]) {
        guard done != all else {
            orders.append(order)
            return
        }
        nodes += 1
        var sleeping = sleeping
        for step in branches(done) where sleeping & (1 << UInt64(step)) == 0 {
            guard orders.count < Self.maximumOrders, nodes < Self.maximumNodes else {
                isExhaustive = false
                return
            }
            order.append(step)
            explore(done: done | 1 << UInt64(step), sleeping: sleeping & independent[step], &order)
            order.removeLast()
            sleeping |= 1 << UInt64(step)
        }
    }

    /// The steps that can come next; one alone when all that depends on it must follow it.
    private func branches(_ done: UInt64) -> [Int] {
        let enabled = race.steps.indices.filter { isEnabled($0, done) }
        let alone = enabled.first { step in
            let open = all & ~done & ~(1 << UInt64(step))
            return open & ~independent[step] & ~followers[step] == 0
        }
        return alone.map { [$0] } ?? enabled
    }

    private func isEnabled(_ step: Int, _ done: UInt64) -> Bool {
        let bit = UInt64(1) << UInt64(step)
        guard done & bit == 0, race.steps[step].needs & ~done == 0 else { return false }
        // A fixed step comes after every fixed step before it.
        return fixed & bit == 0 || fixed & (bit - 1) & ~done == 0
    }
}
