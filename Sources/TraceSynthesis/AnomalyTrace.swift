package import Trace

/// Small traces with one anomaly in them, or with the same events so that nothing is wrong: what guards and rules are tried on over many seeds.
/// The faults follow from the rules' definitions in the design, not from the code that finds them.
package enum AnomalyTrace {
    /// The same anomaly, seed and health give the same trace.
    package static func make(_ anomaly: Anomaly, seed: UInt64, isFaulty: Bool) -> [TraceEvent] {
        var script = AnomalyScript(seed: seed ^ UInt64(anomaly.rawValue) &* 0x9E37_79B9_7F4A_7C15)
        if script.dice.chance(60) { script.healthyRound("before") }
        switch anomaly {
        case .completionBoundWrite: overlap(&script, isFaulty)
        case .lostUpdate: loseUpdate(&script, isFaulty)
        case .dirtyDisplay: showEarly(&script, isFaulty)
        case .nonMonotonicRead: goBack(&script, isFaulty)
        case .readYourWrites: forgetOwn(&script, isFaulty)
        case .serverInversion: invertCommits(&script, isFaulty)
        case .tornSnapshot: tear(&script, isFaulty)
        case .mixedAggregate: mix(&script, isFaulty)
        case .orphanResponse: orphan(&script, isFaulty)
        case .resurrection: resurrect(&script, isFaulty)
        case .doubleSubmit: submitTwice(&script, isFaulty)
        case .identityMixUp: mixUp(&script, isFaulty)
        case .rollbackClobber: takeBack(&script, isFaulty)
        case .refetchClobber: refetch(&script, isFaulty)
        case .signalBeforeData: readEarly(&script, isFaulty)
        case .streamGap: reorder(&script, isFaulty)
        case .hydrationClobber: hydrate(&script, isFaulty)
        }
        if script.dice.chance(60) { script.healthyRound("after") }
        return script.events
    }

    private static func keys(_ script: inout AnomalyScript) -> [String] { (1...script.dice.among(1...3)).map { "k\($0)" } }

    // MARK: Responses

    private static func overlap(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let count = script.dice.among(2...4)
        let keys = keys(&script)
        for number in 1...count {
            script.askAndStart("i\(number)", "r\(number)", slot: "s")
            if !isFaulty { script.deliver("r\(number)", keys) }
        }
        guard isFaulty else { return }
        for number in 1...count { script.deliver("r\(number)", keys) }
    }

    private static func mix(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        for round in 1...2 {
            script.ask("i\(round)", slot: "s")
            script.start("a\(round)", intent: "i\(round)")
            script.start("b\(round)", intent: "i\(round)")
            let isMixed = isFaulty && round == 2
            script.deliver("a\(round)", ["a"], sum: isMixed ? ["a", "b"] : [])
            script.deliver("b\(round)", ["b"], sum: ["a", "b"])
        }
    }

    private static func orphan(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let keys = keys(&script)
        let isCancelled = script.dice.chance(50)
        script.askAndStart("i1", "r1", slot: "s")
        if !isFaulty { script.deliver("r1", keys) }
        script.add(isCancelled ? .cancel : .unmount) {
            if isCancelled { $0.request = "r1" } else { $0.slot = "s" }
        }
        if isFaulty { script.deliver("r1", keys) }
    }

    private static func resurrect(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let keys = keys(&script)
        script.start("r0", slot: "list")
        script.deliver("r0", keys)
        if isFaulty { script.start("r1", slot: "list") }
        script.ask("i1", slot: "row")
        script.add(.delete) {
            $0.key = keys[0]
            $0.intent = "i1"
        }
        if !isFaulty { script.start("r1", slot: "list") }
        script.deliver("r1", keys)
    }

    private static func mixUp(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let keys = keys(&script)
        for number in 1...script.dice.among(1...3) {
            script.ask("i\(number)", slot: "s", arguments: "\"q\(number)\"")
            script.start("r\(number)", intent: "i\(number)", arguments: "\"q\(number)\"")
            script.deliver("r\(number)", keys, arguments: isFaulty && number == 1 ? "\"other\"" : "\"q\(number)\"")
        }
    }

    // MARK: What the person did

    private static func takeBack(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        script.start("r0", slot: "list")
        script.deliver("r0", ["k"])
        script.ask("i1", slot: "s")
        let before = script.events.last { $0.key == "k" && $0.kind == .write }?.value
        script.write("k", intent: "i1", .optimistic)
        if isFaulty {
            script.ask("i2", slot: "s")
            script.write("k", intent: "i2")
        }
        script.add(.write) {
            $0.key = "k"
            $0.intent = "i1"
            $0.flags = .rollback
            $0.value = before
        }
    }

    private static func refetch(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let keys = keys(&script)
        let isEarly = script.dice.chance(50)
        if isFaulty, isEarly { script.start("r1", slot: "list") }
        script.ask("i1", slot: "row")
        script.write(keys[0], intent: "i1", .optimistic)
        if isFaulty, !isEarly { script.start("r1", slot: "list") }
        if isFaulty { script.deliver("r1", keys) }
        if !isFaulty || script.dice.chance(60) { script.tell(.ack, keys[0], 2, intent: "i1") }
        guard !isFaulty else { return }
        script.start("r1", slot: "list")
        script.deliver("r1", keys)
    }

    private static func hydrate(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let keys = keys(&script)
        let isResponse = script.dice.chance(60)
        if isResponse { script.start("r1", slot: "form") }
        if !isFaulty { isResponse ? script.deliver("r1", keys) : script.write(keys[0]) }
        script.ask("i1", slot: "name")
        script.write(keys[0], intent: "i1", .user)
        if isFaulty { isResponse ? script.deliver("r1", keys) : script.write(keys[0]) }
    }

    // MARK: Commits

    private static func loseUpdate(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let count = Int64(script.dice.among(3...5))
        script.commit("k", 1, intent: "i1")
        for version in 2...count {
            let isStale = isFaulty && version == count
            script.commit("k", version, base: isStale ? version - 2 : version - 1, intent: "i\(version)")
        }
    }

    private static func invertCommits(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let count = script.dice.among(2...5)
        for number in 1...count { script.ask("i\(number)", slot: "s") }
        var order = Array(1...count)
        if isFaulty {
            let place = script.dice.below(count - 1)
            order.swapAt(place, place + 1)
        }
        for (version, number) in order.enumerated() { script.commit("k", Int64(version + 1), intent: "i\(number)") }
    }

    private static func submitTwice(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let count = script.dice.among(1...3)
        for number in 1...count { script.ask("i\(number)", slot: "s") }
        var version: Int64 = 0
        for number in 1...count {
            for _ in 0..<(isFaulty && number == count ? 2 : 1) {
                version += 1
                script.commit("k", version, intent: "i\(number)")
            }
        }
    }

    // MARK: Frames, reads, streams

    private static func showEarly(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        script.commit("k", 1)
        script.signal(1, version: 1)
        script.show([("k", 1)])
        if isFaulty { script.show([("k", 2)]) }
        script.commit("k", 2)
        script.signal(2, version: 2)
        script.show([("k", 2)])
    }

    private static func goBack(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let hasWrites = script.dice.chance(50)
        let high = Int64(script.dice.among(2...5))
        script.start("r1", slot: "list")
        if !isFaulty, hasWrites { script.deliver("r1", ["k"], version: high - 1) }
        script.start("r2", slot: "list")
        if hasWrites { script.deliver("r2", ["k"], version: high) }
        script.show([("k", high)])
        if isFaulty, hasWrites { script.deliver("r1", ["k"], version: high - 1) }
        script.show([("k", isFaulty ? high - 1 : high)])
    }

    private static func forgetOwn(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let own = Int64(script.dice.among(2...9))
        script.ask("i1", slot: "s")
        script.tell(.ack, "k", own, intent: "i1")
        if script.dice.chance(50) {
            script.show([("k", isFaulty ? own - 1 : own)])
        } else {
            script.add(.start) {
                $0.request = "r1"
                $0.key = "k"
            }
            script.add(.arrive) {
                $0.request = "r1"
                $0.version = .number(isFaulty ? own - 1 : own)
            }
        }
    }

    private static func tear(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        script.commit("a", 1)
        script.commit("b", 2)
        script.commit("a", 3)
        script.commit("b", 4)
        script.show(isFaulty ? [("a", 1), ("b", 4)] : [("a", 3), ("b", 2)])
        if script.dice.chance(60) { script.show([("a", 3), ("b", 4)]) }
    }

    private static func readEarly(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let told = Int64(script.dice.among(2...9))
        let isCommitted = script.dice.chance(50)
        script.tell(.signal, "k", told)
        script.add(.start) {
            $0.request = "r1"
            $0.key = "k"
        }
        script.add(.arrive) {
            $0.request = "r1"
            $0.version = .number(isFaulty ? told - 1 : told)
        }
        if isCommitted { script.commit("k", told) }
    }

    private static func reorder(_ script: inout AnomalyScript, _ isFaulty: Bool) {
        let count = script.dice.among(2...5)
        var positions = (1...Int64(count)).map { $0 }
        if isFaulty {
            let place = script.dice.below(count - 1)
            positions.swapAt(place, place + 1)
        }
        for position in positions {
            script.add(.signal) {
                $0.slot = "feed"
                $0.number = position
            }
        }
    }
}
