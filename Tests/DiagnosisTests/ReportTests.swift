import Diagnosis
import Testing
import Trace

/// What a person and a program read of a diagnosis.
struct ReportTests {
    static func report(_ text: String) -> DiagnosisReport {
        let log = TraceText.log(text)
        let input = DiagnosisReport.Input(
            name: "shop.jsonl", format: "trueline", events: log.count, rejected: 0, limits: ["No frames."])
        return DiagnosisReport(log, Diagnosis(log), inputs: [input])
    }

    static let incident = """
        slot slot=total policy=latest
        intent intent=i1 slot=total label=apply
        start request=r1 intent=i1
        intent intent=i2 slot=total label=more
        start request=r2 intent=i2
        arrive request=r2
        deliver request=r2 task=t2
        write request=r2 key=total value=36 task=t2
        arrive request=r1
        deliver request=r1 task=t1
        write request=r1 key=total value=32 task=t1
        render frame=1
        expect name=right holds=false
        """

    @Test func `the text takes the six steps, and names the write, the pair and the guard`() {
        let text = Self.report(Self.incident).text(isColoured: false)
        for heading in [
            "1. Symptoms", "2. Boundaries", "3. Timeline", "4. First divergence point", "5. Hypothesis", "6. Invariant",
        ] {
            #expect(text.contains(heading))
        }
        #expect(text.contains("L12 is where it diverged"))
        #expect(text.contains("Delivering r1 before r2, and nothing else"))
        #expect(text.contains("`total`: recorded 32, replayed 36"))
        #expect(text.contains("G2 identity binding: wrong in 0, wrongly blocked 0, no wait  <- advised"))
        #expect(text.contains("expected \"right\", and it did not hold"))
        #expect(!text.contains("\u{1B}"))
    }

    @Test
    func `the explanation has at most nine events, both sides of the race among them, and a reason for each but the first`()
        throws
    {
        let explanation = try #require(Self.report(Self.incident).explanation)
        let log = TraceText.log(Self.incident)
        #expect(explanation.steps.map { log.name(of: $0.event) } == ["L3", "L4", "L5", "L6", "L7", "L9", "L10", "L12", "L13"])
        #expect(explanation.steps.dropFirst().allSatisfy { !$0.because.isEmpty })
        #expect(explanation.confidence == .structural)
    }

    @Test func `JSON is the same bytes every time, and has the members that are documented`() {
        let bytes = Self.report(Self.incident).json()
        #expect(bytes == Self.report(Self.incident).json())
        let text = String(decoding: bytes, as: UTF8.self)
        for member in [
            "\"version\":1", "\"inputs\":[{\"name\":\"shop.jsonl\"", "\"summary\":{\"findings\":",
            "\"divergence\":{\"event\":\"L12\"",
            "\"order\":[\"r2\",\"r1\"]", "\"single\":true", "\"strength\":\"T1\"", "\"guards\":[{\"guard\":\"G1\"",
            "\"notChecked\":[",
            "\"boundaries\":[", "\"symptoms\":[{\"event\":\"L14\"", "\"unknown\":[",
        ] { #expect(text.contains(member), "\(member)") }
    }

    @Test func `what a trace says is text in every form: no markup, no control character`() {
        let log = TraceText.log(
            """
            error message="<script>alert(1)</script>\\u001b[31m"
            """)
        let report = DiagnosisReport(log, Diagnosis(log), inputs: [])
        #expect(!report.html().contains("<script>"))
        #expect(report.html().contains("&lt;script&gt;"))
        #expect(!report.text(isColoured: false).contains("\u{1B}"))
    }

    @Test func `a replay shows both states, and a guard's`() throws {
        let log = TraceText.log(Self.incident)
        let replay = Replay(log)
        #expect(replay.run(.intent, guard: nil).rows.map { [$0.recorded, $0.replayed] } == [["32", "36"]])
        #expect(replay.run(.completion, guard: nil).rows.map { [$0.recorded, $0.replayed] } == [["32", "32"]])
        let guarded = replay.run(.completion, guard: .identityBinding)
        #expect(guarded.rows.map(\.replayed) == ["36"] && guarded.blocked == 1 && guarded.replayedInversions == 0)
        let named = replay.run(.named(["r1", "r2", "r9"]), guard: nil)
        #expect(named.rows.map(\.replayed) == ["36"] && named.unknownNames == ["r9"])
    }

    @Test func `G9: a replay keeps the person's change until a request begun after its acknowledgement`() {
        let log = TraceText.log(
            """
            start request=r1 slot=list
            intent intent=i1 slot=row
            write intent=i1 key=k value=1 optimistic=true
            write request=r1 key=k value=0
            write request=r1 key=other value=9
            ack intent=i1 key=k version=2
            start request=r2 slot=list
            write request=r2 key=k value=3
            """)
        let guarded = Replay(log).run(.completion, guard: .waitForDependency)
        #expect(guarded.blocked == 1 && guarded.rows.map(\.replayed).sorted() == ["3", "9"])
    }

    @Test func `a guard that a replay of deliveries leaves nothing to decide says why`() {
        let without = Guard.allCases.filter { $0.whyNotReplayed != nil }
        #expect(without.map(\.code) == ["G6", "G7", "G8"])
        #expect(without.allSatisfy { $0.whyNotReplayed?.contains($0.code) == true })
    }
}
