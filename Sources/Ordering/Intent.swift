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
    /// The pages in view at first.
    public var viewport: PageRange

    public init(sheet: UInt32, view: UInt32, pageSize: UInt32, sensitive: SensitiveColumns, viewport: PageRange) {
        self.sheet = sheet
        self.view = view
        self.pageSize = pageSize
        self.sensitive = sensitive
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
