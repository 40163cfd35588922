import ChangePipeline
import GridImage
import GridModel
import Testing

@testable import Enrichment

/// A call whose connection ended before a reply may have been read and paid for.
@Suite(.timeLimit(.minutes(60))) struct LostCallTests {
    static let lost = ModelFailure(.lost, "the connection ended")
    static let reserve = RunUsage(input: 100, output: 20, cost: 3)

    @Test func `E13: a lost call is written down as in doubt before its question is asked again, and the budget counts it`() {
        var world = CoreWorld(
            rows: 1, limits: CoreWorld.limits { $0.concurrentCalls = 1 }, budget: RunBudget(tokens: 2 * Self.reserve.tokens - 1)
        )
        (world.reserve, world.takesNotes) = (Self.reserve, false)
        let id = CoreWorld.calls(world.handle(.begun))[0]
        let effects = world.handle(.callFailed(id, Self.lost))
        #expect(effects.contains(.doubt(id)))
        #expect(CoreWorld.calls(world.advance(by: .seconds(60))).isEmpty)
        #expect(world.core.tally.usage == RunUsage() && world.core.spent == Self.reserve)
        #expect(world.core.tally.doubts == 1)
        world.handle(.costBooked(id))
        // As much again would pass the budget by one.
        #expect(CoreWorld.calls(world.advance(by: .seconds(60))).isEmpty)
        guard case .paused(.budget) = world.core.phase else {
            Issue.record("\(world.core.phase)")
            return
        }
        world.handle(.budgetSet(RunBudget(tokens: 2 * Self.reserve.tokens)))
        #expect(CoreWorld.calls(world.handle(.resumeAsked)).count == 1)
    }

    @Test func `E13: the last attempt's doubt is in the log before its cell fails`() {
        var world = CoreWorld(rows: 1, limits: CoreWorld.limits { $0.attempts = 1 })
        world.takesNotes = false
        let id = CoreWorld.calls(world.handle(.begun))[0]
        let effects = world.handle(.callFailed(id, Self.lost))
        #expect(effects.contains(.doubt(id)) && CoreWorld.marks(effects).isEmpty)
        #expect(CoreWorld.marks(world.handle(.submissionFailed(id, .overloaded))).isEmpty)
        #expect(world.advance(by: .seconds(1)).contains(.doubt(id)))
        #expect(CoreWorld.marks(world.handle(.costBooked(id))) == [.failed(reason: "the connection ended (1 attempts)")])
        world.handle(.markCommitted(id))
        #expect(world.core.tally.failed == 1)
    }

    @Test
    func `E13: a lost call is listed, its question is asked again, and the ledger has what is known; a restart keeps both`()
        async throws
    {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 2, provider: provider, limits: RunCoordinatorTests.oneAtATime) { world in
            let run = try await world.start().run
            await provider.next().fail(Self.lost)
            let again = await provider.next()
            #expect(again.values == ["City 0"] || again.values == ["City 1"])
            _ = await world.status(run) { $0.inDoubt == 1 && $0.running == 1 }
            let doubts = try #require(world.recorded(run)?.doubts)
            #expect(doubts.map(\.call) == [1])
            again.answer("x")
            _ = await world.status(run) { $0.committed == 1 }
            let after = GatedProvider()
            try await world.restarted(after) { next in
                await after.next().answer("y")
                let status = try #require(await next.end(of: run))
                // The call that was open at the restart is the second in doubt, if it had begun.
                #expect(status.committed == 2 && (1...2).contains(status.inDoubt))
                #expect(next.recorded(run)?.doubts.prefix(1).map(\.call) == [1])
                #expect(next.recorded(run)?.spent.tokens == 24)
            }
        }
    }

    @Test func `a cell whose last attempt was lost says so`() async throws {
        let provider = GatedProvider()
        let limits = CoreWorld.limits { ($0.concurrentCalls, $0.attempts) = (1, 1) }
        try await RunWorld.with(rows: 1, provider: provider, limits: limits) { world in
            let run = try await world.start().run
            await provider.next().fail(Self.lost)
            let status = try #require(await world.end(of: run))
            #expect(status.failed == 1 && status.inDoubt == 1)
            #expect(
                world.grid.snapshot().mark(row: world.rows[0], column: RunWorld.answer)
                    == .failed(reason: "the connection ended (1 attempts)"))
            #expect(world.recorded(run)?.spent == RunUsage() && world.recorded(run)?.openCalls.isEmpty == true)
        }
    }
}
