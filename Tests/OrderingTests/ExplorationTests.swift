import Foundation
import Testing

@testable import Ordering

/// What happened to one schedule.
func outcome(_ schedule: Schedule, checksIntervals: Bool = true) -> Violation? {
    var world = World(seed: schedule.seed)
    world.checker.checksIntervals = checksIntervals
    do throws(Violation) {
        try world.run(schedule)
        return nil
    } catch {
        return error
    }
}

private func report(_ schedule: Schedule, _ violation: Violation) -> Comment {
    let small = shrink(schedule) { outcome($0)?.invariant == violation.invariant }
    let steps = small.steps.map { $0.description }.joined(separator: " ")
    return """
        seed \(schedule.seed) violates \(outcome(small)?.description ?? violation.description)
        shrunk to \(small.steps.count) steps: \(steps)
        replay: TRUELINE_SEED=\(schedule.seed) TRUELINE_SCHEDULES=1 swift test --filter OrderingTests.ExplorationTests
        """
}

@Suite struct ExplorationTests {
    static let environment = ProcessInfo.processInfo.environment
    static let first = UInt64(environment["TRUELINE_SEED"] ?? "") ?? 1
    static let count = UInt64(environment["TRUELINE_SCHEDULES"] ?? "") ?? 300

    @Test("C1-C9, C11: no schedule of commits, faults and a person breaks an invariant") func explore() {
        for seed in Self.first..<Self.first &+ Self.count {
            let schedule = Schedule(seed: seed)
            if let violation = outcome(schedule) {
                Issue.record(report(schedule, violation))
                return
            }
        }
    }

    @Test("The schedules reach every purpose, every reason and every connection that a sound server can cause") func reach() {
        var reached: [String: Int] = [:]
        for seed in UInt64(1)...150 {
            var world = World(seed: seed)
            try? world.run(Schedule(seed: seed))
            reached.merge(world.checker.reached) { $0 + $1 }
        }
        // The rest have tests of their own, but for `older`, which the other rules leave no way to.
        let wanted =
            Purpose.allCases.map { "send \($0)" }
            + DropReason.allCases.filter { $0 != .baseMissing && $0 != .older }.map { "drop \($0)" }
            + ReleaseReason.allCases.filter { $0 != .full && $0 != .intentChanged }.map { "release \($0)" }
            + Connection.allCases.map { "\($0)" } + ["withdraw", "evict", "paint", "advance", "apply", "cancel", "reset"]
        for name in wanted { #expect(reached[name, default: 0] >= 3, "\(name)") }
    }
}
