/// What can be asked about a history, the weakest last within a family.
package enum Consistency: String, Sendable, CaseIterable {
    case linearizable
    case readCommitted = "read-committed"
    case monotonicAtomicView = "monotonic-atomic-view"
    case readAtomic = "read-atomic"
    case causal
}

/// Whether a history keeps a consistency model.
package enum HistoryAnswer: String, Sendable {
    /// There is an explanation of what was seen.
    case valid
    /// There is none; a finding shows why.
    case invalid
    /// The budget ended first, or the history cannot tell.
    case unknown
}

/// The names of what can be wrong; `Docs/specifications/history-checking.md` says what each means.
package enum HistoryAnomaly: String, Sendable {
    case unwrittenRead = "unwritten-read"
    case readBeforeWrite = "read-before-write"
    case zoneConflict = "zone-conflict"
    case noLinearization = "no-linearization"
    case writeCycle = "G0"
    case abortedRead = "G1a"
    case intermediateRead = "G1b"
    case circularFlow = "G1c"
    case circularFlowInSession = "G1c-session"
    case duplicateElement = "duplicate-element"
    case incompatibleOrder = "incompatible-order"
    case `internal`
    case observedTransactionVanishes = "OTV"
    case fracturedRead = "fractured-read"
    case causalityViolation = "causality-violation"
}

/// A reason why a history does not keep a consistency model, as small as it could be made.
package struct HistoryFinding: Sendable {
    package var anomaly: HistoryAnomaly
    /// `nil` when it concerns several keys, or the history has only one without a name.
    package var key: HistoryValue?
    /// The operations that show it, in the order of the history.
    package var operations: [Int]
    /// One for each step of the reasoning; ids in brackets are lines.
    package var sentences: [String]
}

/// What is known about one consistency model.
package struct ConsistencyResult: Sendable {
    /// More findings are counted, not kept.
    package static let maximalFindings = 10

    package var consistency: Consistency
    package var answer: HistoryAnswer
    package var findings: [HistoryFinding] = []
    /// How many findings were not kept.
    package var more = 0
    /// Why the answer is unknown.
    package var reason: String?

    init(_ consistency: Consistency, _ answer: HistoryAnswer = .valid, reason: String? = nil) {
        self.consistency = consistency
        self.answer = answer
        self.reason = reason
    }

    mutating func add(_ finding: HistoryFinding) {
        answer = .invalid
        if findings.count < Self.maximalFindings { findings.append(finding) } else { more += 1 }
    }

    /// Unknown, unless something was found: a finding holds whatever else is not known.
    mutating func cannotTell(_ why: String) {
        guard answer != .invalid else { return }
        answer = .unknown
        reason = reason ?? why
    }
}

extension History {
    /// The operation in a few words: `write 2`, `cas 1 to 2`.
    package func words(_ operation: Int) -> String {
        let value = short(values[operation])
        switch kinds[operation] {
        case .read: return outcomes[operation] == .ok ? "read \(value)" : "read"
        case .write: return "write \(value)"
        case .cas:
            let change = "cas \(value) to \(short(second(operation)))"
            return outcomes[operation] == .mismatch ? "failed \(change)" : change
        case .get: return outcomes[operation] == .ok ? "get \(value)" : "get"
        case .put: return "put \(value)"
        case .append: return "append \(value)"
        case .transaction:
            let steps = steps(of: operation)
            return "txn [" + steps.prefix(8).map(words).joined(separator: ", ") + (steps.count > 8 ? ", ..." : "") + "]"
        }
    }

    /// A step of a transaction in a few words.
    func words(_ step: TransactionStep) -> String {
        let key = step.key >= 0 ? short(keys[Int(step.key)]) : ""
        switch step.kind {
        case .read: return "read \(key) = \(short(step.value))"
        case .readList: return "read \(key) = \(list(step))"
        case .write: return "write \(key) = \(short(step.value))"
        case .append: return "append \(short(step.value)) to \(key)"
        case .readNothing: return "read \(key)"
        case .nothing: return "nothing"
        }
    }

    /// A list that was read: its last elements if it is long.
    func list(_ step: TransactionStep) -> String {
        let shown = elements[step.first..<step.first + step.count].suffix(8).map(short)
        return "[" + (step.count > 8 ? "... " : "") + shown.joined(separator: " ") + "]"
    }

    /// The operation's id in brackets and its words.
    func named(_ operation: Int) -> String { "[\(id(operation))] \(words(operation))" }

    /// The key's name, unless the history has only the one that needs none.
    func keyName(_ key: Int) -> HistoryValue? {
        keys.count == 1 && keys[0] == .nil ? nil : keys[key]
    }
}
