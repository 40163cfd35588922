import GridModel
import Synchronization
import Testing

@testable import Enrichment

struct OllamaProviderTests {
    static let wire = WireWorld(api: .ollama, address: "http://127.0.0.1:11434")

    static let whole = """
        {"model":"small","created_at":"2026-11-22T10:00:00.1Z","message":{"role":"assistant","content":"C\u{F4}te d'Iv"},"done":false}
        {"model":"small","created_at":"2026-11-22T10:00:00.2Z","message":{"role":"assistant","content":"oire"},"done":false}
        {"model":"small","created_at":"2026-11-22T10:00:00.3Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":5,"prompt_eval_count":42,"eval_count":7}

        """

    static func transport(_ body: String, status: Int = 200) -> ScriptedTransport {
        ScriptedTransport(status: status, type: status == 200 ? "application/x-ndjson" : "application/json", body)
    }

    @Test func `lines are one answer with its tokens, wherever the bytes are cut, with any line end and without the last`()
        async throws
    {
        for body in [Self.whole, Self.whole.replacing("\n", with: "\r\n"), String(Self.whole.dropLast())] {
            let bytes = Array(body.utf8)
            for cuts in (0..<bytes.count).map({ [$0] }) + [Array(0..<bytes.count)] {
                let transport = WireWorld.transport(bytes, cuts: cuts, type: "application/x-ndjson")
                let answer = try await Self.wire.answer(transport, key: nil)
                #expect(answer.text == "C\u{F4}te d'Ivoire", "cut at \(cuts)")
                #expect(answer.usage == RunUsage(input: 42, output: 7), "cut at \(cuts)")
            }
        }
    }

    @Test func `the request asks for a stream without chance, puts the row last, and carries no key`() async throws {
        let transport = Self.transport(Self.whole)
        _ = try await Self.wire.answer(transport)
        let request = try #require(transport.requests.withLock { $0.first })
        #expect(request.url == "http://127.0.0.1:11434/api/chat")
        #expect(!request.headers.contains { $0.value.contains("sk-secret") })
        #expect(throws: Never.self) { try JSONScanner.check(request.body[...]) }
        let body = String(decoding: request.body, as: UTF8.self)
        #expect(!body.contains("sk-secret"))
        #expect(body.hasPrefix(#"{"model":"small","messages":[{"role":"system","content":"You fill in one cell"#))
        #expect(
            body.hasSuffix(
                #"{"role":"user","content":"Country of \"Oslo\"\n?"}],"stream":true,"options":{"temperature":0,"num_predict":256,"num_ctx":4096}}"#
            ))
    }

    @Test func `a stream that ends before it is done is cut, at every byte`() async throws {
        let end = try #require(Self.whole.firstRange(of: "\"prompt_eval_count\""))
        let bytes = Array(Self.whole[..<end.lowerBound].utf8)
        for count in 0...bytes.count {
            let failure = await Self.wire.failure(WireWorld.transport(Array(bytes[..<count]), type: "application/x-ndjson"))
            #expect(failure?.kind == .cut, "after \(count) bytes")
        }
    }

    @Test func `a reason counts only where it is done, and one that is missing makes no value`() async {
        func kind(_ old: String, _ new: String) async -> ModelFailure.Kind? {
            await Self.wire.failure(Self.transport(Self.whole.replacing(old, with: new)))?.kind
        }
        #expect(await kind("\"stop\"", "\"length\"") == .tooLong)
        #expect(await kind("\"stop\"", "\"unload\"") == .garbage)
        #expect(await kind("\"done_reason\":\"stop\",", "") == .garbage)
        #expect(await kind("\"done\":true", "\"done\":false") == .cut)
    }

    @Test func `length keeps the tokens`() async {
        let failure = await Self.wire.failure(Self.transport(Self.whole.replacing("\"stop\"", with: "\"length\"")))
        #expect(failure?.usage == RunUsage(input: 42, output: 7))
    }

    @Test func `a reply that is not streamed is one line, thoughts and what follows the end are not taken`() async throws {
        let body =
            #"{"message":{"role":"assistant","content":"Norway","thinking":"hm"},"done":true,"done_reason":"stop","prompt_eval_count":1,"eval_count":2}"#
        #expect(try await Self.wire.answer(ScriptedTransport(type: "application/json", body)).text == "Norway")
        #expect(try await Self.wire.answer(Self.transport(body + "\n" + body + "\n")).text == "Norway")
        #expect(try await Self.wire.answer(Self.transport(body + "\n" + body)).text == "Norway")
    }

    @Test(arguments: [
        (404, #"{"error":"model \"small\" not found, try pulling it first"}"#, ModelFailure.Kind.refused), (401, "", .refused),
        (400, #"{"error":"bad"}"#, .rejected), (429, "", .rateLimited), (500, #"{"error":"llama runner died"}"#, .serverFailed),
        (503, #"{"error":"server busy, please try again."}"#, .serverFailed), (301, "", .refused),
    ])
    func `a status has one meaning, and its message names no other API's settings`(
        _ status: Int, _ body: String, _ kind: ModelFailure.Kind
    ) async {
        let failure = await Self.wire.failure(Self.transport(body, status: status))
        #expect(failure?.kind == kind)
        #expect(failure?.message.contains("OPENAI") == false)
        if kind == .refused { #expect(failure?.message.contains("OLLAMA_HOST") == true) }
    }

    @Test func `an error line after text is an error`() async {
        let body = Self.whole.prefix { $0 != "\n" } + "\n{\"error\":\"an error was encountered while running the model\"}\n"
        let failure = await Self.wire.failure(Self.transport(String(body)))
        #expect(failure?.kind == .serverFailed)
        #expect(failure?.message.contains("while running the model") == true)
    }

    @Test(arguments: ["{broken\n", "<html>\n", "{\"message\":7}\n", "{\"done\":\"yes\"}\n", "\u{FFFD}\n"])
    func `what is not the protocol is garbage`(_ body: String) async {
        #expect(await Self.wire.failure(Self.transport(body))?.kind == .garbage)
    }

    @Test func `a line beyond its limit is garbage`() {
        var parser = LineParser()
        #expect(throws: ModelFailure.self) {
            try parser.receive([UInt8](repeating: 0x61, count: EventStreamParser.eventBytes + 1)) { _ in }
        }
    }

    @Test(arguments: UInt64(0)..<60) func `a reply damaged anywhere is an answer or a failure, never a trap`(_ seed: UInt64)
        async
    {
        let bytes = WireWorld.damaged(Self.whole, seed)
        if await Self.wire.failure(WireWorld.transport(bytes, type: "application/x-ndjson")) == nil {
            // An answer that was taken had its reason.
            #expect(String(decoding: bytes, as: UTF8.self).contains("\"stop\""), "seed \(seed)")
        }
    }
}
