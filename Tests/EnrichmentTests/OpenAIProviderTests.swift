import GridModel
import Synchronization
import Testing

@testable import Enrichment

/// Answers every request with the same parts, and keeps what was asked.
final class ScriptedTransport: ModelTransport {
    let parts: [TransportPart]
    let requests = Mutex<[TransportRequest]>([])

    init(_ parts: [TransportPart]) { self.parts = parts }

    convenience init(status: Int = 200, type: String = "text/event-stream", headers: [TransportField] = [], _ body: String) {
        self.init([.head(status: status, headers: [TransportField("Content-Type", type)] + headers), .bytes(Array(body.utf8))])
    }

    func send(_ request: TransportRequest, deliver: (TransportPart) throws(ModelFailure) -> Void) async throws(ModelFailure) {
        requests.withLock { $0.append(request) }
        for part in parts { try deliver(part) }
    }
}

struct OpenAIProviderTests {
    static func request(type: AnswerType = .text, model: String? = nil) throws -> ModelRequest {
        let template = try PromptTemplateTests.template("Country of {{City}}?")
        return ModelRequest(template: template, values: ["\"Oslo\"\n"], type: type, model: model)
    }

    static let wire = WireWorld(api: .openAI, address: "http://127.0.0.1:8089/v1/")

    static func answer(_ transport: ScriptedTransport, key: String? = "sk-secret") async throws(ModelFailure) -> ModelAnswer {
        try await wire.answer(transport, key: key)
    }

    static func failure(_ transport: ScriptedTransport) async -> ModelFailure? {
        await wire.failure(transport)
    }

    static let whole = """
        data: {"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

        data: {"choices":[{"index":0,"delta":{"content":"Nor"},"finish_reason":null}],"usage":null}

        data: {"choices":[{"index":0,"delta":{"content":"way"},"finish_reason":null}]}

        data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

        data: {"choices":[],"usage":{"prompt_tokens":40,"completion_tokens":2,"total_tokens":42}}

        data: [DONE]


        """

    @Test func `a stream of role, content, finish, usage and DONE is one answer with its tokens`() async throws {
        let answer = try await Self.answer(ScriptedTransport(Self.whole))
        #expect(answer.text == "Norway")
        #expect(answer.usage == RunUsage(input: 40, output: 2))
    }

