import MessageFraming
import NIOCore
import Reordering

/// One request and its response on their way through the proxy.
final class Exchange {
    /// The response, or one message of it: bytes that go together.
    private struct Part {
        var message: Int
        /// Nobody needs to be asked: a comment of a stream.
        var isReleased = false
        var isConfirmed = false
        /// All of its bytes are here.
        var isComplete = false
        /// The scheduler knows of it.
        var isAnnounced = false
        /// How a page names it.
        var word: StreamWord?
        var bytes: [ByteBuffer] = []
    }

    let id: ExchangeID
    let request: RequestHead
    let identity: RequestIdentity
    let isCandidate: Bool
    /// Names of the request in traces.
    let trace: TraceContext
    /// What is with the client and not yet handled by the page.
    private var awaited = Awaited.nothing
    private unowned let hub: ProxyHub
    private weak var front: (any ExchangeFront)?
    /// The request is wholly there.
    var isRequestComplete = false {
        didSet { tellBody() }
    }
    /// The beginning of the request's body, while the plan waits for it.
    private var requestBody: [UInt8]?
    private(set) var response: ResponseHead?
    /// The client has been sent the head of the answer.
    private(set) var isHeadWritten = false
    private var isEnded = false
    private(set) var isOver = false
    private var parts: [Part] = []
    private var messages = 0
    private var splitter: StreamSplitter?
    private var counts = StreamCounts()
    /// Types of messages that the page does not listen to.
    private var unheard: Set<String> = []
    private var injection: HTMLInjection?
    private var queuedBytes = 0
    /// The client's connection ends with this response, so that it can be seen to have been read.
    private var closes = false
    private(set) var isTunnel = false
    private var isTaken = false

    /// On a request: its page confirms. On a response: it shall.
    static let confirmField = "trueline-confirm"

    private enum Awaited: Hashable {
        case nothing
        case response
        case message(Int, StreamWord)
    }

    /// What the page asks for by `fetch` and `XMLHttpRequest` it confirms.
    private var pageConfirms: Bool { trace.isGiven && request.fields.first(Self.confirmField) == "1" }

    /// What is no `fetch` and no document is an `EventSource` or a `WebSocket`, which the recorder listens to.
    private var hearsMessages: Bool {
        hub.hasInjected && !pageConfirms && isCandidate && request.fields.first("sec-fetch-dest") != nil
    }

    init(
        _ id: ExchangeID, _ request: RequestHead, hub: ProxyHub, front: any ExchangeFront, trace: TraceContext,
        isCandidate: Bool
    ) {
        self.id = id
        self.request = request
        self.hub = hub
        self.front = front
        self.trace = trace
        self.isCandidate = isCandidate
        identity = RequestIdentity(
            method: request.method, target: request.target, ignoring: hub.configuration.ignoredArguments)
    }

    /// The upstream may send more: what is held is bounded here, the rest waits where it is.
    var wantsMore: Bool {
        guard !isOver else { return false }
        guard queuedBytes > 0 else { return front?.isWritable ?? false }
        return queuedBytes < ProxyLimits.heldBytes && hub.heldBytes < ProxyLimits.allHeldBytes
    }

    var state: String {
        guard response != nil else { return "asked" }
        return hub.scheduler.holds.contains { $0.exchange == id } ? "held" : "passing"
    }

    // MARK: - From the client

    /// The plan asks for the body: until it is here nobody knows which step the request is about.
    func gatherBody() { requestBody = [] }

    /// A piece of the body goes to the upstream.
    func sent(_ bytes: ByteBuffer) {
        guard let gathered = requestBody else { return }
        requestBody = gathered + bytes.readableBytesView.prefix(BodyMatcher.bytes + 1 - gathered.count)
        if requestBody?.count ?? 0 > BodyMatcher.bytes { tellBody() }
    }

    private func tellBody() {
        guard let body = requestBody else { return }
        requestBody = nil
        hub.requested(self, body: body)
    }

