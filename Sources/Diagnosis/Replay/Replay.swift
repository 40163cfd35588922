package import Trace

/// The whole of a trace's recorded responses, delivered in another order, with or without a guard (T1): the states side by side.
package struct Replay: Sendable {
    /// In which order the responses of a slot are delivered.
    package enum Order: Sendable, Hashable {
        /// As recorded.
        case completion
        /// As asked for.
        case intent
        /// By request name; responses that it does not name keep their places.
        case named([String])
    }

    /// One key, as it ended.
    package struct Row: Sendable, Hashable {
        package var process: Symbol
        package var slot: Symbol
        package var key: Symbol
        package var recorded: String
        package var replayed: String
        package var differs: Bool { recorded != replayed }
    }

    /// What a replay came to.
    package struct Result: Sendable {
        /// By slot and key, in the order of the trace.
        package var rows: [Row] = []
        /// Lower-ranked responses that replaced higher-ranked ones: as recorded, and in the replay.
        package var recordedInversions = 0
        package var replayedInversions = 0
        /// Writes that the guard blocked.
        package var blocked = 0
        /// Names in the order that are no request of this trace.
        package var unknownNames: [String] = []
    }

    private let engine: RuleEngine
    private let slots: [SlotReplay]
    private let pending: PendingChanges

    /// One walk over the log.
    package init(_ log: TraceLog) {
        var engine = RuleEngine(log, CausalOrder(log))
        engine.run()
        self.engine = engine
        var seen: Set<Int32> = []
        let slots = engine.writes.filter { $0.request >= 0 && $0.slot >= 0 }.map(\.slot).filter { seen.insert($0).inserted }
        self.slots = SlotReplay.build(slots, engine)
        pending = PendingChanges(engine)
    }

    /// Replays every slot. Derived values that the recorded run never computed are described, not invented.
    package func run(_ order: Order, guard option: Guard?) -> Result {
        var result = Result()
        if case .named(let names) = order {
            let known = Set(engine.requests.map { engine.log.text($0.name) })
            result.unknownNames = names.filter { !known.contains($0) }
        }
        for replay in slots where !replay.deliveries.isEmpty {
            let episode = Episode(
                replay: 0, window: replay.deliveries.indices, firstWrite: 0, lateDelivery: 0, overtakenDelivery: 0,
                lateDeliveries: [])
            var runner = EpisodeRunner(engine, replay, episode)
            let recorded = runner.run(runner.recordedOrder, isRecorded: true)
            var trials = GuardTrials(runner, recorded, pending: pending)
            let outcome = trials.run(option, self.order(order, runner))
            runner = trials.runner
            result.recordedInversions += recorded.inversions
            result.replayedInversions += outcome.inversions
            result.blocked += outcome.blocked.values.reduce(0, +)
            let display = StateDisplay(engine, runner)
            let slot = engine.slots[Int(replay.slot)]
            for place in runner.places {
                result.rows.append(
                    Row(
                        process: engine.log.processes[Int(slot.process)].name, slot: slot.name,
                        key: engine.places[Int(place)].key,
                        recorded: display.text(place, recorded), replayed: display.text(place, outcome)))
            }
        }
        return result
    }

    private func order(_ order: Order, _ runner: EpisodeRunner) -> [Int] {
        switch order {
        case .completion: return runner.recordedOrder
        case .intent: return runner.intentOrder
        case .named(let names):
            var ranks: [String: Int] = [:]
            for (rank, name) in names.enumerated() where ranks[name] == nil { ranks[name] = rank }
            func rank(_ delivery: Int) -> Int? {
                let request = runner.replay.deliveries[delivery].request
                return request < 0 ? nil : ranks[engine.log.text(engine.requests[Int(request)].name)]
            }
            let named = runner.recordedOrder.filter { rank($0) != nil }.sorted { (rank($0) ?? 0, $0) < (rank($1) ?? 0, $1) }
            var next = named.makeIterator()
            return runner.recordedOrder.map { rank($0) == nil ? $0 : next.next() ?? $0 }
        }
    }
}

/// States of a replay in words.
struct StateDisplay {
    private let engine: RuleEngine
    private let runner: EpisodeRunner

    init(_ engine: RuleEngine, _ runner: EpisodeRunner) {
        self.engine = engine
        self.runner = runner
    }

    func text(_ place: Int32, _ outcome: EpisodeRunner.Outcome) -> String {
        outcome.state[place].map { text($0, depth: 0) } ?? "(not written)"
    }

    private func text(_ number: Int32, depth: Int) -> String {
        guard number >= 0 else { return "(as before)" }
        let example = runner.values.examples[Int(number)]
        guard example == .max else {
            let event = Int(example)
            if engine.log.kinds[event] == .delete { return "(deleted)" }
            let value = engine.log.value(of: event)
            return value.isEmpty ? "(what \(engine.log.name(of: event)) wrote)" : String(decoding: value, as: UTF8.self)
        }
        let sources = runner.values.sources[Int(number)]
        return depth > 4 ? "(derived)" : "derived from " + sources.map { text($0, depth: depth + 1) }.joined(separator: ", ")
    }
}
