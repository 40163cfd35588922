import Trace

/// A6 and A16 of what a request brought: the recorded read, against what its process had been told before it began.
struct ReadModel {
    private let engine: RuleEngine
    private let log: TraceLog
    private let finding: Finding
    private let floor: TraceVersion
    private let key: Symbol

    init(_ engine: RuleEngine, _ finding: Finding) throws(RaceBuilder.Missing) {
        self.engine = engine
        self.finding = finding
        log = engine.log
        key = finding.key
        guard let other = finding.other, log.versions[other].number != nil else {
            throw RaceBuilder.Missing(what: "the `version` that had been told")
        }
        floor = log.versions[other]
    }

    func advice() -> GuardAdvice {
        let trials = finding.rule.guardsToTry.map(trial)
        var advice = GuardAdvice(finding, proof: .recordedEvents(orders: 1, isExhaustive: true), trials: trials)
        advice.advise()
        return advice
    }

    private func trial(_ option: Guard) -> GuardTrial {
        var trial = GuardTrial(guard: option, orders: 1, isExhaustive: true, residual: 0, wronglyBlocked: 0, latency: 0)
        let number = floor.number.map { "\($0)" } ?? ""
        switch option {
        case .versionCheck:
            // The guard lets through what is not below the version told; the recorded read is, so it is dropped.
            trial.residual = log.versions[finding.event].isOlder(than: floor) ? 0 : 1
            trial.note = "the place stays as it is until it is read again at version \(number) or above"
        case .waitForDependency:
            if let commit {
                trial.latency = latency(commit)
                trial.note =
                    "the read names version \(number), and the server waits for \(log.name(of: commit)); what it answers then is not in the trace"
            } else {
                trial.orders = 0
                trial.latency = nil
                trial.missing =
                    "the `commit` of `\(log.text(key))` at version \(number) or above, for which the read would wait"
            }
        case .cancelInFlight:
            trial.residual = 1
            trial.note = "the request began when the version had been told: nothing newer was asked for that would give it up"
        case .identityBinding, .queue, .ignoreWhilePending, .idempotencyKey, .atomicReadModifyWrite, .snapshotToken:
            trial.residual = 1
        }
        return trial
    }

    /// The first recorded commit of the key, or of the whole store, that the read could have waited for.
    private var commit: Int? {
        engine.commits.first(key, from: floor).map { Int($0.event) }
    }

    /// From the recorded answer to that commit, where one clock has both.
    private func latency(_ commit: Int) -> Int64? {
        guard log.shareClock(commit, finding.event), log.times[commit] > 0, log.times[finding.event] > 0 else { return nil }
        return Wait.between(log.times[finding.event], log.times[commit])
    }
}
