import Trace

extension RaceBuilder {
    /// Walks the stretch once and makes its steps, in the recorded order.
    mutating func addSteps() {
        findSlots()
        for event in range where log.processIndices[event] == process && race.steps.count <= Race.maximumSteps {
            switch log.kinds[event] {
            case .intent: asked(event)
            case .start: began(event)
            case .cancel: gaveUp(event)
            case .unmount: unmounted(event)
            case .write, .delete: wrote(event)
            case .ack: acknowledged(event)
            case .process, .slot, .arrive, .deliver, .read, .commit, .abort, .emit, .signal, .render, .mount, .pending,
                .settled,
                .expect, .error, .note:
                continue
            }
        }
        renumber()
        findReach()
    }

    private mutating func findSlots() {
        for request in relevant {
            let state = engine.requests[Int(request)]
            if state.slot >= 0 { slots.insert(state.slot) }
            // What was asked for before the stretch still counts as the slot's latest.
            let asked = state.intent >= 0 ? engine.intents[Int(state.intent)].event : state.startEvent
            if state.slot >= 0, Int(asked) < range.lowerBound {
                race.latestBefore[state.slot] = max(race.latestBefore[state.slot] ?? .min, state.rank)
            }
        }
    }

    private mutating func add(_ step: Race.Step) -> Int {
        race.steps.append(step)
        return race.steps.count - 1
    }

    // MARK: Fixed steps

    private mutating func asked(_ event: Int) {
        let name = log.intents[event].isNone ? log.ids[event] : log.intents[event]
        let intent = engine.knownIntent(name)
        guard event <= self.event, intent >= 0, Int(engine.intents[Int(intent)].event) == event else { return }
        let state = engine.intents[Int(intent)]
        guard slots.contains(state.slot) else { return }
        _ = add(Race.Step(action: .asked(slot: state.slot, rank: state.rank), event: event, intent: intent))
    }

    private mutating func began(_ event: Int) {
        let request = engine.knownRequest(log.requests[event].isNone ? log.ids[event] : log.requests[event])
        guard request >= 0, Int(engine.requests[Int(request)].startEvent) == event else { return }
        let state = engine.requests[Int(request)]
        if state.intent >= 0 {
            begun[state.intent, default: []].append(request)
            let attempt = log.attribute("attempt", of: event).flatMap { Int($0) } ?? 1
            let url = log.attribute("url", of: event) ?? ""
            attempts[state.intent, default: []].append(Attempt(number: attempt, request: request, url: url))
        }
        guard relevant.contains(request) else { return }
        if state.parent >= 0, let step = lastDelivery[state.parent] {
            beganIn[request] = step
        } else {
            beganIn[request] = add(Race.Step(action: .began, event: event, request: request, intent: state.intent))
        }
    }

    private mutating func gaveUp(_ event: Int) {
        let request = engine.knownRequest(log.requests[event])
        guard event <= self.event, relevant.contains(request) else { return }
        _ = add(Race.Step(action: .gaveUp, event: event, request: request))
    }

    private mutating func unmounted(_ event: Int) {
        guard event <= self.event,
            let slot = engine.slotByPair[PairTable.key(UInt32(process), log.slotNames[event].raw)], slots.contains(Int32(slot))
        else { return }
        _ = add(Race.Step(action: .unmounted(slot: Int32(slot)), event: event))
    }

    // MARK: Writes

