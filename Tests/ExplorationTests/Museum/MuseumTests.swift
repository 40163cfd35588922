import Diagnosis
import Foundation
import GridModel
import Ordering
import Testing
import Trace

@testable import Exploration

@Suite("The museum")
struct MuseumTests {
    @Test("There are at least 30 pieces, and each says where it is from, what people saw and which rule was missing")
    func labels() {
        #expect(MuseumFixtures.pieces.count >= 30)
        #expect(Set(MuseumFixtures.pieces.map(\.name)).count == MuseumFixtures.pieces.count)
        for piece in MuseumFixtures.pieces {
            let texts = [piece.title, piece.story, piece.rule, piece.source.project, piece.source.link, piece.source.read]
            #expect(texts.allSatisfy { !$0.isEmpty }, "\(piece.name)")
            #expect(Rule.allCases.contains { $0.code == piece.anomaly }, "\(piece.name)")
            #expect(MuseumVerdict.invariants(of: piece.anomaly).contains(piece.invariant), "\(piece.name)")
            #expect(!piece.breaks.isEmpty && !piece.breaks.contains(.trueline), "\(piece.name)")
        }
    }

    @Test("Every anomaly that a frame or a commit can show has a piece: all but the hazard A2")
    func complete() {
        let all = Set(Rule.allCases.map(\.code)).subtracting(["A2"])
        #expect(Set(MuseumFixtures.pieces.map(\.anomaly)) == all)
    }

    @Test("C1-C9, S1-S6: a piece shows its anomaly on exactly the reference clients it names", arguments: MuseumFixtures.pieces)
    func breaks(piece: MuseumPiece) {
        let run = MuseumRun(piece)
        #expect(run.broken == MuseumClientKind.allCases.filter { piece.breaks.contains($0) }, "\(run.line)")
    }

    @Test(
        "C1-C9, S1-S6: nothing is wrong with what Trueline's screen showed and its store kept", arguments: MuseumFixtures.pieces
    )
    func passes(piece: MuseumPiece) {
        let verdicts = MuseumJudge.judge(MuseumWorld.live(piece, as: .trueline))
        #expect(verdicts.isEmpty, "\(verdicts.map(\.sentence))")
    }

    @Test("Where nothing is late, lost or doubled, every client passes", arguments: MuseumFixtures.pieces)
    func control(piece: MuseumPiece) {
        for client in MuseumClientKind.allCases {
            let verdicts = MuseumJudge.judge(MuseumWorld.live(piece.healed, as: client))
            #expect(verdicts.isEmpty, "\(client): \(verdicts.map(\.sentence))")
        }
    }

    /// What the judge sees on the screen and the rules cannot see in the trace, each with the reason.
    private static let undecided: [String: String] = [
        // The cache by name has nothing yet where the third term should be: the rule compares the ranks of writes, and there is none.
        "incident-checkout/patch": "A9"
    ]

    @Test("diagnose names the same anomaly in the trace of a client that shows it", arguments: MuseumFixtures.pieces)
    func diagnosed(piece: MuseumPiece) {
        for client in piece.breaks {
            let isUndecided = Self.undecided["\(piece.name)/\(client.rawValue)"] == piece.anomaly
            let found = findings(MuseumWorld.live(piece, as: client))
            #expect(found.contains(piece.anomaly) != isUndecided, "\(client): found \(found.sorted())")
        }
    }

    @Test("In Trueline's own trace diagnose finds only what the network did: a read from a stale cache, a signal out of order")
    func ownTrace() {
        for piece in MuseumFixtures.pieces {
            let found = findings(MuseumWorld.live(piece, as: .trueline))
            #expect(found.isSubset(of: ["A16", "A17"]), "\(piece.name): found \(found.sorted())")
        }
    }

    private func findings(_ life: MuseumLife) -> Set<String> {
        Set(Diagnosis(life.trace, withAdvice: false).findings.map(\.rule.code))
    }

    @Test("A life is the same every time, and its trace is read back as it was written", arguments: MuseumFixtures.pieces)
    func repeatable(piece: MuseumPiece) throws {
        for client in MuseumClientKind.allCases {
            let bytes = TraceWriter.bytes(of: MuseumWorld.live(piece, as: client).trace)
            #expect(bytes == TraceWriter.bytes(of: MuseumWorld.live(piece, as: client).trace))
            let reading = TraceReader.read(bytes)
            #expect(reading.rejections.isEmpty)
            #expect(TraceWriter.bytes(of: reading.log) == bytes)
        }
    }

    @Test("The page in the docs is what the pieces say")
    func page() throws {
        let file = MuseumFixtures.root.appendingPathComponent("Docs/museum.md")
        let page = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let renewed = try #require(MuseumPage.renewed(page, MuseumFixtures.pieces.map { MuseumRun($0) }))
        if ProcessInfo.processInfo.environment["TRUELINE_UPDATE_FIXTURES"] != nil { try Data(renewed.utf8).write(to: file) }
        let readme = try Data(contentsOf: MuseumFixtures.root.appendingPathComponent("README.md"))
        #expect(String(decoding: readme, as: UTF8.self).contains("| Museum | \(MuseumFixtures.pieces.count) public bugs"))
        #expect(page == renewed, "run this test with TRUELINE_UPDATE_FIXTURES=1 to write the page anew")
    }

    @Test(
        "What a piece may not say is refused",
        arguments: [
            #"{"nam":"x"}"#, #"{"steps":[{"do":"hodl"}]}"#, #"{"steps":[{"do":"hold","what":"thought","as":"x"}]}"#,
            #"{"steps":[{"do":"edit","value":"x"}]}"#, #"{"breaks":["nobody"]}"#, #"{"defects":["isSlow"]}"#, #"{} {}"#,
        ])
    func refused(json: String) {
        #expect(throws: JSONScanner.Failure.self) { try MuseumReader.piece(Array(json.utf8)) }
    }
}
