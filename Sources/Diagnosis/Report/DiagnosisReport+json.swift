import Trace

extension DiagnosisReport {
    /// The stable form for programs; its shape is in `Docs/specifications/diagnosis.md`, section 7.
    package func json() -> [UInt8] {
        var bytes: [UInt8] = []
        document.append(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private var document: JSONValue {
        .object([
            ("version", .number(1)), ("inputs", .array(inputs.map { Self.value($0) })), ("summary", summary),
            ("findings", .array(diagnosis.findings.map(value))),
            ("divergence", diagnosis.divergences.first.map(value) ?? .null),
            ("divergences", .array(diagnosis.divergences.map(short))),
            ("explanation", .array(explanation?.steps.map(value) ?? [])),
            ("explanationConfidence", .optional(explanation.map { "\($0.confidence)" })),
            ("guards", .array(guards)), ("advice", .array(adviceValues)),
            (
                "notChecked",
                .array(diagnosis.notChecked.map { .object([("rule", .text($0.rule.code)), ("missing", .text($0.missing))]) })
            ),
            ("boundaries", .array(boundaries.map(value))),
            (
                "symptoms",
                .array(
                    diagnosis.symptoms.map { .object([("event", .text(log.name(of: $0))), ("sentence", .text(symptom($0)))]) })
            ),
            ("unknown", .texts(diagnosis.unknown)),
        ])
    }

    static func value(_ input: Input) -> JSONValue {
        .object([
            ("name", .text(input.name)), ("format", .text(input.format)), ("events", .count(input.events)),
            ("rejected", .count(input.rejected)), ("limits", .texts(input.limits)),
        ])
    }

    private var summary: JSONValue {
        .object([
            ("findings", .count(diagnosis.findings.count)),
            ("violations", .count(diagnosis.findings.count { $0.isViolation })),
            ("worst", .optional(diagnosis.worst?.name)),
        ])
    }

    private func value(_ finding: Finding) -> JSONValue {
        let hasFrames = !diagnosis.unseenProcesses.contains(finding.process)
        return .object([
            ("rule", .text(finding.rule.code)), ("name", .text(finding.rule.title)), ("slot", symbol(finding.slot)),
            ("key", symbol(finding.key)), ("process", .text(log.text(log.processes[Int(finding.process)].name))),
            ("event", .text(log.name(of: finding.event))), ("other", .optional(finding.other.map { log.name(of: $0) })),
            ("request", symbol(finding.request)), ("otherRequest", symbol(finding.otherRequest)),
            ("count", .count(finding.count)),
            ("severity", .text(finding.severity.name)),
            ("severityKnown", .bool(hasFrames || finding.severity == .latent || finding.severity == .durable)),
            ("frame", .optional(finding.frame.map { log.name(of: $0) })), ("confidence", .text("\(finding.confidence)")),
            ("policy", .optional(finding.policy?.policy.map { "\($0)" })),
            ("policySource", .optional(finding.policy?.source.rawValue)),
            ("evidence", .optional(finding.policy.flatMap { $0.evidence.isEmpty ? nil : $0.evidence })),
            ("violation", .bool(finding.isViolation)), ("sentence", .text(sentences.sentence(finding))),
        ])
    }

    private func symbol(_ symbol: Symbol) -> JSONValue { symbol.isNone ? .null : .text(log.text(symbol)) }

    private func value(_ divergence: Divergence) -> JSONValue {
        let values: ([Divergence.Value]) -> JSONValue = { list in
            .array(list.map { .object([("key", self.symbol($0.key)), ("value", .text($0.text))]) })
        }
        return .object([
            ("event", .text(log.name(of: divergence.event))), ("request", symbol(divergence.request)),
            ("key", symbol(divergence.key)),
            ("slot", symbol(divergence.slot)), ("process", .text(log.text(log.processes[Int(divergence.process)].name))),
            ("before", .text(log.name(of: divergence.overtakenEvent))),
            ("order", .array([symbol(divergence.overtaken), symbol(divergence.request)])),
            ("single", .bool(divergence.isSingle)),
            (
                "moves",
                .array(divergence.moves.map { .object([("delivery", symbol($0.delivery)), ("before", symbol($0.before))]) })
            ),
            ("strength", .text("T1")), ("recorded", values(divergence.recorded)), ("replayed", values(divergence.replayed)),
            ("policy", .optional(divergence.policy.policy.map { "\($0)" })),
            ("policySource", .text(divergence.policy.source.rawValue)),
            ("sentence", .text(sentences.sentence(divergence))),
        ])
    }

    private func short(_ divergence: Divergence) -> JSONValue {
        .object([
            ("event", .text(log.name(of: divergence.event))), ("request", symbol(divergence.request)),
            ("key", symbol(divergence.key)),
            ("slot", symbol(divergence.slot)), ("single", .bool(divergence.isSingle)),
        ])
    }

    private func value(_ step: Explanation.Step) -> JSONValue {
        .object([
            ("event", .text(log.name(of: step.event))), ("type", .text("\(log.kinds[step.event].name)")),
            ("process", .text(log.text(log.process(of: step.event).name))), ("time", .number(log.times[step.event])),
            ("label", .text(describe(step.event))), ("because", step.because.isEmpty ? .null : .text(step.because)),
            ("confidence", .optional(step.confidence.map { "\($0)" })),
        ])
    }

    /// Those of the first divergence point.
    private var guards: [JSONValue] { (diagnosis.divergences.first?.guards ?? []).map(value) }

    private func value(_ boundary: (process: TraceLog.Process, events: Int)) -> JSONValue {
        .object([
            ("process", .text(log.text(boundary.process.name))), ("role", .text("\(boundary.process.role)")),
            ("events", .count(boundary.events)),
        ])
    }
}