    // MARK: - From the upstream

    func responded(_ head: ResponseHead) {
        // An answer before the end of its request.
        tellBody()
        isTunnel = head.status == 101
        var out = ResponseTranslation(hub, request: request).translate(head, isTunnel: isTunnel)
        if isTunnel {
            splitter = .frames(FrameSplitter())
        } else if out.isEventStream {
            splitter = .events(EventSplitter())
        } else {
            injection = HTMLInjection(hub, request: request, response: &out.head)
            if injection != nil { hub.hasInjected = true }
        }
        response = out.head
        parts.append(Part(message: 0, isComplete: splitter != nil, isAnnounced: true))
        hub.tracer?.answered(self, status: head.status)
        hub.handle(.answered(HoldID(id)))
        pump()
    }

    func received(_ bytes: ByteBuffer) {
        guard !isOver else { return }
        if var injection {
            let pieces = injection.pass(bytes)
            self.injection = injection
            for piece in pieces { append(piece) }
        } else if splitter != nil {
            split(bytes)
        } else {
            append(bytes)
        }
        pump()
    }

    /// The response is complete.
    func responseEnded() {
        guard !isOver, !isEnded else { return }
        if var injection {
            for piece in injection.finish() { append(piece) }
            self.injection = nil
        }
        isEnded = true
        if splitter == nil {
            parts.withLast { $0.isComplete = true }
        } else if var last = parts.last, !last.isComplete {
            // What a stream leaves unfinished is no message.
            last.isComplete = true
            last.isReleased = last.isReleased || !last.isAnnounced
            parts[parts.count - 1] = last
        }
        pump()
    }

