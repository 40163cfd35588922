import Trace

/// The definition of the first divergence point, written out naively over the events alone: it knows nothing of how they were made.
struct NaiveOracle {
    struct Write: Equatable {
        var name: String
        var place: String
        var key: String
        var rank: Int
        var request: String
        var value: String
    }

    struct Inversion: Equatable {
        var write: String
        var key: String
        var late: String
        var overtaken: String
        var place: String
    }

    /// Responses' writes to slots whose last intent wins, in the order of the file.
    var writes: [Write] = []

    private var slotOfIntent: [String: String] = [:]
    private var rankOfIntent: [String: Int] = [:]
    private var intentOfRequest: [String: String] = [:]
    private var slotOfRequest: [String: String] = [:]
    private var rankOfStart: [String: Int] = [:]
    private var declared: [String: String] = [:]
    private var hasDifferentArguments: [String: Set<String>] = [:]
    private var hasGivenUp: Set<String> = []

    init(_ events: [TraceEvent]) {
        for (place, event) in events.enumerated() { learn(event, place) }
        let policies = policies(events)
        var responseOfTask: [String: String] = [:]
        for (line, event) in events.enumerated() {
            if event.kind == .deliver, !event.task.isEmpty { responseOfTask[event.task] = event.request }
            guard event.kind == .write, event.from.isEmpty, !event.flags.contains(.user) else { continue }
            let request = event.request.isEmpty ? responseOfTask[event.task] ?? "" : event.request
            guard let slot = slot(of: request), policies[slot] == "latest" else { continue }
            let rank = intentOfRequest[request].flatMap { rankOfIntent[$0] } ?? rankOfStart[request] ?? 0
            let name = event.id.isEmpty ? "L\(line + 2)" : event.id
            writes.append(
                Write(
                    name: name, place: "\(event.process) \(slot) \(event.key)", key: event.key, rank: rank, request: request,
                    value: event.value ?? ""))
        }
    }

    private mutating func learn(_ event: TraceEvent, _ place: Int) {
        switch event.kind {
        case .intent:
            slotOfIntent[event.intent] = event.slot
            rankOfIntent[event.intent] = event.number.map { Int($0) } ?? place
            hasDifferentArguments[event.slot, default: []].insert(event.arguments)
        case .start:
            if event.intent.isEmpty {
                rankOfStart[event.request] = place
            } else {
                intentOfRequest[event.request] = event.intent
            }
            if !event.slot.isEmpty { slotOfRequest[event.request] = event.slot }
        case .cancel: hasGivenUp.insert(event.request)
        case .deliver: if event.flags.contains(.dropped) { hasGivenUp.insert(event.request) }
        case .slot:
            declared[event.slot] = event.attributes.first { $0.name == "policy" }.map {
                String($0.value.dropFirst().dropLast())
            }
        default: return
        }
    }

    private func slot(of request: String) -> String? {
        intentOfRequest[request].flatMap { slotOfIntent[$0] } ?? slotOfRequest[request]
    }

    private func policies(_ events: [TraceEvent]) -> [String: String] {
        var policies: [String: String] = [:]
        for slot in Set(slotOfIntent.values).union(slotOfRequest.values) {
            policies[slot] = (hasDifferentArguments[slot]?.count ?? 0) > 1 ? "latest" : "unknown"
        }
        for request in hasGivenUp { if let slot = slot(of: request) { policies[slot] = "latest" } }
        for event in events where event.kind == .write && event.flags.contains(.merge) {
            if let slot = slot(of: event.request) { policies[slot] = "merge" }
        }
        return policies.merging(declared) { _, declared in declared }
    }

    static func inversions(_ writes: [Write]) -> [Inversion] {
        var applied: [String: [Write]] = [:]
        var found: [Inversion] = []
        for write in writes {
            let higher = (applied[write.place] ?? []).filter { $0.rank > write.rank }
            if let first = higher.first, let highest = higher.map(\.rank).max(),
                higher.last(where: { $0.rank == highest })?.value != write.value
            {
                found.append(
                    Inversion(
                        write: write.name, key: write.key, late: write.request, overtaken: first.request, place: write.place))
            }
            applied[write.place, default: []].append(write)
        }
        return found
    }

    /// The same writes with one response's moved to just before another's first.
    static func moving(_ late: String, before overtaken: String, _ writes: [Write]) -> [Write] {
        let moved = writes.filter { $0.request == late }
        var rest = writes.filter { $0.request != late }
        rest.insert(contentsOf: moved, at: rest.firstIndex { $0.request == overtaken } ?? rest.endIndex)
        return rest
    }

    /// What each place holds at the end.
    static func state(_ writes: [Write]) -> [String: String] {
        writes.reduce(into: [:]) { $0[$1.place] = $1.value }
    }

    static func inIntentOrder(_ writes: [Write]) -> [Write] {
        writes.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }.map(\.element)
    }
}
