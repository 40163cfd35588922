import ChangePipeline
import GridImage
import GridModel
import Synchronization
import Testing

@testable import Enrichment

/// The driver of a turn: calls, costs, times.
struct WordsDeskTests {
    static func turn(_ replies: [ScriptedChat.Reply]) async throws -> WordsDesk.Result {
        let prices = PriceTable(prices: ["test": .init(input: 3_000, output: 15_000)])
        var result: WordsDesk.Result?
        try await WordsWorld.with(ScriptedChat(replies), prices: prices) { desk, grid in
            result = try await desk.turn(WordsWorld.question(), in: grid) { _ in }
        }
        return try #require(result)
    }

    /// What the demo rules make of a sentence.
    static func byRules(_ sentence: String) async throws -> WordsDesk.Result {
        var result: WordsDesk.Result?
        try await WordsWorld.with(DemoRulesProvider(clock: FrozenTime())) { desk, grid in
            result = try await desk.turn(WordsWorld.question(sentence), in: grid) { _ in }
            #expect(grid.snapshot().ledger.words.calls == 0)
        }
        return try #require(result)
    }

    @Test func `a turn tells its calls, tokens and cost, those of refused answers too`() async throws {
        let result = try await Self.turn([.text("no"), .text(WordsWorld.plan(WordsWorld.japan))])
        #expect(result.calls == 2)
        #expect(result.usage == RunUsage(input: 200, output: 40, cost: 200 * 3_000 + 40 * 15_000))
    }

    @Test(arguments: [ModelFailure.Kind.refused, .unreachable, .rateLimited, .serverFailed, .cut])
    func `a failure of the provider is the turn's`(_ kind: ModelFailure.Kind) async {
        await #expect {
            try await Self.turn([.failure(ModelFailure(kind, "sorry"))])
        } throws: { error in
            guard case .model(let failure)? = error as? WordsDesk.Failure else { return false }
            return failure.kind == kind
        }
    }

    @Test func `a model that says nothing is given up after the turn's time, and reports went out meanwhile`() async throws {
        let reports = Mutex<[WordsDesk.Progress]>([])
        try await WordsWorld.with(ScriptedChat([.silence]), clock: JumpingTime()) { desk, grid in
            await #expect {
                try await desk.turn(WordsWorld.question(), in: grid) { progress in reports.withLock { $0.append(progress) } }
            } throws: { error in
                guard case .model(let failure)? = error as? WordsDesk.Failure else { return false }
                return failure.kind == .timedOut
            }
        }
        #expect(reports.withLock { $0.count } == Int(WordsDesk.turnTime / WordsDesk.reportTime) - 1)
    }

    @Test func `whoever stops listening stops the call`() async throws {
        struct Gone: Error {}
        try await WordsWorld.with(ScriptedChat([.silence]), clock: JumpingTime()) { desk, grid in
            await #expect(throws: Gone.self) { try await desk.turn(WordsWorld.question(), in: grid) { _ in throw Gone() } }
        }
    }

    @Test func `S8: more turns at once than the desk takes are refused`() async throws {
        let chat = ScriptedChat(Array(repeating: .silence, count: WordsDesk.turnsAtOnce))
        try await WordsWorld.with(chat) { desk, grid in
            let turns = (0..<WordsDesk.turnsAtOnce).map { _ in
                Task { try await desk.turn(WordsWorld.question(), in: grid) { _ in } }
            }
            while chat.requests.withLock({ $0.count }) < turns.count { await Task.yield() }
            await #expect {
                try await desk.turn(WordsWorld.question(), in: grid) { _ in }
            } throws: { $0 as? WordsDesk.Failure == .busy(most: 8) }
            for turn in turns { turn.cancel() }
            for turn in turns { _ = await turn.result }
        }
    }

    @Test(arguments: [
        ("sort by elevation, highest first", #"[sort 8 down]"#),
        ("Sort by country then sort by name descending", "[sort 2][sort 1 down]"),
        ("keep only country is JP and elevation above 500", "[2 equals JP][8 > 500]"),
        ("keep only rows with country is not empty and sort by elevation ascending", "[2 isNotEmpty][sort 8]"),
        ("name contains 'Old Town'", "[1 contains Old Town]"), ("show only elevation at most 1,000 ft.", "[8 <= 1000]"),
    ])
    func `without a model, rules read simple sentences`(_ sentence: String, _ expected: String) async throws {
        let result = try await Self.byRules(sentence)
        guard case .plan(let proposal) = result.outcome else {
            Issue.record("\(result.outcome)")
            return
        }
        let told = proposal.plan.steps.map { step in
            switch step {
            case .filter(let filter, _):
                "[\(([filter.column.rawValue.description, filter.operation.rawValue] + filter.values.map(\.displayText)).joined(separator: " "))]"
            case .sort(let sort, _): "[sort \(sort.column.rawValue)\(sort.descending ? " down" : "")]"
            case .addColumn, .fillColumn: "[?]"
            }
        }
        #expect(told.joined() == expected)
        #expect(result.calls == 0 && result.usage == RunUsage())
    }

    @Test(arguments: [
        "add the country's name in Portuguese", "airports in Japan", "", "sort", "keep only", "is", "sort by height",
    ])
    func `without a model, everything else is answered with what is understood`(_ sentence: String) async throws {
        let result = try await Self.byRules(sentence)
        guard case .question(let question) = result.outcome else {
            Issue.record("\(result.outcome)")
            return
        }
        #expect(!question.choices.isEmpty)
    }
}
