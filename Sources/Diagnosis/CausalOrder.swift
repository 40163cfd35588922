package import Trace

/// An order of a log's events that respects every process's program order and the message edges between processes
/// (`Docs/specifications/diagnosis.md`, section 1).
///
/// The file's own order is taken when it does, which is checked in one pass. Otherwise events wait, in their process's queue, for
/// the events they need: linear in events and edges.
package struct CausalOrder: Sendable {
    /// A message edge between two processes, as event indices.
    package struct Edge: Sendable, Hashable {
        package var from: UInt32
        package var to: UInt32
    }

    /// Event indices in causal order; empty when it is the file's order.
    package private(set) var order: [UInt32] = []
    /// Message edges, by `to` in the file's order.
    package private(set) var edges: [Edge] = []
    /// Edges that contradicted program order and were dropped.
    package private(set) var contradictions = 0

    package init(_ log: TraceLog) {
        guard log.processes.count > 1 else { return }
        var collector = EdgeCollector(log)
        edges = collector.collect(log)
        if edges.contains(where: { $0.from >= $0.to }) { sort(log) }
    }

    /// Events that wait for others, process by process.
    private mutating func sort(_ log: TraceLog) {
        var unmet = [UInt32](repeating: 0, count: log.count)
        for edge in edges { unmet[Int(edge.to)] += 1 }
        let outgoing = edges.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
        var firstOutgoing = [UInt32](repeating: 0, count: log.count + 1)
        for edge in outgoing { firstOutgoing[Int(edge.from) + 1] += 1 }
        for index in 1...log.count { firstOutgoing[index] += firstOutgoing[index - 1] }

        var queues = [[UInt32]](repeating: [], count: log.processes.count)
        var heads = [Int](repeating: 0, count: log.processes.count)
        order.reserveCapacity(log.count)
        var ready: [UInt16] = []
        var isQueued = [Bool](repeating: false, count: log.processes.count)

        func emit(_ event: Int, into order: inout [UInt32]) {
            order.append(UInt32(event))
            for index in Int(firstOutgoing[event])..<Int(firstOutgoing[event + 1]) {
                let target = Int(outgoing[index].to)
                guard unmet[target] > 0 else { continue }
                unmet[target] -= 1
                let process = log.processIndices[target]
                let head = heads[Int(process)]
                if unmet[target] == 0, head < queues[Int(process)].count, queues[Int(process)][head] == UInt32(target),
                    !isQueued[Int(process)]
                {
                    isQueued[Int(process)] = true
                    ready.append(process)
                }
            }
        }
        func drain(into order: inout [UInt32]) {
            while let process = ready.popLast().map(Int.init) {
                isQueued[process] = false
                while heads[process] < queues[process].count, unmet[Int(queues[process][heads[process]])] == 0 {
                    let event = Int(queues[process][heads[process]])
                    heads[process] += 1
                    emit(event, into: &order)
                }
            }
        }
        for event in 0..<log.count {
            let process = Int(log.processIndices[event])
            if heads[process] < queues[process].count || unmet[event] > 0 {
                queues[process].append(UInt32(event))
            } else {
                emit(event, into: &order)
                drain(into: &order)
            }
        }
        // What is left waits in a circle: the earliest in the file goes first, its unmet edges are dropped.
        while order.count < log.count {
            var earliest = -1
            for process in queues.indices where heads[process] < queues[process].count {
                if earliest < 0 || queues[process][heads[process]] < queues[earliest][heads[earliest]] { earliest = process }
            }
            guard earliest >= 0 else { break }
            let event = Int(queues[earliest][heads[earliest]])
            contradictions += Int(unmet[event])
            unmet[event] = 0
            ready.append(UInt16(earliest))
            isQueued[earliest] = true
            drain(into: &order)
        }
    }
}

/// Finds the message edges of a log.
private struct EdgeCollector {
    /// What is known of a request that crosses processes.
    private struct Crossing {
        var start: UInt32 = .max
        var startProcess: UInt16 = .max
        var firstForeign: UInt32 = .max
        var lastForeign: UInt32 = .max
        var arrive: UInt32 = .max
    }

