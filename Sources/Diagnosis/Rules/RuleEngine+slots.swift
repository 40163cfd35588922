import Trace

/// Slots that appear, disappear and wait; the end of the trace, where A19 and the slots' policies are decided.
extension RuleEngine {
    mutating func mounted(_ event: Int) {
        _ = slot(log.slotNames[event], process: log.processIndices[event])
    }

    mutating func unmounted(_ event: Int) {
        let index = Int(slot(log.slotNames[event], process: log.processIndices[event]))
        guard index >= 0 else { return }
        slots[index].unmountPosition = position
        slots[index].unmountEvent = UInt32(event)
        slots[index].pendingEvent = .max
    }

    mutating func slotIsPending(_ event: Int) {
        let index = Int(slot(log.slotNames[event], process: log.processIndices[event]))
        guard index >= 0 else { return }
        slots[index].pendingEvent = UInt32(event)
    }

    mutating func slotSettled(_ event: Int) {
        let index = Int(slot(log.slotNames[event], process: log.processIndices[event]))
        guard index >= 0 else { return }
        slots[index].pendingEvent = .max
    }

    mutating func finish() {
        for index in slots.indices where slots[index].pendingEvent != .max {
            guard slots[index].live == 0, processes[Int(slots[index].process)].live == 0 else { continue }
            report(.lostCompletion, Int(slots[index].pendingEvent), slot: Int32(index), key: Symbol.none, severity: .visible)
        }
        for index in findings.indices where Self.dependsOnPolicy(findings[index].rule) && findingSlots[index] >= 0 {
            findings[index].policy = policy(of: Int(findingSlots[index]))
        }
    }

    private static func dependsOnPolicy(_ rule: Rule) -> Bool { rule == .staleResponseOverwrite }

    /// Declared, or inferred with its evidence, or unknown.
    func policy(of index: Int) -> PolicyVerdict {
        let slot = slots[index]
        if let known = knownPolicies[slot.name] { return known }
        if let declared = log.slot(named: slot.name)?.policy {
            return PolicyVerdict(policy: declared, source: .declared, evidence: "")
        }
        let evidence = slot.evidence
        func inferred(_ policy: SlotPolicy, _ reason: String) -> PolicyVerdict {
            PolicyVerdict(policy: policy, source: .inferred, evidence: reason)
        }
        if evidence.writes > 0, evidence.writes == evidence.merges {
            return inferred(.merge, "every write of the slot is flagged merge")
        }
        if evidence.superseded != .max {
            return inferred(.latest, "\(log.name(of: Int(evidence.superseded))) gave a superseded response up")
        }
        if evidence.overlappingIntents > 1, evidence.overlappingStarts == 0 {
            return inferred(
                .first, "\(evidence.overlappingIntents) intents came while a request was under way, and started none")
        }
        if evidence.changedArguments != .max {
            return inferred(
                .latest, "\(log.name(of: Int(evidence.changedArguments))) asks for other arguments than the intent before it")
        }
        if evidence.overlappingIntents > 1, evidence.overlappingRequests == 0 {
            return inferred(.queue, "requests wait for one another, though intents did not")
        }
        return .unknown
    }
}
