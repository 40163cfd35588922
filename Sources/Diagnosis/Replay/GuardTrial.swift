import Trace

/// A way to keep a response from doing harm. Numbers and meaning: `Docs/specifications/diagnosis.md`, section 5.
package enum Guard: UInt8, Sendable, CaseIterable, Hashable {
    case cancelInFlight = 1
    case identityBinding = 2
    case versionCheck = 3
    case queue = 4
    case ignoreWhilePending = 5
    case idempotencyKey = 6
    case atomicReadModifyWrite = 7
    case snapshotToken = 8
    case waitForDependency = 9

    package var code: String { "G\(rawValue)" }

    package var title: String {
        switch self {
        case .cancelInFlight: "cancel in flight"
        case .identityBinding: "identity binding"
        case .versionCheck: "version check"
        case .queue: "queue"
        case .ignoreWhilePending: "ignore while pending"
        case .idempotencyKey: "idempotency key"
        case .atomicReadModifyWrite: "atomic read-modify-write"
        case .snapshotToken: "snapshot token"
        case .waitForDependency: "wait for the dependency"
        }
    }
}

/// What a guard would have done over all explored orders of an episode's deliveries.
package struct GuardTrial: Sendable, Hashable {
    package var `guard`: Guard
    package var isAdvised = false
    /// Orders explored, and whether these are all that are possible.
    package var orders: Int
    package var isExhaustive: Bool
    /// Orders in which a lower-ranked write still replaced a higher-ranked one.
    package var residual: Int
    /// Places that ended otherwise than intent order ends them, because the guard blocked a write to them; over all orders.
    package var wronglyBlocked: Int
    /// Nanoseconds that deliveries waited in the recorded order; `nil` when the trace has no times.
    package var latency: Int64?
    /// Why this guard could not be judged: what the trace lacks. The figures then say nothing.
    package var missing: String?
    /// What has to be known beside the figures: why a cancel does not help, what a replay cannot show.
    package var note: String?
}

/// Tries the guards that decide about deliveries on every order of an episode.
struct GuardTrials {
    private(set) var runner: EpisodeRunner
    private let target: EpisodeRunner.Outcome
    private let movable: [Int]
    /// What G9 waits for; without it nothing is pending.
    private let pending: PendingChanges?

    private let exhaustive: Int
    /// Until when a cancel stops a delivery.
    private var reach: [Int: Position] = [:]

    /// 8! orders; beyond that many deliveries only the neighbours of two orders are tried.
    static let exhaustiveDeliveries = 8

    init(
        _ runner: EpisodeRunner, _ target: EpisodeRunner.Outcome, pending: PendingChanges? = nil,
        exhaustive: Int = exhaustiveDeliveries
    ) {
        self.runner = runner
        self.target = target
        self.pending = pending
        self.exhaustive = exhaustive
        movable = runner.episode.window.filter { runner.replay.deliveries[$0].isMovable }
        reach = findReach()
    }

    mutating func run() -> [GuardTrial] {
        let (orders, isExhaustive) = orders()
        var trials: [GuardTrial] = []
        for option in [Guard.cancelInFlight, .identityBinding, .versionCheck, .queue, .ignoreWhilePending] {
            var trial = GuardTrial(
                guard: option, orders: orders.count, isExhaustive: isExhaustive, residual: 0, wronglyBlocked: 0,
                latency: latency(of: option))
            for order in orders {
                let outcome = run(option, order)
                if outcome.inversions > 0 { trial.residual += 1 }
                for (place, count) in outcome.blocked where count > 0 && outcome.state[place] != target.state[place] {
                    trial.wronglyBlocked += 1
                }
            }
            trials.append(trial)
        }
        let best = trials.indices.min { rate(trials[$0]) < rate(trials[$1]) }
        if let best, trials[best].residual == 0 { trials[best].isAdvised = true }
        return trials
    }

