import Diagnosis
import Testing
import Trace
import TraceSynthesis

/// Traces with an inversion that was put there, and what `predict` says of the same run without it. The long form is in
/// `Benchmarks/Sources/PredictionBenchmark`.
struct PredictionRecallTests {
    /// Of these numbers all traces have a twin that ends otherwise. 53 has a slot of two requests an intent, begun in one task, of which a
    /// witness once held one; 55 a policy that only the whole recording tells.
    static let numbers = [2, 4, 12, 22, 26, 30, 37, 38, 42, 53, 55, 60, 98, 102]

    private static func log(_ events: [TraceEvent]) -> TraceLog {
        TraceReader.read(TraceSynthesis.lines(events, id: "twin")).log
    }

    @Test(arguments: numbers)
    func `of a run without its inversion predict finds the end that the inversion had, and calls it A1`(_ number: Int) throws {
        let twin = try #require(HealthyTwin(seed: UInt64(number), shape: HealthyTwin.shape(number)))
        let healthy = Self.log(twin.healthy)
        let isHealthy = !Diagnosis(healthy, withAdvice: false).findings.contains {
            $0.rule == .staleResponseOverwrite && $0.isViolation
        }
        #expect(isHealthy, "the inversion is gone, and it was the only one")
        let predictions = Predictions(healthy, PredictionLimits(judged: 4))
        let same = predictions.found.filter { prediction in
            prediction.ends.contains { healthy.text($0.key) == twin.truth.key && $0.predicted == twin.wrongEnd }
        }
        let first = try #require(same.first, "no order ends so")
        #expect(first.rule == .staleResponseOverwrite && first.isViolation && first.severity == .visible)
        #expect(first.advised != nil)
        let unnamed = predictions.found.filter { $0.isJudged && $0.rule == nil }
        #expect(unnamed.isEmpty, "every end that was judged has a name")
    }
}
