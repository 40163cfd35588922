/// Which rows of a sheet are seen, and in what order. The empty definition is the sheet itself.
public struct ViewDefinition: Hashable, Sendable {
    public enum Match: String, Hashable, Sendable {
        case all
        case any
    }

    public var filter: [Filter]
    public var match: Match
    /// The first criterion weighs most. Sorting is stable: ties keep the sheet's order.
    public var sort: [SortCriterion]
    /// Besides the conditions, some cell of the row, in whatever column, contains this text. A saved view has none.
    public var find: String?

    public init(filter: [Filter] = [], match: Match = .all, sort: [SortCriterion] = [], find: String? = nil) {
        self.filter = filter
        self.match = match
        self.sort = sort
        self.find = find
    }

    public var isEmpty: Bool { filter.isEmpty && sort.isEmpty && find == nil }

    /// The columns that conditions and sorting name, each once, in ascending order. With ``find`` every other matters too.
    public var columns: [ColumnID] {
        Set(filter.map { $0.column } + sort.map { $0.column }).sorted()
    }
}

/// One condition on a column.
public struct Filter: Hashable, Sendable {
    public enum Operation: String, Hashable, Sendable, CaseIterable {
        case equals
        case notEquals
        case contains
        case startsWith
        case isEmpty
        case isNotEmpty
        /// The cell says that its agent gave up.
        case isFailed
        /// An input changed after the value was computed.
        case isStale
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case oneOf
    }

    public var column: ColumnID
    public var operation: Operation
    /// What to compare with: none for `isEmpty`, `isFailed` and their like, one for most, any number for `oneOf`.
    public var values: [CellValue]

    public init(column: ColumnID, operation: Operation, values: [CellValue] = []) {
        self.column = column
        self.operation = operation
        self.values = values
    }
}

/// One level of a sort.
public struct SortCriterion: Hashable, Sendable {
    public var column: ColumnID
    public var descending: Bool

    public init(column: ColumnID, descending: Bool = false) {
        self.column = column
        self.descending = descending
    }
}

/// A view with a name, saved in its sheet.
public struct SavedView: Hashable, Sendable {
    public var id: ViewID
    public var name: String
    public var definition: ViewDefinition

    public init(id: ViewID, name: String, definition: ViewDefinition) {
        self.id = id
        self.name = name
        self.definition = definition
    }
}
