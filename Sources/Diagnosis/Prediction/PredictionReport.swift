package import Trace

/// Predictions with what they were made from, to be printed as text, JSON, HTML, JUnit XML or SARIF, and as witnesses.
package struct PredictionReport: Sendable {
    /// What makes a prediction count.
    package enum Threshold: String, Sendable, Hashable, CaseIterable {
        /// A person would see it, or a request was made with it.
        case visible
        /// It ends otherwise.
        case any
    }

    package let log: TraceLog
    package let predictions: Predictions
    package let inputs: [DiagnosisReport.Input]
    /// How the command that replays a witness is written, without the witness: "trueline replay shop.jsonl --order".
    package let replayCommand: String
    /// The trace's path, as SARIF names it.
    package let artifact: String
    /// Where each request begins.
    private var starts: [Symbol: Int] = [:]

    package init(
        _ log: TraceLog, _ predictions: Predictions, inputs: [DiagnosisReport.Input], replayCommand: String,
        artifact: String
    ) {
        self.log = log
        self.predictions = predictions
        self.inputs = inputs
        self.replayCommand = replayCommand
        self.artifact = artifact
        for event in log.kinds.indices where log.kinds[event] == .start {
            let request = log.requests[event].isNone ? log.ids[event] : log.requests[event]
            if starts[request] == nil { starts[request] = event }
        }
    }

    /// Predictions at or above a threshold.
    package func failing(_ threshold: Threshold) -> [Prediction] {
        predictions.found.filter { counts($0, threshold) }
    }

    func counts(_ prediction: Prediction, _ threshold: Threshold) -> Bool {
        switch threshold {
        case .visible: prediction.severity >= .visible
        case .any: true
        }
    }

    /// The name of a prediction's witness: its place in the report, from 1.
    package static func witnessName(_ index: Int) -> String { "\(index + 1).json" }

    // MARK: Races

    /// Predictions that are about the same keys of one group: the one nearest to the recording stands for them.
    struct Kind {
        /// Into the predictions.
        var first: Int
        var others: [Int] = []
    }

    var kinds: [Kind] {
        struct Identity: Hashable {
            var component: Int
            var keys: [Symbol]
        }
        var kinds: [Kind] = []
        var numbers: [Identity: Int] = [:]
        for (index, prediction) in predictions.found.enumerated() {
            let identity = Identity(component: prediction.component, keys: prediction.ends.map(\.key))
            if let known = numbers[identity] {
                kinds[known].others.append(index)
            } else {
                numbers[identity] = kinds.count
                kinds.append(Kind(first: index))
            }
        }
        return kinds
    }

    // MARK: Words

    func name(_ event: Int) -> String { log.name(of: event) }

    func requestName(_ request: Symbol) -> String? { request.isNone ? nil : log.text(request) }

    /// A step of a reversal in words: its request with what it asked for, or the event.
    func step(_ event: Int, _ request: Symbol) -> String {
        guard let name = requestName(request) else { return "\(log.kinds[event].name) \(self.name(event))" }
        let method = attribute("method", of: request).flatMap { $0 == "GET" ? nil : "\($0) " } ?? ""
        return "the response of \(name)\(url(request).map { " (\(method)\($0))" } ?? "")"
    }

    /// What a request asked for; a longer text says no more in a sentence.
    func url(_ request: Symbol) -> String? {
        guard let text = attribute("url", of: request) else { return nil }
        return text.count > Self.maximumURL ? String(text.prefix(Self.maximumURL)) + "..." : text
    }

    private static let maximumURL = 80

    /// A text of a request's start.
    func attribute(_ name: String, of request: Symbol) -> String? {
        starts[request].flatMap { log.attribute(name, of: $0) }.map { DiagnosisReport.unquoted($0) }
    }

    /// "if A had come before B, `key` would end with X instead of Y".
    func sentence(_ prediction: Prediction) -> String {
        let reversals = prediction.reversals
        let conditions = reversals.prefix(2).map {
            "\(step($0.first, $0.firstRequest)) had come before \(step($0.second, $0.secondRequest))"
        }
        let more = reversals.count > 2 ? " (and \(reversals.count - 2) more pair\(reversals.count == 3 ? "" : "s"))" : ""
        let ends = prediction.ends.prefix(3).map {
            "`\(log.text($0.key))` would end with \($0.predicted.prefix(80)) instead of \($0.recorded.prefix(80))"
        }
        let others = prediction.ends.count > 3 ? ", and \(prediction.ends.count - 3) more keys" : ""
        return "If \(conditions.joined(separator: " and "))\(more), \(ends.joined(separator: ", "))\(others)."
    }

    /// What the prediction breaks, in a few words.
    func title(_ prediction: Prediction) -> String {
        if let repaired = prediction.repairs {
            return "the recorded end is the wrong one: an order without its \(repaired.code) \(repaired.title)"
        }
        guard let rule = prediction.rule else {
            return prediction.isJudged ? "another end, and no further rule broken" : "another end, not judged"
        }
        let kind =
            prediction.isViolation
            ? "" : rule == .completionBoundWrite ? "" : " (order-dependent: the slot's policy is unknown)"
        return "\(rule.code) \(rule.title)\(kind)"
    }

    /// Which guard removes it.
    func remedy(_ prediction: Prediction) -> String {
        if let repaired = prediction.repairs {
            return
                "The recorded order breaks \(repaired.code) at this key, and this one does not: trueline diagnose names the guard."
        }
        guard let advice = prediction.advice else {
            return prediction.isJudged && prediction.rule == nil
                ? "This order breaks no rule that the recorded one keeps; whether its end is wrong, the application knows."
                : "No guard was tried."
        }
        if let advised = advice.advised {
            return "\(advised.code) \(advised.title) prevents it. Proved by \(DiagnosisReport.words(advice))."
        }
        if case .notProved(let missing) = advice.proof { return "No guard is proved: the trace lacks \(missing)." }
        return "None of the guards tried suffices alone (\(DiagnosisReport.words(advice)))."
    }
}
