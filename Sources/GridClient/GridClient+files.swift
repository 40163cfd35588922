public import GridModel
public import Ordering
import Wire

/// What an import came to.
public struct ImportOutcome: Hashable, Sendable {
    /// A row that was not imported.
    public struct Reject: Hashable, Sendable {
        public var line: Int
        public var reason: String
        /// The beginning of the row, when the server tells it.
        public var text: String
    }

    /// The revision at which the rows are in the sheet.
    public var revision: Revision
    public var rows: Int
    public var rejected: Int
    /// The first thousand of them; ``GridClient/rejects(of:)`` has all.
    public var rejects: [Reject]
    /// Where the server lists all of them, when there are more; it keeps the lists of the last imports.
    let list: String?

    init(_ report: ImportReport) {
        revision = report.revision
        rows = report.rows
        rejected = report.rejected
        rejects = report.rejects.map { Reject(line: $0.line, reason: $0.reason, text: $0.text) }
        // A link is followed within the API only.
        list = report.more.flatMap { $0.hasPrefix("/api/v1/") ? $0 : nil }
    }
}

/// How far the server has come with an import.
public struct ImportStatus: Hashable, Sendable {
    public var bytes: Int
    public var rows: Int
    public var rejected: Int
}

/// An export on its way: the revision it shows, and its bytes.
public struct ExportedFile: Sendable {
    public var revision: Revision?
    public var bytes: ByteStream
}

extension GridClient {
    /// Imports a file of any size. Its rows appear in one revision; a broken upload leaves nothing behind.
    /// - Parameters:
    ///   - file: read once, from beginning to end.
    ///   - length: the file's bytes, when known.
    ///   - options: the route's parameters, such as `format`, `separator`, `header`, `encoding`.
    ///   - progress: called now and then.
    public func importFile(
        _ file: ByteStream, length: Int?, into sheet: SheetID, of grid: GridID, options: [(name: String, value: String)],
        progress: @Sendable (ImportStatus) -> Void = { _ in }
    ) async throws -> ImportOutcome {
        let target = "/api/v1/grids/\(grid)/sheets/\(sheet)/import" + Self.query(options)
        let headers = [
            (name: "Content-Type", value: "application/octet-stream"),
            (name: "Accept", value: "text/event-stream, application/json"),
        ]
        let request = TransportRequest(
            "POST", target, headers: headers, body: .stream(file, length: length), timeout: nil)
        let reply = try await succeed(request)
        guard reply.header("Content-Type")?.hasPrefix("text/event-stream") == true else {
            let bytes = try await reply.body.collect(upTo: Self.replyLimit)
            return ImportOutcome(try Self.read { () throws(WireError) in try ImportReport(wire: bytes) })
        }
        return try await follow(reply.body, progress)
    }

    /// Every row that an import rejected, as JSON lines with `line`, `reason` and `text`.
    public func rejects(of outcome: ImportOutcome) async throws -> ByteStream {
        guard let list = outcome.list else {
            return ByteStream(outcome.rejects.map(Self.line))
        }
        return try await succeed(TransportRequest("GET", list, timeout: nil)).body
    }

    /// Tells the server that nobody reads the list of these rejects again.
    public func forgetRejects(of outcome: ImportOutcome) async throws {
        guard let list = outcome.list, list.hasSuffix("/rejects") else { return }
        _ = try await succeed(TransportRequest("DELETE", String(list.dropLast("/rejects".count)), timeout: Self.timeout))
    }

    private static func line(_ reject: ImportOutcome.Reject) -> [UInt8] {
        WireWriter.write { writer in
            writer.object { writer in
                writer.member("line", reject.line)
                writer.member("reason", reject.reason)
                writer.member("text", reject.text)
            }
        } + [0x0A]
    }

    private func follow(_ body: ByteStream, _ progress: (ImportStatus) -> Void) async throws -> ImportOutcome {
        var reader = ServerSentEventsReader()
        for try await chunk in body {
            for case .event(let event) in try reader.take(chunk) {
                switch event.name {
                case "progress":
                    let status = try Self.read { () throws(WireError) in try ImportProgress(wire: event.data) }
                    progress(ImportStatus(bytes: status.bytes, rows: status.rows, rejected: status.rejected))
                case "done":
                    return ImportOutcome(try Self.read { () throws(WireError) in try ImportReport(wire: event.data) })
                case "problem":
                    let problem = try Self.read { () throws(WireError) in try Wire.Problem(wire: event.data) }
                    throw Self.refusal(problem, status: problem.status, retryAfter: nil)
                default: break
                }
            }
        }
        throw ClientError(.unreachable, "the connection broke before the import was done; nothing of it is in the sheet")
    }

    /// What an import would do with a file that begins with these bytes: the route's preview, as JSON text.
    public func previewImport(
        beginning: [UInt8], rows: Int, into sheet: SheetID, of grid: GridID, options: [(name: String, value: String)]
    ) async throws -> [UInt8] {
        let target =
            "/api/v1/grids/\(grid)/sheets/\(sheet)/import" + Self.query(options + [(name: "preview", value: String(rows))])
        let request = TransportRequest(
            "POST", target, headers: [(name: "Content-Type", value: "application/octet-stream")], body: .bytes(beginning),
            timeout: Self.timeout)
        return try await succeed(request).body.collect(upTo: Self.replyLimit)
    }

    /// Exports a sheet.
    /// - Parameter options: the route's parameters, such as `format`, `mode`, `view`.
    public func export(
        _ sheet: SheetID, of grid: GridID, options: [(name: String, value: String)]
    ) async throws -> ExportedFile {
        let target = "/api/v1/grids/\(grid)/sheets/\(sheet)/export" + Self.query(options)
        let reply = try await succeed(TransportRequest("GET", target, timeout: nil))
        let revision = reply.header("Trueline-Revision").flatMap { UInt64($0) }.map { Revision($0) }
        return ExportedFile(revision: revision, bytes: reply.body)
    }

    private static func query(_ options: [(name: String, value: String)]) -> String {
        guard !options.isEmpty else { return "" }
        return "?" + options.map { $0.name + "=" + QueryParameters.escape($0.value) }.joined(separator: "&")
    }
}
