import GridModel

/// Anthropic's Messages API, version 2023-06-01. Its stream: `message_start` with the tokens read, blocks of content in pieces,
/// `message_delta` with the reason and the tokens written so far, `message_stop`; a `ping` or an `error` at any time.
/// The kind of an event is not asked: each member means the same wherever it comes, also in a reply that is not streamed.
struct AnthropicFormat: WireFormat {
    let resource = "v1/messages"
    let framing = WireFraming.events

    func headers(key: String?) -> [TransportField] {
        (key.map { [TransportField("x-api-key", $0)] } ?? []) + [TransportField("anthropic-version", "2023-06-01")]
    }

    func body(for request: ChatRequest, model: String) -> [UInt8] {
        let json = """
            {"model":\(ChatRequest.quoted(model)),"max_tokens":\(request.answerTokens),"temperature":0,"stream":true,\
            "system":\(ChatRequest.quoted(request.instruction)),\(request.schema.map(Self.tool) ?? "")\
            "messages":[\(request.messages)]}
            """
        return Array(json.utf8)
    }

    /// A schema is kept to by the one tool that the model has to use: every version of the API knows tools.
    private static func tool(_ schema: AnswerSchema) -> String {
        let name = ChatRequest.quoted(schema.name)
        return """
            "tools":[{"name":\(name),"description":"Gives the answer.","input_schema":\(schema.json)}],\
            "tool_choice":{"type":"tool","name":\(name)},
            """
    }

    func reply(_ bytes: [UInt8]) throws(JSONScanner.Failure) -> ChatReply {
        try ChatReply.reading(bytes) { (name, scanner, reply) throws(JSONScanner.Failure) in
            switch name {
            case "type": reply.isLast = try ChatReply.optionalString(&scanner) == "message_stop"
            case "message", "delta", "content_block":
                // A message, a piece of one, or a block of it.
                if try scanner.takeNull() { return }
                try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
                    try Self.readMember(name, &scanner, &reply)
                }
            default: try Self.readMember(name, &scanner, &reply)
            }
        }
    }

    private static func readMember(
        _ name: String, _ scanner: inout JSONScanner, _ reply: inout ChatReply
    ) throws(JSONScanner.Failure) {
        switch name {
        case "text", "partial_json": reply.append(try ChatReply.optionalString(&scanner))
        case "content": try readBlocks(&scanner, &reply)
        case "stop_reason":
            if let reason = try ChatReply.optionalString(&scanner) { reply.finishReason = finishReason(reason) }
        case "usage": try readUsage(&scanner, &reply)
        default: _ = try scanner.skipValue()
        }
    }

    private static func readBlocks(_ scanner: inout JSONScanner, _ reply: inout ChatReply) throws(JSONScanner.Failure) {
        try scanner.array { (scanner) throws(JSONScanner.Failure) in
            try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
                switch name {
                case "text": reply.append(try ChatReply.optionalString(&scanner))
                // What the tool is given is the answer; in a stream it comes in pieces instead.
                case "input": reply.append(String(decoding: try scanner.skipValue(), as: UTF8.self))
                default: _ = try scanner.skipValue()
                }
            }
        }
    }

    /// Tokens of a cached beginning are counted beside those read anew; all of them were input.
    private static func readUsage(_ scanner: inout JSONScanner, _ reply: inout ChatReply) throws(JSONScanner.Failure) {
        if try scanner.takeNull() { return }
        var input: UInt64?
        var cached: UInt64 = 0
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            switch name {
            case "input_tokens": input = try ChatReply.tokens(&scanner)
            case "cache_creation_input_tokens", "cache_read_input_tokens":
                cached = cached.addingClamped(try ChatReply.tokens(&scanner) ?? 0)
            case "output_tokens": reply.outputTokens = try ChatReply.tokens(&scanner) ?? reply.outputTokens
            default: _ = try scanner.skipValue()
            }
        }
        if let input { reply.inputTokens = input.addingClamped(cached) }
    }

    /// The reason in the words of `ModelEvent.finished`; one that makes no value stays as it is.
    private static func finishReason(_ reason: String) -> String {
        switch reason {
        case "end_turn", "stop_sequence": "stop"
        case "max_tokens", "model_context_window_exceeded": "length"
        case "refusal": "content_filter"
        default: reason
        }
    }
}
