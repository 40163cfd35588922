/// What a person asked to see. A new one supersedes everything that was asked under the one before (C1).
public struct Intent: Hashable, Sendable {
    /// The sheet's number. Only handed back.
    public var sheet: UInt32
    /// A number the host gives each view it opens. Only handed back.
    public var view: UInt32
    /// Rows of a page.
    public var pageSize: UInt32
    /// Columns whose values decide which rows the view has and in what order.
    public var sensitive: SensitiveColumns
    /// Columns whose cells the pages hold.
    public var shown: ShownColumns
    /// The pages in view at first.
    public var viewport: PageRange

    public init(
        sheet: UInt32, view: UInt32, pageSize: UInt32, sensitive: SensitiveColumns, shown: ShownColumns = .all,
        viewport: PageRange
    ) {
        self.sheet = sheet
        self.view = view
        self.pageSize = pageSize
        self.sensitive = sensitive
        self.shown = shown
        self.viewport = viewport
    }
}

/// The columns a view filters or sorts by: a change in one of them may move rows between any two pages.
public enum SensitiveColumns: Hashable, Sendable {
    /// Exactly these; empty for a view of the whole sheet in its own order.
    case these([ColumnKey])
    /// Any column may matter.
    case all
}

/// The columns that the pages of a view hold: a change in any other leaves them as they are.
public enum ShownColumns: Hashable, Sendable {
    /// A window of the sheet's columns.
    case these([ColumnKey])
    /// All the sheet has.
    case all
}

/// What of the sheet a view depends on, for judging signals.
struct Concern: Hashable, Sendable {
    var sensitive: SensitiveColumns
    var shown: ShownColumns
}
