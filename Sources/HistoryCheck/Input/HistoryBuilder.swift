/// Joins events to operations, strictly: each process has one operation open at most, and a completion repeats what was asked.
struct HistoryBuilder {
    private(set) var history = History()
    /// What a failed `cas` without an error says.
    var failedCas = FailedCas.mismatch
    /// By session: the operation that is open, or -1.
    private var pending: [Int32] = []
    private var smallProcesses: [Int32] = []
    private var largeProcesses: [Int64: Int32] = [:]
    private var keyNumbers: [HistoryValue: Int32] = [:]
    private var lastKey = HistoryValue.nil
    private var lastKeyNumber: Int32 = -1

    init() {}

    mutating func skip() { history.skipped += 1 }

    /// - Parameter tape: where the event's value is, with its children.
    mutating func add(_ event: ScannedEvent, _ tape: [EDNForm], _ texts: ValueTexts) throws(ScanStop) {
        guard let process = event.process else { throw Self.rejected("an event needs :process", event.start) }
        guard let number = process.value?.integer else { return skip() }
        guard let type = event.type else { throw Self.rejected("an event needs :type", event.start) }
        guard let function = event.function else { throw Self.rejected("an event needs :f", event.start) }
        guard history.lines.count < History.maximalEvents else {
            throw Self.rejected("more than \(History.maximalEvents) events", event.start)
        }
        guard let kind = Self.kind(function) else {
            throw Self.rejected("unknown operation \(texts.describe(function))", event.functionPlace)
        }
        let session = session(number)
        if type == HistoryWord.invoke {
            try invoke(event, kind, session, tape)
        } else {
            guard let outcome = Self.outcome(type) else {
                throw Self.rejected(
                    "unknown type \(texts.describe(type)); there are :invoke, :ok, :fail and :info", event.typePlace)
            }
            try complete(event, kind, session, outcome, tape)
        }
    }

    /// The history, once all events are in.
    mutating func finish(_ texts: ValueTexts) -> History {
        history.texts = texts
        return history
    }

    static func rejected(_ reason: String, _ place: InputPlace) -> ScanStop {
        .rejected(HistoryInputError(line: place.line, column: place.column, reason: reason))
    }

    private static func kind(_ function: HistoryValue) -> OperationKind? {
        switch function {
        case HistoryWord.read: .read
        case HistoryWord.write: .write
        case HistoryWord.cas: .cas
        case HistoryWord.get: .get
        case HistoryWord.put: .put
        case HistoryWord.append: .append
        case HistoryWord.transaction: .transaction
        default: nil
        }
    }

    private static func outcome(_ type: HistoryValue) -> OperationOutcome? {
        switch type {
        case HistoryWord.ok: .ok
        case HistoryWord.fail: .fail
        case HistoryWord.info: .info
        default: nil
        }
    }

    private mutating func session(_ process: Int64) -> Int {
        if process >= 0, process < 1 << 16 {
            let index = Int(process)
            if index < smallProcesses.count, smallProcesses[index] >= 0 { return Int(smallProcesses[index]) }
            while smallProcesses.count <= index { smallProcesses.append(-1) }
            smallProcesses[index] = newSession(process)
            return Int(smallProcesses[index])
        }
        if let known = largeProcesses[process] { return Int(known) }
        let new = newSession(process)
        largeProcesses[process] = new
        return Int(new)
    }

    private mutating func newSession(_ process: Int64) -> Int32 {
        history.processes.append(process)
        pending.append(-1)
        return Int32(truncatingIfNeeded: pending.count - 1)
    }

    mutating func keyNumber(_ key: HistoryValue) -> Int32 {
        if key == lastKey, lastKeyNumber >= 0 { return lastKeyNumber }
        lastKey = key
        if let known = keyNumbers[key] {
            lastKeyNumber = known
        } else {
            lastKeyNumber = Int32(truncatingIfNeeded: history.keys.count)
            keyNumbers[key] = lastKeyNumber
            history.keys.append(key)
        }
        return lastKeyNumber
    }

    // MARK: Invocations

