import GridModel
import GridStore
import Ordering
import Synchronization

/// A store that times its writes and its replay.
final class TimedStore: GridStore {
    struct Counts {
        var slices = 0
        var rows = 0
        var completed = 0
        var checkpoints = 0
        var recordBytes = 0
        var changes = 0
    }

    private let wrapped: any GridStore
    private struct State {
        var appends = Timings()
        var slices = Timings()
        var checkpoints = Timings()
        var replay = Duration.zero
        var counts = Counts()
    }

    private let clock = ContinuousClock()
    private let state = Mutex(State())

    init(_ wrapped: any GridStore) { self.wrapped = wrapped }

    var counts: Counts { state.withLock { $0.counts } }
    /// What reading and applying the log took when the grid was opened.
    var replay: Duration { state.withLock { $0.replay } }
    func reset() { state.withLock { $0 = State() } }
    func takeSlices() -> Timings {
        state.withLock { state in
            defer { state.slices = Timings() }
            return state.slices
        }
    }
    func takeCheckpoints() -> Timings {
        state.withLock { state in
            defer { state.checkpoints = Timings() }
            return state.checkpoints
        }
    }
    func note(changes: Int) { state.withLock { $0.counts.changes += changes } }
    func takeAppends() -> Timings {
        state.withLock { state in
            defer { state.appends = Timings() }
            return state.appends
        }
    }

    func append(_ entry: LogEntry) throws(StoreError) {
        let start = clock.now
        try wrapped.append(entry)
        let taken = clock.now - start
        state.withLock {
            $0.appends.add(taken)
            $0.counts.recordBytes += entry.record.bytes.count
        }
    }

    func fold(_ slice: FoldSlice) throws(StoreError) {
        let start = clock.now
        try wrapped.fold(slice)
        let taken = clock.now - start
        state.withLock {
            $0.slices.add(taken)
            $0.counts.slices += 1
            $0.counts.rows += slice.rows.count
            if slice.completes != nil { $0.counts.completed += 1 }
        }
    }

    func checkpoint() throws(StoreError) {
        let start = clock.now
        try wrapped.checkpoint()
        let taken = clock.now - start
        state.withLock {
            $0.checkpoints.add(taken)
            $0.counts.checkpoints += 1
        }
    }

    var lastRevision: Revision { wrapped.lastRevision }
    var durability: String { wrapped.durability }
    var foldedRevision: Revision { wrapped.foldedRevision }
    var storedBytes: UInt64 { wrapped.storedBytes }
    var isCheckpointDue: Bool { wrapped.isCheckpointDue }
    func forEachRecord(after: Revision, _ body: (LogRecord) -> Bool) throws(StoreError) {
        let start = clock.now
        try wrapped.forEachRecord(after: after, body)
        let taken = clock.now - start
        state.withLock { $0.replay = taken }
    }
    func record(_ revision: Revision) throws(StoreError) -> LogRecord? { try wrapped.record(revision) }
    func structuralRevisions(after: Revision) throws(StoreError) -> [Revision] {
        try wrapped.structuralRevisions(after: after)
    }
    func outcome(of intent: IntentID) throws(StoreError) -> RecordedOutcome? { try wrapped.outcome(of: intent) }
    func outcomes(of intents: [IntentID]) throws(StoreError) -> [IntentID: RecordedOutcome] {
        try wrapped.outcomes(of: intents)
    }
    func forEachRow(_ body: (_ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> Void) throws(StoreError) {
        try wrapped.forEachRow(body)
    }
    func document(_ name: String) throws(StoreError) -> [UInt8]? { try wrapped.document(name) }
    func documents(withPrefix prefix: String) throws(StoreError) -> [(name: String, bytes: [UInt8])] {
        try wrapped.documents(withPrefix: prefix)
    }
    func close() { wrapped.close() }
}
