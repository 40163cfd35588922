import Diagnosis
import Testing
import Trace
import TraceSynthesis

/// What `predict` says of small traces: which order ends otherwise, what it breaks, what removes it, and how sure that is.
struct PredictionTests {
    /// Two searches, one after the other: nothing overlaps, nothing is wrong.
    static let calm = """
        intent intent=i1 slot=results arguments="a"
        start request=r1 intent=i1
        deliver request=r1 task=t1
        write request=r1 task=t1 key=list value=1
        render shows={"list":1}
        intent intent=i2 slot=results arguments="b"
        start request=r2 intent=i2
        deliver request=r2 task=t2
        write request=r2 task=t2 key=list value=2GUARD
        render shows={"list":2}
        """

    static func predictions(_ text: String, _ limits: PredictionLimits = PredictionLimits()) -> (TraceLog, Predictions) {
        let log = TraceText.log(text)
        return (log, Predictions(log, limits))
    }

    static func calm(guard option: String = "") -> String {
        let named = option.isEmpty ? "" : " guard=\(option)"
        return calm.replacing("GUARD", with: named).replacing("value=1", with: "value=1\(named)")
    }

    @Test func `A1: a healthy trace predicts the stale overwrite, who sees it, and the guard`() throws {
        let (log, found) = Self.predictions(Self.calm())
        #expect(Diagnosis(log).findings.isEmpty)
        let one = try #require(found.found.first)
        #expect(found.found.count == 1)
        #expect(one.rule == .staleResponseOverwrite && one.isViolation)
        #expect(one.severity == .visible)
        #expect(one.ends.map(\.recorded) == ["2"] && one.ends.map(\.predicted) == ["1"])
        #expect(one.advised == .identityBinding)
        #expect(one.reversals.map { log.text($0.firstRequest) } == ["r2"])
    }

    @Test(arguments: ["G1", "G2", "G3", "G4", "G5", "G9"]) func `a recorded guard removes the prediction`(_ option: String) {
        #expect(Self.predictions(Self.calm(guard: option)).1.found.isEmpty)
    }

    @Test(arguments: [Guard.cancelInFlight, .identityBinding, .versionCheck, .queue, .ignoreWhilePending])
    func `a guard taken to be there removes the prediction`(_ option: Guard) {
        #expect(Self.predictions(Self.calm(), PredictionLimits(guard: option)).1.found.isEmpty)
    }

    @Test func `a request that begins in a delivery cannot be overtaken by it`() {
        let (_, found) = Self.predictions(
            """
            intent intent=i1 slot=s
            start request=r1 intent=i1
            deliver request=r1 task=t1
            write request=r1 task=t1 key=k value=1
            start request=r2 task=t1 slot=s
            deliver request=r2 task=t2
            write request=r2 task=t2 key=k value=2
            """)
        #expect(found.found.isEmpty && found.coverage.groups.isEmpty)
    }

    @Test(arguments: ["merge", "queue", "first"]) func `a slot whose responses commute or take turns has one end`(
        _ policy: String
    ) {
        let (_, found) = Self.predictions("slot slot=results policy=\(policy)\n" + Self.calm())
        #expect(found.found.isEmpty)
    }

    @Test func `an answer does not come before the end of the task that asked`() {
        let (_, found) = Self.predictions(
            """
            intent intent=i1 slot=s task=t1
            start request=r1 intent=i1 task=t1
            write intent=i1 key=isLoading value=true task=t1
            deliver request=r1 task=t2
            write request=r1 task=t2 key=isLoading value=false
            """)
        #expect(found.found.isEmpty)
    }

    @Test func `equal values commute`() {
        #expect(Self.predictions(Self.calm().replacing("value=2", with: "value=1")).1.found.isEmpty)
    }

    @Test func `A10: a response after its view went away is another end`() throws {
        let (_, found) = Self.predictions(
            """
            intent intent=i1 slot=panel
            start request=r1 intent=i1
            deliver request=r1 task=t1
            write request=r1 task=t1 key=k value=1
            unmount slot=panel
            """)
        #expect(try #require(found.found.first).rule == .orphanResponse)
    }

    @Test func `A18: hydration may come after the person's first input`() throws {
        let (_, found) = Self.predictions(
            """
            write key=name value=1
            write key=name value=2 user=true
            """)
        #expect(try #require(found.found.first).rule == .hydrationClobber)
    }

