import Diagnosis
import NIOCore
import Synchronization
import Trace
import TraceImport
import Wire

/// The diagnoses of kept traces, as `trueline diagnose --format json` writes them: each computed once for what its trace holds, on the
/// thread pool, and kept until others take its room. Every bound is here (S8).
final class TraceDiagnoses: Sendable {
    /// A longer trace is diagnosed with the command: 64 MiB are about 400,000 events and two seconds of one processor.
    static let traceBytes = 64 << 20
    /// Traces diagnosed at one time; beyond it the client is asked to come back.
    private static let atOnce = 1
    /// Kept diagnoses, the last used first, and their bytes.
    private static let keptMost = 32
    private static let keptBytes = 16 << 20

    /// What a trace holds: a part more makes another of it.
    private struct Key: Hashable {
        var summary: TraceArchive.Summary
    }

    private struct State {
        var kept: [(key: Key, bytes: [UInt8])] = []
        /// Who waits for a diagnosis under way gets the same one.
        var underWay: [Key: Task<[UInt8], any Error>] = [:]
    }

    private let archive: TraceArchive
    private let state = Mutex(State())

    init(archive: TraceArchive) {
        self.archive = archive
    }

    /// How many are being computed.
    var underWay: Int { state.withLock { $0.underWay.count } }

    /// The diagnosis of a trace.
    func diagnosis(of trace: String) async throws -> [UInt8] {
        let archive = archive
        guard let summary = try await SpoolFile.blocking({ try archive.summary(of: trace) }) else {
            throw Problem.notFound("trace", trace)
        }
        guard summary.bytes <= Self.traceBytes else {
            throw Problem.tooLarge("bytes of a trace that is diagnosed here", most: Self.traceBytes, asked: summary.bytes)
        }
        let key = Key(summary: summary)
        let task: Task<[UInt8], any Error> = try state.withLock { state in
            if let index = state.kept.firstIndex(where: { $0.key == key }) {
                let entry = state.kept.remove(at: index)
                state.kept.insert(entry, at: 0)
                return Task { entry.bytes }
            }
            if let task = state.underWay[key] { return task }
            guard state.underWay.count < Self.atOnce else {
                throw Problem(
                    "overloaded", "Too much at once", status: 429,
                    detail: "another trace is being diagnosed; try again", retryAfter: 2)
            }
            // Not a child of the request: it goes on for those who come later.
            let task = Task { try await self.compute(key) }
            state.underWay[key] = task
            return task
        }
        return try await task.value
    }

    private func compute(_ key: Key) async throws -> [UInt8] {
        let archive = archive
        let trace = key.summary.id
        let result: Result<[UInt8], any Error>
        do {
            result = .success(try await SpoolFile.blocking { try Self.report(of: trace, in: archive) })
        } catch {
            result = .failure(error)
        }
        state.withLock { state in
            state.underWay[key] = nil
            guard case .success(let bytes) = result, bytes.count <= Self.keptBytes / 2 else { return }
            state.kept.removeAll { $0.key.summary.id == trace }
            state.kept.insert((key, bytes), at: 0)
            while state.kept.count > Self.keptMost || state.kept.reduce(0, { $0 + $1.bytes.count }) > Self.keptBytes {
                state.kept.removeLast()
            }
        }
        return try result.get()
    }

    private static func report(of trace: String, in archive: TraceArchive) throws -> [UInt8] {
        guard let parts = try archive.parts(of: trace) else { throw Problem.notFound("trace", trace) }
        // The same lines as `GET /api/v1/traces/{trace}` answers: events are named by them.
        var reader = TraceImport(hint: .trueline)
        var joint = TraceParts()
        for part in parts {
            guard let bytes = archive.bytes(of: trace, part: part) else { break }
            for piece in joint.next(part, bytes) { piece.withUnsafeBytes { reader.read($0) } }
        }
        let reading = reader.finish()
        guard reading.log.count > 0 else { throw Problem.invalid("the trace \"\(trace)\" has no event that could be read") }
        let input = DiagnosisReport.Input(
            name: "\(trace).trace.jsonl", format: TraceFormat.trueline.rawValue, events: reading.log.count,
            rejected: reading.rejections.count, limits: reading.limits)
        return DiagnosisReport(reading.log, Diagnosis(reading.log), inputs: [input]).json()
    }
}

/// Puts a trace's parts together as one file: one header, and a note where a part never came.
struct TraceParts {
    private var expected = 1

    /// What follows of the file with the next part.
    mutating func next(_ part: Int, _ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        if part > expected { pieces.append(Array(Self.missing(expected..<part).utf8)[...]) }
        // One header a file: that of the first part.
        let from = expected == 1 ? 0 : (bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count - 1) + 1
        pieces.append(bytes[from...])
        expected = part + 1
        return pieces
    }

    private static func missing(_ parts: Range<Int>) -> String {
        let text = parts.count == 1 ? "part \(parts.lowerBound)" : "parts \(parts.lowerBound) to \(parts.upperBound - 1)"
        return #"{"type":"note","label":"\#(text) of the recording never came"}"# + "\n"
    }
}
