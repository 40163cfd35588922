import Trace

/// Cuts the race around a finding out of a trace: the steps of its process that touch the finding's place, and what decides about them.
struct RaceBuilder {
    /// Why there is no race to run: what the trace lacks, in words.
    struct Missing: Error {
        var what: String
    }

    /// Events looked at before the finding, and after it: a longer stretch is said to be one, and not run.
    static let maximumBefore = 100_000
    static let maximumAfter = 2_000

    let engine: RuleEngine
    let log: TraceLog
    let index: WriteIndex
    let process: UInt16
    let event: Int
    var range = 0..<0
    var relevant: Set<Int32> = []
    var slots: Set<Int32> = []
    var placeNumbers: [Int32: Int] = [:]
    var race: Race
    var values = ValueTable()
    /// The step that began a request, by request; and the last step that wrote with it.
    var beganIn: [Int32: Int] = [:]
    var lastDelivery: [Int32: Int] = [:]
    /// The step of a local write, by intent and place.
    var localSteps: [UInt64: Int] = [:]
    var attempts: [Int32: [Attempt]] = [:]
    /// Requests that each intent began in the stretch.
    var begun: [Int32: [Int32]] = [:]

    struct Attempt {
        var number: Int
        var request: Int32
        var url: String
    }

    /// `writes` are the two sides, into `RuleEngine.writes`; `others` are further events of the story, such as a cancel.
    static func build(
        _ finding: Finding, writes: [Int], others: [Int], _ engine: RuleEngine, _ index: WriteIndex
    ) throws(Missing) -> Race {
        var builder = RaceBuilder(finding, engine, index)
        try builder.findRange(writes, others)
        builder.findPlaces(writes)
        builder.addSteps()
        if builder.race.steps.count > Race.maximumSteps {
            // Only the two sides: what else was in flight stays where it was.
            builder = RaceBuilder(finding, engine, index)
            try builder.findRange(writes, others)
            builder.race.isTruncated = true
            builder.relevant = Set(writes.map { engine.writes[$0].request }.filter { $0 >= 0 })
            builder.number(writes)
            builder.addSteps()
        }
        guard builder.race.steps.count <= Race.maximumSteps else {
            throw Missing(what: "a stretch of at most \(Race.maximumSteps) steps; this one has more")
        }
        return builder.race
    }

    private init(_ finding: Finding, _ engine: RuleEngine, _ index: WriteIndex) {
        self.engine = engine
        log = engine.log
        self.index = index
        process = finding.process
        event = finding.event
        race = Race(rule: finding.rule)
    }

    // MARK: What belongs to it

    private mutating func findRange(_ writes: [Int], _ others: [Int]) throws(Missing) {
        var first = event
        var last = event
        for event in others where log.processIndices[event] == process { first = min(first, event) }
        for write in writes {
            let one = engine.writes[write]
            first = min(first, Int(one.event))
            last = max(last, Int(one.event))
            guard one.request >= 0 else { continue }
            let request = engine.requests[Int(one.request)]
            if request.process == process, request.startEvent != .max { first = min(first, Int(request.startEvent)) }
            if request.intent >= 0, engine.intents[Int(request.intent)].event != .max {
                let asked = Int(engine.intents[Int(request.intent)].event)
                if log.processIndices[asked] == process { first = min(first, asked) }
            }
        }
        guard last - first <= Self.maximumBefore else {
            throw Missing(what: "a stretch of at most \(Self.maximumBefore) events; this one has \(last - first)")
        }
        range = first..<min(log.count, last + Self.maximumAfter)
    }

    /// Writes of the stretch; after the finding only those of responses that were in flight there.
    func isPart(_ write: ResolvedWrite) -> Bool {
        guard write.event > UInt32(event) else { return true }
        if write.request >= 0 { return engine.requests[Int(write.request)].startEvent <= UInt32(event) }
        return log.flags[Int(write.event)].contains(.rollback)
    }

    private mutating func findPlaces(_ writes: [Int]) {
        number(writes)
        let seeds = Set(placeNumbers.keys)
        let parts = parts()
        for write in parts where write.request >= 0 && seeds.contains(write.place) { relevant.insert(write.request) }
        for write in parts where relevant.contains(write.request) { number(write.place) }
        // Whoever else wrote those places takes part too, with these places only.
        for write in parts where write.request >= 0 && placeNumbers[write.place] != nil { relevant.insert(write.request) }
    }

    private mutating func number(_ writes: [Int]) {
        for write in writes {
            number(engine.writes[write].place)
            for key in log.from(of: Int(engine.writes[write].event)) {
                if let place = engine.placeByPair[PairTable.key(UInt32(process), key.raw)] { number(Int32(place)) }
            }
        }
    }

    private mutating func number(_ place: Int32) {
        guard placeNumbers[place] == nil else { return }
        placeNumbers[place] = race.places.count
        race.places.append(place)
        race.isJudged.append(true)
    }

    /// The writes of the stretch, in the process's order.
    private func parts() -> [ResolvedWrite] {
        range.compactMap { event in
            guard log.processIndices[event] == process, let write = index.write(of: event), isPart(engine.writes[write]) else {
                return nil
            }
            return engine.writes[write]
        }
    }
}

/// Where an event's write stands in `RuleEngine.writes`.
struct WriteIndex: Sendable {
    private var places: [UInt32]

    init(_ engine: RuleEngine) {
        places = Array(repeating: .max, count: engine.log.count)
        for (index, write) in engine.writes.enumerated() { places[Int(write.event)] = UInt32(index) }
    }

    func write(of event: Int) -> Int? { places[event] == .max ? nil : Int(places[event]) }
}
