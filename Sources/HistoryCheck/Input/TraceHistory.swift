package import Trace

/// The operations on a store that a trace of ours shows (`Docs/specifications/trace-format.md`): versions are the values.
///
/// A read: an `arrive` with key and version, begun by the `start` of its request; or a `read`. A write: an `ack`, begun by its
/// request's `start`; a `commit` that nobody was told of, of which only that it happened is known; an `abort`, which did not happen. A
/// version that was read and that no event wrote is from before the trace, or from elsewhere: a write of which nothing is known.
/// Requests of one process that overlap are put on lanes, each a session of its own: what came first is not known of them.
package struct TraceHistory {
    private struct Place: Hashable {
        var key: Symbol
        var version: TraceVersion
    }

    private struct Operation {
        var process: UInt16
        var function: HistoryEvent.Function
        var phase: HistoryEvent.Phase
        var place: Place
        /// Events; `nil` for an invocation: before everything.
        var begin: Int?
        var end: Int?
    }

    private let log: TraceLog
    private var operations: [Operation] = []

    /// - Throws: when the trace shows no operation.
    package static func history(of log: TraceLog) throws(HistoryInputError) -> History {
        var trace = TraceHistory(log: log)
        trace.collect()
        guard !trace.operations.isEmpty else {
            throw HistoryInputError(
                line: 1, column: 1, reason: "the trace has no read, arrive, ack, commit or abort with a key and a version")
        }
        return try trace.history()
    }

    private init(log: TraceLog) {
        self.log = log
    }

    private mutating func collect() {
        var starts: [Symbol: Int] = [:]
        var acknowledged: Set<Symbol> = []
        var told: Set<Place> = []
        for event in 0..<log.count {
            let request = log.requests[event]
            switch log.kinds[event] {
            case .start where !request.isNone && starts[request] == nil: starts[request] = event
            case .ack:
                if !request.isNone { acknowledged.insert(request) }
                told.insert(Place(key: key(event, starts), version: log.versions[event]))
            default: break
            }
        }
        for event in 0..<log.count {
            let place = Place(key: key(event, starts), version: log.versions[event])
            guard !place.key.isNone, !place.version.isNone else { continue }
            let begin = log.requests[event].isNone ? nil : starts[log.requests[event]]
            let process = log.processIndices[event]
            switch log.kinds[event] {
            case .read: add(process, .read, .ok, place, event, event)
            case .arrive where !acknowledged.contains(log.requests[event]): add(process, .read, .ok, place, begin, event)
            case .ack: add(process, .write, .ok, place, begin, event)
            case .commit where !told.contains(place): add(process, .write, .info, place, nil, event)
            case .abort: add(process, .write, .fail, place, begin, event)
            default: break
            }
        }
    }

    private mutating func add(
        _ process: UInt16, _ function: HistoryEvent.Function, _ phase: HistoryEvent.Phase, _ place: Place, _ begin: Int?,
        _ end: Int
    ) {
        operations.append(
            Operation(process: process, function: function, phase: phase, place: place, begin: begin, end: end))
    }

    /// The event's key, or that of its request's start.
    private func key(_ event: Int, _ starts: [Symbol: Int]) -> Symbol {
        let key = log.keys[event]
        guard key.isNone, let start = starts[log.requests[event]] else { return key }
        return log.keys[start]
    }

    // MARK: Events

    private func history() throws(HistoryInputError) -> History {
        let hasRealTime = sharesClock
        var events: [(order: Int, event: HistoryEvent)] = []
        var lanes = Lanes()
        var written: Set<Place> = []
        for operation in operations where operation.function == .write { written.insert(operation.place) }
        let earliest = log.times.min() ?? 0
        func add(_ lane: Int, _ phase: HistoryEvent.Phase, _ operation: Operation, _ event: Int?, order: Int) {
            events.append(
                (
                    order,
                    HistoryEvent(
                        process: lane, phase: phase, function: operation.function, key: log.text(operation.place.key),
                        value: phase == .invoke && operation.function == .read ? .none : value(operation.place.version),
                        time: hasRealTime ? event.map { log.times[$0] } ?? earliest : nil,
                        line: event.map { Int(log.lines[$0]) } ?? Int(log.lines[operation.end ?? 0]))
                ))
        }
        for operation in operations {
            let lane = lanes.take(operation.process, operation.begin, operation.end ?? 0)
            add(lane, .invoke, operation, operation.begin, order: (operation.begin ?? -1) * 2)
            if operation.phase != .info {
                add(lane, operation.phase, operation, operation.end, order: (operation.end ?? 0) * 2 + 1)
            }
            if operation.function == .read, written.insert(operation.place).inserted {
                var unseen = operation
                (unseen.function, unseen.phase, unseen.begin) = (.write, .info, nil)
                add(lanes.new(), .invoke, unseen, nil, order: -2)
            }
        }
        let ordered = events.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
        return try History(events: ordered.map(\.element.event), hasRealTime: hasRealTime)
    }

    private func value(_ version: TraceVersion) -> HistoryEvent.Value {
        if let number = version.number { return .integer(number) }
        return version.text.map { .text(log.text($0)) } ?? .none
    }

    /// Whether the times of all operations can be compared.
    private var sharesClock: Bool {
        guard let first = operations.first?.end else { return false }
        return operations.allSatisfy { operation in
            [operation.begin, operation.end].allSatisfy { $0.map { log.times[$0] != 0 && log.shareClock(first, $0) } ?? true }
        }
    }
}

/// Sessions for operations of a process that may overlap.
private struct Lanes {
    /// By process: each lane's number and where it is free again.
    private var lanes: [UInt16: [(number: Int, free: Int)]] = [:]
    private var count = 0

    mutating func new() -> Int {
        count += 1
        return count - 1
    }

    /// Operations come in the order of their ends. What began nobody knows when follows nothing, but can be followed.
    mutating func take(_ process: UInt16, _ begin: Int?, _ end: Int) -> Int {
        for index in (lanes[process] ?? []).indices {
            guard let begin, let free = lanes[process]?[index].free, free < begin else { continue }
            lanes[process]?[index].free = end
            return lanes[process]?[index].number ?? 0
        }
        let number = new()
        lanes[process, default: []].append((number, end))
        return number
    }
}
