import Trace

/// Intents and the life of requests: what the other rules stand on. Also the hazards of traces without writes.
extension RuleEngine {
    mutating func intended(_ event: Int) {
        let process = log.processIndices[event]
        processes[Int(process)].deliveriesSinceInput = 0
        var state = IntentState()
        state.name = log.intents[event].isNone ? log.ids[event] : log.intents[event]
        state.event = UInt32(event)
        state.position = position
        state.session = log.sessions[event]
        state.arguments = log.arguments[event]
        state.slot = slot(log.slotNames[event], process: process)
        if state.slot >= 0 { enter(&state, Int(state.slot), event) }
        intents.append(state)
        let index = Int32(intents.count - 1)
        if !state.name.isNone { intentBySymbol[Int(state.name.raw)] = index + 1 }
        if state.slot >= 0, state.rank >= slots[Int(state.slot)].latestRank {
            slots[Int(state.slot)].latestRank = state.rank
            slots[Int(state.slot)].latestIntent = index
        }
    }

    /// Ranks an intent in its slot, and notes what it says about the slot's policy.
    private mutating func enter(_ state: inout IntentState, _ slot: Int, _ event: Int) {
        slots[slot].intentCount += 1
        state.rank = log.flags[event].contains(.numbered) ? log.numbers[event] : slots[slot].intentCount
        if slots[slot].live > 0 { slots[slot].evidence.overlappingIntents += 1 }
        guard !state.arguments.isNone else { return }
        if slots[slot].evidence.firstArguments.isNone {
            slots[slot].evidence.firstArguments = state.arguments
        } else if slots[slot].evidence.firstArguments != state.arguments, slots[slot].evidence.changedArguments == .max {
            slots[slot].evidence.changedArguments = UInt32(event)
        }
    }

    mutating func started(_ event: Int) {
        let process = log.processIndices[event]
        let index = Int(request(log.requests[event].isNone ? log.ids[event] : log.requests[event]))
        guard index >= 0, requests[index].startEvent == .max else { return }
        requests[index].startEvent = UInt32(event)
        requests[index].startPosition = position
        requests[index].process = process
        requests[index].isLive = true
        requests[index].intent = knownIntent(log.intents[event])
        requests[index].arguments = log.arguments[event]
        let task = log.tasks[event]
        if !task.isNone, task == processes[Int(process)].deliveryTask {
            requests[index].parent = processes[Int(process)].deliveryRequest
        }
        bind(index, event, process)
        rememberVersions(index, event)
        processes[Int(process)].live += 1
        if requests[index].slot >= 0 { slots[Int(requests[index].slot)].live += 1 }
        feed(event)
    }

    /// Gives a request its slot and rank.
    private mutating func bind(_ index: Int, _ event: Int, _ process: UInt16) {
        let intent = Int(requests[index].intent)
        var slotIndex = slot(log.slotNames[event], process: process)
        if slotIndex < 0, intent >= 0 { slotIndex = intents[intent].slot }
        if slotIndex < 0 { slotIndex = anonymousSlot(event, process) }
        requests[index].slot = slotIndex
        if slotIndex >= 0 {
            slots[Int(slotIndex)].startCount += 1
            if slots[Int(slotIndex)].live > 0 {
                slots[Int(slotIndex)].evidence.overlappingRequests += 1
                if intent >= 0 { slots[Int(slotIndex)].evidence.overlappingStarts += 1 }
            }
            requests[index].rank = slots[Int(slotIndex)].startCount
        }
        if intent >= 0 {
            intents[intent].starts += 1
            intents[intent].live += 1
            if intents[intent].slot == slotIndex { requests[index].rank = intents[intent].rank }
        }
    }

    /// A request that names neither slot nor intent belongs to the slot of its method and URL path.
    private mutating func anonymousSlot(_ event: Int, _ process: UInt16) -> Int32 {
        guard !names.url.isNone, let url = attribute(names.url, event) else { return -1 }
        let method = names.method.isNone ? nil : attribute(names.method, event)
        let path = url.prefix { $0 != "?" && $0 != "#" }
        let name = "\(process) \(method ?? "GET") \(path)"
        if let index = anonymousSlots[name] { return Int32(index) }
        var state = SlotState()
        state.exampleStart = UInt32(event)
        state.process = process
        slots.append(state)
        anonymousSlots[name] = slots.count - 1
        return Int32(slots.count - 1)
    }

    func attribute(_ name: Symbol, _ event: Int) -> String? {
        log.attributes(of: event).first { $0.name == name }.map { log.text($0.value) }
    }

    mutating func cancelled(_ event: Int) {
        let index = Int(knownRequest(log.requests[event]))
        guard index >= 0 else { return }
        requests[index].cancelPosition = position
        requests[index].cancelEvent = UInt32(event)
        noteSuperseded(index, event)
        end(index)
    }

    mutating func arrived(_ event: Int) {
        let index = Int(knownRequest(log.requests[event]))
        guard index >= 0 else { return }
        checkVersionRead(event, request: index)
        guard log.processIndices[event] == requests[index].process else { return }
        requests[index].arrivePosition = position
        requests[index].arriveEvent = UInt32(event)
        checkHazardWithoutWrites(index, event)
        end(index)
    }

    mutating func delivered(_ event: Int) {
        let process = Int(log.processIndices[event])
        let index = Int(request(log.requests[event]))
        processes[process].deliveryTask = log.tasks[event]
        processes[process].deliveryRequest = Int32(index)
        guard index >= 0 else { return }
        processes[process].deliveriesSinceInput += 1
        processes[process].lastDelivered = Int32(index)
        if log.flags[event].contains(.dropped) { noteSuperseded(index, event) }
        if requests[index].deliverPosition == .never {
            requests[index].deliverPosition = position
            requests[index].deliverEvent = UInt32(event)
        }
        end(index)
    }

    /// The request is in flight no longer.
    private mutating func end(_ index: Int) {
        guard requests[index].isLive else { return }
        requests[index].isLive = false
        processes[Int(requests[index].process)].live &-= 1
        if requests[index].slot >= 0 { slots[Int(requests[index].slot)].live &-= 1 }
        if requests[index].intent >= 0 { intents[Int(requests[index].intent)].live &-= 1 }
    }

    private mutating func noteSuperseded(_ index: Int, _ event: Int) {
        let slot = Int(requests[index].slot)
        guard slot >= 0, slots[slot].latestRank > requests[index].rank else { return }
        if slots[slot].evidence.superseded == .max { slots[slot].evidence.superseded = UInt32(event) }
    }

    /// Two responses about one thing were in flight at once, in a process whose writes nobody recorded: what it did with them is not
    /// known, that they can come in either order is.
    private mutating func checkHazardWithoutWrites(_ index: Int, _ event: Int) {
        let slot = Int(requests[index].slot)
        guard slot >= 0, processes[Int(requests[index].process)].writes == 0 else { return }
        let last = Int(slots[slot].lastArrived)
        slots[slot].lastArrived = Int32(index)
        guard last >= 0, last != index, requests[index].startPosition < requests[last].arrivePosition else { return }
        let isInverted = requests[index].rank < requests[last].rank
        report(
            .completionBoundWrite, event, other: requests[last].arriveEvent, slot: Int32(slot), key: Symbol.none,
            request: Int32(index),
            otherRequest: Int32(last), severity: .latent, confidence: .structural,
            detail: isInverted
                ? "arrived in the other order than they were asked for" : "arrived in the order they were asked for")
    }
}
