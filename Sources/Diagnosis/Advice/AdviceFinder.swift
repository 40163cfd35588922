import Trace

/// Finds, for each finding, the guard that prevents it, and proves it as far as the trace allows: by replay where the writes are recorded, on
/// the recorded events where only versions are (`Docs/specifications/diagnosis.md`, section 5).
struct AdviceFinder {
    private let engine: RuleEngine
    private let log: TraceLog
    private let index: WriteIndex
    private let divergences: [Divergence]

    /// Findings of one rule that guards are tried for: the others of that rule are named and not tried.
    static let maximumPerRule = 3

    init(_ engine: RuleEngine, _ divergences: [Divergence]) {
        self.engine = engine
        self.divergences = divergences
        log = engine.log
        index = WriteIndex(engine)
    }

    /// Advice for the first findings of each rule, in their order.
    func advise(_ findings: [Finding]) -> [GuardAdvice] {
        var counts: [Rule: Int] = [:]
        var advice: [GuardAdvice] = []
        for finding in findings where !finding.rule.guardsToTry.isEmpty {
            counts[finding.rule, default: 0] += 1
            guard counts[finding.rule, default: 0] <= Self.maximumPerRule else { continue }
            advice.append(self.advice(finding))
        }
        return advice
    }

    private func advice(_ finding: Finding) -> GuardAdvice {
        do throws(RaceBuilder.Missing) {
            return try prove(finding)
        } catch {
            return Self.unproved(finding, missing: error.what)
        }
    }

    /// What the rule asks for, said as that and no more.
    static func unproved(_ finding: Finding, missing: String) -> GuardAdvice {
        let trials = finding.rule.guardsToTry.prefix(1).map { option in
            GuardTrial(
                guard: option, orders: 0, isExhaustive: false, residual: 0, wronglyBlocked: 0, latency: nil, missing: missing)
        }
        return GuardAdvice(finding, proof: .notProved(missing: missing), trials: trials)
    }

    private func prove(_ finding: Finding) throws(RaceBuilder.Missing) -> GuardAdvice {
        switch finding.rule {
        case .staleResponseOverwrite:
            let divergence = divergences.first { $0.event == finding.event && !$0.guards.isEmpty }
            guard let divergence else { return try race(finding, [finding.event, finding.other]) }
            return of(finding, divergence)
        case .completionBoundWrite:
            guard !finding.key.isNone else {
                throw RaceBuilder.Missing(what: "`write` events of the process: which response's value stands in the end")
            }
            return try race(finding, [finding.event, finding.other])
        case .mixedAggregate, .orphanResponse, .resurrection, .identityMixUp, .rollbackClobber, .refetchClobber,
            .hydrationClobber:
            return try race(finding, [finding.event, finding.other])
        case .nonMonotonicRead:
            if let writes = shownWrites(finding) { return try race(finding, writes) }
            return try FrameModel(engine, finding).advice()
        case .dirtyDisplay, .tornSnapshot: return try FrameModel(engine, finding).advice()
        case .readYourWrites:
            return log.kinds[finding.event] == .render
                ? try FrameModel(engine, finding).advice() : try ReadModel(engine, finding).advice()
        case .signalBeforeData: return try ReadModel(engine, finding).advice()
        case .lostUpdate, .serverInversion, .doubleSubmit: return try CommitModel(engine, finding).advice()
        case .streamGap: return try StreamModel(engine, finding).advice()
        case .lostCompletion: return Self.unproved(finding, missing: "a guard for this rule")
        }
    }

    /// A1: what the first divergence point's replay found.
    private func of(_ finding: Finding, _ divergence: Divergence) -> GuardAdvice {
        let first = divergence.guards[0]
        var trials = divergence.guards
        if let cancel = trials.firstIndex(where: { $0.guard == .cancelInFlight && ($0.residual > 0 || $0.wronglyBlocked > 0) })
        {
            trials[cancel].note = (try? cut(finding, [finding.event, finding.other])).flatMap { Cancellation(engine, $0).note }
        }
        return GuardAdvice(finding, proof: .replay(orders: first.orders, isExhaustive: first.isExhaustive), trials: trials)
    }

    private func race(_ finding: Finding, _ events: [Int?]) throws(RaceBuilder.Missing) -> GuardAdvice {
        RaceTrials(engine, try cut(finding, events)).run(finding)
    }

    private func cut(_ finding: Finding, _ events: [Int?]) throws(RaceBuilder.Missing) -> Race {
        var writes: [Int] = []
        var others: [Int] = []
        for event in events.compactMap({ $0 }) where log.processIndices[event] == finding.process {
            if let write = index.write(of: event) { writes.append(write) } else { others.append(event) }
        }
        guard let first = writes.first else { throw RaceBuilder.Missing(what: "the `write` that broke the rule") }
        let own = engine.writes[first]
        let intent = engine.knownIntent(log.intents[Int(own.event)])
        let named = intent < 0 && own.request >= 0 ? engine.requests[Int(own.request)].intent : intent
        if let optimistic = engine.optimisticByPair[PairTable.key(UInt32(own.place), UInt32(bitPattern: named))] {
            others.append(Int(engine.optimisticEvents[optimistic]))
        }
        return try RaceBuilder.build(finding, writes: writes, others: others, engine, index)
    }

    /// The writes of the versions that a frame went back from and to.
    private func shownWrites(_ finding: Finding) -> [Int?]? {
        guard let other = finding.other,
            let shown = log.shown(by: finding.event).first(where: { $0.key == finding.key }),
            let before = log.shown(by: other).first(where: { $0.key == finding.key }),
            let late = write(of: finding, shown.version, before: finding.event),
            let early = write(of: finding, before.version, before: other)
        else { return nil }
        return [late, early]
    }

    /// The response's write of a version to the finding's key, at most a stretch of a race before an event.
    private func write(of finding: Finding, _ version: TraceVersion, before event: Int) -> Int? {
        let first = max(0, event - RaceBuilder.maximumBefore)
        return (first..<event).last { candidate in
            log.processIndices[candidate] == finding.process && log.keys[candidate] == finding.key
                && log.versions[candidate] == version
                && index.write(of: candidate).map { engine.writes[$0].request >= 0 } ?? false
        }
    }
}

/// Every order of a few things; of more than `limit`, only the one they came in.
struct Permutations {
    /// 6! orders of events that a model is run on.
    static let limit = 6

    private(set) var orders: [[Int]] = []
    let isExhaustive: Bool

    /// `mayFollow` says whether an element can come once those before it have.
    init(_ count: Int, mayFollow: (Int, [Int]) -> Bool = { _, _ in true }) {
        isExhaustive = count <= Self.limit
        guard isExhaustive else {
            orders = [Array(0..<count)]
            return
        }
        Self.extend([], Array(0..<count), mayFollow, &orders)
    }

    private static func extend(
        _ chosen: [Int], _ rest: [Int], _ mayFollow: (Int, [Int]) -> Bool, _ orders: inout [[Int]]
    ) {
        guard !rest.isEmpty else { return orders.append(chosen) }
        for (place, element) in rest.enumerated() where mayFollow(element, chosen) {
            var others = rest
            others.remove(at: place)
            extend(chosen + [element], others, mayFollow, &orders)
        }
    }
}
