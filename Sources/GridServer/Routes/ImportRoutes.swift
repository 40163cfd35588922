import ChangePipeline
import Foundation
import GridImage
import GridModel
import HTTPTypes
import Hummingbird
import Interchange
import NIOCore
import Ordering
import Wire

/// Imports: a file of any size into a sheet.
struct ImportRoutes {
    let services: ServerServices

    private static let files = Route.Payload(
        types: ["text/csv", "text/tab-separated-values", "application/jsonl", "application/octet-stream"], schema: .string())
    private static let query: [Route.QueryParameter] = [
        .init(name: "format", summary: "Guessed when absent", schema: .choice(ImportFormat.allCases.map(\.rawValue))),
        .init(name: "preview", summary: "Import nothing; show so many rows", schema: .integer(from: 1, to: 100)),
        .init(name: "separator", summary: "One ASCII character, or tab", schema: .string(pattern: "^(tab|[\\t -~])$")),
        .init(name: "quote", summary: "One ASCII character, or none", schema: .string(pattern: "^(none|[\\t -~])$")),
        .init(name: "header", summary: "Whether the first row names the columns", schema: .boolean),
        .init(name: "encoding", summary: "Guessed when absent", schema: .choice(ImportEncoding.allCases.map(\.rawValue))),
        .init(
            name: "types", summary: "Column types by name, as JSON: {\"Zip\":\"text\"}",
            schema: .string(pattern: "^[{].*[}]$")),
    ]

    var routes: [Route] {
        let path: PathPattern = "/api/v1/grids/{grid}/sheets/{sheet}/import"
        let one: PathPattern = "/api/v1/grids/{grid}/sheets/{sheet}/imports/{import}"
        return [
            Route(
                method: .post, path: path, operation: "importFile",
                summary: "Imports a file; with Accept: text/event-stream progress events and the same document last",
                query: Self.query,
                headers: [
                    .init(name: "Accept", summary: "text/event-stream for progress", schema: .string()),
                    .init(
                        name: "Idempotency-Key", summary: "The intent of the publishing commit", schema: .string(format: "uuid")
                    ),
                ], body: Self.files,
                answers: [
                    .init(
                        status: 200, summary: "A preview, or progress",
                        payload: .init(types: ["application/json", "text/event-stream"], schema: .named("ImportPreview"))),
                    .init(
                        status: 201, summary: "The rows are in the sheet",
                        payload: .init(types: ["application/json"], schema: .named("ImportResult")),
                        headers: ["Trueline-Revision", "Trueline-Import"]),
                ], problems: [404, 409, 413, 422, 429, 503, 507], handle: importFile),
            Route(
                method: .delete, path: one, operation: "cancelImport",
                summary: "Cancels a running import, of which nothing stays; forgets the rejects of one that is over",
                answers: [
                    .init(status: 202, summary: "It stops at its next batch"),
                    .init(status: 204, summary: "The list is forgotten"),
                ], problems: [404], handle: cancel),
            Route(
                method: .get, path: "/api/v1/grids/{grid}/sheets/{sheet}/imports/{import}/rejects", operation: "readRejects",
                summary: "All rows that an import rejected, one JSON object a line",
                answers: [
                    .init(status: 200, summary: "JSON lines", payload: .init(types: ["application/jsonl"], schema: .string()))
                ], problems: [404], handle: rejects),
        ]
    }

    @Sendable private func importFile(_ scope: RequestScope) async throws -> Reply {
        let query = try scope.query()
        var options = try Self.options(query)
        let intent = try scope.intent()
        let grid = try await services.grid(scope)
        let sheet = try scope.identifier("sheet", SheetID.self)
        let image = grid.snapshot()
        guard let found = image.sheet(sheet) else { throw Problem.notFound("sheet", "\(sheet)") }
        options.limits.rows = max(0, Limits.rowsPerSheet - image.rowCount(of: sheet))
        if let rows = try query.integer("preview", in: 1...100) { return try await preview(scope, options, rows, found) }
        let id = ImportRegistry.ID(services.environment.random())
        let file = try await SpoolFile(directory: services.configuration.spoolDirectory, name: "\(id).part")
        let bytes: Int
        do {
            bytes = try await file.write(
                scope.request.body, declared: scope.header(.contentLength).flatMap { Int($0) },
                limit: services.configuration.limits.importBytes)
        } catch {
            file.remove()
            throw error
        }
        let job = ImportJob(
            id: id, services: services, grid: grid, sheet: sheet, options: options, file: file, totalBytes: bytes,
            intent: intent ?? services.newIntent(), client: scope.client)
        let isStream = scope.header(.accept)?.contains("text/event-stream") == true
        return isStream ? stream(job) : try await answer(job)
    }

    private func answer(_ job: ImportJob) async throws -> Reply {
        defer { job.file.remove() }
        let outcome = try await job.run { _ in }
        var reply = Reply.json(status: .created, revision: outcome.revision) { writer in
            writer.object { outcome.write(to: &$0, rejectsLink: Self.link(job)) }
        }
        reply.fields[named("Trueline-Import")] = job.id.text
        return reply
    }

