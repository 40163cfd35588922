/// What a column says its cells are. A type guides display, sorting and checks; it never changes a stored value.
public enum ColumnType: String, Hashable, Sendable, CaseIterable {
    case text
    case number
    case boolean
    /// A calendar date or a moment, written as ISO 8601 text.
    case date
    case json
}

/// A column of a sheet.
public struct Column: Hashable, Sendable {
    public var id: ColumnID
    /// Unique within its sheet; 1 to 200 characters.
    public var name: String
    public var type: ColumnType
    /// Width in CSS pixels; `nil` is the default.
    public var width: UInt16?
    /// How an agent fills this column; `nil` for a column that people fill.
    public var agent: AgentSettings?

    public init(id: ColumnID, name: String, type: ColumnType, width: UInt16? = nil, agent: AgentSettings? = nil) {
        self.id = id
        self.name = name
        self.type = type
        self.width = width
        self.agent = agent
    }
}

/// How an agent fills a column.
public struct AgentSettings: Hashable, Sendable {
    /// What is asked for each row; `{{Column name}}` stands for that row's value.
    public var prompt: String
    /// Which model; `nil` for the server's default.
    public var model: String?
    /// What the answers have to be; `nil` for what the column holds.
    public var output: AnswerType?
    /// Whether cells that people filled by hand go along as examples.
    public var usesExamples: Bool
    /// Counts up with each change of prompt, model or output, so that a value can name what it came from.
    public var version: UInt32

    public init(
        prompt: String, model: String? = nil, output: AnswerType? = nil, usesExamples: Bool = true, version: UInt32 = 1
    ) {
        self.prompt = prompt
        self.model = model
        self.output = output
        self.usesExamples = usesExamples
        self.version = version
    }

    /// Numbered as what comes after `old`, whatever number it has now.
    public func numbered(after old: AgentSettings) -> AgentSettings {
        var agent = self
        let isSame = old.prompt == prompt && old.model == model && old.output == output
        agent.version = isSame ? old.version : old.version &+ 1
        return agent
    }
}

/// A sheet of a grid, with its columns in the order shown.
public struct Sheet: Hashable, Sendable {
    public var id: SheetID
    /// Unique within its grid; 1 to 200 characters.
    public var name: String
    public var columns: [Column]
    public var views: [SavedView]

    public init(id: SheetID, name: String, columns: [Column] = [], views: [SavedView] = []) {
        self.id = id
        self.name = name
        self.columns = columns
        self.views = views
    }
}
