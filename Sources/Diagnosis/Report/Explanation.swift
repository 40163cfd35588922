package import Trace

/// The shortest story of a divergence: at most nine events, both sides of the race, and why each led to the next.
package struct Explanation: Sendable {
    package struct Step: Sendable, Hashable {
        package var event: Int
        /// Why it follows from the step before, or from what the sentence names; empty for the first.
        package var because: String
        package var confidence: Confidence?
    }

    package private(set) var steps: [Step] = []
    /// The weakest edge that the story needs.
    package private(set) var confidence = Confidence.declared

    package static let maximumSteps = 9

    /// One walk over the log.
    package init(_ divergence: Divergence, _ log: TraceLog, frame: Int?) {
        let late = Life(of: divergence.request, log)
        let early = Life(of: divergence.overtaken, log)
        let name = { (event: Int) in log.name(of: event) }
        add(late.intent, "", nil)
        add(late.start, late.intent.map { "\(name($0)) began this request." }, late.isLinked ? .declared : .structural)
        add(early.intent, late.intent.map { "The person asked again after \(name($0)): this one counts." }, .declared)
        let inFlight = "while \(log.text(divergence.request)) was in flight"
        add(
            early.start,
            early.intent.map { "\(name($0)) began this request, \(inFlight)." }
                ?? "This one was asked for later, \(inFlight): it counts.",
            early.isLinked ? .declared : .structural)
        add(early.arrival, "The response of \(log.text(divergence.overtaken)) came first.", .declared)
        add(
            divergence.overtakenEvent, "Its delivery wrote `\(log.text(divergence.key))`: right so far.",
            writeConfidence(divergence.overtakenEvent, log))
        add(
            late.arrival,
            "The response of \(log.text(divergence.request)) came later. Nothing orders two responses: this order is observed, it was not asked for.",
            .declared)
        add(
            divergence.event,
            "Its delivery wrote the same key, bound to its completion: nobody asked whether it still counted.",
            writeConfidence(divergence.event, log))
        add(frame, "A frame showed it.", .structural)
        confidence = steps.compactMap(\.confidence).min() ?? .temporal
    }

    private mutating func add(_ event: Int?, _ because: String?, _ confidence: Confidence?) {
        guard let event, steps.count < Self.maximumSteps else { return }
        steps.append(
            Step(event: event, because: steps.isEmpty ? "" : because ?? "", confidence: steps.isEmpty ? nil : confidence))
    }

    private func writeConfidence(_ event: Int, _ log: TraceLog) -> Confidence {
        if !log.requests[event].isNone { return .declared }
        return log.tasks[event].isNone ? .temporal : .structural
    }

    /// The events of a request that the story needs.
    private struct Life {
        var intent: Int?
        var start: Int?
        var arrival: Int?
        /// Its start names its intent.
        var isLinked = false

        init(of request: Symbol, _ log: TraceLog) {
            var delivery: Int?
            for event in 0..<log.count where log.requests[event] == request {
                switch log.kinds[event] {
                case .start: start = start ?? event
                case .arrive: arrival = arrival ?? event
                case .deliver: delivery = delivery ?? event
                case .process, .slot, .intent, .cancel, .read, .write, .delete, .ack, .commit, .abort, .emit, .signal, .render,
                    .mount,
                    .unmount, .pending, .settled, .expect, .error, .note:
                    continue
                }
            }
            arrival = arrival ?? delivery
            guard let start, !log.intents[start].isNone else { return }
            isLinked = true
            intent = (0..<log.count).first { log.kinds[$0] == .intent && log.intents[$0] == log.intents[start] }
        }
    }
}