    private mutating func invoke(
        _ event: ScannedEvent, _ kind: OperationKind, _ session: Int, _ tape: [EDNForm]
    ) throws(ScanStop) {
        guard history.hasInvocations else {
            throw Self.rejected("an invocation after completions without any; a history has either all or none", event.start)
        }
        guard pending[session] < 0 else {
            throw Self.rejected(
                "process \(history.processes[session]) invokes while its operation of line "
                    + "\(history.invocationLine(Int(pending[session]))) is open", event.start)
        }
        let operation = history.count
        try push(event, kind, session, tape, isAsked: true)
        pending[session] = Int32(truncatingIfNeeded: operation)
    }

    private mutating func push(
        _ event: ScannedEvent, _ kind: OperationKind, _ session: Int, _ tape: [EDNForm], isAsked: Bool
    ) throws(ScanStop) {
        let asked: (place: Int32, value: HistoryValue, second: HistoryValue)
        switch kind {
        case .read, .write:
            let (key, value) = try Self.register(event, tape)
            asked = (keyNumber(key), kind == .read && isAsked ? .nil : value, .nil)
        case .cas:
            let (key, old, new) = try Self.compareAndSet(event, tape)
            asked = (keyNumber(key), old, new)
        case .get, .put, .append:
            guard let key = event.key else { throw Self.rejected("this operation needs a :key", event.start) }
            let value = try Self.scalar(event, tape)
            asked = (keyNumber(key), kind == .get && isAsked ? .nil : value, .nil)
        case .transaction:
            let first = history.steps.count
            try pushSteps(event, tape, isAsked: isAsked)
            asked = (Int32(truncatingIfNeeded: first), .nil, .nil)
        }
        if kind == .cas {
            while history.seconds.count < history.count { history.seconds.append(.nil) }
            history.seconds.append(asked.second)
        }
        history.kinds.append(kind)
        history.outcomes.append(.info)
        history.sessions.append(Int32(truncatingIfNeeded: session))
        history.places.append(asked.place)
        history.values.append(asked.value)
        history.invoked.append(UInt32(truncatingIfNeeded: history.lines.count))
        history.completed.append(History.unfinished)
        history.lines.append(UInt32(truncatingIfNeeded: event.line))
        history.present.insert(OperationKinds(kind))
    }

    // MARK: Completions

    private mutating func complete(
        _ event: ScannedEvent, _ kind: OperationKind, _ session: Int, _ outcome: OperationOutcome, _ tape: [EDNForm]
    ) throws(ScanStop) {
        if pending[session] < 0, history.count == 0 || !history.hasInvocations {
            return try completeAlone(event, kind, session, outcome, tape)
        }
        guard pending[session] >= 0 else {
            throw Self.rejected("process \(history.processes[session]) has no open operation to complete", event.start)
        }
        let operation = Int(pending[session])
        guard history.kinds[operation] == kind else {
            throw Self.rejected(
                "process \(history.processes[session]) asked for something else in line \(history.invocationLine(operation))",
                event.functionPlace)
        }
        if outcome == .ok { try fill(operation, event, tape) }
        pending[session] = -1
        let position = UInt32(truncatingIfNeeded: history.lines.count)
        history.lines.append(UInt32(truncatingIfNeeded: event.line))
        conclude(operation, outcome, event, at: position)
    }

    private mutating func conclude(_ operation: Int, _ outcome: OperationOutcome, _ event: ScannedEvent, at position: UInt32) {
        let isMismatch =
            outcome == .fail && history.kinds[operation] == .cas && !event.hasError && failedCas == .mismatch
        history.outcomes[operation] = isMismatch ? .mismatch : outcome
        if outcome != .info { history.completed[operation] = position }
    }

    /// A completion in a history without invocations stands for both.
    private mutating func completeAlone(
        _ event: ScannedEvent, _ kind: OperationKind, _ session: Int, _ outcome: OperationOutcome, _ tape: [EDNForm]
    ) throws(ScanStop) {
        let operation = history.count
        try push(event, kind, session, tape, isAsked: false)
        history.hasInvocations = false
        conclude(operation, outcome, event, at: history.invoked[operation])
    }

