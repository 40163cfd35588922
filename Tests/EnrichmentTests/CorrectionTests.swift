import ChangePipeline
import GridImage
import GridModel
import Synchronization
import Testing

@testable import Enrichment

/// A wrong answer is asked again with the reason.
@Suite(.timeLimit(.minutes(60))) struct CorrectionTests {
    static func wrong(_ kind: ModelFailure.Kind = .wrongType) -> ModelFailure {
        var failure = ModelFailure(kind, "not a number: x", usage: RunUsage(input: 10, output: 1))
        failure.wrong = WrongAnswer(values: ["City 0"], text: "x", reason: "not a number")
        return failure
    }

    @Test(arguments: [ModelFailure.Kind.empty, .wrongType, .notAChoice, .schemaViolated])
    func `E12: a wrong answer is asked again with the reason, twice, each call booked, and then the cell fails`(
        _ kind: ModelFailure.Kind
    ) {
        var world = CoreWorld(rows: 1, limits: CoreWorld.limits { $0.attempts = 1 })
        var id = CoreWorld.calls(world.handle(.begun))[0]
        for correction in 1...2 {
            let effects = world.handle(.callFailed(id, Self.wrong(kind)))
            let wrong = KeptWrongAnswer(question: 0, text: "x", reason: "not a number")
            #expect(
                effects.contains(.book(id, CallEnd(call: id.serial, usage: RunUsage(input: 10, output: 1), wrong: wrong))))
            let again = CoreWorld.calls(effects)
            #expect(again.map(\.serial) == [UInt32(correction + 1)])
            #expect(world.core.turn(of: 0).corrections.count == correction)
            id = again[0]
        }
        let effects = world.handle(.callFailed(id, Self.wrong(kind)))
        #expect(CoreWorld.marks(effects) == [.failed(reason: "not a number: x (told what was wrong 2 times)")])
        #expect(world.core.tally.usage == RunUsage(input: 30, output: 3))
        world.handle(.markCommitted(id))
        #expect(world.core.tally.corrections == 2 && world.core.tally.failed == 1)
        #expect(world.core.turn(of: 0).corrections.isEmpty)
    }

    @Test func `corrections begin anew with a new question, and are no attempts`() {
        var world = CoreWorld(rows: 1, limits: CoreWorld.limits { ($0.attempts, $0.corrections) = (1, 1) })
        var id = CoreWorld.calls(world.handle(.begun))[0]
        id = CoreWorld.calls(world.handle(.callFailed(id, Self.wrong())))[0]
        id = CoreWorld.calls(world.answer(id, .inputsChanged))[0]
        #expect(world.core.turn(of: 0) == RunCore.Turn())
        id = CoreWorld.calls(world.handle(.callFailed(id, Self.wrong())))[0]
        #expect(world.answer(id).contains(.ended(.finished)))
    }

    @Test func `a refused schema is left out at once, once, and counts as no attempt`() {
        var world = CoreWorld(rows: 1, limits: CoreWorld.limits { $0.attempts = 1 })
        let id = CoreWorld.calls(world.handle(.begun))[0]
        let again = CoreWorld.calls(world.handle(.callFailed(id, ModelFailure(.schemaRefused, "400"))))
        #expect(again.map(\.serial) == [2] && world.core.turn(of: 0).isPlain)
        let effects = world.handle(.callFailed(again[0], ModelFailure(.schemaRefused, "400")))
        #expect(CoreWorld.marks(effects) == [.failed(reason: "400")])
    }

    @Test func `a paused run corrects nothing until it is resumed`() {
        var world = CoreWorld(rows: 1)
        let id = CoreWorld.calls(world.handle(.begun))[0]
        world.handle(.pauseAsked)
        #expect(CoreWorld.calls(world.handle(.callFailed(id, Self.wrong()))).isEmpty)
        #expect(CoreWorld.calls(world.handle(.resumeAsked)).count == 1)
    }

    @Test func `rows with the same question wait while it is corrected, also when the row in between is gone`() {
        var world = CoreWorld(rows: 3, limits: CoreWorld.limits { $0.concurrentCalls = 2 })
        world.unready = [1]
        let first = CoreWorld.calls(world.handle(.begun))[0]
        let other = CoreWorld.turns(world.effects)[1]
        world.unready = [1, 2]
        world.takesNotes = false
        world.handle(.questionShared(other, with: first))
        world.handle(.callFailed(first, Self.wrong()))
        #expect(world.core.state(of: RowID(1)) == .waiting)
        // Its row is gone by now: the grid cannot take what the call cost.
        world.handle(.submissionFailed(first, .refused("gone")))
        #expect(world.core.state(of: RowID(0)) == .skipped)
        #expect(world.core.state(of: RowID(1)) == .calling)
    }

    @Test
    func `E9: a wrong answer is corrected for all rows with the question, and what never fits is asked three times in all`()
        async throws
    {
        let provider = GatedProvider()
        let type = try AnswerType(choices: ["Europe", "Asia"])
        let limits = RunCoordinatorTests.twoAtATime
        try await RunWorld.with(rows: 6, provider: provider, limits: limits, prompt: "Continent of {{City}}?", output: type) {
            world in
            for (index, row) in world.rows.enumerated() {
                try await world.edit(row, RunWorld.city, index < 3 ? "Oslo" : "Atlantis")
            }
            let run = try await world.start().run
            var asked: [String: Int] = [:]
            for _ in 0..<5 {
                let call = await provider.next()
                asked[call.values[0], default: 0] += 1
                let corrections = call.request?.corrections ?? []
                #expect(corrections.count == (asked[call.values[0]] ?? 0) - 1)
                #expect(corrections.allSatisfy { $0.reason.contains("not one of \"Europe\", \"Asia\"") })
                call.answer(call.values[0] == "Oslo" && !corrections.isEmpty ? "europe" : "Nowhere")
            }
            let status = try #require(await world.end(of: run))
            #expect(asked == ["Oslo": 2, "Atlantis": 3])
            #expect(status.committed == 3 && status.failed == 3 && status.calls == 5 && status.corrections == 3)
            #expect(world.text(world.rows[2]) == "Europe")
            // E10: every attempt is in the ledger.
            #expect(world.recorded(run)?.spent == RunUsage(input: 50, output: 10, cost: 5 * (10 * 3_000 + 2 * 15_000)))
            // Whichever row asked, for all with its question.
            var details = ""
            for row in world.rows {
                let history = try await world.grid.history(row: row, column: RunWorld.answer, limit: 1)
                details += history.compactMap(\.cause.detail).joined()
            }
            #expect(details.contains(#""corrections":[{"answer":"Nowhere","reason":"not one of"#))
            #expect(details.contains(#""failure":"notAChoice""#))
            // The tokens of what was sent back are told with the answer's own.
            #expect(details.contains(#""inputTokens":20,"outputTokens":4"#))
        }
    }

    @Test func `E12: after a restart the model is told what was wrong before it, and twice at most over both`() async throws {
        let provider = GatedProvider()
        let limits = RunCoordinatorTests.oneAtATime
        try await RunWorld.with(rows: 2, provider: provider, limits: limits, output: .number) { world in
            let run = try await world.start().run
            let first = await provider.next()
            first.answer("one")
            #expect(await provider.next().request?.corrections.map(\.text) == ["one"])
            let second = GatedProvider()
            try await world.restarted(second) { world in
                // The correction was open at the restart: it is in doubt, and asked again as it was.
                let call = await second.next()
                #expect(call.values == first.values && call.request?.corrections.map(\.text) == ["one"])
                #expect(call.request?.corrections.first?.reason.contains("number") == true)
                call.answer("two")
                let again = await second.next()
                #expect(again.request?.corrections.map(\.text) == ["one", "two"])
                let third = GatedProvider()
                try await world.restarted(third) { world in
                    let last = await third.next()
                    #expect(last.values == first.values && last.request?.corrections.map(\.text) == ["one", "two"])
                    last.answer("three")
                    await third.next().answer("4")
                    let status = try #require(await world.end(of: run))
                    #expect(status.committed == 1 && status.failed == 1 && status.inDoubt == 2)
                    let recorded = try #require(world.recorded(run))
                    #expect(recorded.spent.tokens == 4 * 12 && recorded.wrong.isEmpty)
                    let failed = try #require(world.rows.first { world.text($0, RunWorld.city) == first.values[0] })
                    let mark = world.grid.snapshot().mark(row: failed, column: RunWorld.answer)
                    guard case .failed(let reason) = mark else { throw RunRefusal.nothingToDo }
                    #expect(reason.hasSuffix("(told what was wrong 2 times)"))
                }
            }
        }
    }

    @Test func `after a restart a question that has changed is asked afresh`() async throws {
        let provider = GatedProvider()
        let limits = RunCoordinatorTests.oneAtATime
        try await RunWorld.with(rows: 1, provider: provider, limits: limits, output: .number) { world in
            let run = try await world.start().run
            await provider.next().answer("one")
            #expect(await provider.next().request?.corrections.count == 1)
            try await world.edit(world.rows[0], RunWorld.city, "Oslo")
            let after = GatedProvider()
            try await world.restarted(after) { world in
                let call = await after.next()
                #expect(call.values == ["Oslo"] && call.request?.corrections.isEmpty == true)
                call.answer("7")
                #expect(await world.end(of: run)?.committed == 1)
            }
        }
    }

    @Test func `a value comes out of its document for every row with the question, also of a later run`() async throws {
        let provider = GatedProvider(asDocument: true)
        try await RunWorld.with(rows: 3, provider: provider, limits: RunCoordinatorTests.twoAtATime, output: .number) { world in
            for row in world.rows { try await world.edit(row, RunWorld.city, "Oslo") }
            let first = try await world.start(.first(2)).run
            await provider.next().answer(#"{"value": 7}"#)
            #expect(await world.end(of: first)?.committed == 2)
            let second = try await world.start(.empty).run
            #expect(await world.end(of: second)?.committed == 1)
            #expect(provider.calls == 1 && world.rows.map { world.text($0) } == ["7", "7", "7"])
        }
    }

    @Test func `a question whose inputs change while it is corrected is asked as it is by then`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 2, provider: provider, limits: RunCoordinatorTests.oneAtATime, output: .number) { world in
            for row in world.rows { try await world.edit(row, RunWorld.city, "Oslo") }
            let run = try await world.start().run
            let first = await provider.next()
            try await world.edit(world.rows[0], RunWorld.city, "Rome")
            first.answer("none")
            let second = await provider.next()
            #expect(second.values == ["Rome"] && second.request?.corrections == [])
            second.answer("1")
            let third = await provider.next()
            #expect(third.values == ["Oslo"])
            third.answer("2")
            #expect(await world.end(of: run)?.committed == 2)
        }
    }
}

