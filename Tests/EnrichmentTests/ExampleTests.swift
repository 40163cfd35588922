import ChangePipeline
import GridImage
import GridModel
import Ordering
import Testing

@testable import Enrichment

/// What people filled by hand: shown to the model, and left alone.
@Suite(.timeLimit(.minutes(60))) struct ExampleTests {
    static func fill(_ world: RunWorld, _ answers: [String]) async throws {
        for (row, answer) in zip(world.rows, answers) { try await world.edit(row, RunWorld.answer, answer) }
    }

    @Test func `a cell that a person filled is not asked about again, and the status says so`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 3, provider: provider, limits: RunCoordinatorTests.oneAtATime) { world in
            let first = try await world.start().run
            for _ in 0..<3 { await provider.next().answer("model") }
            _ = await world.end(of: first)
            try await world.edit(world.rows[1], RunWorld.answer, "mine")
            let second = try await world.start().run
            for _ in 0..<2 { await provider.next().answer("again") }
            let status = try #require(await world.end(of: second))
            #expect(status.committed == 2 && status.skipped == 1 && status.skipReasons == ["filled by hand": 1])
            #expect(world.text(world.rows[1]) == "mine")
            // Whoever names the row means it.
            let third = try await world.start(.rows([world.rows[1]])).run
            await provider.next().answer("named")
            #expect(await world.end(of: third)?.committed == 1)
        }
    }

    @Test func `what a run's undo gives back is nobody's edit`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider) { world in
            let anew = RunRequest(sheet: RunWorld.sheet, column: RunWorld.answer, scope: .all, sharesAnswers: false)
            for answer in ["one", "two"] {
                let run = try await world.coordinator.start(anew, on: world.grid).run
                await provider.next().answer(answer)
                _ = await world.end(of: run)
            }
            let last = try #require(world.grid.snapshot().ledger.runs.keys.max())
            #expect(try await world.coordinator.undo(last, on: world.grid) == 1)
            #expect(world.text(world.rows[0]) == "one")
            let run = try await world.coordinator.start(anew, on: world.grid)
            await provider.next().answer("three")
            #expect(await world.end(of: run.run)?.committed == 1)
        }
    }

    @Test func `the newest edits with unchanged inputs are examples, for every call of the run, also after a restart`()
        async throws
    {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 10, provider: provider, limits: RunCoordinatorTests.oneAtATime) { world in
            try await Self.fill(world, (0..<7).map { "answer \($0)" })
            try await world.edit(world.rows[5], RunWorld.city, "Elsewhere")
            let status = try await world.start(.empty)
            #expect(status.examples == [6, 4, 3, 2, 1].map { world.rows[$0] })
            let call = await provider.next()
            #expect(
                call.request?.examples.first
                    == .init(row: world.rows[6], values: ["City 6"], answer: CellValue(text: "answer 6") ?? .yes))
            let sent = call.request?.examples
            // A correction during the run changes nothing about it.
            call.answer("x")
            _ = await world.status(status.run) { $0.committed == 1 }
            try await world.edit(world.rows[0], RunWorld.answer, "newer")
            #expect(await provider.next().request?.examples == sent)
            let after = GatedProvider()
            try await world.restarted(after) { next in
                #expect(await after.next().request?.examples == sent)
                #expect(next.coordinator.status(of: status.run, in: next.grid)?.examples == status.examples)
            }
        }
    }

    @Test func `an agent that wants no examples gets none, and neither do values that are not what it is asked for`()
        async throws
    {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 3, provider: provider, output: .oneOf(["a", "b"])) { world in
            try await Self.fill(world, ["a", "neither"])
            let request = RunRequest(sheet: RunWorld.sheet, column: RunWorld.answer, scope: .empty)
            #expect(try await world.coordinator.estimate(request, on: world.grid).examples == [world.rows[0]])
            try await world.submit([
                .setColumnAgent(column: RunWorld.answer, agent: AgentSettings(prompt: "{{City}}?", usesExamples: false))
            ])
            #expect(try await world.coordinator.estimate(request, on: world.grid).examples.isEmpty)
        }
    }

    @Test func `an edit is found beneath a thousand newer answers of others, and the newest ones come first`() async throws {
        try await RunWorld.with(rows: 1_002, provider: GatedProvider()) { world in
            try await world.edit(world.rows[0], RunWorld.answer, "old")
            let others = world.rows[2...].map {
                Change.setCell(row: $0, column: RunWorld.answer, value: CellValue(text: "by a program"), ifRevision: nil)
            }
            _ = try await world.grid.submit(
                Command(intent: IntentID(high: 5, low: 1), cause: Cause(kind: .program), changes: others))
            let request = RunRequest(sheet: RunWorld.sheet, column: RunWorld.answer, scope: .all)
            #expect(try await world.coordinator.estimate(request, on: world.grid).examples == [world.rows[0]])
            try await world.edit(world.rows[1], RunWorld.answer, "new")
            #expect(try await world.coordinator.estimate(request, on: world.grid).examples == [1, 0].map { world.rows[$0] })
        }
    }

    @Test func `S8: examples are bounded in bytes`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 8, provider: provider) { world in
            let long = String(repeating: "x", count: 1_900)
            try await Self.fill(world, [long, long, long, long, String(repeating: "y", count: 3_000), "short"])
            let request = RunRequest(sheet: RunWorld.sheet, column: RunWorld.answer, scope: .empty)
            let examples = try await world.coordinator.estimate(request, on: world.grid).examples
            #expect(examples == [5, 3, 2, 1].map { world.rows[$0] })
        }
    }

    @Test func `answers given with other examples are not taken for the same question`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 3, provider: provider, limits: RunCoordinatorTests.oneAtATime) { world in
            try await world.edit(world.rows[1], RunWorld.city, "City 0")
            try await world.edit(world.rows[2], RunWorld.city, "Rome")
            let first = try await world.start(.rows([world.rows[0]])).run
            await provider.next().answer("before")
            _ = await world.end(of: first)
            try await world.edit(world.rows[2], RunWorld.answer, "Italy")
            let second = try await world.start(.rows([world.rows[1]])).run
            await provider.next().answer("after")
            _ = await world.end(of: second)
            #expect(world.text(world.rows[1]) == "after")
            let detail = try await world.grid.history(row: world.rows[1], column: RunWorld.answer, limit: 1).first?.cause.detail
            #expect(detail?.contains("\"examples\":[\"\(world.rows[2])\"]") == true)
        }
    }
}