    private mutating func wrote(_ event: Int) {
        guard let index = index.write(of: event), isPart(engine.writes[index]),
            let place = placeNumbers[engine.writes[index].place]
        else { return }
        let resolved = engine.writes[index]
        // Left out of a race that would be too long.
        guard resolved.request < 0 || relevant.contains(resolved.request) else { return }
        let write = write(resolved, place)
        if write.flags.contains(.merge) || write.isDerived { race.isJudged[place] = false }
        if write.flags.contains(.rollback) { return tookBack(write) }
        if resolved.request >= 0, !write.flags.contains(.user), !write.flags.contains(.optimistic) {
            return delivered(write, resolved)
        }
        if write.isDerived, let last = race.steps.indices.last, isSameTask(race.steps[last].event, event) {
            return append(write, to: last)
        }
        let isHydration =
            event == self.event && write.intent < 0 && !write.flags.contains(.user) && log.kinds[event] == .write
        let step = add(Race.Step(action: isHydration ? .hydrated : .wrote, event: event, intent: write.intent))
        append(write, to: step)
        localSteps[PairTable.key(UInt32(bitPattern: write.intent), UInt32(place))] = step
    }

    private mutating func tookBack(_ write: Race.Write) {
        var needs: UInt64 = 0
        if let local = localSteps[PairTable.key(UInt32(bitPattern: write.intent), UInt32(write.place))] {
            needs |= 1 << UInt64(local)
        }
        if write.request >= 0, let began = beganIn[write.request] { needs |= 1 << UInt64(began) }
        let step = add(
            Race.Step(action: .tookBack, event: write.event, request: write.request, intent: write.intent, needs: needs))
        append(write, to: step)
    }

    private mutating func delivered(_ write: Race.Write, _ resolved: ResolvedWrite) {
        if let last = lastDelivery[write.request], isSameTask(race.steps[last].event, write.event),
            race.steps.count - 1 == last || !log.tasks[write.event].isNone
        {
            return append(write, to: last)
        }
        var needs: UInt64 = 0
        if let earlier = lastDelivery[write.request] { needs |= 1 << UInt64(earlier) }
        if let began = beganIn[write.request] { needs |= 1 << UInt64(began) }
        let step = add(
            Race.Step(action: .delivered, event: write.event, request: write.request, intent: write.intent, needs: needs))
        append(write, to: step)
        lastDelivery[write.request] = step
    }

    private func isSameTask(_ one: Int, _ other: Int) -> Bool { log.tasks[one] == log.tasks[other] }

    private mutating func append(_ write: Race.Write, to step: Int) {
        race.steps[step].writes.append(write)
        for place in [write.place] + write.sources where !race.steps[step].touched.contains(place) {
            race.steps[step].touched.append(place)
        }
    }

    /// A write as the runs see it. One that names another slot than its request's answers that slot too: it is judged there.
    private mutating func write(_ resolved: ResolvedWrite, _ place: Int) -> Race.Write {
        let event = Int(resolved.event)
        let own = engine.knownIntent(log.intents[event])
        let request = resolved.request
        var write = Race.Write(
            event: event, place: place, request: request,
            intent: own >= 0 ? own : request >= 0 ? engine.requests[Int(request)].intent : -1, slot: resolved.slot,
            rank: resolved.rank, value: 0, version: log.versions[event], flags: log.flags[event])
        let name = log.slotNames[event]
        if request >= 0, resolved.slot >= 0, !name.isNone, name != engine.slots[Int(resolved.slot)].name {
            // A slot that nothing was asked of has no number: one of its own below all others.
            write.slot =
                engine.slotByPair[PairTable.key(UInt32(process), name.raw)].map { Int32($0) }
                ?? -2 &- Int32(truncatingIfNeeded: name.raw)
            write.rank = own >= 0 && engine.intents[Int(own)].slot == write.slot ? engine.intents[Int(own)].rank : .max
            slots.insert(write.slot)
        }
        write.isMisbound = isMisbound(write)
        if write.isDerived {
            write.sources = log.from(of: event).compactMap { key in
                engine.placeByPair[PairTable.key(UInt32(process), key.raw)].flatMap { placeNumbers[Int32($0)] }
            }
        } else {
            write.value = values.plain(event, log)
        }
        return write
    }

