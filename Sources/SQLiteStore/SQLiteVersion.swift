import GRDBSQLite

/// The SQLite library that this program runs with.
package enum SQLiteVersion {
    /// Such as "3.45.1".
    package static var text: String { String(cString: sqlite3_libversion()) }

    /// False for a library in which two connections that write or checkpoint at once can corrupt a WAL database (before 3.51.3).
    /// The store never has two such connections; other programs that open its files while it runs might.
    package static var toleratesSeveralWriters: Bool { sqlite3_libversion_number() >= 3_051_003 }
}