    private mutating func fill(_ operation: Int, _ event: ScannedEvent, _ tape: [EDNForm]) throws(ScanStop) {
        switch history.kinds[operation] {
        case .read:
            let (key, value) = try Self.register(event, tape)
            let number = keyNumber(key)
            if number != history.places[operation] { throw differs(operation, event) }
            history.values[operation] = value
        case .write:
            if Self.isNil(event, tape) { return }
            let (key, value) = try Self.register(event, tape)
            let number = keyNumber(key)
            if number != history.places[operation] { throw differs(operation, event) }
            if value != history.values[operation] { throw differs(operation, event) }
        case .cas:
            if Self.isNil(event, tape) { return }
            let (key, old, new) = try Self.compareAndSet(event, tape)
            let number = keyNumber(key)
            if number != history.places[operation] { throw differs(operation, event) }
            if old != history.values[operation] { throw differs(operation, event) }
            if new != history.second(operation) { throw differs(operation, event) }
        case .get, .put, .append:
            guard let key = event.key else { throw Self.rejected("this operation needs a :key", event.start) }
            let number = keyNumber(key)
            if number != history.places[operation] { throw differs(operation, event) }
            if history.kinds[operation] == .get {
                history.values[operation] = try Self.scalar(event, tape)
            } else if !Self.isNil(event, tape) {
                let value = try Self.scalar(event, tape)
                if value != history.values[operation] { throw differs(operation, event) }
            }
        case .transaction:
            try fillSteps(operation, event, tape)
        }
    }

    private func differs(_ operation: Int, _ event: ScannedEvent) -> ScanStop {
        Self.rejected("differs from what line \(history.invocationLine(operation)) asked for", event.valuePlace)
    }
}

/// What a failed `cas` without an error tells.
package enum FailedCas: String, Sendable, CaseIterable {
    /// The value was another one at some time while it was open.
    case mismatch
    /// Only that it did not happen.
    case absent
}

// MARK: - Values

// Static where they can be: a call on `self` from a mutating function copies the builder.
extension HistoryBuilder {
    fileprivate static func isNil(_ event: ScannedEvent, _ tape: [EDNForm]) -> Bool {
        event.value.map { tape[$0].value == .nil } ?? true
    }

    fileprivate static func scalar(_ event: ScannedEvent, _ tape: [EDNForm]) throws(ScanStop) -> HistoryValue {
        guard let place = event.value else { return .nil }
        guard let value = tape[place].value else {
            throw Self.rejected("the value of this operation is one scalar", event.valuePlace)
        }
        return value
    }

    /// Where the children of a sequence are; `nil` if it is none.
    private static func children(_ place: Int, _ tape: [EDNForm]) -> [Int]? {
        guard tape[place].isSequence else { return nil }
        var found: [Int] = []
        var next = place + 1
        let end = Int(tape[place].code)
        while next < end {
            found.append(next)
            next = tape[next].kind == .scalar ? next + 1 : Int(tape[next].code)
        }
        return found
    }

    /// `v`, or `[k v]` when there is no `:key`.
    fileprivate static func register(_ event: ScannedEvent, _ tape: [EDNForm]) throws(ScanStop) -> (HistoryValue, HistoryValue)
    {
        guard let place = event.value else { return (event.key ?? .nil, .nil) }
        if let value = tape[place].value { return (event.key ?? .nil, value) }
        if event.key == nil, let pair = Self.children(place, tape), pair.count == 2, let key = tape[pair[0]].value,
            let value = tape[pair[1]].value
        {
            return (key, value)
        }
        throw Self.rejected("the value of a read or write is one scalar, or [key scalar]", event.valuePlace)
    }

    /// `[old new]`, or `[k [old new]]` when there is no `:key`.
    fileprivate static func compareAndSet(
        _ event: ScannedEvent, _ tape: [EDNForm]
    ) throws(ScanStop) -> (HistoryValue, HistoryValue, HistoryValue) {
        if let place = event.value, let pair = Self.children(place, tape), pair.count == 2, let first = tape[pair[0]].value {
            if let second = tape[pair[1]].value { return (event.key ?? .nil, first, second) }
            if event.key == nil, let inner = Self.children(pair[1], tape), inner.count == 2, let old = tape[inner[0]].value,
                let new = tape[inner[1]].value
            {
                return (first, old, new)
            }
        }
        throw Self.rejected("the value of a cas is [old new], or [key [old new]]", event.valuePlace)
    }

