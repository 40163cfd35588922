import Trace

extension PredictionReport {
    /// The stable form for programs; its shape is in `Docs/specifications/prediction.md`, section 6.
    package func json() -> [UInt8] { Self.bytes(document) }

    /// The witness of a prediction, for `trueline replay --order`; its shape is in section 5.
    package func witness(_ prediction: Prediction) -> [UInt8] {
        let steps = zip(prediction.order, prediction.steps).map { event, kind -> JSONValue in
            let request = log.kinds[event] == .signal ? Symbol.none : log.requests[event]
            return .object([
                ("event", .text(name(event))), ("kind", .text(kind)), ("request", .optional(requestName(request))),
                ("method", .optional(attribute("method", of: request))), ("url", .optional(attribute("url", of: request))),
            ])
        }
        return Self.bytes(
            .object([
                ("type", .text("order")), ("version", .number(1)), ("strength", .text("T1")),
                ("process", .text(log.text(prediction.process))), ("steps", .array(steps)),
                (
                    "reversals",
                    .array(
                        prediction.reversals.map {
                            .object([("first", .text(name($0.first))), ("second", .text(name($0.second)))])
                        })
                ),
                ("ends", .array(prediction.ends.map(value))), ("rule", .optional(prediction.rule?.code)),
                ("guard", .optional(prediction.advised?.code)),
                ("inexactBeyond", .optional(prediction.inexactBeyond.map { name($0) })),
            ]))
    }

    static func bytes(_ document: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        document.append(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private var document: JSONValue {
        let limits = predictions.limits
        return .object([
            ("version", .number(1)), ("strength", .text("T1")), ("inputs", .array(inputs.map { DiagnosisReport.value($0) })),
            (
                "limits",
                .object([
                    ("bound", .count(limits.reversals)), ("budget", .count(limits.replays)),
                    ("seed", .text("\(limits.seed)")), ("guard", .optional(limits.guard?.code)),
                ])
            ),
            (
                "summary",
                .object([
                    ("predictions", .count(predictions.found.count)), ("worst", .optional(predictions.worst?.name)),
                    ("recordedViolations", .count(predictions.recordedViolations)),
                    ("complete", .bool(predictions.coverage.isComplete)),
                ])
            ),
            ("coverage", coverageValue),
            ("predictions", .array(predictions.found.enumerated().map { value($1, $0) })),
            ("unknown", .texts(predictions.unknown)),
        ])
    }

    private var coverageValue: JSONValue {
        let coverage = predictions.coverage
        return .object([
            ("groups", .count(coverage.groups.count)), ("deliveries", .count(coverage.deliveries)),
            ("replays", .count(coverage.replays)), ("randomReplays", .count(coverage.randomReplays)),
            ("otherEnds", .count(coverage.ends)), ("bounded", .count(coverage.bounded)),
            ("overBudget", .count(coverage.overBudget)), ("truncated", .count(coverage.truncated)),
        ])
    }

    private func value(_ prediction: Prediction, _ index: Int) -> JSONValue {
        .object([
            ("number", .count(index + 1)), ("group", .count(prediction.component)),
            ("process", .text(log.text(prediction.process))), ("slot", .optional(requestName(prediction.slot))),
            ("rule", .optional(prediction.rule?.code)), ("violation", .bool(prediction.isViolation)),
            ("repairs", .optional(prediction.repairs?.code)),
            ("severity", .text(prediction.severity.name)), ("severityKnown", .bool(prediction.severityKnown)),
            ("confidence", .text("\(prediction.confidence)")), ("sentence", .text(sentence(prediction))),
            ("ends", .array(prediction.ends.map(value))), ("reversals", .array(prediction.reversals.map(value))),
            ("order", .texts(prediction.order.map { name($0) })),
            ("delay", prediction.delay.map { .number($0) } ?? .null),
            ("inexactBeyond", .optional(prediction.inexactBeyond.map { name($0) })),
            ("guard", .optional(prediction.advised?.code)),
            ("proof", .optional(prediction.advice.map { DiagnosisReport.words($0) })),
            ("guards", .array(prediction.advice?.trials.map(value) ?? [])),
        ])
    }

    private func value(_ end: Prediction.End) -> JSONValue {
        .object([
            ("key", .text(log.text(end.key))), ("slot", .optional(requestName(end.slot))), ("recorded", .text(end.recorded)),
            ("predicted", .text(end.predicted)), ("shown", .bool(end.isShown)),
        ])
    }

    private func value(_ reversal: Prediction.Reversal) -> JSONValue {
        .object([
            ("first", .text(name(reversal.first))), ("firstRequest", .optional(requestName(reversal.firstRequest))),
            ("second", .text(name(reversal.second))), ("secondRequest", .optional(requestName(reversal.secondRequest))),
        ])
    }

    private func value(_ trial: GuardTrial) -> JSONValue {
        .object([
            ("guard", .text(trial.guard.code)), ("residual", trial.missing == nil ? .count(trial.residual) : .null),
            ("wronglyBlocked", trial.missing == nil ? .count(trial.wronglyBlocked) : .null), ("orders", .count(trial.orders)),
            ("advised", .bool(trial.isAdvised)),
        ])
    }
}
