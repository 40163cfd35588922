import Trace

/// A stretch of one process around a finding, ready to be run in other orders (T1): what the person did and when requests began keeps its
/// order; when responses were delivered, acknowledged or taken back does not.
struct Race: Sendable {
    enum Action: Sendable {
        /// An intent of a slot.
        case asked(slot: Int32, rank: Int64)
        case began
        case gaveUp
        case unmounted(slot: Int32)
        /// What the process wrote itself: the person's input, an optimistic write, a deletion.
        case wrote
        /// Everything that was written with one response in one task.
        case delivered
        /// An optimistic write taken back.
        case tookBack
        /// A write whose cause is not recorded: hydration.
        case hydrated
        case acknowledged

        /// Fixed steps keep their order among each other.
        var isFixed: Bool {
            switch self {
            case .asked, .began, .gaveUp, .unmounted, .wrote: true
            case .delivered, .tookBack, .hydrated, .acknowledged: false
            }
        }
    }

    struct Step: Sendable {
        var action: Action
        /// Its first event.
        var event: Int
        var request: Int32 = -1
        var intent: Int32 = -1
        var writes: [Write] = []
        /// Places written, read for a derived value, or acknowledged.
        var touched: [Int] = []
        /// Steps that come before it in any order.
        var needs: UInt64 = 0
    }

    /// A write of a step; places are numbered within the race.
    struct Write: Sendable {
        var event: Int
        var place: Int
        var request: Int32
        var intent: Int32
        var slot: Int32
        var rank: Int64
        var value: Int32
        var version: TraceVersion
        var flags: EventFlags
        /// Of a derived value: its sources.
        var sources: [Int] = []
        /// The request asked for something else than this was written for.
        var isMisbound = false
        var isDerived: Bool { flags.contains(.derived) }
    }

    /// What the runs need of a request.
    struct Request: Sendable {
        /// Into `RuleEngine.requests`.
        var id: Int32
        var slot: Int32
        var rank: Int64
        var intent: Int32
        /// In the trace; -1 when it began before the race or in another process.
        var startEvent: Int
        /// When its response was there: the arrival, otherwise the delivery; `Int.max` when neither is recorded apart from its writes.
        var arrivalEvent: Int
        /// Its step that begins it, or the delivery in which it began; -1 when it began before the race.
        var beganIn: Int
        /// Cancelling does not reach it: a later attempt holds the handle, or it was given up and wrote all the same.
        var isOutOfReach: Bool
        /// Deliveries of it that the race holds.
        var deliveries = 0
    }

    /// Bits of a `UInt64` that steps are kept in.
    static let maximumSteps = 60

    var rule: Rule
    /// In the recorded order.
    var steps: [Step] = []
    /// What `request` of steps and writes points into.
    var requests: [Request] = []
    /// The race's places, as `RuleEngine.places`; the finding's is the first.
    var places: [Int32] = []
    /// Places whose writes commute or are computed: their last value says nothing about the guard.
    var isJudged: [Bool] = []
    /// The highest rank of each slot that was asked for before the race.
    var latestBefore: [Int32: Int64] = [:]
    /// The requests that each intent began in the race.
    var fanOuts: [Int32: FanOut] = [:]

    /// An intent's requests: those that the race delivers, and whether one more never came.
    struct FanOut: Sendable {
        var requests: [Int32] = []
        var count = 0
        var lacksAnswer = false
    }
    /// By intent: the version under which its change was acknowledged in the trace.
    var acknowledgedVersions: [Int32: TraceVersion] = [:]
    /// Later steps or responses that were left out because of the bound.
    var isTruncated = false

    var movableCount: Int { steps.count { !$0.action.isFixed } }

    /// Whether the order of two neighbours matters: they share a place, or one decides about the other's slot or request.
    func depends(_ a: Int, _ b: Int) -> Bool {
        let (one, other) = (steps[a], steps[b])
        if one.action.isFixed && other.action.isFixed { return true }
        if one.touched.contains(where: other.touched.contains) { return true }
        return decides(one, about: other) || decides(other, about: one)
    }

    private func decides(_ one: Step, about other: Step) -> Bool {
        switch one.action {
        case .asked(let slot, _), .unmounted(let slot):
            other.request >= 0 && (requests[Int(other.request)].slot == slot || other.writes.contains { $0.slot == slot })
        case .gaveUp: other.request == one.request
        case .began:
            // Whether a response is ordered after an acknowledgement is when its request began.
            switch other.action {
            case .acknowledged: deliveries(of: one.request).contains { $0.touched.contains(where: other.touched.contains) }
            case .asked, .began, .gaveUp, .unmounted, .wrote, .delivered, .tookBack, .hydrated: other.request == one.request
            }
        case .wrote, .delivered, .tookBack, .hydrated, .acknowledged: false
        }
    }

    private func deliveries(of request: Int32) -> [Step] {
        steps.filter { step in
            if case .delivered = step.action { return step.request == request }
            return false
        }
    }
}