    private func stream(_ job: ImportJob) -> Reply {
        var reply = Reply()
        reply.fields[.contentType] = "text/event-stream"
        reply.fields[.cacheControl] = "no-store"
        reply.fields[named("X-Accel-Buffering")] = "no"
        reply.fields[named("Trueline-Import")] = job.id.text
        reply.body = .stream { writer in
            defer { job.file.remove() }
            try await writer.write(
                ByteBuffer(bytes: StreamEvent.frame(id: nil, "started") { $0.member("import", job.id.text) }))
            do {
                let outcome = try await job.run { progress in
                    try await writer.write(
                        ByteBuffer(bytes: StreamEvent.frame(id: nil, "progress") { progress.write(to: &$0) }))
                }
                try await writer.write(
                    ByteBuffer(
                        bytes: StreamEvent.frame(id: nil, "done") { outcome.write(to: &$0, rejectsLink: Self.link(job)) }))
            } catch let problem as Problem {
                try await writer.write(ByteBuffer(bytes: problem.event))
            } catch let error as PipelineError {
                try await writer.write(ByteBuffer(bytes: Problem(error).event))
            }
            try await writer.finish(nil)
        }
        return reply
    }

    private static func link(_ job: ImportJob) -> String {
        "/api/v1/grids/\(job.grid.id)/sheets/\(job.sheet)/imports/\(job.id)/rejects"
    }

    private func preview(_ scope: RequestScope, _ options: ImportOptions, _ rows: Int, _ sheet: Sheet) async throws -> Reply {
        var sample: [UInt8] = []
        let most = 4 * options.limits.sampleBytes
        var isWhole = true
        for try await part in scope.request.body {
            let room = most - sample.count
            sample.append(contentsOf: part.readableBytesView.prefix(room))
            if part.readableBytes > room {
                isWhole = false
                break
            }
        }
        let preview = ImportPreview(sample: sample, isWhole: isWhole, options: options, rowLimit: rows)
        return .json { writer in writer.object { preview.write(to: &$0, sheet: sheet) } }
    }

    @Sendable private func cancel(_ scope: RequestScope) async throws -> Reply {
        let id = try importID(scope)
        if services.imports.cancel(id) { return Reply(.accepted) }
        guard let list = services.imports.forget(id) else { throw Problem.notFound("import", "\(id)") }
        SpoolFile(path: list.path).remove()
        return Reply(.noContent)
    }

    @Sendable private func rejects(_ scope: RequestScope) async throws -> Reply {
        let id = try importID(scope)
        guard let list = services.imports.rejects(id) else { throw Problem.notFound("import", "\(id)") }
        let file = SpoolFile(path: list.path)
        var reply = Reply()
        reply.fields[.contentType] = "application/jsonl"
        reply.fields[.contentDisposition] = "attachment; filename=\"rejects.jsonl\""
        reply.body = .stream { writer in
            try await file.read { try await writer.write(ByteBuffer(bytes: $0)) }
            try await writer.finish(nil)
        }
        return reply
    }

    private func importID(_ scope: RequestScope) throws -> ImportRegistry.ID {
        _ = try scope.query()
        let text = scope.parameter("import")
        guard let id = ImportRegistry.ID(text: text) else { throw Problem.notFound("import", String(text.prefix(60))) }
        return id
    }

    // MARK: - Options

    private static func options(_ query: QueryParameters) throws(Problem) -> ImportOptions {
        var options = ImportOptions()
        options.format = try choice("format", query)
        options.encoding = try choice("encoding", query)
        if let text = query["separator"] { options.separator = try character("separator", text == "tab" ? "\t" : text) }
        if let text = query["quote"] {
            options.quote = text == "none" || text.isEmpty ? ImportOptions.Quote.none : .character(try character("quote", text))
        }
        switch query["header"] {
        case nil: break
        case "true": options.header = true
        case "false": options.header = false
        case let text?: throw .malformed(parameter: "header", "expected true or false, found \"\(text.prefix(40))\"")
        }
        if let text = query["types"] { options.types = try types(text) }
        return options
    }

    private static func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String, _ query: QueryParameters
    ) throws(Problem) -> Value? where Value.RawValue == String {
        guard let text = query[name] else { return nil }
        guard let value = Value(rawValue: text) else {
            let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw .malformed(parameter: name, "expected one of \(names), found \"\(text.prefix(40))\"")
        }
        return value
    }

    private static func character(_ name: String, _ text: String) throws(Problem) -> UInt8 {
        guard text.utf8.count == 1, let byte = text.utf8.first, byte != 0x0A, byte != 0x0D, byte < 0x80,
            byte >= 0x20 || byte == 0x09
        else { throw .malformed(parameter: name, "expected one ASCII character, found \"\(text.prefix(40))\"") }
        return byte
    }

    private static func types(_ text: String) throws(Problem) -> [String: ColumnType] {
        do throws(WireError) {
            return try WireReader.read(Array(text.utf8)) { (reader) throws(WireError) in
                var types: [String: ColumnType] = [:]
                try reader.object { (name, reader) throws(WireError) in
                    let type = try reader.string()
                    guard let known = ColumnType(wire: type) else {
                        throw reader.failure("\"\(type.prefix(40))\" is not a column's type")
                    }
                    types[name] = known
                }
                return types
            }
        } catch {
            throw .malformed(parameter: "types", error.description)
        }
    }
}
