package import Trace

/// Where a run first left the state that intent order would have given, and what would have prevented it.
package struct Divergence: Sendable, Hashable {
    /// Delivering `delivery` before `before` instead of after it.
    package struct Move: Sendable, Hashable {
        package var delivery: Symbol
        package var before: Symbol
    }

    package struct Value: Sendable, Hashable {
        package var key: Symbol
        /// For people: JSON text, "(deleted)", or "derived from ...".
        package var text: String
    }

    /// The write, as an event of the log.
    package var event: Int
    package var key: Symbol
    package var slot: Symbol
    package var process: UInt16
    /// The late request, and the one that it should have been applied before.
    package var request: Symbol
    package var overtaken: Symbol
    /// The overtaken one's write to the same key.
    package var overtakenEvent: Int
    /// Whether one move suffices.
    package var isSingle: Bool
    /// The least set of moves found after which the slot ends as intent order ends it; empty when no order of arrivals does.
    package var moves: [Move]
    /// The slot's state at the end of the episode: as recorded, and after the moves.
    package var recorded: [Value]
    package var replayed: [Value]
    package var policy: PolicyVerdict
    package var guards: [GuardTrial]
}

/// Finds the first divergence point of an episode by the but-for test (`Docs/specifications/diagnosis.md`, section 4).
struct DivergenceFinder {
    private var runner: EpisodeRunner
    private let engine: RuleEngine
    private let replay: SlotReplay
    private let episode: Episode
    private let target: EpisodeRunner.Outcome

    init(_ engine: RuleEngine, _ replay: SlotReplay, _ episode: Episode) {
        self.engine = engine
        self.replay = replay
        self.episode = episode
        runner = EpisodeRunner(engine, replay, episode)
        _ = runner.run(runner.recordedOrder, isRecorded: true)
        target = runner.run(runner.intentOrder)
    }

    /// Guards are tried on every order of an episode of up to `exhaustive` deliveries.
    mutating func find(withGuards: Bool, exhaustive: Int = GuardTrials.exhaustiveDeliveries) -> Divergence {
        let write = engine.writes[episode.firstWrite]
        let late = replay.deliveries[episode.lateDelivery]
        let overtaken = replay.deliveries[episode.overtakenDelivery]
        let overtakenWrite = replay.writes(of: overtaken).first { engine.writes[$0].place == write.place } ?? episode.firstWrite
        let moves = leastMoves()
        let recorded = runner.run(runner.recordedOrder, isRecorded: true)
        let replayed = runner.run(order(after: moves))
        let policy = engine.policy(of: Int(replay.slot))
        var guards: [GuardTrial] = []
        if withGuards {
            var trials = GuardTrials(runner, target, exhaustive: exhaustive)
            guards = trials.run()
        }
        return Divergence(
            event: Int(write.event), key: engine.places[Int(write.place)].key, slot: engine.slots[Int(replay.slot)].name,
            process: engine.places[Int(write.place)].process, request: name(late), overtaken: name(overtaken),
            overtakenEvent: Int(engine.writes[overtakenWrite].event), isSingle: moves.count == 1,
            moves: moves.map {
                Divergence.Move(delivery: name(replay.deliveries[$0]), before: name(replay.deliveries[goal(of: $0)]))
            },
            recorded: display(recorded), replayed: moves.isEmpty ? [] : display(replayed), policy: policy, guards: guards)
    }

    private func name(_ delivery: SlotReplay.Delivery) -> Symbol {
        delivery.request >= 0 ? engine.requests[Int(delivery.request)].name : .none
    }

    // MARK: The but-for test

    /// The late deliveries to move: the first alone, any other alone, or the least set by delta debugging; empty when none does.
    private mutating func leastMoves() -> [Int] {
        let candidates = episode.lateDeliveries.filter { isPossible($0) }
        for candidate in candidates where suffices([candidate]) { return [candidate] }
        guard candidates.count > 1, suffices(candidates) else { return [] }
        var kept = candidates
        for candidate in candidates {
            let without = kept.filter { $0 != candidate }
            if !without.isEmpty, suffices(without) { kept = without }
        }
        return kept
    }

    /// The earliest delivery of the window that wrote one of the same places for a higher-ranked intent.
    private func goal(of delivery: Int) -> Int {
        let places = Set(replay.writes(of: replay.deliveries[delivery]).map { engine.writes[$0].place })
        return episode.window.first { index in
            index < delivery && replay.deliveries[index].isMovable
                && replay.deliveries[index].rank > replay.deliveries[delivery].rank
                && replay.writes(of: replay.deliveries[index]).contains { places.contains(engine.writes[$0].place) }
        } ?? delivery
    }

    /// A response cannot come before its request began, nor before the delivery in which it began.
    private func isPossible(_ delivery: Int) -> Bool {
        let goal = goal(of: delivery)
        return goal != delivery && replay.deliveries[delivery].start < replay.deliveries[goal].position
    }

    private func order(after moves: [Int]) -> [Int] {
        var order = runner.recordedOrder
        for delivery in moves.sorted(by: { (replay.deliveries[$0].rank, $0) < (replay.deliveries[$1].rank, $1) }) {
            let goal = goal(of: delivery)
            guard let from = order.firstIndex(of: delivery), let to = order.firstIndex(of: goal), to < from else { continue }
            order.remove(at: from)
            order.insert(delivery, at: to)
        }
        return order
    }

    private mutating func suffices(_ moves: [Int]) -> Bool {
        let outcome = runner.run(order(after: moves))
        return outcome.inversions == 0 && outcome.state == target.state
    }

    private func display(_ outcome: EpisodeRunner.Outcome) -> [Divergence.Value] {
        let display = StateDisplay(engine, runner)
        return runner.places.map { Divergence.Value(key: engine.places[Int($0)].key, text: display.text($0, outcome)) }
    }
}
