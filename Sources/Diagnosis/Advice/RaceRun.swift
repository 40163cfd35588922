import Trace

/// One run of a race in some order, with a guard or with none: what stands at each place in the end, what was blocked, and whether the rule
/// was broken on the way.
struct RaceRun {
    private let input: Input
    var race: Race { input.race }
    var engine: RuleEngine { input.engine }
    let option: Guard?
    /// For G2: whether a write is held against the newest intent that wrote its place, and not against the newest of its slot.
    let bindsPlaces: Bool

    /// What all runs of a race share: behind one reference, as both are many arrays, each of which a copy of a run would have to count.
    final class Input: Sendable {
        let race: Race
        let engine: RuleEngine

        init(_ race: Race, _ engine: RuleEngine) {
            self.race = race
            self.engine = engine
        }
    }

    struct Place {
        /// -1: what stood there before the race.
        var value: Int32 = -1
        var version = TraceVersion.none
        var request: Int32 = -1
        var intent: Int32 = -1
        /// When what stands there was asked for or done, as a tick.
        var asked = 0
        /// The highest rank that a slot wrote here.
        var slot: Int32 = -1
        var rank = Int64.min
        /// Optimistic writes that are neither acknowledged nor taken back: whose, and what stood there before.
        var pending: [(intent: Int32, before: Int32, value: Int32)] = []
        /// The person's input, a deletion, an acknowledgement: when, 0 for never.
        var inputTick = 0
        var inputIntent: Int32 = -1
        var deletedTick = 0
        var deletedVersion = TraceVersion.none
        var acknowledgedTick = 0
        var acknowledgedVersion = TraceVersion.none
        var newest = TraceVersion.none
        var blocked = 0
        /// A derived write that waits for its sources.
        var withheld: Race.Write?
    }

    /// What the run knows of a request.
    struct Flight {
        /// When it began: 0 before the race, `Int.max` not yet.
        var began = 0
        var asked = 0
        var delivered = 0
        var isAborted = false
        var isGivenUp = false
    }

    private(set) var places: [Place]
    /// By the race's number of the request.
    private(set) var flights: [Flight]
    /// Whether the rule was broken.
    private(set) var isBroken = false
    var tick = 0
    var latest: [Int32: Int64]
    var askedTicks: [Int32: Int] = [:]
    var unmountTicks: [Int32: Int] = [:]
    private var waiting: [Int] = []
    /// Derived values: numbered by place and sources.
    private var derived: [[Int32]: Int32] = [:]

    init(_ input: Input, guard option: Guard?, bindsPlaces: Bool = false) {
        let race = input.race
        self.input = input
        self.option = option
        self.bindsPlaces = bindsPlaces
        places = Array(repeating: Place(), count: race.places.count)
        latest = race.latestBefore
        flights = race.requests.map { Flight(began: $0.beganIn < 0 ? 0 : .max) }
    }

    mutating func run(_ order: [Int]) {
        for step in order {
            tick += 1
            perform(step)
            release(isEnd: false)
        }
        release(isEnd: true)
    }

    private mutating func perform(_ index: Int) {
        let step = race.steps[index]
        switch step.action {
        case .asked(let slot, let rank):
            askedTicks[step.intent] = tick
            latest[slot] = max(latest[slot] ?? .min, rank)
            if option == .cancelInFlight { abort(slot, below: rank, at: step.event) }
        case .began: if step.request >= 0 { begin(Int(step.request), at: step.event) }
        case .gaveUp: if step.request >= 0 { flights[Int(step.request)].isGivenUp = true }
        case .unmounted(let slot):
            unmountTicks[slot] = tick
            if option == .cancelInFlight { abort(slot, below: .max, at: step.event) }
        case .wrote: for write in step.writes { writeLocally(write) }
        case .delivered:
            if option == .queue, mustWait(step) { waiting.append(index) } else { deliver(index) }
        case .tookBack: for write in step.writes { takeBack(write) }
        case .hydrated: for write in step.writes { receive(write) }
        case .acknowledged: acknowledge(step)
        }
    }

    // MARK: Requests

    /// A request, or what is the same to every guard: one that began before the race and that nobody gave up.
    func flight(_ request: Int32) -> Flight { request >= 0 ? flights[Int(request)] : Flight() }

    private mutating func begin(_ request: Int, at event: Int) {
        let state = race.requests[request]
        flights[request].began = tick
        flights[request].asked = state.intent >= 0 ? askedTicks[state.intent] ?? 0 : tick
        guard state.intent < 0, state.slot >= 0 else { return }
        // A request without an intent is what was asked for.
        latest[state.slot] = max(latest[state.slot] ?? .min, state.rank)
        if option == .cancelInFlight { abort(state.slot, below: state.rank, at: event) }
    }

    /// G1: what is in flight below a rank is given up, as far as a cancel reaches it: not once the response is there, not when another attempt
    /// holds the handle.
    private mutating func abort(_ slot: Int32, below rank: Int64, at event: Int) {
        for (index, request) in race.requests.enumerated() where request.slot == slot && request.rank < rank {
            guard flights[index].began < .max, flights[index].delivered == 0, !request.isOutOfReach,
                request.arrivalEvent > event
            else { continue }
            flights[index].isAborted = true
        }
    }

