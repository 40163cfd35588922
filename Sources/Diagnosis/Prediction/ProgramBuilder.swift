import Trace

/// Makes a program of a trace in one walk over its events, and then finds what must come before what.
struct ProgramBuilder {
    let engine: RuleEngine
    let log: TraceLog
    let index: WriteIndex
    var program: PredictionProgram
    var processes: [ProcessTrail]
    /// The step that begins a request, its last delivery, and the one that gave it up.
    var began: [Int32]
    var delivered: [Int32]
    var gaveUp: [Int32]
    /// By intent: its step, and the last delivery of one of its requests.
    var asked: [Int32]
    var answered: [Int32]
    /// By slot: its last delivery, and the last message of its stream.
    var lastOfSlot: [Int32: Int32] = [:]
    var lastOfStream: [Symbol: Int32] = [:]
    /// By slot: the last delivery that a guard let through in its turn.
    var turn: [Int32: Int32] = [:]
    /// By place: the last step that wrote it, and whether it waits for its turn (G9).
    var lastWriter: [Int32: (step: Int32, waits: Bool)] = [:]
    var acknowledged: [Acknowledgement] = []
    /// Steps by the names of their events, when the trace has edges.
    var stepOfName: [Symbol: Int32] = [:]
    let guardName: Symbol
    /// Places that the person types into somewhere in the trace.
    let typed: Set<Int32>
    /// A guard that every response is taken to go through which names none.
    let assumed: Guard?

    /// What the walk knows of a process.
    struct ProcessTrail {
        var lastFixed: Int32 = -1
        /// The task of the fixed steps under way, and the requests begun in it: no answer comes before its end.
        var fixedTask = Symbol.none
        var begunInTask: [Int32] = []
        /// The delivery whose task is under way.
        var task = Symbol.none
        var taskStep: Int32 = -1
        var lastDelivery: Int32 = -1
        var lastHydration: Int32 = -1
        /// The person has done something.
        var hasInput = false
    }

    /// "The application learned that its change to a key is committed."
    struct Acknowledgement {
        var session: Symbol
        var key: Symbol
        var version: TraceVersion
        var step: Int32
    }

    /// Acknowledgements remembered: what is based on an older one is ordered after a later one anyway.
    static let maximumAcknowledgements = 1_000

    static func build(_ engine: RuleEngine, assuming option: Guard? = nil) -> PredictionProgram {
        var builder = ProgramBuilder(engine, option)
        builder.walk()
        builder.findOrder()
        return builder.program
    }

    private init(_ engine: RuleEngine, _ option: Guard?) {
        self.engine = engine
        assumed = option
        log = engine.log
        index = WriteIndex(engine)
        program = PredictionProgram(engine: engine)
        processes = Array(repeating: ProcessTrail(), count: engine.log.processes.count)
        began = Array(repeating: -1, count: engine.requests.count)
        delivered = began
        gaveUp = began
        program.starts = began
        asked = Array(repeating: -1, count: engine.intents.count)
        answered = asked
        guardName = engine.log.symbols.find("guard") ?? .none
        typed = Set(engine.writes.filter { engine.log.flags[Int($0.event)].contains(.user) }.map(\.place))
        for slot in engine.slots.indices where engine.policy(of: slot).policy == .merge {
            program.mergeSlots.insert(Int32(slot))
        }
    }

    private mutating func walk() {
        let order = engine.causal.order
        for place in 0..<log.count {
            let event = order.isEmpty ? place : Int(order[place])
            switch log.kinds[event] {
            case .intent: addIntent(event)
            case .start: addStart(event)
            case .cancel: addCancel(event)
            case .unmount: addUnmount(event)
            case .deliver: addDelivery(event)
            case .signal: addSignal(event)
            case .read: addRead(event)
            case .write, .delete: addWrite(event)
            case .ack: addAcknowledgement(event)
            case .process, .slot, .arrive, .commit, .abort, .emit, .render, .mount, .pending, .settled, .expect, .error, .note:
                continue
            }
        }
    }

    // MARK: Steps

    func process(_ event: Int) -> Int { Int(log.processIndices[event]) }

