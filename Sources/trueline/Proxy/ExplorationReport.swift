import Foundation

/// The result of an exploration, for people and for programs.
struct ExplorationReport {
    /// Runs that ended alike.
    private struct Group {
        var end: RunEnd
        var runs: [(number: Int, run: OrderRun)]
    }

    private let runs: ExplorationRuns
    private let keeps: Bool
    private var groups: [Group] = []

    init(_ runs: ExplorationRuns, keeps: Bool) {
        self.runs = runs
        self.keeps = keeps
        for (number, run) in runs.runs.enumerated() {
            if let index = groups.firstIndex(where: { $0.end == run.end }) {
                groups[index].runs.append((number, run))
            } else {
                groups.append(Group(end: run.end, runs: [(number, run)]))
            }
        }
    }

    var text: String {
        let count = runs.runs.count - 1
        var lines = [
            "\(runs.requests.count.counted("response")), \(count.counted("order")) tried, \(runs.distinct) different ones delivered"
                + (runs.isBounded ? "; there are more orders: --max-orders" : "; these are all")
        ]
        if runs.others == 0 { lines.append("Every order ends as the undisturbed run does.") }
        for group in groups.dropFirst() {
            guard let (number, run) = group.runs.first else { continue }
            lines.append("")
            lines.append(
                "\(group.runs.count.counted("order")) \(group.runs.count == 1 ? "ends" : "end") otherwise, the first is order \(number):"
            )
            lines += run.delivered.enumerated().map { "  \($0 + 1). \($1)" }
            lines += Self.differences(group.end, runs.undisturbed).map { "  \($0)" }
            lines += run.reports.filter { $0.hasPrefix("inexact") }.map { "  \($0)" }
            if keeps { lines.append("  recording: \(run.recording)") }
        }
        return lines.joined(separator: "\n")
    }

    private static func differences(_ end: RunEnd, _ undisturbed: RunEnd) -> [String] {
        func compare(_ left: [String: String], _ right: [String: String], _ what: String) -> [String] {
            Set(left.keys).union(right.keys).sorted().filter { left[$0] != right[$0] }.map {
                "\(what)`\($0)` ends with \(left[$0] ?? "nothing") instead of \(right[$0] ?? "nothing")"
            }
        }
        var lines =
            compare(end.places, undisturbed.places, "") + compare(end.finals, undisturbed.finals, "what the script posted as ")
        if end.exitCode != undisturbed.exitCode {
            lines.append(end.exitCode < 0 ? "the script did not end in time" : "the script ends with \(end.exitCode)")
        }
        return lines
    }

    /// Documented in `Docs/specifications/proxy.md`.
    func json(upstream: String, script: String) -> String {
        let document = Document(
            version: 1, upstream: upstream, script: script, requests: runs.requests, orders: runs.runs.count - 1,
            distinct: runs.distinct, bounded: runs.isBounded, ends: groups.map { end($0) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(document) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    private func end(_ group: Group) -> Document.End {
        Document.End(
            differs: group.end != runs.undisturbed, places: group.end.places, finals: group.end.finals,
            exitCode: group.end.exitCode,
            runs: group.runs.map { number, run in
                Document.Run(
                    order: number, delivered: run.delivered, inexact: run.isInexact, reports: run.reports,
                    recording: keeps ? run.recording : nil)
            })
    }

    private struct Document: Encodable {
        struct Run: Encodable {
            var order: Int
            var delivered: [String]
            var inexact: Bool
            var reports: [String]
            var recording: String?
        }

        struct End: Encodable {
            var differs: Bool
            var places: [String: String]
            var finals: [String: String]
            var exitCode: Int32
            var runs: [Run]
        }

        var version: Int
        var upstream: String
        var script: String
        var requests: [String]
        var orders: Int
        var distinct: Int
        var bounded: Bool
        var ends: [End]
    }
}
