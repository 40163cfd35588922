import Trace

/// A3, A7, A12: the recorded commits of a key, processed in every order the store could have chosen (T2: a model of the store and of the guard,
/// not its code), with a guard in front of it.
struct CommitModel {
    private struct Commit {
        var event: Int
        var intent: Int32
        /// Commits that it had read.
        var seen: Set<Int>
        var isMerge: Bool
        /// Place of its intent among those of the commits, by asking.
        var asked: Int
    }

    private let engine: RuleEngine
    private let log: TraceLog
    private let finding: Finding
    private var commits: [Commit] = []

    /// Events looked at around the finding.
    private static let maximumEvents = RaceBuilder.maximumBefore

    init(_ engine: RuleEngine, _ finding: Finding) throws(RaceBuilder.Missing) {
        self.engine = engine
        self.finding = finding
        log = engine.log
        guard let other = finding.other, abs(finding.event - other) <= Self.maximumEvents else {
            throw RaceBuilder.Missing(what: "the other commit, at most \(Self.maximumEvents) events away")
        }
        collect(min(finding.event, other)...max(finding.event, other))
    }

    private mutating func collect(_ range: ClosedRange<Int>) {
        let session = intent(finding.event).map { engine.intents[Int($0)].session }
        for event in range where log.processIndices[event] == finding.process && log.keys[event] == finding.key {
            guard log.kinds[event] == .commit || (finding.rule == .lostUpdate && log.kinds[event] == .write) else { continue }
            let own = intent(event) ?? -1
            switch finding.rule {
            case .doubleSubmit: guard own == intent(finding.event) else { continue }
            case .serverInversion: guard own >= 0, engine.intents[Int(own)].session == session else { continue }
            default: break
            }
            let base = log.bases[event]
            let seen = commits.indices.filter { base.isNone || !base.isOlder(than: log.versions[commits[$0].event]) }
            commits.append(
                Commit(event: event, intent: own, seen: Set(seen), isMerge: log.flags[event].contains(.merge), asked: 0))
        }
        let sorted = commits.indices.sorted { isEarlier($0, $1) }
        for (place, commit) in sorted.enumerated() { commits[commit].asked = place }
    }

    private func intent(_ event: Int) -> Int32? {
        let intent = engine.knownIntent(log.intents[event])
        return intent < 0 ? nil : intent
    }

    private func isEarlier(_ a: Int, _ b: Int) -> Bool {
        let (one, other) = (commits[a].intent, commits[b].intent)
        guard one >= 0, other >= 0, one != other else { return a < b }
        let (first, second) = (engine.intents[Int(one)], engine.intents[Int(other)])
        if first.slot >= 0, first.slot == second.slot { return first.rank < second.rank }
        return first.position < second.position
    }

    func advice() throws(RaceBuilder.Missing) -> GuardAdvice {
        guard commits.count > 1 else { throw RaceBuilder.Missing(what: "the commits of both sides, in one store") }
        let tracksReads = finding.rule == .lostUpdate
        let orders = Permutations(commits.count) { next, before in
            !tracksReads || commits[next].seen.isSubset(of: before)
        }
        let trials = finding.rule.guardsToTry.map { option in
            var trial = GuardTrial(
                guard: option, orders: orders.orders.count, isExhaustive: orders.isExhaustive, residual: 0, wronglyBlocked: 0,
                latency: option == .queue ? latency : 0)
            for order in orders.orders {
                let (isBroken, lost) = run(order, option)
                if isBroken { trial.residual += 1 }
                trial.wronglyBlocked += lost
            }
            trial.note = note(option, trial)
            return trial
        }
        var advice = GuardAdvice(
            finding, proof: .recordedEvents(orders: orders.orders.count, isExhaustive: orders.isExhaustive), trials: trials)
        advice.advise()
        return advice
    }

    /// Whether the rule is broken, and how many changes were refused that nothing asked for later replaces.
    private func run(_ order: [Int], _ option: Guard) -> (isBroken: Bool, lost: Int) {
        let order = option == .queue ? order.sorted { commits[$0].asked < commits[$1].asked } : order
        var applied: [Int] = []
        var isBroken = false
        var lost = 0
        for next in order {
            let commit = commits[next]
            let isRepeated = commit.intent >= 0 && applied.contains { commits[$0].intent == commit.intent }
            if option == .idempotencyKey, isRepeated { continue }
            let isStale =
                !commit.isMerge
                && applied.contains {
                    !commit.seen.contains($0) && (commit.intent < 0 || commits[$0].intent != commit.intent)
                }
            let isOvertaken = applied.contains { commits[$0].asked > commit.asked } && !commit.isMerge
            switch finding.rule {
            case .lostUpdate:
                if option == .versionCheck, isStale {
                    lost += 1
                    continue
                }
                isBroken = isBroken || (isStale && option != .atomicReadModifyWrite)
            case .serverInversion:
                if option == .versionCheck, isOvertaken { continue }
                isBroken = isBroken || (isOvertaken && !isRepeated)
            default: isBroken = isBroken || isRepeated
            }
            applied.append(next)
        }
        return (isBroken, lost)
    }

    /// The later intents' commits wait for those asked for before them, in the recorded order.
    private var latency: Int64? {
        var wait = Wait()
        for (index, commit) in commits.enumerated() {
            let later = commits[index...].filter { $0.asked < commit.asked }.map { log.times[$0.event] }.max()
            guard let later else { continue }
            if later == 0 || log.times[commit.event] == 0 { return nil }
            wait.add(from: log.times[commit.event], until: later)
        }
        return wait.total
    }

    private func note(_ option: Guard, _ trial: GuardTrial) -> String? {
        switch option {
        case .atomicReadModifyWrite: "what the change computes from the newer version is not in the trace"
        case .versionCheck where finding.rule == .lostUpdate: "a refused change has to be asked for again"
        case .versionCheck where finding.rule == .serverInversion:
            "the commit that comes too late is dropped: right where the later replaces the earlier"
        case .cancelInFlight: cancelNote
        case .ignoreWhilePending: "it was one intent: its second attempt is none that could be ignored"
        case .identityBinding, .versionCheck, .queue, .idempotencyKey, .snapshotToken, .waitForDependency: nil
        }
    }

    /// What the trace says of a cancel and a commit: giving a request up takes nothing back that the server did.
    private var cancelNote: String {
        let names = Set(commits.map { log.intents[$0.event] })
        let requests = Set(commits.map { log.requests[$0.event] }).subtracting([.none])
        let first = max(0, (commits.first?.event ?? 0) - Self.maximumEvents)
        let last = min(log.count, finding.event + RaceBuilder.maximumAfter)
        let cancel = (first..<last).first { event in
            guard log.kinds[event] == .cancel else { return false }
            let request = engine.knownRequest(log.requests[event])
            guard request >= 0 else { return false }
            if requests.contains(log.requests[event]) { return true }
            let intent = engine.requests[Int(request)].intent
            return intent >= 0 && names.contains(engine.intents[Int(intent)].name)
        }
        guard let cancel else { return "giving a request up takes no commit back: the server may have done it already" }
        let done = commits.first { log.requests[$0.event] == log.requests[cancel] || log.requests[$0.event].isNone }
        let commit = log.name(of: done?.event ?? finding.event)
        return
            "\(log.name(of: cancel)) gave \(log.text(log.requests[cancel])) up, and \(commit) was committed all the same: a cancel takes no commit back"
    }
}
