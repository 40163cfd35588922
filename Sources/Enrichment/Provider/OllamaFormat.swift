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
            "options":{"temperature":0,"num_predict":\(request.answerTokens)}}
            """
        return Array(json.utf8)
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
