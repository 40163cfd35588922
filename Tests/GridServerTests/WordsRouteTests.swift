import Enrichment
import Foundation
import GridModel
import HTTPTypes
import Ordering
import Synchronization
import Testing

@testable import GridServer

/// A chat model that answers from a list. `WordsWorld` has one that can also be silent and stopped; TestKit, which both could share, does not
/// import Enrichment, so that tests of stores stay quick to build.
private final class ChatScript: ChatProvider {
    private let replies: Mutex<[Result<String, ModelFailure>]>
    let requests = Mutex<[ChatRequest]>([])

    init(_ replies: Result<String, ModelFailure>...) { self.replies = Mutex(replies) }

    var description: ProviderDescription { ProviderDescription(label: "scripted", host: "here:1", model: "test") }

    func objection(to template: PromptTemplate, model: String?) -> String? { nil }

    func stream(
        _ request: ModelRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        throw ModelFailure(.unsupported, "no rows here")
    }

    func stream(
        _ request: ChatRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        requests.withLock { $0.append(request) }
        let reply = replies.withLock { $0.isEmpty ? .failure(ModelFailure(.unreachable, "nobody")) : $0.removeFirst() }
        try deliver(.text(try reply.get()))
        try deliver(.usage(RunUsage(input: 100, output: 20)))
        try deliver(.finished(reason: "stop"))
    }
}

@Suite("Plain words over HTTP")
struct WordsRouteTests {
    private static let sorted = #"{"steps":[{"step":"sort","column":"a","direction":"descending"}],"match":"all"}"#
    private static let two =
        #"{"steps":[{"step":"filter","column":"A","op":"contains","value":"row"},{"step":"addColumn","name":"N","type":"text","prompt":"{{a}}?"}],"match":"all"}"#

