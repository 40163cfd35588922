import GridModel

// A question about one row. First what is the same for every row of a column: the instruction and the examples; then the row; then,
// when answers did not fit, those and what was wrong with them.
extension ChatRequest {
    /// - Parameter asDocument: whether the server is told what the answer has to look like. Its value then is a document's one member,
    ///   since servers want an object.
    init(_ request: ModelRequest, asDocument: Bool) {
        let schema = asDocument ? AnswerSchema(request.type) : nil
        var turns: [Turn] = []
        for example in request.examples {
            turns.append(.person(request.template.rendered(example.values)))
            turns.append(.model(schema == nil ? example.answer.displayText : "{\"value\":\(example.answer.json)}"))
        }
        turns.append(.person(request.template.rendered(request.values)))
        for wrong in request.corrections {
            turns.append(.model(wrong.text.isEmpty ? "(nothing)" : wrong.text))
            turns.append(.person("That cannot be taken: \(wrong.reason). Answer again, with what was asked for only."))
        }
        self.init(
            instruction: Self.instruction(for: request.type, asDocument: schema != nil), turns: turns, schema: schema,
            model: request.model, answerTokens: request.answerTokens, requestID: request.requestID)
    }

    /// The same words for every row of a column.
    static func instruction(for type: AnswerType, asDocument: Bool) -> String {
        let shared =
            "You fill in one cell of a table. Answer with the cell's value only: no explanation, no label, no quotation marks, no final period."
        let value: String
        switch type {
        case .text: return shared
        case .number: value = "one number, written in digits, without a unit and without separators."
        case .boolean: value = asDocument ? "true for yes, or false for no." : "yes or no."
        case .date: value = "a date, written like 2026-11-22."
        case .oneOf(let choices):
            value = "one of these, exactly as written: [\(choices.map(quoted).joined(separator: ", "))]."
        case .json: value = "one JSON document."
        case .schema(let schema): value = "one JSON document that fits this JSON Schema: \(schema.source)"
        }
        guard asDocument else { return "\(shared) The value is \(value)" }
        return "You fill in one cell of a table. Answer with {\"value\": ...} in JSON, and nothing else. The value is \(value)"
    }
}

extension AnswerSchema {
    /// What a cell's answer has to look like, with the value as the one member; `nil` for text, which may be anything.
    init?(_ type: AnswerType) {
        let value: String
        var isStrict = true
        switch type {
        case .text: return nil
        case .number: value = "{\"type\":\"number\"}"
        case .boolean: value = "{\"type\":\"boolean\"}"
        case .date: value = "{\"type\":\"string\"}"
        case .oneOf(let choices):
            value = "{\"type\":\"string\",\"enum\":[\(choices.map(ChatRequest.quoted).joined(separator: ","))]}"
        case .json: (value, isStrict) = ("{}", false)
        case .schema(let schema): (value, isStrict) = (schema.source, schema.isClosed)
        }
        let json =
            "{\"type\":\"object\",\"properties\":{\"value\":\(value)},\"required\":[\"value\"],\"additionalProperties\":false}"
        self.init(name: "cell", json: json, isStrict: isStrict)
    }
}
