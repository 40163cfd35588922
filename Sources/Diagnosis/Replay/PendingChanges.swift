import Trace

/// What the person did to places and was not yet told is saved, so that G9 can be replayed: a response's write to such a place waits, and is read
/// again when its request began before the acknowledgement.
struct PendingChanges: Sendable {
    private struct Change: Sendable {
        var intent: Int32
        var position: Position
        /// When it was acknowledged or taken back; `never` while it waits.
        var ended = Position.never
        var isTakenBack = false
        /// Typed, not submitted: nothing acknowledges it.
        var isInput: Bool
    }

    private var changes: [Int32: [Change]] = [:]

    /// One walk over the writes, and one over the events when there is anything pending.
    init(_ engine: RuleEngine) {
        let log = engine.log
        for write in engine.writes {
            let flags = log.flags[Int(write.event)]
            let intent = engine.knownIntent(log.intents[Int(write.event)])
            if flags.contains(.rollback) {
                end(write.place, intent, write.position, isTakenBack: true)
            } else if flags.contains(.optimistic) || flags.contains(.user) {
                changes[write.place, default: []].append(
                    Change(intent: intent, position: write.position, isInput: !flags.contains(.optimistic)))
            }
        }
        guard !changes.isEmpty else { return }
        let order = engine.causal.order
        for place in 0..<log.count {
            let event = order.isEmpty ? place : Int(order[place])
            guard log.kinds[event] == .ack else { continue }
            let pair = PairTable.key(UInt32(log.processIndices[event]), log.keys[event].raw)
            guard let key = engine.placeByPair[pair] else { continue }
            end(Int32(key), engine.knownIntent(log.intents[event]), Position(place), isTakenBack: false)
        }
    }

    private mutating func end(_ place: Int32, _ intent: Int32, _ position: Position, isTakenBack: Bool) {
        guard var list = changes[place] else { return }
        for index in list.indices where list[index].ended == .never && list[index].position < position {
            guard !list[index].isInput, intent < 0 || list[index].intent == intent else { continue }
            list[index].ended = position
            list[index].isTakenBack = isTakenBack
        }
        changes[place] = list
    }

    /// Whether a response's write to a place, delivered at a position, waits for nothing.
    func lets(_ place: Int32, of intent: Int32, begun start: Position, at position: Position) -> Bool {
        (changes[place] ?? []).allSatisfy { change in
            guard change.position < position, change.intent < 0 || change.intent != intent else { return true }
            if change.isInput { return start > change.position }
            if position < change.ended { return false }
            return change.isTakenBack || start > change.ended
        }
    }
}

extension Guard {
    /// Why a replay of deliveries leaves this guard nothing to decide; `nil` when it does.
    package var whyNotReplayed: String? {
        switch self {
        case .cancelInFlight, .identityBinding, .versionCheck, .queue, .ignoreWhilePending, .waitForDependency: nil
        case .idempotencyKey:
            "G6 decides about commits at the server, and a replay delivers recorded responses; `trueline diagnose` runs it on the recorded commits (A12)"
        case .atomicReadModifyWrite:
            "G7 decides what a commit or a rollback computes, and a replay delivers recorded values; `trueline diagnose` runs it on commits and rollbacks (A3, A14)"
        case .snapshotToken:
            "G8 decides about frames and derived values, and a replay compares the places at the end; `trueline diagnose` runs it on them (A8, A9)"
        }
    }
}
