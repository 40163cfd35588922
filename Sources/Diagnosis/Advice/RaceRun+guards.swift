import Trace

extension RaceRun {
    /// Whether the guard lets a response's write (or one of no known cause) through.
    func lets(_ write: Race.Write, pass place: Place) -> Bool {
        let flight = flight(write.request)
        switch option {
        case .cancelInFlight: return !flight.isAborted
        case .identityBinding: return isCurrent(write, flight, place)
        case .versionCheck: return isNotBelow(write, flight, place)
        case .waitForDependency: return isFree(write, flight, place)
        case .queue, .ignoreWhilePending, .idempotencyKey, .atomicReadModifyWrite, .snapshotToken, nil: return true
        }
    }

    /// Guards that drop a delivery drop its derived writes and its rollbacks too.
    func isDropped(_ write: Race.Write, _ flight: Flight) -> Bool {
        switch option {
        case .cancelInFlight: flight.isAborted
        case .identityBinding: !write.flags.contains(.rollback) && !isCurrent(write, flight, places[write.place])
        case .versionCheck, .queue, .ignoreWhilePending, .idempotencyKey, .atomicReadModifyWrite, .snapshotToken,
            .waitForDependency, nil:
            false
        }
    }

    /// G2: it answers the slot's latest intent, nobody gave it up or took its slot away, and it was bound to what it asked for.
    private func isCurrent(_ write: Race.Write, _ flight: Flight, _ place: Place) -> Bool {
        guard write.request >= 0 else { return true }
        if flight.isGivenUp || write.isMisbound || (unmountTicks[write.slot] ?? 0) > flight.began { return false }
        if bindsPlaces { return place.slot != write.slot || write.rank >= place.rank }
        return write.rank >= latest[write.slot] ?? .min
    }

    /// G3: by version where both are known, by rank within a slot, otherwise by the process's own count of what it was asked to do.
    private func isNotBelow(_ write: Race.Write, _ flight: Flight, _ place: Place) -> Bool {
        if write.version.number != nil, place.version.number != nil { return !write.version.isOlder(than: place.version) }
        if write.request >= 0, place.request >= 0, place.slot == write.slot { return write.rank >= place.rank }
        if write.request < 0 { return place.inputTick == 0 && place.pending.isEmpty }
        // Its own intent's optimistic write is what it answers.
        if place.intent >= 0, place.intent == write.intent { return true }
        return (place.request < 0 ? flight.began : flight.asked) >= place.asked
    }

    /// G9: nothing that the person did to the place waits for its acknowledgement, and the request began after what was acknowledged.
    private func isFree(_ write: Race.Write, _ flight: Flight, _ place: Place) -> Bool {
        if write.request < 0 { return place.inputTick == 0 && place.pending.isEmpty }
        if place.intent >= 0, place.intent == write.intent { return true }
        let isOwnInput = place.inputIntent >= 0 && place.inputIntent == write.intent
        if place.inputTick > flight.began && !isOwnInput { return false }
        if place.pending.contains(where: { $0.intent != write.intent }) { return false }
        // A deletion that a response brought is none of the person's.
        let isOwnDeletion = place.request < 0 && place.deletedTick > flight.began
        return !isOwnDeletion && place.acknowledgedTick <= flight.began
    }

    /// Whether a derived write's sources come from two answers of which the later is not complete, or from no one revision.
    func isMixed(_ write: Race.Write) -> Bool {
        for (index, one) in write.sources.enumerated() {
            for other in write.sources[(index + 1)...] {
                let (a, b) = (places[one], places[other])
                guard a.slot >= 0, a.slot == b.slot, a.rank != b.rank else { continue }
                let high = a.rank > b.rank ? a : b
                if let fanOut = race.fanOuts[high.intent], fanOut.count > 1, isUnderWay(fanOut) { return true }
            }
        }
        var window = CommitIndex.Window()
        for source in write.sources {
            window.narrow(engine.commits, engine.places[Int(race.places[source])].key, places[source].version)
        }
        return window.isEmpty
    }

    private func isUnderWay(_ fanOut: Race.FanOut) -> Bool {
        fanOut.lacksAnswer
            || fanOut.requests.contains { flights[Int($0)].delivered < race.requests[Int($0)].deliveries }
    }

    // MARK: The rule, in this run

    /// Whether an applied write breaks the finding's rule.
    func breaks(_ write: Race.Write, _ place: Place) -> Bool {
        let flight = flight(write.request)
        switch race.rule {
        case .staleResponseOverwrite:
            return place.slot == write.slot && place.rank > write.rank && place.value != write.value
        case .orphanResponse:
            return flight.isGivenUp || (unmountTicks[write.slot] ?? 0) > flight.began
        case .resurrection:
            guard place.deletedTick > 0, engine.log.kinds[write.event] == .write else { return false }
            if write.version.number != nil, place.deletedVersion.number != nil {
                return write.version.isOlder(than: place.deletedVersion)
            }
            return flight.began < place.deletedTick
        case .identityMixUp: return write.isMisbound
        case .refetchClobber:
            return place.value != write.value && place.pending.contains { $0.intent != write.intent }
        case .hydrationClobber:
            let isOwn = place.inputIntent >= 0 && place.inputIntent == write.intent
            return place.inputTick > 0 && place.request < 0 && place.value != write.value && !isOwn
                && (write.request < 0 || flight.began < place.inputTick)
        case .nonMonotonicRead: return write.version.isOlder(than: place.newest)
        case .readYourWrites: return write.version.isOlder(than: place.acknowledgedVersion)
        case .completionBoundWrite, .lostUpdate, .dirtyDisplay, .serverInversion, .tornSnapshot, .mixedAggregate, .doubleSubmit,
            .rollbackClobber, .signalBeforeData, .streamGap, .lostCompletion:
            // Hazards are judged by how the places end; the others are no rules about a response's write.
            return false
        }
    }
}
