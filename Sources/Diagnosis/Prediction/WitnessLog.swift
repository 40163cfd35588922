import Trace

/// The trace that an order would have given, as far as it concerns one component: so that the rules and the guards of `diagnose` can be asked
/// about an order that never happened. Frames are left out: what they would have shown, nobody recorded.
struct WitnessLog {
    private let program: PredictionProgram
    private let log: TraceLog
    /// Declarations of processes and slots.
    private let declarations: [Int]
    /// By slot: where it was asked, given up and taken away.
    private var decisions: [Int32: [Int]] = [:]

    /// Steps of a component's surroundings that are taken along.
    static let maximumSteps = 2_000
    /// Of what was asked of the slots before the first of these steps, and after the last: what is further away decides nothing about them.
    static let nearbyDecisions = 50

    init(_ program: PredictionProgram) {
        self.program = program
        log = program.engine.log
        let kinds = log.kinds
        declarations = kinds.indices.filter { kinds[$0] == .process || kinds[$0] == .slot }
        for (index, step) in program.steps.enumerated() where step.slot >= 0 {
            switch step.action {
            case .asked, .unmounted, .gaveUp: decisions[step.slot, default: []].append(index)
            case .began, .wrote, .read, .delivered, .received, .hydrated: continue
            }
        }
    }

    /// The component's steps and what they need or are judged by: where their requests began, what was asked for, given up and taken away.
    func surroundings(of members: [Int]) -> [Int] {
        var kept = Set(members)
        var slots: Set<Int32> = []
        var open = members
        while let step = open.popLast() {
            let one = program.steps[step]
            if one.request >= 0, case let start = Int(program.starts[Int(one.request)]), start >= 0,
                kept.insert(start).inserted
            {
                open.append(start)
            }
            if one.slot >= 0 { slots.insert(one.slot) }
            for write in one.writes where program.engine.writes[Int(write)].slot >= 0 {
                slots.insert(program.engine.writes[Int(write)].slot)
            }
            for need in one.needs where kept.insert(Int(need)).inserted { open.append(Int(need)) }
        }
        if let first = kept.min(), let last = kept.max() {
            for slot in slots {
                let all = decisions[slot] ?? []
                kept.formUnion(all.filter { first < $0 && $0 < last })
                kept.formUnion(all.filter { $0 < first }.suffix(Self.nearbyDecisions))
                kept.formUnion(all.filter { $0 > last }.prefix(Self.nearbyDecisions))
            }
        }
        var needed = Array(kept)
        while let step = needed.popLast() {
            for need in program.steps[step].needs where kept.insert(Int(need)).inserted { needed.append(Int(need)) }
        }
        return kept.sorted()
    }

    /// The events of the steps, in their order. `blocked` are writes that a recorded guard would not have let through.
    func make(_ order: [Int], blocked: Set<UInt32>) -> TraceLog {
        var made = TraceLog()
        for event in declarations { made.append(self.event(event)) }
        var clock: [UInt16: Int64] = [:]
        var arrived: Set<Int32> = []
        for step in order {
            for event in events(of: step, &arrived) where !blocked.contains(event) {
                var copy = self.event(Int(event))
                let process = log.processIndices[Int(event)]
                let now = max(clock[process] ?? .min, copy.time)
                if copy.time != 0 { copy.time = now }
                clock[process] = now
                made.append(copy)
            }
        }
        return made
    }

    /// An event as plain data, called as in the recording; what came before it is the order's business.
    private func event(_ index: Int) -> TraceEvent {
        var event = log.event(at: index)
        event.id = log.name(of: index)
        event.after = []
        return event
    }

    private func events(of step: Int, _ arrived: inout Set<Int32>) -> [UInt32] {
        let one = program.steps[step]
        var events: Set<UInt32> = [one.event]
        if one.request >= 0, one.action == .delivered, arrived.insert(one.request).inserted {
            let request = program.engine.requests[Int(one.request)]
            if request.arriveEvent != .max { events.insert(request.arriveEvent) }
        }
        for write in one.writes { events.insert(program.engine.writes[Int(write)].event) }
        for read in one.reads { events.insert(read.event) }
        for start in program.inner[Int32(step)] ?? [] { events.insert(start) }
        return events.sorted()
    }
}
