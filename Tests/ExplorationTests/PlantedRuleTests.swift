import Exploration
import Testing
import Trace

@Suite("Planted faults")
struct PlantedRuleTests {
    /// The oracles that may notice each broken rule of the ordering core.
    static let expected: [String: Set<Oracle>] = [
        "ignoreIdentity": [.c1, .c2, .c4], "ignoreRevision": [.c1, .c2, .c4, .c9], "ignoreCoherence": [.c4, .c2, .c9, .c5],
        "forgetSignalsInFlight": [.c4, .c5, .c9], "signalsTouchNothing": [.c4, .c5, .c8, .c9],
        "ignoreHoles": [.c4, .c5, .c9, .c11],
        "noBurst": [.c6], "alwaysRead": [.c7], "unboundedCache": [.c8], "keepTouchedPages": [.c8],
        "releaseOnAcknowledgement": [.c9], "paintBelowAcknowledgement": [.c9], "wholeRangeFirst": [.c11],
        "neverRetry": [.c5, .s8],
        "ignoreSensitiveColumns": [.c4, .c5, .c8, .c9], "evictMostRecent": [.c8],
        "advanceWithFrontier": [.c4, .c5], "advanceWithoutFloor": [.c2], "neverAdvance": [.c5], "noMaximumWait": [.c6],
    ]

    @Test("a planted fault is found, cut down, and found again from its printed steps")
    func replayed() throws {
        var options = Simulation.Options(seed: 1, schedules: 400)
        options.planted = try #require(PlantedRule.all.first { $0.name == "ignoreHoles" }).mutant
        let failure = try #require(Simulation.run(options).failure)
        #expect(failure.schedule.steps.count < failure.drawn / 4, "\(failure.schedule.steps.count) of \(failure.drawn)")
        var again = options
        again.seed = failure.schedule.seed
        again.schedules = 1
        again.shrinks = false
        again.steps = failure.steps.split(separator: " ").compactMap { Step(text: $0) }
        #expect(again.steps == failure.schedule.steps)
        #expect(Simulation.run(again).failure?.violation == failure.violation)
        let events = SimulationTrace.events(of: failure.schedule, again)
        #expect(events.contains { $0.kind == .render } && events.last?.kind == .error)
        var sound = again
        sound.planted = []
        #expect(Simulation.run(sound).failure == nil)
    }

    @Test("each rule of the ordering core, broken, is noticed", arguments: PlantedRule.all.map(\.name))
    func noticed(_ name: String) throws {
        var options = Simulation.Options(seed: 1, schedules: 1_500)
        options.planted = try #require(PlantedRule.all.first { $0.name == name }).mutant
        options.shrinks = false
        let oracle = Simulation.run(options).failure?.violation.oracle
        #expect(oracle.map { Self.expected[name]?.contains($0) == true } == true, "\(oracle?.name ?? "survives")")
    }
}
