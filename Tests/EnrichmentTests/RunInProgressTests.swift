import ChangePipeline
import GridImage
import GridModel
import Ordering
import Testing

@testable import Enrichment

/// The driver's part of a run, on a real grid.
@Suite(.timeLimit(.minutes(60))) struct RunInProgressTests {
    private static let call = CallID(task: 0, serial: 1)

    /// A run over all rows that has begun, and the intents it is given.
    private func begun(on world: RunWorld, _ provider: GatedProvider) throws -> RunInProgress {
        let request = RunRequest(sheet: RunWorld.sheet, column: RunWorld.answer, scope: .all)
        let plan = try RunPlan(request, on: world.grid, provider: provider, limits: RunLimits(), prices: RunWorld.prices)
        var run = RunInProgress(key: .init(grid: world.grid.id, run: RunID(1)), plan: plan, seed: 1)
        _ = run.advance(.begun, at: .zero) { IntentID(high: 9, low: 1) }
        return run
    }

    private func submitted(_ step: RunInProgress.Step) -> [IntentID] {
        step.work.compactMap { if case .submit(_, let submission) = $0 { submission.intent } else { nil } }
    }

    @Test func `S5: a submission that is tried again keeps its intent`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider) { world in
            var run = try begun(on: world, provider)
            var last: UInt64 = 0
            func next() -> IntentID {
                last += 1
                return IntentID(high: 9, low: last)
            }
            let answer = CoreWorld.answer()
            let first = submitted(run.advance(.answerArrived(Self.call, answer), at: .zero, newIntent: next))
            _ = run.advance(.submissionFailed(Self.call, .overloaded), at: .zero, newIntent: next)
            let second = submitted(run.advance(.timerFired, at: .seconds(1), newIntent: next))
            #expect(first.count == 1 && first == second)
        }
    }

    @Test func `E9: a question that is not asked after all is free for another row`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 2, provider: provider) { world in
            var run = try begun(on: world, provider)
            let question = RunQuestion(plan: run.plan, id: Self.call, row: world.rows[0])
            guard case .ask(let prepared) = question.prepare() else {
                Issue.record("nothing to ask")
                return
            }
            run.keep(prepared)
            _ = run.advance(.pauseAsked, at: .zero) { IntentID(high: 9, low: 1) }
            _ = run.advance(.questionReady(Self.call, reserved: RunUsage()), at: .zero) { IntentID(high: 9, low: 2) }
            let turn = run.plan.answers?.begin(prepared.request.values, CallID(task: 1, serial: 1))
            guard case .ask? = turn else {
                Issue.record("\(String(describing: turn))")
                return
            }
        }
    }

    @Test func `E10: after a restart calls in doubt count for the budget at what was set aside for them`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider, limits: RunCoordinatorTests.oneAtATime) { world in
            let run = try await world.start().run
            _ = await provider.next()
            let after = GatedProvider()
            try await world.restarted(after) { next in
                _ = await after.next()
                let recorded = try #require(next.recorded(run))
                let doubt = try #require(recorded.doubts.first)
                let plan = try RunPlan(
                    resuming: recorded, on: next.grid, provider: after, limits: RunLimits(), prices: RunWorld.prices)
                let resumed = RunInProgress(
                    key: .init(grid: next.grid.id, run: run), plan: plan, seed: 1, resuming: recorded)
                #expect(doubt.reserved.tokens > 0)
                #expect(resumed.core.spent == recorded.spent + doubt.reserved)
            }
        }
    }

    @Test func `E9: an answer of another model does not count as known`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider) { world in
            let first = try await world.start().run
            await provider.next().answer("of test")
            _ = await world.end(of: first)
            try await world.submit([
                .setCell(row: world.rows[0], column: RunWorld.answer, value: nil, ifRevision: nil),
                .setColumnAgent(column: RunWorld.answer, agent: AgentSettings(prompt: "Country of {{City}}?", model: "other")),
            ])
            let second = try await world.start(.rows(world.rows)).run
            await provider.next().answer("of other")
            #expect(await world.end(of: second)?.calls == 1)
            #expect(world.text(world.rows[0]) == "of other")
        }
    }

    @Test func `S6: a cell that a person filled meanwhile is not marked as failed`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider) { world in
            let run = try await world.start().run
            let call = await provider.next()
            try await world.edit(world.rows[0], RunWorld.answer, "mine")
            call.fail(ModelFailure(.garbage, "not the protocol"))
            #expect(await world.end(of: run)?.failed == 1)
            #expect(world.grid.snapshot().mark(row: world.rows[0], column: RunWorld.answer) == nil)
        }
    }

    @Test func `S8: so many runs are at work at once, and no more`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider) { world in
            let agent = AgentSettings(prompt: "Country of {{City}}?")
            try await world.submit(
                (0..<RunCoordinator.activeRuns).map { number in
                    .addColumn(
                        sheet: RunWorld.sheet, name: "Answer \(number)", type: .text, width: nil, agent: agent, position: .last)
                })
            for number in 0...RunCoordinator.activeRuns {
                let request = RunRequest(
                    sheet: RunWorld.sheet, column: ColumnID(RunWorld.answer.rawValue + UInt32(number)), scope: .all)
                if number < RunCoordinator.activeRuns {
                    _ = try await world.coordinator.start(request, on: world.grid)
                } else {
                    await #expect(throws: RunRefusal.self) { try await world.coordinator.start(request, on: world.grid) }
                }
            }
        }
    }

    @Test func `S6: a run that goes on is not undone, not even the rows that are through`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 2, provider: provider, limits: RunCoordinatorTests.oneAtATime) { world in
            let run = try await world.start().run
            await provider.next().answer("x")
            let second = await provider.next()
            await #expect(throws: RunRefusal.self) { try await world.coordinator.undo(run, on: world.grid) }
            #expect(world.text(world.rows[0]) == "x")
            second.answer("y")
            _ = await world.end(of: run)
        }
    }
}
