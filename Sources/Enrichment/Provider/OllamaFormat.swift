import GridModel

/// Ollama's own chat API: lines of JSON, each with a piece of the message; the last one is `done` and has the reason and the tokens.
struct OllamaFormat: WireFormat {
    let resource = "api/chat"
    let framing = WireFraming.lines

    /// Ollama knows no key.
    func headers(key: String?) -> [TransportField] { [] }

    func body(for request: ChatRequest, model: String) -> [UInt8] {
        let json = """
            {"model":\(ChatRequest.quoted(model)),"messages":[\(request.systemMessage),\(request.messages)],"stream":true,\
            \(request.schema.map { "\"format\":\($0.json)," } ?? "")\
            "options":{"temperature":0,"num_predict":\(request.answerTokens),\
            "num_ctx":\(Self.context(request))}}
            """
        return Array(json.utf8)
    }

    /// Ollama cuts the beginning off a prompt that is longer than its context, without a word. The context is a token for three bytes and the
    /// answer, in steps, because another size has Ollama load the model anew: the rows of a column stay within one.
    static func context(_ request: ChatRequest) -> Int {
        let bytes = request.systemMessage.utf8.count + request.messages.utf8.count + (request.schema?.json.utf8.count ?? 0)
        let wanted = bytes / 3 + request.answerTokens + 64
        var size = 4_096
        while size < wanted, size < 131_072 { size *= 2 }
        return size
    }

    func reply(_ bytes: [UInt8]) throws(JSONScanner.Failure) -> ChatReply {
        var reply = try ChatReply.reading(bytes) { (name, scanner, reply) throws(JSONScanner.Failure) in
            switch name {
            case "message": try ChatReply.readContent(&scanner, &reply)
            case "done": reply.isLast = try scanner.boolean()
            case "done_reason": reply.finishReason = try ChatReply.optionalString(&scanner)
            case "prompt_eval_count": reply.inputTokens = try ChatReply.tokens(&scanner)
            case "eval_count": reply.outputTokens = try ChatReply.tokens(&scanner)
            default: _ = try scanner.skipValue()
            }
        }
        if !reply.isLast {
            // Only what is done has an end.
            reply.finishReason = nil
        } else if reply.finishReason == nil {
            // A server that does not say whether it stopped at its limit: asking it again would not help.
            reply.finishReason = "none was given"
        }
        return reply
    }
}
