import Trace

/// Walks a trace once and finds anomalies: constant work an event, all tables indexed by interned symbols.
/// The rules are in the extensions, by what they are about; what each means is in `Docs/specifications/diagnosis.md`.
struct RuleEngine {
    let log: TraceLog
    let causal: CausalOrder
    let commits: CommitIndex

    /// Groups of findings kept; beyond that, only their number.
    static let maximumGroups = 10_000
    /// Occurrences of A1 kept for replay.
    static let maximumOccurrences = 100_000

    var position: Position = 0
    var requests: [RequestState] = []
    var intents: [IntentState] = []
    var slots: [SlotState] = []
    var places: [PlaceState] = []
    var processes: [ProcessState]
    var highest: [HighestWrite] = []

    /// State by symbol: index + 1.
    var requestBySymbol: [Int32]
    var intentBySymbol: [Int32]
    var slotByPair = PairTable()
    var placeByPair = PairTable()
    var highestByPair = PairTable()
    var anonymousSlots: [String: Int] = [:]
    var versions = VersionTables()
    var optimisticByPair = PairTable()
    var optimisticEvents: [UInt32] = []
    var known: KnownCommits

    var findings: [Finding] = []
    var droppedGroups = 0
    var groups: [FindingGroup: Int] = [:]
    var writes: [ResolvedWrite] = []
    /// Indices into `writes` of those that break A1.
    var inversions: [Int] = []
    var symptoms: [UInt32] = []
    /// Findings by slot index, for policies, which are known at the end only.
    var findingSlots: [Int32] = []
    /// Policies that are known from elsewhere, by the slot's name: of an order that never happened, the recorded one tells more.
    var knownPolicies: [Symbol: PolicyVerdict] = [:]
    /// Every occurrence is a finding of its own.
    var keepsOccurrences = false
    let names: AttributeNames

    struct FindingGroup: Hashable {
        var rule: Rule
        var slot: Int32
        var key: Symbol
        var process: UInt16
        /// `max` where occurrences are counted and not kept.
        var event: UInt32 = .max
    }

    init(_ log: TraceLog, _ causal: CausalOrder) {
        self.log = log
        self.causal = causal
        commits = CommitIndex(log, causal)
        known = KnownCommits(log, causal, commits)
        processes = Array(repeating: ProcessState(), count: log.processes.count)
        requestBySymbol = Array(repeating: 0, count: log.symbols.count)
        intentBySymbol = Array(repeating: 0, count: log.symbols.count)
        names = AttributeNames(log)
        var (writes, starts, intents) = (0, 0, 0)
        for event in 0..<log.count {
            switch log.kinds[event] {
            case .write, .delete:
                processes[Int(log.processIndices[event])].writes += 1
                writes += 1
            case .render: processes[Int(log.processIndices[event])].renders += 1
            case .intent: intents += 1
            case .start: starts += 1
            case .process, .slot, .cancel, .arrive, .deliver, .read, .ack, .commit, .abort, .emit, .signal,
                .mount, .unmount, .pending, .settled, .expect, .error, .note:
                continue
            }
        }
        // Exactly what most traces need: a table that grows stands in memory twice.
        self.writes.reserveCapacity(writes)
        requests.reserveCapacity(starts)
        self.intents.reserveCapacity(intents)
    }

    mutating func run() {
        if causal.order.isEmpty {
            for event in 0..<log.count { step(event) }
        } else {
            for event in causal.order { step(Int(event)) }
        }
        finish()
    }

    private mutating func step(_ event: Int) {
        known.receive(event)
        handle(event)
        known.send(event)
        position += 1
    }

    private mutating func handle(_ event: Int) {
        switch log.kinds[event] {
        case .intent: intended(event)
        case .start: started(event)
        case .cancel: cancelled(event)
        case .arrive: arrived(event)
        case .deliver: delivered(event)
        case .read: wasRead(event)
        case .write, .delete: written(event)
        case .ack: acknowledged(event)
        case .commit: committed(event)
        case .emit: emitted(event)
        case .signal: signalled(event)
        case .render: rendered(event)
        case .mount: mounted(event)
        case .unmount: unmounted(event)
        case .pending: slotIsPending(event)
        case .settled: slotSettled(event)
        case .expect: if !log.flags[event].contains(.holds) { symptoms.append(UInt32(event)) }
        case .error: symptoms.append(UInt32(event))
        case .process, .slot, .abort, .note: return
        }
    }

