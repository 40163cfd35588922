import ChangePipeline
import GridImage
import GridModel
import HTTPTypes
import NIOCore
import Ordering
import Wire

/// Answers reads of pages from one snapshot (S3).
struct PageReader: Sendable {
    let grid: GridID
    let image: GridImage
    let cache: PageCache
    let metrics: ServerMetrics
    let overlay: RunOverlay

    /// The reply to a query.
    /// - Parameter known: the request's `If-None-Match`.
    func reply(_ query: PagesQuery, sheet id: SheetID, known: String?) throws(Problem) -> Reply {
        guard let sheet = image.sheet(id) else { throw .notFound("sheet", "\(id)") }
        let window = try image.window(of: sheet, naming: query.columns)
        let view = try sheet.definition(query.view)
        let rows = image.rows(of: id, view: view)
        let viewHash = view.isEmpty ? 0 : Self.hash(view.wire)
        var pages: [ByteBuffer] = []
        pages.reserveCapacity(query.last - query.first + 1)
        var entityTag: String?
        for page in query.first...query.last {
            let start = (page - 1) * query.pageSize
            let ids = start < rows.count ? rows.slice(start..<min(start + query.pageSize, rows.count)) : []
            let states = overlay.states(of: ids, in: window)
            let tag = PageTag(image.pageTag(rows: ids, window: window, view: viewHash) ^ states.hash)
            if query.first == query.last {
                // Weak: totals are in the tag, the snapshot's revision is not.
                let text = "W/\"\(tag)-\(String(rows.count, radix: 16))\""
                if let known, ETag.matches(known, text) {
                    metrics.pagesUnchanged.add()
                    return unchanged(text)
                }
                entityTag = text
            }
            if query.have[page] == tag {
                metrics.pagesUnchanged.add()
                pages.append(ByteBuffer(bytes: PageWriter.unchanged(page: page, tag: tag)))
            } else {
                metrics.pagesServed.add()
                pages.append(bytes(page, tag, ids, window, states, query.pageSize))
            }
        }
        let head = PageReplyHead(
            revision: image.revision, sheet: id, pageSize: query.pageSize, totalRows: rows.count,
            totalColumns: sheet.columns.count, columns: window.columns)
        return reply(head, pages, entityTag)
    }

    /// What a client that holds the tagged page is answered.
    func unchanged(_ tag: String) -> Reply {
        var reply = Reply(.notModified)
        reply.fields[.eTag] = tag
        reply.fields[Reply.revisionField] = String(image.revision.rawValue)
        return reply
    }

    private func reply(_ head: PageReplyHead, _ pages: [ByteBuffer], _ tag: String?) -> Reply {
        var parts: [ByteBuffer] = []
        parts.reserveCapacity(2 * pages.count + 1)
        parts.append(ByteBuffer(bytes: head.opening()))
        for (index, page) in pages.enumerated() {
            if index > 0 { parts.append(Self.comma) }
            parts.append(page)
        }
        parts.append(Self.closing)
        var reply = Reply(.ok, body: .parts(parts))
        reply.fields[.contentType] = "application/json"
        reply.fields[.cacheControl] = "no-cache"
        reply.fields[Reply.revisionField] = String(image.revision.rawValue)
        if let tag { reply.fields[.eTag] = tag }
        return reply
    }

    private static let comma = ByteBuffer(bytes: [UInt8(ascii: ",")])
    private static let closing = ByteBuffer(bytes: PageReplyHead.closing)

    private func bytes(
        _ page: Int, _ tag: PageTag, _ rows: [RowID], _ window: ColumnWindow, _ states: RunOverlay.States, _ pageSize: Int
    ) -> ByteBuffer {
        let key = PageCache.Key(grid: grid, sheet: window.sheet, tag: tag, page: page, pageSize: pageSize)
        if let bytes = cache.bytes(key) { return bytes }
        metrics.pagesEncoded.add()
        var writer = PageWriter(
            page: page, tag: tag, columns: window.columns.map(\.id),
            capacity: 256 + rows.count * (24 + window.columns.count * 24))
        for (index, row) in rows.enumerated() {
            writer.beginRow(row)
            image.forEachCell(row: row, in: window) { index, json in writer.cell(index, json: json) }
            let running = states.rows[index]
            image.forEachMark(row: row, in: window) { column, mark in
                if running?.contains(where: { $0.column == column }) != true { writer.state(column, CellState(mark)) }
            }
            for state in running ?? [] { writer.state(state.column, state.state) }
            writer.endRow()
        }
        let bytes = ByteBuffer(bytes: writer.finish())
        metrics.pageCacheBytes.set(cache.keep(bytes, key))
        return bytes
    }

    /// FNV-1a, 64 bits; never 0, which is the sheet itself.
    static func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 } | 1
    }
}

extension GridImage {
    /// The columns that a query names.
    func window(of sheet: Sheet, naming columns: PagesQuery.Columns) throws(Problem) -> ColumnWindow {
        let window: ColumnWindow?
        switch columns {
        case .all: window = self.window(of: sheet.id)
        case .positions(let range): window = self.window(of: sheet.id, positions: range.lowerBound..<range.upperBound + 1)
        case .named(let ids):
            window = self.window(of: sheet.id, columns: ids)
            if window == nil {
                let strange = ids.first { id in !sheet.columns.contains { $0.id == id } }
                throw .notFound("column", strange.map { "\($0)" } ?? "")
            }
        }
        guard let window else { throw .notFound("sheet", "\(sheet.id)") }
        return window
    }
}

extension Sheet {
    /// The definition of the view that a query names.
    func definition(_ view: PagesQuery.View?) throws(Problem) -> ViewDefinition {
        switch view {
        case nil: return ViewDefinition()
        case .saved(let id):
            guard let saved = views.first(where: { $0.id == id }) else { throw .notFound("view", "\(id)") }
            return saved.definition
        case .inline(let definition):
            for column in definition.columns where !columns.contains(where: { $0.id == column }) {
                throw .notFound("column", "\(column)")
            }
            return definition
        }
    }
}
