import Trace

/// What the processes of a trace did, as steps that can come in other orders: `Docs/specifications/prediction.md`, section 1.
///
/// *Fixed* steps are the process's own (asked, begun, given up, typed): they keep their order among each other. *Movable* steps are what came
/// from outside (a response's delivery, a message of a stream, hydration): they come after what they need and otherwise at any time.
struct PredictionProgram: Sendable {
    enum Action: Sendable, Hashable {
        case asked, began, gaveUp, unmounted, wrote, read
        case delivered, received, hydrated

        var isFixed: Bool {
            switch self {
            case .asked, .began, .gaveUp, .unmounted, .wrote, .read: true
            case .delivered, .received, .hydrated: false
            }
        }
    }

    struct Step: Sendable {
        var action: Action
        var process: UInt16
        /// Its first event, which names it.
        var event: UInt32
        var request: Int32 = -1
        var slot: Int32 = -1
        var rank: Int64 = 0
        /// Into `RuleEngine.writes`.
        var writes: [Int32] = []
        /// Places read, and the events that did.
        var reads: [Read] = []
        /// Steps that come before it in every order, besides a fixed step's predecessor.
        var needs: [Int32] = []
        /// The last fixed step that comes before it in every order; -1 for none.
        var fixedBefore: Int32 = -1
        /// The first fixed step that comes after it in every order; `max` for none.
        var fixedAfter: Int32 = .max

        var isFixed: Bool { action.isFixed }
    }

    struct Read: Sendable {
        var place: Int32
        var event: UInt32
    }

    let engine: RuleEngine
    /// In the recorded order; of all processes.
    var steps: [Step] = []
    /// By write, into `RuleEngine.writes`: the guard that the trace names.
    var guards: [Int32: Guard] = [:]
    /// Slots whose every write commutes.
    var mergeSlots: Set<Int32> = []
    /// By delivery: the `start` events in it.
    var inner: [Int32: [UInt32]] = [:]
    /// By request: the step with its `start`; a request may be answered only after the end of the task that it begins in, which is a later
    /// step. -1 for none.
    var starts: [Int32] = []
    /// Whether somebody asks who wrote what stands: a version check, or a view that goes.
    var looksAtWriters = false

    /// Steps looked at on the way from one to the other; a longer way counts as an order that must hold, and only costs predictions.
    private static let maximumWay = 4_096

    /// Whether the first comes before the second in every order. Near constant: chains are compared by position, the few direct needs walked.
    func precedes(_ one: Int, _ other: Int) -> Bool {
        guard one != other, steps[one].process == steps[other].process else { return false }
        let (a, b) = (steps[one], steps[other])
        if a.isFixed { return one < other && (b.isFixed || b.fixedBefore >= Int32(one)) }
        if b.isFixed { return a.fixedAfter <= Int32(other) }
        guard one < other else { return false }
        if a.fixedAfter != .max, a.fixedAfter <= b.fixedBefore { return true }
        var open = b.needs
        var seen = 0
        while let next = open.popLast() {
            if next == Int32(one) { return true }
            guard next > Int32(one), !steps[Int(next)].isFixed else { continue }
            seen += 1
            if seen > Self.maximumWay { return true }
            open += steps[Int(next)].needs
        }
        return false
    }

    /// Whether a write counts: those that commute leave no order to see.
    func commutes(_ write: Int32) -> Bool {
        let resolved = engine.writes[Int(write)]
        return engine.log.flags[Int(resolved.event)].contains(.merge) || mergeSlots.contains(resolved.slot)
            || guards[write] == .atomicReadModifyWrite
    }

    /// Places that a derived write is computed from.
    func sources(_ write: Int32) -> [Int32] {
        let event = Int(engine.writes[Int(write)].event)
        guard engine.log.flags[event].contains(.derived) else { return [] }
        let process = UInt32(engine.log.processIndices[event])
        return engine.log.from(of: event).compactMap { key in
            engine.placeByPair[PairTable.key(process, key.raw)].map { Int32($0) }
        }
    }

    /// Whether two writes leave the same value; values that were not recorded are all different.
    func isSameValue(_ a: Int32, _ b: Int32) -> Bool {
        let log = engine.log
        let (one, other) = (Int(engine.writes[Int(a)].event), Int(engine.writes[Int(b)].event))
        guard log.kinds[one] == log.kinds[other] else { return false }
        return log.kinds[one] == .delete || (!log.value(of: one).isEmpty && log.hasEqualValues(one, other))
    }

    /// What a guarded write looks at when it decides.
    func slotGuard(_ step: Int) -> Guard? {
        for write in steps[step].writes {
            if let found = guards[write], found == .cancelInFlight || found == .identityBinding { return found }
        }
        return nil
    }
}
