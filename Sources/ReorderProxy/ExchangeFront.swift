import MessageFraming
import NIOCore

/// The client's side of an exchange: what an exchange says goes out in the form of its protocol.
protocol ExchangeFront: AnyObject {
    var hub: ProxyHub { get }
    /// The upstream connection of the request that is under way.
    var back: BackHandler? { get set }
    /// The client takes more bytes now.
    var isWritable: Bool { get }
    /// The client said that it will send nothing after this request.
    var mustClose: Bool { get }

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
    /// The upstream's answer cannot be had, or breaks off.
    func failed(_ exchange: Exchange, _ status: Int, _ reason: String)
    /// Ends within an answer, so that nobody takes what came for all.
    func cut(_ exchange: Exchange, _ reason: String)
    /// The client waits for leave to send, and sends when it may.
    func resumeClient()
}

/// What a request turned out to be.
enum OpenedRequest {
    case refused(ProxyGuard.Refusal)
    case own(OwnExchange)
    /// With the head as the upstream gets it.
    case exchange(Exchange, out: RequestHead)
}

extension ExchangeFront {
    func open(_ head: RequestHead) -> OpenedRequest {
        if let refusal = hub.guardian.refusal(head) { return .refused(refusal) }
        if head.target.hasPrefix(OwnExchange.prefix) { return .own(OwnExchange(head, hub: hub, front: self)) }
        let trace = TraceContext(head, random: hub.environment.random)
        let exchange = Exchange(
            hub.newID(), head, hub: hub, front: self, trace: trace, isCandidate: RequestTranslation.isCandidate(head))
        return .exchange(exchange, out: RequestTranslation(hub).translate(head, trace: trace))
    }

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
}
