import Trace

extension DiagnosisReport {
    /// The report for people, in the six steps of an investigation. `isColoured` only for a terminal.
    package func text(isColoured: Bool) -> String {
        var page = TextPage(isColoured: isColoured)
        for section in sections { page.add(section) }
        return page.text
    }

    /// The report as headings and lines: what text and HTML share.
    var sections: [ReportSection] {
        [
            symptomSection, boundarySection, timelineSection, divergenceSection, hypothesisSection, guardSection,
            findingsSection, unknownSection,
        ]
    }

    private var symptomSection: ReportSection {
        var section = ReportSection(title: "1. Symptoms")
        for input in inputs {
            let rejected = input.rejected == 0 ? "" : ", \(input.rejected) could not be read"
            section.add("\(input.name): \(input.format), \(input.events) events\(rejected)")
        }
        if diagnosis.symptoms.isEmpty {
            section.add("Nobody recorded an error or a failed expectation.")
        }
        for event in diagnosis.symptoms.prefix(10) { section.add(symptom(event)) }
        if diagnosis.symptoms.count > 10 { section.add("and \(diagnosis.symptoms.count - 10) more") }
        let violations = diagnosis.findings.count { $0.isViolation }
        let hazards = diagnosis.findings.count - violations
        section.add(
            diagnosis.findings.isEmpty
                ? "Clean: no rule that could be checked was broken."
                : "\(violations) violations, \(hazards) hazards\(diagnosis.worst.map { ", the worst \($0.name)" } ?? "").",
            .strong)
        return section
    }

    private var boundarySection: ReportSection {
        var section = ReportSection(title: "2. Boundaries")
        for boundary in boundaries {
            section.add("\(boundary.process.role) \(log.text(boundary.process.name)): \(boundary.events) events")
        }
        return section
    }

    private var timelineSection: ReportSection {
        var section = ReportSection(title: "3. Timeline")
        guard let explanation else {
            section.add("Nothing to explain: no response was applied out of the order of intent.")
            return section
        }
        for step in explanation.steps {
            section.add("\(log.name(of: step.event))  \(describe(step.event))", .strong)
            if !step.because.isEmpty {
                section.add("    \(step.because)\(step.confidence.map { " [\($0)]" } ?? "")")
            }
        }
        section.add("The story is as strong as its weakest edge: \(explanation.confidence).")
        return section
    }

    private var divergenceSection: ReportSection {
        var section = ReportSection(title: "4. First divergence point")
        guard let divergence = diagnosis.divergences.first else {
            section.add("None.")
            return section
        }
        section.add(sentences.sentence(divergence), .bad)
        switch divergence.policy.source {
        case .declared: section.add("The slot's policy is declared: \(divergence.policy.policy.map { "\($0)" } ?? "unknown").")
        case .inferred:
            section.add(
                "The slot's policy is taken to be \(divergence.policy.policy.map { "\($0)" } ?? "unknown"): \(divergence.policy.evidence)."
            )
        case .unknown:
            section.add(
                "The slot's policy is not known, so this is an order-dependent write; declare `policy` for the slot to judge it."
            )
        }
        if diagnosis.divergences.count > 1 {
            section.add(
                "\(diagnosis.divergences.count - 1) further episodes begin at "
                    + diagnosis.divergences.dropFirst().prefix(5)
                    .map { log.name(of: $0.event) }.joined(separator: ", ") + (diagnosis.divergences.count > 6 ? ", ..." : "")
                    + ".")
        }
        return section
    }

    private var hypothesisSection: ReportSection {
        var section = ReportSection(
            title: "5. Hypothesis, validated by replay (T1: the recorded responses, another arrival order)")
        guard let divergence = diagnosis.divergences.first else {
            section.add("Nothing to validate.")
            return section
        }
        if divergence.moves.isEmpty {
            section.add("Not validated: no possible order of these arrivals ends as it was asked for.")
            return section
        }
        for (before, after) in zip(divergence.recorded, divergence.replayed).prefix(12) {
            section.add(
                "`\(log.text(before.key))`: recorded \(before.text.prefix(80)), replayed \(after.text.prefix(80))",
                before == after ? .plain : .strong)
        }
        return section
    }

    private var guardSection: ReportSection {
        var section = ReportSection(title: "6. Invariant to enforce")
        if let divergence = diagnosis.divergences.first, let first = divergence.guards.first {
            section.add(
                "Replayed over \(first.orders) orders of arrival (\(first.isExhaustive ? "all that were possible" : "the neighbours of two; all would be too many")):"
            )
            for trial in divergence.guards {
                section.add(
                    "\(trial.guard.code) \(trial.guard.title): wrong in \(trial.residual), wrongly blocked \(trial.wronglyBlocked), \(Self.wait(trial))\(trial.isAdvised ? "  <- advised" : "")",
                    trial.isAdvised ? .good : .plain)
            }
        }
        addAdvice(to: &section)
        if section.lines.isEmpty { section.add("Nothing to prevent.") }
        return section
    }

    private var findingsSection: ReportSection {
        var section = ReportSection(title: "Findings")
        if diagnosis.findings.isEmpty { section.add("None.") }
        for finding in diagnosis.findings.prefix(50) {
            let count = finding.count > 1 ? " (\(finding.count) times)" : ""
            section.add(
                "\(finding.rule.code) \(finding.rule.title), \(finding.severity.name)\(count) [\(finding.confidence)]",
                finding.isViolation ? .bad : .strong)
            section.add("    \(sentences.sentence(finding))")
        }
        if diagnosis.findings.count > 50 {
            section.add("and \(diagnosis.findings.count - 50) more; --format json has them all")
        }
        return section
    }

    private var unknownSection: ReportSection {
        var section = ReportSection(title: "Not known")
        for input in inputs { for limit in input.limits { section.add(limit) } }
        for sentence in diagnosis.unknown { section.add(sentence) }
        var missing: [String] = []
        for rule in diagnosis.notChecked where !missing.contains(rule.missing) { missing.append(rule.missing) }
        for member in missing {
            let rules = diagnosis.notChecked.filter { $0.missing == member }.map { "\($0.rule.code) \($0.rule.title)" }
            section.add("Not checked, as the trace has no \(member): \(rules.joined(separator: ", ")).")
        }
        if section.lines.isEmpty { section.add("Every rule could be checked.") }
        return section
    }
}

/// A heading and its lines.
struct ReportSection {
    enum Weight {
        case plain, strong, good, bad
    }

    var title: String
    private(set) var lines: [(text: String, weight: Weight)] = []

    init(title: String) {
        self.title = title
    }

    mutating func add(_ text: String, _ weight: Weight = .plain) { lines.append((text, weight)) }
}

/// Sections as text. What a trace says is printed with its control characters made visible: it comes from anybody.
struct TextPage {
    let isColoured: Bool
    private(set) var text = ""

    init(isColoured: Bool) {
        self.isColoured = isColoured
    }

    mutating func add(_ section: ReportSection) {
        if !text.isEmpty { text += "\n" }
        text += paint(section.title, "1") + "\n"
        for line in section.lines {
            let safe = Self.visible(line.text)
            switch line.weight {
            case .plain: text += "  \(safe)\n"
            case .strong: text += "  " + paint(safe, "1") + "\n"
            case .good: text += "  " + paint(safe, "32") + "\n"
            case .bad: text += "  " + paint(safe, "31") + "\n"
            }
        }
    }

    private func paint(_ text: String, _ code: String) -> String { isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

    private static func visible(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 32 || (127..<160).contains($0.value) ? "\u{FFFD}" : $0 }))
    }
}
