import GridModel

// An agent as bytes: Docs/specifications/record-format.md, *agent* and *options*. Options were added later: records without them
// have the same bytes as before.

extension AgentSettings {
    /// Whether it says more than agents could at first.
    var hasOptions: Bool { output != nil || !usesExamples }
}

extension RecordWriter {
    /// Without the options.
    mutating func agent(_ agent: AgentSettings) {
        text(agent.prompt)
        optional(agent.model)
        varint(UInt64(agent.version))
    }

    mutating func options(_ agent: AgentSettings) {
        byte(agent.usesExamples ? 1 : 0)
        switch agent.output {
        case nil: byte(0)
        case .text: byte(1)
        case .number: byte(2)
        case .boolean: byte(3)
        case .date: byte(4)
        case .oneOf(let choices):
            byte(5)
            number(choices.count)
            for choice in choices { text(choice) }
        case .json: byte(6)
        case .schema(let schema):
            byte(7)
            text(schema.source)
        }
    }
}

extension RecordCursor {
    mutating func agent() throws(RecordError) -> AgentSettings {
        AgentSettings(prompt: try text(), model: try optionalText(), version: try number32())
    }

    mutating func options(_ agent: inout AgentSettings) throws(RecordError) {
        agent.usesExamples = try byte() != 0
        agent.output = try answerType()
    }

    private mutating func answerType() throws(RecordError) -> AnswerType? {
        let kind = try byte()
        switch kind {
        case 0: return nil
        case 1: return .text
        case 2: return .number
        case 3: return .boolean
        case 4: return .date
        case 5:
            var choices: [String] = []
            for _ in 0..<(try number(most: AnswerType.choices)) { choices.append(try text()) }
            do throws(AnswerType.Failure) {
                return try AnswerType(choices: choices)
            } catch {
                throw damaged("choices: \(error)")
            }
        case 6: return .json
        case 7:
            let source = try text()
            do throws(JSONSchema.Failure) {
                return .schema(try JSONSchema(source))
            } catch {
                throw damaged("a schema: \(error)")
            }
        default: throw damaged("an output of kind \(kind)")
        }
    }
}
