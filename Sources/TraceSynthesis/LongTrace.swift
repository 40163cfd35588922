import Trace

/// A long trace for measuring speed: eight browsers with forty slots each, a server and a store; intents, requests, responses, writes,
/// commits, signals and frames in about the mix of a real recording. One response in a hundred is applied out of turn.
///
///     var long = LongTrace(seed: 1)
///     long.append(events: 10_000_000, to: &log)                  // straight into columns
///     long.writeLines(events: 10_000_000) { try file.write($0) }   // as a file, a megabyte at a time
package struct LongTrace: Sendable {
    /// One event before it becomes columns or text; 0 means "none".
    struct Step {
        var kind: EventKind
        var process: Int
        var time: Int64
        var task = 0
        var request = 0
        var intent = 0
        var slot = 0
        var key = 0
        var number: Int64 = 0
        var version: Int64 = 0
        var value = 0
    }

    private struct Flight {
        var request: Int
        var intent: Int
        var slot: Int
    }

    static let browsers = 8
    static let slotsOfEach = 40
    static let keysOfEach = 3
    /// More requests than that are not in flight in one browser.
    private static let maximumInFlight = 24

    static let processNames = (1...browsers).map { "tab\($0)" } + ["api", "database"]

    private var dice: Dice
    private var time: Int64 = 0
    private var task = 0
    private var requests = 0
    private var revision: Int64 = 0
    private var frame: Int64 = 0
    private var inFlight = Array(repeating: [Flight](), count: LongTrace.browsers)
    private var steps: [Step] = []
    /// How many of `steps` were handed out.
    private var taken = 0

    package init(seed: UInt64) {
        dice = Dice(seed: seed)
    }

    /// The next group of events: a person asks, or a response comes.
    private mutating func advance() {
        steps.removeAll(keepingCapacity: true)
        taken = 0
        time += Int64(1 + dice.below(400)) * 1_000
        let browser = dice.below(Self.browsers)
        let waiting = inFlight[browser].count
        if waiting == 0 || (waiting < Self.maximumInFlight && dice.chance(40)) { ask(browser) } else { answer(browser) }
    }

    private mutating func ask(_ browser: Int) {
        task += 1
        requests += 1
        let slot = 1 + dice.below(Self.slotsOfEach)
        let flight = Flight(request: requests, intent: requests, slot: slot)
        steps.append(Step(kind: .intent, process: browser, time: time, task: task, intent: flight.intent, slot: slot))
        steps.append(
            Step(
                kind: .start, process: browser, time: time, task: task, request: flight.request, intent: flight.intent,
                slot: slot))
        steps.append(
            Step(kind: .read, process: Self.browsers + 1, time: time, request: flight.request, key: slot, version: revision))
        inFlight[browser].append(flight)
    }

    private mutating func answer(_ browser: Int) {
        let place = dice.chance(1) ? dice.below(inFlight[browser].count) : 0
        let flight = inFlight[browser].remove(at: place)
        task += 1
        if dice.chance(20) {
            revision += 1
            steps.append(
                Step(
                    kind: .commit, process: Self.browsers + 1, time: time, intent: flight.intent, key: flight.slot,
                    version: revision))
        }
        steps.append(Step(kind: .arrive, process: browser, time: time, request: flight.request, number: 200, version: revision))
        steps.append(Step(kind: .deliver, process: browser, time: time, task: task, request: flight.request))
        for key in 0..<(1 + dice.below(Self.keysOfEach)) {
            steps.append(
                Step(
                    kind: .write, process: browser, time: time, task: task, request: flight.request, slot: flight.slot,
                    key: flight.slot * Self.keysOfEach + key, version: revision, value: dice.below(1_000)))
        }
        if dice.chance(50) {
            frame += 1
            steps.append(Step(kind: .render, process: browser, time: time, number: frame))
        }
    }

    /// Hands `count` events to `take`, the declarations aside.
    mutating func generate(_ count: Int, _ take: (Step) -> Void) {
        for _ in 0..<max(0, count) {
            if taken == steps.count { advance() }
            take(steps[taken])
            taken += 1
        }
    }

    /// Processes and slots, which come before the events.
    func declarations() -> [TraceEvent] {
        let processes = Self.processNames.enumerated().map { index, name in
            var event = TraceEvent(.process)
            event.process = name
            event.attribute("role", index < Self.browsers ? "browser" : index == Self.browsers ? "server" : "store")
            return event
        }
        let slots = (1...Self.slotsOfEach).map { slot in
            var event = TraceEvent(.slot)
            event.process = Self.processNames[0]
            event.slot = "slot \(slot)"
            event.attribute("policy", slot % 8 == 0 ? "merge" : "latest")
            return event
        }
        return processes + slots
    }
}
