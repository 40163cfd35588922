import GridModel

/// The request sent to a chat API: what all rows share first, this row's words last, so that the server's prefix cache serves
/// every row after the first.
enum ChatRequest {
    /// The request's JSON.
    static func body(for request: ModelRequest, model: String) -> [UInt8] {
        var json = "{\"model\":\""
        JSONText.escape(model, into: &json)
        json += "\",\"messages\":[{\"role\":\"system\",\"content\":\""
        JSONText.escape(instruction(for: request.type), into: &json)
        json += "\"},{\"role\":\"user\",\"content\":\""
        JSONText.escape(request.template.rendered(request.values), into: &json)
        json += "\"}],\"temperature\":0,\"max_tokens\":\(request.answerTokens)"
        json += ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
        return Array(json.utf8)
    }

    /// The same words for every row of a column.
    static func instruction(for type: ColumnType) -> String {
        let shared =
            "You fill in one cell of a table. Answer with the cell's value only: no explanation, no label, no quotation marks, no final period."
        switch type {
        case .text: return shared
        case .number: return shared + " The value is one number, written in digits, without a unit and without separators."
        case .boolean: return shared + " The value is yes or no."
        case .date: return shared + " The value is a date, written like 2026-11-22."
        case .json: return shared + " The value is one JSON document."
        }
    }
}
