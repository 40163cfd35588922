import ArgumentParser
import Foundation
import Synchronization

/// The file of `serve --record`: begun anew, bounded, and what is in it is whole lines.
final class TraceFile: Sendable {
    /// A trace that is larger than this is no longer looked at as one (S8).
    private static let limit = 1 << 30
    private let state: Mutex<(handle: FileHandle, bytes: Int)>

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw ValidationError("--record: \"\(path)\" cannot be written") }
        state = Mutex((handle, 0))
    }

    /// Adds whole lines, unless the file is full or cannot be written: recording never stops the server.
    func append(_ lines: [UInt8]) {
        state.withLock { state in
            guard state.bytes + lines.count <= Self.limit else { return }
            state.bytes += lines.count
            try? state.handle.write(contentsOf: Data(lines))
        }
    }
}
