import NIOCore
import NIOHTTP1

/// Follows the requests over one connection to a model. A kept connection may be closed by the server at any moment, also while a request is on its
/// way; what is then known of that request decides whether it may be sent again (RFC 9110, section 9.2.2). Stands between the codec
/// and the client.
final class ConnectionWatch: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// The connection ended, and no head of a reply had come.
    enum Loss: Error {
        /// The request was not handed over whole: nobody can have answered it.
        case beforeItWasSent
        /// All of it was handed over: it may have been read.
        case afterItWasSent
    }

    /// How long a connection without a request is kept: a run's next call begins within some milliseconds, and servers keep theirs for two
    /// seconds (gunicorn) and more. The rarer a server's end meets a request, the fewer calls are in doubt.
    static let idleTime = Duration.milliseconds(500)
    /// A server that names a shorter time than this, in seconds, is taken at its word: its connection is not kept.
    static let shortestNamedSeconds = 2

    private enum State {
        /// Becomes sending.
        case idle
        /// A request is being handed over. Becomes sent, replying, idle (lost).
        case sending
        /// All of it has left this process. Becomes replying, idle (lost).
        case sent
        /// The reply's head has come. Becomes idle.
        case replying
    }

    private var state = State.idle

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var isEnd = false
        switch unwrapOutboundIn(data) {
        case .head: state = .sending
        case .body: break
        case .end: isEnd = true
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success:
                // Writes succeed in order: once the last one has, the kernel has all of them.
                if isEnd, case .sending = self.state { self.state = .sent }
                promise?.succeed()
            case .failure: promise?.fail(Loss.beforeItWasSent)
            }
        }
        context.write(data, promise: written)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            state = .replying
            guard !Self.outlastsIdleTime(head.headers) else { break }
            head.headers.replaceOrAdd(name: "connection", value: "close")
            return context.fireChannelRead(wrapInboundOut(.head(head)))
        case .head, .body: break
        case .end: state = .idle
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is IOError || error is ChannelError { lose(context) }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        lose(context)
        context.fireChannelInactive()
    }

    /// The client keeps to the first error of a request.
    private func lose(_ context: ChannelHandlerContext) {
        let before = state
        state = .idle
        switch before {
        case .sending: context.fireErrorCaught(Loss.beforeItWasSent)
        case .sent: context.fireErrorCaught(Loss.afterItWasSent)
        case .idle, .replying: break
        }
    }

    /// Whether the server will keep the connection for longer than we do, as far as it says: `Keep-Alive: timeout=5, max=100`.
    static func outlastsIdleTime(_ headers: HTTPHeaders) -> Bool {
        for parameter in headers[canonicalForm: "keep-alive"] {
            let parts = parameter.lowercased().split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let number = Int(parts[1]) else { continue }
            if parts[0] == "timeout", number < shortestNamedSeconds { return false }
            if parts[0] == "max", number < 1 { return false }
        }
        return true
    }
}
