/// What is checked: one oracle an invariant, by its number.
package enum Oracle: UInt8, CaseIterable, Hashable, Sendable {
    case s1, s2, s3, s4, s5, s6, s7, s8
    case c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11
    /// The scheduler of runs (Docs/specifications/enrichment.md). E8, that a key goes into no message, is not the simulator's to see.
    case e1, e2, e3, e4, e5, e6, e7, e9, e10, e11, e12

    /// "S1", "C11".
    package var name: String { "\(self)".uppercased() }
}

/// An invariant that did not hold.
package struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
    package var oracle: Oracle
    /// What was seen, with the numbers.
    package var message: String

    package init(_ oracle: Oracle, _ message: String) {
        self.oracle = oracle
        self.message = message
    }

    package var description: String { "\(oracle.name): \(message)" }
}

/// How often each oracle had something to check, and how much was looked at.
package struct Tally: Hashable, Sendable {
    private var checks: [UInt64] = Array(repeating: 0, count: Oracle.allCases.count)
    /// Cells of painted frames that were compared with what was committed.
    package var cells: UInt64 = 0
    package var frames: UInt64 = 0
    package var commits: UInt64 = 0
    package var acknowledgements: UInt64 = 0
    package var powerCuts: UInt64 = 0
    /// Writes that a power cut took back, none of which anybody had been told of.
    package var writesTakenBack: UInt64 = 0
    /// Revisions that somebody had been told of and that a power cut took.
    package var acknowledgedLost: UInt64 = 0
    /// The power cut that was the first to do so, counted from 1; 0 for none.
    package var firstLoss: UInt64 = 0
    package var answers: UInt64 = 0
    package var suggestions: UInt64 = 0
    /// Suggestions that were looked for in their cells' history.
    package var suggestionsInHistory: UInt64 = 0
    /// Calls that providers got, and answers of theirs that were no value or none at all.
    package var calls: UInt64 = 0
    package var failedCalls: UInt64 = 0
    /// Cells that were looked at when their run was undone.
    package var undone: UInt64 = 0
    /// Changes of columns and sheets that were committed.
    package var restructurings: UInt64 = 0
    /// Rows of imports that were shown.
    package var imported: UInt64 = 0
    package var reads: UInt64 = 0
    /// Virtual time that passed.
    package var milliseconds: UInt64 = 0

    package init() {}

    package subscript(oracle: Oracle) -> UInt64 { checks[Int(oracle.rawValue)] }

    mutating func count(_ oracle: Oracle, _ times: UInt64 = 1) {
        checks[Int(oracle.rawValue)] &+= times
    }

    package mutating func add(_ other: Tally) {
        for index in checks.indices { checks[index] &+= other.checks[index] }
        cells &+= other.cells
        frames &+= other.frames
        commits &+= other.commits
        acknowledgements &+= other.acknowledgements
        if firstLoss == 0, other.firstLoss > 0 { firstLoss = powerCuts + other.firstLoss }
        acknowledgedLost &+= other.acknowledgedLost
        powerCuts &+= other.powerCuts
        writesTakenBack &+= other.writesTakenBack
        answers &+= other.answers
        suggestions &+= other.suggestions
        suggestionsInHistory &+= other.suggestionsInHistory
        calls &+= other.calls
        failedCalls &+= other.failedCalls
        undone &+= other.undone
        restructurings &+= other.restructurings
        imported &+= other.imported
        reads &+= other.reads
        milliseconds &+= other.milliseconds
    }

    /// The oracles that never had anything to check: a run that has one proves less than it seems to.
    package var idle: [Oracle] { Oracle.allCases.filter { self[$0] == 0 } }
}
