package import Trace

/// The generated part of `Docs/museum.md`.
package enum MuseumPage {
    /// Where it begins and ends in the page.
    package static let begin = "<!-- pieces: generated from Fixtures/museum -->"
    package static let end = "<!-- end -->"

    /// The table and an entry a piece, in the order given.
    package static func markdown(_ runs: [MuseumRun]) -> String {
        var lines = [
            "\(runs.count) pieces.", "",
            "| piece | from | anomaly | breaks | reference clients that show it |", "|---|---|---|---|---|",
        ]
        for run in runs {
            let piece = run.piece
            lines.append(
                "| [\(piece.name)](#\(piece.name)) | \(source(piece)) | \(piece.anomaly) | \(piece.invariant) | \(clients(piece)) |"
            )
        }
        for run in runs {
            let piece = run.piece
            lines += [
                "", "### \(piece.name)", "**\(piece.title).** \(piece.story)", "",
                "*\(piece.anomaly), breaks \(piece.invariant).* \(piece.rule) Seen with \(clients(piece)): \(run.sentence).",
                "",
                "From \(source(piece)); read: \(piece.source.read).",
            ]
        }
        return lines.joined(separator: "\n")
    }

    /// The page with its generated part made anew; `nil` when the page has no place for it.
    package static func renewed(_ page: String, _ runs: [MuseumRun]) -> String? {
        let parts = page.split(separator: begin, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let rest = parts[1].split(separator: end, maxSplits: 1, omittingEmptySubsequences: false)
        guard rest.count == 2 else { return nil }
        return parts[0] + begin + "\n" + markdown(runs) + "\n" + end + rest[1]
    }

    private static func source(_ piece: MuseumPiece) -> String {
        "[\(piece.source.project)\(piece.source.number.map { "#\($0)" } ?? "")](\(piece.source.link))"
    }

    private static func clients(_ piece: MuseumPiece) -> String {
        piece.breaks.map { $0 == .last ? "last response wins" : "patch the cache" }.joined(separator: ", ")
    }
}

extension MuseumLife {
    /// The life as a trace file, for `trueline diagnose` and `trueline open`.
    package var trace: TraceLog {
        var log = TraceLog()
        for event in events { log.append(event) }
        return log
    }
}
