/// Any server that speaks the OpenAI chat API: a hosted one, or llama.cpp, Ollama, LM Studio, vLLM on this machine.
package struct OpenAIProvider: ModelProvider {
    /// Where, as whom and what is asked.
    package struct Configuration: Sendable {
        package var address: ModelAddress
        /// Sent to `address` and nowhere else; never part of a message.
        package var key: String?
        /// The model asked when a column names none.
        package var model: String?

        package init(address: ModelAddress, key: String?, model: String?) {
            self.address = address
            self.key = key
            self.model = model
        }
    }

    /// Bytes of a request: a model's context ends far below, and a server's memory should not find out how far.
    package static let requestBytes = 262_144
    /// Bytes of a reply, framing included: each token of a stream comes with 200 bytes around it.
    package static let replyBytes = 16_777_216
    /// Bytes kept of a refusal's body.
    package static let refusalBytes = 65_536

    private let configuration: Configuration
    private let transport: any ModelTransport

    package init(_ configuration: Configuration, transport: any ModelTransport) {
        self.configuration = configuration
        self.transport = transport
    }

    package var description: ProviderDescription {
        ProviderDescription(label: "OpenAI-compatible", host: configuration.address.authority, model: configuration.model)
    }

    package func objection(to template: PromptTemplate, model: String?) -> String? {
        model ?? configuration.model == nil ? "no model is named: set OPENAI_MODEL, or name a model in the column" : nil
    }

    package func stream(
        _ request: ModelRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        guard let model = request.model ?? configuration.model else {
            throw ModelFailure(.refused, "no model is named: set OPENAI_MODEL, or name a model in the column")
        }
        let body = ChatRequest.body(for: request, model: model)
        guard body.count <= Self.requestBytes else {
            throw ModelFailure(
                .rejected, "the prompt for this row has \(body.count) bytes, and at most \(Self.requestBytes) are sent")
        }
        var headers = [TransportField("content-type", "application/json"), TransportField("accept", "text/event-stream")]
        if let name = request.requestID { headers.append(TransportField("x-client-request-id", name)) }
        if let key = configuration.key { headers.append(TransportField("authorization", "Bearer \(key)")) }
        let call = TransportRequest(
            method: "POST", url: configuration.address.url("chat/completions"), headers: headers, body: body)
        var reader = ChatReplyReader(address: configuration.address)
        try await transport.send(call) { (part) throws(ModelFailure) in try reader.receive(part, deliver) }
        try reader.end(deliver)
    }
}

/// Reads a reply of the chat API as it arrives: a stream, a whole document from servers that do not stream, or a refusal.
package struct ChatReplyReader {
    private enum Body {
        case none
        case stream(EventStreamParser)
        case document([UInt8])
        case refusal(status: Int, retryAfter: Duration?, [UInt8])
    }

    private let address: ModelAddress
    private var body = Body.none
    private var received = 0
    private var isDone = false

    package init(address: ModelAddress) {
        self.address = address
    }

    package mutating func receive(
        _ part: TransportPart, _ deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) throws(ModelFailure) {
        switch part {
        case .head(let status, let headers): try begin(status: status, headers: headers)
        case .bytes(let bytes):
            received += bytes.count
            guard received <= OpenAIProvider.replyBytes else {
                throw ModelFailure(.tooLong, "the reply passed \(OpenAIProvider.replyBytes) bytes")
            }
            try receive(bytes, deliver)
        }
    }

    /// The reply has ended. Throws what a refusal means.
    package mutating func end(_ deliver: (ModelEvent) throws(ModelFailure) -> Void) throws(ModelFailure) {
        switch body {
        case .none: throw ModelFailure(.unreachable, "\(address.authority) closed the connection without a reply")
        case .stream: return
        case .document(let bytes): try read(bytes, deliver)
        case .refusal(let status, let retryAfter, let bytes):
            throw ProviderRefusal.failure(status: status, retryAfter: retryAfter, body: bytes, address: address)
        }
    }

    private mutating func begin(status: Int, headers: [TransportField]) throws(ModelFailure) {
        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
        switch status {
        case 200..<300:
            let isDocument = header("content-type")?.lowercased().hasPrefix("application/json") ?? false
            body = isDocument ? .document([]) : .stream(EventStreamParser())
        case 300..<400:
            throw ModelFailure(
                .refused,
                "\(address.authority) redirects (\(status)), and redirects are not followed: name the final address in OPENAI_BASE_URL"
            )
        default: body = .refusal(status: status, retryAfter: ProviderRefusal.retryAfter(header), [])
        }
    }

    private mutating func receive(
        _ bytes: [UInt8], _ deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) throws(ModelFailure) {
        switch body {
        case .none: throw ModelFailure(.garbage, "\(address.authority) sent a body before a head")
        case .stream(var parser):
            body = .none  // so that the parser's buffers are not copied
            defer { body = .stream(parser) }
            var isDone = self.isDone
            try parser.receive(bytes) { (data) throws(ModelFailure) in
                // What follows [DONE] is not part of the answer.
                if isDone { return }
                if data.elementsEqual("[DONE]".utf8) { isDone = true } else { try read(data, deliver) }
            }
            self.isDone = isDone
        case .document(var whole):
            whole.append(contentsOf: bytes)
            body = .document(whole)
        case .refusal(let status, let retryAfter, var whole):
            whole.append(contentsOf: bytes.prefix(OpenAIProvider.refusalBytes - whole.count))
            body = .refusal(status: status, retryAfter: retryAfter, whole)
        }
    }

    private func read(_ data: [UInt8], _ deliver: (ModelEvent) throws(ModelFailure) -> Void) throws(ModelFailure) {
        let reply: ChatReply
        do {
            reply = try ChatReply(data)
        } catch {
            let beginning = String(decoding: data.prefix(120), as: UTF8.self)
            throw ModelFailure(.garbage, "\(address.authority) sent what is not a chat reply (\(error)): \(beginning)")
        }
        if let usage = reply.usage { try deliver(.usage(usage)) }
        if let error = reply.error { throw ProviderRefusal.failure(inStream: error, address: address) }
        if let text = reply.text, !text.isEmpty { try deliver(.text(text)) }
        if let reason = reply.finishReason { try deliver(.finished(reason: reason)) }
    }
}
