/// What an operation asked for.
package enum OperationKind: UInt8, Sendable {
    /// Of a register: `value` is what was read.
    case read
    /// Of a register: `value` is what was written.
    case write
    /// Compare and set, of a register: `value` is what was expected, `second` what was to be written.
    case cas
    /// Of a text: `value` is the whole text.
    case get
    /// Of a text: `value` replaces it.
    case put
    /// Of a text: `value` is added at its end.
    case append
    /// Several steps at once, on several keys.
    case transaction
}

/// A set of kinds of operations.
package struct OperationKinds: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(_ kinds: OperationKind...) {
        rawValue = kinds.reduce(0) { $0 | 1 << $1.rawValue }
    }
}

/// What is known of an operation's end.
package enum OperationOutcome: UInt8, Sendable {
    /// It happened.
    case ok
    /// It did not happen.
    case fail
    /// It did not happen because the value was not the expected one: a failed `cas` without an error.
    case mismatch
    /// Nobody knows.
    case info
}

/// A history: operations in the order of their invocations, a column for each of their properties. Positions count events of
/// clients from 0; an operation is before another when its completion's position is below the other's invocation's.
package struct History: Sendable {
    package internal(set) var texts = ValueTexts()
    var kinds: [OperationKind] = []
    var outcomes: [OperationOutcome] = []
    /// Numbers of sessions: processes in order of appearance.
    var sessions: [Int32] = []
    /// Numbers of keys, in order of appearance. Of a transaction: the number of its first step in `steps`.
    var places: [Int32] = []
    var values: [HistoryValue] = []
    /// New values of `cas`; empty when there is none.
    var seconds: [HistoryValue] = []
    var invoked: [UInt32] = []
    /// `unfinished` when there is no completion that tells anything.
    var completed: [UInt32] = []
    /// The lines of the events, by position.
    var lines: [UInt32] = []

    var processes: [Int64] = []
    var keys: [HistoryValue] = []
    var steps: [TransactionStep] = []
    /// The elements of the lists that were read.
    var elements: [HistoryValue] = []

    /// Events that are no client's, and lines of other programs.
    package internal(set) var skipped = 0
    /// False for a history of completions only: there is no real-time order.
    var hasInvocations = true
    /// False when the order of events of different processes means nothing.
    var hasRealTime = true
    /// Which operations there are.
    var present: OperationKinds = []
    var hasAppendSteps = false
    var hasWriteSteps = false

    static let unfinished = UInt32.max
    /// 2^30 events: positions and line numbers fit 32 bits with room.
    static let maximalEvents = 1 << 30

    package init() {}

    /// How many operations there are.
    package var count: Int { kinds.count }
    /// How many processes took part.
    package var processCount: Int { processes.count }
    /// How many keys were used.
    package var keyCount: Int { keys.count }

    /// The steps of a transaction.
    func steps(of operation: Int) -> ArraySlice<TransactionStep> {
        let start = Int(places[operation])
        var end = start
        while end < steps.count, !steps[end].isLast { end += 1 }
        return steps[start..<min(end + 1, steps.count)]
    }

    /// The line that an operation is known by: its completion's, or its invocation's if it has none.
    func id(_ operation: Int) -> Int {
        let position = completed[operation] == Self.unfinished ? invoked[operation] : completed[operation]
        return Int(lines[Int(position)])
    }

    func invocationLine(_ operation: Int) -> Int { Int(lines[Int(invoked[operation])]) }

    func completionLine(_ operation: Int) -> Int? {
        completed[operation] == Self.unfinished ? nil : Int(lines[Int(completed[operation])])
    }

    func second(_ operation: Int) -> HistoryValue {
        operation < seconds.count ? seconds[operation] : .nil
    }
}

/// A step of a transaction.
struct TransactionStep: Sendable {
    enum Kind: UInt8, Sendable {
        /// Read a register.
        case read
        /// Read a list: `first` and `count` are its elements' places in `History.elements`.
        case readList
        case write
        case append
        /// A read that never came back.
        case readNothing
        /// A transaction without steps has this one.
        case nothing
    }

    var kind: Kind
    var isLast = false
    var key: Int32
    var value: HistoryValue = .nil
    var first: Int = 0
    var count: Int = 0
}

/// Why an input is no history, and where: byte `column` of line `line`, both from 1.
package struct HistoryInputError: Error, Hashable, CustomStringConvertible {
    package var line: Int
    package var column: Int
    package var reason: String

    package init(line: Int, column: Int, reason: String) {
        self.line = line
        self.column = column
        self.reason = reason
    }

    package var description: String { "line \(line), column \(column): \(reason)" }
}
