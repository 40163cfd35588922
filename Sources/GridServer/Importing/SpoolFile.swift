import Foundation
import NIOCore
import NIOPosix
import Wire

/// A file that holds an upload until it is complete. Whoever made it removes it.
struct SpoolFile: Sendable {
    let path: String

    /// A file that is there already.
    init(path: String) {
        self.path = path
    }

    /// A name in the directory, which is made when it is not there.
    init(directory: String?, name: String) async throws {
        let folder = directory ?? FileManager.default.temporaryDirectory.appending(path: "trueline-spool").path
        path = folder + "/" + name
        try await Self.blocking {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
    }

    /// Writes a stream of bytes, all of it.
    /// - Parameter declared: how many bytes the sender announced; fewer are a broken upload.
    /// - Returns: how many there were.
    func write(
        _ parts: some AsyncSequence<ByteBuffer, any Error>, declared: Int?, limit: Int
    ) async throws -> Int {
        let path = path
        let handle = try await Self.blocking { () throws -> FileHandle in
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            return try FileHandle(forWritingTo: URL(filePath: path))
        }
        defer { try? handle.close() }
        var total = 0
        var iterator = parts.makeAsyncIterator()
        while let part = try await Self.next(&iterator) {
            total += part.readableBytes
            guard total <= limit else { throw Problem.tooLarge("bytes of an imported file", most: limit, asked: total) }
            let data = Data(part.readableBytesView)
            try await Self.blocking { try handle.write(contentsOf: data) }
        }
        if let declared, total < declared {
            throw Problem(
                "malformed", "The upload broke off", status: 400,
                detail: "\(declared) bytes were announced and \(total) came; nothing was imported, send the file again")
        }
        return total
    }

    /// The next part of an upload; a connection that broke is a broken upload, nobody's fault here.
    private static func next<Parts: AsyncIteratorProtocol>(_ parts: inout Parts) async throws -> ByteBuffer?
    where Parts.Element == ByteBuffer {
        do {
            return try await parts.next()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw Problem(
                "malformed", "The upload broke off", status: 400,
                detail: "the connection ended before the file did; nothing was imported, send the file again")
        }
    }

    /// Calls `body` with the file's bytes, piece by piece.
    func read(_ body: ([UInt8]) async throws -> Void) async throws {
        let path = path
        let handle = try await Self.blocking { try FileHandle(forReadingFrom: URL(filePath: path)) }
        defer { try? handle.close() }
        while let data = try await Self.blocking({ try handle.read(upToCount: 262_144) }), !data.isEmpty {
            try await body([UInt8](data))
        }
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    static func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        do {
            return try await NIOThreadPool.singleton.runIfActive(body)
        } catch let error as CocoaError where error.code == .fileWriteOutOfSpace {
            throw Problem(
                "full", "The disk is full", status: 507,
                detail: "there is no room for the file; nothing was imported, make room and try again")
        }
    }
}
