import Trace

/// A4, A5, A6 and A8 of frames: the frames of one view as recorded, painted or held back by a guard.
struct FrameModel {
    private let engine: RuleEngine
    private let log: TraceLog
    private let finding: Finding
    private let shown: TraceVersion
    /// Frames of the view that show the key, around the finding's.
    private var frames: [Int] = []

    init(_ engine: RuleEngine, _ finding: Finding) throws(RaceBuilder.Missing) {
        self.engine = engine
        self.finding = finding
        log = engine.log
        guard let shown = log.shown(by: finding.event).first(where: { $0.key == finding.key }) else {
            throw RaceBuilder.Missing(what: "what the frame shows of the key")
        }
        self.shown = shown.version
        var first = finding.event
        if let other = finding.other, log.kinds[other] == .render, other < first { first = other }
        guard finding.event - first <= RaceBuilder.maximumBefore else {
            throw RaceBuilder.Missing(what: "both frames, at most \(RaceBuilder.maximumBefore) events apart")
        }
        let last = min(log.count, finding.event + RaceBuilder.maximumAfter)
        frames = (first..<last).filter { event in
            log.kinds[event] == .render && log.processIndices[event] == finding.process
                && view(event) == view(finding.event) && version(event) != nil
        }
    }

    private func view(_ event: Int) -> String { log.attribute("view", of: event) ?? "" }
    private func version(_ frame: Int) -> TraceVersion? { log.shown(by: frame).first { $0.key == finding.key }?.version }

    func advice() throws(RaceBuilder.Missing) -> GuardAdvice {
        var orders = 1
        var isExhaustive = true
        let trials: [GuardTrial]
        switch finding.rule {
        case .nonMonotonicRead:
            let all = Permutations(frames.count)
            (orders, isExhaustive) = (all.orders.count, all.isExhaustive)
            trials = finding.rule.guardsToTry.map { monotone($0, all) }
        case .dirtyDisplay: trials = finding.rule.guardsToTry.map(durable)
        case .tornSnapshot: trials = finding.rule.guardsToTry.map(coherent)
        default: trials = try ownWrites()
        }
        var advice = GuardAdvice(
            finding, proof: .recordedEvents(orders: orders, isExhaustive: isExhaustive), trials: trials)
        advice.advise()
        return advice
    }

    private func trial(_ option: Guard, residual: Int, blocked: Int = 0, latency: Int64? = 0) -> GuardTrial {
        GuardTrial(
            guard: option, orders: 1, isExhaustive: true, residual: residual, wronglyBlocked: blocked, latency: latency)
    }

    /// From the finding's frame to a later event of its process, where it has times.
    private func wait(until event: Int?) -> Int64? {
        guard let event, log.times[event] > 0, log.times[finding.event] > 0 else { return nil }
        return Wait.between(log.times[finding.event], log.times[event])
    }

    // MARK: A5

    /// G3: a frame below what the view showed keeps what is there. Nothing else looks at versions; whether it would have kept the older
    /// one from being written cannot be seen without the writes.
    private func monotone(_ option: Guard, _ all: Permutations) -> GuardTrial {
        var trial = GuardTrial(
            guard: option, orders: all.orders.count, isExhaustive: all.isExhaustive, residual: 0, wronglyBlocked: 0, latency: 0)
        guard option == .versionCheck else {
            trial.orders = 0
            trial.latency = nil
            trial.missing = "`write` events with the `request` and `version` of `\(log.text(finding.key))`"
            return trial
        }
        let versions = frames.compactMap(version)
        let newest = versions.max { $0.raw < $1.raw }
        for order in all.orders {
            var painted = TraceVersion.none
            var highest = TraceVersion.none
            var isBroken = false
            for frame in order where painted.isNone || !versions[frame].isOlder(than: painted) {
                isBroken = isBroken || versions[frame].isOlder(than: highest)
                painted = versions[frame]
                if highest.isNone || highest.isOlder(than: painted) { highest = painted }
            }
            if isBroken { trial.residual += 1 }
            if painted != newest { trial.wronglyBlocked += 1 }
        }
        return trial
    }

    // MARK: A4