    mutating func add(_ action: PredictionProgram.Action, _ event: Int, request: Int32 = -1, needs: [Int32] = []) -> Int32 {
        let step = Int32(program.steps.count)
        var one = PredictionProgram.Step(
            action: action, process: log.processIndices[event], event: UInt32(event), request: request)
        one.needs = needs.filter { $0 >= 0 }
        addEdges(event, &one)
        if request >= 0 {
            one.slot = engine.requests[Int(request)].slot
            one.rank = engine.requests[Int(request)].rank
        }
        program.steps.append(one)
        if one.isFixed { noteFixed(step, event) }
        name(event, step)
        return step
    }

    private mutating func noteFixed(_ step: Int32, _ event: Int) {
        let place = process(event)
        processes[place].lastFixed = step
        if log.tasks[event].isNone || log.tasks[event] != processes[place].fixedTask {
            processes[place].fixedTask = log.tasks[event]
            processes[place].begunInTask = []
        }
        for request in processes[place].begunInTask { began[Int(request)] = step }
    }

    mutating func name(_ event: Int, _ step: Int32) {
        guard log.hasEdges else { return }
        // An event without an id is called by its line; no edge names one that has neither as a symbol.
        let name = log.ids[event].isNone ? log.symbols.find("L\(log.lines[event])") ?? .none : log.ids[event]
        if !name.isNone { stepOfName[name] = step }
    }

    /// What the trace itself says came before (`after`).
    private func addEdges(_ event: Int, _ step: inout PredictionProgram.Step) {
        for edge in log.edges(into: event) {
            if let earlier = stepOfName[edge.event], program.steps[Int(earlier)].process == step.process {
                step.needs.append(earlier)
            }
        }
    }

    /// The delivery in whose task an event stands; -1 for none.
    func delivery(around event: Int) -> Int32 {
        let trail = processes[process(event)]
        return !log.tasks[event].isNone && log.tasks[event] == trail.task ? trail.taskStep : -1
    }

    private mutating func addIntent(_ event: Int) {
        let name = log.intents[event].isNone ? log.ids[event] : log.intents[event]
        let intent = engine.knownIntent(name)
        processes[process(event)].hasInput = true
        let step = add(.asked, event, needs: [delivery(around: event)])
        guard intent >= 0, Int(engine.intents[Int(intent)].event) == event else { return }
        asked[Int(intent)] = step
        program.steps[Int(step)].slot = engine.intents[Int(intent)].slot
        program.steps[Int(step)].rank = engine.intents[Int(intent)].rank
    }

    /// A request begins in the delivery whose task it is in; otherwise it is one of the process's own steps, and what it waited for is found in
    /// what the trace shows: an earlier answer to its own intent, or, when nothing says who began it, the last delivery.
    private mutating func addStart(_ event: Int) {
        let request = engine.knownRequest(log.requests[event].isNone ? log.ids[event] : log.requests[event])
        guard request >= 0, Int(engine.requests[Int(request)].startEvent) == event else { return }
        let inside = delivery(around: event)
        if inside >= 0 {
            began[Int(request)] = inside
            program.starts[Int(request)] = inside
            program.inner[inside, default: []].append(UInt32(event))
            name(event, inside)
            return
        }
        let intent = engine.requests[Int(request)].intent
        var needs: [Int32] = []
        if intent >= 0 {
            let own = engine.intents[Int(intent)].event
            let isAtOnce = own != .max && !log.tasks[event].isNone && log.tasks[Int(own)] == log.tasks[event]
            if !isAtOnce { needs.append(answered[Int(intent)]) }
        } else if log.tasks[event].isNone {
            needs.append(processes[process(event)].lastDelivery)
        }
        let base = log.bases[event]
        if base.number != nil {
            let known = acknowledged.last {
                $0.session == log.sessions[event] && !base.isOlder(than: $0.version)
                    && (log.keys[event].isNone || $0.key == log.keys[event])
            }
            if let known, program.steps[Int(known.step)].process == log.processIndices[event] { needs.append(known.step) }
        }
        // A request without an intent is what was asked for.
        let step = add(intent < 0 ? .asked : .began, event, request: request, needs: needs)
        began[Int(request)] = step
        program.starts[Int(request)] = step
        processes[process(event)].begunInTask.append(request)
    }

