import Diagnosis
import Foundation
import ReorderProxy
import Reordering
import Trace
import TraceImport

/// What a run left: two runs with equal ends are the same to a person.
struct RunEnd: Hashable {
    /// The last value of each place, by slot and key.
    var places: [String: String] = [:]
    /// What the script posted, by name.
    var finals: [String: String] = [:]
    var exitCode: Int32 = 0
}

/// One run of the script.
struct OrderRun {
    /// Positions in the first run's list of requests; empty for the first run.
    var order: [Int]
    var end: RunEnd
    /// What was delivered, by request and number.
    var delivered: [String]
    var isInexact: Bool
    var reports: [String]
    var recording: String
}

/// All runs.
struct ExplorationRuns {
    /// What the script asked for undisturbed, in the order of asking.
    var requests: [String]
    var runs: [OrderRun]
    var isBounded: Bool

    var undisturbed: RunEnd { runs.first?.end ?? RunEnd() }
    /// Runs that ended otherwise.
    var others: Int { runs.filter { $0.end != undisturbed }.count }
    /// Orders in which responses were delivered.
    var distinct: Int { Set(runs.map(\.delivered)).count }
}

/// Runs a script undisturbed, and then once for each other order of the responses it asked for.
struct OrderExploration {
    let options: ProxyOptions
    /// With it the proxy speaks TLS and HTTP/2.
    let certificate: ProxyCertificate?
    let script: ScriptRun
    let folder: String
    let injects: Bool
    let maximum: Int
    let seed: UInt64

    mutating func run(_ say: @escaping @Sendable (String) -> Void) async throws -> ExplorationRuns {
        let (first, deliveries) = try await once(.pass, [], number: 0)
        guard first.end.exitCode == 0 else {
            throw CommandFailure(
                .usage, "the script ends with \(first.end.exitCode) undisturbed; --keep DIR keeps what it printed")
        }
        // Streams stay as they come: their responses never end, and each message would be an order of its own.
        let asked = deliveries.filter { $0.hold.message == 0 }.sorted { $0.hold < $1.hold }
        guard asked.count > 1 else {
            throw CommandFailure(.usage, "the script asked for \(asked.count) responses that could be put into another order")
        }
        let steps = asked.map { PlanStep(RequestMatcher($0.identity), nth: $0.nth) }
        var runs = ExplorationRuns(requests: asked.map(Self.name), runs: [first], isBounded: false)
        var search = OrderSearch(count: steps.count, limit: maximum, seed: seed)
        say("\(steps.count) responses can be put into other orders")
        while let order = search.nextOrder() {
            let (run, _) = try await once(.steps(order.map { steps[$0] }), order, number: runs.runs.count) { learned in
                for pair in learned { search.learn(.init(before: order[pair.before], after: order[pair.after])) }
            }
            runs.runs.append(run)
            if run.end != first.end { say("order \(runs.runs.count - 1) ends otherwise") }
        }
        runs.isBounded = search.isBounded
        return runs
    }

    private func once(
        _ plan: ReorderingPlan, _ order: [Int], number: Int, learned: ([Scheduler.Precedence]) -> Void = { _ in }
    ) async throws -> (OrderRun, [Scheduler.Delivery]) {
        let recording = "\(folder)/order-\(number).trace.jsonl"
        let file = try RecordFile(recording)
        var configuration = try options.configuration(port: 0, plan: plan)
        configuration.certificate = certificate
        configuration.injects = injects
        // Digests of two pages have two keys: only values can be compared.
        configuration.keepsValues = true
        let proxy = try await ReorderProxy.start(configuration, try options.environment(record: file) { _ in })
        let code = try await script.run(
            proxy: configuration.address(port: proxy.port), output: "\(folder)/order-\(number).log")
        let summary = try await proxy.summary()
        try await proxy.stop()
        file.close()
        learned(summary.precedences)
        var end = RunEnd(exitCode: code)
        end.finals = Dictionary(summary.finals.map { ($0.name, $0.digest) }) { $1 }
        end.places = try await Self.places(recording)
        let run = OrderRun(
            order: order, end: end, delivered: summary.delivered.filter { $0.hold.message == 0 }.map(Self.name),
            isInexact: summary.isInexact, reports: summary.reports, recording: recording)
        return (run, summary.delivered)
    }

    private static func name(_ delivery: Scheduler.Delivery) -> String {
        delivery.nth > 1 ? "\(delivery.identity.text) #\(delivery.nth)" : delivery.identity.text
    }

    /// What stands at each place in the end, as recorders in pages saw it.
    private static func places(_ recording: String) async throws -> [String: String] {
        let log = try await TraceFiles.read([recording], format: .trueline).log
        var places: [String: String] = [:]
        for (index, kind) in log.kinds.enumerated() where kind == .write || kind == .delete {
            let event = log.event(at: index)
            let place = event.slot.isEmpty || event.slot == event.key ? event.key : "\(event.slot) \(event.key)"
            places[place] = kind == .delete ? nil : event.value ?? "(not recorded)"
        }
        return places
    }
}
