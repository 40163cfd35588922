import MessageFraming
import NIOCore
import Reordering

/// The upstream connection of one client's connection.
final class BackHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let hub: ProxyHub
    private weak var front: (any ExchangeFront)?
    private var context: ChannelHandlerContext?
    private var parser = MessageParser(.response)
    private var inbox = ByteBuffer()
    private var exchange: Exchange?
    /// What is sent when the connection is there.
    private var outbox: [ByteBuffer] = []
    private var request: RequestHead?
    private var isProcessing = false
    private var isClosed = false
    private var isTunnel = false
    /// Another request was answered on this connection.
    private var isUsed = false
    private var hasBody = false
    private var hasAnswer = false
    private var mayReuse = false
    /// Why no more bytes come; those that are here may still wait to be taken.
    private var end: String?

    init(_ hub: ProxyHub, front: any ExchangeFront) {
        self.hub = hub
        self.front = front
    }

    /// Another request of the same client uses it, or none.
    func serve(_ front: (any ExchangeFront)?) { self.front = front }

    /// Another request can be sent.
    var isReusable: Bool { !isClosed && end == nil && exchange == nil && mayReuse && inbox.readableBytes == 0 }

    /// A body may be sent: there is a connection and it takes bytes.
    var isWritable: Bool { !isClosed && (context?.channel.isWritable ?? false) && outbox.isEmpty }

    // MARK: - Sending

    func send(_ head: RequestHead, for exchange: Exchange) {
        self.exchange = exchange
        request = head
        hasBody = false
        hasAnswer = false
        mayReuse = false
        parser.expectResponse(to: head.method)
        raw(ByteBuffer(bytes: HeadWriter.bytes(head)))
        resume()
    }

    func sendBody(_ bytes: ByteBuffer) {
        hasBody = true
        guard request?.framing == .chunked else { return raw(bytes) }
        raw(ByteBuffer(string: HeadWriter.chunkStart(bytes.readableBytes)))
        raw(bytes)
        raw(ByteBuffer(string: HeadWriter.chunkEnd))
    }

    func endBody() {
        if request?.framing == .chunked { raw(ByteBuffer(string: HeadWriter.lastChunk)) }
    }

    func sendRaw(_ bytes: ByteBuffer) { raw(bytes) }

    private func raw(_ bytes: ByteBuffer) {
        guard let context, context.channel.isActive else {
            if !isClosed, end == nil { outbox.append(bytes) }
            return
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        exchange = nil
        context?.close(promise: nil)
    }

    // MARK: - The channel

    /// The connection is there.
    func handlerAdded(context: ChannelHandlerContext) {
        guard !isClosed else { return context.close(promise: nil) }
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        let waiting = outbox
        outbox = []
        for bytes in waiting { context.write(wrapOutboundOut(bytes), promise: nil) }
        context.flush()
        front?.resumeClient()
        resume()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        inbox.writeBuffer(&bytes)
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if wantsMore { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { front?.resumeClient() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended("the upstream closed the connection")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ended("the connection to the upstream broke: \(error)")
        context.close(promise: nil)
    }

    // MARK: - Receiving

    private var wantsMore: Bool {
        guard !isClosed, end == nil else { return false }
        return exchange?.wantsMore ?? mayReuse
    }

    /// There may be room again.
    func resume() {
        process()
        if wantsMore { context?.read() }
    }

    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while let exchange, !isClosed, exchange.response == nil || exchange.wantsMore || inbox.readableBytes == 0 {
            if isTunnel {
                guard inbox.readableBytes > 0 else {
                    if let end { conclude(end) }
                    return
                }
                let bytes = inbox
                inbox = ByteBuffer()
                exchange.received(bytes)
                continue
            }
            let result: Result<(consumed: Int, step: MessageParser.Step), FramingError> = inbox.withUnsafeReadableBytes {
                bytes in
                do throws(FramingError) { return .success(try parser.step(bytes)) } catch { return .failure(error) }
            }
            switch result {
            case .failure(let error): return fail(exchange, "the upstream's answer was refused: \(error.reason)")
            case .success(let (consumed, step)):
                if take(consumed, step, exchange) { continue }
                if let end { conclude(end) }
                return
            }
        }
        // Bytes that nobody asked for: the connection cannot be trusted any more.
        if exchange == nil, inbox.readableBytes > 0 { close() }
    }

    /// - Returns: false when more bytes are needed.
    private func take(_ consumed: Int, _ step: MessageParser.Step, _ exchange: Exchange) -> Bool {
        switch step {
        case .needsMore:
            inbox.clear()
            return false
        case .response(let head):
            inbox.moveReaderIndex(forwardBy: consumed)
            hasAnswer = true
            return responded(head, exchange)
        case .body(let count):
            inbox.moveReaderIndex(forwardBy: consumed - count)
            guard let bytes = inbox.readSlice(length: count) else { return false }
            exchange.received(bytes)
        case .end:
            inbox.moveReaderIndex(forwardBy: consumed)
            finish(exchange)
        case .request: return false
        }
        return true
    }

    private func responded(_ head: ResponseHead, _ exchange: Exchange) -> Bool {
        if head.status == 100 {
            // The upstream lets the client send its body.
            front?.sendContinue()
            return true
        }
        if head.status == 101 {
            guard RequestTranslation.isUpgrade(exchange.request) else {
                fail(exchange, "the upstream switched to a protocol that nobody asked for")
                return false
            }
            isTunnel = true
        } else if head.status < 200 {
            return true
        }
        mayReuse = head.minor == 1 && head.framing != .untilClose && !head.fields.list("connection").contains("close")
        exchange.responded(head)
        return true
    }

    private func finish(_ exchange: Exchange) {
        self.exchange = nil
        isUsed = true
        // An answer before the end of its request: the rest of that would be read as another request.
        if !exchange.isRequestComplete { mayReuse = false }
        exchange.responseEnded()
        if !mayReuse { close() }
    }

    private func fail(_ exchange: Exchange, _ reason: String) {
        self.exchange = nil
        close()
        front?.failed(exchange, 502, reason)
    }

    private func ended(_ reason: String) {
        guard !isClosed, end == nil else { return }
        end = reason
        if exchange == nil { return close() }
        process()
    }

    /// All bytes were taken, and no more come.
    private func conclude(_ reason: String) {
        guard let exchange else { return close() }
        self.exchange = nil
        let isComplete: Bool
        do throws(FramingError) {
            isComplete = isTunnel ? true : try parser.finish()
        } catch {
            isComplete = false
        }
        close()
        if isComplete { return exchange.responseEnded() }
        // A kept connection may be closed by the upstream in the moment of its use. What changes nothing is asked again.
        if isUsed, !hasAnswer, !hasBody, let request, ["GET", "HEAD", "OPTIONS"].contains(request.method) {
            front?.connect(request, for: exchange)
        } else {
            front?.failed(exchange, 502, reason)
        }
    }
}
