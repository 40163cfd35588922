/// A slot of one browser: what it owns, and how its policy can be known.
struct SlotPlan {
    enum Policy {
        case declared(String)
        /// Nothing says it; intents differ in their arguments.
        case byArguments
        /// Nothing says it; superseded requests are given up or dropped.
        case byCancel
        /// Nothing says it and nothing shows it.
        case unknown
        /// Nothing says it; every write is flagged.
        case byMergeFlags
    }

    var index: Int
    var process: Int
    var name: String
    var policy: Policy
    /// Keys written by each request of a fan-out; sets may overlap.
    var lanes: [[String]]
    /// A key computed from all others.
    var derived: String?
    /// The person's own input.
    var input: String?
    /// Ranks are given; otherwise they follow from the order.
    var rankStep: Int?
    /// Requests have no intent.
    var isAnonymous = false
    /// Writes name the slot themselves.
    var namesSlot = true
    /// Writes name their request; otherwise the task says it.
    var namesRequest = true

    var keys: [String] {
        var seen: Set<String> = []
        return lanes.joined().filter { seen.insert($0).inserted }
    }

    var isLatest: Bool {
        switch policy {
        case .declared(let name): name == "latest"
        case .byArguments, .byCancel: true
        case .unknown, .byMergeFlags: false
        }
    }
}

/// What happens in one round of a slot's intents.
enum RoundKind {
    /// Responses are applied in intent order, overlapping or not; requests without a key in common may pass each other.
    case ordered
    /// One response is applied too late: the fault.
    case inverted
    /// One response is too late, and carries the value that is there already.
    case equal
    /// One response is too late, and a guard drops it.
    case dropped
    /// Superseded requests are given up in time.
    case cancelled
    /// One intent, every key of the slot.
    case recovery
    /// Responses in any order, all writes commute.
    case merged
    /// A request waits for the one before.
    case queued
    /// Further intents are ignored while one is under way.
    case first
}

/// One attempt to fulfil an intent, with its place in time (microseconds).
struct RequestPlan {
    enum Ending {
        case applied(guard: String?)
        case dropped
        case givenUp
    }

    var name: String
    /// The intent's place in its slot.
    var intent: Int
    var keys: [String]
    var attempt = 1
    var start: Int64 = 0
    var deliver: Int64 = 0
    var cancel: Int64?
    /// The attempt before this one failed then: its name and times.
    var failed: (name: String, start: Int64, end: Int64)?
    var ending = Ending.applied(guard: nil)
    /// The injected fault.
    var isLate = false
}

/// A round with everything decided.
struct RoundPlan {
    var kind: RoundKind
    /// Place of the round's first intent in its slot, and when each was asked.
    var firstIntent: Int
    var intents: [Int64]
    /// In the order in which their responses are applied.
    var requests: [RequestPlan]
    /// Intents that start nothing.
    var ignored: Set<Int> = []
    /// Values by intent (its place in the slot) and key.
    var values: [Int: [String: Int]] = [:]
    var end: Int64 = 0

    func value(_ request: RequestPlan, _ key: String) -> Int { values[request.intent]?[key] ?? 0 }

    /// Writes that replace a higher-ranked intent's with another value, by the definition: for each the writer, the key, and the
    /// earliest higher-ranked request applied to the key before.
    func inversions() -> [(late: Int, key: String, overtaken: Int)] {
        var applied: [String: [Int]] = [:]
        var found: [(late: Int, key: String, overtaken: Int)] = []
        for (place, request) in requests.enumerated() {
            guard case .applied = request.ending else { continue }
            for key in request.keys {
                let higher = (applied[key] ?? []).filter { requests[$0].intent > request.intent }
                let highest = higher.max { requests[$0].intent < requests[$1].intent }
                if let first = higher.first, let highest, value(requests[highest], key) != value(request, key) {
                    found.append((place, key, first))
                }
                applied[key, default: []].append(place)
            }
        }
        return found
    }
}
