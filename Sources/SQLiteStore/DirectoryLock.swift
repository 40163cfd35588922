import Foundation
import GridStore
import Synchronization

/// Holds a data directory for one process: two servers on one SQLite file would corrupt it.
///
/// The lock is `flock` on `trueline.lock`, so it ends with the process however that ends; the text in it names the holder.
final class DirectoryLock: Sendable {
    private let descriptor: Mutex<Int32?>

    init(directory: String, holder: String) throws(StoreError) {
        let path = directory + "/trueline.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw StoreError(.other, "\(path) cannot be opened: \(String(cString: strerror(errno))); check its permissions")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let found = Self.text(descriptor)
            _ = closeDescriptor(descriptor)
            guard reason == EWOULDBLOCK else {
                throw StoreError(.other, "\(path) cannot be locked: \(String(cString: strerror(reason)))")
            }
            throw StoreError(
                .locked, "\(directory) is in use by \(found.isEmpty ? "another process" : found); stop it, or use its server")
        }
        let bytes = Array((holder + "\n").utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            let reason = errno
            _ = closeDescriptor(descriptor)
            let code: StoreError.Code = reason == ENOSPC || reason == EDQUOT ? .full : .other
            throw StoreError(code, "\(path) cannot be written: \(String(cString: strerror(reason)))")
        }
        self.descriptor = Mutex(descriptor)
    }

    private static func text(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    func release() {
        descriptor.withLock { held in
            if let held {
                // Closing alone would leave the lock to a process that is just being started and still shares the descriptor.
                _ = flock(held, LOCK_UN)
                _ = closeDescriptor(held)
            }
            held = nil
        }
    }

    deinit { release() }
}

/// The C library's `close`, which a method of the same name would hide.
private func closeDescriptor(_ descriptor: Int32) -> Int32 {
    close(descriptor)
}
