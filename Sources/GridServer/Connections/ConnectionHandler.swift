import GridModel
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// The front of a connection, on its event loop: answers reads of pages, holds an event stream, and passes everything else on.
///
/// A connection is one of these, and goes down this list only:
/// - waiting: nothing asked, or all is answered.
/// - opening: a stream was asked for and its grid is being opened; what comes meanwhile waits.
/// - streaming: the connection is an event stream until it closes.
/// And it may have requests passed on, which are answered in order before anything is answered here.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Mode {
        case waiting
        /// The request's head, and what came after it.
        case opening(HTTPRequestHead, rest: [HTTPServerRequestPart])
        case streaming(EventStreams.Opened)
        /// Closed, or to be closed as soon as what was written is out.
        case over
    }

    private let front: ConnectionFront
    private let needs: ConnectionNeeds
    /// For those who work on requests that were passed on.
    let presence = ClientPresence()
    private var mode = Mode.waiting
    private var context: ChannelHandlerContext?
    /// The context of HTTP's encoder: what is written there goes out as it is.
    private var raw: ChannelHandlerContext?
    /// Hummingbird has the connection for what is passed on.
    private var isHandedOver = false
    /// Requests passed on whose answer is not written yet: while there is one, answering here would overtake it.
    private var passedOn = 0
    /// The request that was passed on last has not arrived whole.
    private var isArriving = false
    /// The rest of a request that was answered here.
    private var isSwallowing = false
    private var isReadHeld = false
    private var isStopping = false
    /// The head of the stream's answer was written.
    private var hasStreamHead = false
    /// When something last happened, in nanoseconds.
    private(set) var lastActive: UInt64
    /// Its place in the loop's list of connections.
    var place = 0

    init(front: ConnectionFront, needs: ConnectionNeeds) {
        self.front = front
        self.needs = needs
        lastActive = front.now()
    }

    // MARK: - Coming and going

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        raw = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
        front.idle.add(self, on: context.eventLoop)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gone()
        front.idle.remove(self, on: context.eventLoop)
        self.context = nil
        raw = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        gone()
        context.fireChannelInactive()
    }

    /// The reader of a stream is gone: its place is given back at once.
    private func gone() {
        if case .streaming(let opened) = mode { front.services.streams.closed(opened) }
        mode = .over
        presence.leave()
        needs.end()
    }

    /// Closes a connection that asks for nothing, or whose request stopped arriving, for so long.
    func closeIfIdle(now: UInt64, timeout: UInt64) {
        let mayClose =
            switch mode {
            case .waiting: passedOn == 0 || isArriving
            case .opening, .streaming, .over: false
            }
        if mayClose, now &- lastActive > timeout { context?.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            // A stopping server waits for its connections: this must not depend on who is told first.
            isStopping = true
            if case .waiting = mode, passedOn == 0 { context.close(promise: nil) }
            end()
        case let event as ChannelEvent where event == .inputClosed:
            presence.leave()
            // Nobody reads a stream whose reader says no more: a browser or a program that closes looks just so.
            if case .waiting = mode, passedOn > 0 { return context.fireUserInboundEventTriggered(event) }
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isHandedOver, case .waiting = mode { return context.fireErrorCaught(error) }
        if case .waiting = mode, let error = error as? HTTPParserError {
            let refusal = ConnectionFront.refusal(of: error)
            write(refusal.status, refusal.rest)
        }
        gone()
        context.close(promise: nil)
    }

    // MARK: - Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        lastActive = front.now()
        switch mode {
        case .streaming, .over: return
        case .opening(let head, var rest):
            rest.append(part)
            mode = .opening(head, rest: rest)
        case .waiting: take(part, context)
        }
    }

    private func take(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            if passedOn == 0, answer(head, context, mayOpenGrid: !isHandedOver) { return }
            passOn(head, context)
        case .body:
            if !isSwallowing { context.fireChannelRead(wrapInboundOut(part)) }
        case .end:
            if isSwallowing {
                isSwallowing = false
            } else {
                isArriving = false
                context.fireChannelRead(wrapInboundOut(part))
            }
        }
    }

    /// - Returns: false when the request must be passed on.
    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext, mayOpenGrid: Bool) -> Bool {
        guard head.method == .GET, head.version == .http1_1 else { return false }
        let fields = RequestFields(head.headers)
        switch front.answer(to: head.uri, fields, arrived: lastActive) {
        case .whole(let status, let rest):
            isSwallowing = true
            write(status, rest)
            return true
        case .stream(let request):
            guard let grid = front.services.open.grid(request.grid) else {
                // A connection whose task is busy with what was passed on has nobody to open a grid for it.
                guard mayOpenGrid, needs.say({ .grid(request.grid) }) else { return false }
                mode = .opening(head, rest: [])
                return true
            }
            guard let opened = try? front.services.streams.open(grid, after: request.position, on: context.eventLoop, self)
            else { return false }
            mode = .streaming(opened)
            front.services.metrics.observe(route: "streamEvents", status: 200, nanoseconds: front.now() &- lastActive)
            needs.end()
            return true
        case nil: return false
        }
    }

    /// The grid that a stream waits for is open now, or cannot be opened.
    func lookedForGrid() {
        guard let context, case .opening(let head, let rest) = mode else { return }
        mode = .waiting
        if !answer(head, context, mayOpenGrid: false) { passOn(head, context) }
        for part in rest { channelRead(context: context, data: wrapInboundOut(part)) }
        if isHandedOver { context.fireChannelReadComplete() }
        guard isReadHeld else { return }
        isReadHeld = false
        context.read()
    }

    private func passOn(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard handOver(context) else { return context.close(promise: nil) }
        if passedOn == 0, front.wantsGoAhead(head) { write(ConnectionFront.goAhead) }
        passedOn += 1
        isArriving = true
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// Makes the connection one of Hummingbird's, once.
    private func handOver(_ context: ChannelHandlerContext) -> Bool {
        guard !isHandedOver else { return true }
        do {
            isHandedOver = try needs.say {
                try context.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
                return .answers(
                    try NIOAsyncChannel(
                        wrappingChannelSynchronously: context.channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                )
            }
        } catch {
            isHandedOver = false
        }
        return isHandedOver
    }

    /// While a grid is being opened nothing more is read: what comes behind has to wait anyway.
    func read(context: ChannelHandlerContext) {
        if case .opening = mode { isReadHeld = true } else { context.read() }
    }

    // MARK: - Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        passedOn -= 1
        lastActive = front.now()
        guard isStopping, passedOn == 0 else { return context.write(data, promise: promise) }
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.whenComplete { [channel = context.channel] _ in channel.close(promise: nil) }
        context.writeAndFlush(data, promise: written)
    }

    private func write(_ status: HTTPResponse.Status, _ rest: ByteBuffer) {
        raw?.write(NIOAny(front.start.lines(status)), promise: nil)
        write(rest)
    }

    private func write(_ bytes: ByteBuffer) {
        raw?.writeAndFlush(NIOAny(bytes), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .streaming(let opened) = mode, context.channel.isWritable { front.services.streams.becameWritable(opened) }
        context.fireChannelWritabilityChanged()
    }
}

extension ConnectionHandler: EventOutput {
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func write(_ bytes: EventBytes) {
        if !hasStreamHead {
            hasStreamHead = true
            raw?.write(NIOAny(front.start.lines(.ok)), promise: nil)
            raw?.write(NIOAny(ConnectionFront.streamFields), promise: nil)
        }
        write(bytes.chunk)
    }

    func end() {
        guard case .streaming = mode else { return }
        write(ConnectionFront.lastChunk)
        context?.close(promise: nil)
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}
