import GridModel

/// Members of the JSON object that "why this value?" reads, each with a comma before it.
enum Provenance {
    /// Characters of a wrong answer that was corrected.
    static let wrongCharacters = 500

    static func member(_ name: String, _ text: String) -> String { ",\"\(name)\":" + ChatRequest.quoted(text) }

    static func attempts(_ id: CallID) -> String { ",\"attempts\":\(id.serial)" }

    /// How a call failed, with the whole answer where there was one.
    static func failure(_ failure: ModelFailure) -> String {
        var json = member("failure", failure.kind.rawValue)
        if let wrong = failure.wrong { json += member("raw", wrong.text) }
        let usage = failure.earlier.reduce(failure.usage) { $0 + $1.usage }
        json += ",\"inputTokens\":\(usage.input),\"outputTokens\":\(usage.output)"
        return json + corrections(failure.earlier)
    }

    /// What was wrong before the answer fitted.
    static func corrections(_ wrong: [WrongAnswer]) -> String {
        guard !wrong.isEmpty else { return "" }
        let entries = wrong.map { answer in
            "{\"answer\":\(ChatRequest.quoted(String(answer.text.prefix(wrongCharacters))))" + member("reason", answer.reason)
                + "}"
        }
        return ",\"corrections\":[" + entries.joined(separator: ",") + "]"
    }
}
