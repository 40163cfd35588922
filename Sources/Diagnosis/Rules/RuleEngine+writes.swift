import Trace

/// The rules about what a write replaces: A1, A2, A9, A10, A11, A13, A14, A15, A18.
extension RuleEngine {
    /// A write with everything about its cause resolved.
    struct WriteContext {
        var event: Int
        var place: Int
        var request: Int32
        var intent: Int32
        var slot: Int32
        var rank: Int64
        var confidence: Confidence
        var flags: EventFlags
        var isDerived: Bool { flags.contains(.derived) }
        var isResponse: Bool { request >= 0 }
    }

    mutating func written(_ event: Int) {
        let process = log.processIndices[event]
        let place = Int(place(log.keys[event], process: process))
        let write = resolve(event, place)
        var standing: Int32 = -1
        if write.flags.contains(.rollback) {
            standing = checkRollback(write)
        } else if write.isDerived {
            standing = checkAggregate(write)
        } else if write.isResponse {
            standing = checkResponseWrite(write)
        } else {
            standing = checkHydration(write)
        }
        if log.process(of: event).role == .server || log.process(of: event).role == .store {
            standing = max(standing, checkLostUpdate(event, place, write.intent))
        }
        feed(event)
        apply(write, finding: standing)
    }

    /// Who caused the write: `Docs/specifications/diagnosis.md`, "cause of a write".
    private mutating func resolve(_ event: Int, _ place: Int) -> WriteContext {
        let process = Int(log.processIndices[event])
        var write = WriteContext(
            event: event, place: place, request: knownRequest(log.requests[event]), intent: knownIntent(log.intents[event]),
            slot: -1,
            rank: 0, confidence: .declared, flags: log.flags[event])
        if write.request < 0, write.intent < 0, !write.flags.contains(.user), !write.flags.contains(.optimistic) {
            let state = processes[process]
            if !log.tasks[event].isNone, log.tasks[event] == state.deliveryTask {
                write.request = state.deliveryRequest
                write.confidence = .structural
            } else if log.tasks[event].isNone, state.deliveriesSinceInput == 1 {
                write.request = state.lastDelivered
                write.confidence = .temporal
            }
        }
        if write.request >= 0, requests[Int(write.request)].startPosition == .never { write.request = -1 }
        if write.request >= 0 {
            let request = requests[Int(write.request)]
            write.slot = request.slot
            write.rank = request.rank
            if write.intent < 0 {
                write.intent = request.intent
            } else if write.intent != request.intent, intents[Int(write.intent)].slot == request.slot {
                // The application says which intent the response serves now.
                write.rank = intents[Int(write.intent)].rank
            }
        } else if write.intent >= 0 {
            write.slot = intents[Int(write.intent)].slot
            write.rank = intents[Int(write.intent)].rank
        }
        if write.slot < 0 { write.slot = slot(log.slotNames[event], process: log.processIndices[event]) }
        return write
    }

    private mutating func checkResponseWrite(_ write: WriteContext) -> Int32 {
        var standing: Int32 = -1
        var isExplained = false
        checkOrphan(write, &standing)
        checkIdentity(write, &standing)
        checkResurrection(write, &standing)
        if let inversion = checkInversion(write) {
            standing = inversion
            isExplained = true
        }
        isExplained = checkRefetch(write, &standing) || isExplained
        isExplained = checkUserInput(write, &standing) || isExplained
        if !isExplained { checkHazard(write) }
        return standing
    }

    /// A1. Returns the finding.
    private mutating func checkInversion(_ write: WriteContext) -> Int32? {
        guard write.slot >= 0, !write.flags.contains(.merge),
            let index = highestByPair[PairTable.key(UInt32(write.place), UInt32(write.slot))]
        else { return nil }
        let above = highest[index]
        guard above.rank > write.rank, !log.hasEqualValues(write.event, Int(above.event)) else { return nil }
        if inversions.count < Self.maximumOccurrences { inversions.append(writes.count) }
        return report(
            .staleResponseOverwrite, write.event, other: above.event, slot: write.slot, request: write.request,
            otherRequest: above.request, confidence: write.confidence)
    }

