import Trace

/// Tries guards on every order of a race.
struct RaceTrials {
    private let engine: RuleEngine
    private let race: Race
    private let orders: RaceOrders

    init(_ engine: RuleEngine, _ race: Race) {
        self.engine = engine
        self.race = race
        orders = RaceOrders(race)
    }

    func run(_ finding: Finding) -> GuardAdvice {
        let targets = orders.orders.map { order in
            var oracle = RaceOracle(race)
            return oracle.run(order)
        }
        var trials = finding.rule.guardsToTry.map { trial($0, targets) }
        if !trials.contains(where: Self.suffices), let index = trials.firstIndex(where: { $0.guard == .identityBinding }),
            trials[index].residual == 0
        {
            var byPlace = trial(.identityBinding, targets, bindsPlaces: true)
            byPlace.note =
                "bind each key to the newest intent whose response writes it, and drop what was given up: bound to its slot's newest intent, a response loses keys that the newest one does not write"
            if Self.suffices(byPlace) { trials[index] = byPlace }
        }
        var advice = GuardAdvice(
            finding, proof: .replay(orders: orders.orders.count, isExhaustive: orders.isExhaustive), trials: trials)
        advice.advise()
        return advice
    }

    private static func suffices(_ trial: GuardTrial) -> Bool { trial.residual == 0 && trial.wronglyBlocked == 0 }

    private func trial(_ option: Guard, _ targets: [[RaceOracle.Target]], bindsPlaces: Bool = false) -> GuardTrial {
        var trial = GuardTrial(
            guard: option, orders: orders.orders.count, isExhaustive: orders.isExhaustive, residual: 0, wronglyBlocked: 0,
            latency: latency(of: option))
        let input = RaceRun.Input(race, engine)
        for (order, target) in zip(orders.orders, targets) {
            var run = RaceRun(input, guard: option, bindsPlaces: bindsPlaces)
            run.run(order)
            var isWrong = run.isBroken
            for place in race.places.indices where race.isJudged[place] && run.places[place].value != target[place].value {
                if run.places[place].blocked == 0 {
                    if place == 0 { isWrong = true }
                } else if target[place].isOwed {
                    trial.wronglyBlocked += 1
                }
            }
            if isWrong { trial.residual += 1 }
        }
        if option == .cancelInFlight, trial.residual > 0 || trial.wronglyBlocked > 0 {
            trial.note = Cancellation(engine, race).note
        }
        return trial
    }

    /// What the guard made deliveries wait for in the recorded order, where the trace has times.
    private func latency(of option: Guard) -> Int64? {
        let log = engine.log
        var wait = Wait()
        for (index, step) in race.steps.enumerated() {
            guard case .delivered = step.action, step.request >= 0 else { continue }
            let own = race.requests[Int(step.request)]
            let until: Int64? =
                switch option {
                case .queue:
                    race.steps[index...].compactMap { other in
                        guard case .delivered = other.action, other.request >= 0,
                            race.requests[Int(other.request)].slot == own.slot,
                            race.requests[Int(other.request)].rank < own.rank
                        else { return nil }
                        return log.times[other.event]
                    }.max()
                case .waitForDependency:
                    race.steps[index...].compactMap { other in
                        guard case .acknowledged = other.action, other.touched.contains(where: step.touched.contains) else {
                            return nil
                        }
                        return log.times[other.event]
                    }.max()
                case .cancelInFlight, .identityBinding, .versionCheck, .ignoreWhilePending, .idempotencyKey,
                    .atomicReadModifyWrite, .snapshotToken:
                    nil
                }
            guard let until else { continue }
            if until == 0 || log.times[step.event] == 0 { return nil }
            wait.add(from: log.times[step.event], until: until)
        }
        return wait.total
    }
}
