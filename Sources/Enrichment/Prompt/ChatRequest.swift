import GridModel

/// What a chat API is asked, in whichever of them: the same words, written as each wants them. What all requests of a kind share comes
/// first and what is new last, so that the server's prefix cache serves every request after the first.
package struct ChatRequest: Sendable {
    /// What one side said.
    package enum Turn: Hashable, Sendable {
        case person(String)
        case model(String)
    }

    /// Words that are the same for all requests of a kind.
    package var instruction: String
    /// By turns; a person's first and last.
    package var turns: [Turn]
    /// What the answer has to look like; `nil` for any text.
    package var schema: AnswerSchema?
    /// The model asked; `nil` for the provider's default.
    package var model: String?
    /// The most tokens the answer may have.
    package var answerTokens: Int
    /// Names the call to the provider, so that its log and ours can be compared.
    package var requestID: String?

    package init(
        instruction: String, turns: [Turn], schema: AnswerSchema? = nil, model: String? = nil, answerTokens: Int,
        requestID: String? = nil
    ) {
        self.instruction = instruction
        self.turns = turns
        self.schema = schema
        self.model = model
        self.answerTokens = answerTokens
        self.requestID = requestID
    }

    /// A text as JSON writes it.
    static func quoted(_ text: String) -> String {
        var json = "\""
        JSONText.escape(text, into: &json)
        return json + "\""
    }

    /// The instruction as a message of its own, for APIs that want it so.
    var systemMessage: String { "{\"role\":\"system\",\"content\":\(Self.quoted(instruction))}" }

    /// The turns as messages.
    var messages: String {
        let written = turns.map { turn in
            switch turn {
            case .person(let text): "{\"role\":\"user\",\"content\":\(Self.quoted(text))}"
            case .model(let text): "{\"role\":\"assistant\",\"content\":\(Self.quoted(text))}"
            }
        }
        return written.joined(separator: ",")
    }

    /// Bytes of all that is said, for an estimate of tokens.
    var bytes: Int {
        turns.reduce(instruction.utf8.count + (schema?.json.utf8.count ?? 0)) { sum, turn in
            switch turn {
            case .person(let text), .model(let text): sum + text.utf8.count
            }
        }
    }
}

/// What an answer has to look like, as JSON Schema. A server that knows schemas keeps the model to it while it writes; the answer is
/// checked again on our side all the same.
package struct AnswerSchema: Hashable, Sendable {
    /// Letters, digits, `_` and `-`, 1 to 64 of them.
    package var name: String
    /// The schema's JSON, an object's.
    package var json: String
    /// Every object of it is closed and all of its members are required: what OpenAI keeps to strictly.
    package var isStrict: Bool

    package init(name: String, json: String, isStrict: Bool) {
        self.name = name
        self.json = json
        self.isStrict = isStrict
    }
}
