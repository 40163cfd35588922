import Trace

/// One synthetic run: processes, slots, rounds; then everything in one order.
struct SynthesisWorld {
    struct Process {
        var name: String
        var role: String
        var session: String
        /// Each process has a clock of its own.
        var epoch: Int64
    }

    private var dice: Dice
    private let shape: TraceShape
    private var processes: [Process] = []
    private var slots: [SlotPlan] = []
    /// A slot's policy belongs to its name, whichever tab it is in.
    private var policies: [String: SlotPlan.Policy] = [:]
    private var blocks: [Block] = []
    private var server: Int?
    private var store: Int?

    init(seed: UInt64, shape: TraceShape) {
        dice = Dice(seed: seed)
        self.shape = shape
    }

    mutating func run() -> (events: [TraceEvent], truth: Truth?) {
        addProcesses()
        for browser in 0..<shape.browsers {
            for place in 0..<shape.slots { slots.append(newSlot(browser, place)) }
        }
        let faults = chooseFaults()
        for slot in slots { play(slot, faults: faults[slot.index] ?? []) }
        if server != nil, dice.chance(50) { addStream() }
        let ordered = blocks.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
        return emit(ordered, faults: faults)
    }

    private mutating func addProcesses() {
        let shared = dice.chance(20)
        for browser in 0..<shape.browsers {
            let name = shape.browsers == 1 && dice.chance(30) ? "main" : "tab\(browser + 1)"
            let session = dice.chance(50) ? (shared ? "ada" : "person\(browser + 1)") : ""
            processes.append(Process(name: name, role: "browser", session: session, epoch: Int64(dice.below(1 << 40))))
        }
        guard shape.isDistributed else { return }
        server = processes.count
        processes.append(Process(name: "api", role: "server", session: "", epoch: Int64(dice.below(1 << 40))))
        guard dice.chance(60) else { return }
        store = processes.count
        processes.append(Process(name: "database", role: "store", session: "", epoch: Int64(dice.below(1 << 40))))
    }

    /// Tabs have slots and keys of the same names: they are places of their own all the same.
    private mutating func newSlot(_ browser: Int, _ place: Int) -> SlotPlan {
        let names = ["price", "results", "cart", "profile", "discount", "stock", "rates"]
        let name = "\(names[place % names.count])\(place / names.count == 0 ? "" : " \(place)")"
        var keys = (0..<dice.among(1...4)).map { "\(name)/\($0)" }
        var lanes: [[String]] = []
        for _ in 0..<dice.pick(1, 1, 1, 2, 3) { lanes.append(dice.part(of: keys)) }
        // Every key is written by some lane.
        keys.removeAll { key in lanes.contains { $0.contains(key) } }
        lanes[0] += keys
        let policy = policies[name] ?? newPolicy()
        policies[name] = policy
        var slot = SlotPlan(index: slots.count, process: browser, name: name, policy: policy, lanes: lanes)
        if dice.chance(35) { slot.derived = "\(name)/sum" }
        if dice.chance(30) { slot.input = "\(name)/input" }
        if dice.chance(30) { slot.rankStep = dice.among(1...9) }
        slot.namesSlot = dice.chance(60)
        slot.namesRequest = dice.chance(75)
        if case .declared("latest") = policy, lanes.count == 1, dice.chance(20) { slot.isAnonymous = true }
        return slot
    }

    private mutating func newPolicy() -> SlotPlan.Policy {
        // Some slot of a faulty trace must be one whose last intent wins.
        if shape.inversions > 0, slots.isEmpty { return dice.pick(.declared("latest"), .byArguments, .byCancel) }
        return dice.pick(
            .declared("latest"), .declared("latest"), .declared("latest"), .byArguments, .byArguments, .byCancel,
            .declared("merge"), .byMergeFlags, .declared("queue"), .unknown, .declared("first"))
    }

    /// Which round of which slot is faulty. Two inversions are independent: different slots, or a round that writes everything between.
    private mutating func chooseFaults() -> [Int: [Int]] {
        guard shape.inversions > 0 else { return [:] }
        // Mixed lines have no order between processes, so both faults must then be in one.
        let candidates = slots.indices.filter { slots[$0].isLatest }
        let first = candidates[dice.below(candidates.count)]
        var faults = [first: [dice.below(shape.rounds)]]
        guard shape.inversions > 1 else { return faults }
        let near = shape.isMixed ? candidates.filter { slots[$0].process == slots[first].process } : candidates
        let second = near[dice.below(near.count)]
        faults[second, default: []].append(second == first ? (faults[first]?[0] ?? 0) + 2 : dice.below(shape.rounds))
        return faults
    }

    private mutating func play(_ slot: SlotPlan, faults: [Int]) {
        var planner = RoundPlanner(slot: slot)
        let stage = RoundStage(slot: slot, shape: shape, server: server, store: store)
        declare(slot)
        var time = Int64(dice.among(1...120)) * 1_000
        let rounds = max(shape.rounds, (faults.max() ?? 0) + 1)
        for number in 0..<rounds {
            let kind: RoundKind =
                faults.contains(number) ? .inverted : faults.contains(number - 1) ? .recovery : healthyKind(slot)
            let round = planner.plan(kind, at: time, &dice)
            blocks += stage.blocks(round, &dice)
            if dice.chance(15) { addWaiting(slot, from: round) }
            time = round.end + Int64(dice.among(1...60)) * 1_000
        }
    }

    private mutating func healthyKind(_ slot: SlotPlan) -> RoundKind {
        switch slot.policy {
        case .declared("merge"), .byMergeFlags: .merged
        case .declared("queue"): .queued
        case .declared("first"): .first
        case .declared, .byArguments, .byCancel:
            slot.isAnonymous
                ? dice.pick(.ordered, .ordered, .equal, .dropped)
                : dice.pick(.ordered, .ordered, .ordered, .equal, .dropped, .cancelled, .recovery)
        case .unknown: .ordered
        }
    }

