import Exploration
import Testing
import Trace

/// A failing schedule, run again from what was printed of it.
enum Replay {
    /// What the printed line asks for.
    static func options(_ failure: Report.Failure, _ options: Simulation.Options) -> Simulation.Options {
        var again = options
        again.seed = failure.schedule.seed
        again.schedules = 1
        again.shrinks = false
        again.steps = failure.steps.split(separator: " ").compactMap { Step(text: $0) }
        return again
    }

    /// Expects the schedule to have been cut down, to come to the same again, and to be told as a trace.
    static func check(
        _ failure: Report.Failure, _ options: Simulation.Options, broken: (() throws -> Void) throws -> Void = { try $0() }
    ) throws {
        #expect(failure.schedule.steps.count < failure.drawn / 4, "\(failure.schedule.steps.count) of \(failure.drawn)")
        let again = Self.options(failure, options)
        #expect(again.steps == failure.schedule.steps)
        try broken {
            #expect(Simulation.run(again).failure?.violation == failure.violation)
            let events = SimulationTrace.events(of: failure.schedule, again)
            #expect(events.contains { $0.kind == .render } && events.last?.kind == .error)
        }
    }
}

@Suite("Replaying a failure")
struct ReplayTests {
    @Test("a broken rule is found, cut down, and found again from its printed steps; without it they go well")
    func replayed() throws {
        var options = Simulation.Options(seed: 1, schedules: 400)
        options.control = .rowsMoveUnderTheHand
        let failure = try #require(Simulation.run(options).failure)
        try Replay.check(failure, options)
        options.control = []
        #expect(Simulation.run(Replay.options(failure, options)).failure == nil)
    }
}
