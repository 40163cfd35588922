extension HistoryReport {
    /// For people: a line an answer, then what shows it.
    package var text: String {
        var lines = [
            "\(file): \(model.rawValue), \(history.count) operations of \(history.processCount) processes on \(keyCount)"
                + (history.skipped > 0 ? ", \(history.skipped) other events or lines left out" : "")
        ]
        for result in results {
            lines.append(
                "  \(result.consistency.rawValue): \(result.answer.rawValue)" + (result.reason.map { " - \($0)" } ?? ""))
            for finding in result.findings { lines += text(of: finding) }
            if result.more > 0 { lines.append("    and \(result.more) more findings") }
        }
        for left in left { lines.append("  \(left.consistency.rawValue): not asked - \(left.reason)") }
        return lines.map(Self.clean).joined(separator: "\n")
    }

    /// A value may hold anything; a terminal obeys control characters.
    private static func clean(_ line: String) -> String {
        String(
            String.UnicodeScalarView(
                line.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{B7}"
                    default: scalar
                    }
                }))
    }

    private var keyCount: String { history.keyCount == 1 ? "1 key" : "\(history.keyCount) keys" }

    private func text(of finding: HistoryFinding) -> [String] {
        let key = finding.key.map { " of key \(history.texts.describe($0))" } ?? ""
        return ["    \(finding.anomaly.rawValue)\(key)"] + finding.sentences.map { "      " + $0 }
            + finding.operations.map { operation in
                let line = history.invocationLine(operation)
                let end = history.completionLine(operation).map { "to \($0)" } ?? "and never known to end"
                let process = history.processes[Int(history.sessions[operation])]
                return "        [\(history.id(operation))] process \(process), line \(line) \(end): \(history.words(operation))"
            }
    }
}
