/// Puts a cycle of transactions into words: a sentence an edge, with its reason.
struct TransactionWitness {
    /// A longer way from one to the other is not spelled out.
    private static let maximalHops = 8

    private let table: TransactionTable
    private let edges: [TransactionEdge]
    private let level: Consistency
    private var history: History { table.history }

    init(_ table: TransactionTable, _ edges: [TransactionEdge], _ level: Consistency) {
        self.table = table
        self.edges = edges
        self.level = level
    }

    func finding(_ cycle: [TransactionEdge]) -> HistoryFinding {
        var operations: Set<Int> = []
        var sentences: [String] = []
        for edge in cycle {
            operations.insert(Int(edge.from))
            operations.insert(Int(edge.to))
            sentences += self.sentences(edge, &operations)
        }
        sentences.append("That is a circle.")
        return HistoryFinding(anomaly: anomaly(cycle), key: nil, operations: operations.sorted(), sentences: sentences)
    }

    /// A transaction saw another one, and yet read the value from before all writes.
    func initialRead(_ read: Int, seen: Int32) -> HistoryFinding {
        let read = table.reads[read]
        var operations: Set<Int> = [Int(seen), Int(read.reader)]
        let way = sight(of: seen, by: read.reader, &operations)
        return HistoryFinding(
            anomaly: ruleAnomaly, key: history.keyName(Int(read.key)), operations: operations.sorted(),
            sentences: way + ["\(id(seen)) wrote \(key(read.key)), and yet \(id(read.reader)) read its initial value."])
    }

    private func anomaly(_ cycle: [TransactionEdge]) -> HistoryAnomaly {
        let reasons = Set(cycle.map(\.reason))
        if reasons.contains(.rule) { return ruleAnomaly }
        if reasons.contains(.session) { return .circularFlowInSession }
        return reasons.contains(.reads) ? .circularFlow : .writeCycle
    }

    private var ruleAnomaly: HistoryAnomaly {
        switch level {
        case .monotonicAtomicView: .observedTransactionVanishes
        case .readAtomic: .fracturedRead
        case .causal, .linearizable, .readCommitted: .causalityViolation
        }
    }

    private func id(_ operation: Int32) -> String { "[\(history.id(Int(operation)))]" }

    private func key(_ key: Int32) -> String {
        history.keyName(Int(key)).map { "key \(history.short($0))" } ?? "the register"
    }

    private func sentences(_ edge: TransactionEdge, _ operations: inout Set<Int>) -> [String] {
        switch edge.reason {
        case .versions:
            return ["\(id(edge.to)) appended to \(key(edge.detail)) after \(id(edge.from)): the lists that were read show it."]
        case .session:
            let process = history.processes[Int(history.sessions[Int(edge.from)])]
            return ["\(id(edge.to)) followed \(id(edge.from)) in process \(process)."]
        case .reads:
            let read = table.reads[Int(edge.detail)]
            return ["\(id(edge.to)) read \(key(read.key)) = \(history.short(read.value)), which \(id(edge.from)) wrote."]
        case .rule:
            let read = table.reads[Int(edge.detail)]
            operations.insert(Int(read.reader))
            let way = sight(of: edge.from, by: read.reader, &operations)
            return way + [
                "\(id(edge.from)) wrote \(key(read.key)), and yet \(id(read.reader)) read \(history.short(read.value)) from "
                    + "\(id(edge.to)): so \(id(edge.from)) came before \(id(edge.to))."
            ]
        }
    }

    /// How a transaction saw another one.
    private func sight(of seen: Int32, by reader: Int32, _ operations: inout Set<Int>) -> [String] {
        let plain = edges.filter { $0.reason == .reads || $0.reason == .session }
        let path = TransactionGraph(count: history.count, plain).path(from: seen, to: reader, within: nil)
        guard !path.isEmpty, path.count <= Self.maximalHops else {
            return ["\(id(reader)) saw \(id(seen)), by \(path.count) steps of session order and reads."]
        }
        for edge in path { operations.insert(Int(edge.from)) }
        return path.flatMap { sentences($0, &operations) }
    }
}