    private mutating func addCancel(_ event: Int) {
        let request = engine.knownRequest(log.requests[event])
        guard request >= 0 else { return }
        // Whether a request was given up before or after its answer stays as recorded: see the specification, section 2.
        gaveUp[Int(request)] = add(.gaveUp, event, request: request, needs: [delivered[Int(request)]])
    }

    private mutating func addUnmount(_ event: Int) {
        guard let slot = engine.slotByPair[PairTable.key(UInt32(process(event)), log.slotNames[event].raw)] else { return }
        let step = add(.unmounted, event, needs: [delivery(around: event)])
        program.looksAtWriters = true
        program.steps[Int(step)].slot = Int32(slot)
    }

    private mutating func addDelivery(_ event: Int) {
        let request = engine.knownRequest(log.requests[event])
        guard request >= 0 else { return }
        _ = newDelivery(event, request)
    }

    mutating func newDelivery(_ event: Int, _ request: Int32) -> Int32 {
        let number = Int(request)
        let step = add(.delivered, event, request: request, needs: [began[number], delivered[number], gaveUp[number]])
        delivered[number] = step
        let place = process(event)
        processes[place].task = log.tasks[event]
        processes[place].taskStep = step
        processes[place].lastDelivery = step
        let intent = engine.requests[number].intent
        if intent >= 0 { answered[Int(intent)] = step }
        let slot = engine.requests[number].slot
        if slot >= 0 {
            if isInTurn(slot), let before = lastOfSlot[slot], before != step { program.steps[Int(step)].needs.append(before) }
            lastOfSlot[slot] = step
        }
        return step
    }

    /// A slot whose requests wait for one another, or whose later ones never begin: its responses cannot overtake.
    private func isInTurn(_ slot: Int32) -> Bool {
        switch engine.policy(of: Int(slot)).policy {
        case .queue: engine.slots[Int(slot)].evidence.overlappingRequests == 0
        case .first: true
        case .latest, .merge, nil: false
        }
    }

    private mutating func addSignal(_ event: Int) {
        let stream = log.slotNames[event]
        let step = add(.received, event, needs: [lastOfStream[stream] ?? -1])
        lastOfStream[stream] = step
        processes[process(event)].task = log.tasks[event]
        processes[process(event)].taskStep = step
    }

    private mutating func addAcknowledgement(_ event: Int) {
        let request = engine.knownRequest(log.requests[event])
        let step = request >= 0 && delivered[Int(request)] >= 0 ? delivered[Int(request)] : delivery(around: event)
        guard step >= 0, log.versions[event].number != nil else { return }
        if acknowledged.count >= Self.maximumAcknowledgements { acknowledged.removeFirst(Self.maximumAcknowledgements / 2) }
        acknowledged.append(
            Acknowledgement(session: log.sessions[event], key: log.keys[event], version: log.versions[event], step: step))
    }

    // MARK: Order

    /// Who must come before and after whom, along the fixed steps of each process: one pass forward, one back.
    private mutating func findOrder() {
        var last = [Int32](repeating: -1, count: processes.count)
        for step in program.steps.indices {
            let process = Int(program.steps[step].process)
            var before: Int32 = program.steps[step].isFixed ? last[process] : -1
            for need in program.steps[step].needs {
                let earlier = program.steps[Int(need)]
                before = max(before, earlier.isFixed ? need : earlier.fixedBefore)
            }
            program.steps[step].fixedBefore = before
            if program.steps[step].isFixed { last[process] = Int32(step) }
        }
        for step in program.steps.indices.reversed() {
            let one = program.steps[step]
            let own = one.isFixed ? Int32(step) : one.fixedAfter
            for need in one.needs where !program.steps[Int(need)].isFixed {
                program.steps[Int(need)].fixedAfter = min(program.steps[Int(need)].fixedAfter, own)
            }
        }
    }
}