    // MARK: Findings

    /// Adds an occurrence; returns the finding's index.
    @discardableResult
    mutating func report(
        _ rule: Rule, _ event: Int, other: UInt32 = .max, slot: Int32 = -1, key: Symbol? = nil, request: Int32 = -1,
        otherRequest: Int32 = -1, severity: Severity = .transient, confidence: Confidence = .declared,
        detail: String = ""
    ) -> Int32 {
        let key = key ?? log.keys[event]
        let group = FindingGroup(
            rule: rule, slot: slot, key: key, process: log.processIndices[event],
            event: keepsOccurrences ? UInt32(event) : .max)
        if let index = groups[group] {
            findings[index].count += 1
            findings[index].severity = max(findings[index].severity, severity)
            return Int32(index)
        }
        guard findings.count < Self.maximumGroups else {
            droppedGroups += 1
            return -1
        }
        groups[group] = findings.count
        findings.append(
            Finding(
                rule: rule, event: event, other: other == .max ? nil : Int(other),
                request: request < 0 ? log.requests[event] : requests[Int(request)].name,
                otherRequest: otherRequest < 0 ? .none : requests[Int(otherRequest)].name,
                slot: slot < 0 ? log.slotNames[event] : slots[Int(slot)].name, key: key,
                process: log.processIndices[event], severity: severity, confidence: confidence, detail: detail))
        findingSlots.append(slot)
        return Int32(findings.count - 1)
    }

    mutating func raise(_ finding: Int32, to severity: Severity, frame: Int? = nil) {
        guard finding >= 0 else { return }
        if findings[Int(finding)].frame == nil { findings[Int(finding)].frame = frame }
        findings[Int(finding)].severity = max(findings[Int(finding)].severity, severity)
    }

    /// Whether a write, into `writes`, computed its value from other keys.
    func isDerived(_ write: Int) -> Bool { log.flags[Int(writes[write].event)].contains(.derived) }

    // MARK: Tables

    /// The request of a name; a new one when an event names a request that never began here.
    mutating func request(_ name: Symbol) -> Int32 {
        guard !name.isNone else { return -1 }
        let index = requestBySymbol[Int(name.raw)]
        if index > 0 { return index - 1 }
        var state = RequestState()
        state.name = name
        requests.append(state)
        requestBySymbol[Int(name.raw)] = Int32(requests.count)
        return Int32(requests.count - 1)
    }

    func knownRequest(_ name: Symbol) -> Int32 { name.isNone ? -1 : requestBySymbol[Int(name.raw)] - 1 }
    func knownIntent(_ name: Symbol) -> Int32 { name.isNone ? -1 : intentBySymbol[Int(name.raw)] - 1 }

    mutating func slot(_ name: Symbol, process: UInt16) -> Int32 {
        guard !name.isNone else { return -1 }
        let key = PairTable.key(UInt32(process), name.raw)
        if let index = slotByPair[key] { return Int32(index) }
        var state = SlotState()
        state.name = name
        state.process = process
        slots.append(state)
        slotByPair.set(key, slots.count - 1)
        return Int32(slots.count - 1)
    }

    mutating func place(_ key: Symbol, process: UInt16) -> Int32 {
        let pair = PairTable.key(UInt32(process), key.raw)
        if let index = placeByPair[pair] { return Int32(index) }
        var state = PlaceState()
        state.key = key
        state.process = process
        places.append(state)
        placeByPair.set(pair, places.count - 1)
        return Int32(places.count - 1)
    }
}

/// Symbols of the members that the rules look at by name; `none` when the trace has no such member.
struct AttributeNames: Sendable {
    let view: Symbol
    let url: Symbol
    let method: Symbol

    init(_ log: TraceLog) {
        view = log.symbols.find("view") ?? .none
        url = log.symbols.find("url") ?? .none
        method = log.symbols.find("method") ?? .none
    }
}
