import ChangePipeline
import GridImage
import GridModel
import HTTPTypes
import Hummingbird
import Interchange
import NIOCore
import Ordering
import Wire

/// Exports: a sheet or a view of it, from one snapshot, streamed.
struct ExportRoutes {
    let services: ServerServices

    var routes: [Route] {
        [
            Route(
                method: .get, path: "/api/v1/grids/{grid}/sheets/{sheet}/export", operation: "exportSheet",
                summary: "The sheet, or a view of it, as a file of one revision",
                query: [
                    .init(name: "format", summary: "csv when absent", schema: .choice(ExportFormat.allCases.map(\.rawValue))),
                    .init(name: "mode", summary: "exact when absent", schema: .choice(ExportMode.allCases.map(\.rawValue))),
                    .init(name: "view", summary: "A saved view's id, or a filter and sort as JSON", schema: Schemas.viewText),
                    .init(name: "columns", summary: "c3,c7 or positions 0-63", schema: Schemas.columnList),
                    .init(name: "minRevision", summary: "Answer from no older state", schema: Schemas.revision),
                ],
                answers: [
                    .init(
                        status: 200, summary: "The file",
                        payload: .init(
                            types: ["text/csv", "text/tab-separated-values", "application/jsonl"], schema: .string()),
                        headers: ["Trueline-Revision", "Content-Disposition"])
                ], problems: [404, 422, 503], handle: export)
        ]
    }

    @Sendable private func export(_ scope: RequestScope) async throws -> Reply {
        let query = try scope.query()
        let format = try Self.choice("format", query) ?? ExportFormat.csv
        let mode = try Self.choice("mode", query) ?? ExportMode.exact
        let columns = try query["columns"].map { (text) throws(WireError) in try PagesQuery.columns(text) } ?? .all
        let view = try query["view"].map { (text) throws(WireError) in try PagesQuery.view(text) }
        let grid = try await services.grid(scope)
        var image = grid.snapshot()
        if let least = try PagesQuery.revision("minRevision", query) {
            image = try await grid.snapshot(atLeast: least, timeout: services.configuration.limits.behindTimeout)
        }
        let id = try scope.identifier("sheet", SheetID.self)
        guard let sheet = image.sheet(id) else { throw Problem.notFound("sheet", "\(id)") }
        let window = try image.window(of: sheet, naming: columns)
        let rows = image.rows(of: id, view: try sheet.definition(view))
        var reply = Reply()
        reply.fields[.contentType] = Self.mediaType(format)
        reply.fields[.contentDisposition] = Self.disposition("\(image.name) \(sheet.name).\(format.rawValue)", format)
        reply.fields[.cacheControl] = "no-store"
        reply.fields[.vary] = "Accept-Encoding"
        reply.fields[Reply.revisionField] = String(image.revision.rawValue)
        let isCompressed = GzipEncoder.isAccepted(scope.header(.acceptEncoding))
        if isCompressed { reply.fields[.contentEncoding] = "gzip" }
        let snapshot = image
        let metrics = services.metrics
        reply.body = .stream { writer in
            let file = ExportFile(
                format: format, mode: mode, image: snapshot, window: window, rows: rows, isCompressed: isCompressed)
            metrics.exportedRows.add(try await file.write(to: &writer))
        }
        return reply
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

    private static func mediaType(_ format: ExportFormat) -> String {
        switch format {
        case .csv: "text/csv; charset=utf-8"
        case .tsv: "text/tab-separated-values; charset=utf-8"
        case .jsonl: "application/jsonl"
        }
    }

    /// A name for the file: plain ASCII for old readers, the whole name by RFC 8187.
    private static func disposition(_ name: String, _ format: ExportFormat) -> String {
        let plain = name.unicodeScalars.map { scalar -> Character in
            let isPlain =
                scalar.isASCII && scalar.value >= 0x20 && scalar != "\"" && scalar != "\\" && scalar != "/"
                && scalar.value != 0x7F
            return isPlain ? Character(scalar) : "_"
        }
        return "attachment; filename=\"\(String(plain))\"; filename*=UTF-8''\(QueryParameters.escape(name))"
    }
}

/// A file that is written row by row from a snapshot.
struct ExportFile: Sendable {
    let format: ExportFormat
    let mode: ExportMode
    let image: GridImage
    let window: ColumnWindow
    let rows: RowList
    let isCompressed: Bool

    /// Rows between two looks at how much is waiting to be sent.
    private static let rowsPerPart = 500
    private static let partBytes = 65_536

    /// - Returns: how many rows were written.
    func write(to writer: inout any ResponseBodyWriter) async throws -> Int {
        var encoder = ExportEncoder(format: format, mode: mode, columns: window.columns.map(\.name))
        let gzip = isCompressed ? GzipEncoder() : nil
        var start = 0
        while start < rows.count {
            let end = min(start + Self.rowsPerPart, rows.count)
            for row in rows.slice(start..<end) {
                image.forEachCell(row: row, in: window) { index, json in encoder.cell(column: index, json: json) }
                encoder.endRow()
            }
            start = end
            guard encoder.pendingBytes >= Self.partBytes else { continue }
            let output = encoder.takeOutput()
            let bytes = gzip?.encode(output) ?? output
            if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
        }
        let output = encoder.takeOutput()
        let bytes = gzip?.encode(output, finish: true) ?? output
        if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
        try await writer.finish(nil)
        return rows.count
    }
}
