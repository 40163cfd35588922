import Foundation
import GRDBSQLite
import Synchronization
import Testing

/// Counts the syncs of every file that SQLite opens in this process, and can make those of one fail: SQLite's own file system with
/// `xOpen` and `xSync` wrapped. Files that other tests open meanwhile are served as ever.
enum SyncedFiles {
    /// Puts it in place. Files that are open already are not seen.
    static func watch() throws { try #require(isWatching) }

    /// How often the file of that path was synced.
    static func syncs(of path: String) -> Int { books.withLock { $0.syncs[path, default: 0] } }

    /// From here on a sync of that file fails, or no more.
    static func fail(_ fails: Bool, syncsOf path: String) {
        books.withLock { $0.failing = fails ? $0.failing.union([path]) : $0.failing.subtracting([path]) }
    }

    /// Addresses are SQLite's; a table of methods lives as long as the process.
    private struct Books {
        struct File {
            var path: String
            var methods: UInt
        }

        var files: [UInt: File] = [:]
        /// By the table that they wrap: a database, its journal and its log have different ones.
        var wrapping: [UInt: UInt] = [:]
        var syncs: [String: Int] = [:]
        var failing: Set<String> = []

        /// The table to use for a file that was opened.
        mutating func opened(_ file: UInt, _ path: String, _ methods: UnsafePointer<sqlite3_io_methods>) -> UInt {
            let found = UInt(bitPattern: methods)
            files[file] = File(path: path, methods: found)
            if let known = wrapping[found] { return known }
            let table = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
            table.initialize(to: methods.pointee)
            table.pointee.xSync = { SyncedFiles.sync($0, $1) }
            wrapping[found] = UInt(bitPattern: table)
            return UInt(bitPattern: table)
        }

        /// The methods to sync a file with; `nil` when that is to fail.
        mutating func synced(_ file: UInt) -> UInt? {
            guard let file = files[file] else { return nil }
            syncs[file.path, default: 0] += 1
            return failing.contains(file.path) ? nil : file.methods
        }
    }

    private static let books = Mutex(Books())
    // Written in `isWatching` only, which is computed once, before SQLite knows of the file system that reads it.
    private nonisolated(unsafe) static var original: UnsafeMutablePointer<sqlite3_vfs>?

    private static let isWatching: Bool = {
        guard let found = sqlite3_vfs_find(nil) else { return false }
        original = found
        let wrapping = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        wrapping.initialize(to: found.pointee)
        wrapping.pointee.zName = UnsafePointer(strdup("watched"))
        wrapping.pointee.xOpen = { SyncedFiles.open($1, $2, $3, $4) }
        return sqlite3_vfs_register(wrapping, 1) == SQLITE_OK
    }()

    private static func open(
        _ path: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32,
        _ outFlags: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let original, let file else { return SQLITE_MISUSE }
        let code = original.pointee.xOpen(original, path, file, flags, outFlags)
        guard code == SQLITE_OK, let path, let methods = file.pointee.pMethods else { return code }
        let name = String(cString: path)
        let table = books.withLock { $0.opened(UInt(bitPattern: file), name, methods) }
        file.pointee.pMethods = UnsafePointer(bitPattern: table)
        return code
    }

    private static func sync(_ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32) -> Int32 {
        let found = books.withLock { $0.synced(UInt(bitPattern: file)) }
        guard let found, let methods = UnsafePointer<sqlite3_io_methods>(bitPattern: found) else {
            return SQLITE_IOERR | 4 << 8  // SQLITE_IOERR_FSYNC, a macro that Swift does not import
        }
        return methods.pointee.xSync(file, flags)
    }
}
