import GridModel
import Ordering
import Testing

@testable import Enrichment

/// What a run sets aside, writes down and takes up again.
struct RunMemoryTests {
    @Test func `a budget of tokens is never passed, gives back what calls do not use, and pauses the run`() {
        var world = CoreWorld(rows: 100, limits: CoreWorld.limits { $0.concurrentCalls = 4 }, budget: RunBudget(tokens: 100))
        world.reserve = RunUsage(input: 20, output: 20)
        var open = CoreWorld.calls(world.handle(.begun))
        #expect(open.count == 2)  // 40 and 40 of 100: a third might pass it
        while let id = open.popLast() { open += CoreWorld.calls(world.answer(id)) }
        // Each call used 12: the last one begins at 60 spent, when 40 are left.
        #expect(world.core.tally.usage.tokens == 72)
        #expect(world.core.phase == .paused(.budget("the budget of 100 tokens is used up; raise it to go on")))
        #expect(world.effects.contains(.record(.paused(reason: "the budget of 100 tokens is used up; raise it to go on"))))
        world.handle(.budgetSet(RunBudget(tokens: 200)))
        #expect(!CoreWorld.calls(world.handle(.resumeAsked)).isEmpty)
    }

    @Test func `a budget of calls is kept to the call`() {
        var world = CoreWorld(rows: 100, budget: RunBudget(calls: 7))
        var open = CoreWorld.calls(world.handle(.begun))
        while let id = open.popLast() { open += CoreWorld.calls(world.answer(id)) }
        #expect(world.core.tally.calls == 7 && world.core.tally.committed == 7)
        #expect(world.core.phase == .paused(.budget("the budget of 7 calls is used up; raise it to go on")))
    }

    @Test func `phases are written down one after the other, and a run is over when its end is`() {
        var world = CoreWorld(rows: 1)
        world.takesNotes = false
        let id = CoreWorld.calls(world.handle(.begun))[0]
        #expect(world.handle(.pauseAsked).contains(.record(.paused(reason: nil))))
        #expect(!world.handle(.resumeAsked).contains { if case .record = $0 { true } else { false } })
        #expect(world.handle(.phaseRecorded(.paused(reason: nil))).contains(.record(.running)))
        world.handle(.phaseRecorded(.running))
        let effects = world.answer(id)
        #expect(effects.contains(.record(.finished)) && !effects.contains(.ended(.finished)))
        #expect(world.handle(.phaseNotRecorded(.noRoom("full"))).isEmpty == false)
        let again = world.advance(by: .seconds(31))
        #expect(again.contains(.record(.finished)))
        #expect(world.handle(.phaseRecorded(.finished)).contains(.ended(.finished)))
    }

    @Test func `a run that goes on asks about the open rows only, under new call numbers, and counts what is in doubt`() {
        let past = RunPast(
            phase: .running, spent: RunUsage(input: 50, output: 30), usage: RunUsage(input: 20, output: 10), calls: 3
        ) { task in
            [(.committed, 1), (.open, 2), (.failed, 5), (.open, 0)][task]
        }
        var world = CoreWorld(rows: 4, budget: RunBudget(tokens: 100), past: past)
        world.reserve = RunUsage(input: 10, output: 10)
        let calls = CoreWorld.calls(world.handle(.begun))
        #expect(calls == [CallID(task: 1, serial: 3)])
        #expect(world.core.tally.committed == 1 && world.core.tally.failed == 1)
        let next = CoreWorld.calls(world.answer(calls[0]))
        #expect(next.isEmpty)
        #expect(world.core.phase == .paused(.budget("the budget of 100 tokens is used up; raise it to go on")))
        #expect(world.core.tally.usage == RunUsage(input: 30, output: 12))
    }

    @Test func `a run that could not write down that a call begins goes on by itself when there is room`() {
        var world = CoreWorld(rows: 2, limits: CoreWorld.limits { $0.concurrentCalls = 1 })
        let id = CoreWorld.calls(world.handle(.begun))[0]
        world.handle(.notAsked(id, .noRoom("the disk is full")))
        #expect(world.core.phase == .paused(.noRoom("the disk is full")))
        #expect(CoreWorld.calls(world.advance(by: .seconds(29))).isEmpty)
        let again = CoreWorld.calls(world.advance(by: .seconds(2)))
        #expect(again.map(\.task) == [0])
        #expect(world.core.tally.calls == 1)
    }
}