    /// A2: nothing orders this write and the last one, and nothing stood between delivery and write.
    private mutating func checkHazard(_ write: WriteContext) {
        let place = places[write.place]
        guard place.lastWrite != .max, !write.flags.contains(.guarded), !write.flags.contains(.merge),
            place.lastRequest != write.request, requests[Int(write.request)].startPosition < place.lastPosition
        else { return }
        let last = Int(place.lastWrite)
        guard !log.flags[last].contains(.guarded), !log.flags[last].contains(.derived), !log.hasEqualValues(write.event, last)
        else { return }
        report(
            .completionBoundWrite, write.event, other: place.lastWrite, slot: write.slot, request: write.request,
            otherRequest: place.lastRequest, severity: .latent, confidence: write.confidence)
    }

    /// A10.
    private mutating func checkOrphan(_ write: WriteContext, _ standing: inout Int32) {
        let request = requests[Int(write.request)]
        if request.cancelPosition != .never {
            standing = report(
                .orphanResponse, write.event, other: request.cancelEvent, slot: write.slot, request: write.request,
                confidence: write.confidence, detail: "cancelled")
        } else if write.slot >= 0, slots[Int(write.slot)].unmountPosition != .never,
            slots[Int(write.slot)].unmountPosition > request.startPosition
        {
            standing = report(
                .orphanResponse, write.event, other: slots[Int(write.slot)].unmountEvent, slot: write.slot,
                request: write.request, confidence: write.confidence, detail: "unmounted")
        }
    }

    /// A13.
    private mutating func checkIdentity(_ write: WriteContext, _ standing: inout Int32) {
        let request = requests[Int(write.request)]
        let intended = request.intent >= 0 ? intents[Int(request.intent)].arguments : .none
        let asked = request.arguments.isNone ? intended : request.arguments
        guard !asked.isNone, !write.flags.contains(.merge) else { return }
        let declared = log.arguments[write.event]
        let bound = declared.isNone ? intended : declared
        guard !bound.isNone, bound != asked else { return }
        standing = report(
            .identityMixUp, write.event, other: request.startEvent, slot: write.slot, request: write.request,
            confidence: min(write.confidence, declared.isNone ? .structural : .declared),
            detail: "asked for \(log.text(asked)), written for \(log.text(bound))")
    }

    /// A11.
    private mutating func checkResurrection(_ write: WriteContext, _ standing: inout Int32) {
        let place = places[write.place]
        guard log.kinds[write.event] == .write, place.deleteEvent != .max else { return }
        let isBelow = log.versions[write.event].isOlder(than: log.versions[Int(place.deleteEvent)])
        let isNewer = !isBelow && log.versions[write.event].number != nil && log.versions[Int(place.deleteEvent)].number != nil
        guard isBelow || (!isNewer && requests[Int(write.request)].startPosition < place.deletePosition) else { return }
        standing = report(
            .resurrection, write.event, other: place.deleteEvent, slot: write.slot, request: write.request,
            confidence: isBelow ? write.confidence : min(write.confidence, .structural))
    }

    /// A15.
    private mutating func checkRefetch(_ write: WriteContext, _ standing: inout Int32) -> Bool {
        let place = places[write.place]
        guard place.optimisticEvent != .max, place.optimisticIntent != write.intent,
            !log.hasEqualValues(write.event, Int(place.optimisticEvent))
        else { return false }
        standing = report(
            .refetchClobber, write.event, other: place.optimisticEvent, slot: write.slot, request: write.request,
            confidence: write.confidence)
        return true
    }

    /// A18 of a response.
    private mutating func checkUserInput(_ write: WriteContext, _ standing: inout Int32) -> Bool {
        let place = places[write.place]
        guard place.lastWrite != .max, log.flags[Int(place.lastWrite)].contains(.user),
            place.lastIntent < 0 || place.lastIntent != write.intent,
            requests[Int(write.request)].startPosition < place.lastPosition,
            !log.hasEqualValues(write.event, Int(place.lastWrite))
        else { return false }
        standing = report(
            .hydrationClobber, write.event, other: place.lastWrite, slot: write.slot, request: write.request,
            confidence: write.confidence)
        return true
    }

    /// A18 of a write without a request that is not the person's.
    private mutating func checkHydration(_ write: WriteContext) -> Int32 {
        let place = places[write.place]
        guard !write.flags.contains(.user), !write.flags.contains(.optimistic), write.intent < 0, place.lastWrite != .max,
            log.flags[Int(place.lastWrite)].contains(.user), !log.hasEqualValues(write.event, Int(place.lastWrite))
        else { return -1 }
        return report(
            .hydrationClobber, write.event, other: place.lastWrite, slot: write.slot, confidence: .structural)
    }

