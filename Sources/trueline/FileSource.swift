import Foundation
import GridClient
import Synchronization

/// A file, or standard input, read in chunks off the cooperative pool.
final class FileSource: Sendable {
    static let chunkBytes = 262_144

    /// The file's bytes; `nil` for standard input and other streams.
    let length: Int?
    private let file: FileHandle
    private let queue = DispatchQueue(label: "trueline.file")

    init(path: String) throws {
        if path == "-" {
            file = .standardInput
            length = nil
            return
        }
        guard let opened = FileHandle(forReadingAtPath: path) else {
            throw CommandFailure(.usage, "the file \(path) cannot be read; check its name and permissions")
        }
        file = opened
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let isRegular = attributes[.type] as? FileAttributeType == .typeRegular
        length = isRegular ? (attributes[.size] as? NSNumber)?.intValue : nil
    }

    func next() async throws -> [UInt8]? {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [file] in
                continuation.resume(
                    with: Result {
                        let chunk = try file.read(upToCount: Self.chunkBytes)
                        return chunk.flatMap { $0.isEmpty ? nil : [UInt8]($0) }
                    })
            }
        }
    }
}

/// How far an import is: first the upload, then what the server has stored.
final class ImportMeter: Sendable {
    private struct State {
        var line: ProgressLine
        var sent = 0
    }

    private let total: Int?
    private let state: Mutex<State>

    init(total: Int?, isQuiet: Bool) {
        self.total = total
        state = Mutex(State(line: ProgressLine("import", isQuiet: isQuiet)))
    }

    func sent(_ bytes: Int) {
        state.withLock { state in
            state.sent += bytes
            let megabytes = Double(state.sent) / 1_000_000
            let text = "sending, \(Int(megabytes.rounded())) MB"
            state.line.show(text, fraction: total.map { 0.5 * Double(state.sent) / Double(max($0, 1)) })
        }
    }

    func stored(_ status: ImportStatus) {
        state.withLock { state in
            let rejected = status.rejected > 0 ? ", \(status.rejected.grouped) rejected" : ""
            let fraction = 0.5 + 0.5 * Double(status.bytes) / Double(max(state.sent, 1))
            state.line.show("\(status.rows.grouped) rows\(rejected)", fraction: min(fraction, 1))
        }
    }

    func end() {
        state.withLock { $0.line.end() }
    }
}