    private mutating func declare(_ slot: SlotPlan) {
        guard case .declared(let policy) = slot.policy else { return }
        var event = TraceEvent(.slot)
        event.slot = slot.name
        event.attribute("policy", policy)
        if dice.chance(50) { event.from = slot.keys }
        blocks.append(Block(process: slot.process, time: 0, isTask: false, events: [Staged(event)]))
    }

    /// The slot says that it waits, and that it does no longer.
    private mutating func addWaiting(_ slot: SlotPlan, from round: RoundPlan) {
        for (kind, time) in [(EventKind.pending, (round.intents.first ?? 0) + 1), (.settled, round.end)] {
            var event = TraceEvent(kind)
            event.slot = slot.name
            blocks.append(Block(process: slot.process, time: time, isTask: false, events: [Staged(event)]))
        }
    }

    /// A healthy stream of signals from the server to the first browser.
    private mutating func addStream() {
        guard let server else { return }
        var time = Int64(dice.below(20_000))
        for position in 1...Int64(dice.among(2...12)) {
            for (kind, process, delay) in [(EventKind.emit, server, 0), (.signal, 0, Int64(dice.among(1...900)))] {
                var event = TraceEvent(kind)
                event.number = position
                event.label = "stream"
                blocks.append(Block(process: process, time: time + delay, isTask: false, events: [Staged(event)]))
            }
            time += Int64(dice.among(1...30)) * 1_000
        }
    }
}

// MARK: One order

extension SynthesisWorld {
    /// Names, times, tasks and derived values in the order of the run; then the truth; then, if asked, the lines mixed.
    private mutating func emit(_ blocks: [Block], faults: [Int: [Int]]) -> (events: [TraceEvent], truth: Truth?) {
        var events = declarations()
        var witness = Witness()
        var found: (event: Int, truth: Truth)?
        var state: [String: Int] = [:]
        var frame: Int64 = 0
        let hasTasks = dice.chance(85)
        for (number, block) in blocks.enumerated() {
            let process = processes[block.process]
            // Without tasks only names tell who wrote; a slot whose writes name no request keeps its tasks.
            let needsTask = block.events.contains { $0.writer != nil && $0.event.request.isEmpty }
            for staged in block.events {
                var event = staged.event
                event.process = process.name
                event.session = process.session
                event.time = process.epoch + block.time * 1_000
                if block.isTask, hasTasks || needsTask { event.task = "\(process.name).t\(number)" }
                settle(&event, &state, &frame)
                if found == nil, let late = witness.see(staged, place: block.process, value: event.value) {
                    let slot = slots[late.slot].name
                    found = (
                        events.count,
                        Truth(
                            write: "", key: event.key, slot: slot, process: process.name, late: late.late,
                            overtaken: late.overtaken,
                            inversions: shape.inversions)
                    )
                }
                events.append(event)
            }
        }
        return finish(&events, found)
    }

    private func declarations() -> [TraceEvent] {
        processes.map { process in
            var event = TraceEvent(.process)
            event.process = process.name
            event.session = process.session
            event.time = process.epoch
            event.attribute("role", process.role)
            event.attribute("clock", "clock of \(process.name)")
            return event
        }
    }

    /// What depends on everything before: derived values and the numbers of frames.
    private func settle(_ event: inout TraceEvent, _ state: inout [String: Int], _ frame: inout Int64) {
        if event.kind == .render {
            frame += 1
            event.number = frame
        }
        guard event.kind == .write else { return }
        if !event.from.isEmpty {
            event.value = "\(event.from.reduce(0) { $0 + (state["\(event.process) \($1)"] ?? 0) })"
        }
        state["\(event.process) \(event.key)"] = Int(event.value ?? "") ?? 0
    }

    private mutating func finish(
        _ events: inout [TraceEvent], _ found: (event: Int, truth: Truth)?
    ) -> (events: [TraceEvent], truth: Truth?) {
        var order = Array(events.indices)
        if shape.isMixed { order = mixed(events) }
        var truth = found?.truth
        var result: [TraceEvent] = []
        for (line, index) in order.enumerated() {
            if shape.hasIDs { events[index].id = "e\(index + 1)" }
            if index == found?.event { truth?.write = shape.hasIDs ? events[index].id : "L\(line + 2)" }
            result.append(events[index])
        }
        return (result, truth)
    }

    /// Lines of different processes in any order, those of one process in its own.
    private mutating func mixed(_ events: [TraceEvent]) -> [Int] {
        var queues: [[Int]] = processes.map { process in events.indices.filter { events[$0].process == process.name }.reversed()
        }
        var order: [Int] = []
        while order.count < events.count {
            let queue = dice.below(queues.count)
            for _ in 0..<dice.among(1...6) {
                if let next = queues[queue].popLast() { order.append(next) }
            }
        }
        return order
    }
}

/// Watches the injected responses' writes: the first that replaces a higher-ranked one's with another value.
struct Witness {
    private var applied: [String: [(intent: Int, request: String, value: String?)]] = [:]

    mutating func see(_ staged: Staged, place: Int, value: String?) -> (slot: Int, late: String, overtaken: String)? {
        guard let writer = staged.writer else { return nil }
        let key = "\(place) \(writer.slot) \(staged.event.key)"
        let higher = (applied[key] ?? []).filter { $0.intent > writer.intent }
        applied[key, default: []].append((writer.intent, writer.request, value))
        guard writer.isLate, let first = higher.first, let highest = higher.max(by: { $0.intent < $1.intent }),
            highest.value != value
        else { return nil }
        return (writer.slot, writer.request, first.request)
    }
}
