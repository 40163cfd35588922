import Exploration
import Testing

@Suite("Power cuts")
struct PowerTests {
    private func cut(_ synchronous: Synchronous, until cuts: UInt64) -> Report {
        var options = Simulation.Options(seed: 1, schedules: .max)
        options.isCrashForm = true
        options.synchronous = synchronous
        options.collects = synchronous == .normal
        return Simulation.run(options) { _, tally in tally.powerCuts < cuts }
    }

    @Test("S1: of what was acknowledged no power cut takes anything when each commit is synced")
    func full() {
        let report = cut(.full, until: 1_000)
        #expect(report.failure == nil, "\(report.failure?.violation.description ?? "")")
        #expect(report.tally.acknowledgedLost == 0)
        #expect(report.tally.powerCuts >= 1_000 && report.tally.writesTakenBack > 20)
    }

    @Test("S1: the same disk with synchronous=normal loses acknowledged changes within 1,000 power cuts")
    func normal() {
        let report = cut(.normal, until: 1_000)
        #expect(report.tally.acknowledgedLost > 0)
        #expect((1...1_000).contains(report.tally.firstLoss), "\(report.tally.firstLoss)")
        #expect(report.noticed.contains(.s1))
    }
}
