import Trace

/// A stretch of a slot's deliveries in which responses were applied out of intent order: from the first overtaken delivery until every
/// place that went wrong was written by an intent above all of those involved.
struct Episode: Sendable {
    var replay: Int
    /// Into the replay's deliveries.
    var window: Range<Int>
    /// The first write that breaks A1, into `RuleEngine.writes`, and its delivery.
    var firstWrite: Int
    var lateDelivery: Int
    /// The earliest delivery that this write should have come before.
    var overtakenDelivery: Int
    /// Deliveries of the window that break A1.
    var lateDeliveries: [Int]
    /// What stood at the window's places before it.
    var before: [Int32: Standing] = [:]

    /// The last write to a place, and the highest rank that the slot wrote there.
    struct Standing: Sendable {
        var write: Int
        var rank: Int64?
    }

    /// A longer window says nothing more, and costs more to replay.
    static let maximumWindow = 4_096

    /// The episodes of one slot, in order.
    static func find(in replay: SlotReplay, at index: Int, _ engine: RuleEngine, _ inversions: Set<Int>) -> [Episode] {
        var episodes: [Episode] = []
        var next = 0
        while next < replay.deliveries.count {
            defer { next += 1 }
            guard
                let write = replay.writes(of: replay.deliveries[next]).first(where: {
                    inversions.contains($0) && engine.writes[$0].slot == replay.slot
                })
            else { continue }
            let overtaken = overtakenDelivery(replay, next, write, engine)
            let (end, late) = close(replay, from: next, overtaken, engine, inversions)
            episodes.append(
                Episode(
                    replay: index, window: overtaken..<end, firstWrite: write, lateDelivery: next, overtakenDelivery: overtaken,
                    lateDeliveries: late))
            next = end - 1
        }
        remember(&episodes, replay, engine)
        return episodes
    }

    /// Walks the slot once and notes what stood before each window.
    private static func remember(_ episodes: inout [Episode], _ replay: SlotReplay, _ engine: RuleEngine) {
        var standing: [Int32: Standing] = [:]
        var next = 0
        for index in episodes.indices.sorted(by: { (episodes[$0].window.lowerBound, $0) < (episodes[$1].window.lowerBound, $1) }
        ) {
            while next < episodes[index].window.lowerBound {
                for write in replay.writes(of: replay.deliveries[next]) {
                    let resolved = engine.writes[write]
                    var rank = standing[resolved.place]?.rank
                    if resolved.slot == replay.slot, !engine.isDerived(write) { rank = max(rank ?? .min, resolved.rank) }
                    standing[resolved.place] = Standing(write: write, rank: rank)
                }
                next += 1
            }
            for delivery in episodes[index].window {
                for write in replay.writes(of: replay.deliveries[delivery]) {
                    let place = engine.writes[write].place
                    episodes[index].before[place] = standing[place]
                }
            }
        }
    }

    /// The earliest delivery before `late` that wrote the same place for a higher-ranked intent.
    private static func overtakenDelivery(_ replay: SlotReplay, _ late: Int, _ write: Int, _ engine: RuleEngine) -> Int {
        let place = engine.writes[write].place
        var found = late
        var index = late - 1
        while index >= 0, late - index < maximumWindow {
            let delivery = replay.deliveries[index]
            if delivery.isMovable, delivery.rank > replay.deliveries[late].rank,
                replay.writes(of: delivery).contains(where: { engine.writes[$0].place == place })
            {
                found = index
            } else if delivery.isMovable, delivery.rank <= replay.deliveries[late].rank,
                delivery.position < replay.deliveries[late].start
            {
                break
            }
            index -= 1
        }
        return found
    }

    /// Where the episode ends, and which of its deliveries came late.
    private static func close(
        _ replay: SlotReplay, from first: Int, _ overtaken: Int, _ engine: RuleEngine, _ inversions: Set<Int>
    ) -> (end: Int, late: [Int]) {
        var wrong: Set<Int32> = []
        var late: [Int] = []
        var highest = replay.deliveries[overtaken...first].map(\.rank).max() ?? 0
        var index = first
        while index < replay.deliveries.count, index - overtaken < maximumWindow {
            let delivery = replay.deliveries[index]
            let bad = replay.writes(of: delivery).filter { inversions.contains($0) }
            if bad.isEmpty, delivery.isMovable, delivery.rank > highest {
                for write in replay.writes(of: delivery) { wrong.remove(engine.writes[write].place) }
                if wrong.isEmpty { return (index, late) }
            }
            if !bad.isEmpty { late.append(index) }
            for write in bad { wrong.insert(engine.writes[write].place) }
            if delivery.isMovable, delivery.rank > highest, wrong.isEmpty { return (index, late) }
            if delivery.isMovable, !bad.isEmpty { highest = max(highest, delivery.rank) }
            index += 1
        }
        return (index, late)
    }
}