    /// A14.
    private mutating func checkRollback(_ write: WriteContext) -> Int32 {
        let place = places[write.place]
        guard let index = optimisticByPair[PairTable.key(UInt32(write.place), UInt32(bitPattern: write.intent))] else {
            return -1
        }
        let optimistic = optimisticEvents[index]
        guard optimistic != .max, place.lastWrite != optimistic, place.lastIntent != write.intent || place.lastIntent < 0,
            !log.hasEqualValues(write.event, Int(place.lastWrite))
        else { return -1 }
        return report(
            .rollbackClobber, write.event, other: place.lastWrite, slot: write.slot, request: write.request,
            otherRequest: place.lastRequest, confidence: write.confidence)
    }

    /// A9.
    private mutating func checkAggregate(_ write: WriteContext) -> Int32 {
        let process = log.processIndices[write.event]
        var sources: [PlaceState] = []
        for key in log.from(of: write.event) {
            if let index = placeByPair[PairTable.key(UInt32(process), key.raw)], places[index].lastWrite != .max {
                sources.append(places[index])
            }
        }
        for (index, one) in sources.enumerated() {
            for other in sources[(index + 1)...] {
                guard one.lastSlot >= 0, one.lastSlot == other.lastSlot, one.lastRank != other.lastRank else { continue }
                let high = one.lastRank > other.lastRank ? one : other
                let low = one.lastRank > other.lastRank ? other : one
                guard high.lastIntent >= 0, intents[Int(high.lastIntent)].starts > 1, intents[Int(high.lastIntent)].live > 0
                else {
                    continue
                }
                return report(
                    .mixedAggregate, write.event, other: low.lastWrite, slot: high.lastSlot, request: high.lastRequest,
                    otherRequest: low.lastRequest, confidence: write.confidence,
                    detail: "\(log.text(high.key)) and \(log.text(low.key))")
            }
        }
        return checkTornSources(write, sources)
    }

    private mutating func checkTornSources(_ write: WriteContext, _ sources: [PlaceState]) -> Int32 {
        var window = CommitIndex.Window()
        for source in sources {
            window.narrow(commits, source.key, log.versions[Int(source.lastWrite)])
        }
        guard window.isEmpty else { return -1 }
        return report(
            .mixedAggregate, write.event, slot: write.slot, request: write.request, confidence: write.confidence,
            detail: "no revision had all of their versions")
    }

    /// Makes the write the place's last one.
    private mutating func apply(_ write: WriteContext, finding: Int32) {
        let slotsEvidence = Int(write.slot)
        if slotsEvidence >= 0 {
            slots[slotsEvidence].evidence.writes += 1
            if write.flags.contains(.merge) { slots[slotsEvidence].evidence.merges += 1 }
        }
        if write.slot >= 0, !write.isDerived {
            let pair = PairTable.key(UInt32(write.place), UInt32(write.slot))
            let entry = HighestWrite(rank: write.rank, event: UInt32(write.event), request: write.request)
            if let index = highestByPair[pair] {
                if highest[index].rank <= write.rank { highest[index] = entry }
            } else {
                highestByPair.set(pair, highest.count)
                highest.append(entry)
            }
        }
        writes.append(
            ResolvedWrite(
                event: UInt32(write.event), position: position, place: Int32(write.place), request: write.request,
                slot: write.slot,
                rank: write.rank))
        rememberOptimistic(write)
        places[write.place].lastWrite = UInt32(write.event)
        places[write.place].lastPosition = position
        places[write.place].lastRequest = write.request
        places[write.place].lastIntent = write.intent
        places[write.place].lastSlot = write.slot
        places[write.place].lastRank = write.rank
        if log.kinds[write.event] == .delete {
            places[write.place].deleteEvent = UInt32(write.event)
            places[write.place].deletePosition = position
        } else if finding < 0 {
            places[write.place].deleteEvent = .max
        }
        places[write.place].finding = finding
        if finding >= 0 { processes[Int(log.processIndices[write.event])].standing.append(Int32(write.place)) }
    }

    private mutating func rememberOptimistic(_ write: WriteContext) {
        if write.flags.contains(.optimistic) {
            places[write.place].optimisticEvent = UInt32(write.event)
            places[write.place].optimisticIntent = write.intent
            optimisticByPair.set(
                PairTable.key(UInt32(write.place), UInt32(bitPattern: write.intent)), optimisticEvents.count)
            optimisticEvents.append(UInt32(write.event))
        } else if write.flags.contains(.rollback) || places[write.place].optimisticIntent == write.intent {
            places[write.place].optimisticEvent = .max
            places[write.place].optimisticIntent = -1
        }
    }
}
