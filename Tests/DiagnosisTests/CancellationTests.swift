import Diagnosis
import Testing
import Trace

/// Cases in which giving a request up (G1) does not help, and the report says why.
struct CancellationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var rule: Rule
        /// What the report says of G1.
        var says: [String]
        var advised: String
        var trace: String
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "the response had arrived", rule: .staleResponseOverwrite,
            says: ["when L6 asked anew, the response of r1 had already arrived (L5)"],
            advised: "G2",
            trace: """
                slot slot=s policy=latest
                intent intent=i1 slot=s
                start request=r1 intent=i1
                arrive request=r1
                intent intent=i2 slot=s
                start request=r2 intent=i2
                arrive request=r2
                deliver request=r2 task=t2
                write request=r2 key=k value=2 task=t2
                deliver request=r1 task=t1
                write request=r1 key=k value=1 task=t1
                """),
        Case(
            name: "the continuation was queued", rule: .staleResponseOverwrite,
            says: [
                "when L7 asked anew, the handler of r1's response had begun (L6): its continuation was already queued"
            ], advised: "G2",
            trace: """
                slot slot=s policy=latest
                intent intent=i1 slot=s
                start request=r1 intent=i1
                arrive request=r1
                deliver request=r1 task=t1
                intent intent=i2 slot=s
                start request=r2 intent=i2
                arrive request=r2
                deliver request=r2 task=t2
                write request=r2 key=k value=2 task=t2
                write request=r1 key=k value=1 task=t3
                """),
        Case(
            name: "one request answers two slots", rule: .staleResponseOverwrite,
            says: [
                "r1 also answers slot badge (L9): giving it up takes that answer too"
            ],
            advised: "G3",
            trace: """
                slot slot=total policy=latest
                intent intent=i1 slot=total
                start request=r1 intent=i1
                intent intent=i2 slot=total
                start request=r2 intent=i2
                write request=r2 key=total value=2
                write request=r1 key=total value=1
                write request=r1 slot=badge key=badge value=7
                """),
        Case(
            name: "the server had committed", rule: .doubleSubmit,
            says: ["L4 gave r1 up, and L6 was committed all the same: a cancel takes no commit back"], advised: "G6",
            trace: """
                intent intent=i1 slot=order
                start request=r1 intent=i1
                cancel request=r1
                start request=r2 intent=i1
                commit process=db key=order version=1 intent=i1 request=r1
                commit process=db key=order version=2 intent=i1 request=r2
                """),
        Case(
            name: "the cancel held the other attempt", rule: .staleResponseOverwrite,
            says: [
                "L9 is of an earlier attempt, r1: the next attempt took the handle that a cancel uses"
            ], advised: "G2",
            trace: """
                slot slot=s policy=latest
                intent intent=i1 slot=s
                start request=r1 intent=i1 attempt=1 url=/k
                start request=r1b intent=i1 attempt=2 url=/k
                intent intent=i2 slot=s
                start request=r2 intent=i2 attempt=1 url=/k
                write request=r2 key=k value=2
                write request=r1 key=k value=1
                """),
        Case(
            name: "nothing tied the handler to the cancel", rule: .orphanResponse,
            says: [
                "L5 gave r1 up, and L7 was written all the same: nothing tied the handler to the cancel"
            ], advised: "G2",
            trace: """
                slot slot=s policy=latest
                intent intent=i1 slot=s
                start request=r1 intent=i1
                cancel request=r1
                arrive request=r1
                write request=r1 key=k value=1
                """),
    ]

    @Test(arguments: cases) func `G1: cancelling alone fails, and the report says by which event`(_ test: Case) throws {
        let log = TraceText.log(test.trace)
        let diagnosis = Diagnosis(log)
        let advice = try #require(diagnosis.advice.first { $0.rule == test.rule })
        let cancel = try #require(AdviceTests.trial(advice, .cancelInFlight))
        #expect(cancel.residual + cancel.wronglyBlocked > 0)
        #expect(advice.advised?.code == test.advised)
        let report = DiagnosisReport(log, diagnosis, inputs: [])
        for text in [report.text(isColoured: false), report.html()] {
            #expect(text.contains("Cancelling alone fails: "))
            for words in test.says {
                #expect(cancel.note?.contains(words) == true, "\(words): \(cancel.note ?? "")")
            }
        }
        #expect(String(decoding: report.json(), as: UTF8.self).contains("\"note\":\""))
        #expect((report.explanation?.steps.count ?? 0) <= Explanation.maximumSteps)
    }

    @Test func `G1: a cancel that comes before the response prevents the late write`() throws {
        let log = TraceText.log(
            RuleTests.race + """
                arrive request=r2
                write request=r2 key=k value=2
                arrive request=r1
                write request=r1 key=k value=1
                """)
        let advice = try #require(Diagnosis(log).advice.first { $0.rule == .staleResponseOverwrite })
        #expect(AdviceTests.trial(advice, .cancelInFlight).map { $0.residual == 0 && $0.wronglyBlocked == 0 } == true)
    }
}
