/// The orders of so many responses, each once, the nearest to the first first: by how many pairs come the other way round. What is learned of
/// the page (this request is made only after that response) takes the orders away that cannot be.
package struct OrderSearch: Hashable, Sendable {
    private var queue: [[Int]]
    private var next = 0
    private var seen: Set<[Int]>
    private var precedences: Set<Scheduler.Precedence> = []
    private var chance: UInt64
    private var handedOut = 0
    /// Orders handed out at most.
    private let limit: Int
    /// True when orders were left out because there are too many.
    package private(set) var isBounded = false

    /// Orders that are kept for later: so many for each that is handed out.
    private static let kept = 100

    /// - Parameters:
    ///   - count: of what is put into orders; the first order is as it came.
    ///   - limit: of orders.
    ///   - seed: among orders equally near, which come first.
    package init(count: Int, limit: Int, seed: UInt64) {
        let first = Array(0..<count)
        queue = [first]
        seen = [first]
        chance = seed
        self.limit = limit
    }

    /// The next order; `nil` when there is none, or when the limit is reached.
    package mutating func nextOrder() -> [Int]? {
        while next < queue.count {
            let order = queue[next]
            next += 1
            guard isPossible(order) else { continue }
            guard handedOut < limit else {
                isBounded = true
                return nil
            }
            expand(order)
            handedOut += 1
            return order
        }
        return nil
    }

    /// In no order may `after` come before `before`.
    package mutating func learn(_ precedence: Scheduler.Precedence) {
        // Two that need each other would leave nothing: then what was learned is wrong.
        guard !precedences.contains(.init(before: precedence.after, after: precedence.before)) else { return }
        precedences.insert(precedence)
    }

    private func isPossible(_ order: [Int]) -> Bool {
        var place = [Int](repeating: 0, count: order.count)
        for (index, element) in order.enumerated() { place[element] = index }
        return precedences.allSatisfy {
            !place.indices.contains($0.before) || !place.indices.contains($0.after) || place[$0.before] < place[$0.after]
        }
    }

    /// The orders in which one more pair of neighbours is exchanged: orders that keep what was learned are connected by such steps.
    private mutating func expand(_ order: [Int]) {
        var places = Array(order.indices.dropLast())
        while !places.isEmpty {
            chance = OrderNumber.mixed(chance)
            let place = places.remove(at: Int(chance % UInt64(places.count)))
            var other = order
            other.swapAt(place, place + 1)
            guard order[place] < order[place + 1], seen.insert(other).inserted else { continue }
            guard queue.count - next < limit.multipliedReportingOverflow(by: Self.kept).partialValue else {
                isBounded = true
                return
            }
            queue.append(other)
        }
    }
}
