import GridModel
import Synchronization
import Testing

@testable import Enrichment

struct AnthropicProviderTests {
    static let wire = WireWorld(api: .anthropic, address: "http://127.0.0.1:8089/")

    static let whole = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"small","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":40,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: ping
        data: {"type": "ping"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"C\u{F4}te d'Iv"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"oire"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}

        event: message_stop
        data: {"type":"message_stop"}


        """

    @Test func `a stream is one answer with the tokens read and written, wherever its bytes are cut`() async throws {
        let bytes = Array(Self.whole.utf8)
        for cuts in (0..<bytes.count).map({ [$0] }) + [Array(0..<bytes.count)] {
            let answer = try await Self.wire.answer(WireWorld.transport(bytes, cuts: cuts))
            #expect(answer.text == "C\u{F4}te d'Ivoire", "cut at \(cuts)")
            #expect(answer.usage == RunUsage(input: 42, output: 7), "cut at \(cuts)")
        }
    }

    @Test func `the request names version and model, puts the row last, and carries the key in one header only`() async throws {
        let transport = ScriptedTransport(Self.whole)
        _ = try await Self.wire.answer(transport)
        let request = try #require(transport.requests.withLock { $0.first })
        #expect(request.url == "http://127.0.0.1:8089/v1/messages")
        #expect(request.headers.filter { $0.value.contains("sk-secret") } == [TransportField("x-api-key", "sk-secret")])
        #expect(request.headers.contains(TransportField("anthropic-version", "2023-06-01")))
        #expect(throws: Never.self) { try JSONScanner.check(request.body[...]) }
        let body = String(decoding: request.body, as: UTF8.self)
        #expect(!body.contains("sk-secret"))
        for part in [
            "\"model\":\"small\"", "\"max_tokens\":256", "\"stream\":true", "\"temperature\":0", "\"system\":\"You fill",
        ] {
            #expect(body.contains(part), "\(part)")
        }
        #expect(body.hasSuffix(#""messages":[{"role":"user","content":"Country of \"Oslo\"\n?"}]}"#))
    }

    @Test func `a stream that ends before its reason is cut, and keeps the tokens so far`() async throws {
        let end = try #require(Self.whole.firstRange(of: "event: message_delta"))
        let failure = await Self.wire.failure(ScriptedTransport(String(Self.whole[..<end.lowerBound])))
        #expect(failure?.kind == .cut)
        #expect(failure?.usage == RunUsage(input: 42, output: 1))
        #expect(await Self.wire.failure(ScriptedTransport(""))?.kind == .cut)
    }

    @Test(arguments: [
        ("stop_sequence", ModelFailure.Kind?.none), ("max_tokens", .tooLong), ("model_context_window_exceeded", .tooLong),
        ("refusal", .filtered), ("tool_use", .garbage), ("pause_turn", .garbage), ("weird", .garbage),
    ])
    func `a reason to stop has one meaning, and keeps the tokens`(_ reason: String, _ kind: ModelFailure.Kind?) async {
        let failure = await Self.wire.failure(ScriptedTransport(Self.whole.replacing("end_turn", with: reason)))
        #expect(failure?.kind == kind)
        if let failure { #expect(failure.usage == RunUsage(input: 42, output: 7)) }
    }

    @Test func `a message that is not streamed is understood, and only its text is taken`() async throws {
        let body =
            #"{"type":"message","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"Nor"},{"type":"text","text":"way"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}"#
        let answer = try await Self.wire.answer(ScriptedTransport(type: "application/json", body))
        #expect(answer.text == "Norway")
        #expect(answer.usage == RunUsage(input: 1, output: 2))
    }

    @Test func `thoughts are not part of the answer, nor is what follows its end`() async throws {
        let thought = #"data: {"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}}"# + "\n\n"
        let late = #"data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"!"}}"# + "\n\n"
        #expect(try await Self.wire.answer(ScriptedTransport(thought + Self.whole + late)).text == "C\u{F4}te d'Ivoire")
    }

    static func error(_ type: String, _ message: String) -> String {
        #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"},"request_id":"req_1"}"#
    }

    @Test(arguments: [
        (401, error("authentication_error", "invalid x-api-key"), ModelFailure.Kind.refused),
        (403, error("permission_error", "no"), .refused), (404, error("not_found_error", "model: x"), .refused),
        (402, error("billing_error", "pay"), .refused),
        (400, error("invalid_request_error", "Your credit balance is too low to access the Anthropic API."), .refused),
        (400, error("invalid_request_error", "You have reached your specified API usage limits."), .refused),
        (400, error("invalid_request_error", "prompt is too long"), .rejected), (413, "", .rejected),
        (429, error("rate_limit_error", "slow down"), .rateLimited), (500, error("api_error", "oops"), .serverFailed),
        (529, error("overloaded_error", "Overloaded"), .serverFailed), (302, "", .refused),
    ])
    func `a status has one meaning, and its message names no other API's settings`(
        _ status: Int, _ body: String, _ kind: ModelFailure.Kind
    ) async {
        let wait = TransportField("retry-after", "9")
        let failure = await Self.wire.failure(
            ScriptedTransport(status: status, type: "application/json", headers: [wait], body))
        #expect(failure?.kind == kind)
        if kind == .rateLimited || kind == .serverFailed { #expect(failure?.retryAfter == .seconds(9)) }
        #expect(failure?.message.contains("OPENAI") == false)
        #expect(failure?.message.contains("sk-secret") == false)
    }

    @Test(arguments: [
        ("overloaded_error", ModelFailure.Kind.serverFailed), ("api_error", .serverFailed), ("rate_limit_error", .rateLimited),
        ("authentication_error", .refused), ("billing_error", .refused), ("invalid_request_error", .rejected),
    ])
    func `an error event is an error, also after text`(_ type: String, _ kind: ModelFailure.Kind) async throws {
        let end = try #require(Self.whole.firstRange(of: "event: content_block_stop"))
        let body = Self.whole[..<end.lowerBound] + "event: error\ndata: \(Self.error(type, "x"))\n\n"
        #expect(await Self.wire.failure(ScriptedTransport(String(body)))?.kind == kind)
    }

    @Test(arguments: ["data: {broken\n\n", "data: {\"delta\":7}\n\n", "data: {\"usage\":{\"input_tokens\":\"x\"}}\n\n"])
    func `what is not the protocol is garbage`(_ body: String) async {
        #expect(await Self.wire.failure(ScriptedTransport(body))?.kind == .garbage)
    }

    @Test(arguments: UInt64(0)..<60) func `a reply damaged anywhere is an answer or a failure, never a trap`(_ seed: UInt64)
        async
    {
        let bytes = WireWorld.damaged(Self.whole, seed)
        if await Self.wire.failure(WireWorld.transport(bytes)) == nil {
            // An answer that was taken had its reason.
            #expect(String(decoding: bytes, as: UTF8.self).contains("\"end_turn\""), "seed \(seed)")
        }
    }
}
