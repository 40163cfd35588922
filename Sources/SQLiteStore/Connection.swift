import GRDB
import GRDBSQLite
import GridModel
import GridStore
import Ordering

/// SQLite's own functions on a connection that GRDB holds, for the length of one access. Statements come from GRDB's cache.
struct Connection {
    let database: Database
    let handle: OpaquePointer

    init(_ database: Database) throws(StoreError) {
        guard let handle = database.sqliteConnection else { throw StoreError(.other, "the database is closed") }
        self.database = database
        self.handle = handle
    }

    func statement(_ sql: String) throws(StoreError) -> RawStatement {
        let statement = try mappingErrors { try database.cachedStatement(sql: sql) }
        return RawStatement(pointer: statement.sqliteStatement, connection: self)
    }

    /// Runs a statement that has no parameters and no rows.
    func run(_ sql: String) throws(StoreError) {
        let statement = try statement(sql)
        defer { statement.reset() }
        _ = try statement.step()
    }

    /// SQLite's levels of syncing, by their numbers.
    enum Synchronous: Int32 {
        case normal = 1
        case full = 2
    }

    /// Sets the level outside a transaction, and reads it back.
    func set(_ level: Synchronous) throws(StoreError) {
        let code = sqlite3_exec(handle, "PRAGMA synchronous = \(level.rawValue)", nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
        // Not a statement kept for later: SQLite compiles the answer into it.
        var reading: OpaquePointer?
        defer { sqlite3_finalize(reading) }
        guard sqlite3_prepare_v2(handle, "PRAGMA synchronous", -1, &reading, nil) == SQLITE_OK,
            sqlite3_step(reading) == SQLITE_ROW, sqlite3_column_int(reading, 0) == level.rawValue
        else { throw StoreError(.other, "synchronous cannot be set to \(level): commits might not survive power loss") }
    }

    func transaction<T>(_ body: (Connection) throws(StoreError) -> T) throws -> T {
        try run("BEGIN IMMEDIATE")
        do {
            let result = try body(self)
            try run("COMMIT")
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    /// Ends a transaction that failed, unless SQLite has ended it already.
    private func rollBack() {
        guard sqlite3_get_autocommit(handle) == 0 else { return }
        sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    }

    /// The error of the last call on this connection.
    func error(_ code: Int32) -> StoreError {
        StoreError(
            sqlite: sqlite3_extended_errcode(handle) & 0xFF == code & 0xFF ? sqlite3_extended_errcode(handle) : code,
            systemErrno: sqlite3_system_errno(handle), message: String(cString: sqlite3_errmsg(handle)))
    }
}

// MARK: - What the tables hold

extension Connection {
    func insert(_ record: LogRecord) throws(StoreError) {
        let statement = try statement("INSERT INTO log (revision, structural, record, sum) VALUES (?, ?, ?, ?)")
        defer { statement.reset() }
        statement.bind(1, Int64(clamping: record.revision.rawValue))
        statement.bind(2, record.structural ? 1 : 0)
        statement.bind(4, record.bytes.withUnsafeBytes { Checksum.of($0, seed: record.revision.rawValue) })
        _ = try statement.binding(3, record.bytes) { (statement) throws(StoreError) in try statement.step() }
    }

    /// Reads the record that a statement stands at: revision, structural, record, sum.
    func record(_ statement: RawStatement) throws(StoreError) -> LogRecord {
        let revision = Revision(UInt64(bitPattern: statement.integer(0)))
        let bytes = statement.blob(2)
        guard statement.integer(3) == Checksum.of(bytes, seed: revision.rawValue) else {
            throw StoreError(.corrupt, "the record of revision \(revision) is damaged; restore the file from a backup")
        }
        return LogRecord(revision: revision, structural: statement.integer(1) != 0, bytes: Array(bytes))
    }

    /// How many answers this added: none when the intent has one.
    func insert(_ outcome: RecordedOutcome) throws(StoreError) -> Int {
        let statement = try statement("INSERT OR IGNORE INTO intents (intent, revision, answer) VALUES (?, ?, ?)")
        defer { statement.reset() }
        statement.bind(2, Int64(clamping: outcome.revision.rawValue))
        _ = try statement.binding(1, outcome.intent.bytes) { (statement) throws(StoreError) in
            try statement.binding(3, outcome.bytes) { (statement) throws(StoreError) in try statement.step() }
        }
        return Int(sqlite3_changes(handle))
    }

    func deleteOldestIntents(_ count: Int) throws(StoreError) -> Int {
        let statement = try statement(
            "DELETE FROM intents WHERE intent IN (SELECT intent FROM intents ORDER BY revision LIMIT ?)")
        defer { statement.reset() }
        statement.bind(1, Int64(count))
        _ = try statement.step()
        return Int(sqlite3_changes(handle))
    }

    func write(rows: [(key: UInt64, bytes: [UInt8]?)]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        let replace = try statement("INSERT OR REPLACE INTO rows (key, bytes, sum) VALUES (?, ?, ?)")
        let delete = try statement("DELETE FROM rows WHERE key = ?")
        for (key, bytes) in rows {
            guard let key64 = Int64(exactly: key) else {
                throw StoreError(.other, "the row key \(key) is above \(Int64.max), the most that a SQLite key holds")
            }
            let statement = bytes == nil ? delete : replace
            defer { statement.reset() }
            statement.bind(1, key64)
            if let bytes {
                statement.bind(3, bytes.withUnsafeBytes { Checksum.of($0, seed: key) })
                _ = try statement.binding(2, bytes) { (statement) throws(StoreError) in try statement.step() }
            } else {
                _ = try statement.step()
            }
        }
    }

    func write(document name: String, _ bytes: [UInt8]?) throws(StoreError) {
        guard let bytes else {
            let statement = try statement("DELETE FROM documents WHERE name = ?")
            defer { statement.reset() }
            _ = try statement.binding(1, text: name) { (statement) throws(StoreError) in try statement.step() }
            return
        }
        let statement = try statement("INSERT OR REPLACE INTO documents (name, bytes, sum) VALUES (?, ?, ?)")
        defer { statement.reset() }
        statement.bind(3, bytes.withUnsafeBytes { Checksum.of($0, seed: UInt64(bytes.count)) })
        _ = try statement.binding(1, text: name) { (statement) throws(StoreError) in
            try statement.binding(2, bytes) { (statement) throws(StoreError) in try statement.step() }
        }
    }

    func write(foldedRevision revision: Revision) throws(StoreError) {
        let statement = try statement("INSERT OR REPLACE INTO meta (name, value) VALUES ('foldedRevision', ?)")
        defer { statement.reset() }
        statement.bind(1, Int64(clamping: revision.rawValue))
        _ = try statement.step()
    }
}

extension IntentID {
    /// Sixteen bytes, the highest first.
    var bytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) } }
    }
}
