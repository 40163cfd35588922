/// The bounds of a grid (S8). Beyond one of them a command is refused with the limit's name and value.
public enum Limits {
    /// Bytes of one cell's JSON: a page of 1,000 such cells still fits a reply.
    public static let cellBytes = 262_144
    /// Characters of a name of a grid, sheet, column or view.
    public static let nameCharacters = 200
    /// Columns of one sheet: 256 groups of 64.
    public static let columnsPerSheet = 16_384
    /// Rows of one sheet that are in it at one time.
    public static let rowsPerSheet = 10_000_000
    /// Sheets of a grid.
    public static let sheetsPerGrid = 256
    /// Saved views of a sheet.
    public static let viewsPerSheet = 256
    /// Conditions and sort levels of a view, together.
    public static let criteriaPerView = 64
    /// Bytes of a text that is looked for in all cells.
    public static let findBytes = 1_000
    /// Changes of one command.
    public static let changesPerCommand = 10_000
    /// Rows that one change inserts, deletes or moves.
    public static let rowsPerChange = 100_000
    /// Values that one `oneOf` condition compares with.
    public static let valuesPerFilter = 10_000
    /// Characters of the reason beside a failed or skipped cell.
    public static let markReasonCharacters = 1_000
    /// Bytes of what more is known of a command's cause.
    public static let causeDetailBytes = 65_536
    /// Characters of an agent's prompt.
    public static let promptCharacters = 20_000
    /// Rows of one run of an agent.
    public static let rowsPerRun = 1_000_000
    /// Runs of a grid that are remembered; of more the ones that ended first are forgotten.
    public static let runsPerGrid = 256
    /// Calls in doubt that a run lists; more are counted.
    public static let doubtsPerRun = 10_000
    /// Bytes of a question, and of its answer, that are kept for equal questions: what repeats is short.
    public static let keptAnswerBytes = 2_048
    /// Answers that a grid keeps, and bytes of them and their questions together; of more the oldest are forgotten.
    public static let keptAnswers = 20_000
    public static let keptAnswersBytes = 16_777_216
    /// Columns that are stored side by side; a wider sheet is stored in groups of this many.
    public static let columnsPerGroup = 64
}
