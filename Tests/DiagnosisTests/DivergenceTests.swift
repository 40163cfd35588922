import Diagnosis
import Testing
import Trace
import TraceSynthesis

/// The first divergence point, against traces whose fault was put there by a generator that knows nothing of the diagnosis.
struct DivergenceTests {
    static func diagnose(seed: UInt64, number: Int, inversions: Int) -> (
        name: String, log: TraceLog, truth: Truth?, result: Diagnosis
    ) {
        let sample = TraceSynthesis.sample(seed: seed, number: number, inversions: inversions)
        let log = TraceReader.read(TraceSynthesis.lines(sample.events, id: sample.name)).log
        return (sample.name, log, sample.truth, Diagnosis(log, withAdvice: false))
    }

    /// The short form of `trueline synthesize --check`: see CONTRIBUTING.md.
    @Test func `the first divergence point is exact on 100 generated traces with inversions`() {
        var wrong: [String] = []
        for number in 0..<100 {
            let sample = Self.diagnose(seed: 1, number: number, inversions: number % 8 == 7 ? 2 : 1)
            guard let truth = sample.truth else { continue }
            let first = sample.result.divergences.first
            let found = first.map { sample.log.name(of: $0.event) } ?? "none"
            let late = first.map { sample.log.text($0.request) } ?? ""
            let overtaken = first.map { sample.log.text($0.overtaken) } ?? ""
            if found != truth.write || late != truth.late || overtaken != truth.overtaken || first?.isSingle != true {
                wrong.append(
                    "\(sample.name): \(truth.write) by \(truth.late) over \(truth.overtaken), found \(found) by \(late) over \(overtaken), single \(first?.isSingle == true)"
                )
            }
        }
        #expect(wrong.count <= 1, "\(wrong.count) of 100: \(wrong.prefix(10).joined(separator: "\n"))")
    }

    @Test func `no divergence is reported on 100 generated healthy traces, guarded ones among them`() {
        for number in 0..<100 {
            let sample = Self.diagnose(seed: 2, number: number, inversions: 0)
            let found = sample.result.divergences.map { sample.log.name(of: $0.event) }
            #expect(found.isEmpty, "\(sample.name)")
            #expect(!sample.result.findings.contains { $0.rule == .staleResponseOverwrite }, "\(sample.name)")
        }
    }

    static let shop = """
        slot slot=search policy=latest
        intent intent=i1 slot=search
        start request=r1 intent=i1
        intent intent=i2 slot=search
        start request=r2 intent=i2
        intent intent=i3 slot=search
        start request=r3 intent=i3

        """

    @Test func `when one move does not suffice the least set is named`() throws {
        let log = TraceText.log(
            Self.shop + """
                write request=r3 key=k value=3 id=w3
                write request=r2 key=k value=2 id=w2
                write request=r1 key=k value=1 id=w1
                """)
        let divergence = try #require(Diagnosis(log).divergences.first)
        #expect(log.name(of: divergence.event) == "w2" && !divergence.isSingle)
        #expect(divergence.moves.map { log.text($0.delivery) } == ["r2", "r1"])
        #expect(divergence.replayed.map(\.text) == ["3"] && divergence.recorded.map(\.text) == ["1"])
    }

    @Test func `a derived value is recomputed from its sources, and shown as recorded when that very combination was`() throws {
        let log = TraceText.log(
            Self.shop + """
                write request=r1 key=a value=1
                write request=r1 key=sum value=10 from=["a"]
                write request=r3 key=a value=3
                write request=r3 key=sum value=30 from=["a"]
                write request=r2 key=a value=2 id=w
                write request=r2 key=sum value=20 from=["a"]
                """)
        let divergence = try #require(Diagnosis(log).divergences.first)
        #expect(log.name(of: divergence.event) == "w" && divergence.isSingle)
        #expect(divergence.recorded.map(\.text) == ["2", "20"])
        #expect(divergence.replayed.map(\.text) == ["3", "30"])
    }

    @Test func `a response that began after the one it overwrote cannot be moved, and that is said`() throws {
        let log = TraceText.log(
            """
            slot slot=s policy=latest
            intent intent=i1 slot=s rank=1
            intent intent=i2 slot=s rank=2
            start request=r2 intent=i2
            write request=r2 key=k value=2
            start request=r1 intent=i1
            write request=r1 key=k value=1 id=w
            """)
        let divergence = try #require(Diagnosis(log).divergences.first)
        #expect(log.name(of: divergence.event) == "w" && divergence.moves.isEmpty && !divergence.isSingle)
    }

    @Test
    func
        `identity binding is advised for last-wins, a version check where the old response also writes what the new one does not`()
        throws
    {
        let plain = TraceText.log(
            Self.shop + """
                write request=r1 key=k value=1
                write request=r3 key=k value=3
                write request=r2 key=k value=2
                """)
        let guards = try #require(Diagnosis(plain).divergences.first).guards
        #expect(guards.first { $0.isAdvised }?.guard == .identityBinding)
        #expect(guards.filter { $0.residual == 0 }.map(\.guard.code) == ["G1", "G2", "G3", "G4", "G5"])
        #expect(guards.first { $0.guard == .ignoreWhilePending }.map { $0.wronglyBlocked > 0 } == true)
        let overlapping = TraceText.log(
            Self.shop + """
                write request=r1 key=k value=1
                write request=r3 key=k value=3
                write request=r2 key=k value=2
                write request=r2 key=other value=2
                """)
        let others = try #require(Diagnosis(overlapping).divergences.first).guards
        #expect(others.first { $0.isAdvised }?.guard == .versionCheck)
        #expect(others.first { $0.guard == .identityBinding }.map { $0.wronglyBlocked > 0 } == true)
    }
}
