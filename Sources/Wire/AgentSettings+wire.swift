package import GridModel

// {"prompt":"...","model":"...","output":{"type":"oneOf","choices":["a","b"]},"examples":false,"version":3}
// output: {"type":"text"|"number"|"boolean"|"date"|"oneOf"|"json"}; "oneOf" has "choices", "json" may have a "schema".

extension AgentSettings {
    package func write(to writer: inout WireWriter) {
        writer.object { writer in
            writer.member("prompt", prompt)
            if let model { writer.member("model", model) }
            if let output {
                writer.name("output")
                output.write(to: &writer)
            }
            if !usesExamples { writer.member("examples", false) }
            writer.member("version", Int(version))
        }
    }

    /// A version is accepted and has no say: the server counts it.
    package init(_ reader: inout WireReader) throws(WireError) {
        var prompt: String?
        var model: String?
        var output: AnswerType?
        var usesExamples = true
        var version = 1
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "prompt": prompt = try reader.string()
            case "model": model = try reader.takeNull() ? nil : try reader.string()
            case "output": output = try reader.takeNull() ? nil : try AnswerType(&reader)
            case "examples": usesExamples = try reader.boolean()
            case "version": version = try reader.integer(in: 0...Int64(UInt32.max))
            default: throw reader.unknownMember()
            }
        }
        guard let prompt else { throw reader.missing("prompt") }
        guard prompt.count <= Limits.promptCharacters else {
            throw reader.failure("a prompt has at most \(Limits.promptCharacters) characters, this one \(prompt.count)")
        }
        self.init(prompt: prompt, model: model, output: output, usesExamples: usesExamples, version: UInt32(version))
    }
}

extension AnswerType {
    package func write(to writer: inout WireWriter) {
        writer.object { writer in
            writer.member("type", name)
            switch self {
            case .text, .number, .boolean, .date, .json: break
            case .oneOf(let choices):
                writer.arrayMember("choices") { writer in for choice in choices { writer.string(choice) } }
            case .schema(let schema):
                writer.name("schema")
                writer.json(schema.source.utf8)
            }
        }
    }

    package init(_ reader: inout WireReader) throws(WireError) {
        var type: String?
        var choices: [String]?
        var schema: String?
        try reader.object { (member, reader) throws(WireError) in
            switch member {
            case "type": type = try reader.string()
            case "choices":
                choices = try reader.takeNull() ? nil : try reader.list { (reader) throws(WireError) in try reader.string() }
            case "schema":
                schema = try reader.takeNull() ? nil : String(decoding: try reader.skipValue(), as: UTF8.self)
            default: throw reader.unknownMember()
            }
        }
        guard let type else { throw reader.missing("type") }
        if choices != nil, type != "oneOf" { throw reader.failure("only \"oneOf\" has choices") }
        if schema != nil, type != "json" { throw reader.failure("only \"json\" has a schema") }
        switch type {
        case "text": self = .text
        case "number": self = .number
        case "boolean", "yes/no": self = .boolean
        case "date": self = .date
        case "oneOf": self = try Self.checked(choices ?? [], reader)
        case "json": self = try schema.map { (text) throws(WireError) in try Self.checked(text, reader) } ?? .json
        default:
            throw reader.failure("expected one of text, number, boolean, date, oneOf, json, found \"\(type.prefix(40))\"")
        }
    }

    private static func checked(_ choices: [String], _ reader: WireReader) throws(WireError) -> AnswerType {
        do throws(AnswerType.Failure) {
            return try AnswerType(choices: choices)
        } catch {
            throw reader.failure(error.reason, at: error.place)
        }
    }

    private static func checked(_ schema: String, _ reader: WireReader) throws(WireError) -> AnswerType {
        do throws(JSONSchema.Failure) {
            return .schema(try JSONSchema(schema))
        } catch {
            throw reader.failure(error.reason, at: "/schema" + error.place)
        }
    }
}
