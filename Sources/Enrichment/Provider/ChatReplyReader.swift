import GridModel

/// Reads a reply as it arrives: a stream, a whole document from servers that do not stream, or a refusal.
struct ChatReplyReader {
    private enum Body {
        case none
        case events(EventStreamParser)
        case lines(LineParser)
        case document([UInt8])
        case refusal(status: Int, retryAfter: Duration?, [UInt8])
    }

    private let api: ModelAPI
    private let format: any WireFormat
    private let address: ModelAddress
    private var body = Body.none
    private var received = 0
    private var isDone = false
    /// APIs tell the two counts together or one after the other.
    private var usage = RunUsage()

    init(api: ModelAPI, address: ModelAddress) {
        self.api = api
        self.format = api.format
        self.address = address
    }

    mutating func receive(
        _ part: TransportPart, _ deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) throws(ModelFailure) {
        switch part {
        case .head(let status, let headers): try begin(status: status, headers: headers)
        case .bytes(let bytes):
            received += bytes.count
            guard received <= WireProvider.replyBytes else {
                throw ModelFailure(.tooLong, "the reply passed \(WireProvider.replyBytes) bytes")
            }
            try receive(bytes, deliver)
        }
    }

    /// The reply has ended. Throws what a refusal means.
    mutating func end(_ deliver: (ModelEvent) throws(ModelFailure) -> Void) throws(ModelFailure) {
        switch body {
        case .none: throw ModelFailure(.unreachable, "\(address.authority) closed the connection without a reply")
        case .events: return
        case .lines(let parser):
            // A last line without its end is whole, or a part of a reply that was cut; the missing reason tells.
            guard !isDone, let reply = try? format.reply(parser.rest) else { return }
            try hand(on: reply, deliver)
        case .document(let bytes): try read(bytes, deliver)
        case .refusal(let status, let retryAfter, let bytes):
            throw ProviderRefusal.failure(status: status, retryAfter: retryAfter, body: bytes, api: api, address: address)
        }
    }

    private mutating func begin(status: Int, headers: [TransportField]) throws(ModelFailure) {
        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
        switch status {
        case 200..<300:
            let isDocument = header("content-type")?.lowercased().hasPrefix("application/json") ?? false
            switch format.framing {
            case .events: body = isDocument ? .document([]) : .events(EventStreamParser())
            case .lines: body = .lines(LineParser())
            }
        case 300..<400:
            throw ModelFailure(
                .refused,
                "\(address.authority) redirects (\(status)), and redirects are not followed: name the final address in \(api.names.address)"
            )
        default: body = .refusal(status: status, retryAfter: ProviderRefusal.retryAfter(header), [])
        }
    }

    private mutating func receive(
        _ bytes: [UInt8], _ deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) throws(ModelFailure) {
        switch body {
        case .none: throw ModelFailure(.garbage, "\(address.authority) sent a body before a head")
        case .events(var parser):
            body = .none  // so that the parser's buffers are not copied
            defer { body = .events(parser) }
            try parser.receive(bytes) { (data) throws(ModelFailure) in try read(data, deliver) }
        case .lines(var parser):
            body = .none
            defer { body = .lines(parser) }
            try parser.receive(bytes) { (data) throws(ModelFailure) in try read(data, deliver) }
        case .document(var whole):
            whole.append(contentsOf: bytes)
            body = .document(whole)
        case .refusal(let status, let retryAfter, var whole):
            whole.append(contentsOf: bytes.prefix(WireProvider.refusalBytes - whole.count))
            body = .refusal(status: status, retryAfter: retryAfter, whole)
        }
    }

    private mutating func read(
        _ data: [UInt8], _ deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) throws(ModelFailure) {
        // What follows the last piece is not part of the answer.
        if isDone { return }
        let reply: ChatReply
        do {
            reply = try format.reply(data)
        } catch {
            let beginning = String(decoding: data.prefix(120), as: UTF8.self)
            throw ModelFailure(.garbage, "\(address.authority) sent what is not a chat reply (\(error)): \(beginning)")
        }
        try hand(on: reply, deliver)
    }

    private mutating func hand(
        on reply: ChatReply, _ deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) throws(ModelFailure) {
        isDone = isDone || reply.isLast
        if reply.inputTokens != nil || reply.outputTokens != nil {
            usage.input = reply.inputTokens ?? usage.input
            usage.output = reply.outputTokens ?? usage.output
            try deliver(.usage(usage))
        }
        if let error = reply.error { throw ProviderRefusal.failure(inStream: error, api: api, address: address) }
        if let text = reply.text, !text.isEmpty { try deliver(.text(text)) }
        if let reason = reply.finishReason { try deliver(.finished(reason: reason)) }
    }
}
