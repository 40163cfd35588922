package import GridModel

/// One document of a chat reply: a chunk of a stream, a whole reply, or an error.
package struct ChatReply: Hashable, Sendable {
    package var text: String?
    package var finishReason: String?
    package var usage: RunUsage?
    package var error: ProviderError?

    /// An error as the OpenAI API writes it, and as its look-alikes do: `code` may be a number, `error` may be a text.
    package struct ProviderError: Hashable, Sendable {
        package var message = ""
        package var type = ""
        package var code = ""
    }

    /// Reads a chunk or a reply. Unknown members are stepped over; a member of the wrong kind is a failure.
    package init(_ bytes: [UInt8]) throws(JSONScanner.Failure) {
        var scanner = JSONScanner(bytes)
        var text: String?
        var finishReason: String?
        var usage: RunUsage?
        var error: ProviderError?
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            switch name {
            case "choices": try Self.readChoices(&scanner, &text, &finishReason)
            case "usage": usage = try Self.readUsage(&scanner)
            case "error": error = try Self.readError(&scanner)
            default: _ = try scanner.skipValue()
            }
        }
        try scanner.end()
        self.text = text
        self.finishReason = finishReason
        self.usage = usage
        self.error = error
    }

    private static func readChoices(
        _ scanner: inout JSONScanner, _ text: inout String?, _ reason: inout String?
    ) throws(JSONScanner.Failure) {
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
                case "delta", "message": try readMessage(&scanner, &text)
                case "finish_reason": reason = try optionalString(&scanner)
                default: _ = try scanner.skipValue()
                }
            }
        }
    }

    private static func readMessage(_ scanner: inout JSONScanner, _ text: inout String?) throws(JSONScanner.Failure) {
        if try scanner.takeNull() { return }
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            if name == "content" { text = try optionalString(&scanner) } else { _ = try scanner.skipValue() }
        }
    }

    private static func readUsage(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> RunUsage? {
        if try scanner.takeNull() { return nil }
        var usage = RunUsage()
        try scanner.object { (name, scanner) throws(JSONScanner.Failure) in
            switch name {
            case "prompt_tokens": usage.input = try tokens(&scanner)
            case "completion_tokens": usage.output = try tokens(&scanner)
            default: _ = try scanner.skipValue()
            }
        }
        return usage
    }

    private static func tokens(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> UInt64 {
        if try scanner.takeNull() { return 0 }
        return UInt64(max(0, try scanner.integer()))
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

    private static func optionalString(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> String? {
        try scanner.takeNull() ? nil : try scanner.string()
    }

    /// A text's characters, nothing for `null`, anything else as JSON.
    private static func loose(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> String {
        if try scanner.takeNull() { return "" }
        if scanner.peek() == UInt8(ascii: "\"") { return try scanner.string() }
        return String(decoding: try scanner.skipValue(), as: UTF8.self)
    }
}
