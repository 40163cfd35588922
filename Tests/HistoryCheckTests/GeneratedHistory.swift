/// Histories of a register as clients of a store would see it: a function of a seed. The store is correct; what it answers is then
/// falsified now and then, so that some histories have no explanation.
struct GeneratedHistory {
    /// What the histories are like.
    struct Shape {
        var operations: Int
        var clients: Int
        /// Values written are 0 up to this; 0 means each value is written once.
        var values = 0
        /// Out of 1,000 operations.
        var reads = 500
        /// Out of 1,000 operations; the others are writes.
        var swaps = 0
        /// Out of 1,000 operations: nobody learns how they ended.
        var crashes = 0
        /// Out of 1,000 completed reads and swaps: the answer is made up.
        var lies = 0
        /// Out of 1,000 writes: refused.
        var failures = 0

        init(operations: Int, clients: Int) {
            self.operations = operations
            self.clients = clients
        }
    }

    enum Kind: String {
        case read, write, cas
    }

    enum Phase: String {
        case invoke, ok, fail, info
    }

    struct Event {
        var process: Int
        var phase: Phase
        var kind: Kind
        /// Of a read's `ok`: what was read, `nil` for the initial value. Of a write and a cas: what was asked for.
        var value: Int?
        /// The new value of a cas.
        var second = 0

        init(process: Int, phase: Phase, kind: Kind, value: Int? = nil) {
            self.process = process
            self.phase = phase
            self.kind = kind
            self.value = value
        }
    }

    private struct Open {
        var event: Event
        var isApplied = false
        var fails = false
        var crashes = false
        var answer: Int?
        var hasSwapped = false
    }

    private let shape: Shape
    private var chance: Chance
    private var value: Int?
    private var written = 0
    private var processes: [Int]
    private var open: [Open?]
    /// Crashed, and perhaps still on their way to the store.
    private var ghosts: [Open] = []
    private var events: [Event] = []

    private init(_ shape: Shape, seed: UInt64) {
        self.shape = shape
        chance = Chance(seed: seed)
        processes = Array(0..<shape.clients)
        open = Array(repeating: nil, count: shape.clients)
    }

    static func events(_ shape: Shape, seed: UInt64) -> [Event] {
        var generated = GeneratedHistory(shape, seed: seed)
        generated.generate()
        return generated.events
    }

    private mutating func below(_ bound: Int) -> Int { Int(chance.next() >> 33) % max(1, bound) }
    private mutating func happens(_ thousandths: Int) -> Bool { thousandths > 0 && below(1_000) < thousandths }

    private mutating func generate() {
        var begun = 0
        while true {
            let client = below(shape.clients)
            if open[client] == nil {
                if begun == shape.operations {
                    if open.allSatisfy({ $0 == nil }) { return }
                    continue
                }
                begun += 1
                invoke(client)
            } else {
                goOn(client)
            }
            if !ghosts.isEmpty, below(8) == 0 {
                var ghost = ghosts.remove(at: below(ghosts.count))
                apply(&ghost)
            }
        }
    }

    private mutating func newValue() -> Int {
        written += 1
        return shape.values == 0 ? written : below(shape.values)
    }

    private mutating func invoke(_ client: Int) {
        let draw = below(1_000)
        let kind: Kind = draw < shape.reads ? .read : draw < shape.reads + shape.swaps ? .cas : .write
        var event = Event(process: processes[client], phase: .invoke, kind: kind)
        if kind == .write { event.value = newValue() }
        if kind == .cas {
            event.value = shape.values == 0 ? below(written + 1) : below(shape.values)
            event.second = newValue()
        }
        var operation = Open(event: event)
        operation.crashes = happens(shape.crashes)
        operation.fails = kind == .write && happens(shape.failures)
        open[client] = operation
        events.append(event)
    }

    private mutating func goOn(_ client: Int) {
        guard var operation = open[client] else { return }
        if !operation.isApplied, operation.crashes, below(2) == 0 { return end(client, operation, .info) }
        if !operation.isApplied {
            apply(&operation)
            open[client] = operation
            return
        }
        if operation.crashes { return end(client, operation, .info) }
        if operation.fails { return end(client, operation, .fail) }
        if operation.event.kind == .cas, happens(shape.lies) { operation.hasSwapped.toggle() }
        end(client, operation, operation.event.kind == .cas && !operation.hasSwapped ? .fail : .ok)
    }

    private mutating func end(_ client: Int, _ operation: Open, _ phase: Phase) {
        var event = operation.event
        event.phase = phase
        if phase == .ok, event.kind == .read {
            event.value = operation.answer
            if happens(shape.lies) { event.value = shape.values == 0 ? max(1, written - below(6)) : below(shape.values) }
        }
        events.append(event)
        open[client] = nil
        if phase == .info {
            if !operation.isApplied, !operation.fails, below(2) == 0 { ghosts.append(operation) }
            processes[client] += shape.clients
        }
    }

    private mutating func apply(_ operation: inout Open) {
        guard !operation.isApplied else { return }
        operation.isApplied = true
        guard !operation.fails else { return }
        switch operation.event.kind {
        case .read: operation.answer = value
        case .write: value = operation.event.value
        case .cas:
            operation.hasSwapped = value == operation.event.value
            if operation.hasSwapped { value = operation.event.second }
        }
    }

    /// The events as Jepsen's log shows them.
    static func log(_ events: [Event]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(events.count * 40)
        for event in events {
            bytes.append(contentsOf: "INFO  jepsen.util - ".utf8)
            bytes.append(contentsOf: "\(event.process)\t:".utf8)
            bytes.append(contentsOf: event.phase.rawValue.utf8)
            bytes.append(contentsOf: "\t:".utf8)
            bytes.append(contentsOf: event.kind.rawValue.utf8)
            bytes.append(UInt8(ascii: "\t"))
            bytes.append(contentsOf: valueText(event, lost: ":timed-out").utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// The events as EDN, a map a line.
    static func edn(_ events: [Event]) -> [UInt8] {
        var bytes: [UInt8] = []
        for event in events {
            let value = valueText(event, lost: "nil")
            bytes.append(
                contentsOf: "{:type :\(event.phase), :f :\(event.kind), :value \(value), :process \(event.process)}\n".utf8)
        }
        return bytes
    }

    private static func valueText(_ event: Event, lost: String) -> String {
        if event.phase == .info { return lost }
        let value = event.value.map(String.init) ?? "nil"
        return event.kind == .cas ? "[\(value) \(event.second)]" : value
    }
}

/// A seeded generator (SplitMix64, Steele, Lea and Flood 2014): the same seed gives the same history on every machine.
struct Chance: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
