import ChangePipeline
import GridModel
import GridStore
import Ordering
import Synchronization

/// How a disk's commits wait for the platter, after SQLite's setting of that name.
package enum Synchronous: String, Sendable, CaseIterable {
    /// A commit returns when its record survives power loss.
    case full
    /// A commit returns when it is written; only a checkpoint syncs. The control: it must lose acknowledged changes.
    case normal
}

/// What a disk is about to do wrong, once.
enum DiskFault: Hashable, Sendable {
    /// Power fails within the next write; what of it and of the unsynced writes before it reached the platter is drawn from the number.
    case cutWithin(UInt32)
    /// Power fails after the next write is synced, before anybody hears of it.
    case cutAfter
    /// The next sync reports an error; nobody knows what reached the platter.
    case syncError
}

/// A store with a crash model: a journal of transactions, as a write-ahead log is. What is not synced when power fails survives, is torn or
/// is missing, each write by itself; recovery keeps the journal up to the first that is not whole, because each is checksummed with the one
/// before. Like SQLite's, a later sync makes everything earlier durable too.
final class SimulatedDisk: GridStore {
    /// What a fold and the log hold.
    struct Contents: Sendable {
        var log: [LogRecord] = []
        var outcomes: [IntentID: RecordedOutcome] = [:]
        var rows: [UInt64: [UInt8]] = [:]
        var documents: [String: [UInt8]] = [:]
        var foldedRevision = Revision.zero

        mutating func apply(_ write: Write) {
            switch write {
            case .entry(let entry):
                log.append(entry.record)
                for outcome in entry.outcomes where outcomes[outcome.intent] == nil { outcomes[outcome.intent] = outcome }
            case .slice(let slice):
                for (key, bytes) in slice.rows { rows[key] = bytes }
                for (name, bytes) in slice.documents { documents[name] = bytes }
                if let completes = slice.completes { foldedRevision = completes }
            }
        }
    }

    enum Write: Sendable {
        case entry(LogEntry)
        case slice(FoldSlice)
    }

    private struct State {
        /// What is in the database file.
        var base: Contents
        /// What the process sees: the file with the journal.
        var live: Contents
        var journal: [Write] = []
        /// So many writes of the journal survive power loss.
        var synced = 0
        var fault: DiskFault?
        var isFull = false
        /// Power is gone: nothing can be done any more.
        var isDead = false
        var written = 0
    }

    private let state: Mutex<State>
    private let synchronous: Synchronous
    private let control: Control
    private let news: ServerNews
    /// Writes after which a checkpoint is due.
    private static let checkpointEvery = 24

    init(_ contents: Contents, synchronous: Synchronous, control: Control, news: ServerNews) {
        state = Mutex(State(base: contents, live: contents))
        self.synchronous = synchronous
        self.control = control
        self.news = news
    }

    /// All that is stored, as the process sees it.
    var contents: Contents { state.withLock { $0.live } }

    func arm(_ fault: DiskFault?) {
        state.withLock { $0.fault = fault }
    }

    var isDead: Bool { state.withLock { $0.isDead } }

    func setFull(_ isFull: Bool) {
        state.withLock { $0.isFull = isFull }
    }

    /// Power comes back: what was not synced is drawn, write by write, and the journal ends before the first that is not whole.
    /// - Returns: how many writes were taken back.
    func powerCycle(_ chance: inout Chance) -> Int {
        state.withLock { state in
            var kept = state.synced
            while kept < state.journal.count, chance.below(3) == 0 { kept += 1 }
            let lost = state.journal.count - kept
            var contents = state.base
            for write in state.journal.prefix(kept) { contents.apply(write) }
            state = State(base: contents, live: contents)
            return lost
        }
    }

    // MARK: GridStore

    var lastRevision: Revision { state.withLock { Revision(UInt64($0.live.log.count)) } }
    var foldedRevision: Revision { state.withLock { $0.live.foldedRevision } }
    var durability: String { synchronous.rawValue }
    var storedBytes: UInt64 { 0 }
    var isCheckpointDue: Bool { state.withLock { $0.journal.count >= Self.checkpointEvery } }