    /// A13: the request asked for something else than this was written for.
    private func isMisbound(_ write: Race.Write) -> Bool {
        guard write.request >= 0, !write.flags.contains(.merge) else { return false }
        let request = engine.requests[Int(write.request)]
        let intended = request.intent >= 0 ? engine.intents[Int(request.intent)].arguments : .none
        let asked = request.arguments.isNone ? intended : request.arguments
        let bound = log.arguments[write.event].isNone ? intended : log.arguments[write.event]
        return !asked.isNone && !bound.isNone && asked != bound
    }

    // MARK: Acknowledgements

    private mutating func acknowledged(_ event: Int) {
        let intent = engine.knownIntent(log.intents[event])
        let place = engine.placeByPair[PairTable.key(UInt32(process), log.keys[event].raw)].flatMap { placeNumbers[Int32($0)] }
        let locals = race.steps.indices.filter { step in
            guard case .wrote = race.steps[step].action else { return false }
            return (intent >= 0 && race.steps[step].intent == intent)
                || (intent < 0 && place.map { race.steps[step].touched.contains($0) } ?? false)
        }
        let touched = place.map { [$0] } ?? Array(Set(locals.flatMap { race.steps[$0].touched })).sorted()
        guard let local = locals.last, !touched.isEmpty else { return }
        var needs = UInt64(1) << UInt64(local)
        let request = engine.knownRequest(log.requests[event])
        if let began = beganIn[request] { needs |= 1 << UInt64(began) }
        let acknowledged = intent >= 0 ? intent : race.steps[local].intent
        race.acknowledgedVersions[acknowledged] = log.versions[event]
        _ = add(
            Race.Step(
                action: .acknowledged, event: event, request: request, intent: acknowledged, touched: touched, needs: needs))
    }

    // MARK: Requests

    /// Requests get numbers of the race: the runs keep them in arrays.
    private mutating func renumber() {
        var numbers: [Int32: Int32] = [:]
        for request in relevant.sorted() {
            numbers[request] = Int32(race.requests.count)
            race.requests.append(describe(request))
        }
        for step in race.steps.indices {
            race.steps[step].request = numbers[race.steps[step].request] ?? -1
            for write in race.steps[step].writes.indices {
                race.steps[step].writes[write].request = numbers[race.steps[step].writes[write].request] ?? -1
            }
        }
        for (intent, requests) in begun {
            race.fanOuts[intent] = Race.FanOut(
                requests: requests.compactMap { numbers[$0] }, count: requests.count,
                lacksAnswer: requests.contains { numbers[$0] == nil && engine.requests[Int($0)].deliverEvent == .max })
        }
    }

    private func describe(_ request: Int32) -> Race.Request {
        let state = engine.requests[Int(request)]
        let arrival = min(state.arriveEvent, state.deliverEvent)
        return Race.Request(
            id: request, slot: state.slot, rank: state.rank, intent: state.intent,
            startEvent: state.startEvent == .max ? -1 : Int(state.startEvent),
            arrivalEvent: arrival == .max ? .max : Int(arrival), beganIn: beganIn[request] ?? -1, isOutOfReach: false,
            deliveries: race.steps.count { step in
                if case .delivered = step.action { return step.request == request }
                return false
            })
    }

    /// Which requests a cancel does not reach: those of an earlier attempt whose handle the next one took, and those that were given up and
    /// wrote all the same.
    private mutating func findReach() {
        for index in race.requests.indices {
            let list = attempts[race.requests[index].intent] ?? []
            guard let own = list.first(where: { $0.request == race.requests[index].id }) else { continue }
            race.requests[index].isOutOfReach = list.contains { $0.number > own.number && $0.url == own.url }
        }
        for step in race.steps where step.request >= 0 {
            let request = Int(step.request)
            guard case .delivered = step.action,
                engine.requests[Int(race.requests[request].id)].cancelEvent < UInt32(step.event)
            else { continue }
            race.requests[request].isOutOfReach = true
        }
    }
}
