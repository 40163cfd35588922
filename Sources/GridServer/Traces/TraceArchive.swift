import Foundation
import Synchronization
import Wire

// A trace comes in parts, each under its number, and is kept as it comes: a directory a trace, a file a part. So a part that is sent
// twice is kept once, parts may come in any order, and a server that stops in between has lost nothing but the part in flight.

/// Recorded traces on disk, bounded: when there is no more room the trace that was not added to for longest goes.
///
/// Every call blocks: they are made on the thread pool only, and one at a time.
final class TraceArchive: Sendable {
    /// What is kept at most (S8).
    struct Limits: Sendable {
        /// Bytes of one posted part: recorders send 60 KB at a time.
        var partBytes = 1 << 20
        /// Parts of one trace: a recorder sends one every two seconds at most.
        var parts = 20_000
        /// Bytes of one trace: what the timeline still opens.
        var traceBytes = 256 << 20
        /// Bytes and number of all traces.
        var totalBytes = 1 << 30
        var traces = 500
    }

    /// What is known of one trace.
    struct Summary: Sendable, Hashable {
        var id: String
        var bytes: Int
        var parts: Int
    }

    private struct Entry {
        /// Bytes of each part.
        var parts: [Int: Int] = [:]
        var bytes = 0
        /// Grows with every addition to any trace.
        var touched: UInt64
    }

    private struct State {
        /// `nil` until the directory was read.
        var entries: [String: Entry]?
        var clock: UInt64 = 0
    }

    let limits: Limits
    private let directory: String
    private let state = Mutex(State())

    init(directory: String, limits: Limits = Limits()) {
        self.directory = directory
        self.limits = limits
    }

    /// Keeps a part; one that is kept already changes nothing.
    /// - Returns: whether it is new.
    @discardableResult
    func add(_ part: TracePart) throws -> Bool {
        try state.withLock { state in
            var entries = try loaded(&state)
            state.clock += 1
            var entry = entries[part.trace] ?? Entry(touched: state.clock)
            let number = part.number ?? (entry.parts.keys.max() ?? 0) + 1
            guard entry.parts[number] == nil else { return false }
            guard entry.parts.count < limits.parts else {
                throw Problem.tooLarge("parts of a trace", most: limits.parts, asked: entry.parts.count + 1)
            }
            guard entry.bytes + part.bytes.count <= limits.traceBytes else {
                throw Problem.tooLarge("bytes of a trace", most: limits.traceBytes, asked: entry.bytes + part.bytes.count)
            }
            try write(part.bytes, trace: part.trace, number: number)
            entry.parts[number] = part.bytes.count
            entry.bytes += part.bytes.count
            entry.touched = state.clock
            entries[part.trace] = entry
            makeRoom(&entries, besides: part.trace)
            state.entries = entries
            return true
        }
    }

    /// All traces, the one that was last added to first.
    func list() throws -> [Summary] {
        try state.withLock { state in
            try loaded(&state).sorted { ($1.value.touched, $0.key) < ($0.value.touched, $1.key) }.map {
                Summary(id: $0.key, bytes: $0.value.bytes, parts: $0.value.parts.count)
            }
        }
    }

    /// What is known of a trace; `nil` when there is no such trace.
    func summary(of trace: String) throws -> Summary? {
        try state.withLock { state in
            try loaded(&state)[trace].map { Summary(id: trace, bytes: $0.bytes, parts: $0.parts.count) }
        }
    }

    /// The numbers of a trace's parts in order; `nil` when there is no such trace.
    func parts(of trace: String) throws -> [Int]? {
        try state.withLock { try loaded(&$0)[trace]?.parts.keys.sorted() }
    }

    /// A part's bytes; `nil` when the trace went meanwhile.
    func bytes(of trace: String, part: Int) -> [UInt8]? {
        FileManager.default.contents(atPath: path(trace, part)).map { [UInt8]($0) }
    }

    /// Forgets a trace.
    /// - Returns: whether there was one.
    func remove(_ trace: String) throws -> Bool {
        try state.withLock { state in
            guard try loaded(&state)[trace] != nil else { return false }
            try FileManager.default.removeItem(atPath: directory + "/" + trace)
            state.entries?[trace] = nil
            return true
        }
    }

    // MARK: - Files

    private func path(_ trace: String, _ number: Int) -> String {
        let digits = String(number)
        return "\(directory)/\(trace)/\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).jsonl"
    }

    private func write(_ bytes: [UInt8], trace: String, number: Int) throws {
        try FileManager.default.createDirectory(
            atPath: directory + "/" + trace, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Atomic: a part is there whole or not at all.
        try Data(bytes).write(to: URL(filePath: path(trace, number)), options: .atomic)
    }

    private func makeRoom(_ entries: inout [String: Entry], besides kept: String) {
        while entries.count > limits.traces || entries.reduce(0, { $0 + $1.value.bytes }) > limits.totalBytes {
            let others = entries.filter { $0.key != kept }
            guard let oldest = others.min(by: { ($0.value.touched, $0.key) < ($1.value.touched, $1.key) })?.key else { return }
            try? FileManager.default.removeItem(atPath: directory + "/" + oldest)
            entries[oldest] = nil
        }
    }

    /// What the directory holds, read once. Traces of an earlier process are as old as their directories.
    private func loaded(_ state: inout State) throws -> [String: Entry] {
        if let entries = state.entries { return entries }
        let manager = FileManager.default
        var found: [(id: String, modified: Date, entry: Entry)] = []
        for id in (try? manager.contentsOfDirectory(atPath: directory)) ?? [] where TracePart.isTraceID(id) {
            let folder = directory + "/" + id
            var entry = Entry(touched: 0)
            for name in (try? manager.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".jsonl") {
                guard let number = Int(name.dropLast(6)),
                    let size = try? manager.attributesOfItem(atPath: folder + "/" + name)[.size] as? Int
                else { continue }
                entry.parts[number] = size
                entry.bytes += size
            }
            let modified = try? manager.attributesOfItem(atPath: folder)[.modificationDate] as? Date
            found.append((id, modified ?? .distantPast, entry))
        }
        var entries: [String: Entry] = [:]
        for item in found.sorted(by: { ($0.modified, $0.id) < ($1.modified, $1.id) }) {
            state.clock += 1
            entries[item.id] = item.entry
            entries[item.id]?.touched = state.clock
        }
        state.entries = entries
        return entries
    }
}
