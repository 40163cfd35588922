import Trace

/// Guard advice in words and as JSON: which guard, how it was proved, and why giving requests up does not do.
extension DiagnosisReport {
    func addAdvice(to section: inout ReportSection) {
        for advice in diagnosis.advice {
            let name = "\(advice.rule.code) at \(log.name(of: advice.event))"
            let key = advice.key.isNone ? "" : " of `\(log.text(advice.key))`"
            if let advised = advice.trials.first(where: \.isAdvised) {
                section.add("\(name)\(key): \(advised.guard.code) \(advised.guard.title). Proved by \(words(advice)).", .good)
            } else if case .notProved(let missing) = advice.proof {
                let asked = advice.trials.first.map { " The rule asks for \($0.guard.code) \($0.guard.title)." } ?? ""
                section.add("\(name)\(key): not proved, as the trace lacks \(missing).\(asked)", .strong)
            } else {
                section.add("\(name)\(key): none of the guards tried suffices alone (\(words(advice))).", .strong)
            }
            for line in lines(advice) { section.add("    \(line)") }
        }
        let named = Set(diagnosis.advice.map(\.event))
        let rest = diagnosis.findings.count { !$0.rule.guardsToTry.isEmpty && !named.contains($0.event) }
        if rest > 0 {
            section.add(
                "Guards are tried for the first \(AdviceFinder.maximumPerRule) findings of each rule; \(rest) more have none.")
        }
    }

    private func lines(_ advice: GuardAdvice) -> [String] {
        var lines: [String] = []
        let judged = advice.trials.filter { $0.missing == nil }
        // The first divergence point's guards stand above, one a line.
        if !judged.isEmpty, advice.event != diagnosis.divergences.first?.event || advice.rule != .staleResponseOverwrite {
            lines.append(
                judged.map {
                    "\($0.guard.code) wrong in \($0.residual), wrongly blocked \($0.wronglyBlocked), \(Self.wait($0))"
                }
                .joined(separator: "; ") + ".")
        }
        if let cancel = judged.first(where: { $0.guard == .cancelInFlight && ($0.residual > 0 || $0.wronglyBlocked > 0) }) {
            lines.append("Cancelling alone fails\(cancel.note.map { ": \($0)" } ?? "").")
        }
        if let note = advice.trials.first(where: \.isAdvised)?.note {
            lines.append("\(note.prefix(1).uppercased())\(note.dropFirst()).")
        }
        return lines
    }

    static func wait(_ trial: GuardTrial) -> String {
        trial.latency.map { $0 == 0 ? "no wait" : "\($0 / 1_000_000) ms waited" } ?? "wait unknown"
    }

    private func words(_ advice: GuardAdvice) -> String { Self.words(advice) }

    /// What a proof rests on.
    static func words(_ advice: GuardAdvice) -> String {
        switch advice.proof {
        case .replay(let orders, let isExhaustive):
            "replay over \(orders) order\(orders == 1 ? "" : "s") (T1, \(isExhaustive ? "all that differ" : "bounded: more would be too many"))"
        case .recordedEvents(let orders, let isExhaustive):
            orders == 1
                ? "a model of the guard on the recorded events"
                : "a model of the guard on the recorded events, in \(orders) \(Self.what(advice.rule)) (\(isExhaustive ? "all of them" : "bounded: more would be too many"))"
        case .notProved: "nothing"
        }
    }

    /// What a model's orders are orders of: only the store's are its own to choose (T2).
    private static func what(_ rule: Rule) -> String {
        switch rule {
        case .lostUpdate, .serverInversion, .doubleSubmit:
            "orders in which the store could have processed them (T2: a model of it)"
        default: "orders of arrival (T1)"
        }
    }

    // MARK: JSON

    var adviceValues: [JSONValue] {
        diagnosis.advice.map { advice in
            let (proof, orders, isExhaustive, missing) = members(advice.proof)
            return .object([
                ("rule", .text(advice.rule.code)), ("event", .text(log.name(of: advice.event))),
                ("slot", advice.slot.isNone ? .null : .text(log.text(advice.slot))),
                ("key", advice.key.isNone ? .null : .text(log.text(advice.key))),
                ("process", .text(log.text(log.processes[Int(advice.process)].name))),
                ("guard", .optional(advice.advised?.code)), ("proof", .text(proof)), ("orders", .count(orders)),
                ("exhaustive", .bool(isExhaustive)), ("missing", .optional(missing)),
                ("guards", .array(advice.trials.map(value))),
            ])
        }
    }

    private func members(_ proof: GuardAdvice.Proof) -> (String, Int, Bool, String?) {
        switch proof {
        case .replay(let orders, let isExhaustive): ("replay", orders, isExhaustive, nil)
        case .recordedEvents(let orders, let isExhaustive): ("recorded events", orders, isExhaustive, nil)
        case .notProved(let missing): ("not proved", 0, false, missing)
        }
    }

    /// A guard's figures; none when it could not be judged.
    func value(_ trial: GuardTrial) -> JSONValue {
        let isJudged = trial.missing == nil
        return .object([
            ("guard", .text(trial.guard.code)), ("name", .text(trial.guard.title)), ("advised", .bool(trial.isAdvised)),
            ("residual", isJudged ? .count(trial.residual) : .null), ("orders", .count(trial.orders)),
            ("exhaustive", .bool(trial.isExhaustive)),
            ("wronglyBlocked", isJudged ? .count(trial.wronglyBlocked) : .null),
            ("latency", trial.latency.map { .number($0) } ?? .null), ("missing", .optional(trial.missing)),
            ("note", .optional(trial.note)),
        ])
    }
}
