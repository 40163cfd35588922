extension HistoryReport {
    /// One document about all files.
    package static func json(_ reports: [HistoryReport]) -> String {
        var writer = ReportWriter()
        writer.object {
            $0.member("format", "trueline.history-check/1")
            $0.array("files", reports) { writer, report in report.write(to: &writer) }
        }
        return writer.text
    }

    private func write(to writer: inout ReportWriter) {
        writer.object {
            $0.member("file", file)
            $0.member("model", model.rawValue)
            $0.member("operations", history.count)
            $0.member("processes", history.processCount)
            $0.member("keys", history.keyCount)
            $0.member("skipped", history.skipped)
            $0.member("answer", answer.rawValue)
            $0.array("results", results) { writer, result in write(result, to: &writer) }
            if !left.isEmpty {
                $0.array("left", left) { writer, left in
                    writer.object {
                        $0.member("consistency", left.consistency.rawValue)
                        $0.member("reason", left.reason)
                    }
                }
            }
        }
    }

    private func write(_ result: ConsistencyResult, to writer: inout ReportWriter) {
        writer.object {
            $0.member("consistency", result.consistency.rawValue)
            $0.member("answer", result.answer.rawValue)
            if let reason = result.reason { $0.member("reason", reason) }
            $0.array("findings", result.findings) { writer, finding in write(finding, to: &writer) }
            if result.more > 0 { $0.member("more", result.more) }
        }
    }

    private func write(_ finding: HistoryFinding, to writer: inout ReportWriter) {
        writer.object {
            $0.member("anomaly", finding.anomaly.rawValue)
            if let key = finding.key { $0.member("key", history.texts.describe(key)) }
            $0.array("operations", finding.operations) { writer, operation in
                writer.object {
                    $0.member("id", history.id(operation))
                    $0.member("process", Int(history.processes[Int(history.sessions[operation])]))
                    $0.member("invoked", history.invocationLine(operation))
                    if let line = history.completionLine(operation) { $0.member("completed", line) }
                    $0.member("operation", history.words(operation))
                }
            }
            $0.array("sentences", finding.sentences) { writer, sentence in writer.string(sentence) }
        }
    }
}

/// Writes JSON in the order of the calls.
struct ReportWriter {
    private(set) var text = ""
    private var needsComma = false

    private mutating func separate() {
        if needsComma { text.append(",") }
        needsComma = true
    }

    mutating func object(_ body: (inout ReportWriter) -> Void) {
        separate()
        text.append("{")
        needsComma = false
        body(&self)
        text.append("}")
        needsComma = true
    }

    private mutating func name(_ name: String) {
        string(name)
        text.append(":")
        needsComma = false
    }

    mutating func member(_ name: String, _ value: String) {
        self.name(name)
        string(value)
    }

    mutating func member(_ name: String, _ value: Int) {
        self.name(name)
        separate()
        text.append(String(value))
    }

    mutating func array<Element>(_ name: String, _ elements: [Element], _ write: (inout ReportWriter, Element) -> Void) {
        self.name(name)
        text.append("[")
        needsComma = false
        for element in elements { write(&self, element) }
        text.append("]")
        needsComma = true
    }

    mutating func string(_ value: String) {
        separate()
        text.append("\"")
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text.append("\\\"")
            case "\\": text.append("\\\\")
            case "\n": text.append("\\n")
            case "\t": text.append("\\t")
            case "\r": text.append("\\r")
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text.append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text.append("\"")
    }
}
