import MessageFraming
import NIOCore
import NIOHTTP2

/// A client's connection of HTTP/2: its streams' common ground.
final class ClientStreams: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let hub: ProxyHub
    private var context: ChannelHandlerContext?
    private var deadline: Scheduled<Void>?
    private var open = 0
    /// What waits until the client has read everything sent before.
    private var waiting: [UInt64: (_ isRead: Bool) -> Void] = [:]
    private var pings: UInt64 = 0
    /// Upstream connections that no stream uses. No other client's requests ever travel on them.
    private var idle: [BackHandler] = []

    private let farewell: FarewellWatch

    private init(_ hub: ProxyHub, _ farewell: FarewellWatch) {
        self.hub = hub
        self.farewell = farewell
    }

    static func add(to channel: any Channel, _ hub: ProxyHub) throws {
        let farewell = FarewellWatch()
        let streams = ClientStreams(hub, farewell)
        let bound = NIOLoopBound(streams, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandler(farewell)
        _ = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: connection, streamConfiguration: stream
        ) { channel in
            channel.setOption(.autoRead, value: false).flatMapThrowing {
                try channel.pipeline.syncOperations.addHandler(StreamFront(bound.value))
            }
        }
        try channel.pipeline.syncOperations.addHandler(streams)
    }

    private static var connection: NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: ProxyLimits.streams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: MessageLimits.headBytes),
        ]
        // An acknowledged PING counts, and each response of a plan needs one.
        configuration.controlFrameRateLimit.maximumCount = ProxyLimits.controlFrames
        return configuration
    }

    private static var stream: NIOHTTP2Handler.StreamConfiguration {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.outboundBufferSizeHighWatermark = ProxyLimits.streamBufferBytes
        configuration.outboundBufferSizeLowWatermark = ProxyLimits.streamBufferBytes / 2
        // A page that gives up what it asked for before every key cancels as fast as a person types.
        configuration.streamResetFrameRateLimit.maximumCount = ProxyLimits.resetStreams
        return configuration
    }

    // MARK: - Its streams

    func opened() {
        open += 1
        deadline?.cancel()
    }

    func closed() {
        open -= 1
        if open == 0 { expectStream() }
    }

    /// Asks the client whether it has read everything that was sent so far: a PING is answered in its turn (RFC 9113, section 6.7).
    func whenRead(_ body: @escaping (_ isRead: Bool) -> Void) {
        guard let context else { return body(false) }
        pings += 1
        waiting[pings] = body
        let frame = HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(withInteger: pings), ack: false))
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    /// An upstream connection that another stream of this client has used.
    func takeBack() -> BackHandler? {
        while let back = idle.popLast() { if back.isReusable { return back } }
        return nil
    }

    func giveBack(_ back: BackHandler) {
        guard context != nil, back.isReusable, idle.count < ProxyLimits.idleUpstreams else { return back.close() }
        idle.append(back)
    }

    // MARK: - The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        hub.opened(ObjectIdentifier(self)) { [weak self] in self?.context?.close(promise: nil) }
        expectStream()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .ping(let data, ack: true) = unwrapInboundIn(data).payload else { return }
        waiting.removeValue(forKey: data.integer)?(true)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Who closes one side reads no more either: a browser that goes says nothing else.
        if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A fault of a stream: the library has reset it, or knows it no more, and the others go on (RFC 9113, section 5.4.2).
        if error is any NIOHTTP2Error, !farewell.hasLeft { return }
        context.close(promise: nil)
    }

    private func end() {
        guard context != nil else { return }
        context = nil
        deadline?.cancel()
        for back in idle { back.close() }
        idle = []
        let unread = waiting.sorted { $0.key < $1.key }
        waiting = [:]
        for one in unread { one.value(false) }
        hub.closed(ObjectIdentifier(self))
    }

    private func expectStream() {
        deadline?.cancel()
        let bound = NIOLoopBound(self, eventLoop: hub.loop)
        deadline = hub.loop.scheduleTask(in: .seconds(ProxyLimits.idleSeconds)) { bound.value.context?.close(promise: nil) }
    }
}