    private var crossings: [Crossing]
    private var edges: [CausalOrder.Edge] = []

    init(_ log: TraceLog) {
        crossings = Array(repeating: Crossing(), count: log.symbols.count)
    }

    mutating func collect(_ log: TraceLog) -> [CausalOrder.Edge] {
        findStarts(log)
        findForeign(log)
        for crossing in crossings where crossing.firstForeign != .max {
            edges.append(CausalOrder.Edge(from: crossing.start, to: crossing.firstForeign))
            if crossing.arrive != .max { edges.append(CausalOrder.Edge(from: crossing.lastForeign, to: crossing.arrive)) }
        }
        crossings = []
        pairUp(log, .emit, .signal) { ($0.slotNames[$1].raw, UInt64(bitPattern: $0.numbers[$1])) }
        pairUp(log, .commit, .ack) { ($0.keys[$1].raw, UInt64(bitPattern: $0.versions[$1].raw)) }
        addExplicit(log)
        edges.sort { ($0.to, $0.from) < ($1.to, $1.from) }
        return edges
    }

    private mutating func findStarts(_ log: TraceLog) {
        for event in 0..<log.count {
            let request = Int(log.requests[event].raw)
            guard request != 0 else { continue }
            if log.kinds[event] == .start, crossings[request].start == .max {
                crossings[request].start = UInt32(event)
                crossings[request].startProcess = log.processIndices[event]
            }
        }
    }

    private mutating func findForeign(_ log: TraceLog) {
        for event in 0..<log.count {
            let request = Int(log.requests[event].raw)
            guard request != 0, crossings[request].start != .max else { continue }
            if log.processIndices[event] != crossings[request].startProcess {
                if crossings[request].firstForeign == .max { crossings[request].firstForeign = UInt32(event) }
                crossings[request].lastForeign = UInt32(event)
            } else if log.kinds[event] == .arrive, crossings[request].arrive == .max {
                crossings[request].arrive = UInt32(event)
            }
        }
    }

    /// An edge from the first `sender` to every `receiver` of the same identity in another process.
    private mutating func pairUp(
        _ log: TraceLog, _ sender: EventKind, _ receiver: EventKind, _ identity: (TraceLog, Int) -> (UInt32, UInt64)
    ) {
        struct Identity: Hashable {
            var name: UInt32
            var number: UInt64
        }
        var senders: [Identity: UInt32] = [:]
        for event in 0..<log.count where log.kinds[event] == sender {
            let (name, number) = identity(log, event)
            if senders[Identity(name: name, number: number)] == nil {
                senders[Identity(name: name, number: number)] = UInt32(event)
            }
        }
        guard !senders.isEmpty else { return }
        for event in 0..<log.count where log.kinds[event] == receiver {
            let (name, number) = identity(log, event)
            if let from = senders[Identity(name: name, number: number)],
                log.processIndices[Int(from)] != log.processIndices[event]
            {
                edges.append(CausalOrder.Edge(from: from, to: UInt32(event)))
            }
        }
    }

    private mutating func addExplicit(_ log: TraceLog) {
        guard log.hasEdges else { return }
        var named: [Symbol: UInt32] = [:]
        var lines: [UInt32: UInt32] = [:]
        for event in 0..<log.count {
            if !log.ids[event].isNone { named[log.ids[event]] = UInt32(event) } else { lines[log.lines[event]] = UInt32(event) }
        }
        for event in 0..<log.count {
            for edge in log.edges(into: event) {
                let from = named[edge.event] ?? TraceLog.line(named: log.text(edge.event)).flatMap { lines[$0] }
                if let from, log.processIndices[Int(from)] != log.processIndices[event] {
                    edges.append(CausalOrder.Edge(from: from, to: UInt32(event)))
                }
            }
        }
    }
}

extension TraceLog {
    /// The line of a name like `L17`.
    static func line(named name: String) -> UInt32? {
        name.hasPrefix("L") ? UInt32(name.dropFirst()) : nil
    }
}
