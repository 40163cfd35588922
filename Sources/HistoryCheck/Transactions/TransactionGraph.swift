/// Why one transaction comes before another.
struct TransactionEdge {
    enum Reason: UInt8 {
        /// The other appended directly behind it.
        case versions
        /// The other read from it.
        case reads
        /// The other followed in the same session.
        case session
        /// Somebody saw it and yet read from the other, which wrote the same key: by the rule of a level.
        case rule
    }

    var from: Int32
    var to: Int32
    var reason: Reason
    /// Of `reads` and `rule`: the place in the table's reads. Of `versions`: the key.
    var detail: Int32
}

/// Finds cycles among transactions.
struct TransactionGraph {
    private let count: Int
    private let edges: [TransactionEdge]
    private var starts: [Int32]
    private var outgoing: [Int32]

    init(count: Int, _ edges: [TransactionEdge]) {
        self.count = count
        self.edges = edges
        starts = Array(repeating: 0, count: count + 1)
        for edge in edges { starts[Int(edge.from) + 1] += 1 }
        for node in 0..<count { starts[node + 1] += starts[node] }
        var next = starts
        outgoing = Array(repeating: 0, count: edges.count)
        for (index, edge) in edges.enumerated() {
            outgoing[Int(next[Int(edge.from)])] = Int32(truncatingIfNeeded: index)
            next[Int(edge.from)] += 1
        }
    }

    private func edges(from node: Int) -> ArraySlice<Int32> {
        outgoing[Int(starts[node])..<Int(starts[node + 1])]
    }

    /// A short cycle of each knot, the smallest knots first.
    func cycles() -> [[TransactionEdge]] {
        knots().sorted { ($0.count, $0.first ?? 0) < ($1.count, $1.first ?? 0) }.map(shortestCycle)
    }

    /// The strongly connected components with more than one transaction (Tarjan 1972, without recursion).
    private func knots() -> [[Int32]] {
        var index = Array(repeating: Int32(-1), count: count)
        var low = index
        var isOnStack = Array(repeating: false, count: count)
        var stack: [Int32] = []
        var path: [(node: Int, next: Int)] = []
        var visited: Int32 = 0
        var found: [[Int32]] = []
        for root in 0..<count where index[root] < 0 && starts[root] < starts[root + 1] {
            path.append((root, Int(starts[root])))
            while let (node, next) = path.last {
                if index[node] < 0 {
                    index[node] = visited
                    low[node] = visited
                    visited += 1
                    stack.append(Int32(truncatingIfNeeded: node))
                    isOnStack[node] = true
                }
                if next < Int(starts[node + 1]) {
                    path[path.count - 1].next += 1
                    let to = Int(edges[Int(outgoing[next])].to)
                    if index[to] < 0 {
                        path.append((to, Int(starts[to])))
                    } else if isOnStack[to] {
                        low[node] = min(low[node], index[to])
                    }
                    continue
                }
                path.removeLast()
                if let parent = path.last?.node { low[parent] = min(low[parent], low[node]) }
                guard low[node] == index[node] else { continue }
                let knot = Self.pop(&stack, downTo: node, &isOnStack)
                if knot.count > 1 { found.append(knot.sorted()) }
            }
        }
        return found
    }

    private static func pop(_ stack: inout [Int32], downTo node: Int, _ isOnStack: inout [Bool]) -> [Int32] {
        var knot: [Int32] = []
        while let top = stack.popLast() {
            isOnStack[Int(top)] = false
            knot.append(top)
            if Int(top) == node { break }
        }
        return knot
    }

    /// Breadth first from some of the knot's transactions.
    private func shortestCycle(_ knot: [Int32]) -> [TransactionEdge] {
        let members = Set(knot)
        var best: [TransactionEdge] = []
        // From 64 of them: the shortest of all is not worth the time in a large knot.
        for start in knot.prefix(64) {
            let cycle = path(from: start, to: start, within: members)
            if !cycle.isEmpty, best.isEmpty || cycle.count < best.count { best = cycle }
            if best.count == 2 { break }
        }
        return best
    }

    /// A shortest path; empty if there is none.
    func path(from start: Int32, to end: Int32, within members: Set<Int32>?) -> [TransactionEdge] {
        var arrivals: [Int32: Int32] = [:]
        var queue = [start]
        var next = 0
        while next < queue.count, arrivals[end] == nil {
            let node = queue[next]
            next += 1
            for edge in edges(from: Int(node)) {
                let to = edges[Int(edge)].to
                guard arrivals[to] == nil, members?.contains(to) ?? true else { continue }
                arrivals[to] = edge
                queue.append(to)
            }
        }
        var path: [TransactionEdge] = []
        var node = end
        while let edge = arrivals[node] {
            path.append(edges[Int(edge)])
            node = edges[Int(edge)].from
            if node == start { return path.reversed() }
        }
        return []
    }
}
