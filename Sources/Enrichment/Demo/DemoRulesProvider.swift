import GridModel
import Synchronization

/// Shows the whole flow without a model: what rules do honestly, and nothing that would need one. Deterministic.
///
/// Documented for people in Docs/guides/agents.md.
package final class DemoRulesProvider: ModelProvider {
    /// What it is called wherever an answer of it is shown.
    package static let label = "demo rules, no model called"
    package static let notice =
        "no model is set up: set OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL, and start again, to call one"

    private let delay: Duration
    private let clock: any RunClock
    /// The rule read last: a run asks with one prompt.
    private let last = Mutex<(template: PromptTemplate, rule: DemoRule)?>(nil)

    /// Each answer takes at least `delay`, so that a demonstration can be watched.
    package init(clock: any RunClock, delay: Duration = .zero) {
        self.clock = clock
        self.delay = delay
    }

    package var description: ProviderDescription {
        ProviderDescription(label: Self.label, isDemo: true, notice: Self.notice)
    }

    package func objection(to template: PromptTemplate, model: String?) -> String? {
        do {
            _ = try DemoRule(template)
            return nil
        } catch {
            return error.message
        }
    }

    package func stream(
        _ request: ModelRequest, deliver: (ModelEvent) throws(ModelFailure) -> Void
    ) async throws(ModelFailure) {
        let rule = try rule(of: request.template)
        if delay > .zero { await clock.wait(until: clock.now + delay) } else { await Task.yield() }
        if Task.isCancelled { throw ModelFailure(.stopped, "stopped") }
        let text = try rule.answer(request)
        try deliver(.remark(name: "rule", value: rule.name))
        try deliver(.text(text))
        try deliver(.finished(reason: "stop"))
    }

    private func rule(of template: PromptTemplate) throws(ModelFailure) -> DemoRule {
        if let known = last.withLock({ $0 }), known.template == template { return known.rule }
        let rule = try DemoRule(template)
        last.withLock { $0 = (template, rule) }
        return rule
    }
}
