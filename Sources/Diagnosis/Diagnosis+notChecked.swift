import Trace

/// Members that some rules need, as the report names them.
private enum Member: Int, CaseIterable {
    case requestOfWrite, slot, base, shows, intentOfCommit, keyOfCommit, from, arguments, rollback, optimistic, position, user

    var name: String {
        switch self {
        case .requestOfWrite: "`request` of a `write`"
        case .slot: "`slot` of an `intent` or `start`"
        case .base: "`base` of a `commit` or of a server's `write`"
        case .shows: "`shows` of a `render`"
        case .intentOfCommit: "`intent` of a `commit`"
        case .keyOfCommit: "`key` of a `commit`"
        case .from: "`from` of a `write`"
        case .arguments: "`arguments`"
        case .rollback: "`rollback` of a `write`"
        case .optimistic: "`optimistic` of a `write`"
        case .position: "`position` of an `emit` or `signal`"
        case .user: "`user` of a `write`"
        }
    }
}

/// What a trace has of what the rules need.
private struct Inventory {
    private var kinds = [Bool](repeating: false, count: 32)
    private var members = [Bool](repeating: false, count: Member.allCases.count)

    init(_ log: TraceLog) {
        for event in 0..<log.count { note(event, log) }
    }

    /// The first of these kinds that the trace has none of, in words.
    func lacks(_ needed: EventKind...) -> String? {
        needed.first { !kinds[Int($0.rawValue)] }.map { "`\($0.name)` events" }
    }

    func lacks(_ needed: Member...) -> String? { needed.first { !members[$0.rawValue] }?.name }

    func has(_ kind: EventKind) -> Bool { kinds[Int(kind.rawValue)] }

    private mutating func note(_ event: Int, _ log: TraceLog) {
        let flags = log.flags[event]
        let kind = log.kinds[event]
        kinds[Int(kind.rawValue)] = true
        if !log.arguments[event].isNone { found(.arguments) }
        switch kind {
        case .write, .delete:
            if !log.requests[event].isNone || !log.tasks[event].isNone { found(.requestOfWrite) }
            if !log.bases[event].isNone { found(.base) }
            if flags.contains(.derived) { found(.from) }
            if flags.contains(.rollback) { found(.rollback) }
            if flags.contains(.optimistic) { found(.optimistic) }
            if flags.contains(.user) { found(.user) }
        case .intent, .start:
            if !log.slotNames[event].isNone || !log.attributes(of: event).isEmpty { found(.slot) }
        case .commit:
            if !log.bases[event].isNone { found(.base) }
            if !log.intents[event].isNone { found(.intentOfCommit) }
            if !log.keys[event].isNone { found(.keyOfCommit) }
        case .render:
            if !log.shown(by: event).isEmpty { found(.shows) }
        case .emit, .signal:
            if flags.contains(.numbered) { found(.position) }
        case .process, .slot, .cancel, .arrive, .deliver, .read, .ack, .abort, .mount, .unmount, .pending, .settled, .expect,
            .error, .note:
            return
        }
    }

    private mutating func found(_ member: Member) { members[member.rawValue] = true }
}

extension Diagnosis {
    /// Rules for which the trace has nothing of what they need.
    static func notChecked(_ log: TraceLog) -> [NotChecked] {
        let inventory = Inventory(log)
        return Rule.allCases.compactMap { rule in
            missing(rule, inventory).map { NotChecked(rule: rule, missing: $0) }
        }
    }

    private static func missing(_ rule: Rule, _ trace: Inventory) -> String? {
        switch rule {
        case .staleResponseOverwrite: trace.lacks(Member.requestOfWrite, .slot)
        case .completionBoundWrite: trace.lacks(EventKind.start)
        case .lostUpdate: trace.lacks(Member.base)
        case .dirtyDisplay: trace.lacks(EventKind.commit) ?? trace.lacks(Member.shows)
        case .nonMonotonicRead: trace.lacks(Member.shows)
        case .readYourWrites: trace.lacks(EventKind.ack)
        case .serverInversion, .doubleSubmit: trace.lacks(Member.intentOfCommit)
        case .tornSnapshot: trace.lacks(Member.keyOfCommit, .shows)
        case .mixedAggregate: trace.lacks(Member.from)
        case .orphanResponse:
            trace.has(.cancel) || trace.has(.unmount) ? trace.lacks(EventKind.write) : "`cancel` or `unmount` events"
        case .resurrection: trace.lacks(EventKind.delete)
        case .identityMixUp: trace.lacks(Member.arguments)
        case .rollbackClobber: trace.lacks(Member.rollback)
        case .refetchClobber: trace.lacks(Member.optimistic)
        case .signalBeforeData: trace.lacks(EventKind.signal)
        case .streamGap: trace.lacks(Member.position)
        case .hydrationClobber: trace.lacks(Member.user)
        case .lostCompletion: trace.lacks(EventKind.pending)
        }
    }
}
