import GridModel
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Synchronization

// Hummingbird gives each connection an asynchronous channel and a task, which is what a request that waits needs. Nearly all
// requests here do not wait: reads of pages, whose answers are in memory, and event streams, which are idle for hours. So a
// connection begins with `ConnectionHandler` alone, on its event loop. Only the first request that it does not answer itself makes
// the connection one of Hummingbird's.

/// Sets up connections and gives Hummingbird those that need it.
struct ConnectionSetup: HTTPChannelHandler {
    let front: ConnectionFront
    /// Hummingbird's way to the responder.
    let responder: HTTPChannelHandler.Responder

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture {
            let bounds = front.services.configuration.limits
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldCount = bounds.headerFields
            limits.maxHeaderFieldSize = bounds.headerBytes
            limits.maxHeaderListSize = bounds.headerBytes
            let pipeline = channel.pipeline.syncOperations
            // Requests that come behind another one are put in order by the handler and by the asynchronous channel; errors are
            // answered by whichever of them is in charge; our own fields are valid by their types.
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
            let needs = ConnectionNeeds()
            let handler = ConnectionHandler(front: front, needs: needs)
            try pipeline.addHandler(handler)
            return Connection(
                channel: channel, needs: needs, presence: handler.presence,
                handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
        }
    }

    func handle(value: Connection, logger: Logger) async {
        while let need = await value.needs.next() {
            switch need {
            case .grid(let id):
                // Why it cannot be opened is worded when the request is passed on.
                _ = try? await front.services.grid(id)
                value.channel.eventLoop.execute { value.handler.value.lookedForGrid() }
            case .answers(let channel):
                await ClientPresence.$current.withValue(value.presence) {
                    await handleHTTP(asyncChannel: channel, logger: logger)
                }
            }
        }
        // Still open if the server was told to stop at once, else closed or an event stream.
        if Task.isCancelled { value.channel.close(promise: nil) }
    }
}

/// A connection as Hummingbird knows it.
struct Connection: ServerChildChannelValue {
    let channel: any Channel
    let needs: ConnectionNeeds
    let presence: ClientPresence
    let handler: NIOLoopBound<ConnectionHandler>
}

/// What a connection cannot do on its event loop: it says so, and its task does it.
final class ConnectionNeeds: Sendable {
    enum Need: Sendable {
        /// A grid that may have to be opened first.
        case grid(GridID)
        /// Requests to answer, from now on.
        case answers(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    }

    private struct State {
        var need: Need?
        var isOver = false
        var taker: CheckedContinuation<Need?, Never>?

        mutating func takeNeed() -> Need? {
            defer { need = nil }
            return need
        }
    }

    private let state = Mutex(State())

    /// Says what is needed.
    /// - Returns: false when nobody will do it.
    func say(_ need: () throws -> Need) rethrows -> Bool {
        let taker = try state.withLock { state -> CheckedContinuation<Need?, Never>?? in
            guard !state.isOver, state.need == nil else { return nil }
            state.need = try need()
            defer { state.taker = nil }
            return .some(state.taker)
        }
        guard let taker else { return false }
        if let taker { taker.resume(returning: state.withLock { $0.takeNeed() }) }
        return true
    }

    /// Nothing is needed any more.
    func end() {
        let taker = state.withLock { state in
            state.isOver = true
            defer { state.taker = nil }
            return state.taker
        }
        taker?.resume(returning: nil)
    }

    /// The next thing to do; `nil` at the end. One caller at a time.
    func next() async -> Need? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { taker in
                let ready: Need?? = state.withLock { state in
                    if let need = state.takeNeed() { return .some(need) }
                    if state.isOver { return .some(nil) }
                    state.taker = taker
                    return nil
                }
                if let ready { taker.resume(returning: ready) }
            }
        } onCancel: {
            end()
        }
    }
}
