/// A history as transactions that read from each other: each operation is one, by its number.
struct TransactionTable {
    /// A read of what another transaction wrote last; the source is -1 for the initial value.
    struct ExternalRead {
        var reader: Int32
        var key: Int32
        var source: Int32
        /// The value, or a list's last element.
        var value: HistoryValue
    }

    struct Writer {
        var operation: Int32
        /// Not the transaction's last write of the key.
        var isIntermediate = false
        /// Another transaction wrote the same.
        var isAmbiguous = false
    }

    struct Place: Hashable {
        var key: Int32
        var value: HistoryValue
    }

    /// A list of a key as a transaction saw it before its own appends.
    struct ListRead {
        var reader: Int32
        var key: Int32
        var first: Int
        var count: Int
    }

    let history: History
    /// Operations that count: what is known to have happened.
    private(set) var isIncluded: [Bool]
    private(set) var writers: [Place: Writer] = [:]
    /// By reader, in the order of its steps.
    private(set) var reads: [ExternalRead] = []
    /// Where an operation's reads begin; one more than operations.
    private(set) var readStarts: [Int32] = []
    /// Keys written, each once an operation, and where they begin.
    private(set) var writtenKeys: [Int32] = []
    private(set) var writtenStarts: [Int32] = []
    private(set) var listReads: [ListRead] = []
    /// By key: the place in `listReads` of the longest list, the first of them.
    private(set) var longest: [Int32: Int] = [:]
    /// What breaks a level by itself.
    private(set) var committedFindings = TransactionFindings()
    private(set) var internalFindings = TransactionFindings()
    /// Why something cannot be told; `nil` while everything can.
    private(set) var doubt: String?

    init(_ history: History) {
        self.history = history
        isIncluded = history.outcomes.map { $0 == .ok }
        collectWrites()
        collectReads()
        includeObserved()
        listWrittenKeys()
    }

    mutating func cannotTell(_ reason: String) {
        doubt = doubt ?? reason
    }

    // MARK: Writes

    private mutating func collectWrites() {
        // A call on `self` would copy the table, and all that is in it at the next change.
        let history = history
        writers.reserveCapacity(history.count)
        var last: [Int32: HistoryValue] = [:]
        for operation in 0..<history.count {
            last.removeAll(keepingCapacity: true)
            var places: [Place] = []
            history.forEachStep(operation) { step in
                guard step.kind == .write || step.kind == .append else { return }
                if let earlier = last[step.key] { places.append(Place(key: step.key, value: earlier)) }
                last[step.key] = step.value
                add(Place(key: step.key, value: step.value), operation)
            }
            for place in places where writers[place].map({ Int($0.operation) }) == operation {
                writers[place]?.isIntermediate = true
            }
        }
    }

    private mutating func add(_ place: Place, _ operation: Int) {
        guard let known = writers[place] else {
            writers[place] = Writer(operation: Int32(truncatingIfNeeded: operation))
            return
        }
        let isFailed = history.outcomes[operation] == .fail
        let wasFailed = history.outcomes[Int(known.operation)] == .fail
        if wasFailed, !isFailed {
            writers[place] = Writer(operation: Int32(truncatingIfNeeded: operation))
        } else if wasFailed == isFailed {
            writers[place]?.isAmbiguous = true
        }
    }

    // MARK: Reads

    private mutating func collectReads() {
        // A call on `self` would copy the table, and all that is in it at the next change.
        let history = history
        for operation in 0..<history.count {
            readStarts.append(Int32(truncatingIfNeeded: reads.count))
            guard history.outcomes[operation] == .ok else { continue }
            var written: [Int32: HistoryValue] = [:]
            var appended: [Int32: [HistoryValue]] = [:]
            history.forEachStep(operation) { step in
                switch step.kind {
                case .write: written[step.key] = step.value
                case .append: appended[step.key, default: []].append(step.value)
                case .read where history.hasAppendSteps && step.value == .nil:
                    readList(operation, step, appended[step.key] ?? [])
                case .readList: readList(operation, step, appended[step.key] ?? [])
                case .read: readValue(operation, step, own: written[step.key])
                case .readNothing, .nothing: break
                }
            }
        }
        readStarts.append(Int32(truncatingIfNeeded: reads.count))
    }

    private mutating func readValue(_ reader: Int, _ step: TransactionStep, own: HistoryValue?) {
        if let own {
            guard own != step.value else { return }
            internalFindings.record(
                HistoryFinding(
                    anomaly: .internal, key: history.keyName(Int(step.key)), operations: [reader],
                    sentences: [
                        "\(history.named(reader)) wrote \(history.short(own)), and then read \(history.short(step.value))."
                    ]))
            return
        }
        external(reader, step.key, step.value, isInitial: false)
    }

    private mutating func readList(_ reader: Int, _ step: TransactionStep, _ own: [HistoryValue]) {
        let elements = history.elements[step.first..<step.first + step.count]
        guard elements.suffix(own.count).elementsEqual(own) else {
            internalFindings.record(
                HistoryFinding(
                    anomaly: .internal, key: history.keyName(Int(step.key)), operations: [reader],
                    sentences: ["\(history.named(reader)) read \(history.list(step)), which does not end with its own appends."]
                ))
            return
        }
        let count = step.count - own.count
        listReads.append(
            ListRead(reader: Int32(truncatingIfNeeded: reader), key: step.key, first: step.first, count: count))
        external(reader, step.key, count > 0 ? elements[step.first + count - 1] : .nil, isInitial: count == 0)
    }

