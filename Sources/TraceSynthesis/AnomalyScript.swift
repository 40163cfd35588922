import Trace

/// Writes the events of a small trace one after the other, with the variety that the seed says: ids, times, tasks, frames, healthy slots beside.
struct AnomalyScript {
    private(set) var events: [TraceEvent] = []
    var dice: Dice
    private var time: Int64 = 1_000_000
    private var task = 0
    private var value = 100
    private let hasTasks: Bool
    private let hasIDs: Bool

    static let browser = "tab"
    static let store = "database"

    init(seed: UInt64) {
        dice = Dice(seed: seed)
        hasTasks = dice.chance(50)
        hasIDs = dice.chance(50)
        for (name, role) in [(Self.browser, "browser"), (Self.store, "store")] {
            add(.process, in: name) {
                $0.attribute("role", role)
                $0.attribute("clock", "shared")
            }
        }
    }

    mutating func add(_ kind: EventKind, in process: String = browser, _ fill: (inout TraceEvent) -> Void = { _ in }) {
        var event = TraceEvent(kind)
        event.process = process
        event.session = process == Self.browser ? "ada" : ""
        time += Int64(dice.among(1...30)) * 1_000_000
        event.time = time
        if hasIDs { event.id = "e\(events.count + 1)" }
        fill(&event)
        events.append(event)
    }

    /// A value that no other write has.
    mutating func next() -> String {
        value += 1
        return "\(value)"
    }

    mutating func ask(_ intent: String, slot: String, arguments: String = "") {
        add(.intent) {
            $0.intent = intent
            $0.slot = slot
            $0.arguments = arguments
        }
    }

    mutating func start(_ request: String, intent: String = "", slot: String = "", arguments: String = "") {
        add(.start) {
            $0.request = request
            $0.intent = intent
            $0.slot = slot
            $0.arguments = arguments
        }
    }

    mutating func askAndStart(_ intent: String, _ request: String, slot: String) {
        ask(intent, slot: slot)
        start(request, intent: intent)
    }

    /// The response, its delivery and its writes, in one task.
    mutating func deliver(
        _ request: String, _ keys: [String], version: Int64? = nil, arguments: String = "", sum: [String] = []
    ) {
        if dice.chance(60) { add(.arrive) { $0.request = request } }
        task += 1
        let task = hasTasks ? "t\(task)" : ""
        add(.deliver) {
            $0.request = request
            $0.task = task
        }
        for key in keys {
            let value = next()
            add(.write) {
                $0.request = request
                $0.key = key
                $0.value = value
                $0.task = task
                $0.version = version.map { .number($0) }
                $0.arguments = arguments
            }
        }
        guard !sum.isEmpty else { return }
        let value = next()
        add(.write) {
            $0.request = request
            $0.key = "sum"
            $0.from = sum
            $0.value = value
            $0.task = task
        }
    }

    /// A write of the process itself.
    mutating func write(_ key: String, intent: String = "", _ flags: EventFlags = []) {
        let value = next()
        add(.write) {
            $0.key = key
            $0.intent = intent
            $0.flags = flags
            $0.value = value
        }
    }

    mutating func commit(_ key: String, _ version: Int64, base: Int64? = nil, intent: String = "") {
        add(.commit, in: Self.store) {
            $0.key = key
            $0.version = .number(version)
            $0.base = base.map { .number($0) }
            $0.intent = intent
        }
    }

    mutating func tell(_ kind: EventKind, _ key: String, _ version: Int64, intent: String = "") {
        add(kind) {
            $0.key = key
            $0.version = .number(version)
            $0.intent = intent
        }
    }

    /// The stream hands a position out, and the browser receives it.
    mutating func signal(_ position: Int64, version: Int64) {
        for (kind, process) in [(EventKind.emit, Self.store), (.signal, Self.browser)] {
            add(kind, in: process) {
                $0.slot = "feed"
                $0.number = position
                $0.version = .number(version)
            }
        }
    }

    mutating func show(_ shows: [(String, Int64)]) {
        add(.render) { $0.shows = shows.map { TraceEvent.Shown(key: $0.0, version: .number($0.1)) } }
    }

    /// A slot that nothing is wrong with, beside the others.
    mutating func healthyRound(_ name: String) {
        for round in 1...dice.among(1...2) {
            let request = "\(name).r\(round)"
            askAndStart("\(name).i\(round)", request, slot: name)
            deliver(request, ["\(name)/value"])
        }
    }
}
