import ChangePipeline
import GridImage
import GridModel
import HTTPTypes
import Ordering
import Wire

/// Path one: the committed pages of a range, all at one revision.
struct PageRoutes {
    let services: ServerServices

    var routes: [Route] {
        [
            Route(
                method: .get, path: "/api/v1/grids/{grid}/sheets/{sheet}/pages", operation: "readPages",
                summary: "The committed pages of a range, all at one revision", query: Self.query,
                headers: [.init(name: "If-None-Match", summary: "The tag of the one page asked for", schema: .string())],
                answers: [
                    .init(
                        status: 200, summary: "The pages", payload: .init(types: ["application/json"], schema: .named("Pages")),
                        headers: ["ETag", "Trueline-Revision"]),
                    .init(status: 304, summary: "The page is as the client has it", headers: ["ETag", "Trueline-Revision"]),
                ], problems: [404, 410, 422, 429, 503], handle: read)
        ]
    }

    private static let query: [Route.QueryParameter] = [
        .init(name: "first", summary: "The first page, from 1", schema: .integer(from: 1, to: PagesQuery.pageLimit)),
        .init(name: "last", summary: "The last page", schema: .integer(from: 1, to: PagesQuery.pageLimit)),
        .init(name: "pageSize", summary: "Rows a page", schema: .integer(from: 1, to: PagesQuery.pageSizeLimit)),
        .init(name: "columns", summary: "c3,c7 or positions 0-63", schema: Schemas.columnList),
        .init(name: "view", summary: "A saved view's id, or a filter and sort as JSON", schema: Schemas.viewText),
        .init(name: "minRevision", summary: "Answer from no older state", schema: Schemas.revision),
        .init(name: "asOf", summary: "Answer from this revision", schema: Schemas.revision),
        .init(name: "have", summary: "What the client holds: 1:TAG,2:TAG", schema: .string()),
    ]

    @Sendable private func read(_ scope: RequestScope) async throws -> Reply {
        let query = try PagesQuery(QueryParameters(scope.rawQuery))
        let sheet = try scope.identifier("sheet", SheetID.self)
        let grid = try await services.grid(scope)
        let image: GridImage
        if let least = query.minRevision {
            image = try await grid.snapshot(atLeast: least, timeout: services.configuration.limits.behindTimeout)
        } else {
            image = grid.snapshot()
        }
        if let revision = query.asOf { return try await past(revision, query, sheet, grid, image) }
        let reader = PageReader(
            grid: grid.id, image: image, cache: services.pages, metrics: services.metrics,
            overlay: RunOverlay(services.runs, grid: grid.id))
        return try reader.reply(query, sheet: sheet, known: scope.header(.ifNoneMatch))
    }

    // MARK: - The past

    private func past(
        _ revision: Revision, _ query: PagesQuery, _ sheet: SheetID, _ grid: LiveGrid, _ image: GridImage
    ) async throws -> Reply {
        guard query.view == nil else {
            throw Problem.invalid("a read with asOf shows the sheet's own rows and order; leave out view")
        }
        guard revision <= image.revision else {
            throw Problem.invalid("revision \(revision) is not committed yet; the grid stands at \(image.revision)")
        }
        let ranks = (query.first - 1) * query.pageSize..<query.last * query.pageSize
        let past = try await grid.asOf(revision, sheet: sheet, ranks: ranks)
        let columns = try Self.columns(query.columns, past.sheet)
        let places = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($0.element.id, $0.offset) })
        var bytes = PageReplyHead(
            revision: past.revision, sheet: sheet, pageSize: query.pageSize, totalRows: past.totalRows,
            totalColumns: past.sheet.columns.count, columns: columns
        ).opening()
        for page in query.first...query.last {
            if page > query.first { bytes.append(UInt8(ascii: ",")) }
            let rows = past.rows.dropFirst((page - query.first) * query.pageSize).prefix(query.pageSize)
            bytes.append(contentsOf: Self.page(page, rows, columns, places))
        }
        bytes.append(contentsOf: PageReplyHead.closing)
        return .json(bytes, revision: past.revision)
    }

    private static func page(
        _ page: Int, _ rows: ArraySlice<PastPage.Row>, _ columns: [Column], _ places: [ColumnID: Int]
    ) -> [UInt8] {
        func write(_ tag: PageTag) -> [UInt8] {
            var writer = PageWriter(page: page, tag: tag, columns: columns.map(\.id))
            for row in rows {
                writer.beginRow(row.id)
                for cell in row.cells {
                    if let place = places[cell.column] { writer.cell(place, json: Array(cell.value.json.utf8)) }
                }
                for mark in row.marks {
                    if let place = places[mark.column] { writer.state(place, CellState(mark.mark)) }
                }
                writer.endRow()
            }
            return writer.finish()
        }
        // The past never changes: its tag is what it shows.
        return write(PageTag(PageReader.hash(write(PageTag(0)))))
    }

    private static func columns(_ wanted: PagesQuery.Columns, _ sheet: Sheet) throws(Problem) -> [Column] {
        switch wanted {
        case .all: return sheet.columns
        case .positions(let range): return Array(sheet.columns.dropFirst(range.lowerBound).prefix(range.count))
        case .named(let ids):
            var columns: [Column] = []
            for id in ids {
                guard let column = sheet.columns.first(where: { $0.id == id }) else { throw .notFound("column", "\(id)") }
                columns.append(column)
            }
            return columns
        }
    }
}
