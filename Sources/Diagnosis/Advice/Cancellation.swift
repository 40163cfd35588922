import Trace

/// Why giving a request up does not prevent the finding, from what the trace holds: the sentence that stands beside G1 in the report.
struct Cancellation {
    private let engine: RuleEngine
    private let race: Race

    init(_ engine: RuleEngine, _ race: Race) {
        self.engine = engine
        self.race = race
    }

    var note: String? {
        guard let late = race.steps.last(where: { $0.writes.contains { $0.place == 0 } && $0.request >= 0 }) else {
            return "no request could be given up: what was written came from none"
        }
        return gaveUpTooLate(late) ?? shared() ?? wrongAttempt() ?? alreadyThere() ?? nothingCancels(late)
    }

    private func name(_ event: Int) -> String { engine.log.name(of: event) }
    private func name(request: Int32) -> String { engine.log.text(state(request).name) }
    private func state(_ request: Int32) -> RequestState { engine.requests[Int(race.requests[Int(request)].id)] }

    /// The trace shows the cancel, and the write after it.
    private func gaveUpTooLate(_ late: Race.Step) -> String? {
        for step in race.steps {
            guard case .gaveUp = step.action, step.event < late.event, step.request == late.request else { continue }
            let request = race.requests[Int(step.request)]
            let state = state(step.request)
            if Int(state.deliverEvent) < step.event {
                return
                    "\(name(step.event)) gave \(name(request: step.request)) up after \(name(Int(state.deliverEvent))) had begun to handle its response: the rest of the handler was already queued"
            }
            if request.arrivalEvent < step.event {
                return
                    "when \(name(step.event)) gave \(name(request: step.request)) up, its response had already arrived (\(name(request.arrivalEvent)))"
            }
            return
                "\(name(step.event)) gave \(name(request: step.request)) up, and \(name(late.event)) was written all the same: nothing tied the handler to the cancel"
        }
        return nil
    }

    /// The handle belongs to the attempt that was made last.
    private func wrongAttempt() -> String? {
        for step in race.steps {
            guard case .delivered = step.action, step.request >= 0, race.requests[Int(step.request)].isOutOfReach,
                state(step.request).cancelEvent == .max
            else { continue }
            return
                "\(name(step.event)) is of an earlier attempt, \(name(request: step.request)): the next attempt took the handle that a cancel uses"
        }
        return nil
    }

    /// A newer intent came between the arrival and the write.
    private func alreadyThere() -> String? {
        for step in race.steps {
            guard case .delivered = step.action, step.request >= 0 else { continue }
            let request = race.requests[Int(step.request)]
            for other in race.steps where other.event > request.arrivalEvent && other.event < step.event {
                guard case .asked(let slot, let rank) = other.action, slot == request.slot, rank > request.rank else {
                    continue
                }
                let isHandled = Int(state(step.request).deliverEvent) < other.event
                return isHandled
                    ? "when \(name(other.event)) asked anew, the handler of \(name(request: step.request))'s response had begun (\(name(Int(state(step.request).deliverEvent)))): its continuation was already queued"
                    : "when \(name(other.event)) asked anew, the response of \(name(request: step.request)) had already arrived (\(name(request.arrivalEvent)))"
            }
        }
        return nil
    }

    /// One request answers two slots: giving it up for one takes it from the other.
    private func shared() -> String? {
        for step in race.steps {
            guard case .delivered = step.action, step.request >= 0,
                let other = step.writes.first(where: { $0.slot != race.requests[Int(step.request)].slot })
            else { continue }
            return
                "\(name(request: step.request)) also answers slot \(engine.log.text(engine.log.slotNames[other.event])) (\(name(other.event))): giving it up takes that answer too"
        }
        return nil
    }

    private func nothingCancels(_ late: Race.Step) -> String? {
        "no newer intent of its own slot would give \(name(request: late.request)) up before its response is there"
    }
}
