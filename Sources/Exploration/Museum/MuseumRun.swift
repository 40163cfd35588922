import Trace

/// What came of one piece: the verdicts on each client's life, and on its control's.
package struct MuseumRun: Sendable {
    package struct Outcome: Sendable {
        package var client: MuseumClientKind
        package var verdicts: [MuseumVerdict]
        /// What the judge says of the same script in order.
        package var control: [MuseumVerdict]
    }

    package var piece: MuseumPiece
    package var outcomes: [Outcome]

    /// Lives through the piece and its control with every client.
    package init(_ piece: MuseumPiece) {
        self.piece = piece
        outcomes = MuseumClientKind.allCases.map { client in
            Outcome(
                client: client, verdicts: MuseumJudge.judge(MuseumWorld.live(piece, as: client)),
                control: MuseumJudge.judge(MuseumWorld.live(piece.healed, as: client)))
        }
    }

    /// The clients on which the named anomaly was seen, breaking the named invariant.
    package var broken: [MuseumClientKind] {
        outcomes.filter { outcome in
            outcome.verdicts.contains { $0.anomaly == piece.anomaly && $0.invariants.contains(piece.invariant) }
        }.map(\.client)
    }

    /// Exactly the named reference clients break, Trueline passes, and in order everybody does.
    package var holds: Bool {
        !broken.isEmpty && broken == MuseumClientKind.allCases.filter { piece.breaks.contains($0) }
            && outcomes.allSatisfy { $0.control.isEmpty && ($0.client != .trueline || $0.verdicts.isEmpty) }
    }

    /// The judge's first sentence about the named anomaly.
    package var sentence: String {
        outcomes.flatMap(\.verdicts).first { $0.anomaly == piece.anomaly }?.sentence ?? ""
    }
}

extension MuseumRun {
    /// One line for people.
    package var line: String {
        let states = outcomes.map { outcome in
            let names = outcome.verdicts.map { $0.anomaly.isEmpty ? "end" : $0.anomaly }
            return "\(outcome.client.rawValue): \(names.isEmpty ? "clean" : names.joined(separator: "+"))"
        }
        return
            "\(holds ? "ok  " : "FAIL") \(piece.name)  \(piece.anomaly) \(piece.invariant)  \(states.joined(separator: ", "))"
    }

    /// The runs as one JSON document.
    package static func json(_ runs: [MuseumRun]) -> String {
        let pieces = runs.map { run in
            let clients = run.outcomes.map { outcome in
                "{\"client\":\(text(outcome.client.rawValue)),\"verdicts\":\(json(outcome.verdicts)),\"control\":\(json(outcome.control))}"
            }
            return head(run.piece) + ",\"holds\":\(run.holds),\"clients\":[\(clients.joined(separator: ","))]}"
        }
        let holds = runs.allSatisfy(\.holds)
        return "{\"version\":1,\"holds\":\(holds),\"pieces\":[\(pieces.joined(separator: ","))]}"
    }

    /// The pieces as one JSON document.
    package static func json(_ pieces: [MuseumPiece]) -> String {
        "{\"version\":1,\"pieces\":[\(pieces.map { head($0) + "}" }.joined(separator: ","))]}"
    }

    private static func head(_ piece: MuseumPiece) -> String {
        let members = [
            ("name", text(piece.name)), ("title", text(piece.title)), ("project", text(piece.source.project)),
            ("number", piece.source.number.map { String($0) } ?? "null"), ("link", text(piece.source.link)),
            ("anomaly", text(piece.anomaly)), ("invariant", text(piece.invariant)),
            ("breaks", "[\(piece.breaks.map { text($0.rawValue) }.joined(separator: ","))]"),
        ]
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",")
    }

    private static func json(_ verdicts: [MuseumVerdict]) -> String {
        let objects = verdicts.map { verdict in
            "{\"anomaly\":\(verdict.anomaly.isEmpty ? "null" : text(verdict.anomaly)),"
                + "\"invariants\":[\(verdict.invariants.map(text).joined(separator: ","))],\"sentence\":\(text(verdict.sentence))}"
        }
        return "[\(objects.joined(separator: ","))]"
    }

    private static func text(_ text: String) -> String { MuseumRecord.json(text) }
}