    /// Less is better. Of equals identity binding is preferred to cancelling: a cancelled response can still be on its way.
    private func rate(_ trial: GuardTrial) -> (Int, Int, Int64, Int) {
        let preference = trial.guard == .cancelInFlight ? 99 : Int(trial.guard.rawValue)
        return (trial.residual, trial.wronglyBlocked, trial.latency ?? 0, preference)
    }

    // MARK: What each guard does

    /// Runs an order with a guard, or with none.
    mutating func run(_ option: Guard?, _ order: [Int]) -> EpisodeRunner.Outcome {
        let replay = runner.replay
        let window = runner.episode.window
        func position(_ place: Int) -> Position { replay.deliveries[window.lowerBound + place].position }
        switch option {
        case .cancelInFlight:
            let reach = reach
            return runner.run(order) { place, delivery, _, _ in
                replay.deliveries[delivery].rank >= replay.latestRank(at: min(position(place), reach[delivery] ?? .never))
            }
        case .identityBinding:
            return runner.run(order) { place, delivery, _, _ in
                replay.deliveries[delivery].rank >= replay.latestRank(at: position(place))
            }
        case .versionCheck:
            return runner.run(order) { _, delivery, _, rank in rank.map { $0 <= replay.deliveries[delivery].rank } ?? true }
        case .queue:
            return runner.run(queued(order))
        case .ignoreWhilePending:
            let ignored = ignored(order)
            return runner.run(order) { _, delivery, _, _ in !ignored.contains(replay.deliveries[delivery].request) }
        case .waitForDependency:
            guard let pending else { return runner.run(order) }
            let engine = runner.engine
            return runner.run(order) { place, delivery, write, _ in
                let one = replay.deliveries[delivery]
                return pending.lets(
                    engine.writes[write].place, of: engine.requests[Int(one.request)].intent, begun: one.start,
                    at: position(place))
            }
        case .idempotencyKey, .atomicReadModifyWrite, .snapshotToken, nil:
            return runner.run(order)
        }
    }

    /// Until when a cancel stops a delivery: until its response is there, whenever its handler writes. Never when it was given up and wrote all
    /// the same, or when the next attempt took its handle.
    private func findReach() -> [Int: Position] {
        var reach: [Int: Position] = [:]
        for delivery in movable {
            let one = runner.replay.deliveries[delivery]
            let request = runner.engine.requests[Int(one.request)]
            let isOutOfReach = request.cancelPosition < one.position || hasLaterAttempt(request)
            reach[delivery] = isOutOfReach ? one.start : min(request.arrivePosition, request.deliverPosition)
        }
        return reach
    }

    /// Requests looked at for a later attempt: it begins soon after the one it repeats.
    private static let nearbyRequests = 1_000

    private func hasLaterAttempt(_ request: RequestState) -> Bool {
        let engine = runner.engine
        guard request.intent >= 0, engine.intents[Int(request.intent)].starts > 1, request.startEvent != .max else {
            return false
        }
        let own = attempt(request)
        let url = engine.log.attribute("url", of: Int(request.startEvent))
        let later = engine.requests.dropFirst(Int(engine.knownRequest(request.name)) + 1).prefix(Self.nearbyRequests)
        return later.contains { other in
            other.intent == request.intent && other.startEvent != .max && attempt(other) > own
                && engine.log.attribute("url", of: Int(other.startEvent)) == url
        }
    }

    private func attempt(_ request: RequestState) -> Int {
        request.startEvent == .max
            ? 1 : runner.engine.log.attribute("attempt", of: Int(request.startEvent)).flatMap { Int($0) } ?? 1
    }

    /// Each delivery waits for those of lower rank.
    private func queued(_ order: [Int]) -> [Int] {
        var sorted = order.filter { runner.replay.deliveries[$0].isMovable }
            .sorted { (runner.replay.deliveries[$0].rank, $0) < (runner.replay.deliveries[$1].rank, $1) }.makeIterator()
        return order.map { runner.replay.deliveries[$0].isMovable ? sorted.next() ?? $0 : $0 }
    }

