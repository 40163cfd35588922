import ChangePipeline
import GridImage
import GridModel
import Synchronization
import Testing

@testable import Enrichment

/// What turns of plain words ask is in the grid's log, as a run's calls are.
@Suite(.timeLimit(.minutes(1))) struct WordsBookTests {
    private static let plan = ScriptedChat.Reply.text(WordsWorld.plan(WordsWorld.japan))

    @Test
    func `E10: each call is in the log before it is made and with its cost after it, under the name that the provider hears`()
        async throws
    {
        let prices = PriceTable(prices: ["test": .init(input: 3_000, output: 15_000)])
        let chat = ScriptedChat([.text("no"), Self.plan, .failure(ModelFailure(.rateLimited, "429"))])
        try await WordsWorld.with(chat, prices: prices) { desk, grid in
            _ = try await desk.turn(WordsWorld.question(), in: grid) { _ in }
            let words = grid.snapshot().ledger.words
            #expect(words.calls == 2 && words.open.isEmpty && words.doubtCount == 0)
            #expect(words.spent == RunUsage(input: 200, output: 40, cost: 200 * 3_000 + 40 * 15_000))
            _ = try? await desk.turn(WordsWorld.question(), in: grid) { _ in }
            #expect(grid.snapshot().ledger.words.calls == 3 && grid.snapshot().ledger.words.spent == words.spent)
            #expect(chat.requests.withLock { $0.map(\.requestID) } == ["words-1", "words-2", "words-3"])
        }
    }

    @Test func `E13: a call that was lost is in doubt, and so is one that was stopped`() async throws {
        struct Gone: Error {}
        let chat = ScriptedChat([.failure(ModelFailure(.lost, "gone")), .silence])
        try await WordsWorld.with(chat, clock: JumpingTime()) { desk, grid in
            _ = try? await desk.turn(WordsWorld.question(), in: grid) { _ in }
            let first = grid.snapshot().ledger.words
            #expect(first.doubts.map(\.number) == [1] && first.open.isEmpty && first.spent == RunUsage())
            #expect((first.doubts.first?.reserved.tokens ?? 0) > UInt64(PlanLimits.answerTokens))
            _ = try? await desk.turn(WordsWorld.question(), in: grid) { progress in
                if progress.calls == 1 { throw Gone() }
            }
            let second = grid.snapshot().ledger.words
            #expect(second.doubts.map(\.number) == [1, 2] && second.open.isEmpty)
        }
    }

    @Test func `E10: after a restart what was open is in doubt with the next turn, and numbers go on`() async throws {
        try await WordsWorld.with(ScriptedChat([])) { _, grid in
            let cause = Cause(kind: .agent, run: .words)
            let asked = RunFact.asked(task: 7, call: 7, reserved: RunUsage(input: 30, output: 20))
            _ = try await grid.submit(
                Command(intent: IntentID(high: 3, low: 1), cause: cause, changes: [.noteRun(.words, asked)]))
            #expect(grid.snapshot().ledger.words.open.keys.sorted() == [7])
            let chat = ScriptedChat([Self.plan])
            _ = try await WordsWorld.desk(chat).turn(WordsWorld.question(), in: grid) { _ in }
            let words = grid.snapshot().ledger.words
            #expect(words.doubts == [.init(number: 7, reserved: RunUsage(input: 30, output: 20))] && words.open.isEmpty)
            #expect(words.calls == 2 && words.spent.tokens == 120)
            #expect(chat.requests.withLock { $0.map(\.requestID) } == ["words-8"])
        }
    }
}
