import Foundation
package import GridModel
package import GridStore
import Synchronization

/// The grids of a data directory, a file each: `grids/<id>.sqlite`. Held by one process through `trueline.lock`.
package final class SQLiteGridCatalog: GridCatalog {
    private let directory: String
    private let lock: DirectoryLock
    private let hooks: SQLiteHooks
    /// Why grids could not be opened when that was tried last.
    private let damage = Mutex<[GridID: String]>([:])

    /// Takes the directory, making it if need be.
    /// - Parameter startedAt: when this process started, as a person reads it; it names the holder to a second process.
    /// - Throws: `locked`, naming the process, when another one holds the directory.
    package init(directory: String, startedAt: String, hooks: SQLiteHooks = SQLiteHooks()) throws(StoreError) {
        self.directory = directory + "/grids"
        self.hooks = hooks
        do {
            try FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
        } catch {
            throw StoreError(.other, "the directory \(self.directory) cannot be made: \(error.localizedDescription)")
        }
        lock = try DirectoryLock(
            directory: directory, holder: "process \(ProcessInfo.processInfo.processIdentifier), started \(startedAt)")
        try sweep()
    }

    package var durability: String { "full" }

    package func grids() throws(StoreError) -> [(id: GridID, damage: String?)] {
        let known = damage.withLock { $0 }
        return try files().filter { $0.hasSuffix(Suffix.grid) }
            .compactMap { GridID($0.dropLast(Suffix.grid.count)) }
            .sorted()
            .map { id in (id: id, damage: known[id] ?? FileHeader.damage(path(id))) }
    }

    package func create(_ id: GridID) throws(StoreError) -> any GridStore {
        guard !FileManager.default.fileExists(atPath: path(id)) else {
            throw StoreError(.exists, "there is a grid \(id) already; choose another id")
        }
        // A write-ahead log that was left behind is not adopted: SQLite removes one that stands beside an empty file.
        let store = try SQLiteGridStore(path: path(id), hooks: hooks)
        try syncDirectory()
        return store
    }

    package func open(_ id: GridID) throws(StoreError) -> any GridStore {
        guard FileManager.default.fileExists(atPath: path(id)) else { throw StoreError(.notFound, "there is no grid \(id)") }
        do throws(StoreError) {
            if let reason = FileHeader.damage(path(id)) { throw StoreError(.corrupt, reason) }
            let store = try SQLiteGridStore(path: path(id), hooks: hooks)
            damage.withLock { $0[id] = nil }
            return store
        } catch {
            damage.withLock { $0[id] = error.message }
            throw StoreError(error.code, "grid \(id): \(error.message)")
        }
    }

    /// The grid is gone once its file has another name; what is left after a crash is swept at the next start.
    package func delete(_ id: GridID) throws(StoreError) {
        guard FileManager.default.fileExists(atPath: path(id)) else { throw StoreError(.notFound, "there is no grid \(id)") }
        let doomed = directory + "/" + id.text + Suffix.deleted
        guard rename(path(id), doomed) == 0 else {
            throw StoreError(.other, "grid \(id) cannot be deleted: \(String(cString: strerror(errno)))")
        }
        try syncDirectory()
        removeLog(path(id))
        unlink(doomed)
        damage.withLock { $0[id] = nil }
    }

    package func close() {
        lock.release()
    }
}

extension SQLiteGridCatalog {
    private enum Suffix {
        static let grid = ".sqlite"
        static let deleted = ".deleted"
        static let log = ["-wal", "-shm"]
    }

    private func path(_ id: GridID) -> String { directory + "/" + id.text + Suffix.grid }

    private func files() throws(StoreError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: self.directory).sorted()
        } catch {
            throw StoreError(.other, "the directory \(self.directory) cannot be read: \(error.localizedDescription)")
        }
    }

    private func removeLog(_ path: String) {
        for suffix in Suffix.log { unlink(path + suffix) }
    }

    /// Removes what a crash in the middle of `delete` left.
    private func sweep() throws(StoreError) {
        let all = try files()
        for file in all where file.hasSuffix(Suffix.deleted) {
            unlink(directory + "/" + file)
        }
        for file in all {
            guard let suffix = Suffix.log.first(where: { file.hasSuffix(Suffix.grid + $0) }) else { continue }
            let database = String(file.dropLast(suffix.count))
            if !all.contains(database) { unlink(directory + "/" + file) }
        }
    }

    /// Makes the directory's entries durable.
    private func syncDirectory() throws(StoreError) {
        let descriptor = Foundation.open(self.directory, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw StoreError(.other, "the directory \(self.directory) cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { _ = Foundation.close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw StoreError(
                .syncFailed, "the directory \(self.directory) cannot be synced: \(String(cString: strerror(errno)))")
        }
    }
}

/// The first bytes of a database file (https://sqlite.org/fileformat.html, section 1.3), enough to list grids without opening them.
enum FileHeader {
    /// Why the file is no grid; `nil` when it looks like one, or was only just made.
    static func damage(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return "\(path) cannot be read; check its permissions" }
        defer { try? file.close() }
        guard let header = try? file.read(upToCount: 100), !header.isEmpty else { return nil }
        guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            return "\(path) is not a SQLite database; restore it from a backup"
        }
        let application = header[68..<72].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard application == UInt32(SQLiteSchema.applicationID) || application == 0 else {
            return "\(path) is a database of another program"
        }
        return nil
    }
}

enum FileSize {
    /// In bytes; 0 when there is no such file.
    static func of(_ path: String) -> UInt64 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(max(0, status.st_size)) : 0
    }
}
