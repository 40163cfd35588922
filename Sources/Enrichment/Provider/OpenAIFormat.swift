import GridModel

/// The OpenAI chat API. Its stream: a chunk with the role, chunks of content, one with the finish reason, one with the usage and
/// no choices, and "[DONE]".
struct OpenAIFormat: WireFormat {
    let resource = "chat/completions"
    let framing = WireFraming.events

    func headers(key: String?) -> [TransportField] {
        key.map { [TransportField("authorization", "Bearer \($0)")] } ?? []
    }

    func body(for request: ChatRequest, model: String) -> [UInt8] {
        let json = """
            {"model":\(ChatRequest.quoted(model)),"messages":[\(request.systemMessage),\(request.messages)],\
            "temperature":0,"max_tokens":\(request.answerTokens),\(request.schema.map(Self.format) ?? "")\
            "stream":true,"stream_options":{"include_usage":true}}
            """
        return Array(json.utf8)
    }

    private static func format(_ schema: AnswerSchema) -> String {
        """
        "response_format":{"type":"json_schema","json_schema":{"name":\(ChatRequest.quoted(schema.name)),\
        "strict":\(schema.isStrict),"schema":\(schema.json)}},
        """
    }

    func reply(_ bytes: [UInt8]) throws(JSONScanner.Failure) -> ChatReply {
        if bytes.elementsEqual("[DONE]".utf8) { return ChatReply(isLast: true) }
        return try ChatReply.reading(bytes) { (name, scanner, reply) throws(JSONScanner.Failure) in
            switch name {
            case "choices": try Self.readChoices(&scanner, &reply)
            case "usage": try Self.readUsage(&scanner, &reply)
            default: _ = try scanner.skipValue()
            }
        }
    }

    private static func readChoices(_ scanner: inout JSONScanner, _ reply: inout ChatReply) throws(JSONScanner.Failure) {
        if try scanner.takeNull() { return }
        var index = 0
        try scanner.array { (scanner) throws(JSONScanner.Failure) in
            defer { index += 1 }
            // One answer was asked for; a second choice would mix two.
            guard index == 0 else {
                _ = try scanner.skipValue()
                return
            }
            try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
                switch name {
                case "delta", "message": try ChatReply.readContent(&scanner, &reply)
                case "finish_reason": reply.finishReason = try ChatReply.optionalString(&scanner)
                default: _ = try scanner.skipValue()
                }
            }
        }
    }

    private static func readUsage(_ scanner: inout JSONScanner, _ reply: inout ChatReply) throws(JSONScanner.Failure) {
        if try scanner.takeNull() { return }
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            switch name {
            case "prompt_tokens": reply.inputTokens = try ChatReply.tokens(&scanner)
            case "completion_tokens": reply.outputTokens = try ChatReply.tokens(&scanner)
            default: _ = try scanner.skipValue()
            }
        }
    }
}