    /// G9: a version is painted once the process can know that it is durable; until then the key keeps what it showed.
    private func durable(_ option: Guard) -> GuardTrial {
        guard option == .waitForDependency else {
            var trial = trial(option, residual: 1)
            trial.note = "the version is the newest: comparing versions does not say whether it is durable"
            return trial
        }
        guard let commit = engine.commits.find(finding.key, shown) else {
            var trial = trial(option, residual: 0)
            trial.note = "the version was never committed, so it is never painted"
            return trial
        }
        guard let known = told(commit.version) else {
            var trial = trial(option, residual: 0, latency: nil)
            trial.orders = 0
            trial.missing =
                "an `ack` or `signal` by which the process learns of \(log.name(of: Int(commit.event))): the key would wait to the end"
            return trial
        }
        return trial(option, residual: 0, latency: wait(until: known))
    }

    /// The first acknowledgement or signal after the frame that tells of the version or a later one.
    private func told(_ version: TraceVersion) -> Int? {
        let last = min(log.count, finding.event + RaceBuilder.maximumAfter)
        return (finding.event..<last).first { event in
            guard log.processIndices[event] == finding.process, !log.versions[event].isOlder(than: version) else {
                return false
            }
            switch log.kinds[event] {
            case .ack:
                return log.keys[event] == finding.key && (log.versions[event].number != nil || log.versions[event] == version)
            case .signal: return log.versions[event].number != nil
            case .arrive, .deliver, .read: return log.keys[event] == finding.key && log.versions[event] == version
            default: return false
            }
        }
    }

    // MARK: A8

    /// G8: a frame is painted when one revision had all that it shows; otherwise the screen stays.
    private func coherent(_ option: Guard) -> GuardTrial {
        let torn = frames.count { isTorn($0) }
        guard option == .snapshotToken else {
            var trial = trial(option, residual: torn)
            trial.note = "every key is at its newest version on its own: that does not make them one state"
            return trial
        }
        var painted: [Int] = []
        var blocked: [Int] = []
        for frame in frames { if isTorn(frame) { blocked.append(frame) } else { painted.append(frame) } }
        let next = painted.first { $0 > finding.event }
        var trial = trial(option, residual: painted.count { isTorn($0) }, latency: wait(until: next))
        trial.wronglyBlocked = blocked.count { !isTorn($0) }
        if next == nil { trial.note = "no later frame of the trace shows one revision: until the next one the screen stays" }
        return trial
    }

    private func isTorn(_ frame: Int) -> Bool {
        var window = CommitIndex.Window()
        for one in log.shown(by: frame) { window.narrow(engine.commits, one.key, one.version) }
        return window.isEmpty
    }

    // MARK: A6

    /// The session's own acknowledged version is the least that may be painted of the key.
    private func ownWrites() throws(RaceBuilder.Missing) -> [GuardTrial] {
        guard let ack = finding.other, log.versions[ack].number != nil else {
            throw RaceBuilder.Missing(what: "the `version` of the acknowledgement")
        }
        let floor = log.versions[ack]
        let later = frames.filter { $0 >= finding.event }
        let next = later.first { frame in version(frame).map { !$0.isOlder(than: floor) } ?? false }
        return finding.rule.guardsToTry.map { option in
            switch option {
            case .versionCheck:
                let painted = later.filter { !(version($0)?.isOlder(than: floor) ?? true) }
                var trial = trial(option, residual: painted.count { version($0)?.isOlder(than: floor) ?? false }, latency: 0)
                trial.note = "the key keeps what the acknowledgement confirmed"
                return trial
            case .waitForDependency:
                var trial = trial(option, residual: 0, latency: wait(until: next))
                if next == nil {
                    trial.orders = 0
                    trial.latency = nil
                    trial.missing = "a later frame that shows `\(log.text(finding.key))` at the acknowledged version or above"
                }
                return trial
            case .cancelInFlight, .identityBinding, .queue, .ignoreWhilePending, .idempotencyKey, .atomicReadModifyWrite,
                .snapshotToken:
                var trial = trial(option, residual: 1)
                trial.note = "which request brought the older version is not judged by it"
                return trial
            }
        }
    }
}
