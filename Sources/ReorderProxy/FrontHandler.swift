import MessageFraming
import NIOCore
import Reordering

/// A client's connection: reads its requests one after another and writes the answers.
///
/// It has an upstream connection of its own, which no other client's requests travel on.
final class FrontHandler: ChannelInboundHandler, ExchangeFront {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let hub: ProxyHub
    private var context: ChannelHandlerContext?
    var state = FrontState.reading
    private var parser = MessageParser(.request)
    private var inbox = ByteBuffer()
    var back: BackHandler?
    private var deadline: Scheduled<Void>?
    private var isProcessing = false
    /// The client said that it will send nothing after this request.
    private(set) var mustClose = false
    /// How the end of the answer that is being written is found.
    private var framing = BodyFraming.none

    init(_ hub: ProxyHub) {
        self.hub = hub
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    // MARK: - The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        hub.opened(ObjectIdentifier(self)) { [weak self] in self?.close() }
        // Behind TLS the protocol is known only after the connection.
        if context.channel.isActive { connected(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        connected(context)
    }

    private func connected(_ context: ChannelHandlerContext) {
        if hub.connections > ProxyLimits.connections {
            return refuse(503, "more than \(ProxyLimits.connections) connections")
        }
        expectHead(ProxyLimits.idleSeconds)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if case .lingering = state { return }
        inbox.writeBuffer(&bytes)
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        resumeClient()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        back?.resume()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { clientClosed() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        clientClosed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        clientClosed()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    /// The client has closed its side: whoever has read everything does that, and whoever gives up.
    private func clientClosed() {
        switch state {
        case .lingering(let exchange): exchange?.taken()
        case .exchanging(let exchange): exchange.abandon("given up by the client")
        case .own(let own): own.abandon()
        case .reading, .closed: break
        }
        close()
    }

    private func close() {
        if case .closed = state { return }
        state = .closed
        deadline?.cancel()
        back?.close()
        back = nil
        inbox.clear()
        hub.closed(ObjectIdentifier(self))
        context?.close(promise: nil)
    }

    // MARK: - Requests

    /// Takes as many steps over the bytes that are here as can be taken now.
    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while mayStep {
            let result: Result<(consumed: Int, step: MessageParser.Step), FramingError> = inbox.withUnsafeReadableBytes {
                bytes in
                do throws(FramingError) { return .success(try parser.step(bytes)) } catch { return .failure(error) }
            }
            switch result {
            case .failure(let error): return misread(error)
            case .success(let (consumed, step)):
                guard take(consumed, step) else { return }
            }
        }
        forwardTunnel()
        if inbox.readableBytes > ProxyLimits.pipelinedBytes + ProxyLimits.heldBytes { close() }
    }

    private var mayStep: Bool {
        switch state {
        case .reading: true
        case .exchanging(let exchange): !exchange.isRequestComplete && (back?.isWritable ?? false)
        case .own(let own): !own.isRequestComplete
        case .lingering, .closed: false
        }
    }

    /// - Returns: false when more bytes are needed.
    private func take(_ consumed: Int, _ step: MessageParser.Step) -> Bool {
        switch step {
        case .needsMore:
            inbox.clear()
            if case .reading = state, !parser.isBetweenMessages, consumed > 0 { expectHead(ProxyLimits.headSeconds) }
            return false
        case .request(let head):
            inbox.moveReaderIndex(forwardBy: consumed)
            deadline?.cancel()
            mustClose = head.minor == 0 || head.fields.list("connection").contains("close")
            begin(head)
        case .body(let count):
            inbox.moveReaderIndex(forwardBy: consumed - count)
            guard let bytes = inbox.readSlice(length: count) else { return false }
            requestReceived(bytes)
        case .end:
            inbox.moveReaderIndex(forwardBy: consumed)
            requestEnded()
        case .response: return false
        }
        return true
    }

    func keptBack() -> BackHandler? {
        guard let back, back.isReusable else { return nil }
        return back
    }

    func resumeClient() {
        process()
        guard let context else { return }
        let isFull = inbox.readableBytes > ProxyLimits.pipelinedBytes
        if !isFull { context.read() }
    }

    private func forwardTunnel() {
        guard case .exchanging(let exchange) = state, exchange.isTunnel, inbox.readableBytes > 0, back?.isWritable ?? false
        else { return }
        back?.sendRaw(inbox)
        inbox = ByteBuffer()
    }

    // MARK: - Answers

    private func write(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    func sendContinue() {
        write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
        flush()
    }

    func send(_ head: ResponseHead, closes: Bool) {
        var head = head
        if closes { head.fields.set("Connection", "close") }
        framing = head.framing
        write(ByteBuffer(bytes: HeadWriter.bytes(head)))
    }

    func sendBody(_ bytes: ByteBuffer) {
        guard framing == .chunked else { return write(bytes) }
        write(ByteBuffer(string: HeadWriter.chunkStart(bytes.readableBytes)))
        write(bytes)
        write(ByteBuffer(string: HeadWriter.chunkEnd))
    }

    func endBody() {
        if framing == .chunked { write(ByteBuffer(string: HeadWriter.lastChunk)) }
    }

    func flush() {
        context?.flush()
    }

    func responseDone(_ exchange: Exchange, closes: Bool) {
        guard case .exchanging(let current) = state, current === exchange else { return }
        if closes {
            linger(exchange)
        } else {
            state = .reading
            exchange.taken()
            next()
        }
    }

    func answer(_ answer: OwnAnswer, isHead: Bool) {
        guard case .own = state else { return }
        write(answer, closes: mustClose, isHead: isHead)
        if mustClose { return linger(nil) }
        state = .reading
        next()
    }

    private func write(_ answer: OwnAnswer, closes: Bool, isHead: Bool) {
        send(answer.head, closes: closes)
        if !isHead { write(ByteBuffer(bytes: answer.body)) }
        flush()
    }

    private func next() {
        expectHead(ProxyLimits.idleSeconds)
        // Not from within the answer of the one before, so that a client that sends many at once does not nest them.
        let front = NIOLoopBound(self, eventLoop: hub.loop)
        hub.loop.execute { front.value.resumeClient() }
    }

    /// Nothing more is sent: a client that has read it all closes.
    private func linger(_ exchange: Exchange?) {
        state = .lingering(exchange)
        back?.close()
        back = nil
        context?.close(mode: .output, promise: nil)
        context?.read()
        schedule(ProxyLimits.lingerSeconds) { $0.clientClosed() }
    }

    func breakOff() { close() }

    func refuse(_ status: Int, _ reason: String) {
        if case .exchanging(let exchange) = state { exchange.abandon(reason) }
        if case .closed = state { return }
        write(OwnAnswer(status: status, text: "trueline proxy: \(reason)\n"), closes: true, isHead: false)
        linger(nil)
    }

    // MARK: - Time

    private func expectHead(_ seconds: Int64) {
        schedule(seconds) { front in
            if case .reading = front.state { front.close() }
        }
    }

    private func schedule(_ seconds: Int64, _ body: @escaping (FrontHandler) -> Void) {
        deadline?.cancel()
        let bound = NIOLoopBound((self, body), eventLoop: hub.loop)
        deadline = hub.loop.scheduleTask(in: .seconds(seconds)) { bound.value.1(bound.value.0) }
    }
}
