public import Ordering

/// Changes that one person or program asked for at once: one intent, one effect (S5), all or none.
public struct Command: Hashable, Sendable {
    public var intent: IntentID
    public var cause: Cause
    public var changes: [Change]

    public init(intent: IntentID, cause: Cause, changes: [Change]) {
        self.intent = intent
        self.cause = cause
        self.changes = changes
    }
}

/// Who or what asked for a change.
public struct Cause: Hashable, Sendable {
    public enum Kind: UInt8, Hashable, Sendable {
        case person = 0
        case agent = 1
        case importer = 2
        /// A program that writes through the API.
        case program = 3
    }

    public var kind: Kind
    /// The agent's turn this belongs to.
    public var run: RunID?
    /// What more is known, as the JSON text of an object: the provider and model, tokens, attempts. Shown by "why this value?".
    public var detail: String?

    public init(kind: Kind, run: RunID? = nil, detail: String? = nil) {
        self.kind = kind
        self.run = run
        self.detail = detail
    }

    public static let person = Cause(kind: .person)
}

/// What a command came to.
public struct CommandOutcome: Hashable, Sendable {
    /// The revision at which the command's effect is in the grid.
    public var revision: Revision
    /// One entry a change.
    public var results: [ChangeResult]

    public init(revision: Revision, results: [ChangeResult]) {
        self.revision = revision
        self.results = results
    }
}

/// What one change of a committed command came to.
public enum ChangeResult: Hashable, Sendable {
    case done
    /// New rows, numbered `first` and up.
    case rows(first: RowID, count: UInt32)
    case column(ColumnID)
    case sheet(SheetID)
    case view(ViewID)
    /// A model's answer that came too late for its cell: a person changed it meanwhile, and the answer is in its history.
    case keptAsSuggestion
    /// A model's answer whose inputs changed meanwhile, or whose row or column is gone: it has no effect; ask again if the cell
    /// still wants one.
    case inputsChanged
}

/// Why a command was refused. Nothing of it happened.
public struct CommandRefusal: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        case noSuchRow(RowID)
        case noSuchColumn(ColumnID)
        case noSuchSheet(SheetID)
        case noSuchView(ViewID)
        /// The cell changed after the revision that `ifRevision` named.
        case cellChanged(row: RowID, column: ColumnID, revision: Revision, value: CellValue?)
        case nameTaken(String)
        case nameInvalid(String)
        /// A named limit, its value, and what was asked for.
        case limit(String, most: Int, asked: Int)
        /// The change makes no sense as asked; the text says why.
        case invalid(String)
    }

    /// Which change of the command, counted from 0.
    public var change: Int
    public var reason: Reason

    public init(change: Int, reason: Reason) {
        self.change = change
        self.reason = reason
    }
}
