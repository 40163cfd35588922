/// What may go wrong in a simulated world. Each has a name on the command line, and a schedule's own set is drawn from its seed.
package enum Fault: String, CaseIterable, Hashable, Sendable {
    /// Messages arrive in another order than they were sent in.
    case reorder
    /// A message arrives twice.
    case duplicate
    /// A message does not arrive.
    case lose
    /// The server, or something in between, answers that it cannot just now, perhaps with a wait, or that it never will.
    case refuse
    /// A cache in between answers a read with what it answered before.
    case staleCache
    /// A proxy in between holds events back and then lets them go together.
    case buffering
    /// An event of a stream is lost though the stream stays open.
    case dropEvents
    /// An event of a stream comes twice.
    case doubleEvents
    /// Two events of a stream change places.
    case swapEvents
    /// A stream breaks, and is opened again from its last position or from now.
    case breakStreams
    /// Positions are kept so shortly that coming back meets a gap.
    case gaps
    /// Reads are answered by a second server that follows the log and may be behind.
    case replica
    /// A person closes the lid, or looks at another tab, and comes back.
    case lid
    /// The power fails, between two writes of the disk or within one.
    case power
    /// A sync fails.
    case syncError
    /// The disk is full for a while.
    case diskFull
    /// Agents fill a column while people edit.
    case agents
    /// A model answers something that is no value of the column.
    case wrongAnswers
    /// A model's call fails for a while: overrun, with or without a wait that it names, broken, out of reach, without schemas.
    case failedCalls
    /// A model refuses everybody, or row after row.
    case refusals
    /// Rows have the same inputs, so that an agent has the same question about them.
    case sameQuestions
    /// Runs have a budget of calls, tokens or money.
    case budgets
    /// What a run answered is taken back.
    case undoneRuns
    /// Columns are added, renamed, retyped, moved and deleted meanwhile.
    case columns
    /// Sheets are added, renamed and deleted meanwhile.
    case sheets
    /// A person filters or sorts otherwise while reads are under way.
    case views
    /// Programs import rows: stored first, seen by nobody, and then shown at once or thrown away.
    case imports
}

/// A set of faults.
package struct Faults: Hashable, Sendable {
    private var bits: UInt32

    package init(_ faults: some Sequence<Fault>) {
        bits = faults.reduce(0) { $0 | Self.bit($1) }
    }

    private static func bit(_ fault: Fault) -> UInt32 {
        UInt32(1) << UInt32(Fault.allCases.firstIndex(of: fault) ?? 31)
    }

    package static let none = Faults([])
    package static let all = Faults(Fault.allCases)

    package func contains(_ fault: Fault) -> Bool { bits & Self.bit(fault) != 0 }

    package mutating func insert(_ fault: Fault) { bits |= Self.bit(fault) }

    package func intersection(_ other: Faults) -> Faults {
        var both = self
        both.bits &= other.bits
        return both
    }

    /// The faults, in the order they are declared in.
    package var list: [Fault] { Fault.allCases.filter { contains($0) } }

    /// Their names with commas between; "none" for no fault.
    package var names: String { bits == 0 ? "none" : list.map(\.rawValue).joined(separator: ",") }

    /// Reads what `names` writes, and "all".
    /// - Throws: the first name that is none.
    package init(names: String) throws(UnknownFault) {
        self = .none
        if names == "all" { self = .all }
        if names == "all" || names == "none" || names.isEmpty { return }
        for name in names.split(separator: ",") {
            guard let fault = Fault(rawValue: String(name)) else { throw UnknownFault(name: String(name)) }
            insert(fault)
        }
    }

    /// Draws each allowed fault with even odds, and one time in eight none: rare combinations are not drowned by all the others.
    static func drawn(from chance: inout Chance, allowed: Faults) -> Faults {
        let calm = chance.below(8) == 0
        var drawn = Faults.none
        for fault in Fault.allCases where chance.below(2) == 0 && !calm { drawn.insert(fault) }
        return drawn.intersection(allowed)
    }
}

/// A name that is no fault's.
package struct UnknownFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var name: String
    package var description: String {
        "there is no fault \"\(name)\"; there are \(Faults.all.names)"
    }
}