    // MARK: Transactions

    fileprivate mutating func pushSteps(_ event: ScannedEvent, _ tape: [EDNForm], isAsked: Bool) throws(ScanStop) {
        let first = history.steps.count
        guard first < Int(Int32.max) / 2 else { throw Self.rejected("too many steps of transactions", event.start) }
        do throws(ScanStop) {
            guard let place = event.value, let steps = Self.children(place, tape) else { throw Self.wrongSteps(event) }
            for step in steps { history.steps.append(try self.step(step, event, tape, isAsked: isAsked)) }
        } catch {
            history.steps.removeLast(history.steps.count - first)
            throw error
        }
        if history.steps.count == first { history.steps.append(TransactionStep(kind: .nothing, key: -1)) }
        history.steps[history.steps.count - 1].isLast = true
    }

    private static func wrongSteps(_ event: ScannedEvent) -> ScanStop {
        Self.rejected(
            "the value of a txn is a vector of [:r key value], [:append key scalar] and [:w key scalar]", event.valuePlace)
    }

    private mutating func step(
        _ place: Int, _ event: ScannedEvent, _ tape: [EDNForm], isAsked: Bool
    ) throws(ScanStop) -> TransactionStep {
        guard let parts = Self.children(place, tape), parts.count == 2 || parts.count == 3, let function = tape[parts[0]].value,
            let key = tape[parts[1]].value
        else { throw Self.wrongSteps(event) }
        let number = keyNumber(key)
        if function == HistoryWord.readStep {
            if isAsked { return TransactionStep(kind: .readNothing, key: number) }
            guard parts.count == 3 else { return TransactionStep(kind: .read, key: number) }
            return try readStep(parts[2], number, event, tape)
        }
        guard parts.count == 3, let value = tape[parts[2]].value else { throw Self.wrongSteps(event) }
        if function == HistoryWord.append {
            history.hasAppendSteps = true
            return TransactionStep(kind: .append, key: number, value: value)
        }
        guard function == HistoryWord.writeStep else { throw Self.wrongSteps(event) }
        history.hasWriteSteps = true
        return TransactionStep(kind: .write, key: number, value: value)
    }

    private mutating func readStep(
        _ place: Int, _ key: Int32, _ event: ScannedEvent, _ tape: [EDNForm]
    ) throws(ScanStop) -> TransactionStep {
        if let value = tape[place].value { return TransactionStep(kind: .read, key: key, value: value) }
        guard tape[place].isSequence else { throw Self.wrongSteps(event) }
        let first = history.elements.count
        for child in place + 1..<Int(tape[place].code) {
            guard let element = tape[child].value else { throw Self.wrongSteps(event) }
            history.elements.append(element)
        }
        return TransactionStep(kind: .readList, key: key, first: first, count: history.elements.count - first)
    }

    fileprivate mutating func fillSteps(_ operation: Int, _ event: ScannedEvent, _ tape: [EDNForm]) throws(ScanStop) {
        let asked = history.steps(of: operation).indices
        guard let place = event.value, let found = Self.children(place, tape) else { throw Self.wrongSteps(event) }
        let isEmpty = history.steps[asked.lowerBound].kind == .nothing
        if found.count != (isEmpty ? 0 : asked.count) { throw differs(operation, event) }
        for (index, place) in zip(asked, found) {
            let old = history.steps[index]
            var new = try step(place, event, tape, isAsked: false)
            let isSame: Bool
            switch old.kind {
            case .append, .write: isSame = new.kind == old.kind && new.value == old.value
            case .read, .readList, .readNothing: isSame = new.kind == .read || new.kind == .readList
            case .nothing: isSame = false
            }
            if !isSame || new.key != old.key { throw differs(operation, event) }
            new.isLast = old.isLast
            history.steps[index] = new
        }
    }
}
