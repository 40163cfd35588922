import Diagnosis
import Testing
import Trace

/// Guard advice: the recommended guard of every rule on its smallest trace, how it was proved, and what is said when it was not.
struct AdviceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var rule: Rule
        var example: String
        /// The advised guard; "" when none is.
        var guardCode: String
        var proof: String
        var testDescription: String { "\(rule.code) \(example)" }
    }

    static let cases: [Case] = [
        Case(
            rule: .staleResponseOverwrite, example: "the write's request is known by its task", guardCode: "G2", proof: "replay"
        ),
        Case(rule: .completionBoundWrite, example: "two responses in flight write one place", guardCode: "G2", proof: "replay"),
        Case(
            rule: .completionBoundWrite, example: "without recorded writes, responses that overlap", guardCode: "",
            proof: "none"),
        Case(rule: .lostUpdate, example: "based on an older version than the committed one", guardCode: "G7", proof: "events"),
        Case(rule: .dirtyDisplay, example: "given up", guardCode: "G9", proof: "events"),
        Case(rule: .dirtyDisplay, example: "shown before its commit could be known", guardCode: "", proof: "none"),
        Case(rule: .nonMonotonicRead, example: "an older version after a newer", guardCode: "G3", proof: "events"),
        Case(rule: .readYourWrites, example: "a frame below the person's own write", guardCode: "G3", proof: "events"),
        Case(rule: .readYourWrites, example: "a read that began after the acknowledgement", guardCode: "G3", proof: "events"),
        Case(rule: .serverInversion, example: "the later click is committed first", guardCode: "G4", proof: "events"),
        Case(
            rule: .tornSnapshot, example: "one key's old version beside a later one of another", guardCode: "G8",
            proof: "events"),
        Case(rule: .mixedAggregate, example: "a sum of an old and a new part", guardCode: "G8", proof: "replay"),
        Case(rule: .orphanResponse, example: "a cancelled request's response is applied", guardCode: "G2", proof: "replay"),
        Case(rule: .orphanResponse, example: "the slot is gone", guardCode: "G2", proof: "replay"),
        Case(rule: .resurrection, example: "a response from before the deletion", guardCode: "G3", proof: "replay"),
        Case(rule: .doubleSubmit, example: "one click, two orders", guardCode: "G6", proof: "events"),
        Case(rule: .identityMixUp, example: "stored under another query", guardCode: "G2", proof: "replay"),
        Case(rule: .identityMixUp, example: "the request drifted from its intent", guardCode: "G2", proof: "replay"),
        Case(rule: .rollbackClobber, example: "a rollback over somebody else's write", guardCode: "G3", proof: "replay"),
        Case(rule: .refetchClobber, example: "a refetch drops what the person just did", guardCode: "G9", proof: "replay"),
        Case(rule: .signalBeforeData, example: "told of 5, read 4", guardCode: "G3", proof: "events"),
        Case(rule: .streamGap, example: "a position comes back", guardCode: "G4", proof: "events"),
        Case(rule: .streamGap, example: "a position is skipped", guardCode: "", proof: "none"),
        Case(rule: .hydrationClobber, example: "hydration replaces what was typed", guardCode: "G9", proof: "replay"),
        Case(rule: .hydrationClobber, example: "a response from before the typing", guardCode: "G9", proof: "replay"),
    ]

    static func word(_ proof: GuardAdvice.Proof) -> String {
        switch proof {
        case .replay: "replay"
        case .recordedEvents: "events"
        case .notProved: "none"
        }
    }

    static func advice(_ trace: String, _ rule: Rule) -> [GuardAdvice] {
        Diagnosis(TraceText.log(trace)).advice.filter { $0.rule == rule }
    }

    static func trial(_ advice: GuardAdvice?, _ option: Guard) -> GuardTrial? { advice?.trials.first { $0.guard == option } }

    @Test(arguments: cases) func `A1-A18: each rule's smallest trace gets the guard that prevents it, and how that was proved`(
        _ test: Case
    )
        throws
    {
        let example = try #require(RuleTests.examples.first { $0.rule == test.rule && $0.name == test.example })
        let advice = try #require(Self.advice(example.trace, test.rule).first)
        #expect(advice.advised?.code ?? "" == test.guardCode)
        #expect(Self.word(advice.proof) == test.proof)
        if let advised = advice.trials.first(where: \.isAdvised) {
            #expect(advised.residual == 0 && advised.wronglyBlocked == 0 && advised.missing == nil && advised.orders > 0)
        }
    }

    @Test func `A1-A18: every rule has a proved case, and a healthy trace gets no advice`() {
        for rule in Rule.allCases where rule != .lostCompletion {
            #expect(Self.cases.contains { $0.rule == rule && !$0.guardCode.isEmpty }, "\(rule.code)")
        }
        for example in RuleTests.examples where example.event.isEmpty {
            #expect(Self.advice(example.trace, example.rule).isEmpty, "\(example.name)")
        }
    }

    // MARK: What is not proved is not claimed

    @Test func `what a proof lacks is named, and no guard is advised`() throws {
        let gap = try #require(RuleTests.examples.first { $0.name == "a position is skipped" })
        let advice = try #require(Self.advice(gap.trace, .streamGap).first)
        guard case .notProved(let missing) = advice.proof else { return #expect(Bool(false), "proved") }
        #expect(missing.contains("position 2"))
        #expect(advice.trials.map(\.guard.code) == ["G4"] && advice.trials[0].missing == missing)
    }

    @Test
    func `A16: a read waits for the signalled version when the trace has its commit; otherwise the stale answer is dropped`()
        throws
    {
        let told = """
            signal process=tab slot=feed key=k version=5 position=1 time=1000000
            start process=tab request=r key=k
            arrive process=tab request=r version=4 time=3000000
            """
        let without = try #require(Self.advice(told, .signalBeforeData).first)
        #expect(without.advised == .versionCheck)
        #expect(Self.trial(without, .waitForDependency)?.missing?.contains("version 5") == true)
        let with = try #require(Self.advice(told + "\ncommit process=db key=k version=5", .signalBeforeData).first)
        #expect(with.advised == .waitForDependency)
        #expect(Self.trial(with, .waitForDependency)?.note?.contains("L5") == true)
    }

    @Test func `A4: a frame waits until its process learns of the commit, and the wait is in the report`() throws {
        let advice = try #require(
            Self.advice(
                """
                process process=db role=store
                emit process=db slot=feed position=1 version=1
                signal process=tab slot=feed position=1 version=1 key=other
                render process=tab frame=1 shows={"k":2} id=f time=1000000
                commit process=db key=k version=2
                emit process=db slot=feed position=2 version=2
                signal process=tab slot=feed position=2 version=2 time=41000000
                """, .dirtyDisplay
            ).first)
        #expect(advice.advised == .waitForDependency)
        #expect(Self.trial(advice, .waitForDependency)?.latency == 40_000_000)
    }

    // MARK: Guards differ

    @Test func `A3: recomputing keeps every change, refusing loses one, an idempotency key does not look at the base`() throws {
        let example = try #require(RuleTests.examples.first { $0.rule == .lostUpdate && !$0.event.isEmpty })
        let advice = try #require(Self.advice(example.trace, .lostUpdate).first)
        #expect(Self.trial(advice, .atomicReadModifyWrite).map { $0.residual == 0 && $0.wronglyBlocked == 0 } == true)
        #expect(Self.trial(advice, .versionCheck).map { $0.residual == 0 && $0.wronglyBlocked == 2 } == true)
        #expect(Self.trial(advice, .idempotencyKey)?.residual == 2)
    }

    @Test
    func
        `A15: a refetch that began between the change and its acknowledgement passes a version check, and waits for the acknowledgement`()
        throws
    {
        let advice = try #require(
            Self.advice(
                """
                intent intent=i1 slot=s time=1000000
                write intent=i1 key=k value=1 optimistic=true time=1000000
                start request=r1 slot=list time=2000000
                write request=r1 key=k value=0 id=w time=10000000
                write request=r1 key=other value=9 time=10000000
                ack intent=i1 key=k version=2 time=30000000
                """, .refetchClobber
            ).first)
        #expect(advice.advised == .waitForDependency)
        #expect(Self.trial(advice, .waitForDependency)?.latency == 20_000_000)
        #expect(Self.trial(advice, .versionCheck).map { $0.residual > 0 } == true)
    }

    @Test
    func
        `A14: of two changes taken back, a version check leaves the first one's ghost; taking each out from under the other does not`()
        throws
    {
        let advice = try #require(
            Self.advice(
                """
                write key=k value=0
                intent intent=i1 slot=s
                write intent=i1 key=k value=1 optimistic=true
                intent intent=i2 slot=s
                write intent=i2 key=k value=2 optimistic=true
                write intent=i1 key=k value=0 rollback=true id=w
                write intent=i2 key=k value=1 rollback=true
                """, .rollbackClobber
            ).first)
        #expect(advice.advised == .atomicReadModifyWrite)
        #expect(Self.trial(advice, .versionCheck).map { $0.residual + $0.wronglyBlocked > 0 } == true)
    }

    @Test func `A5: where the writes of the versions are recorded the guards are replayed`() throws {
        let advice = try #require(
            Self.advice(
                RuleTests.race + """
                    write request=r2 key=k value=2 version=2
                    render frame=1 shows={"k":2}
                    write request=r1 key=k value=1 version=1
                    render frame=2 shows={"k":1}
                    """, .nonMonotonicRead
            ).first)
        #expect(advice.advised == .versionCheck && Self.word(advice.proof) == "replay")
        #expect(advice.trials.allSatisfy { $0.missing == nil })
    }

    @Test func `A10: where responses write different keys, identity is bound by key, and the advice says so`() throws {
        let trace = """
            intent intent=i1 slot=price
            start request=r1 intent=i1
            intent intent=i2 slot=price
            start request=r2 intent=i2
            intent intent=i3 slot=price
            cancel request=r2
            start request=r3 intent=i3
            write request=r1 key=total value=1
            write request=r1 key=tax value=10
            write request=r3 key=total value=3
            write request=r2 key=total value=2
            write request=r2 key=tax value=20
            """
        let found = Self.advice(trace, .orphanResponse)
        #expect(found.count == 2)
        for advice in found {
            let bound = try #require(Self.trial(advice, .identityBinding))
            #expect(advice.advised == .identityBinding && bound.note?.contains("bind each key") == true)
            #expect(Self.trial(advice, .versionCheck).map { $0.residual > 0 } == true)
        }
    }

    @Test func `A12: the same commits in every order, and a bound that is told`() throws {
        let commits = (1...9).map { "commit process=db key=k version=\($0) intent=i1" }.joined(separator: "\n")
        let few = try #require(
            Self.advice(
                "intent intent=i1 slot=s\n" + commits.split(separator: "\n")[..<4].joined(separator: "\n"), .doubleSubmit
            ).first)
        // The pair that breaks the rule: the second commit and the first.
        #expect(few.proof == .recordedEvents(orders: 2, isExhaustive: true))
    }

    @Test func `a race with more orders than are tried says that it is bounded`() throws {
        let starts = (1...9).map { "intent intent=i\($0) slot=s\nstart request=r\($0) intent=i\($0)" }.joined(separator: "\n")
        let writes = (1...9).map { "write request=r\($0) key=k value=\($0)" }.joined(separator: "\n")
        let advice = try #require(Self.advice(starts + "\n" + writes, .completionBoundWrite).first)
        guard case .replay(let orders, let isExhaustive) = advice.proof else { return #expect(Bool(false), "no replay") }
        #expect(orders == 500 && !isExhaustive)
        let log = TraceText.log(starts + "\n" + writes)
        #expect(
            DiagnosisReport(log, Diagnosis(log), inputs: []).text(isColoured: false).contains("bounded: more would be too many")
        )
    }

    @Test func `orders that differ only in responses without a place in common are run once`() throws {
        let independent = try #require(
            Self.advice(
                """
                start request=a slot=a
                start request=b slot=b
                intent intent=i1 slot=name
                write intent=i1 key=k value="typed" user=true
                write request=b key=other value=1
                write request=a key=k value=0
                """, .hydrationClobber
            ).first)
        #expect(independent.proof == .replay(orders: 2, isExhaustive: true))
    }
}