    private mutating func external(_ reader: Int, _ key: Int32, _ value: HistoryValue, isInitial: Bool) {
        var read = ExternalRead(reader: Int32(truncatingIfNeeded: reader), key: key, source: -1, value: value)
        guard !isInitial, let writer = writers[Place(key: key, value: value)] else {
            if isInitial || value == .nil { return reads.append(read) }
            return committedFindings.record(
                HistoryFinding(
                    anomaly: .unwrittenRead, key: history.keyName(Int(key)), operations: [reader],
                    sentences: ["\(history.named(reader)) read \(history.short(value)), which nobody wrote."]))
        }
        let source = Int(writer.operation)
        if writer.isAmbiguous || value == .nil {
            let what = value == .nil ? "the initial value" : history.short(value)
            return cannotTell("\(what) was written more than once, so nobody can tell which write [\(history.id(reader))] read")
        }
        if history.outcomes[source] == .fail {
            return committedFindings.record(finding(.abortedRead, reader, source, key, value, "which failed"))
        }
        if source == reader {
            return internalFindings.record(
                HistoryFinding(
                    anomaly: .internal, key: history.keyName(Int(key)), operations: [reader],
                    sentences: ["\(history.named(reader)) read \(history.short(value)) before it wrote it."]))
        }
        if writer.isIntermediate {
            committedFindings.record(
                finding(.intermediateRead, reader, source, key, value, "which wrote the key again after that"))
        }
        read.source = writer.operation
        reads.append(read)
    }

    private func finding(
        _ anomaly: HistoryAnomaly, _ reader: Int, _ source: Int, _ key: Int32, _ value: HistoryValue, _ why: String
    ) -> HistoryFinding {
        HistoryFinding(
            anomaly: anomaly, key: history.keyName(Int(key)), operations: [reader, source].sorted(),
            sentences: ["\(history.named(reader)) saw \(history.short(value)) of \(history.named(source)), \(why)."])
    }

    mutating func addCommitted(_ finding: HistoryFinding) {
        committedFindings.record(finding)
    }

    /// What nobody knows the end of happened if somebody saw it.
    private mutating func includeObserved() {
        for read in reads where read.source >= 0 { isIncluded[Int(read.source)] = true }
        for (index, list) in listReads.enumerated() {
            if let known = longest[list.key], listReads[known].count >= list.count { continue }
            longest[list.key] = index
        }
        for key in longest.keys.sorted() {
            guard let list = longest[key].map({ listReads[$0] }) else { continue }
            for element in history.elements[list.first..<list.first + list.count] {
                guard let writer = writers[Place(key: list.key, value: element)], !writer.isAmbiguous else { continue }
                if history.outcomes[Int(writer.operation)] == .info { isIncluded[Int(writer.operation)] = true }
            }
        }
    }

    private mutating func listWrittenKeys() {
        // A call on `self` would copy the table, and all that is in it at the next change.
        let history = history
        for operation in 0..<history.count {
            let first = writtenKeys.count
            writtenStarts.append(Int32(truncatingIfNeeded: first))
            guard isIncluded[operation] else { continue }
            history.forEachStep(operation) { step in
                guard step.kind == .write || step.kind == .append, !writtenKeys[first...].contains(step.key) else { return }
                writtenKeys.append(step.key)
            }
        }
        writtenStarts.append(Int32(truncatingIfNeeded: writtenKeys.count))
    }

    func written(by operation: Int) -> ArraySlice<Int32> {
        writtenKeys[Int(writtenStarts[operation])..<Int(writtenStarts[operation + 1])]
    }

    func reads(of operation: Int) -> Range<Int> {
        Int(readStarts[operation])..<Int(readStarts[operation + 1])
    }
}

/// Findings of a level, as many as a report keeps; making the others would take time for nothing.
struct TransactionFindings {
    private(set) var kept: [HistoryFinding] = []
    private(set) var more = 0

    var isEmpty: Bool { kept.isEmpty }

    mutating func add(_ finding: () -> HistoryFinding) {
        if kept.count < ConsistencyResult.maximalFindings { kept.append(finding()) } else { more += 1 }
    }

    mutating func record(_ finding: HistoryFinding) {
        add { finding }
    }

    mutating func add(_ others: TransactionFindings) {
        for finding in others.kept { add { finding } }
        more += others.more
    }
}

extension History {
    /// The steps that an operation stands for.
    func forEachStep(_ operation: Int, _ body: (TransactionStep) -> Void) {
        let key = places[operation]
        switch kinds[operation] {
        case .transaction: for step in steps(of: operation) { body(step) }
        case .read: body(TransactionStep(kind: .read, key: key, value: values[operation]))
        case .write: body(TransactionStep(kind: .write, key: key, value: values[operation]))
        case .cas:
            // An unsure one is taken for its write alone.
            if outcomes[operation] == .ok {
                body(TransactionStep(kind: .read, key: key, value: values[operation]))
            }
            if outcomes[operation] != .mismatch {
                body(TransactionStep(kind: .write, key: key, value: second(operation)))
            }
        case .get, .put, .append: break
        }
    }

    /// A value, shortened if it is long.
    func short(_ value: HistoryValue) -> String {
        let text = texts.describe(value)
        return text.utf8.count <= 60 ? text : String(text.prefix(57)) + "..."
    }
}