    private mutating func deliver(_ index: Int) {
        let step = race.steps[index]
        for write in step.writes {
            if write.flags.contains(.rollback) { takeBack(write) } else { receive(write) }
        }
        if step.request >= 0 { flights[Int(step.request)].delivered += 1 }
        for (request, state) in race.requests.enumerated() where state.beganIn == index { begin(request, at: step.event) }
    }

    /// G4: responses of the slot that were asked for earlier are still to come.
    private func mustWait(_ step: Race.Step) -> Bool {
        guard step.request >= 0 else { return false }
        let own = race.requests[Int(step.request)]
        return race.requests.indices.contains { other in
            race.requests[other].slot == own.slot && race.requests[other].rank < own.rank
                && race.requests[other].deliveries > flights[other].delivered
        }
    }

    /// Delivers what waited for others, and computes what waited for its sources.
    private mutating func release(isEnd: Bool) {
        while let next = waiting.indices.filter({ isEnd || !mustWait(race.steps[waiting[$0]]) })
            .min(by: { rank(waiting[$0]) < rank(waiting[$1]) })
        {
            deliver(waiting.remove(at: next))
        }
        guard option == .snapshotToken else { return }
        for place in places.indices {
            guard let write = places[place].withheld, !isMixed(write) else { continue }
            places[place].withheld = nil
            derive(write)
        }
    }

    private func rank(_ step: Int) -> Int64 {
        race.steps[step].request >= 0 ? race.requests[Int(race.steps[step].request)].rank : .min
    }

    // MARK: Writes

    /// A write of a response, or of nobody known.
    private mutating func receive(_ write: Race.Write) {
        if write.isDerived {
            if write.request >= 0, isDropped(write, flight(write.request)) {
                places[write.place].blocked += 1
            } else if option == .snapshotToken, isMixed(write) {
                places[write.place].withheld = write
            } else {
                isBroken = isBroken || (race.rule == .mixedAggregate && isMixed(write))
                derive(write)
            }
            return
        }
        guard lets(write, pass: places[write.place]) else {
            places[write.place].blocked += 1
            return
        }
        isBroken = isBroken || breaks(write, places[write.place])
        apply(write)
    }

    private mutating func apply(_ write: Race.Write) {
        let place = write.place
        let isDelete = engine.log.kinds[write.event] == .delete
        places[place].value = write.value
        places[place].version = write.version
        if write.version.number != nil, !write.version.isOlder(than: places[place].newest) {
            places[place].newest = write.version
        }
        places[place].request = write.request
        places[place].intent = write.intent
        places[place].asked = write.request >= 0 ? flight(write.request).asked : tick
        if places[place].slot != write.slot || places[place].rank < write.rank {
            places[place].slot = write.slot
            places[place].rank = write.rank
        }
        places[place].deletedTick = isDelete ? tick : 0
        places[place].deletedVersion = isDelete ? write.version : .none
        if write.request >= 0 { places[place].pending.removeAll { $0.intent == write.intent } }
    }

    private mutating func derive(_ write: Race.Write) {
        let key = [Int32(write.place)] + write.sources.map { places[$0].value }
        let next = Int32.max - Int32(derived.count)
        let value = derived[key] ?? next
        derived[key] = value
        places[write.place].value = value
        places[write.place].request = write.request
    }

    private mutating func writeLocally(_ write: Race.Write) {
        let place = write.place
        if write.isDerived { return derive(write) }
        let before = places[place].value
        apply(write)
        places[place].version = write.version
        if write.flags.contains(.optimistic) {
            places[place].pending.append((write.intent, before, write.value))
        } else if write.flags.contains(.user) {
            places[place].inputTick = tick
            places[place].inputIntent = write.intent
        }
    }

    private mutating func acknowledge(_ step: Race.Step) {
        for place in step.touched {
            places[place].pending.removeAll { $0.intent == step.intent }
            places[place].acknowledgedTick = tick
            let version = race.acknowledgedVersions[step.intent] ?? .none
            guard version.number != nil else { continue }
            places[place].acknowledgedVersion = version
            if places[place].intent == step.intent { places[place].version = version }
            if !version.isOlder(than: places[place].newest) { places[place].newest = version }
        }
    }

    /// A rollback restores what its optimistic write found: blindly without a guard (G3 only while its own write stands, G7 by taking its
    /// own write out from under the others).
    private mutating func takeBack(_ write: Race.Write) {
        let place = write.place
        guard let own = places[place].pending.firstIndex(where: { $0.intent == write.intent }) else { return }
        let entry = places[place].pending.remove(at: own)
        let isOwn = places[place].intent == write.intent
        if write.request >= 0, isDropped(write, flight(write.request)) {
            places[place].blocked += 1
            return
        }
        switch option {
        case .versionCheck where !isOwn:
            places[place].blocked += 1
        case .atomicReadModifyWrite where own < places[place].pending.count:
            places[place].pending[own].before = entry.before
        case .atomicReadModifyWrite where !isOwn:
            places[place].blocked += 1
        case .cancelInFlight, .identityBinding, .versionCheck, .queue, .ignoreWhilePending, .idempotencyKey,
            .atomicReadModifyWrite, .snapshotToken, .waitForDependency, nil:
            isBroken = isBroken || (race.rule == .rollbackClobber && !isOwn && places[place].value != entry.before)
            places[place].value = entry.before
            places[place].intent = places[place].pending.last?.intent ?? -1
            places[place].request = -1
        }
    }
}
