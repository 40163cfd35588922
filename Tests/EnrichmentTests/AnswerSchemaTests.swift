import GridModel
import Testing

@testable import Enrichment

/// How each API is told what an answer has to look like.
struct AnswerSchemaTests {
    static let schema = AnswerSchema(
        name: "plan", json: #"{"type":"object","properties":{"a":{"type":"string"}}}"#, isStrict: true)

    static func request(_ schema: AnswerSchema?) -> ChatRequest {
        ChatRequest(
            instruction: "Be \"brief\"", turns: [.person("one"), .model("two"), .person("three\n")], schema: schema,
            answerTokens: 300)
    }

    static func body(_ api: ModelAPI, _ schema: AnswerSchema?) throws -> String {
        let bytes = api.format.body(for: request(schema), model: "small")
        #expect(throws: Never.self) { try JSONScanner.check(bytes[...]) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: ModelAPI.allCases)
    func `a request holds its turns in order, and a schema only when there is one`(_ api: ModelAPI) throws {
        let plain = try Self.body(api, nil)
        #expect(!plain.contains("schema") && !plain.contains("format") && !plain.contains("tool"))
        let turns =
            #"{"role":"user","content":"one"},{"role":"assistant","content":"two"},{"role":"user","content":"three\n"}"#
        #expect(plain.contains(turns) && plain.contains(#"Be \"brief\""#))
        #expect(try Self.body(api, Self.schema).contains(Self.schema.json))
    }

    @Test func `each API is told of a schema in its own way`() throws {
        #expect(
            try Self.body(.openAI, Self.schema).contains(
                #""response_format":{"type":"json_schema","json_schema":{"name":"plan","strict":true,"schema":{"type":"object","#
            ))
        #expect(try Self.body(.ollama, Self.schema).contains(#""format":{"type":"object","#))
        let body = try Self.body(.anthropic, Self.schema)
        #expect(body.contains(#""input_schema":{"type":"object","#))
        #expect(body.contains(#""tool_choice":{"type":"tool","name":"plan"}"#))
    }

    static let tool = """
        event: message_start
        data: {"type":"message_start","message":{"content":[],"stop_reason":null,"usage":{"input_tokens":40,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t1","name":"plan","input":{}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\\"a\\":"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\\"b\\"}"}}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":7}}

        event: message_stop
        data: {"type":"message_stop"}


        """

    static func answer(_ schema: AnswerSchema?, _ transport: ScriptedTransport) async throws -> ModelAnswer {
        let address = try ModelAddress("http://127.0.0.1:1/", for: .anthropic)
        let provider = WireProvider(.init(api: .anthropic, address: address, key: "k", model: "small"), transport: transport)
        var collector = AnswerCollector(most: 1_000)
        try await provider.stream(Self.request(schema)) { (event) throws(ModelFailure) in try collector.receive(event) }
        return try collector.answer()
    }

    @Test func `what Anthropic's model gives its tool is the answer, in pieces and whole`() async throws {
        let streamed = try await Self.answer(Self.schema, ScriptedTransport(Self.tool))
        #expect(streamed.text == #"{"a":"b"}"# && streamed.usage == RunUsage(input: 40, output: 7))
        let whole = try await Self.answer(
            Self.schema,
            ScriptedTransport(
                type: "application/json",
                #"{"content":[{"type":"tool_use","name":"plan","input":{"a":"b"}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}"#
            ))
        #expect(whole.text == #"{"a":"b"}"#)
    }

    @Test func `a tool that nobody asked for makes no answer`() async throws {
        await #expect(throws: ModelFailure.self) { try await Self.answer(nil, ScriptedTransport(Self.tool)) }
    }
}
