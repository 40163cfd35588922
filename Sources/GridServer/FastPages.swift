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

    private func reply(to head: HTTPRequest) -> Reply? {
        let connection = head.headerFields[.connection]
        guard head.method == .get, connection == nil || connection == "keep-alive" else { return nil }
        let now = responder.services.environment.monotonicClock()
        guard now &- lastPassedOn < Self.passOnEvery else {
            lastPassedOn = now
            return nil
        }
        return responder.pages(head, since: now)
    }

    private func write(_ reply: Reply, _ context: ChannelHandlerContext) {
        let (head, parts) = responder.message(reply)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        for part in parts { context.write(wrapOutboundOut(.body(part)), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

extension GridServerResponder {
    /// Rows of one reply that may be made on an event loop.
    private static let rowsAtOnce = 1_000

    /// The answer to a plain read of pages; `nil` when the long way must answer: a view, the past, a wait, a refusal, compression.
    fileprivate func pages(_ head: HTTPRequest, since started: UInt64) -> Reply? {
        guard let target = head.path, target.contains("/pages"), !GzipEncoder.isAccepted(head.headerFields[.acceptEncoding])
        else {
            return nil
        }
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 8, parts[0].isEmpty, parts[1] == "api", parts[2] == "v1", parts[3] == "grids",
            parts[5] == "sheets",
            parts[7] == "pages", let id = GridID(parts[4]), let sheet = SheetID(text: parts[6]),
            let grid = services.open.grid(id)
        else { return nil }
        do {
            try services.hostGuard.check(head)
            let query = try PagesQuery(QueryParameters(halves.count > 1 ? String(halves[1]) : ""))
            guard query.view == nil, query.asOf == nil, (query.last - query.first + 1) * query.pageSize <= Self.rowsAtOnce
            else {
                return nil
            }
            let image = grid.snapshot()
            if let least = query.minRevision, image.revision < least { return nil }
            let reader = PageReader(
                grid: id, image: image, cache: services.pages, metrics: services.metrics,
                overlay: RunOverlay(services.runs, grid: id))
            let reply = try reader.reply(query, sheet: sheet, known: head.headerFields[.ifNoneMatch])
            services.metrics.observe(
                route: "readPages", status: reply.status.code, nanoseconds: services.environment.monotonicClock() &- started)
            return reply
        } catch {
            // Refusals are worded on the long way.
            return nil
        }
    }

    /// A reply with a whole body as it goes onto a connection.
    fileprivate func message(_ reply: Reply) -> (HTTPResponse, [ByteBuffer]) {
        var fields = reply.fields
        let parts: [ByteBuffer] = if case .parts(let parts) = reply.body { parts } else { [] }
        for (name, value) in SecurityHeaders.dataFields { fields[name] = value }
        if reply.status != .notModified {
            fields[.vary] = "Accept-Encoding"
            fields[.contentLength] = String(parts.reduce(0) { $0 + $1.readableBytes })
        }
        return (HTTPResponse(status: reply.status, headerFields: fields), parts)
    }
}
