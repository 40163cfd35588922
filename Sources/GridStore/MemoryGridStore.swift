package import GridModel
package import Ordering
import Synchronization

/// A store in memory: the reference that the conformance suite is first run on, for tests and for grids that need no durability.
///
/// A store object is a handle; what it stores lives in `MemoryGridContents` and outlasts the handle, as a file outlasts a process.
package final class MemoryGridStore: GridStore {
    private let contents: MemoryGridContents
    private let closed = Atomic<Bool>(false)

    /// A handle on a new, empty store, or on the contents another handle wrote.
    package init(contents: MemoryGridContents = MemoryGridContents()) {
        self.contents = contents
    }

    package var durability: String { "memory" }
    package var lastRevision: Revision { contents.state.withLock { $0.lastRevision } }
    package var foldedRevision: Revision { contents.state.withLock { $0.foldedRevision } }
    package var storedBytes: UInt64 { contents.state.withLock { $0.storedBytes } }

    package func append(_ entry: LogEntry) throws(StoreError) {
        try checkOpen()
        try contents.append(entry)
    }

    package func forEachRecord(after: Revision, _ body: (LogRecord) -> Bool) throws(StoreError) {
        try checkOpen()
        let records = contents.state.withLock { $0.log }
        for record in records.dropFirst(Int(clamping: after.rawValue)) {
            guard body(record) else { return }
        }
    }

    package func record(_ revision: Revision) throws(StoreError) -> LogRecord? {
        try checkOpen()
        return contents.state.withLock { state in
            guard revision > .zero, revision <= state.lastRevision else { return nil }
            return state.log[Int(revision.rawValue) - 1]
        }
    }

    package func structuralRevisions(after: Revision) throws(StoreError) -> [Revision] {
        try checkOpen()
        return contents.state.withLock { state in
            Array(state.structural.reversed().prefix { $0 > after })
        }
    }

    package func outcome(of intent: IntentID) throws(StoreError) -> RecordedOutcome? {
        try checkOpen()
        return contents.state.withLock { $0.outcomes[intent] }
    }

    package func fold(_ slice: FoldSlice) throws(StoreError) {
        try checkOpen()
        try contents.fold(slice)
    }

    package func forEachRow(_ body: (_ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> Void) throws(StoreError) {
        try checkOpen()
        let rows = contents.state.withLock { $0.rows }
        for key in rows.keys.sorted() {
            rows[key]?.withUnsafeBytes { body(key, $0) }
        }
    }

    package func document(_ name: String) throws(StoreError) -> [UInt8]? {
        try checkOpen()
        return contents.state.withLock { $0.documents[name] }
    }

    package func documents(withPrefix prefix: String) throws(StoreError) -> [(name: String, bytes: [UInt8])] {
        try checkOpen()
        let found = contents.state.withLock { state in state.documents.filter { $0.key.utf8.starts(with: prefix.utf8) } }
        return found.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { (name: $0.key, bytes: $0.value) }
    }

    package func checkpoint() throws(StoreError) {
        try checkOpen()
    }

    package func close() {
        closed.store(true, ordering: .releasing)
    }

    private func checkOpen() throws(StoreError) {
        guard !closed.load(ordering: .acquiring) else {
            throw StoreError(.other, "the store was closed; open it again")
        }
    }
}

/// What memory stores hold. Outlasts the store objects that read and write it.
package final class MemoryGridContents: Sendable {
    fileprivate struct State {
        /// The record of revision n at n - 1: revisions have no gaps.
        var log: [LogRecord] = []
        var structural: [Revision] = []
        var outcomes: [IntentID: RecordedOutcome] = [:]
        /// The intents in the order they came, the oldest at `firstIntent`.
        var intents: [IntentID] = []
        var firstIntent = 0
        var rows: [UInt64: [UInt8]] = [:]
        var documents: [String: [UInt8]] = [:]
        var foldedRevision = Revision.zero
        var storedBytes: UInt64 = 0

        var lastRevision: Revision { Revision(UInt64(log.count)) }
    }

    fileprivate let state = Mutex(State())
    private let keptIntents: Int

    package init(keptIntents: Int = GridStoreLimits.keptIntents) {
        self.keptIntents = keptIntents
    }

    fileprivate func append(_ entry: LogEntry) throws(StoreError) {
        try state.withLock { state throws(StoreError) in
            guard entry.record.revision == state.lastRevision.next else {
                throw StoreError.outOfOrder(entry.record.revision, last: state.lastRevision)
            }
            state.log.append(entry.record)
            if entry.record.structural { state.structural.append(entry.record.revision) }
            state.storedBytes += UInt64(entry.record.bytes.count)
            for outcome in entry.outcomes where state.outcomes[outcome.intent] == nil {
                state.outcomes[outcome.intent] = outcome
                state.intents.append(outcome.intent)
            }
            while state.intents.count - state.firstIntent > keptIntents {
                state.outcomes[state.intents[state.firstIntent]] = nil
                state.firstIntent += 1
            }
            if state.firstIntent > keptIntents {
                state.intents.removeFirst(state.firstIntent)
                state.firstIntent = 0
            }
        }
    }

    fileprivate func fold(_ slice: FoldSlice) throws(StoreError) {
        try state.withLock { state throws(StoreError) in
            if let completes = slice.completes, completes > state.lastRevision || completes < state.foldedRevision {
                throw StoreError.foldOutOfOrder(completes, folded: state.foldedRevision, last: state.lastRevision)
            }
            for (key, bytes) in slice.rows { state.rows[key] = bytes }
            for (name, bytes) in slice.documents { state.documents[name] = bytes }
            if let completes = slice.completes { state.foldedRevision = completes }
        }
    }
}

extension StoreError {
    /// The refusal of a record that is not the next one (S2).
    package static func outOfOrder(_ revision: Revision, last: Revision) -> StoreError {
        StoreError(.outOfOrder, "revision \(revision) cannot follow \(last); the next one is \(last.next)")
    }

    /// The refusal of a fold that would end before the last one or after the log.
    package static func foldOutOfOrder(_ revision: Revision, folded: Revision, last: Revision) -> StoreError {
        StoreError(
            .outOfOrder, "a fold to revision \(revision) is outside \(folded)...\(last), what is folded and what is logged")
    }
}
