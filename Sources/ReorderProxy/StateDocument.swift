import MessageFraming
import Reordering
import Trace

/// What the proxy holds, as JSON for its page and for scripts.
struct StateDocument {
    private var bytes: [UInt8] = []

    /// Reports shown: the last ones.
    private static let reports = 50
    /// Exchanges and deliveries shown.
    private static let rows = 500

    init(_ hub: ProxyHub) {
        let scheduler = hub.scheduler
        text("{\"version\":\(hub.version),\"plan\":")
        quoted(Self.name(scheduler.plan))
        text(",\"upstream\":")
        quoted(hub.configuration.upstream.origin)
        text(",\"inexact\":\(scheduler.isInexact)")
        if let progress = scheduler.progress { text(",\"step\":\(progress.step),\"steps\":\(progress.of)") }
        let held = scheduler.holds
        text(",\"held\":")
        list(held.prefix(Self.rows)) { document, hold in document.row(hub, hold) }
        text(",\"heldCount\":\(held.count),\"underWay\":")
        list(hub.exchanges.filter { $0.state == "asked" && $0.isCandidate }.prefix(Self.rows)) { $0.quoted($1.identity.text) }
        text(",\"delivered\":")
        list(scheduler.delivered.suffix(Self.rows)) { $0.delivery($1) }
        text(",\"reports\":")
        list(hub.reports.suffix(Self.reports)) { $0.quoted($1) }
        text(",\"finals\":")
        list(hub.finals) { document, final in
            document.text("{\"name\":")
            document.quoted(final.name)
            document.text(",\"digest\":\"\(final.digest)\"}")
        }
        text("}")
    }

    var answer: OwnAnswer { OwnAnswer(type: "application/json", body: bytes) }

    static func name(_ plan: ReorderingPlan) -> String {
        switch plan {
        case .pass: "pass"
        case .intent: "intent"
        case .reverse: "reverse"
        case .drawn(let seed): "seed \(seed)"
        case .hand: "hand"
        case .steps(let steps): "\(steps.count) steps"
        }
    }

    private mutating func row(_ hub: ProxyHub, _ hold: HoldID) {
        let known = hub.scheduler.identity(of: hold.exchange)
        text("{\"exchange\":\(hold.exchange.number),\"message\":\(hold.message),\"request\":")
        quoted(known?.0.text ?? "")
        text(",\"nth\":\(known?.nth ?? 1),\"status\":\(hub.exchange(hold.exchange)?.response?.status ?? 0)}")
    }

    private mutating func delivery(_ delivery: Scheduler.Delivery) {
        text("{\"exchange\":\(delivery.hold.exchange.number),\"message\":\(delivery.hold.message),\"request\":")
        quoted(delivery.identity.text)
        text(",\"nth\":\(delivery.nth)}")
    }

    private mutating func list<Element>(_ elements: some Sequence<Element>, _ body: (inout StateDocument, Element) -> Void) {
        text("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { text(",") }
            body(&self, element)
        }
        text("]")
    }

    private mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }
    private mutating func quoted(_ text: String) { JSONText.append(quoting: text.utf8, to: &bytes) }
}
