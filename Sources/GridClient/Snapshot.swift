public import GridModel
public import Ordering

/// What a person sees of a sheet: committed pages that all equal one revision (C4), and what is typed and not saved yet.
public struct Snapshot: Hashable, Sendable {
    /// The newest revision that the pages are known to equal; never lower than that of a snapshot before (C2). It rises to
    /// commits that touch none of the pages, too. Only a server that serves an older copy starts it again: `trust.restoration`.
    public var revision: Revision
    /// Rows of the view.
    public var totalRows: Int
    public var totalPages: Int
    public var columns: [Column]
    /// The pages that can be shown, in order. One that is in view and missing here is still being loaded.
    public var pages: [SheetPage]
    /// In order of typing.
    public var drafts: [Draft]
    public var trust: Trust

    /// Before anything was read.
    package static let empty = Snapshot(
        revision: .zero, totalRows: 0, totalPages: 0, columns: [], pages: [], drafts: [],
        trust: Trust(connection: .connecting, shown: .zero, known: .zero, problem: .none))

    /// The page of that number, if it can be shown.
    public func page(_ number: Int) -> SheetPage? {
        pages.first { $0.number == number }
    }
}

/// What a person typed in a cell, until a page shows it saved (C9).
public struct Draft: Hashable, Sendable, Identifiable {
    public enum State: Hashable, Sendable {
        /// Sent and not acknowledged yet. Becomes `saved`, `refused`.
        case saving
        /// Durable; no page shows it yet. Then it goes.
        case saved(Revision)
        /// Not saved, and why: it stays until it is discarded or edited again.
        case refused(String)
    }

    public var id: DraftID
    public var row: RowID
    public var column: ColumnID
    public var value: CellValue?
    public var state: State
}

/// What the trust line says.
public struct Trust: Hashable, Sendable {
    public var connection: Connection
    /// The newest revision that what is shown is known to equal.
    public var shown: Revision
    /// The newest revision heard of.
    public var known: Revision
    public var problem: Problem
    /// Why live updates do not come, where that is known.
    public var reason: String?
    /// Set once the server turned out to serve an older copy of the grid. Everything was read anew since.
    public var restoration: Restoration?

    /// A server went back: a backup was restored, say.
    public struct Restoration: Hashable, Sendable {
        /// What had been heard of, and is gone.
        public var heard: Revision
        /// Where the server stood when that was noticed.
        public var revision: Revision
    }

    init(
        connection: Connection, shown: Revision, known: Revision, problem: Problem, reason: String? = nil,
        restoration: Restoration? = nil
    ) {
        self.connection = connection
        self.shown = shown
        self.known = known
        self.problem = problem
        self.reason = reason
        self.restoration = restoration
    }

    /// True when live updates come and everything shown is the newest there is.
    public var isCurrent: Bool { connection == .live && shown >= known && problem == .none }

    /// In words, as a person reads it.
    public var text: String {
        words + (restoration.map { " (the server went back from revision \($0.heard) to \($0.revision): an older copy)" } ?? "")
    }

    private var words: String {
        switch (connection, problem) {
        case (_, .permanent): "the server refuses to show this; showing revision \(shown)"
        case (.connecting, _): "connecting"
        case (.live, .none) where shown == .zero: "loading"
        case (.live, _):
            isCurrent
                ? "all shown values are saved - revision \(shown) - live"
                : "catching up with revision \(known), showing revision \(shown)"
        case (.silent, _): "live updates are late, showing revision \(shown)"
        case (.reconnecting, _), (.polling, _): "live updates lost, showing revision \(shown)" + why
        case (.offline, _): "the server cannot be reached, showing revision \(shown)" + why
        }
    }

    private var why: String { reason.map { " (\($0))" } ?? "" }
}