/// Runs an episode's deliveries in some order, from the state that the recorded run had before them.
struct EpisodeRunner {
    let engine: RuleEngine
    let replay: SlotReplay
    let episode: Episode
    var values = ValueTable()
    /// The state before the window.
    private(set) var initial: [Int32: Int32] = [:]
    private(set) var initialRanks: [Int32: Int64] = [:]
    /// By write: the number of the value it leaves; an episode is run in many orders.
    private var plainValues: [Int: Int32] = [:]

    /// What a run came to.
    struct Outcome: Sendable {
        /// Value number by place.
        var state: [Int32: Int32]
        /// Writes of a lower rank over a higher one.
        var inversions = 0
        /// Deliveries, or single writes, that a guard blocked, by place.
        var blocked: [Int32: Int] = [:]
    }

    init(_ engine: RuleEngine, _ replay: SlotReplay, _ episode: Episode) {
        self.engine = engine
        self.replay = replay
        self.episode = episode
        var state: [Int32: Int32] = [:]
        var ranks: [Int32: Int64] = [:]
        for (place, standing) in episode.before.sorted(by: { $0.key < $1.key }) {
            state[place] = values.plain(Int(engine.writes[standing.write].event), engine.log)
            ranks[place] = standing.rank
        }
        initial = state
        initialRanks = ranks
    }

    /// The window's deliveries as recorded.
    var recordedOrder: [Int] { Array(episode.window) }

    /// The window's deliveries by rank: what was asked for earlier comes earlier. Fixed writes keep their places.
    var intentOrder: [Int] {
        let movable = episode.window.filter { replay.deliveries[$0].isMovable }
        var sorted = movable.sorted { (replay.deliveries[$0].rank, $0) < (replay.deliveries[$1].rank, $1) }.makeIterator()
        return episode.window.map { replay.deliveries[$0].isMovable ? sorted.next() ?? $0 : $0 }
    }

    /// Runs an order. `admit` decides for each delivery, at its place in the order, which of its writes are applied.
    mutating func run(_ order: [Int], isRecorded: Bool = false, admit: ((Int, Int, Int, Int64?) -> Bool)? = nil) -> Outcome {
        var outcome = Outcome(state: initial)
        var ranks = initialRanks
        for (place, delivery) in order.enumerated() {
            for write in replay.writes(of: replay.deliveries[delivery]) {
                let resolved = engine.writes[write]
                let isOwn = replay.deliveries[delivery].isMovable
                if isOwn, let admit, !admit(place, delivery, write, ranks[resolved.place]) {
                    outcome.blocked[resolved.place, default: 0] += 1
                    continue
                }
                let before = outcome.state[resolved.place]
                let isLower = isOwn && !engine.isDerived(write) && (ranks[resolved.place].map { $0 > resolved.rank } ?? false)
                apply(write, &outcome.state, &ranks, isRecorded: isRecorded)
                if isLower, before != outcome.state[resolved.place] { outcome.inversions += 1 }
            }
        }
        return outcome
    }

    private mutating func apply(
        _ write: Int, _ state: inout [Int32: Int32], _ ranks: inout [Int32: Int64], isRecorded: Bool
    ) {
        let resolved = engine.writes[write]
        let event = Int(resolved.event)
        if engine.isDerived(write) {
            let process = UInt32(engine.log.processIndices[event])
            let sources = engine.log.from(of: event).map { key in
                engine.placeByPair[PairTable.key(process, key.raw)].flatMap { state[Int32($0)] } ?? -1
            }
            state[resolved.place] = values.derived(resolved.place, sources, event, isRecorded: isRecorded)
        } else {
            let value = plainValues[write] ?? values.plain(event, engine.log)
            plainValues[write] = value
            state[resolved.place] = value
            if resolved.slot == replay.slot { ranks[resolved.place] = max(ranks[resolved.place] ?? .min, resolved.rank) }
        }
    }

    /// The places that the window's deliveries write.
    var places: [Int32] {
        Set(episode.window.flatMap { replay.writes(of: replay.deliveries[$0]).map { engine.writes[$0].place } }).sorted()
    }
}
