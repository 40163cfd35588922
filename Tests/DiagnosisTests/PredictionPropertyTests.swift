import Diagnosis
import Testing
import Trace
import TraceSynthesis

/// What `predict` finds on programs by seed, against every order tried by hand.
struct PredictionPropertyTests {
    static func log(_ program: RaceProgram) -> TraceLog {
        TraceReader.read(TraceSynthesis.lines(program.events, id: "program")).log
    }

    /// No bound and no budget that matters.
    static func everything(hashing: Bool) -> PredictionLimits {
        PredictionLimits(reversals: 1_000, replays: 1_000_000, hashesStates: hashing, ends: 10_000, judged: 0)
    }

    @Test(arguments: 0..<6)
    func `on programs of up to 8 deliveries the ends are those of every order, and each class is run once`(
        _ part: Int
    ) {
        for seed in UInt64(part * 6)..<UInt64(part * 6 + 6) {
            // One of 8 in each part: 8! orders are tried by hand.
            let size = 3 + Int(seed % 6)
            let program = RaceProgram(seed: seed, deliveries: size, keys: size == 8 ? 5 : 3, locals: size > 6 ? 0 : 1)
            let truth = EveryOrder(program)
            let log = Self.log(program)
            let found = Predictions(log, Self.everything(hashing: false))
            #expect(found.coverage.isComplete)
            let groups = found.coverage.groups.map { [$0.states, $0.replays] }.sorted { $0.lexicographicallyPrecedes($1) }
            let expected = truth.groups.map { [$0.states.count, $0.classes.count] }.sorted { $0.lexicographicallyPrecedes($1) }
            #expect(groups == expected, "seed \(seed): states and classes of the groups")
            #expect(Self.ends(found, log) == truth.otherEnds, "seed \(seed)")
        }
    }

    @Test func `state hashing finds the same ends with no more replays`() {
        for seed in UInt64(0)..<30 {
            let log = Self.log(RaceProgram(seed: seed, deliveries: 3 + Int(seed % 4), keys: 2))
            let plain = Predictions(log, Self.everything(hashing: false))
            let hashing = Predictions(log, Self.everything(hashing: true))
            #expect(Self.ends(plain, log) == Self.ends(hashing, log), "seed \(seed)")
            #expect(
                hashing.coverage.groups.reduce(0) { $0 + $1.replays } <= plain.coverage.groups.reduce(0) { $0 + $1.replays })
        }
    }

    @Test(arguments: 1...5)
    func `under a bound state hashing and leaving out what cannot be last keep every end, with as few reversals`(_ bound: Int) {
        for seed in UInt64(0)..<60 {
            Self.compare(Self.log(RaceProgram(seed: seed, deliveries: 3 + Int(seed % 4), keys: 1 + Int(seed % 3))), bound)
        }
        // Sums of several keys, cancelled and repeated requests, requests that begin together.
        for number in [4, 22, 26, 37, 38, 42, 60] {
            guard let twin = HealthyTwin(seed: UInt64(number), shape: HealthyTwin.shape(number)) else { continue }
            Self.compare(TraceReader.read(TraceSynthesis.lines(twin.healthy, id: "twin")).log, bound)
        }
        Self.compare(Self.log(.independent(groups: 1, of: 7)), bound)
    }

    /// Each class run by itself, and the usual search.
    private static func compare(_ log: TraceLog, _ bound: Int) {
        func nearest(hashing: Bool) -> (ends: [String], isBounded: Bool) {
            let limits = PredictionLimits(
                reversals: bound, replays: 1_000_000, hashesStates: hashing, ends: 10_000, judged: 0)
            let found = Predictions(log, limits)
            let ends = found.found.map { one in
                "\(one.component) \(one.ends.map { "\(log.text($0.key))=\($0.predicted)" }) \(one.reversals.count) \(one.inexactBeyond ?? -1)"
            }
            return (ends.sorted(), found.coverage.bounded > 0)
        }
        let (usual, plain) = (nearest(hashing: true), nearest(hashing: false))
        #expect(usual.ends == plain.ends)
        #expect(!usual.isBounded || plain.isBounded, "no bound is reported that nothing met")
    }

    @Test func `12 independent triples are 72 replays, not 6 to the 12th, and each has two other ends`() {
        let found = Predictions(Self.log(.independent(groups: 12, of: 3)), Self.everything(hashing: false))
        #expect(found.coverage.groups.count == 12)
        #expect(found.coverage.deliveries == 36)
        #expect(found.coverage.replays == 72)
        #expect(found.coverage.ends == 24)
        let usual = Predictions(Self.log(.independent(groups: 12, of: 3)))
        #expect(usual.coverage.replays <= 72)
        #expect(usual.coverage.ends == 24)
    }

    /// Each end as its keys and values.
    static func ends(_ found: Predictions, _ log: TraceLog) -> Set<[String]> {
        Set(found.found.map { one in one.ends.map { "\(log.text($0.key))=\($0.predicted)" }.sorted() })
    }
}