    private func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0, !parts.isEmpty else { return }
        parts[parts.count - 1].bytes.append(bytes)
        queuedBytes += bytes.readableBytes
        hub.heldBytes += bytes.readableBytes
    }

    private func split(_ bytes: ByteBuffer) {
        var rest = bytes
        while rest.readableBytes > 0, var splitter {
            let result: Result<(count: Int, end: Bool?), FramingError> = rest.withUnsafeReadableBytes { bytes in
                do throws(FramingError) { return .success(try splitter.split(bytes)) } catch { return .failure(error) }
            }
            self.splitter = splitter
            guard case .success(let (count, end)) = result, let piece = rest.readSlice(length: count) else {
                return front?.cut(self, "the upstream's frames are none") ?? ()
            }
            if parts.last?.isComplete ?? true { parts.append(Part(message: 0)) }
            append(piece)
            if let end {
                finishMessage(end)
            } else if queuedBytes >= ProxyLimits.heldBytes {
                // Too large to be kept whole: it is a message now, and its rest follows when it goes.
                announce(isWhole: false)
            }
        }
    }

    private func finishMessage(_ isMessage: Bool) {
        parts.withLast { part in
            part.isComplete = true
            part.isReleased = part.isReleased || !isMessage && !part.isAnnounced
        }
        if isMessage { announce() }
    }

    private func announce(isWhole: Bool = true) {
        guard let last = parts.last, !last.isAnnounced else { return }
        messages += 1
        let number = messages
        // The type of a message that is cut is not known yet.
        let word = isWhole ? counts.next(splitter?.messageType) : nil
        parts.withLast { part in
            part.isAnnounced = true
            part.message = number
            part.word = word
        }
        hub.handle(.answered(HoldID(id, message: number)))
    }

    // MARK: - To the client

    /// The scheduler lets a part go.
    func release(_ message: Int, confirm: Bool) {
        guard let index = parts.firstIndex(where: { $0.isAnnounced && $0.message == message }) else { return }
        parts[index].isReleased = true
        parts[index].isConfirmed = confirm
        if confirm, splitter == nil {
            closes = true
            if pageConfirms { awaited = .response }
        }
        pump()
        front?.resumeUpstream()
    }

    private var isPumping = false

    /// Writes what may go. Writing and flushing may make room, and so bring more bytes: they come while this runs, and go with it.
    private func pump() {
        guard !isPumping, !isOver, let front else { return }
        isPumping = true
        defer { isPumping = false }
        repeat {
            while let first = parts.first, first.isReleased {
                writeHead(front)
                parts[0].bytes = []
                for bytes in first.bytes { write(bytes, front) }
                guard parts[0].bytes.isEmpty else { continue }
                guard parts[0].isComplete else { break }
                let done = parts.removeFirst()
                if splitter != nil, done.isAnnounced { delivered(done) }
            }
            front.flush()
        } while !isOver && hasMoreToWrite
        if !isOver, isEnded, parts.isEmpty, isHeadWritten { finish(front) }
    }

    private var hasMoreToWrite: Bool {
        guard let first = parts.first, first.isReleased else { return false }
        return !first.bytes.isEmpty || first.isComplete
    }

    private func writeHead(_ front: any ExchangeFront) {
        guard !isHeadWritten, var head = response else { return }
        isHeadWritten = true
        closes = closes || !isRequestComplete || front.mustClose || head.framing == .untilClose
        if case .response = awaited { head.fields.set(Self.confirmField, "1") }
        front.send(head, closes: closes && !isTunnel)
    }

    private func write(_ bytes: ByteBuffer, _ front: any ExchangeFront) {
        queuedBytes -= bytes.readableBytes
        hub.heldBytes -= bytes.readableBytes
        front.sendBody(bytes)
    }

    /// A message of a stream is on its way, in order.
    private func delivered(_ part: Part) {
        guard part.isConfirmed, hearsMessages, let word = part.word, !unheard.contains(word.type) else {
            return messageTaken(part.message)
        }
        awaited = .message(part.message, word)
        expectPage()
    }

    private func messageTaken(_ message: Int) {
        awaited = .nothing
        hub.tracer?.delivered(self, message: message)
        hub.handle(.taken(HoldID(id, message: message)))
    }

    private func finish(_ front: any ExchangeFront) {
        front.endBody()
        front.flush()
        isOver = true
        front.responseDone(self, closes: closes || isTunnel)
    }

    // MARK: - What the client has

    /// The client's side of the connection has read it all.
    func taken() {
        if case .response = awaited { return expectPage() }
        end()
    }

    /// The page has handled what it got.
    func pageConfirmed() {
        switch awaited {
        case .nothing: break
        case .response: end()
        case .message(let message, _): messageTaken(message)
        }
    }

    func awaits(_ word: PageWord) -> Bool {
        switch (awaited, word) {
        case (.response, .response(let span)): isHeadWritten && trace.span == span
        case (.message(_, let own), .message(let stream, let word)): own == word && request.target == stream
        default: false
        }
    }

    /// A page that went away, or listens to no such message, says nothing.
    private func expectPage() {
        let expected = awaited
        hub.afterPatience { [weak self] in
            guard let self, awaited == expected else { return }
            hub.tell("\(identity.text): the page did not say that it handled what it got; taken as handled")
            if case .message(_, let word) = expected { unheard.insert(word.type) }
            pageConfirmed()
        }
    }

    private func end() {
        guard !isTaken else { return }
        isTaken = true
        awaited = .nothing
        if splitter == nil {
            hub.tracer?.delivered(self, message: 0)
            hub.handle(.taken(HoldID(id)))
        }
        hub.ended(self, "done")
    }

    /// Either side gave up.
    func abandon(_ how: String) {
        isOver = true
        awaited = .nothing
        for part in parts { for bytes in part.bytes { hub.heldBytes -= bytes.readableBytes } }
        parts = []
        hub.ended(self, how)
    }
}

extension Array {
    /// Changes the last element, if there is one.
    fileprivate mutating func withLast(_ body: (inout Element) -> Void) {
        guard !isEmpty else { return }
        body(&self[count - 1])
    }
}