    private static func object(_ answer: TestAPI.Answer) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
    }

    @Test(
        "A sentence becomes a plan over the view that is seen, with its rows, its cost and who was asked",
        arguments: Way.allCases)
    func plan(_ way: Way) async throws {
        let chat = ChatScript(.success(Self.two))
        try await TestServer(provider: chat).test(way) { api in
            let grid = try await api.makeGrid()
            let view = #"{"filter":[{"column":"\#(grid.columns[1])","op":"isEmpty"}],"match":"all","sort":[]}"#
            let answer = try await api.send(.post, grid.sheet + "/words", #"{"sentence":" do it ","view":\#(view)}"#)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(
                answer.text.contains(
                    #""plan":{"steps":[{"step":"filter","column":"c2","op":"isEmpty","kept":true},{"step":"filter","column":"c1","op":"contains","value":"row"},{"step":"addColumn","name":"N","type":"text"},{"step":"fillColumn","name":"N","prompt":"{{A}}?"}],"match":"all"}"#
                ), "\(answer.text)")
            let object = try Self.object(answer)
            #expect((object["rows"] as? [String: Int]) == ["matching": 3, "all": 3])
            #expect(object["calls"] as? Int == 1 && object["inputTokens"] as? Int == 100)
            #expect(object["provider"] as? String == "scripted" && object["demo"] as? Bool == false)
            let told = chat.requests.withLock { $0.first?.turns.first }
            guard case .person(let words)? = told else { return }
            #expect(words.contains(#"- "A" (text), such as "row 0", "row 1", "row 2""#) && words.hasSuffix("Request: do it"))
            let metrics = try await api.send(.get, "/metrics").text
            #expect(metrics.contains(#"trueline_words_turns_total{outcome="plan"} 1"#))
            #expect(metrics.contains("trueline_words_tokens_total 120"))
        }
    }

    @Test("No route of plain words changes anything of a grid but its ledger, which has each call", arguments: Way.allCases)
    func changesNothing(_ way: Way) async throws {
        try await TestServer(provider: ChatScript(.success(Self.two), .success("{\"steps\":[]}"))).test(way) { api in
            let grid = try await api.makeGrid()
            func rest(_ path: String) async throws -> NSDictionary {
                var document = try Self.object(try await api.send(.get, path))
                document["revision"] = nil
                return document as NSDictionary
            }
            let pages = grid.sheet + "/pages?first=1&last=1"
            let before = (try await rest(grid.path), try await rest(pages))
            for _ in 0..<3 { _ = try await api.send(.post, grid.sheet + "/words", #"{"sentence":"do it"}"#) }
            #expect(try await rest(grid.path) == before.0)
            #expect(try await rest(pages)["pages"] as? NSArray == before.1["pages"] as? NSArray)
            let words = try #require(try Self.object(try await api.send(.get, grid.path + "/runs"))["words"] as? [String: Any])
            // Two of the calls brought an answer; the last ones reached nobody.
            #expect(
                (words["calls"] as? Int ?? 0) > 2 && words["inputTokens"] as? Int == 200 && words["outputTokens"] as? Int == 40)
            #expect(words["inDoubt"] as? Int == 0 && (words["open"] as? [Any])?.isEmpty == true)
        }
    }

    @Test("Asked for a stream, progress and the same document come as events", arguments: Way.allCases)
    func streams(_ way: Way) async throws {
        try await TestServer(provider: ChatScript(.success(Self.sorted))).test(way) { api in
            let grid = try await api.makeGrid()
            let answer = try await api.send(
                .post, grid.sheet + "/words", #"{"sentence":"sort"}"#, headers: ["Accept": "text/event-stream"])
            #expect(answer.headers[.contentType] == "text/event-stream")
            #expect(answer.text.hasPrefix("event: started\ndata: {\"provider\":\"scripted\""))
            #expect(answer.text.contains("event: done\ndata: {\"outcome\":\"plan\""))
            let failed = try await api.send(
                .post, grid.sheet + "/words", #"{"sentence":"sort"}"#, headers: ["Accept": "text/event-stream"])
            #expect(failed.text.contains("event: problem\ndata: {\"type\":\"urn:trueline:problem:model-failed\""))
        }
    }

    @Test("What a model cannot settle comes back as a question, and its answer settles it", arguments: Way.allCases)
    func asks(_ way: Way) async throws {
        let wrong = Self.sorted.replacing("\"a\"", with: "\"height\"")
        let chat = ChatScript(.success(wrong), .success(wrong), .success(wrong))
        try await TestServer(provider: chat).test(way) { api in
            let grid = try await api.makeGrid()
            let first = try Self.object(try await api.send(.post, grid.sheet + "/words", #"{"sentence":"sort by height"}"#))
            let question = try #require(first["question"] as? [String: Any])
            #expect(first["outcome"] as? String == "question" && first["calls"] as? Int == 2)
            #expect(question["said"] as? String == "height" && question["choices"] as? [String] == ["A", "B"])
            let again = try await api.send(
                .post, grid.sheet + "/words",
                #"{"sentence":"sort by height","answers":[{"question":"Which?","answer":"B","said":"height"}]}"#)
            #expect(again.text.contains(#"{"step":"sort","column":"c2","direction":"descending"}"#))
        }
    }

    @Test("A provider's refusal is a problem with its reason and what may help", arguments: Way.allCases)
    func refusals(_ way: Way) async throws {
        let chat = ChatScript(
            .failure(ModelFailure(.refused, "the key was refused (check OPENAI_API_KEY)")),
            .failure(ModelFailure(.rateLimited, "busy", retryAfter: .seconds(7))))
        try await TestServer(provider: chat).test(way) { api in
            let grid = try await api.makeGrid()
            let refused = try await api.send(.post, grid.sheet + "/words", #"{"sentence":"sort"}"#)
            #expect(refused.status == 502 && refused.text.contains("check OPENAI_API_KEY"))
            let busy = try await api.send(.post, grid.sheet + "/words", #"{"sentence":"sort"}"#)
            #expect(busy.status == 503 && busy.headers[.retryAfter] == "8")
        }
    }

    @Test(
        "S8: what is empty, too long or not known is refused before a model is asked",
        arguments: [
            (#"{"sentence":" "}"#, 422), (#"{"sentence":"x","view":"v9"}"#, 404), (#"{}"#, 400),
            (#"{"sentence":"x","run":1}"#, 400),
            (#"{"sentence":"\#(String(repeating: "x", count: 2_001))"}"#, 413),
            (
                #"{"sentence":"x","answers":[\#(Array(repeating: #"{"question":"q","answer":"a"}"#, count: 9).joined(separator: ","))]}"#,
                413
            ),
        ])
    func bounds(_ body: String, _ status: Int) async throws {
        let chat = ChatScript(.success(Self.sorted))
        try await TestServer(provider: chat).test(.router) { api in
            let grid = try await api.makeGrid()
            #expect(try await api.send(.post, grid.sheet + "/words", body).status == status)
            #expect(try await api.send(.post, grid.path + "/sheets/s9/words", body).status >= 400)
            #expect(chat.requests.withLock { $0.isEmpty })
        }
    }

    @Test("A run's scope may be a saved view, by itself", arguments: Way.allCases)
    func viewScope(_ way: Way) async throws {
        try await TestServer(provider: ChatScript()).test(way) { api in
            let grid = try await api.makeGrid(rows: 5)
            _ = try await api.send(.patch, grid.sheet + "/columns/c2", #"{"agent":{"prompt":"{{A}}?"}}"#)
            _ = try await api.send(
                .post, grid.sheet + "/views",
                #"{"name":"Two","filter":[{"column":"c1","op":"oneOf","value":["row 1","row 3"]}]}"#)
            let scope = #"{"sheet":"s1","column":"c2","scope":{"view":"v1"}"#
            let estimate = try Self.object(try await api.send(.post, grid.path + "/runs/estimate", scope + "}"))
            #expect(estimate["rows"] as? Int == 2)
            let run = try Self.object(try await api.send(.post, grid.path + "/runs", scope + "}"))
            #expect(run["total"] as? Int == 2 && run["scope"] as? String == "all of Two")
            #expect(try await api.send(.post, grid.path + "/runs/estimate", scope + #","view":"v1"}"#).status == 400)
            #expect(
                try await api.send(.post, grid.path + "/runs/estimate", scope.replacing("v1", with: "v7") + "}").status == 404)
        }
    }
}
