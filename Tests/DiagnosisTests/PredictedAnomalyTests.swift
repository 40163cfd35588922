import Diagnosis
import Testing
import Trace

/// For each anomaly that an order of responses can show: a small healthy trace whose other order shows it. Which ones can be predicted,
/// and why the others cannot, is in `Docs/specifications/prediction.md`, section 3.
struct PredictedAnomalyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var rule: Rule
        /// What the healthy trace is of.
        var title: String
        var text: String
        /// By key: what stands in the end, and what would.
        var ends: [String: [String]]
        var severity = Severity.visible
        var advised: Guard?
        /// A hazard, whose wrong order only the application knows.
        var isViolation = true

        var testDescription: String { "\(rule.code): \(title)" }
    }

    static let cases = [
        Case(
            rule: .staleResponseOverwrite, title: "two searches, one after the other",
            text: """
                intent intent=i1 slot=results arguments="a"
                start request=r1 intent=i1
                deliver request=r1 task=t1
                write request=r1 task=t1 key=list value=1
                intent intent=i2 slot=results arguments="b"
                start request=r2 intent=i2
                deliver request=r2 task=t2
                write request=r2 task=t2 key=list value=2
                render shows={"list":2}
                """, ends: ["list": ["2", "1"]], advised: .identityBinding),
        Case(
            rule: .completionBoundWrite, title: "a search and a filter that fill one list",
            text: """
                intent intent=i1 slot=search
                start request=r1 intent=i1
                deliver request=r1 task=t1
                write request=r1 task=t1 key=list value=1
                intent intent=i2 slot=filter
                start request=r2 intent=i2
                deliver request=r2 task=t2
                write request=r2 task=t2 key=list value=2
                render shows={"list":2}
                """, ends: ["list": ["2", "1"]], advised: .versionCheck, isViolation: false),
        Case(
            rule: .mixedAggregate, title: "a total of two services, asked twice",
            text: """
                intent intent=i1 slot=total
                start request=a1 intent=i1
                start request=b1 intent=i1
                deliver request=a1 task=t1
                write request=a1 task=t1 key=price value=1
                deliver request=b1 task=t2
                write request=b1 task=t2 key=discount value=2
                write request=b1 task=t2 key=total value=3 from=["price","discount"]
                intent intent=i2 slot=total
                start request=a2 intent=i2
                start request=b2 intent=i2
                deliver request=a2 task=t3
                write request=a2 task=t3 key=price value=4
                deliver request=b2 task=t4
                write request=b2 task=t4 key=discount value=5
                write request=b2 task=t4 key=total value=9 from=["price","discount"]
                render shows={"total":9}
                """, ends: ["total": ["derived from 4, 5", "derived from 1, 5"]], advised: .snapshotToken),
        Case(
            rule: .orphanResponse, title: "a panel that is closed after it was filled",
            text: """
                intent intent=i1 slot=panel
                start request=r1 intent=i1
                deliver request=r1 task=t1
                write request=r1 task=t1 key=panel value=1
                unmount slot=panel
                render shows={"panel":1}
                """, ends: ["panel": ["(nothing: its view is gone)", "1"]], advised: .identityBinding),
        Case(
            rule: .resurrection, title: "a list that was refreshed before a row of it is deleted",
            text: """
                start request=r1 slot=list
                deliver request=r1 task=t1
                write request=r1 task=t1 key=row value=1
                intent intent=i1 slot=row
                delete intent=i1 key=row
                render shows={"row":1}
                """, ends: ["row": ["(deleted)", "1"]], advised: .versionCheck),
        Case(
            rule: .rollbackClobber, title: "a change that was refused before the next one",
            text: """
                start request=r0 slot=list
                deliver request=r0 task=t0
                write request=r0 task=t0 key=name value=0
                intent intent=i1 slot=name
                write intent=i1 key=name value=1 optimistic=true
                start request=r1 intent=i1
                deliver request=r1 task=t1
                write request=r1 intent=i1 task=t1 key=name value=0 rollback=true
                intent intent=i2 slot=name
                write intent=i2 key=name value=2
                render shows={"name":2}
                """, ends: ["name": ["2", "0"]], advised: .versionCheck),
        Case(
            rule: .refetchClobber, title: "a refresh that came before a change that waits for its acknowledgement",
            text: """
                start request=r1 slot=list
                deliver request=r1 task=t1
                write request=r1 task=t1 key=done value=false
                intent intent=i1 slot=row
                write intent=i1 key=done value=true optimistic=true
                render shows={"done":1}
                """, ends: ["done": ["true", "false"]], advised: .waitForDependency),
        Case(
            rule: .hydrationClobber, title: "a form that was filled before the person typed",
            text: """
                start request=r1 slot=form
                deliver request=r1 task=t1
                write request=r1 task=t1 key=name value=1
                intent intent=i1 slot=name
                write intent=i1 key=name value=2 user=true
                render shows={"name":2}
                """, ends: ["name": ["2", "1"]], advised: .waitForDependency),
    ]

    @Test(arguments: cases) func `a healthy trace predicts the anomaly, who sees it, its guard, and an order that replays`(
        _ one: Case
    ) throws {
        let log = TraceText.log(one.text)
        let isHealthy = Diagnosis(log).findings.isEmpty
        #expect(isHealthy)
        let found = Predictions(log).found
        let prediction = try #require(
            found.first { prediction in
                prediction.rule == one.rule
                    && one.ends.allSatisfy { key, values in
                        prediction.ends.contains { log.text($0.key) == key && [$0.recorded, $0.predicted] == values }
                    }
            },
            "\(found.map { "\($0.rule?.code ?? "no rule"): \($0.ends.map { "\(log.text($0.key)) \($0.recorded) -> \($0.predicted)" })" })"
        )
        #expect(prediction.isViolation == one.isViolation)
        #expect(prediction.severity == one.severity)
        #expect(prediction.advised == one.advised)
        #expect(prediction.inexactBeyond == nil)
        let order = prediction.order.map { log.name(of: $0) }
        let result = try WitnessReplay(log).run(process: log.text(prediction.process), events: order)
        for end in prediction.ends {
            let row = try #require(result.replay.rows.first { $0.key == end.key })
            #expect(row.recorded == end.recorded && row.replayed == end.predicted)
        }
    }

    /// What cannot be predicted: the order of responses changes nothing about it.
    @Test func `an answer under the wrong name is there in every order, and no prediction`() {
        let log = TraceText.log(
            """
            intent intent=i1 slot=row arguments="a"
            start request=r1 intent=i1 arguments="b"
            deliver request=r1 task=t1
            write request=r1 task=t1 key=row value=1
            intent intent=i2 slot=row arguments="c"
            start request=r2 intent=i2 arguments="c"
            deliver request=r2 task=t2
            write request=r2 task=t2 key=row value=2
            """)
        #expect(Diagnosis(log).findings.map(\.rule) == [.identityMixUp])
        let rules = Predictions(log).found.map(\.rule)
        #expect(rules == [.staleResponseOverwrite])
    }
}
