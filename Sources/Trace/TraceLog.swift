/// A trace in memory: one array a column, texts interned, variable parts in pools. 60 to 90 bytes an event.
///
/// Events are numbered from 0 in the order of the file (`EventIndex`). Columns are read directly by the rules, which walk them
/// once; `event(at:)` gives one event back as plain data for reports. Names of events (`name(of:)`) are what reports print.
package struct TraceLog: Sendable {
    package typealias EventIndex = Int

    /// A process as declared, or as assumed for one that never was.
    package struct Process: Sendable, Hashable {
        package var name: Symbol
        package var role: Role
        /// `none`: a clock domain of its own.
        package var clock: Symbol
    }

    package enum Role: UInt8, Sendable, CaseIterable, Hashable {
        case browser, server, agent, service, store
    }

    /// A declared slot.
    package struct Slot: Sendable, Hashable {
        package var name: Symbol
        package var policy: SlotPolicy?
        package var keys: [Symbol]

        package init(name: Symbol, policy: SlotPolicy?, keys: [Symbol]) {
            self.name = name
            self.policy = policy
            self.keys = keys
        }
    }

    package struct Shown: Sendable, Hashable {
        package var key: Symbol
        package var version: TraceVersion
        package var marked: Bool

        package init(key: Symbol, version: TraceVersion, marked: Bool) {
            self.key = key
            self.version = version
            self.marked = marked
        }
    }

    package struct Edge: Sendable, Hashable {
        /// The name of the earlier event: an id, or `L` and a line.
        package var event: Symbol
        package var kind: EdgeKind
        package var confidence: Confidence

        package init(event: Symbol, kind: EdgeKind, confidence: Confidence) {
            self.event = event
            self.kind = kind
            self.confidence = confidence
        }
    }

    package struct Attribute: Sendable, Hashable {
        package var name: Symbol
        /// JSON text.
        package var value: Symbol

        package init(name: Symbol, value: Symbol) {
            self.name = name
            self.value = value
        }
    }

    /// A value longer than this is kept as its digest.
    package static let maximumValueBytes = 4096
    /// Indices and pool offsets are 32 bits.
    package static let maximumEvents = Int(UInt32.max) - 2

    package internal(set) var symbols = SymbolTable()
    package internal(set) var processes: [Process] = []
    package internal(set) var slots: [Slot] = []
    /// Name and version of the tool that recorded, from the header.
    package var recorder = ""
    /// Further members of the header, kept as they were.
    package var headerAttributes: [TraceEvent.Attribute] = []
    /// What cannot be concluded from this trace, in sentences for people: said by the importer that made it.
    package var limits: [String] = []

    package internal(set) var kinds: [EventKind] = []
    package internal(set) var flags: [EventFlags] = []
    package internal(set) var phases: [TurnPhase] = []
    package internal(set) var processIndices: [UInt16] = []
    package internal(set) var sessions: [Symbol] = []
    package internal(set) var times: [Int64] = []
    package internal(set) var lines: [UInt32] = []
    package internal(set) var ids: [Symbol] = []
    package internal(set) var tasks: [Symbol] = []
    package internal(set) var requests: [Symbol] = []
    package internal(set) var intents: [Symbol] = []
    package internal(set) var slotNames: [Symbol] = []
    package internal(set) var keys: [Symbol] = []
    package internal(set) var versions: [TraceVersion] = []
    package internal(set) var bases = SparseColumn(missing: TraceVersion.none)
    package internal(set) var arguments = SparseColumn(missing: Symbol.none)
    package internal(set) var labels = SparseColumn(missing: Symbol.none)
    package internal(set) var numbers = SparseColumn<Int64>(missing: 0)

    var valueEnds = PoolEnds()
    var shownEnds = PoolEnds()
    var edgeEnds = PoolEnds()
    var fromEnds = PoolEnds()
    var attributeEnds = PoolEnds()

    var valuePool: [UInt8] = []
    var shownPool: [Shown] = []
    var edgePool: [Edge] = []
    var fromPool: [Symbol] = []
    var attributePool: [Attribute] = []
    var processByName: [Symbol: UInt16] = [:]
    /// Which processes were declared, and not only named.
    var declaredProcesses: [Bool] = []
    var slotByName: [Symbol: Int] = [:]

    package init() {}

    package var count: Int { kinds.count }

    // MARK: Reading

    package func text(_ symbol: Symbol) -> String { symbols.text(symbol) }

    /// What a report calls an event: its id, or `L` and its line.
    package func name(of event: EventIndex) -> String {
        ids[event].isNone ? "L\(lines[event])" : text(ids[event])
    }

    package func process(of event: EventIndex) -> Process { processes[Int(processIndices[event])] }

    /// Canonical JSON text of the event's value; empty when it has none.
    package func value(of event: EventIndex) -> ArraySlice<UInt8> {
        valuePool[valueEnds[event]]
    }

    package func shown(by event: EventIndex) -> ArraySlice<Shown> { shownPool[shownEnds[event]] }
    package func edges(into event: EventIndex) -> ArraySlice<Edge> { edgePool[edgeEnds[event]] }
    /// Whether any event names one that happened before it.
    package var hasEdges: Bool { !edgePool.isEmpty }
    /// The keys that a derived value was computed from, or that a slot owns.
    package func from(of event: EventIndex) -> ArraySlice<Symbol> { fromPool[fromEnds[event]] }
    package func attributes(of event: EventIndex) -> ArraySlice<Attribute> { attributePool[attributeEnds[event]] }

    /// JSON text of a further member.
    package func attribute(_ name: String, of event: EventIndex) -> String? {
        guard let symbol = symbols.find(name) else { return nil }
        return attributes(of: event).first { $0.name == symbol }.map { text($0.value) }
    }

    package func slot(named name: Symbol) -> Slot? { slotByName[name].map { slots[$0] } }

    /// Whether two events carry the same value. Two events without one are equal.
    package func hasEqualValues(_ a: EventIndex, _ b: EventIndex) -> Bool {
        value(of: a).elementsEqual(value(of: b))
    }

    /// Two processes whose times may be compared.
    package func shareClock(_ a: EventIndex, _ b: EventIndex) -> Bool {
        guard processIndices[a] != processIndices[b] else { return true }
        let clock = process(of: a).clock
        return !clock.isNone && clock == process(of: b).clock
    }
}
