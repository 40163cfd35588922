import Diagnosis
import Testing
import Trace

/// For each rule a trace that breaks it, and the nearest one that does not.
struct RuleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var rule: Rule
        var name: String
        /// The event that breaks the rule; "" when none does.
        var event: String
        var severity: Severity?
        var trace: String
        var testDescription: String { "\(rule.code) \(name)" }
    }

    @Test(arguments: examples) func `a rule finds what breaks it and nothing else`(_ example: Example) {
        let log = TraceText.log(example.trace)
        let findings = Diagnosis(log).findings.filter { $0.rule == example.rule }
        #expect(findings.map { log.name(of: $0.event) } == (example.event.isEmpty ? [] : [example.event]))
        if let severity = example.severity { #expect(findings.first?.severity == severity) }
    }

    @Test func `every rule has an example that breaks it and one that does not`() {
        for rule in Rule.allCases {
            #expect(Self.examples.contains { $0.rule == rule && !$0.event.isEmpty }, "\(rule.code)")
            #expect(Self.examples.contains { $0.rule == rule && $0.event.isEmpty }, "\(rule.code)")
        }
    }

    static let race = """
        slot slot=s policy=latest
        intent intent=i1 slot=s
        start request=r1 intent=i1
        intent intent=i2 slot=s
        start request=r2 intent=i2

        """

    static let examples: [Example] = slotExamples + writeExamples + versionExamples + streamExamples

    static let slotExamples: [Example] = [
        Example(
            rule: .staleResponseOverwrite, name: "a late response replaces a newer one, and a frame shows it", event: "L9",
            severity: .visible,
            trace: race + """
                deliver request=r2
                write request=r2 key=k value=2
                deliver request=r1
                write request=r1 key=k value=1 id=L9
                render frame=1
                """),
        Example(
            rule: .staleResponseOverwrite, name: "in order", event: "",
            trace: race + """
                write request=r1 key=k value=1
                write request=r2 key=k value=2
                """),
        Example(
            rule: .staleResponseOverwrite, name: "equal values", event: "",
            trace: race + """
                write request=r2 key=k value=1
                write request=r1 key=k value=1
                """),
        Example(
            rule: .staleResponseOverwrite, name: "the application says that an earlier response serves the later intent",
            event: "",
            trace: race + """
                write intent=i2 key=k value=2
                deliver request=r1
                write request=r1 intent=i2 key=k value=3
                """),
        Example(
            rule: .staleResponseOverwrite, name: "an intent of another slot does not raise a write", event: "w",
            trace: race + """
                intent intent=other slot=o
                intent intent=later slot=o
                write request=r2 key=k value=2
                write request=r1 intent=later key=k value=3 id=w
                """),
        Example(
            rule: .staleResponseOverwrite, name: "different keys", event: "",
            trace: race + """
                write request=r2 key=k value=2
                write request=r1 key=other value=1
                """),
        Example(
            rule: .staleResponseOverwrite, name: "declared merge", event: "",
            trace: """
                slot slot=s policy=merge
                intent intent=i1 slot=s
                start request=r1 intent=i1
                intent intent=i2 slot=s
                start request=r2 intent=i2
                write request=r2 key=k value=2
                write request=r1 key=k value=1
                """),
        Example(
            rule: .staleResponseOverwrite, name: "a derived value follows its sources", event: "",
            trace: race + """
                write request=r2 key=k value=2
                write request=r1 key=other value=1
                write request=r2 key=sum value=3 from=["k","other"]
                write request=r1 key=sum value=4 from=["k","other"]
                """),
        Example(
            rule: .staleResponseOverwrite, name: "the write's request is known by its task", event: "w",
            trace: race + """
                deliver request=r2 task=t1
                write task=t1 key=k value=2
                deliver request=r1 task=t2
                write task=t2 key=k value=1 id=w
                """),
        Example(
            rule: .staleResponseOverwrite, name: "a wrong value that was read for a request is durable", event: "w",
            severity: .durable,
            trace: race + """
                write request=r2 key=k value=2
                write request=r1 key=k value=1 id=w
                read key=k task=t
                start request=r3 task=t
                """),
        Example(
            rule: .completionBoundWrite, name: "two responses in flight write one place", event: "L8", severity: .latent,
            trace: race + """
                write request=r1 key=k value=1
                write request=r2 key=k value=2 id=L8
                """),
        Example(
            rule: .completionBoundWrite, name: "one began after the other was applied", event: "",
            trace: """
                slot slot=s policy=latest
                intent intent=i1 slot=s
                start request=r1 intent=i1
                write request=r1 key=k value=1
                intent intent=i2 slot=s
                start request=r2 intent=i2
                write request=r2 key=k value=2
                """),
        Example(
            rule: .completionBoundWrite, name: "guarded", event: "",
            trace: race + """
                write request=r1 key=k value=1
                write request=r2 key=k value=2 guard=G2
                """),
        Example(
            rule: .completionBoundWrite, name: "without recorded writes, responses that overlap", event: "a1",
            severity: .latent,
            trace: """
                start request=r1 url=/search?q=a method=GET
                start request=r2 url=/search?q=ab method=GET
                arrive request=r2
                arrive request=r1 id=a1
                """),
        Example(
            rule: .orphanResponse, name: "a cancelled request's response is applied", event: "w",
            trace: race + """
                cancel request=r1
                write request=r1 key=k value=1 id=w
                """),
        Example(
            rule: .orphanResponse, name: "the slot is gone", event: "w",
            trace: race + """
                unmount slot=s
                write request=r2 key=k value=1 id=w
                """),
        Example(
            rule: .orphanResponse, name: "the slot went and came before the request", event: "",
            trace: """
                mount slot=s
                unmount slot=s
                intent intent=i1 slot=s
                start request=r1 intent=i1
                write request=r1 key=k value=1
                """),
        Example(
            rule: .lostCompletion, name: "a spinner and nothing in flight", event: "L7", severity: .visible,
            trace: race + """
                pending slot=s id=L7
                arrive request=r1
                arrive request=r2
                """),
        Example(
            rule: .lostCompletion, name: "still in flight", event: "",
            trace: race + """
                pending slot=s
                arrive request=r1
                """),
        Example(
            rule: .lostCompletion, name: "settled", event: "",
            trace: race + """
                pending slot=s
                arrive request=r1
                arrive request=r2
                settled slot=s
                """),
    ]

    static let writeExamples: [Example] = [
        Example(
            rule: .mixedAggregate, name: "a sum of an old and a new part", event: "w",
            trace: """
                intent intent=i1 slot=s
                start request=r1 intent=i1
                start request=q1 intent=i1
                write request=r1 key=a value=1
                write request=q1 key=b value=1
                intent intent=i2 slot=s
                start request=r2 intent=i2
                start request=q2 intent=i2
                arrive request=r2
                write request=r2 key=a value=2
                write request=r2 key=sum value=3 from=["a","b"] id=w
                """),
        Example(
            rule: .mixedAggregate, name: "both parts are new", event: "",
            trace: """
                intent intent=i1 slot=s
                start request=r1 intent=i1
                start request=q1 intent=i1
                arrive request=r1
                write request=r1 key=a value=1
                arrive request=q1
                write request=q1 key=b value=1
                write request=q1 key=sum value=2 from=["a","b"]
                """),
        Example(
            rule: .resurrection, name: "a response from before the deletion", event: "w",
            trace: race + """
                write request=r2 key=k value=1
                delete key=k intent=i3
                write request=r1 key=k value=1 id=w
                """),
        Example(
            rule: .resurrection, name: "a version above the deletion's", event: "",
            trace: race + """
                delete key=k version=4
                write request=r1 key=k value=1 version=5
                """),
        Example(
            rule: .identityMixUp, name: "stored under another query", event: "w",
            trace: """
                intent intent=i1 slot=s arguments="a"
                start request=r1 intent=i1
                write request=r1 key=k value=1 arguments="b" id=w
                """),
        Example(
            rule: .identityMixUp, name: "the request drifted from its intent", event: "w",
            trace: """
                intent intent=i1 slot=s arguments="a"
                start request=r1 intent=i1 arguments="b"
                write request=r1 key=k value=1 id=w
                """),
        Example(
            rule: .identityMixUp, name: "same query", event: "",
            trace: """
                intent intent=i1 slot=s arguments="a"
                start request=r1 intent=i1 arguments="a"
                write request=r1 key=k value=1 arguments="a"
                """),
        Example(
            rule: .rollbackClobber, name: "a rollback over somebody else's write", event: "w",
            trace: """
                write key=k value=0 version=1
                intent intent=i1 slot=s
                write intent=i1 key=k value=1 optimistic=true
                intent intent=i2 slot=s
                write intent=i2 key=k value=2
                write intent=i1 key=k value=0 rollback=true id=w
                """),
        Example(
            rule: .rollbackClobber, name: "a rollback of its own write", event: "",
            trace: """
                write key=k value=0
                intent intent=i1 slot=s
                write intent=i1 key=k value=1 optimistic=true
                write intent=i1 key=k value=0 rollback=true
                """),
        Example(
            rule: .refetchClobber, name: "a refetch drops what the person just did", event: "w",
            trace: """
                start request=r1 slot=list
                intent intent=i1 slot=s
                write intent=i1 key=k value=1 optimistic=true
                write request=r1 key=k value=0 id=w
                """),
        Example(
            rule: .refetchClobber, name: "after the acknowledgement", event: "",
            trace: """
                start request=r1 slot=list
                intent intent=i1 slot=s
                write intent=i1 key=k value=1 optimistic=true
                ack intent=i1 key=k version=2
                write request=r1 key=k value=0
                """),
        Example(
            rule: .hydrationClobber, name: "hydration replaces what was typed", event: "w",
            trace: """
                intent intent=i1 slot=name
                write intent=i1 key=k value="typed" user=true
                write key=k value="" id=w
                """),
        Example(
            rule: .hydrationClobber, name: "a response from before the typing", event: "w",
            trace: """
                start request=r1 slot=form
                intent intent=i1 slot=name
                write intent=i1 key=k value="typed" user=true
                write request=r1 key=k value="" id=w
                """),
        Example(
            rule: .hydrationClobber, name: "a response to the typing", event: "",
            trace: """
                intent intent=i1 slot=name
                write intent=i1 key=k value="typed" user=true
                start request=r1 intent=i1
                write request=r1 key=k value="Typed"
                """),
    ]
}