    @Test func `the request names the model, puts the row last, and carries the key in one header only`() async throws {
        let transport = ScriptedTransport(Self.whole)
        _ = try await Self.answer(transport)
        let request = try #require(transport.requests.withLock { $0.first })
        #expect(request.url == "http://127.0.0.1:8089/v1/chat/completions")
        #expect(
            request.headers.filter { $0.value.contains("sk-secret") } == [TransportField("authorization", "Bearer sk-secret")])
        let body = String(decoding: request.body, as: UTF8.self)
        #expect(throws: Never.self) { try JSONScanner.check(request.body[...]) }
        #expect(!body.contains("sk-secret"))
        #expect(body.contains("\"model\":\"small\""))
        #expect(body.contains("\"include_usage\":true"))
        let system = try #require(body.firstRange(of: "You fill in one cell"))
        let row = try #require(body.firstRange(of: "Country of \\\"Oslo\\\"\\n?"))
        #expect(system.upperBound < row.lowerBound)
    }

    @Test func `without a key no authorization is sent`() async throws {
        let transport = ScriptedTransport(Self.whole)
        _ = try await Self.answer(transport, key: nil)
        #expect(transport.requests.withLock { $0.first?.headers.contains { $0.name == "authorization" } } == false)
    }

    @Test func `a stream without a finish reason is cut, whatever came`() async throws {
        let end = try #require(Self.whole.firstRange(of: "data: {\"choices\":[{\"index\":0,\"delta\":{},"))
        let cut = String(Self.whole[..<end.lowerBound])
        #expect(await Self.failure(ScriptedTransport(cut))?.kind == .cut)
        #expect(await Self.failure(ScriptedTransport(cut + "data: [DONE]\n\n"))?.kind == .cut)
        #expect(await Self.failure(ScriptedTransport(""))?.kind == .cut)
    }

    @Test func `length is a failure that keeps the tokens`() async throws {
        let failure = await Self.failure(ScriptedTransport(Self.whole.replacing("\"stop\"", with: "\"length\"")))
        #expect(failure?.kind == .tooLong)
        #expect(failure?.usage == RunUsage(input: 40, output: 2))
    }

    @Test(arguments: ["tool_calls", "content_filter", "weird"])
    func `only stop makes an answer whole`(_ reason: String) async {
        let failure = await Self.failure(ScriptedTransport(Self.whole.replacing("\"stop\"", with: "\"\(reason)\"")))
        #expect(failure?.recovery == .failCell)
    }

    @Test func `an answer beyond the bytes allowed ends the call`() async {
        let long = Self.whole.replacing("Nor", with: String(repeating: "N", count: 2_000))
        #expect(await Self.failure(ScriptedTransport(long))?.kind == .tooLong)
    }

    @Test(arguments: ["data: {broken\n\n", "data: <html>\n\n", "data: {\"choices\":7}\n\n", "data: \u{FFFD}\n\n"])
    func `what is not the protocol is garbage`(_ body: String) async {
        #expect(await Self.failure(ScriptedTransport(body))?.kind == .garbage)
    }

    @Test func `a server that answers in one document is understood too`() async throws {
        let body =
            #"{"choices":[{"message":{"role":"assistant","content":"Norway"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#
        #expect(try await Self.answer(ScriptedTransport(type: "application/json", body)).text == "Norway")
    }

    @Test(arguments: [
        (401, #"{"error":{"message":"bad key","code":"invalid_api_key"}}"#, ModelFailure.Kind.refused),
        (403, "no", .refused), (402, "", .refused), (404, #"{"error":{"message":"no such model"}}"#, .refused),
        (429, #"{"error":{"message":"quota","code":"insufficient_quota"}}"#, .refused),
        (429, #"{"error":{"message":"slow down","type":"rate_limit"}}"#, .rateLimited), (429, "busy", .rateLimited),
        (400, #"{"error":{"message":"too long","code":400}}"#, .rejected), (413, "", .rejected), (408, "", .serverFailed),
        (500, "<html>", .serverFailed), (503, #"{"error":{"message":"Loading model","code":503}}"#, .serverFailed),
        (302, "", .refused), (307, "", .refused),
    ])
    func `a status has one meaning`(_ status: Int, _ body: String, _ kind: ModelFailure.Kind) async {
        #expect(await Self.failure(ScriptedTransport(status: status, type: "application/json", body))?.kind == kind)
    }

    @Test func `Retry-After is read in seconds and milliseconds`() async {
        for (field, wait) in [
            (TransportField("Retry-After", "7"), Duration.seconds(7)),
            (TransportField("retry-after-ms", "250"), .milliseconds(250)),
        ] {
            let transport = ScriptedTransport(status: 429, headers: [field], "busy")
            #expect(await Self.failure(transport)?.retryAfter == wait)
        }
        let date = ScriptedTransport(status: 429, headers: [TransportField("retry-after", "Sun, 22 Nov 2026 06:00:00 GMT")], "")
        #expect(await Self.failure(date)?.retryAfter == nil)
    }

    @Test(arguments: [
        (#"{"error":{"message":"overloaded","type":"server_error"}}"#, ModelFailure.Kind.serverFailed),
        (#"{"error":{"message":"slow","code":"rate_limit_exceeded"}}"#, .rateLimited),
        (#"{"error":{"message":"x","code":401}}"#, .refused),
        (#"{"error":{"message":"x","code":"insufficient_quota"}}"#, .refused),
        (#"{"error":"just words"}"#, .serverFailed),
    ])
    func `an error within a stream is an error`(_ error: String, _ kind: ModelFailure.Kind) async {
        let body = "data: {\"choices\":[{\"delta\":{\"content\":\"No\"}}]}\n\ndata: \(error)\n\n"
        #expect(await Self.failure(ScriptedTransport(body))?.kind == kind)
    }

    @Test func `no message holds the key`() async {
        for status in [401, 429, 500] {
            let failure = await Self.failure(ScriptedTransport(status: status, "nope"))
            #expect(failure?.message.contains("sk-secret") == false)
        }
    }

    @Test(arguments: UInt64(0)..<60) func `a reply damaged anywhere is an answer or a failure, never a trap`(_ seed: UInt64)
        async
    {
        let bytes = WireWorld.damaged(Self.whole, seed)
        let parts: [TransportPart] = [.head(status: 200, headers: []), .bytes(bytes)]
        let transport = ScriptedTransport(parts)
        if await Self.failure(transport) == nil {
            // An answer that was taken had its finish reason.
            #expect(String(decoding: bytes, as: UTF8.self).contains("\"stop\""), "seed \(seed)")
        }
    }
}

struct ModelAddressTests {
    @Test(arguments: [
        ("https://api.openai.com/v1", "https://api.openai.com/v1/x", false),
        ("http://127.0.0.1:8089/v1/", "http://127.0.0.1:8089/v1/x", true),
        ("HTTP://LocalHost:11434/v1", "http://localhost:11434/v1/x", true), ("http://[::1]:80", "http://[::1]:80/x", true),
        ("http://ollama:11434/v1", "http://ollama:11434/v1/x", true),
        ("http://192.168.1.9/v1", "http://192.168.1.9/v1/x", true),
        ("http://169.254.169.254/v1", "http://169.254.169.254/v1/x", false), ("http://8.8.8.8", "http://8.8.8.8/x", false),
        ("http://2852039166", "http://2852039166/x", false), ("http://0xA9FEA9FE", "http://0xa9fea9fe/x", false),
    ])
    func `an address is read, and local ones are known`(_ text: String, _ url: String, _ isLocal: Bool) throws {
        let address = try ModelAddress(text, for: .openAI)
        #expect(address.url("x") == url)
        #expect(address.isLocal == isLocal)
    }

    @Test(arguments: [
        "", "api.openai.com", "ftp://x/", "http://", "http://user:pw@host/", "http://host/?key=1", "http://host/#a",
        "http://host:0/",
        "http://host:99999/", "http://ho st/", "http://[::1/", "http://host\r\nx: y/", "http://[zz]/",
    ])
    func `an address that cannot be used says so`(_ text: String) {
        #expect(throws: ModelAddress.Failure.self) { try ModelAddress(text, for: .openAI) }
    }
}
