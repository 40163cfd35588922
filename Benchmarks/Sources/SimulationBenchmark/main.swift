import Exploration
import Foundation

// What simulated worlds cost: painted cells compared a minute, by the processor and by the clock, and how much faster than their clock.
//
//     swift run -c release --package-path Benchmarks SimulationBenchmark [SCHEDULES] [SEED]

func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// What `Goals` prints its numbers with.
func figure(_ value: Double, _ digits: Int = 2) -> String { String(format: "%.\(digits)f", value) }

let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
let schedules = arguments.first ?? 20_000
let seed = arguments.dropFirst().first ?? 1
let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first ?? "?"
print("load \(load), seed \(seed), \(schedules) schedules of every fault, one thread")
let (processor, clock) = (now(CLOCK_PROCESS_CPUTIME_ID), now(CLOCK_MONOTONIC))
let report = Simulation.run(seed: seed, schedules: schedules)
let (busy, passed) = (now(CLOCK_PROCESS_CPUTIME_ID) - processor, now(CLOCK_MONOTONIC) - clock)
let tally = report.tally
if let failure = report.failure {
    print("VIOLATED by seed \(failure.schedule.seed): \(failure.violation); by the steps \(failure.steps)")
}
print("trace \(String(report.hash, radix: 16)), \(tally.cells) painted cells compared in \(report.schedules) schedules")
print("checks: " + Oracle.allCases.map { "\($0.name) \(tally[$0])" }.joined(separator: ", "))
print(
    "\(tally.frames) frames, \(tally.reads) reads, \(tally.commits) commits, \(tally.acknowledgements) acknowledgements, \(tally.answers) answers of agents,",
    "\(tally.suggestionsInHistory) suggestions looked for in history, \(tally.restructurings) changes of columns and sheets,",
    "\(tally.imported) imported rows, \(tally.powerCuts) power cuts, \(tally.acknowledgedLost) acknowledged changes lost")
print(String(format: "%.2f s of the processor, %.2f s by the clock", busy, passed))
let millions = Double(tally.cells) / 1e6
Goals.report(
    "million painted cells a minute, by the clock", millions / passed * 60,
    String(format: "By the processor %.1f", millions / busy * 60))
Goals.report("times faster than the simulated clock", Double(tally.milliseconds) / 1_000 / passed)
