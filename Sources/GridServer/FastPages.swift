import ChangePipeline
import GridImage
import GridModel
import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Ordering
import Wire

// Reading a page is by far the most frequent request, and nothing in it waits: the snapshot is in memory and most pages are encoded
// already. A task, its streams and its hops cost more than the answer. So this handler, on the connection's event loop, answers
// plain page reads itself and passes everything else on. The answers are `PageReader`'s, as on the long way.

/// Answers page reads on the event loop. One a connection.
final class FastPages: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let responder: GridServerResponder
    /// Requests passed on whose answer is not written yet: while there is one, answering here would overtake it.
    private var passedOn = 0
    /// The rest of a request that was answered here.
    private var isSwallowing = false
    /// When a request was last passed on, in nanoseconds.
    private var lastPassedOn: UInt64

    /// The handlers after this one close a connection that they hear nothing of, so now and then they hear of a request.
    private static let passOnEvery: UInt64 = 20_000_000_000

    init(responder: GridServerResponder) {
        self.responder = responder
        lastPassedOn = responder.services.environment.monotonicClock()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if passedOn == 0, let reply = reply(to: head) {
                isSwallowing = true
                write(reply, context)
                return
            }
            passedOn += 1
            context.fireChannelRead(data)
        case .body:
            if !isSwallowing { context.fireChannelRead(data) }
        case .end:
            if isSwallowing { isSwallowing = false } else { context.fireChannelRead(data) }
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { passedOn -= 1 }
        context.write(data, promise: promise)
    }

    private func reply(to head: HTTPRequest) -> FastReply? {
        let connection = head.headerFields[.connection]
        guard head.method == .get, connection == nil || connection == "keep-alive" else { return nil }
        let now = responder.services.environment.monotonicClock()
        guard now &- lastPassedOn < Self.passOnEvery else {
            lastPassedOn = now
            return nil
        }
        return responder.pages(head, since: now)
    }

    private func write(_ reply: FastReply, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(reply.head)), promise: nil)
        if let body = reply.body { context.write(wrapOutboundOut(.body(body)), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

/// An answer as it goes onto the connection.
private struct FastReply {
    var head: HTTPResponse
    var body: ByteBuffer?
}

extension GridServerResponder {
    /// Rows of one reply that may be made on an event loop.
    private static let rowsAtOnce = 1_000

    /// The answer to a plain read of pages; `nil` when the long way must answer: a view, the past, a wait, a refusal, compression.
    fileprivate func pages(_ head: HTTPRequest, since started: UInt64) -> FastReply? {
        guard let target = head.path, target.contains("/pages"), !GzipEncoder.isAccepted(head.headerFields[.acceptEncoding])
        else { return nil }
        do {
            try services.hostGuard.check(head)
            guard let reply = try kept(target, head) ?? made(target, head) else { return nil }
            services.metrics.observe(
                route: "readPages", status: reply.head.status.code,
                nanoseconds: services.environment.monotonicClock() &- started)
            return reply
        } catch {
            // Refusals are worded on the long way.
            return nil
        }
    }

    /// The reply that was made for this target from the same log.
    private func kept(_ target: String, _ head: HTTPRequest) -> FastReply? {
        guard let kept = services.replies.entry(target), let grid = services.open.grid(kept.grid),
            grid.snapshot().lineage == kept.lineage, RunOverlay(services.runs, grid: kept.grid).isEmpty
        else { return nil }
        return reply(kept, head.headerFields[.ifNoneMatch])
    }

    private func made(_ target: String, _ head: HTTPRequest) throws -> FastReply? {
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 8, parts[0].isEmpty, parts[1] == "api", parts[2] == "v1", parts[3] == "grids",
            parts[5] == "sheets",
            parts[7] == "pages", let id = GridID(parts[4]), let sheet = SheetID(text: parts[6]),
            let grid = services.open.grid(id)
        else { return nil }
        let query = try PagesQuery(QueryParameters(halves.count > 1 ? String(halves[1]) : ""))
        guard query.view == nil, query.asOf == nil, (query.last - query.first + 1) * query.pageSize <= Self.rowsAtOnce else {
            return nil
        }
        let image = grid.snapshot()
        if let least = query.minRevision, image.revision < least { return nil }
        let overlay = RunOverlay(services.runs, grid: id)
        let reader = PageReader(
            grid: id, image: image, cache: services.pages, metrics: services.metrics, overlay: overlay)
        let reply = try reader.reply(query, sheet: sheet, known: head.headerFields[.ifNoneMatch])
        let message = message(reply)
        // `have` and `minRevision` say what one client holds; what they lead to is not worth keeping.
        if let tag = reply.fields[.eTag], let body = message.body, overlay.isEmpty, query.have.isEmpty, query.minRevision == nil
        {
            services.replies.keep(
                ReplyMemo.Entry(
                    grid: id, lineage: image.lineage, entityTag: tag, response: message.head,
                    notModified: self.message(reader.unchanged(tag)).head, body: body),
                for: target)
        }
        return message
    }

    private func reply(_ kept: ReplyMemo.Entry, _ known: String?) -> FastReply {
        if let known, ETag.matches(known, kept.entityTag) {
            services.metrics.pagesUnchanged.add()
            return FastReply(head: kept.notModified, body: nil)
        }
        services.metrics.pagesServed.add()
        return FastReply(head: kept.response, body: kept.body)
    }

    private func message(_ reply: Reply) -> FastReply {
        var fields = reply.fields
        // What guards the page's bytes came with them; an answer without bytes need not say it again (RFC 9110, section 15.4.5).
        guard reply.status != .notModified, case .parts(let parts) = reply.body else {
            return FastReply(head: HTTPResponse(status: reply.status, headerFields: fields), body: nil)
        }
        for (name, value) in SecurityHeaders.dataFields { fields[name] = value }
        var body = ByteBuffer()
        body.reserveCapacity(parts.reduce(0) { $0 + $1.readableBytes })
        for part in parts { body.writeImmutableBuffer(part) }
        fields[.vary] = "Accept-Encoding"
        fields[.contentLength] = String(body.readableBytes)
        return FastReply(head: HTTPResponse(status: reply.status, headerFields: fields), body: body)
    }
}
