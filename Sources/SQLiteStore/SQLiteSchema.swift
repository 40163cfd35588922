import GRDB
import GRDBSQLite
import GridStore
import Ordering

/// Opening a grid's file: settings, format, migrations, soundness.
enum SQLiteSchema {
    /// "TRLN": what `file` and SQLite's header know a grid by.
    static let applicationID: Int32 = 0x5452_4C4E
    /// The format that this program writes. Older ones are migrated, newer ones refused.
    static let version: Int32 = 1
    /// Files up to this size are checked page by page when they are opened, in about 0.1 s. Of larger ones everything is read,
    /// and summed, while the grid loads.
    static let checkedBytes: UInt64 = 67_108_864

    /// Milliseconds. No other process may have the file, so only a backup program can make us wait at all.
    static let busyTimeout: Int32 = 5_000

    struct Opened {
        var writer: DatabaseQueue
        var reader: DatabaseQueue
        var durability: String
        var last: Revision
        var folded: Revision
        var intents: Int
    }

    static func open(_ path: String, hooks: SQLiteHooks, walPages: WALPages) throws(StoreError) -> Opened {
        let writer = try mappingErrors { try DatabaseQueue(path: path, configuration: configuration("writer")) }
        do throws(StoreError) {
            let durability = try mappingErrors {
                try writer.writeWithoutTransaction { db in
                    try configure(db, hooks: hooks)
                    let durability = try readBack(db, path: path)
                    try migrate(db, path: path)
                    try check(db, path: path)
                    walPages.watch(db)
                    return durability
                }
            }
            var readOnly = configuration("reader")
            readOnly.readonly = true
            let reader = try mappingErrors { try DatabaseQueue(path: path, configuration: readOnly) }
            return try mappingErrors { try reader.read { db in try state(db, path, writer, reader, durability) } }
        } catch {
            // The reason why it cannot be opened is what is told; a failed close of it adds nothing.
            try? writer.close()
            throw error
        }
    }

    private static func configuration(_ label: String) -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.label = "trueline.\(label)"
        configuration.busyMode = .timeout(Double(busyTimeout) / 1_000)
        // Transactions are ours, through SQLite's functions; a rollback that fails must not trap.
        configuration.allowsUnsafeTransactions = true
        return configuration
    }

    private static func configure(_ db: Database, hooks: SQLiteHooks) throws {
        for setting in [
            "journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0", "foreign_keys = OFF", "cache_size = -16384",
            "temp_store = MEMORY",
        ] + hooks.settings {
            _ = try Row.fetchAll(db, sql: "PRAGMA " + setting)
        }
    }

    /// The settings that an acknowledgement rests on, as SQLite has them: GRDB and SQLite's builds have defaults of their own.
    private static func readBack(_ db: Database, path: String) throws -> String {
        let journal = try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? ""
        let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? 0
        let autocheckpoint = try Int.fetchOne(db, sql: "PRAGMA wal_autocheckpoint") ?? -1
        guard journal == "wal", synchronous == 2, autocheckpoint == 0 else {
            throw StoreError(
                .other,
                """
                \(path) runs with journal_mode=\(journal), synchronous=\(synchronous), wal_autocheckpoint=\(autocheckpoint) \
                instead of wal, 2 (FULL), 0: commits might not survive power loss. Use a local file system that supports WAL.
                """)
        }
        return "full"
    }

    /// Brings the file to this version, each step in one transaction with its number.
    private static func migrate(_ db: Database, path: String) throws {
        let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        var version = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard application == applicationID || application == 0 && version == 0 && tables == 0 else {
            throw StoreError(.corrupt, "\(path) is a database of another program (application id \(application))")
        }
        guard version <= self.version else {
            throw StoreError(.other, "\(path) has format \(version), newer than \(self.version); start the newer program")
        }
        while version < self.version {
            try db.execute(sql: "BEGIN IMMEDIATE")
            try db.execute(sql: migrations[Int(version)])
            version += 1
            try db.execute(sql: "PRAGMA user_version = \(version)")
            try db.execute(sql: "COMMIT")
        }
    }

    /// From version n, at n, to n + 1. Never changed once released.
    private static let migrations = [
        """
        PRAGMA application_id = \(applicationID);
        CREATE TABLE log (revision INTEGER PRIMARY KEY, structural INTEGER NOT NULL, record BLOB NOT NULL, sum INTEGER NOT NULL);
        CREATE INDEX log_structural ON log (revision) WHERE structural = 1;
        CREATE TABLE intents (intent BLOB PRIMARY KEY, revision INTEGER NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID;
        CREATE INDEX intents_revision ON intents (revision);
        CREATE TABLE rows (key INTEGER PRIMARY KEY, bytes BLOB NOT NULL, sum INTEGER NOT NULL);
        CREATE TABLE documents (name TEXT PRIMARY KEY NOT NULL, bytes BLOB NOT NULL, sum INTEGER NOT NULL);
        CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;
        """
    ]

    private static func check(_ db: Database, path: String) throws {
        guard FileSize.of(path) <= checkedBytes else { return }
        let found = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
        guard found == "ok" else {
            throw StoreError(.corrupt, "\(path) is damaged (\(found)); restore it from a backup")
        }
    }

    private static func state(
        _ db: Database, _ path: String, _ writer: DatabaseQueue, _ reader: DatabaseQueue, _ durability: String
    ) throws -> Opened {
        let last = try Int64.fetchOne(db, sql: "SELECT max(revision) FROM log") ?? 0
        let folded = try Int64.fetchOne(db, sql: "SELECT value FROM meta WHERE name = 'foldedRevision'") ?? 0
        let intents = try Int.fetchOne(db, sql: "SELECT count(*) FROM intents") ?? 0
        guard folded >= 0, last >= folded else {
            throw StoreError(
                .corrupt, "\(path) is folded to revision \(folded) but logged to \(last); restore it from a backup")
        }
        return Opened(
            writer: writer, reader: reader, durability: durability, last: Revision(UInt64(last)),
            folded: Revision(UInt64(folded)), intents: intents)
    }
}

/// What a test may do to a file's settings before they are read back: PRAGMAs without the word.
package struct SQLiteHooks: Sendable {
    package var settings: [String]

    package init(settings: [String] = []) {
        self.settings = settings
    }
}
