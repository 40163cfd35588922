import Trace

/// The deliveries to one slot in one process, ready to be replayed in another order (T1: the recorded payloads, another arrival order).
///
/// A *delivery* is what the process wrote with one response in one task: atomic. Writes to the same places by anybody else are fixed: they
/// keep their place between the deliveries. Values are small numbers: equal numbers are equal values, and a derived value is the number of
/// (key, numbers of its sources), so that what a derived key would be is known without knowing the function.
struct SlotReplay: Sendable {
    struct Delivery: Sendable {
        /// -1: a fixed write.
        var request: Int32
        var rank: Int64
        /// When the request began; 0 for a fixed write.
        var start: Position
        /// The request in whose delivery this one's request began.
        var parent: Int32
        var position: Position
        /// Into `SlotReplay.writeIndices`.
        var writes: Range<Int>
        var isMovable: Bool { request >= 0 }
    }

    /// Something asked for: an intent, or a request without one.
    struct Asked: Sendable {
        var position: Position
        /// The highest rank asked for until here.
        var highestRank: Int64
    }

    let slot: Int32
    var deliveries: [Delivery] = []
    /// Into `RuleEngine.writes`, delivery by delivery.
    var writeIndices: [Int] = []
    var asked: [Asked] = []

    /// Builds the replay of several slots at once, in two passes over the writes.
    static func build(_ slots: [Int32], _ engine: RuleEngine) -> [SlotReplay] {
        var placeSlots: [Int32: [Int]] = [:]
        var indexOfSlot: [Int32: Int] = [:]
        for (index, slot) in slots.enumerated() { indexOfSlot[slot] = index }
        for write in engine.writes where write.request >= 0 {
            guard let index = indexOfSlot[write.slot], placeSlots[write.place]?.contains(index) != true else { continue }
            placeSlots[write.place, default: []].append(index)
        }
        var replays = slots.map { SlotReplay(slot: $0) }
        for (index, write) in engine.writes.enumerated() {
            for replay in placeSlots[write.place] ?? [] { replays[replay].add(write, index, engine) }
        }
        for (index, asked) in asked(of: indexOfSlot, engine).enumerated() { replays[index].note(asked) }
        return replays
    }

    private init(slot: Int32) {
        self.slot = slot
    }

    private mutating func add(_ write: ResolvedWrite, _ index: Int, _ engine: RuleEngine) {
        let isOwn = write.request >= 0 && write.slot == slot
        if isOwn, let last = deliveries.last, last.request == write.request, isSameTask(last, write, engine) {
            writeIndices.append(index)
            deliveries[deliveries.count - 1].writes = last.writes.lowerBound..<writeIndices.count
            return
        }
        writeIndices.append(index)
        let request = isOwn ? engine.requests[Int(write.request)] : nil
        deliveries.append(
            Delivery(
                request: isOwn ? write.request : -1, rank: write.rank, start: request?.startPosition ?? 0,
                parent: request?.parent ?? -1, position: write.position, writes: writeIndices.count - 1..<writeIndices.count))
    }

    private func isSameTask(_ delivery: Delivery, _ write: ResolvedWrite, _ engine: RuleEngine) -> Bool {
        guard let first = writes(of: delivery).first else { return false }
        return engine.log.tasks[Int(engine.writes[first].event)] == engine.log.tasks[Int(write.event)]
    }

    /// What was asked for in each slot, in one pass.
    private static func asked(of indexOfSlot: [Int32: Int], _ engine: RuleEngine) -> [[(Position, Int64)]] {
        var indices = [Int](repeating: -1, count: engine.slots.count)
        for (slot, index) in indexOfSlot where slot >= 0 { indices[Int(slot)] = index }
        var found: [[(Position, Int64)]] = Array(repeating: [], count: indexOfSlot.count)
        for intent in engine.intents where intent.slot >= 0 && indices[Int(intent.slot)] >= 0 {
            found[indices[Int(intent.slot)]].append((intent.position, intent.rank))
        }
        for request in engine.requests where request.slot >= 0 && request.intent < 0 && request.startPosition != .never {
            let index = indices[Int(request.slot)]
            if index >= 0 { found[index].append((request.startPosition, request.rank)) }
        }
        return found
    }

    private mutating func note(_ found: [(Position, Int64)]) {
        var highest = Int64.min
        asked = found.sorted { $0 < $1 }.map { position, rank in
            highest = max(highest, rank)
            return Asked(position: position, highestRank: highest)
        }
    }

    /// The writes of a delivery, into `RuleEngine.writes`.
    func writes(of delivery: Delivery) -> ArraySlice<Int> { writeIndices[delivery.writes] }

    /// The highest rank asked for at a position.
    func latestRank(at position: Position) -> Int64 {
        var low = 0
        var high = asked.count
        while low < high {
            let middle = (low + high) / 2
            if asked[middle].position <= position { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? .min : asked[low - 1].highestRank
    }
}

/// Numbers for values, so that states can be compared and kept in small arrays.
struct ValueTable: Sendable {
    private var numbers: [[UInt8]: Int32] = [:]
    /// For each number, an event that wrote that very value in the recorded run; `.max` for a value that only a replay computed.
    private(set) var examples: [UInt32] = []
    /// For a derived value: what it was computed from.
    private(set) var sources: [[Int32]] = []

    mutating func plain(_ event: Int, _ log: TraceLog) -> Int32 {
        var key: [UInt8] = [log.kinds[event] == .delete ? 1 : 0]
        key.append(contentsOf: log.value(of: event))
        // Values that were not recorded are all different from one another.
        if key.count == 1, key[0] == 0 { key.append(contentsOf: "event \(event)".utf8) }
        return number(key, UInt32(event), [])
    }

    mutating func derived(_ place: Int32, _ sources: [Int32], _ event: Int, isRecorded: Bool) -> Int32 {
        let number = number(Array("derived \(place) \(sources)".utf8), isRecorded ? UInt32(event) : .max, sources)
        if isRecorded, examples[Int(number)] == .max { examples[Int(number)] = UInt32(event) }
        return number
    }

    private mutating func number(_ key: [UInt8], _ event: UInt32, _ from: [Int32]) -> Int32 {
        if let number = numbers[key] { return number }
        let number = Int32(examples.count)
        numbers[key] = number
        examples.append(event)
        sources.append(from)
        return number
    }
}
