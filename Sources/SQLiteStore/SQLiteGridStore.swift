import GRDB
import GRDBSQLite
package import GridModel
package import GridStore
package import Ordering
import Synchronization

/// One grid in one SQLite file: the log, the answers to intents, and the fold.
///
/// One connection does every write and every checkpoint; a second one, read-only, does the reads, each inside a transaction. No
/// third connection may exist: SQLite before 3.51.3 can corrupt a WAL database when two connections write or checkpoint at once.
/// A commit is one insert into `log` with synchronous=FULL, which is read back when the file is opened. A slice of a fold is not
/// synced by itself: it is worth nothing without the log, and the next commit or checkpoint syncs it too. GRDB owns the
/// connections, the statements and their queues; rows and records go through SQLite's own functions.
package final class SQLiteGridStore: GridStore {
    /// WAL pages (of 4 KiB) at which a checkpoint is due: 32 MB. Checkpointing less often costs disk, more often costs writes.
    static let pagesBeforeCheckpoint: Int32 = 8_000

    let path: String
    package let durability: String
    private let writer: DatabaseQueue
    private let reader: DatabaseQueue
    private let walPages: WALPages
    private let keptIntents: Int
    private let position: Mutex<Position>

    private struct Position {
        var last: Revision
        var folded: Revision
        var intents: Int
        var isClosed = false
    }

    init(path: String, keptIntents: Int = GridStoreLimits.keptIntents, hooks: SQLiteHooks = SQLiteHooks()) throws(StoreError) {
        self.path = path
        self.keptIntents = keptIntents
        walPages = WALPages()
        let opened = try SQLiteSchema.open(path, hooks: hooks, walPages: walPages)
        writer = opened.writer
        reader = opened.reader
        durability = opened.durability
        position = Mutex(Position(last: opened.last, folded: opened.folded, intents: opened.intents))
    }

    package var lastRevision: Revision { position.withLock { $0.last } }
    package var foldedRevision: Revision { position.withLock { $0.folded } }
    package var isCheckpointDue: Bool { walPages.count >= Self.pagesBeforeCheckpoint }
    package var storedBytes: UInt64 { FileSize.of(path) + FileSize.of(path + "-wal") }

    package func append(_ entry: LogEntry) throws(StoreError) {
        let (last, intents) = position.withLock { ($0.last, $0.intents) }
        guard entry.record.revision == last.next else { throw .outOfOrder(entry.record.revision, last: last) }
        let added = try writing { (connection) throws(StoreError) in
            try connection.insert(entry.record)
            var added = 0
            for outcome in entry.outcomes { added += try connection.insert(outcome) }
            // S8: as many old answers go as new ones come, and a few more when the bound was lowered.
            let excess = intents + added - keptIntents
            if excess > 0 { added -= try connection.deleteOldestIntents(min(excess, added + 16)) }
            return added
        }
        position.withLock {
            $0.last = entry.record.revision
            $0.intents += added
        }
    }

    package func fold(_ slice: FoldSlice) throws(StoreError) {
        if let completes = slice.completes {
            let (last, folded) = position.withLock { ($0.last, $0.folded) }
            guard completes <= last, completes >= folded else { throw .foldOutOfOrder(completes, folded: folded, last: last) }
        }
        try writing(synced: false) { (connection) throws(StoreError) in
            try connection.write(rows: slice.rows)
            for (name, bytes) in slice.documents { try connection.write(document: name, bytes) }
            if let completes = slice.completes { try connection.write(foldedRevision: completes) }
        }
        if let completes = slice.completes { position.withLock { $0.folded = completes } }
    }

    package func checkpoint() throws(StoreError) {
        try checkOpen()
        try mappingErrors {
            try writer.writeWithoutTransaction { db in
                let connection = try Connection(db)
                // RESTART, since a passive checkpoint never resets the WAL under a busy writer. A reader that is in the way
                // (SQLITE_BUSY) is not waited for, since commits would wait too: it leaves the rest for the next time.
                sqlite3_busy_timeout(connection.handle, 0)
                defer { sqlite3_busy_timeout(connection.handle, SQLiteSchema.busyTimeout) }
                let code = sqlite3_wal_checkpoint_v2(connection.handle, "main", SQLITE_CHECKPOINT_RESTART, nil, nil)
                guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else { throw connection.error(code) }
                if code == SQLITE_OK { walPages.count = 0 }
            }
        }
    }

    package func close() {
        let first = position.withLock { position in
            defer { position.isClosed = true }
            return !position.isClosed
        }
        guard first else { return }
        // The reader first: then the writer is the last connection, and its close checkpoints and removes the WAL. Failing to
        // close loses nothing: what was acknowledged is in the WAL, and the next open reads it.
        try? reader.close()
        try? writer.close()
    }
}

// MARK: - Reading

extension SQLiteGridStore {
    package func forEachRecord(after: Revision, _ body: (LogRecord) -> Bool) throws(StoreError) {
        try reading { (connection) throws(StoreError) in
            var expected = after.next
            let statement = try connection.statement(
                "SELECT revision, structural, record, sum FROM log WHERE revision > ? ORDER BY revision")
            defer { statement.reset() }
            statement.bind(1, Int64(clamping: after.rawValue))
            while try statement.step() {
                let record = try connection.record(statement)
                guard record.revision == expected else {
                    throw StoreError(.corrupt, "the log of \(path) lacks revision \(expected); restore the file from a backup")
                }
                expected = expected.next
                guard body(record) else { return }
            }
        }
    }

