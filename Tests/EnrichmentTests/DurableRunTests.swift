import ChangePipeline
import Enrichment
import GridImage
import GridModel
import Testing

@Suite(.timeLimit(.minutes(60))) struct DurableRunTests {
    @Test func `S7: after a restart a run goes on by itself, what was open is in doubt, listed, and asked again once`()
        async throws
    {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 6, provider: provider, limits: RunCoordinatorTests.twoAtATime) { world in
            let run = try await world.start().run
            for _ in 0..<3 { await provider.next().answer("before") }
            _ = await world.status(run) { $0.committed == 3 && $0.running == 2 }
            let open = [await provider.next(), await provider.next()].map { $0.values[0] }
            let after = GatedProvider()
            try await world.restarted(after) { next in
                let doubts = try #require(next.recorded(run)?.doubts)
                #expect(doubts.count == 2)
                #expect(Set(doubts.compactMap { next.text($0.row, RunWorld.city) }) == Set(open))
                var asked: [String] = []
                for _ in 0..<3 {
                    let call = await after.next()
                    asked.append(call.values[0])
                    call.answer("after")
                }
                let status = try #require(await next.end(of: run))
                #expect(status.state == .finished && status.committed == 6 && status.inDoubt == 2)
                #expect(Set(asked).isSuperset(of: open) && Set(asked).count == 3)
                #expect(status.calls == 8)
                // Five answers reached the log: each is in the ledger, to the token.
                #expect(next.recorded(run)?.spent == RunUsage(input: 60, output: 12, cost: 6 * (10 * 3_000 + 2 * 15_000)))
                #expect(next.recorded(run)?.phase == .finished)
            }
        }
    }

    @Test func `a run that a person paused stays paused after a restart`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 3, provider: provider, limits: RunCoordinatorTests.oneAtATime) { world in
            let run = try await world.start().run
            await provider.next().answer("a")
            let second = await provider.next()
            _ = try world.coordinator.pause(run, of: world.grid.id)
            second.answer("b")
            _ = await world.status(run) { $0.committed == 2 }
            await Self.until { world.recorded(run)?.phase == .paused(reason: nil) }
            let after = GatedProvider()
            try await world.restarted(after) { next in
                #expect(next.coordinator.status(of: run, in: next.grid)?.state == .paused)
                #expect(after.calls == 0)
                _ = try await next.coordinator.resume(run, of: next.grid.id)
                await after.next().answer("c")
                #expect(await next.end(of: run)?.committed == 3)
            }
        }
    }

    @Test func `a budget that a person raised holds after a restart`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 3, provider: provider, limits: RunCoordinatorTests.oneAtATime) { world in
            let request = RunRequest(
                sheet: RunWorld.sheet, column: RunWorld.answer, scope: .all, budget: RunBudget(calls: 1))
            let run = try await world.coordinator.start(request, on: world.grid).run
            await provider.next().answer("a")
            _ = await world.status(run) { $0.state == .paused }
            _ = try await world.coordinator.resume(run, of: world.grid.id, budget: RunBudget(calls: 4))
            _ = await provider.next()
            let after = GatedProvider()
            try await world.restarted(after) { next in
                #expect(next.recorded(run)?.budget == RunBudget(calls: 4))
                await after.next().answer("b")
                await after.next().answer("c")
                #expect(await next.end(of: run)?.committed == 3)
            }
        }
    }

    @Test func `prompts go nowhere else after a restart without a person's word`() async throws {
        let provider = GatedProvider(host: "here:1")
        try await RunWorld.with(rows: 2, provider: provider, limits: RunCoordinatorTests.oneAtATime) { world in
            let run = try await world.start().run
            _ = await provider.next()
            let elsewhere = GatedProvider(host: "elsewhere:2")
            try await world.restarted(elsewhere) { next in
                let status = try #require(next.coordinator.status(of: run, in: next.grid))
                #expect(status.state == .paused)
                #expect(status.reason?.contains("at here:1") == true && status.reason?.contains("at elsewhere:2") == true)
                #expect(elsewhere.calls == 0)
            }
        }
    }

    @Test func `a question that was answered before a restart, or by an earlier run, is not asked again`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 3, provider: provider, limits: RunCoordinatorTests.oneAtATime) { world in
            let first = try await world.start(.first(2)).run
            await provider.next().answer("zero")
            await provider.next().answer("one")
            _ = await world.end(of: first)
            let after = GatedProvider()
            try await world.restarted(after) { next in
                for row in next.rows.prefix(2) {
                    try await next.submit([.setCell(row: row, column: RunWorld.answer, value: nil, ifRevision: nil)])
                }
                let run = try await next.start(.all).run
                await after.next().answer("two")
                let status = try #require(await next.end(of: run))
                #expect(status.committed == 3 && status.calls == 1 && status.shared == 2)
                #expect(next.rows.map { next.text($0) } == ["zero", "one", "two"])
            }
        }
    }

    @Test func `undo gives every answered cell its value from before, and leaves what people changed since`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 3, provider: provider) { world in
            try await world.edit(world.rows[0], RunWorld.answer, "mine, before")
            let run = try await world.start(.rows(world.rows)).run
            for _ in 0..<3 { await provider.next().answer("the model's") }
            _ = await world.end(of: run)
            try await world.edit(world.rows[1], RunWorld.answer, "mine, after")
            await #expect(throws: RunRefusal.noSuchRun(RunID(99))) {
                try await world.coordinator.undo(RunID(99), on: world.grid)
            }
            #expect(try await world.coordinator.undo(run, on: world.grid) == 2)
            #expect(world.rows.map { world.text($0) } == ["mine, before", "mine, after", nil])
            #expect(world.coordinator.status(of: run, in: world.grid)?.undone == 2)
            #expect(try await world.coordinator.undo(run, on: world.grid) == 0)
        }
    }

    @Test func `an estimate begins nothing, counts equal questions once, and learns from earlier runs`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 10, provider: provider) { world in
            for row in world.rows.prefix(4) { try await world.edit(row, RunWorld.city, "Oslo") }
            let request = RunRequest(sheet: RunWorld.sheet, column: RunWorld.answer, scope: .all)
            let blind = try await world.coordinator.estimate(request, on: world.grid)
            #expect(blind.rows == 10 && blind.calls == 7)
            #expect(blind.example == "Country of Oslo?")
            #expect(blind.outputTokens == 7...7 * 256)
            #expect(blind.cost != nil && blind.seconds == nil)
            let run = try await world.start(.first(5)).run
            for _ in 0..<2 { await provider.next().answer("x") }
            _ = await world.end(of: run)
            let wise = try await world.coordinator.estimate(request, on: world.grid)
            #expect(wise.calls == 5)
            #expect(wise.inputTokens.contains(50) && wise.outputTokens.contains(10) && wise.outputTokens.upperBound < 20)
            #expect(provider.calls == 2)
        }
    }

    /// Lets others work until something is so.
    private static func until(_ isSo: () -> Bool) async {
        while !isSo() { await Task.yield() }
    }
}
