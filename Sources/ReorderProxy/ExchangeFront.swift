import MessageFraming
import NIOCore
import Reordering

/// Where a client's connection of HTTP/1, or its stream of HTTP/2, is with a request. From everywhere: -> `closed`.
enum FrontState {
    /// Waits for a request, or reads one: -> `exchanging`, `own`, `lingering`.
    case reading
    /// A request is on its way to the upstream and back: -> `lingering`, and on a connection `reading`.
    case exchanging(Exchange)
    /// A request to the proxy itself: -> `lingering`, and on a connection `reading`.
    case own(OwnExchange)
    /// The last answer is written, and the client will show that it has read it.
    case lingering(Exchange?)
    case closed
}

/// The client's side of an exchange: what an exchange says goes out in the form of its protocol.
protocol ExchangeFront: AnyObject {
    var hub: ProxyHub { get }
    var state: FrontState { get set }
    /// The upstream connection of the request that is under way.
    var back: BackHandler? { get set }
    /// The client takes more bytes now.
    var isWritable: Bool { get }
    /// The client said that it will send nothing after this request.
    var mustClose: Bool { get }

    /// An upstream connection that this client has used, and that takes another request: `back`, or `nil` for one that is to be made.
    func keptBack() -> BackHandler?
    /// The upstream lets the client send its body.
    func sendContinue()
    /// - Parameter closes: nothing follows, so that the client can be seen to have read it.
    func send(_ head: ResponseHead, closes: Bool)
    func sendBody(_ bytes: ByteBuffer)
    func endBody()
    func flush()
    /// An answer is written.
    func responseDone(_ exchange: Exchange, closes: Bool)
    /// The proxy's own answer.
    func answer(_ answer: OwnAnswer, isHead: Bool)
    /// Gives up what is under way, answers instead, and takes no more of the request.
    func refuse(_ status: Int, _ reason: String)
    /// Ends at once, in a way that nobody takes for the end of an answer.
    func breakOff()
    /// The client waits for leave to send, and sends when it may.
    func resumeClient()
}

extension ExchangeFront {
    // MARK: - A request

    func begin(_ head: RequestHead) {
        if let refusal = hub.guardian.refusal(head) { return refuse(refusal.status, refusal.reason) }
        if head.target.hasPrefix(OwnExchange.prefix) {
            state = .own(OwnExchange(head, hub: hub, front: self))
            return
        }
        let trace = TraceContext(head, random: hub.environment.random)
        let exchange = Exchange(
            hub.newID(), head, hub: hub, front: self, trace: trace, isCandidate: RequestTranslation.isCandidate(head))
        state = .exchanging(exchange)
        hub.began(exchange)
        let out = RequestTranslation(hub).translate(head, trace: trace)
        if let back = keptBack() {
            back.send(out, for: exchange)
        } else {
            connect(out, for: exchange)
        }
    }

    func requestReceived(_ bytes: ByteBuffer) {
        switch state {
        case .exchanging(let exchange):
            exchange.sent(bytes)
            back?.sendBody(bytes)
        case .own(let own): own.received(bytes)
        case .reading, .lingering, .closed: break
        }
    }

    func requestEnded() {
        switch state {
        case .exchanging(let exchange):
            exchange.isRequestComplete = true
            back?.endBody()
        case .own(let own): own.requestEnded()
        case .reading, .lingering, .closed: break
        }
    }

    /// What the client sends breaks a rule. An answer that has begun can only break off.
    func misread(_ error: FramingError) {
        if case .exchanging(let exchange) = state, exchange.isHeadWritten { return cut(exchange, error.reason) }
        refuse(error.status, error.reason)
    }

    // MARK: - Its upstream

    /// Sends a request on an upstream connection that is made for it.
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

    func resumeUpstream() { back?.resume() }

    /// The upstream's answer cannot be had, or breaks off.
    func failed(_ exchange: Exchange, _ status: Int, _ reason: String) {
        guard case .exchanging(let current) = state, current === exchange else { return }
        if exchange.response != nil { return cut(exchange, reason) }
        hub.environment.say("\(exchange.identity.text): \(reason)")
        refuse(status, reason)
    }

    /// Ends within an answer, so that nobody takes what came for all.
    func cut(_ exchange: Exchange, _ reason: String) {
        hub.environment.say("\(exchange.identity.text): \(reason)")
        exchange.abandon(reason)
        breakOff()
    }
}
