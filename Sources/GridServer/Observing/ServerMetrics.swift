import Synchronization

/// Counts of what the server did, as `/metrics` shows them (Prometheus text format, version 0.0.4). Never a value of a cell.
package final class ServerMetrics: Sendable {
    /// Upper ends of the latency buckets, in nanoseconds: from a cached page to an import.
    static let bounds: [UInt64] = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ]

    private struct Latency {
        var buckets = [UInt64](repeating: 0, count: ServerMetrics.bounds.count + 1)
        var count: UInt64 = 0
        var nanoseconds: UInt64 = 0

        mutating func observe(_ duration: UInt64) {
            let index = ServerMetrics.bounds.firstIndex { duration <= $0 } ?? ServerMetrics.bounds.count
            buckets[index] += 1
            count += 1
            nanoseconds &+= duration
        }
    }

    private struct Request: Hashable {
        var route: String
        var status: Int
    }

    private struct State {
        var requests: [Request: UInt64] = [:]
        var latency: [String: Latency] = [:]
        var commands = Latency()
    }

    private let state = Mutex(State())

    /// One number that only grows, or (a gauge) that also falls.
    package final class Counter: Sendable {
        let name: String
        let help: String
        let isGauge: Bool
        /// With braces, where the name has several.
        let labels: String
        private let value = Atomic<Int>(0)

        init(_ name: String, _ help: String, isGauge: Bool = false, labels: String = "") {
            self.name = name
            self.help = help
            self.isGauge = isGauge
            self.labels = labels
        }

        package func add(_ amount: Int = 1) { value.wrappingAdd(amount, ordering: .relaxed) }
        package func set(_ amount: Int) { value.store(amount, ordering: .relaxed) }
        package var current: Int { value.load(ordering: .relaxed) }
    }

    package let changes = Counter("trueline_changes_total", "Changes committed through the API.")
    package let commands = Counter("trueline_commands_total", "Commands committed through the API.")
    package let pagesServed = Counter("trueline_pages_served_total", "Pages sent with their rows.")
    package let pagesUnchanged = Counter("trueline_pages_unchanged_total", "Pages answered with unchanged or 304.")
    package let pagesEncoded = Counter("trueline_pages_encoded_total", "Pages that were not in the cache of encoded pages.")
    package let pageCacheBytes = Counter("trueline_page_cache_bytes", "Bytes of encoded pages that are kept.", isGauge: true)
    package let signals = Counter("trueline_signals_total", "Commit events sent to subscribers.")
    package let gaps = Counter("trueline_gaps_total", "Gap events sent to subscribers.")
    package let subscribers = Counter("trueline_subscribers", "Open event streams.", isGauge: true)
    package let importedRows = Counter("trueline_import_rows_total", "Rows imported.")
    package let rejectedRows = Counter("trueline_import_rejects_total", "Rows of imports that were rejected.")
    package let exportedRows = Counter("trueline_export_rows_total", "Rows exported.")
    package let openGrids = Counter("trueline_open_grids", "Grids whose image is in memory.", isGauge: true)

    let wordsPlans = words("plan")
    let wordsQuestions = words("question")
    let wordsFailures = words("failed")
    let wordsTokens = Counter("trueline_words_tokens_total", "Tokens that turns of plain words used, read and written.")

    private static func words(_ outcome: String) -> Counter {
        Counter(
            "trueline_words_turns_total", "Turns of plain words, by how they ended.", labels: "{outcome=\"\(outcome)\"}")
    }

    /// What people should see on pages that record themselves.
    let expectations = ExpectationCounts()
    let attestedEqual = attested("equal")
    let attestedDiffering = attested("differs")
    let attestedUnknown = attested("unknown")
    /// Why screens were not checked, by reason.
    let unchecked = ScreenVerdict.Unknown.allCases.map { reason in
        (
            reason,
            Counter(
                "trueline_attestations_unchecked_total", "Attested screens that were not checked, by the reason.",
                labels: "{reason=\"\(reason.rawValue)\"}")
        )
    }

    private static func attested(_ result: String) -> Counter {
        Counter(
            "trueline_attested_screens_total",
            "Sampled screens compared with what was committed: equal over equal and differs is the share that is true.",
            labels: "{result=\"\(result)\"}")
    }

    /// A page attested its screen.
    func attested(_ verdict: ScreenVerdict) {
        switch verdict {
        case .equal: attestedEqual.add()
        case .differs: attestedDiffering.add()
        case .unknown(let reason):
            attestedUnknown.add()
            for (known, counter) in unchecked where known == reason { counter.add() }
        }
    }

    private var counters: [Counter] {
        [
            changes, commands, pagesServed, pagesUnchanged, pagesEncoded, pageCacheBytes, signals, gaps, subscribers,
            importedRows, rejectedRows, exportedRows, openGrids, wordsPlans, wordsQuestions, wordsFailures, wordsTokens,
            attestedEqual, attestedDiffering, attestedUnknown,
        ] + unchecked.map(\.1)
    }

    package init() {}

    func observe(route: String, status: Int, nanoseconds: UInt64) {
        state.withLock { state in
            state.requests[Request(route: route, status: status), default: 0] += 1
            state.latency[route, default: Latency()].observe(nanoseconds)
        }
    }

    /// A command's time from its submission to the answer after its commit.
    package func observeCommand(nanoseconds: UInt64) {
        state.withLock { $0.commands.observe(nanoseconds) }
    }

    /// - Parameter gauges: what is asked of others at this moment, by whole name with labels.
    func text(gauges: [(name: String, help: String, samples: [(labels: String, value: UInt64)])]) -> String {
        let (requests, latency, commands) = state.withLock { ($0.requests, $0.latency, $0.commands) }
        var text = ""
        var before = ""
        for counter in counters {
            if counter.name != before { Self.head(counter.name, counter.help, counter.isGauge ? "gauge" : "counter", &text) }
            before = counter.name
            text += "\(counter.name)\(counter.labels) \(counter.current)\n"
        }
        for gauge in gauges {
            Self.head(gauge.name, gauge.help, "gauge", &text)
            for sample in gauge.samples { text += "\(gauge.name)\(sample.labels) \(sample.value)\n" }
        }
        let expected = expectations.samples
        if !expected.isEmpty {
            let name = "trueline_expectations_total"
            Self.head(name, "Checks of expectations on recorded pages, by name: a failed one is a symptom.", "counter", &text)
            for sample in expected { text += "\(name)\(sample.labels) \(sample.value)\n" }
        }
        Self.head("trueline_requests_total", "Requests by route and status.", "counter", &text)
        for (request, count) in requests.sorted(by: { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }) {
            text += "trueline_requests_total{route=\"\(request.route)\",status=\"\(request.status)\"} \(count)\n"
        }
        Self.head("trueline_request_seconds", "Time to the answer's head, by route.", "histogram", &text)
        for (route, latency) in latency.sorted(by: { $0.key < $1.key }) {
            Self.histogram("trueline_request_seconds", "route=\"\(route)\"", latency, &text)
        }
        Self.head("trueline_command_seconds", "Time from a command's submission to its durable commit.", "histogram", &text)
        Self.histogram("trueline_command_seconds", "", commands, &text)
        return text
    }

    private static func head(_ name: String, _ help: String, _ type: String, _ text: inout String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private static func histogram(_ name: String, _ labels: String, _ latency: Latency, _ text: inout String) {
        var sum: UInt64 = 0
        let comma = labels.isEmpty ? "" : ","
        for (bound, count) in zip(bounds, latency.buckets) {
            sum += count
            text += "\(name)_bucket{\(labels)\(comma)le=\"\(Double(bound) / 1e9)\"} \(sum)\n"
        }
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        text += "\(name)_bucket{\(labels)\(comma)le=\"+Inf\"} \(latency.count)\n"
        text += "\(name)_sum\(braces) \(Double(latency.nanoseconds) / 1e9)\n\(name)_count\(braces) \(latency.count)\n"
    }
}
