/// Read committed (Adya 1999), monotonic atomic view, read atomic and causal consistency (Biswas and Enea, "On the complexity of
/// checking transactional consistency", OOPSLA 2019): polynomial, because who read from whom is known. Each level adds edges to a graph
/// that must have no cycle.
package struct TransactionCheck {
    /// 2^26 edges, 1 GB: beyond that the answer is unknown.
    static let maximalEdges = 1 << 26

    private var table: TransactionTable
    private var clocks: CausalClocks
    private var versions: VersionOrder
    private var edges: [TransactionEdge] = []

    package init(_ history: History) {
        table = TransactionTable(history)
        versions = VersionOrder(&table)
        clocks = CausalClocks(table)
    }

    /// Answers for the levels asked, the weakest first. What breaks a level breaks all that follow; it is told once.
    package mutating func run(_ levels: [Consistency]) -> [ConsistencyResult] {
        var results: [ConsistencyResult] = []
        var untold = TransactionFindings()
        var broken: Consistency?
        for level in [Consistency.readCommitted, .monotonicAtomicView, .readAtomic, .causal] {
            guard levels.contains(where: { $0.strength >= level.strength }) else { break }
            let reason = add(level, to: &untold)
            if broken == nil, !untold.isEmpty { broken = level }
            guard levels.contains(level) else { continue }
            var result = ConsistencyResult(level)
            for finding in untold.kept { result.add(finding) }
            result.more = untold.more
            if let broken, result.answer == .valid {
                result.answer = .invalid
                result.reason = "\(broken.rawValue) does not hold, and this says more"
            }
            if let reason = table.doubt ?? reason { result.cannotTell(reason) }
            results.append(result)
            untold = TransactionFindings()
        }
        return results
    }

    /// Looks for what only this level forbids.
    /// - Returns: why it could not be done.
    private mutating func add(_ level: Consistency, to findings: inout TransactionFindings) -> String? {
        switch level {
        case .linearizable: return nil
        case .readCommitted:
            findings.add(table.committedFindings)
            addVersions()
            let hasWriteCycle = report(level, &findings)
            addReads()
            if !hasWriteCycle { _ = report(level, &findings) }
            return nil
        case .monotonicAtomicView:
            addSessions()
            addVanishing(&findings)
            _ = report(level, &findings)
        case .readAtomic:
            findings.add(table.internalFindings)
            addFractured(&findings)
            _ = report(level, &findings)
        case .causal:
            guard clocks.entries <= CausalClocks.maximalEntries else {
                return "\(table.history.count) transactions of \(table.history.processCount) processes are too many for clocks"
            }
            guard clocks.order() else { return nil }
            addCausal(&findings)
            _ = report(level, &findings)
        }
        return edges.count >= Self.maximalEdges ? "more than \(Self.maximalEdges) edges" : nil
    }

    /// - Returns: whether there was a cycle.
    private func report(_ level: Consistency, _ findings: inout TransactionFindings) -> Bool {
        let graph = TransactionGraph(count: table.history.count, edges)
        let cycles = graph.cycles()
        var isFirst = findings.isEmpty
        for cycle in cycles where isFirst || cycle.contains(where: { $0.reason == .rule }) || level == .readCommitted {
            findings.add { TransactionWitness(table, edges, level).finding(cycle) }
            isFirst = false
        }
        return !cycles.isEmpty
    }

    // MARK: Edges

    private mutating func addVersions() {
        for (from, to, key) in versions.edges {
            edges.append(TransactionEdge(from: from, to: to, reason: .versions, detail: key))
        }
    }

    private mutating func addReads() {
        for (index, read) in table.reads.enumerated() where read.source >= 0 {
            edges.append(
                TransactionEdge(from: read.source, to: read.reader, reason: .reads, detail: Int32(truncatingIfNeeded: index)))
        }
    }

    private mutating func addSessions() {
        for session in clocks.sessions {
            for (one, other) in zip(session, session.dropFirst()) {
                edges.append(TransactionEdge(from: one, to: other, reason: .session, detail: -1))
            }
        }
    }

    /// T3 saw T2, which wrote what read number `read` of T3 got from another: T2 comes before that one.
    private mutating func addRule(_ seen: Int32, _ read: Int, _ level: Consistency, _ findings: inout TransactionFindings) {
        let source = table.reads[read].source
        guard source != seen, edges.count < Self.maximalEdges else { return }
        if source >= 0 {
            edges.append(TransactionEdge(from: seen, to: source, reason: .rule, detail: Int32(truncatingIfNeeded: read)))
        } else {
            findings.add { TransactionWitness(table, edges, level).initialRead(read, seen: seen) }
        }
    }

    /// Seen are those that earlier reads of the transaction are from.
    private mutating func addVanishing(_ findings: inout TransactionFindings) {
        for operation in 0..<table.history.count where table.reads(of: operation).count > 1 {
            var seen: [Int32: [Int32]] = [:]
            for read in table.reads(of: operation) {
                let key = table.reads[read].key
                for writer in seen[key] ?? [] { addRule(writer, read, .monotonicAtomicView, &findings) }
                note(table.reads[read].source, &seen)
            }
        }
    }

    private func note(_ source: Int32, _ seen: inout [Int32: [Int32]]) {
        guard source >= 0 else { return }
        for key in table.written(by: Int(source)) where seen[key]?.last != source { seen[key, default: []].append(source) }
    }

    /// Seen are those that any read is from, and the session's earlier ones.
    private mutating func addFractured(_ findings: inout TransactionFindings) {
        for session in clocks.sessions {
            var last: [Int32: Int32] = [:]
            for operation in session {
                let reads = table.reads(of: Int(operation))
                var seen: [Int32: [Int32]] = [:]
                if reads.count > 1 { for read in reads { note(table.reads[read].source, &seen) } }
                for read in reads {
                    let key = table.reads[read].key
                    for writer in seen[key] ?? [] { addRule(writer, read, .readAtomic, &findings) }
                    if let writer = last[key] { addRule(writer, read, .readAtomic, &findings) }
                }
                for key in table.written(by: Int(operation)) { last[key] = operation }
            }
        }
    }

    /// Seen are all that come before by session order and reads; of each session the last writer suffices.
    private mutating func addCausal(_ findings: inout TransactionFindings) {
        var writers: [Int32: [(session: Int, operations: [Int32])]] = [:]
        for (number, session) in clocks.sessions.enumerated() {
            for operation in session {
                for key in table.written(by: Int(operation)) {
                    let last = (writers[key]?.count ?? 0) - 1
                    if last >= 0, writers[key]?[last].session == number {
                        writers[key]?[last].operations.append(operation)
                    } else {
                        writers[key, default: []].append((number, [operation]))
                    }
                }
            }
        }
        for read in table.reads.indices where table.isIncluded[Int(table.reads[read].reader)] {
            let (reader, source) = (Int(table.reads[read].reader), Int(table.reads[read].source))
            for (session, operations) in writers[table.reads[read].key] ?? [] {
                guard let writer = last(of: operations, below: clocks.seen(reader, of: session)) else { continue }
                if source >= 0, source == writer || clocks.isBefore(Int(writer), source) { continue }
                addRule(writer, read, .causal, &findings)
            }
        }
    }

    private func last(of operations: [Int32], below bound: Int) -> Int32? {
        var (low, high) = (0, operations.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(clocks.sequence[Int(operations[middle])]) < bound { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? operations[low - 1] : nil
    }
}

extension Consistency {
    /// The higher, the more it forbids.
    fileprivate var strength: Int {
        switch self {
        case .readCommitted: 1
        case .monotonicAtomicView: 2
        case .readAtomic: 3
        case .causal: 4
        case .linearizable: 0
        }
    }
}
