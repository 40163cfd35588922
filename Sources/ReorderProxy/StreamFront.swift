import MessageFraming
import NIOCore
import NIOHPACK
import NIOHTTP2
import Reordering

/// A client's stream of HTTP/2: one request, and the writing of its answer.
///
/// It has an upstream connection of its own while it lasts. What the client may send and take is bounded a stream by HTTP/2's own flow
/// control, so that one that is held holds no other.
final class StreamFront: ChannelInboundHandler, ExchangeFront {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    let hub: ProxyHub
    var back: BackHandler?
    private let streams: ClientStreams
    private var context: ChannelHandlerContext?
    var state = FrontState.reading
    /// What came and cannot be passed on yet: at most a window of the stream.
    private var inbox: [HTTP2Frame.FramePayload] = []
    private var isProcessing = false
    /// The client's side of the stream is over.
    private var isRequestEnded = false
    private var isAnswerEnded = false
    /// Succeeds when the end of the answer is on its way.
    private var end: EventLoopFuture<Void>?

    init(_ streams: ClientStreams) {
        self.streams = streams
        hub = streams.hub
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// A stream ends with its answer, and its connection does not.
    var mustClose: Bool { false }

    // MARK: - The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        streams.opened()
    }

    func channelActive(context: ChannelHandlerContext) {
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.append(unwrapInboundIn(data))
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        resumeClient()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        back?.resume()
    }

    func channelInactive(context: ChannelHandlerContext) {
        clientClosed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        clientClosed()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        streams.closed()
    }

    /// The stream is over: wholly, or because the client cancelled it.
    private func clientClosed() {
        switch state {
        // Writing the end may end the stream before the writer knows: what follows is `responseDone`.
        case .exchanging where isAnswerEnded: return
        case .exchanging(let exchange): exchange.abandon("given up by the client")
        case .own(let own): own.abandon()
        // Whether it was read the answer to the PING says.
        case .lingering: break
        case .reading, .closed: break
        }
        close()
    }

    private func close() {
        if case .closed = state { return }
        state = .closed
        inbox = []
        releaseBack()
        // Where a side is still open this resets it.
        context?.close(promise: nil)
    }

    /// Another stream may use the upstream connection, if it is in a state for that.
    private func releaseBack() {
        guard let back else { return }
        self.back = nil
        back.serve(nil)
        streams.giveBack(back)
    }

    // MARK: - The request

    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while mayStep, !inbox.isEmpty { take(inbox.removeFirst()) }
    }

    private var mayStep: Bool {
        switch state {
        case .reading, .own: true
        case .exchanging: back?.isWritable ?? false
        case .lingering, .closed: false
        }
    }

    private func take(_ frame: HTTP2Frame.FramePayload) {
        switch frame {
        case .headers(let headers): takeFields(headers)
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            if bytes.readableBytes > 0 { requestReceived(bytes) }
            if data.endStream { endRequest() }
        // Another end of the stream is seen at its channel.
        case .alternativeService, .goAway, .origin, .ping, .priority, .pushPromise, .rstStream, .settings, .windowUpdate: break
        }
    }

    private func takeFields(_ headers: HTTP2Frame.FramePayload.Headers) {
        let lines = headers.headers.map { HeaderField($0.name, $0.value) }
        do throws(FramingError) {
            if case .reading = state {
                begin(try StreamHeadReader.request(lines, endsStream: headers.endStream))
            } else {
                // Checked, and not passed on: see the specification.
                _ = try StreamHeadReader.trailers(lines)
            }
        } catch {
            return misread(error)
        }
        if headers.endStream { endRequest() }
    }

    func keptBack() -> BackHandler? {
        guard let back = streams.takeBack() else { return nil }
        self.back = back
        back.serve(self)
        return back
    }

    private func endRequest() {
        isRequestEnded = true
        requestEnded()
    }

    func resumeClient() {
        process()
        if inbox.isEmpty, !isRequestEnded { context?.read() }
    }

    // MARK: - The answer

    func sendContinue() {
        write(.headers(.init(headers: [":status": "100"])))
        flush()
    }

    func send(_ head: ResponseHead, closes: Bool) {
        var fields = HPACKHeaders([(":status", String(head.status))])
        for field in head.fields.lines { fields.add(name: field.name.lowercased(), value: field.text) }
        if case .length(let length) = head.framing { fields.add(name: "content-length", value: String(length)) }
        isAnswerEnded = head.framing == .none || head.framing == .length(0)
        write(.headers(.init(headers: fields, endStream: isAnswerEnded)), isEnd: isAnswerEnded)
    }

    func sendBody(_ bytes: ByteBuffer) {
        guard !isAnswerEnded, bytes.readableBytes > 0 else { return }
        write(.data(.init(data: .byteBuffer(bytes))))
    }

    func endBody() {
        guard !isAnswerEnded else { return }
        isAnswerEnded = true
        write(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true)), isEnd: true)
    }

    private func write(_ frame: HTTP2Frame.FramePayload, isEnd: Bool = false) {
        guard let context else { return }
        let promise = isEnd ? context.eventLoop.makePromise(of: Void.self) : nil
        if let promise { end = promise.futureResult }
        context.write(wrapOutboundOut(frame), promise: promise)
    }

    func flush() {
        context?.flush()
    }

    func responseDone(_ exchange: Exchange, closes: Bool) {
        guard case .exchanging(let current) = state, current === exchange else { return }
        releaseBack()
        guard closes, let end else {
            close(afterAnswer: { exchange.taken() })
            return
        }
        state = .lingering(exchange)
        let bound = NIOLoopBound((exchange, streams), eventLoop: hub.loop)
        end.whenComplete { result in
            let (exchange, streams) = bound.value
            guard case .success = result else { return exchange.abandon("given up by the client") }
            streams.whenRead { $0 ? exchange.taken() : exchange.abandon("given up by the client") }
        }
        resetUnlessComplete()
    }

    func answer(_ answer: OwnAnswer, isHead: Bool) {
        guard case .own = state else { return }
        write(answer, isHead: isHead)
        close(afterAnswer: {})
    }

    private func write(_ answer: OwnAnswer, isHead: Bool) {
        send(answer.head, closes: false)
        if !isHead { sendBody(ByteBuffer(bytes: answer.body)) }
        endBody()
        flush()
    }

    /// The answer is written and nobody is asked whether it was read.
    private func close(afterAnswer body: () -> Void) {
        state = .closed
        inbox = []
        body()
        resetUnlessComplete()
    }

    /// An answer before the end of its request: nobody wants the rest of that (RFC 9113, section 8.1).
    private func resetUnlessComplete() {
        guard !isRequestEnded, let end else { return }
        let bound = NIOLoopBound(self, eventLoop: hub.loop)
        end.whenComplete { _ in
            guard let context = bound.value.context else { return }
            context.writeAndFlush(bound.value.wrapOutboundOut(.rstStream(.noError)), promise: nil)
        }
    }

    func breakOff() {
        context?.writeAndFlush(wrapOutboundOut(.rstStream(.internalError)), promise: nil)
        close()
    }

    func refuse(_ status: Int, _ reason: String) {
        switch state {
        case .exchanging(let exchange): exchange.abandon(reason)
        case .own(let own): own.abandon()
        case .reading: break
        case .lingering, .closed: return
        }
        write(OwnAnswer(status: status, text: "trueline proxy: \(reason)\n"), isHead: false)
        releaseBack()
        close(afterAnswer: {})
    }
}