    /// Requests that would not have begun: another intent's was under way.
    private func ignored(_ order: [Int]) -> Set<Int32> {
        let replay = runner.replay
        var ends: [Int32: Position] = [:]
        for (place, delivery) in order.enumerated() where replay.deliveries[delivery].isMovable {
            ends[replay.deliveries[delivery].request] = replay.deliveries[runner.episode.window.lowerBound + place].position
        }
        var ignored: Set<Int32> = []
        var busyUntil = Position(0)
        var busyRank = Int64.min
        for delivery in movable.sorted(by: { (replay.deliveries[$0].start, $0) < (replay.deliveries[$1].start, $1) }) {
            let one = replay.deliveries[delivery]
            if one.start < busyUntil, one.rank != busyRank {
                ignored.insert(one.request)
            } else {
                busyUntil = max(one.start < busyUntil ? busyUntil : 0, ends[one.request] ?? 0)
                busyRank = one.rank
            }
        }
        return ignored
    }

    private func latency(of option: Guard) -> Int64? {
        guard option == .queue else { return 0 }
        let log = runner.engine.log
        var wait = Wait()
        var hasTimes = false
        for delivery in movable {
            guard let own = time(delivery, log) else { continue }
            hasTimes = true
            var until = own
            for other in movable where runner.replay.deliveries[other].rank < runner.replay.deliveries[delivery].rank {
                if let time = time(other, log) { until = max(until, time) }
            }
            wait.add(from: own, until: until)
        }
        return hasTimes ? wait.total : nil
    }

    private func time(_ delivery: Int, _ log: TraceLog) -> Int64? {
        guard let write = runner.replay.writes(of: runner.replay.deliveries[delivery]).first else { return nil }
        let time = log.times[Int(runner.engine.writes[write].event)]
        return time == 0 ? nil : time
    }

    // MARK: Orders

    /// The orders to try: every possible one of up to 8 deliveries, otherwise the neighbours of the recorded and of the intent order.
    private func orders() -> (orders: [[Int]], isExhaustive: Bool) {
        guard movable.count > exhaustive else {
            var found: [[Int]] = []
            permute([], movable, &found)
            return (found, true)
        }
        var found: [[Int]] = []
        for base in [runner.recordedOrder, runner.intentOrder] {
            if isPossible(base) { found.append(base) }
            let places = base.indices.filter { runner.replay.deliveries[base[$0]].isMovable }
            for (one, other) in zip(places, places.dropFirst()) {
                var order = base
                order.swapAt(one, other)
                if isPossible(order) { found.append(order) }
            }
        }
        return (found, false)
    }

    private func permute(_ chosen: [Int], _ rest: [Int], _ found: inout [[Int]]) {
        guard !rest.isEmpty else {
            var next = chosen.makeIterator()
            found.append(runner.episode.window.map { runner.replay.deliveries[$0].isMovable ? next.next() ?? $0 : $0 })
            return
        }
        for (index, delivery) in rest.enumerated() where canCome(delivery, movable[chosen.count], after: chosen) {
            var others = rest
            others.remove(at: index)
            permute(chosen + [delivery], others, &found)
        }
    }

    /// Whether a delivery can come at the place of another: its request has begun, and so has the delivery it began in.
    private func canCome(_ delivery: Int, _ place: Int, after earlier: [Int]) -> Bool {
        let replay = runner.replay
        let one = replay.deliveries[delivery]
        guard one.start < replay.deliveries[place].position else { return false }
        guard one.parent >= 0, movable.contains(where: { replay.deliveries[$0].request == one.parent }) else { return true }
        return earlier.contains { replay.deliveries[$0].request == one.parent }
    }

    private func isPossible(_ order: [Int]) -> Bool {
        let chosen = order.filter { runner.replay.deliveries[$0].isMovable }
        return chosen.indices.allSatisfy { canCome(chosen[$0], movable[$0], after: Array(chosen[..<$0])) }
    }
}
