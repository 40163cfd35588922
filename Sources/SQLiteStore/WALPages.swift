import GRDB
import GRDBSQLite
import Synchronization

/// How many pages the write-ahead log holds, as SQLite tells after each commit.
final class WALPages: Sendable {
    private let pages = Atomic<Int32>(0)

    var count: Int32 {
        get { pages.load(ordering: .relaxed) }
        set { pages.store(newValue, ordering: .relaxed) }
    }

    /// Takes the place of SQLite's own checkpointing hook. The connection must not outlive this object.
    func watch(_ db: Database) {
        sqlite3_wal_hook(
            db.sqliteConnection,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<WALPages>.fromOpaque(context).takeUnretainedValue().count = pages
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}
