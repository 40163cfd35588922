import ChangePipeline
import GridImage
import GridModel
import HTTPTypes
import NIOCore
import Wire

// Reading a page is by far the most frequent request, and nothing in it waits: the snapshot is in memory and most pages are encoded
// already. A task, its streams and its hops cost more than the answer, so it is made on the connection's event loop and written
// as the bytes it is. The answers are `PageReader`'s, as on the long way.

/// Answers plain reads of pages where they arrive.
struct DirectPages {
    let services: ServerServices

    /// Rows of one reply that may be made on an event loop.
    private static let rowsAtOnce = 1_000
    /// Bytes that may be compressed on an event loop: about a millisecond.
    private static let compressedAtOnce = 131_072

    /// An answer's status, and what follows its `AnswerStart`.
    typealias Answer = (status: HTTPResponse.Status, rest: ByteBuffer)

    /// The answer; `nil` when the long way must answer: a view, the past, a wait, a refusal, much to compress.
    func answer(to target: String, _ fields: RequestFields, arrived: UInt64) -> Answer? {
        let compresses = GzipEncoder.isAccepted(fields.acceptEncoding)
        do {
            guard
                let answer = try kept(target, compresses, fields.ifNoneMatch) ?? made(target, compresses, fields.ifNoneMatch)
            else { return nil }
            services.metrics.observe(
                route: "readPages", status: answer.status.code, nanoseconds: services.environment.monotonicClock() &- arrived)
            return answer
        } catch {
            // Refusals are worded on the long way.
            return nil
        }
    }

    /// The reply that was made for this target from the same log.
    private func kept(_ target: String, _ compresses: Bool, _ known: String?) -> Answer? {
        guard let kept = services.replies.entry(ReplyMemo.Key(target: target, compresses: compresses)),
            let grid = services.open.grid(kept.grid), grid.position.lineage == kept.lineage,
            RunOverlay(services.runs, grid: kept.grid).isEmpty
        else { return nil }
        if let known, ETag.matches(known, kept.entityTag) {
            services.metrics.pagesUnchanged.add()
            return (.notModified, kept.notModified)
        }
        services.metrics.pagesServed.add()
        return (.ok, kept.whole)
    }

    private func made(_ target: String, _ compresses: Bool, _ known: String?) throws -> Answer? {
        let (path, text) = ConnectionFront.halves(target)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 8, parts[0].isEmpty, parts[1] == "api", parts[2] == "v1", parts[3] == "grids",
            parts[5] == "sheets", parts[7] == "pages", let id = GridID(parts[4]), let sheet = SheetID(text: parts[6]),
            let grid = services.open.grid(id)
        else { return nil }
        let query = try PagesQuery(QueryParameters(text))
        guard query.view == nil, query.asOf == nil, (query.last - query.first + 1) * query.pageSize <= Self.rowsAtOnce else {
            return nil
        }
        let image = grid.snapshot()
        if let least = query.minRevision, image.revision < least { return nil }
        let overlay = RunOverlay(services.runs, grid: id)
        let reader = PageReader(
            grid: id, image: image, cache: services.pages, metrics: services.metrics, overlay: overlay)
        let reply = try reader.reply(query, sheet: sheet, known: known)
        guard reply.status != .notModified, case .parts(let parts) = reply.body else {
            // What guards the page's bytes came with them; an answer without bytes need not say it again (RFC 9110, 15.4.5).
            return (reply.status, ConnectionFront.lines(reply.fields))
        }
        guard let whole = Self.whole(reply.fields, parts, compresses) else { return nil }
        // `have` and `minRevision` say what one client holds; what they lead to is not worth keeping.
        if let tag = reply.fields[.eTag], overlay.isEmpty, query.have.isEmpty, query.minRevision == nil {
            services.replies.keep(
                ReplyMemo.Entry(
                    grid: id, lineage: image.lineage, entityTag: tag, whole: whole,
                    notModified: ConnectionFront.lines(reader.unchanged(tag).fields)),
                for: ReplyMemo.Key(target: target, compresses: compresses))
        }
        return (reply.status, whole)
    }

    /// Fields and body as they go out; `nil` when they are too long to be compressed here.
    private static func whole(_ fields: HTTPFields, _ parts: [ByteBuffer], _ compresses: Bool) -> ByteBuffer? {
        var fields = fields
        for (name, value) in SecurityHeaders.dataFields { fields[name] = value }
        fields[.vary] = "Accept-Encoding"
        let count = parts.reduce(0) { $0 + $1.readableBytes }
        if compresses, count > GridServerResponder.smallestCompressed {
            guard count <= compressedAtOnce else { return nil }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count)
            for part in parts { bytes.append(contentsOf: part.readableBytesView) }
            guard let smaller = GzipEncoder.compress(bytes) else { return nil }
            fields[.contentEncoding] = "gzip"
            fields[.contentLength] = String(smaller.count)
            var whole = ConnectionFront.lines(fields, capacity: smaller.count)
            whole.writeBytes(smaller)
            return whole
        }
        fields[.contentLength] = String(count)
        var whole = ConnectionFront.lines(fields, capacity: count)
        for part in parts { whole.writeImmutableBuffer(part) }
        return whole
    }
}