/// What the wire is asked of a typed cell, and of a server that knows no schemas.
struct TypedRequestTests {
    /// Refuses every request with a schema.
    final class OldServer: ModelTransport {
        let inner = ScriptedTransport(OpenAIProviderTests.whole)

        func send(_ request: TransportRequest, deliver: (TransportPart) throws(ModelFailure) -> Void) async throws(ModelFailure)
        {
            guard String(decoding: request.body, as: UTF8.self).contains("response_format") else {
                return try await inner.send(request, deliver: deliver)
            }
            inner.requests.withLock { $0.append(request) }
            try deliver(.head(status: 400, headers: []))
            try deliver(.bytes(Array(#"{"error":{"message":"unknown field response_format"}}"#.utf8)))
        }

        var bodies: [String] { inner.requests.withLock { $0.map { String(decoding: $0.body, as: UTF8.self) } } }
    }

    static func ask(_ request: ModelRequest, _ provider: WireProvider) async throws(ModelFailure) -> ModelAnswer {
        var collector = AnswerCollector(most: 1_000)
        try await provider.stream(request) { (event) throws(ModelFailure) in try collector.receive(event) }
        return try collector.answer()
    }

    static func provider(_ transport: any ModelTransport) throws -> WireProvider {
        let address = try ModelAddress("http://127.0.0.1:1/v1", for: .openAI)
        return WireProvider(.init(api: .openAI, address: address, key: nil, model: "small"), transport: transport)
    }

    @Test func `a server that refuses a schema is asked without, and not sent it again`() async throws {
        let server = OldServer()
        let provider = try Self.provider(server)
        var request = try OpenAIProviderTests.request(type: try AnswerType(choices: ["Norway", "Italy"]))
        await #expect { try await Self.ask(request, provider) } throws: { ($0 as? ModelFailure)?.kind == .schemaRefused }
        request.isPlain = true
        let answer = try await Self.ask(request, provider)
        #expect(answer.text == "Norway" && !answer.isDocument)
        request.isPlain = false
        _ = try await Self.ask(request, provider)
        #expect(server.bodies.map { $0.contains("response_format") } == [true, false, false])
        #expect(server.bodies[1].contains(#"exactly as written: [\"Norway\", \"Italy\"]"#))
    }

    @Test func `a prompt that is refused without a schema as well is no reason to leave schemas out`() async throws {
        let transport = ScriptedTransport(status: 400, #"{"error":{"message":"too long"}}"#)
        let provider = try Self.provider(transport)
        var request = try OpenAIProviderTests.request(type: .number)
        request.isPlain = true
        await #expect { try await Self.ask(request, provider) } throws: { ($0 as? ModelFailure)?.kind == .rejected }
        request.isPlain = false
        await #expect { try await Self.ask(request, provider) } throws: { ($0 as? ModelFailure)?.kind == .schemaRefused }
    }

    @Test func `examples come before the row and corrections after it, in the shape that is asked for`() async throws {
        var request = try OpenAIProviderTests.request(type: .boolean)
        request.examples = [.init(row: RowID(9), values: ["Rome"], answer: .yes)]
        request.corrections = [WrongAnswer(values: [], text: "maybe", reason: "not yes or no: maybe")]
        let turns = ChatRequest(request, asDocument: true).turns
        #expect(
            turns == [
                .person("Country of Rome?"), .model(#"{"value":true}"#), .person("Country of \"Oslo\"\n?"), .model("maybe"),
                .person("That cannot be taken: not yes or no: maybe. Answer again, with what was asked for only."),
            ])
        #expect(ChatRequest(request, asDocument: false).turns[1] == .model("true"))
        #expect(ChatRequest(request, asDocument: true).schema?.json.contains(#"{"value":{"type":"boolean"}}"#) == true)
        #expect(ChatRequest(try OpenAIProviderTests.request(), asDocument: true).schema == nil)
    }
}
