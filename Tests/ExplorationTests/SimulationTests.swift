import Exploration
import Foundation
import Testing

@Suite("Simulation")
struct SimulationTests {
    @Test(
        "S1-S8, C1-C11, E1-E12: no schedule of people, faults and agents breaks an invariant, and each oracle had something to check"
    )
    func sound() {
        // How many there are is the mutants' to say (Scripts/mutants.py run --simulator).
        let count = ProcessInfo.processInfo.environment["TRUELINE_SCHEDULES"].flatMap { UInt64($0) } ?? 400
        var options = Simulation.Options(seed: 1, schedules: count)
        options.shrinks = false
        let report = Simulation.run(options)
        #expect(
            report.failure == nil, "seed \(report.failure?.schedule.seed ?? 0): \(report.failure?.violation.description ?? "")")
        #expect(report.schedules == count || report.failure != nil)
        #expect(report.tally.idle.isEmpty, "\(report.tally.idle.map(\.name))")
        let tally = report.tally
        #expect(tally.restructurings > 0 && tally.imported > 0 && tally.suggestionsInHistory > 0, "\(tally)")
        #expect(tally.failedCalls > 0 && tally.undone > 0, "\(tally)")
    }

    @Test("the same seed gives the same trace in every process and on every machine")
    func deterministic() {
        let report = Simulation.run(seed: 7, schedules: 20)
        #expect(report.hash == 15_945_969_519_865_503_183)
        #expect(Simulation.run(seed: 7, schedules: 20) == report)
        #expect(Simulation.run(seed: 8, schedules: 20).hash != report.hash)
    }
}
