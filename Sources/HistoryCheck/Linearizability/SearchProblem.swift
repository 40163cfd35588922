/// An operation as the search sees it: all of `Search`'s models are made of these.
struct SearchStep: Hashable {
    enum Kind: UInt8 {
        /// The state is `old`.
        case read
        /// The state is another one than `old`.
        case differs
        /// The state becomes `new`.
        case write
        /// The state is `old` and becomes `new`.
        case swap
        /// The state gets piece `new` at its end.
        case append
    }

    var kind: Kind
    var old: Int32 = -1
    var new: Int32 = -1

    /// Whether it may change the state.
    var changes: Bool { kind == .write || kind == .swap || kind == .append }
}

/// The operations of one key, or some of them, as numbers.
struct SearchProblem {
    /// Ops that completed, in the order of invocation.
    var steps: [SearchStep] = []
    var invoked: [UInt32] = []
    var completed: [UInt32] = []
    /// The operation of the history.
    var operations: [Int32] = []
    /// Those that may happen at any time after their invocation, or never; in the order of invocation.
    var openSteps: [SearchStep] = []
    var openInvoked: [UInt32] = []
    var content: AppendedContent?
    var initial: Int32 = 0
}

/// Makes search problems of one key's operations.
struct SearchProblemBuilder {
    private let history: History
    private let operations: ArraySlice<Int32>
    private let isRegister: Bool
    private var content = AppendedContent()
    private var stepOf: [Int32: SearchStep] = [:]

    /// How many register values there are; the states are 0 for the initial one, then these, then one that is none of them.
    private(set) var values: [HistoryValue] = [.nil]

    /// - Parameter operations: all of one key, in the order of invocation; transactions with a single step.
    init(_ history: History, _ operations: ArraySlice<Int32>) {
        self.history = history
        self.operations = operations
        isRegister = operations.allSatisfy {
            [.read, .write, .cas].contains(history.kinds[Int($0)]) || history.isRegisterStep(Int($0))
        }
        if isRegister { numberValues() } else { numberContents() }
    }

    private mutating func numberValues() {
        var numbers: [HistoryValue: Int32] = [.nil: 0]
        func number(_ value: HistoryValue, _ values: inout [HistoryValue]) -> Int32 {
            if let known = numbers[value] { return known }
            numbers[value] = Int32(truncatingIfNeeded: values.count)
            values.append(value)
            return Int32(truncatingIfNeeded: values.count - 1)
        }
        for operation in operations {
            let index = Int(operation)
            let single = history.singleStep(index)
            let value = single?.value ?? history.values[index]
            let outcome = history.outcomes[index]
            switch (single.map { $0.kind == .write ? .write : .read } ?? history.kinds[index], outcome) {
            case (.read, .ok): stepOf[operation] = SearchStep(kind: .read, old: number(value, &values))
            case (.write, .ok), (.write, .info): stepOf[operation] = SearchStep(kind: .write, new: number(value, &values))
            case (.cas, .ok), (.cas, .info):
                let new = number(history.second(index), &values)
                stepOf[operation] = SearchStep(kind: .swap, old: number(value, &values), new: new)
            case (.cas, .mismatch): stepOf[operation] = SearchStep(kind: .differs, old: number(value, &values))
            default: break
            }
        }
    }

    private mutating func numberContents() {
        for operation in operations {
            guard let read = history.contentRead(Int(operation)) else { continue }
            stepOf[operation] = SearchStep(kind: .read, old: content.insert(read))
        }
        for operation in operations where [.ok, .info].contains(history.outcomes[Int(operation)]) {
            guard let added = history.contentWritten(Int(operation)) else { continue }
            stepOf[operation] =
                history.kinds[Int(operation)] == .put
                ? SearchStep(kind: .write, new: content.number(of: added))
                : SearchStep(kind: .append, new: content.addPiece(added))
        }
    }

    /// Whether windows with any value at their beginning can be asked for.
    var allowsStart: Bool { isRegister }
    /// The state that is no value of the history.
    var otherState: Int32 { Int32(truncatingIfNeeded: values.count) }

    /// The part between two positions. An operation that was invoked before, or completes after it, may have happened or not.
    func problem(from start: UInt32 = 0, to end: UInt32 = .max, without left: Set<Int32> = []) -> SearchProblem {
        var problem = SearchProblem()
        problem.content = isRegister ? nil : content
        for operation in operations {
            guard let step = stepOf[operation], !left.contains(operation) else { continue }
            let invoked = history.invoked[Int(operation)]
            let completed = history.completed[Int(operation)]
            if invoked > end || completed < start { continue }
            if completed == History.unfinished || completed > end || invoked < start {
                guard step.changes else { continue }
                problem.openSteps.append(step)
                problem.openInvoked.append(max(invoked, start))
            } else {
                problem.steps.append(step)
                problem.invoked.append(invoked)
                problem.completed.append(completed)
                problem.operations.append(operation)
            }
        }
        return problem
    }

    /// The operation's effect; `nil` when it says nothing.
    func step(_ operation: Int32) -> SearchStep? { stepOf[operation] }
}

extension History {
    /// The only step of a transaction that has one.
    func singleStep(_ operation: Int) -> TransactionStep? {
        guard kinds[operation] == .transaction else { return nil }
        let step = steps[Int(places[operation])]
        return step.isLast ? step : nil
    }

    /// A transaction with one step, on a register, in a history without appends.
    func isRegisterStep(_ operation: Int) -> Bool {
        guard !hasAppendSteps, let step = singleStep(operation) else { return false }
        return step.kind == .write || step.kind == .read || step.kind == .readNothing
    }

    /// What a get, or a read of a list, got.
    func contentRead(_ operation: Int) -> [Int64]? {
        guard outcomes[operation] == .ok else { return nil }
        switch kinds[operation] {
        case .get: return characters(values[operation])
        case .transaction:
            guard let step = singleStep(operation) else { return nil }
            if step.kind == .read { return step.value == .nil ? [] : [step.value.code] }
            guard step.kind == .readList else { return nil }
            return elements[step.first..<step.first + step.count].map(\.code)
        default: return nil
        }
    }

    /// What a put or an append has to add.
    func contentWritten(_ operation: Int) -> [Int64]? {
        switch kinds[operation] {
        case .put, .append: return characters(values[operation])
        case .transaction:
            guard let step = singleStep(operation), step.kind == .append else { return nil }
            return [step.value.code]
        default: return nil
        }
    }

    /// The bytes of a string between its quotes, as they are written; nil is the empty one.
    private func characters(_ value: HistoryValue) -> [Int64] {
        if value == .nil { return [] }
        guard let number = value.textNumber else { return Array(texts.describe(value).utf8).map(Int64.init) }
        let text = texts.text(number)
        return (text.first == UInt8(ascii: "\"") ? text.dropFirst().dropLast() : text).map(Int64.init)
    }
}
