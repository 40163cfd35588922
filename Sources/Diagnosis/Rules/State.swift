import Trace

/// A place in the walk: how many events came before. `never` is after everything.
typealias Position = UInt32

extension Position {
    static let never = Position.max
}

/// What the walk knows of a request.
struct RequestState: Sendable {
    var name = Symbol.none
    var startEvent: UInt32 = .max
    var startPosition = Position.never
    var deliverPosition = Position.never
    var deliverEvent: UInt32 = .max
    var arrivePosition = Position.never
    var arriveEvent: UInt32 = .max
    var cancelPosition = Position.never
    var cancelEvent: UInt32 = .max
    var intent: Int32 = -1
    var slot: Int32 = -1
    var arguments = Symbol.none
    var rank: Int64 = 0
    var process: UInt16 = 0
    /// In flight: begun, and not arrived, delivered or cancelled.
    var isLive = false
    /// Begun in the task of a delivery: of which request.
    var parent: Int32 = -1
    /// The signal and the acknowledgement of the highest version of its key before it began.
    var signalEvent: UInt32 = .max
    var ackEvent: UInt32 = .max
}

/// What the walk knows of an intent.
struct IntentState: Sendable {
    var name = Symbol.none
    var event: UInt32 = .max
    var position = Position.never
    var slot: Int32 = -1
    var rank: Int64 = 0
    var arguments = Symbol.none
    var session = Symbol.none
    /// Requests begun for it.
    var starts: UInt32 = 0
    /// Of these, not yet delivered or given up.
    var live: UInt32 = 0
}

/// What the walk knows of a slot, in one process.
struct SlotState: Sendable {
    /// `none`: a slot assumed for requests that name none; `exampleStart` says which.
    var name = Symbol.none
    var exampleStart: UInt32 = .max
    var process: UInt16 = 0
    var intentCount: Int64 = 0
    var startCount: Int64 = 0
    /// The highest-ranked intent so far.
    var latestIntent: Int32 = -1
    var latestRank = Int64.min
    var unmountPosition = Position.never
    var unmountEvent: UInt32 = .max
    var pendingEvent: UInt32 = .max
    var live: UInt32 = 0
    /// The last arrival, for hazards in traces without writes.
    var lastArrived: Int32 = -1
    var evidence = PolicyEvidence()
}

/// A key in one process.
struct PlaceState: Sendable {
    var key = Symbol.none
    var process: UInt16 = 0
    var lastWrite: UInt32 = .max
    var lastPosition = Position.never
    var lastRequest: Int32 = -1
    var lastIntent: Int32 = -1
    var lastSlot: Int32 = -1
    var lastRank: Int64 = 0
    /// The optimistic write that is neither acknowledged nor taken back.
    var optimisticEvent: UInt32 = .max
    var optimisticIntent: Int32 = -1
    var deleteEvent: UInt32 = .max
    var deletePosition = Position.never
    /// The finding whose wrong value stands here.
    var finding: Int32 = -1
    var committed = TraceVersion.none
    var committedIntent: Int32 = -1
    var committedEvent: UInt32 = .max
}

/// The write of highest rank by one slot to one place.
struct HighestWrite: Sendable {
    var rank: Int64
    var event: UInt32
    var request: Int32
}

/// What the walk knows of a process.
struct ProcessState: Sendable {
    /// The delivery whose task is under way.
    var deliveryTask = Symbol.none
    var deliveryRequest: Int32 = -1
    /// Deliveries since the person's last input, and the last of them.
    var deliveriesSinceInput = 0
    var lastDelivered: Int32 = -1
    /// The task that read a wrong value, and the finding about it.
    var taintedTask = Symbol.none
    var taintedFinding: Int32 = -1
    /// Places with a standing finding, for frames that do not list what they show.
    var standing: [Int32] = []
    var live: UInt32 = 0
    var renders = 0
    var writes = 0
}

/// What speaks for a slot's policy.
struct PolicyEvidence: Sendable {
    /// A superseded request was given up or its response dropped, at this event.
    var superseded: UInt32 = .max
    /// Two intents carried different arguments, the second being this event.
    var changedArguments: UInt32 = .max
    var firstArguments = Symbol.none
    var writes: UInt32 = 0
    var merges: UInt32 = 0
    /// An intent came while a request was under way.
    var overlappingIntents: UInt32 = 0
    /// Of these, how many started a request.
    var overlappingStarts: UInt32 = 0
    /// Two requests were under way at once.
    var overlappingRequests: UInt32 = 0
}

/// One write as the rules understood it: what replay works on.
struct ResolvedWrite: Sendable {
    var event: UInt32
    var position: Position
    var place: Int32
    /// -1: not a response's write.
    var request: Int32
    var slot: Int32
    var rank: Int64
}
