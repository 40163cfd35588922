import Diagnosis
import Testing
import Trace
import TraceSynthesis

/// The advised guard over generated faults: nothing wrong is left and nothing right is blocked, in every order that is run.
struct AdvicePropertyTests {
    static func log(_ anomaly: Anomaly, _ seed: UInt64, isFaulty: Bool) -> TraceLog {
        TraceReader.read(
            TraceSynthesis.lines(AnomalyTrace.make(anomaly, seed: seed, isFaulty: isFaulty), id: "\(anomaly.code)-\(seed)")
        ).log
    }

    @Test(arguments: Anomaly.allCases)
    func `A2-A18: on 25 generated faults of a rule the advised guard leaves none and blocks nothing wrongly`(_ anomaly: Anomaly)
        throws
    {
        for seed in UInt64(0)..<25 {
            let log = Self.log(anomaly, seed, isFaulty: true)
            let advice = try #require(
                Diagnosis(log).advice.first { $0.rule.code == anomaly.code }, "\(anomaly.code) seed \(seed): not found")
            let advised = advice.trials.first(where: \.isAdvised)
            #expect(advised != nil, "\(anomaly.code) seed \(seed): \(advice.proof) \(advice.trials)")
            #expect(advised.map { $0.residual == 0 && $0.wronglyBlocked == 0 && $0.missing == nil } ?? false)
        }
    }

    @Test(arguments: Anomaly.allCases) func `A2-A18: the same events without the fault break no such rule`(_ anomaly: Anomaly) {
        for seed in UInt64(0)..<25 {
            let log = Self.log(anomaly, seed, isFaulty: false)
            #expect(!Diagnosis(log).findings.contains { $0.rule.code == anomaly.code }, "\(anomaly.code) seed \(seed)")
        }
    }

    @Test func `A1: on 8 generated inversions the advised guard leaves none and blocks nothing wrongly`() {
        for number in 0..<8 {
            let sample = TraceSynthesis.sample(seed: 5, number: number, inversions: 1)
            let log = TraceReader.read(TraceSynthesis.lines(sample.events, id: sample.name)).log
            let advice = Diagnosis(log).advice.filter { $0.rule == .staleResponseOverwrite }
            #expect(!advice.isEmpty, "\(sample.name)")
            for one in advice {
                let advised = one.trials.first(where: \.isAdvised)
                #expect(
                    advised.map { $0.residual == 0 && $0.wronglyBlocked == 0 } ?? false,
                    "\(sample.name) \(log.name(of: one.event)): \(one.proof) \(one.trials)")
            }
        }
    }
}