    @Test func `where another order would have asked for something else, the prediction is inexact from there`() throws {
        let (log, found) = Self.predictions(
            """
            intent intent=i1 slot=s
            start request=r1 intent=i1
            deliver id=d1 request=r1 task=t1
            write request=r1 task=t1 key=k value=1
            intent intent=i2 slot=s
            start request=r2 intent=i2
            deliver id=d2 request=r2 task=t2
            write request=r2 task=t2 key=k value=2
            read id=look key=k task=t3 after=[{"event":"d1"},{"event":"d2"}]
            start request=r3 slot=other task=t3
            """)
        let one = try #require(found.found.first { $0.inexactBeyond != nil })
        #expect(one.inexactBeyond.map { log.name(of: $0) } == "look")
        #expect(one.severity == .durable)
    }

    @Test func `a bound that cuts orders off says so`() {
        let log = PredictionPropertyTests.log(.independent(groups: 1, of: 3))
        let bounded = Predictions(log, PredictionLimits(reversals: 1))
        #expect(bounded.coverage.ends == 1 && bounded.coverage.bounded == 1 && !bounded.unknown.isEmpty)
        let whole = Predictions(log, PredictionLimits(reversals: 3))
        #expect(whole.coverage.ends == 2 && whole.coverage.isComplete)
    }

    @Test func `past the budget chance goes on, the same way for the same seed`() throws {
        let log = PredictionPropertyTests.log(.independent(groups: 1, of: 14))
        func run(_ seed: UInt64) -> Predictions {
            Predictions(log, PredictionLimits(reversals: 200, replays: 20, seed: seed, ends: 100, judged: 0))
        }
        let (one, again) = (run(5), run(5))
        #expect(one.coverage.randomReplays > 0 && one.coverage.overBudget == 1)
        #expect(one.found == again.found)
        // Chance reaches what the budget did not: every response can be the last.
        #expect(one.coverage.ends == 13)
    }

    @Test func `every witness replays to the end it promises`() throws {
        for seed in UInt64(0)..<20 {
            let log = PredictionPropertyTests.log(RaceProgram(seed: seed, deliveries: 3 + Int(seed % 5)))
            let replay = try WitnessReplay(log)
            for one in Predictions(log, PredictionLimits(judged: 0)).found {
                let result = try replay.run(process: log.text(one.process), events: one.order.map { log.name(of: $0) })
                for end in one.ends {
                    let row = try #require(result.replay.rows.first { $0.key == end.key })
                    #expect(row.recorded == end.recorded && row.replayed == end.predicted, "seed \(seed)")
                }
            }
        }
    }

    @Test func `with the advised guard the witness ends as recorded`() throws {
        let (log, found) = Self.predictions(Self.calm())
        let one = try #require(found.found.first)
        let guarded = try WitnessReplay(log, guard: one.advised)
        let result = try guarded.run(process: log.text(one.process), events: one.order.map { log.name(of: $0) })
        #expect(result.replay.rows.allSatisfy { !$0.differs } && result.replay.blocked == 1)
    }

    @Test func `a witness that names no event of the trace, or cannot happen, is refused`() throws {
        let (log, found) = Self.predictions(Self.calm())
        let replay = try WitnessReplay(log)
        let process = log.text(try #require(found.found.first).process)
        #expect(throws: WitnessReplay.Failure.unknownEvent("nowhere")) { try replay.run(process: process, events: ["nowhere"]) }
        #expect(throws: WitnessReplay.Failure.unknownProcess("x")) { try replay.run(process: "x", events: []) }
        // A response before its request.
        #expect(throws: WitnessReplay.Failure.impossible) { try replay.run(process: process, events: ["L4", "L2"]) }
    }

    @Test func `on 200 programs with a guard nothing is predicted`() {
        for seed in UInt64(0)..<200 {
            let program = RaceProgram(seed: seed, deliveries: 2 + Int(seed % 7), guarded: true)
            let found = Predictions(PredictionPropertyTests.log(program), PredictionLimits(judged: 0))
            let isClean = found.found.isEmpty
            #expect(isClean, "seed \(seed) \(program.deliveries.first?.guard ?? "")")
        }
    }
}
