import MessageFraming
import Reordering
import TraceRecording

/// Writes down what the proxy sees. Where a page has a recorder, its requests and arrivals are the page's to tell and the proxy adds when they
/// came by; where it has none, the proxy's are all there is.
struct ProxyTracer {
    private let recorder: TraceRecorder

    init(_ environment: ProxyEnvironment, sink: @escaping @Sendable ([UInt8]) -> Void) {
        let number = environment.random()
        recorder = TraceRecorder(
            process: "proxy", role: .service, trace: "proxy-\(String(number, radix: 16))", now: environment.now,
            random: environment.random, sink: sink)
    }

    func requested(_ exchange: Exchange) {
        guard !exchange.trace.isGiven, exchange.isCandidate else { return note("asked", exchange) }
        recorder.record("start") { line in
            line.add("id", TraceRecorder.startID(exchange.trace.span))
            line.add("request", exchange.trace.span)
            line.add("method", exchange.request.method)
            line.add("url", TraceAddress.scrubbed(exchange.request.target))
            line.add("traceparent", exchange.trace.header)
        }
    }

    func answered(_ exchange: Exchange, status: Int) {
        guard !exchange.trace.isGiven, exchange.isCandidate else { return note("answered \(status)", exchange) }
        recorder.record("arrive") { line in
            line.add("request", exchange.trace.span)
            line.add("status", Int64(status))
        }
    }

    func delivered(_ exchange: Exchange, message: Int) {
        guard !exchange.trace.isGiven, exchange.isCandidate, message == 0 else {
            return note(message == 0 ? "delivered" : "delivered message \(message)", exchange)
        }
        recorder.record("deliver") { $0.add("request", exchange.trace.span) }
    }

    func ended(_ exchange: Exchange, _ how: String) {
        if how != "done" { note(how, exchange) }
        recorder.flush()
    }

    func final(_ name: String, _ digest: String) {
        recorder.record("note") { line in
            line.add("label", "final state \(name)")
            line.add("digest", digest)
        }
        recorder.flush()
    }

    func note(_ sentence: String) {
        recorder.record("note") { $0.add("label", sentence) }
    }

    private func note(_ what: String, _ exchange: Exchange) {
        recorder.record("note") { line in
            line.add("request", exchange.trace.span)
            line.add("label", "\(what): \(exchange.request.method) \(TraceAddress.scrubbed(exchange.request.target))")
        }
    }

    func flush() { recorder.flush() }
}