    func append(_ entry: LogEntry) throws(StoreError) {
        try state.withLock { state throws(StoreError) in
            try Self.checkWritable(state)
            guard entry.record.revision.rawValue == UInt64(state.live.log.count) + 1 else {
                throw StoreError.outOfOrder(entry.record.revision, last: Revision(UInt64(state.live.log.count)))
            }
            // What was committed, as the log has it: the one source of the oracles' truth.
            news.add(.appended(entry.record.revision, entry.outcomes))
            if control.contains(.emitBeforeSync) { news.add(.emitted(entry.record.revision)) }
            try write(.entry(entry), &state)
            if synchronous == .full {
                state.synced = state.journal.count
                news.add(.synced(entry.record.revision))
            }
            try fail(after: &state)
        }
    }

    func fold(_ slice: FoldSlice) throws(StoreError) {
        try state.withLock { state throws(StoreError) in
            try Self.checkWritable(state)
            // Not synced: the log has what it holds.
            try write(.slice(slice), &state)
            try fail(after: &state)
        }
    }

    func checkpoint() throws(StoreError) {
        try state.withLock { state throws(StoreError) in
            try Self.checkWritable(state)
            if let fault = state.fault, fault != .cutAfter {
                state.fault = nil
                state.isDead = true
                throw StoreError(.syncFailed, "the checkpoint's sync failed")
            }
            state.base = state.live
            state.journal = []
            state.synced = 0
            news.add(.synced(Revision(UInt64(state.live.log.count))))
            try fail(after: &state)
        }
    }

    private func write(_ write: Write, _ state: inout State) throws(StoreError) {
        switch state.fault {
        case .cutWithin(let number):
            state.fault = nil
            state.isDead = true
            // Torn, or whole on the platter though nobody was told.
            if number % 3 == 0 { state.journal.append(write) }
            throw StoreError(.syncFailed, "power failed within a write")
        case .syncError:
            state.fault = nil
            state.isDead = true
            state.journal.append(write)
            throw StoreError(.syncFailed, "a sync failed")
        case .cutAfter, nil:
            state.journal.append(write)
            state.live.apply(write)
        }
    }

    private func fail(after state: inout State) throws(StoreError) {
        guard state.fault == .cutAfter else { return }
        state.fault = nil
        state.isDead = true
        throw StoreError(.syncFailed, "power failed after a write")
    }

    private static func checkWritable(_ state: borrowing State) throws(StoreError) {
        if state.isDead { throw StoreError(.syncFailed, "there is no power") }
        if state.isFull { throw StoreError(.full, "the disk is full") }
    }

    func forEachRecord(after: Revision, _ body: (LogRecord) -> Bool) throws(StoreError) {
        let log = state.withLock { $0.live.log }
        for record in log.dropFirst(Int(clamping: after.rawValue)) {
            guard body(record) else { return }
        }
    }

    func record(_ revision: Revision) throws(StoreError) -> LogRecord? {
        state.withLock { state in
            let place = Int(clamping: revision.rawValue) - 1
            return state.live.log.indices.contains(place) ? state.live.log[place] : nil
        }
    }

    func structuralRevisions(after: Revision) throws(StoreError) -> [Revision] {
        state.withLock { state in
            state.live.log.reversed().prefix { $0.revision > after }.filter(\.structural).map(\.revision)
        }
    }

    func outcome(of intent: IntentID) throws(StoreError) -> RecordedOutcome? {
        if control.contains(.forgetIntents) { return nil }
        return state.withLock { $0.live.outcomes[intent] }
    }

    func forEachRow(_ body: (_ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> Void) throws(StoreError) {
        let rows = state.withLock { $0.live.rows }
        for key in rows.keys.sorted() { rows[key]?.withUnsafeBytes { body(key, $0) } }
    }

    func document(_ name: String) throws(StoreError) -> [UInt8]? {
        state.withLock { $0.live.documents[name] }
    }

    func documents(withPrefix prefix: String) throws(StoreError) -> [(name: String, bytes: [UInt8])] {
        let found = state.withLock { $0.live.documents.filter { $0.key.utf8.starts(with: prefix.utf8) } }
        return found.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { (name: $0.key, bytes: $0.value) }
    }

    func close() {}
}
