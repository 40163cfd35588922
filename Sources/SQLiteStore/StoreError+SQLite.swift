import Foundation
import GRDB
import GRDBSQLite
import GridStore

extension StoreError {
    /// What a SQLite result means to the pipeline. Only `full` may be tried again.
    init(sqlite code: Int32, systemErrno: Int32, message: String) {
        let words = "SQLite error \(code): \(message)"
        switch (code & 0xFF, code) {
        case (SQLITE_FULL, _):
            self.init(.full, "the disk is full (\(words)); make room, then try again")
        case (_, SQLITE_IOERR_WRITE_CODE) where systemErrno == ENOSPC || systemErrno == EDQUOT:
            self.init(.full, "the disk or the quota is full (\(words)); make room, then try again")
        case (_, SQLITE_IOERR_FSYNC_CODE), (_, SQLITE_IOERR_DIR_FSYNC_CODE):
            self.init(.syncFailed, "a sync to disk failed (\(words)); what is on disk is unknown: restart, check the disk")
        case (SQLITE_CORRUPT, _), (SQLITE_NOTADB, _):
            self.init(.corrupt, "the file is not a sound database (\(words)); restore it from a backup")
        default:
            self.init(.other, words)
        }
    }
}

// The extended codes are C macros with casts and operators, which Swift does not import.
private let SQLITE_IOERR_WRITE_CODE: Int32 = SQLITE_IOERR | 3 << 8
private let SQLITE_IOERR_FSYNC_CODE: Int32 = SQLITE_IOERR | 4 << 8
private let SQLITE_IOERR_DIR_FSYNC_CODE: Int32 = SQLITE_IOERR | 5 << 8

/// Turns what GRDB throws into a `StoreError`.
func mappingErrors<T>(_ body: () throws -> T) throws(StoreError) -> T {
    do {
        return try body()
    } catch let error as StoreError {
        throw error
    } catch let error as DatabaseError {
        throw StoreError(
            sqlite: error.extendedResultCode.rawValue, systemErrno: 0, message: error.message ?? error.description)
    } catch {
        throw StoreError(.other, "\(error)")
    }
}