    package func record(_ revision: Revision) throws(StoreError) -> LogRecord? {
        try reading { (connection) throws(StoreError) in
            let statement = try connection.statement("SELECT revision, structural, record, sum FROM log WHERE revision = ?")
            defer { statement.reset() }
            statement.bind(1, Int64(clamping: revision.rawValue))
            return try statement.step() ? try connection.record(statement) : nil
        }
    }

    package func structuralRevisions(after: Revision) throws(StoreError) -> [Revision] {
        try reading { (connection) throws(StoreError) in
            let statement = try connection.statement(
                "SELECT revision FROM log WHERE structural = 1 AND revision > ? ORDER BY revision DESC")
            defer { statement.reset() }
            statement.bind(1, Int64(clamping: after.rawValue))
            var revisions: [Revision] = []
            while try statement.step() { revisions.append(Revision(UInt64(bitPattern: statement.integer(0)))) }
            return revisions
        }
    }

    package func outcome(of intent: IntentID) throws(StoreError) -> RecordedOutcome? {
        try outcomes(of: [intent])[intent]
    }

    package func outcomes(of intents: [IntentID]) throws(StoreError) -> [IntentID: RecordedOutcome] {
        try reading { (connection) throws(StoreError) in
            let statement = try connection.statement("SELECT revision, answer FROM intents WHERE intent = ?")
            var found: [IntentID: RecordedOutcome] = [:]
            for intent in intents {
                defer { statement.reset() }
                let stepped = try statement.binding(1, intent.bytes) { (statement) throws(StoreError) in try statement.step() }
                guard stepped else { continue }
                found[intent] = RecordedOutcome(
                    intent: intent, revision: Revision(UInt64(bitPattern: statement.integer(0))),
                    bytes: Array(statement.blob(1)))
            }
            return found
        }
    }

    package func forEachRow(_ body: (_ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> Void) throws(StoreError) {
        try reading { (connection) throws(StoreError) in
            let statement = try connection.statement("SELECT key, bytes, sum FROM rows ORDER BY key")
            defer { statement.reset() }
            while try statement.step() {
                let key = UInt64(bitPattern: statement.integer(0))
                let bytes = statement.blob(1)
                guard statement.integer(2) == Checksum.of(bytes, seed: key) else {
                    throw StoreError(.corrupt, "the stored row \(key) of \(path) is damaged; restore the file from a backup")
                }
                body(key, bytes)
            }
        }
    }

    package func document(_ name: String) throws(StoreError) -> [UInt8]? {
        try documents(from: name) { $0 == name }.first?.bytes
    }

    package func documents(withPrefix prefix: String) throws(StoreError) -> [(name: String, bytes: [UInt8])] {
        try documents(from: prefix) { $0.utf8.starts(with: prefix.utf8) }
    }

    /// The documents from a name on, as long as the condition holds.
    private func documents(
        from name: String, while condition: (String) -> Bool
    ) throws(StoreError) -> [(name: String, bytes: [UInt8])] {
        try reading { (connection) throws(StoreError) in
            let statement = try connection.statement("SELECT name, bytes, sum FROM documents WHERE name >= ? ORDER BY name")
            defer { statement.reset() }
            var found: [(name: String, bytes: [UInt8])] = []
            try statement.binding(1, text: name) { (statement) throws(StoreError) in
                while try statement.step() {
                    let name = statement.text(0)
                    guard condition(name) else { break }
                    let bytes = statement.blob(1)
                    guard statement.integer(2) == Checksum.of(bytes, seed: UInt64(bytes.count)) else {
                        throw StoreError(.corrupt, "the document \(name) of \(path) is damaged; restore the file from a backup")
                    }
                    found.append((name, Array(bytes)))
                }
            }
            return found
        }
    }
}

// MARK: - Transactions

extension SQLiteGridStore {
    /// One transaction of the writing connection: durable when this returns (not `synced`: with the next one that is), absent when
    /// it throws.
    private func writing<T>(
        synced: Bool = true, _ body: (Connection) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try checkOpen()
        return try mappingErrors {
            try writer.writeWithoutTransaction { db in
                let connection = try Connection(db)
                if synced { return try connection.transaction(body) }
                try connection.set(.normal)
                let result = Result { try connection.transaction(body) }
                // Whatever became of the transaction: no commit may come before this is read back.
                try connection.set(.full)
                return try result.get()
            }
        }
    }

    /// One read transaction: outside one, each statement would take the WAL's lock, and two could see different states.
    private func reading<T>(_ body: (Connection) throws(StoreError) -> T) throws(StoreError) -> T {
        try checkOpen()
        return try mappingErrors {
            try reader.read { db in try body(try Connection(db)) }
        }
    }

    private func checkOpen() throws(StoreError) {
        guard !position.withLock({ $0.isClosed }) else {
            throw StoreError(.other, "\(path) was closed; open it again")
        }
    }
}

extension SQLiteGridStore {
    /// Runs any SQL on the writing connection: for tests that damage, fill or inspect a file.
    func execute(_ sql: String) throws {
        try writer.writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    /// SQLite's own handle of the writing connection, for tests.
    func withHandle(_ body: (OpaquePointer) throws -> Void) throws {
        try writer.writeWithoutTransaction { try body(try Connection($0).handle) }
    }

    /// A number that SQL answers on the writing connection, for tests.
    func number(_ sql: String) throws -> Int? {
        try writer.writeWithoutTransaction { try Int.fetchOne($0, sql: sql) }
    }
}
