import MessageFraming
import NIOCore
import Reordering

/// A client's connection: reads its requests one after another and writes the answers.
///
/// It has an upstream connection of its own, which no other client's requests travel on.
final class FrontHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Waits for a request, or reads one: -> `exchanging`, `own`, `lingering`, `closed`.
        case reading
        /// A request is on its way to the upstream and back: -> `reading`, `lingering`, `closed`.
        case exchanging(Exchange)
        /// A request to the proxy itself: -> `reading`, `lingering`, `closed`.
        case own(OwnExchange)
        /// The last answer is written; when the client closes it has read it: -> `closed`.
        case lingering(Exchange?)
        case closed
    }

    private let hub: ProxyHub
    private var context: ChannelHandlerContext?
    private var state = State.reading
    private var parser = MessageParser(.request)
    private var inbox = ByteBuffer()
    private var back: BackHandler?
    private var deadline: Scheduled<Void>?
    private var isProcessing = false
    /// The client said that it will send nothing after this request.
    private(set) var mustClose = false

    init(_ hub: ProxyHub) {
        self.hub = hub
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    // MARK: - The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        hub.opened(ObjectIdentifier(self)) { [weak self] in self?.close() }
    }

    func channelActive(context: ChannelHandlerContext) {
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
            case .failure(let error): return refuse(error.status, error.reason)
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
            begin(head)
        case .body(let count):
            inbox.moveReaderIndex(forwardBy: consumed - count)
            guard let bytes = inbox.readSlice(length: count) else { return false }
            switch state {
            case .exchanging: back?.sendBody(bytes)
            case .own(let own): own.received(bytes)
            case .reading, .lingering, .closed: break
            }
        case .end:
            inbox.moveReaderIndex(forwardBy: consumed)
            switch state {
            case .exchanging(let exchange):
                exchange.isRequestComplete = true
                back?.endBody()
            case .own(let own): own.requestEnded()
            case .reading, .lingering, .closed: break
            }
        case .response: return false
        }
        return true
    }

    private func begin(_ head: RequestHead) {
        mustClose = head.minor == 0 || head.fields.list("connection").contains("close")
        if let refusal = hub.guardian.refusal(head) { return refuse(refusal.status, refusal.reason) }
        if head.target.hasPrefix(OwnExchange.prefix) {
            let own = OwnExchange(head, hub: hub, front: self)
            state = .own(own)
            return
        }
        let trace = TraceContext(head, random: hub.environment.random)
        let exchange = Exchange(
            hub.newID(), head, hub: hub, front: self, trace: trace, isCandidate: RequestTranslation.isCandidate(head))
        state = .exchanging(exchange)
        hub.began(exchange)
        let out = RequestTranslation(hub).translate(head, trace: trace)
        if let back, back.isReusable {
            back.send(out, for: exchange)
        } else {
            connect(out, for: exchange)
        }
    }

    /// - Parameter out: the head as the upstream gets it.
    func connect(_ out: RequestHead, for exchange: Exchange) {
        back?.close()
        let back = BackHandler(hub, front: self)
        self.back = back
        back.send(out, for: exchange)
        hub.connector.connect(back, on: hub.loop) { [weak self, weak back] problem in
            guard let self, let back, self.back === back else { return }
            if let problem { failed(exchange, 502, problem) }
        }
    }

    /// The client waits for leave to send, and sends when it may.
    func resumeClient() {
        process()
        guard let context else { return }
        let isFull = inbox.readableBytes > ProxyLimits.pipelinedBytes
        if !isFull { context.read() }
    }

    func resumeUpstream() { back?.resume() }

    private func forwardTunnel() {
        guard case .exchanging(let exchange) = state, exchange.isTunnel, inbox.readableBytes > 0, back?.isWritable ?? false
        else { return }
        back?.sendRaw(inbox)
        inbox = ByteBuffer()
    }

    // MARK: - Answers

    func write(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    func flush() {
        context?.flush()
    }

    /// An answer is written.
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

    /// The proxy's own answer is written.
    func ownDone() {
        guard case .own = state else { return }
        if mustClose { return linger(nil) }
        state = .reading
        next()
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

    /// The upstream's answer cannot be had, or breaks off.
    func failed(_ exchange: Exchange, _ status: Int, _ reason: String) {
        guard case .exchanging(let current) = state, current === exchange else { return }
        if exchange.response != nil { return cut(exchange, reason) }
        hub.environment.say("\(exchange.identity.text): \(reason)")
        exchange.abandon(reason)
        refuse(status, reason)
    }

    /// Ends the connection within an answer, so that nobody takes what came for all.
    func cut(_ exchange: Exchange, _ reason: String) {
        hub.environment.say("\(exchange.identity.text): \(reason)")
        exchange.abandon(reason)
        close()
    }

    private func refuse(_ status: Int, _ reason: String) {
        if case .exchanging(let exchange) = state { exchange.abandon(reason) }
        if case .closed = state { return }
        write(OwnAnswer(status: status, text: "trueline proxy: \(reason)\n").bytes(closes: true))
        flush()
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
