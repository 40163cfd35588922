package import Trace

/// A small program whose races are known because it says itself who writes what and who waits for whom: what `predict` is held against.
///
/// Everything is in one tab. A *delivery* writes some keys; its request begins with an intent of the person, or in another delivery. A *local*
/// write is the person's own, between two intents. Values differ unless two are equal on purpose.
package struct RaceProgram: Sendable {
    package struct Delivery: Sendable, Hashable {
        package var request: String
        package var slot: String
        /// The delivery in which its request begins; `nil`: with an intent of its own.
        package var parent: Int?
        /// Locals that come before its request.
        package var localsBefore: Int
        package var writes: [String: Int]
        /// The guard that its writes name; empty for none.
        package var `guard` = ""
        package var merges = false
    }

    package struct Local: Sendable, Hashable {
        package var key: String
        package var value: Int
    }

    package var deliveries: [Delivery] = []
    package var locals: [Local] = []
    /// Responses come when all requests have begun; otherwise each before the next request.
    package var overlaps = false

    package init() {}

    /// A program by seed.
    package init(seed: UInt64, deliveries count: Int, keys: Int = 3, locals: Int = 1, guarded: Bool = false) {
        var dice = Dice(seed: seed &* 0x9E37_79B9_7F4A_7C15 ^ 0x1234_5678)
        overlaps = dice.chance(50)
        let slots = dice.among(1...3)
        let option = guarded ? dice.pick("G1", "G2", "G3", "G4", "G5", "G9") : ""
        for local in 0..<dice.below(locals + 1) {
            self.locals.append(Local(key: "k\(dice.below(keys))", value: 1_000 + local))
        }
        for number in 0..<count {
            let parent = number > 0 && dice.chance(25) ? dice.below(number) : nil
            var one = Delivery(
                request: "r\(number + 1)", slot: guarded ? "s" : "s\(dice.below(slots))", parent: parent,
                localsBefore: dice.below(self.locals.count + 1), writes: [:], guard: option)
            for _ in 0...dice.below(2) { one.writes["k\(dice.below(keys))"] = dice.chance(20) ? 7 : 100 + number }
            one.localsBefore = max(one.localsBefore, deliveries.last?.localsBefore ?? 0)
            deliveries.append(one)
        }
        if guarded { makeConsistent(option) }
    }

    /// A guard of a slot decides about everything that the slot's responses write, and let all of this trace's responses through: those that
    /// look who is latest saw no newer intent.
    private mutating func makeConsistent(_ option: String) {
        locals = []
        let keys = deliveries.first.map { Array($0.writes.keys) } ?? []
        for number in deliveries.indices {
            deliveries[number].localsBefore = 0
            deliveries[number].parent = nil
            deliveries[number].writes = Dictionary(uniqueKeysWithValues: keys.map { ($0, 100 + number) })
        }
        if option == "G1" || option == "G2" || option == "G5" { overlaps = false }
    }

    /// Groups of requests of one slot that write one key, apart from all others. Twelve groups of three are 36 deliveries.
    package static func independent(groups: Int, of size: Int) -> RaceProgram {
        var program = RaceProgram()
        program.overlaps = true
        for number in 0..<groups * size {
            program.deliveries.append(
                Delivery(
                    request: "r\(number + 1)", slot: "s\(number / size)", parent: nil, localsBefore: 0,
                    writes: ["k\(number / size)": number + 1]))
        }
        return program
    }

    /// The trace of a healthy run: everything comes in the order in which it was asked for.
    package var events: [TraceEvent] {
        var script = RaceScript()
        var local = 0
        var waiting: [Int] = []
        for (number, delivery) in deliveries.enumerated() where delivery.parent == nil {
            while local < delivery.localsBefore {
                script.write(locals[local])
                local += 1
            }
            script.ask(delivery)
            if overlaps { waiting.append(number) } else { deliver(number, &script) }
        }
        while local < locals.count {
            script.write(locals[local])
            local += 1
        }
        for number in waiting { deliver(number, &script) }
        return script.events
    }

    private func deliver(_ number: Int, _ script: inout RaceScript) {
        let children = deliveries.indices.filter { deliveries[$0].parent == number }
        script.deliver(deliveries[number], beginning: children.map { deliveries[$0] })
        for child in children { deliver(child, &script) }
    }
}

/// Writes the events of a race program one after the other.
private struct RaceScript {
    var events: [TraceEvent] = []
    private var task = 0
    private var time: Int64 = 1_000_000

    init() {
        add(.process) { $0.attribute("role", "browser") }
    }

    private mutating func add(_ kind: EventKind, _ fill: (inout TraceEvent) -> Void) {
        var event = TraceEvent(kind)
        event.process = "tab"
        event.session = "ada"
        event.task = "t\(task)"
        time += 1_000_000
        event.time = time
        fill(&event)
        events.append(event)
    }

    mutating func write(_ local: RaceProgram.Local) {
        task += 1
        add(.write) {
            $0.key = local.key
            $0.value = "\(local.value)"
            $0.flags = [.user]
        }
        frame()
    }

    mutating func ask(_ delivery: RaceProgram.Delivery) {
        task += 1
        add(.intent) {
            $0.intent = "i-\(delivery.request)"
            $0.slot = delivery.slot
            $0.arguments = "\"\(delivery.request)\""
        }
        begin(delivery)
    }

    private mutating func begin(_ delivery: RaceProgram.Delivery) {
        add(.start) {
            $0.request = delivery.request
            $0.intent = delivery.parent == nil ? "i-\(delivery.request)" : ""
            $0.slot = delivery.slot
            $0.attribute("method", "GET")
            $0.attribute("url", "/\(delivery.slot)/\(delivery.request)")
        }
    }

    mutating func deliver(_ delivery: RaceProgram.Delivery, beginning children: [RaceProgram.Delivery]) {
        task += 1
        add(.deliver) { $0.request = delivery.request }
        for (key, value) in delivery.writes.sorted(by: { $0.key < $1.key }) {
            add(.write) {
                $0.request = delivery.request
                $0.key = key
                $0.value = "\(value)"
                if !delivery.guard.isEmpty {
                    $0.flags.insert(.guarded)
                    $0.attribute("guard", delivery.guard)
                }
                if delivery.merges { $0.flags.insert(.merge) }
            }
        }
        for child in children { begin(child) }
        frame()
    }

    private mutating func frame() {
        task += 1
        add(.render) { $0.attribute("view", "page") }
    }
}
