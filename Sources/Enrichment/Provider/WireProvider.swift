/// A model behind an address, asked in one of the chat APIs.
package struct WireProvider: ModelProvider, ChatProvider {
    /// Where, as whom and what is asked.
    package struct Configuration: Sendable {
        package var api: ModelAPI
        package var address: ModelAddress
        /// Sent to `address` and nowhere else; never part of a message.
        package var key: String?
        /// The model asked when a column names none.
        package var model: String?

        package init(api: ModelAPI, address: ModelAddress, key: String?, model: String?) {
            self.api = api
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
    private let refused = RefusedSchemas()

    package init(_ configuration: Configuration, transport: any ModelTransport) {
        self.configuration = configuration
        self.transport = transport
    }

    package var description: ProviderDescription {
        ProviderDescription(
            label: configuration.api.label, host: configuration.address.authority, model: configuration.model)
    }

    package func objection(to template: PromptTemplate, model: String?) -> String? {
        model ?? configuration.model == nil ? noModel : nil
    }

    private var noModel: String {
        "no model is named: set \(configuration.api.names.model), or name a model in the column"
    }

    package func stream(
        _ request: ModelRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        guard let schema = AnswerSchema(request.type) else {
            return try await stream(ChatRequest(request, asDocument: false), deliver: deliver)
        }
        let model = request.model ?? configuration.model
        guard !request.isPlain, !refused.contains(model, schema) else {
            try await stream(ChatRequest(request, asDocument: false), deliver: deliver)
            // It answers without what it refused: it was the schema, not the prompt.
            if request.isPlain { refused.insert(model, schema) }
            return
        }
        do {
            try deliver(.asDocument)
            try await stream(ChatRequest(request, asDocument: true), deliver: deliver)
        } catch {
            guard error.kind == .rejected else { throw error }
            throw ModelFailure(.schemaRefused, error.message, usage: error.usage)
        }
    }

    package func stream(
        _ request: ChatRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        guard let model = request.model ?? configuration.model else {
            throw ModelFailure(.refused, noModel)
        }
        let format = configuration.api.format
        let body = format.body(for: request, model: model)
        guard body.count <= Self.requestBytes else {
            throw ModelFailure(
                .rejected, "the prompt has \(body.count) bytes, and at most \(Self.requestBytes) are sent")
        }
        let accepted = format.framing == .events ? "text/event-stream" : "application/x-ndjson"
        var headers = [TransportField("content-type", "application/json"), TransportField("accept", accepted)]
        if let name = request.requestID { headers.append(TransportField("x-client-request-id", name)) }
        headers += format.headers(key: configuration.key)
        let call = TransportRequest(
            method: "POST", url: configuration.address.url(format.resource), headers: headers, body: body)
        var reader = ChatReplyReader(api: configuration.api, address: configuration.address)
        let hasTool = request.schema != nil
        try await transport.send(call) { (part) throws(ModelFailure) in
            try reader.receive(part) { (event) throws(ModelFailure) in try deliver(Self.wholeByTool(event, hasTool)) }
        }
        try reader.end { (event) throws(ModelFailure) in try deliver(Self.wholeByTool(event, hasTool)) }
    }

    /// Anthropic's way to keep to a schema is a tool, whose input is the answer: with one, having used it is the good end.
    private static func wholeByTool(_ event: ModelEvent, _ hasTool: Bool) -> ModelEvent {
        hasTool && event == .finished(reason: "tool_use") ? .finished(reason: "stop") : event
    }
}
