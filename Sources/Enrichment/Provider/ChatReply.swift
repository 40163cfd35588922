import GridModel

/// One document of a chat reply, in whichever API: a piece of a stream, a whole reply, or an error.
struct ChatReply: Hashable, Sendable {
    var text: String?
    /// "stop", "length", "content_filter", or the API's own word for what makes no value.
    var finishReason: String?
    /// Tokens so far; `nil` where this document says nothing of them.
    var inputTokens: UInt64?
    var outputTokens: UInt64?
    var error: ProviderError?
    /// What follows is not part of the answer.
    var isLast = false

    /// An error as the APIs write it, and as their look-alikes do: `code` may be a number, `error` may be a text.
    struct ProviderError: Hashable, Sendable {
        var message = ""
        var type = ""
        var code = ""
    }

    /// Reads an object: its `error`, which all APIs have, and what `member` makes of the others.
    static func reading(
        _ bytes: [UInt8],
        member: (String, inout JSONScanner, inout ChatReply) throws(JSONScanner.Failure) -> Void
    ) throws(JSONScanner.Failure) -> ChatReply {
        var scanner = JSONScanner(bytes)
        var reply = ChatReply()
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            if name == "error" { reply.error = try readError(&scanner) } else { try member(name, &scanner, &reply) }
        }
        try scanner.end()
        return reply
    }

    /// Takes more characters of the answer.
    mutating func append(_ more: String?) {
        if let more { text = (text ?? "") + more }
    }

    /// Reads a message of a role and a content; a content in parts is a failure.
    static func readContent(_ scanner: inout JSONScanner, _ reply: inout ChatReply) throws(JSONScanner.Failure) {
        if try scanner.takeNull() { return }
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            if name == "content" { reply.text = try optionalString(&scanner) } else { _ = try scanner.skipValue() }
        }
    }

    /// A number of tokens: never negative, `nil` for `null`.
    static func tokens(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> UInt64? {
        if try scanner.takeNull() { return nil }
        return UInt64(max(0, try scanner.integer()))
    }

    /// A text; `nil` for `null`.
    static func optionalString(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> String? {
        try scanner.takeNull() ? nil : try scanner.string()
    }

    private static func readError(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> ProviderError? {
        if try scanner.takeNull() { return nil }
        var error = ProviderError()
        guard scanner.peek() == UInt8(ascii: "{") else {
            error.message = try loose(&scanner)
            return error
        }
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            switch name {
            case "message": error.message = try loose(&scanner)
            case "type": error.type = try loose(&scanner)
            case "code": error.code = try loose(&scanner)
            default: _ = try scanner.skipValue()
            }
        }
        return error
    }

    /// A text's characters, nothing for `null`, anything else as JSON.
    private static func loose(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> String {
        if try scanner.takeNull() { return "" }
        if scanner.peek() == UInt8(ascii: "\"") { return try scanner.string() }
        return String(decoding: try scanner.skipValue(), as: UTF8.self)
    }
}
