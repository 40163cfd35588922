import GridModel

/// What requests to all chat APIs have in common. What all rows share comes first, this row's words last, so that the server's
/// prefix cache serves every row after the first.
enum ChatRequest {
    /// A text as JSON writes it.
    static func quoted(_ text: String) -> String {
        var json = "\""
        JSONText.escape(text, into: &json)
        return json + "\""
    }

    /// The message that is the same for every row of a column.
    static func systemMessage(_ request: ModelRequest) -> String {
        "{\"role\":\"system\",\"content\":\(quoted(instruction(for: request.type)))}"
    }

    /// The message with the row's values.
    static func userMessage(_ request: ModelRequest) -> String {
        "{\"role\":\"user\",\"content\":\(quoted(request.template.rendered(request.values)))}"
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
