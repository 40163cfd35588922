import Enrichment
import GridModel
import Wire

/// The shapes of the API's documents, for the OpenAPI document.
enum Schemas {
    static let rowPattern = "^r(0|[1-9][0-9]{0,9})$"
    static let columnPattern = "^c(0|[1-9][0-9]{0,9})$"

    /// The parameters of paths.
    static let identifiers: [String: Schema] = [
        "grid": .string(pattern: "^[a-z0-9][a-z0-9-]{0,39}$"), "sheet": .string(pattern: "^s(0|[1-9][0-9]{0,9})$"),
        "column": .string(pattern: columnPattern), "row": .string(pattern: rowPattern),
        "view": .string(pattern: "^v(0|[1-9][0-9]{0,9})$"), "run": .string(pattern: "^run(0|[1-9][0-9]{0,9})$"),
        "import": .string(pattern: "^[0-9a-f]{16}$"), "trace": .string(pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$"),
    ]

    static let parameters = [
        "grid": "The grid's id", "sheet": "The sheet's id", "column": "The column's id", "row": "The row's id",
        "view": "The saved view's id", "run": "The run's id", "import": "The import's id",
        "trace": "The trace's id",
    ]

    static let revision = Schema.integer(from: 0)
    static let count = Schema.integer(from: 0)
    static let name = Schema.string()
    /// A name as a request may give it.
    private static let newName = Schema.string(pattern: "^[^\\u0000-\\u001F\\u007F-\\u009F]{1,\(Limits.nameCharacters)}$")
    /// A `columns` parameter; empty is all of them.
    static let columnList = Schema.string(pattern: "^(c(0|[1-9][0-9]{0,9})(,c(0|[1-9][0-9]{0,9}))*|[0-9]{1,4}-[0-9]{1,4})?$")
    /// A `view` parameter.
    static let viewText = Schema.string(pattern: "^(v(0|[1-9][0-9]{0,9})|[{].*[}])$")
    private static let places = ["after", "before", "at"]
    static let place: [Schema.Member] = [
        .init("after", .nullable(.string()), required: false), .init("before", .nullable(.string()), required: false),
        .init("at", .choice(["start", "end"]), required: false),
    ]
    static let columnTypes = Schema.choice(ColumnType.allCases.map(\.rawValue))
    static let tag = Schema.string(pattern: "^[0-9a-f]{16}$")

    static func object(_ members: Schema.Member...) -> Schema { .object(members) }

    /// By name, in the order of the document.
    static let all: [(name: String, schema: Schema)] = [
        ("Problem", .object(problem)), ("NotKept", .object(problem + [.init("oldest", revision)])), ("Agent", agent),
        ("Output", output),
        ("Column", column), ("Filter", filter), ("Sort", sort), ("View", view),
        ("Sheet", sheet), ("Grid", grid), ("GridList", gridList), ("NameRequest", object(.init("name", newName))),
        ("NewColumn", .object([.init("name", newName)] + columnMembers, alternatives: places)),
        ("ColumnChange", .object([.init("name", newName, required: false)] + columnMembers, alternatives: places)),
        ("NewView", .object([.init("name", newName)] + viewMembers)),
        ("ViewChange", .object([.init("name", newName, required: false)] + viewMembers)),
        ("Pages", pages), ("Changes", changes), ("ChangesReply", changesReply), ("ImportResult", importResult),
        ("ImportPreview", importPreview), ("History", history), ("NewRun", newRun), ("Run", run), ("RunList", runList),
        ("RunChange", runChange), ("RunEstimate", runEstimate),
        ("Words", words), ("WordsReply", wordsReply),
        ("Health", health), ("TraceList", traceList), ("ScreenAttestation", screenAttestation),
        ("AttestationReply", attestationReply), ("Diagnosis", diagnosis),
    ]

    private static let problem: [Schema.Member] = [
        .init("type", .string()), .init("title", .string()), .init("status", .integer(from: 400, to: 599)),
        .init("detail", .string()), .init("errors", .array(.map(.any))),
    ]
    private static let output = object(
        .init("type", .choice(["text", "number", "boolean", "date", "oneOf", "json"])),
        .init("choices", .array(.string(), atMost: AnswerType.choices), required: false),
        .init("schema", .any, required: false))
    private static let agent = object(
        .init("prompt", .string()), .init("model", .string(), required: false),
        .init("output", .named("Output"), required: false), .init("examples", .boolean, required: false),
        .init("version", count, required: false))
    private static let column = object(
        .init("id", .string(pattern: columnPattern)), .init("name", name), .init("type", columnTypes),
        .init("width", .integer(from: 1, to: 65_535), required: false), .init("agent", .named("Agent"), required: false))
    private static let columnMembers: [Schema.Member] =
        [
            .init("type", .choice(ColumnType.allCases.map(\.rawValue) + ["yes/no"]), required: false),
            .init("width", .nullable(.integer(from: 1, to: 65_535)), required: false),
            .init(
                "agent",
                .nullable(
                    object(
                        .init("prompt", .string()), .init("model", .nullable(.string()), required: false),
                        .init("output", .nullable(.named("Output")), required: false),
                        .init("examples", .boolean, required: false), .init("version", count, required: false))),
                required: false),
        ] + place
    private static let filter = object(
        .init("column", .string(pattern: columnPattern)), .init("op", .choice(Filter.Operation.allCases.map(\.rawValue))),
        .init("value", .any, required: false))
    private static let sort = object(
        .init("column", .string(pattern: columnPattern)),
        .init("direction", .choice(["ascending", "descending"]), required: false))
    private static let viewMembers: [Schema.Member] = [
        .init("filter", .array(.named("Filter"), atMost: Limits.criteriaPerView), required: false),
        .init("match", .choice(["all", "any"]), required: false),
        .init("sort", .array(.named("Sort"), atMost: Limits.criteriaPerView), required: false),
    ]
    private static let view = Schema.object(
        [.init("id", .string()), .init("name", name)] + viewMembers.map { .init($0.name, $0.schema) })
    private static let sheet = object(
        .init("id", .string()), .init("name", name), .init("rows", count), .init("columns", .array(.named("Column"))),
        .init("views", .array(.named("View"))))
    private static let grid = object(
        .init("id", .string()), .init("name", name), .init("revision", revision), .init("sheets", .array(.named("Sheet"))))
    private static let gridList = object(
        .init(
            "grids",
            .array(
                object(
                    .init("id", .string()), .init("name", name, required: false),
                    .init("damage", .string(), required: false)))))
    private static let state = Schema.oneOf([
        .choice(["queued", "running", "stale"]),
        object(.init("state", .choice(["failed", "skipped"])), .init("reason", .string())),
    ])
    private static let row = object(
        .init("id", .string(pattern: rowPattern)), .init("cells", .map(.any, names: columnPattern)),
        .init("states", .map(state, names: columnPattern), required: false))
    private static let pages = object(
        .init("revision", revision), .init("sheet", .string()),
        .init("pageSize", .integer(from: 1, to: PagesQuery.pageSizeLimit)), .init("totalRows", count),
        .init("totalPages", count),
        .init("totalColumns", count), .init("columns", .array(.named("Column"))),
        .init(
            "pages",
            .array(
                .oneOf([
                    object(.init("page", .integer(from: 1)), .init("tag", tag), .init("rows", .array(row))),
                    object(.init("page", .integer(from: 1)), .init("tag", tag), .init("unchanged", .boolean)),
                ]))))
    private static let rowID = Schema.string(pattern: rowPattern)
    private static let sheetID = Schema.string(pattern: "^s(0|[1-9][0-9]{0,9})$")
    private static let rowPlace: [Schema.Member] = [
        .init("after", .nullable(rowID), required: false), .init("before", .nullable(rowID), required: false),
        .init("at", .choice(["start", "end"]), required: false),
    ]
    private static let change = Schema.oneOf([
        object(
            .init("op", .choice(["setCell"])), .init("row", rowID), .init("column", .string(pattern: columnPattern)),
            .init("value", .any), .init("ifRevision", revision, required: false)),
        .object(
            [
                .init("op", .choice(["insertRows"])), .init("sheet", sheetID, required: false),
                .init("count", .integer(from: 1, to: Limits.rowsPerChange), required: false),
                .init("rows", .array(.map(.any, names: columnPattern), atLeast: 1), required: false),
            ] + rowPlace, alternatives: places),
        object(
            .init("op", .choice(["deleteRows"])), .init("sheet", sheetID, required: false),
            .init("rows", .array(rowID, atLeast: 1))),
        .object(
            [
                .init("op", .choice(["moveRows"])), .init("sheet", sheetID, required: false),
                .init("rows", .array(rowID, atLeast: 1)),
            ] + rowPlace, alternatives: places),
    ])
    private static let changes = object(
        .init("intent", .string(format: "uuid")), .init("cause", .choice(["person", "program"]), required: false),
        .init("changes", .array(change, atLeast: 1, atMost: Limits.changesPerCommand)))
    private static let changesReply = object(
        .init("revision", revision), .init("results", .array(.object([], closed: false))))
    static let reject = object(
        .init("line", count), .init("reason", .string()), .init("text", .string(), required: false))
    private static let importResult = object(
        .init("revision", revision), .init("rows", count), .init("rejected", count), .init("rejects", .array(reject)),
        .init("more", .string(), required: false))
    private static let importPreview = Schema.object([], closed: false)
    private static let cause = object(
        .init("kind", .choice(["person", "agent", "importer", "program"])), .init("run", .string(), required: false),
        .init("detail", .any, required: false))
    private static let history = object(
        .init("row", rowID), .init("column", .string(pattern: columnPattern)),
        .init("entries", .array(.object([.init("revision", revision), .init("cause", cause)], closed: false))))
    private static let budget = object(
        .init("calls", .nullable(.integer(from: 1)), required: false),
        .init("tokens", .nullable(.integer(from: 1)), required: false),
        .init("cost", .any, required: false))
    private static let scope = Schema.oneOf([
        .choice(["all", "empty", "failed", "stale", "filtered"]), object(.init("rows", .array(rowID))),
        object(.init("first", .integer(from: 1))), object(.init("view", .string(pattern: "^v(0|[1-9][0-9]{0,9})$"))),
    ])
    private static let newRun = object(
        .init("sheet", sheetID), .init("column", .string(pattern: columnPattern)), .init("scope", scope, required: false),
        .init("view", .any, required: false), .init("viewport", .array(rowID), required: false),
        .init("concurrency", .nullable(.integer(from: 1, to: 1_000)), required: false),
        .init("budget", .nullable(budget), required: false), .init("sharesAnswers", .boolean, required: false))
    private static let runChange = object(.init("budget", .nullable(budget), required: false))
    private static let runEstimate = Schema.object(
        [
            .init("rows", count), .init("calls", count), .init("inputTokens", .array(count)),
            .init("outputTokens", .array(count)),
            .init("cost", .any), .init("seconds", .any), .init("currency", .string()), .init("example", .string()),
        ], closed: false)
    private static let run = Schema.object([.init("run", .string()), .init("state", .string())], closed: false)
    private static let wordsCall = object(
        .init("call", count), .init("tokensAtMost", count), .init("costAtMost", .number, required: false))
    private static let runList = object(
        .init("runs", .array(.named("Run"))),
        .init(
            "words",
            object(
                .init("calls", count), .init("inputTokens", count), .init("outputTokens", count),
                .init("cost", .number, required: false), .init("inDoubt", count), .init("doubts", .array(wordsCall)),
                .init("open", .array(wordsCall)))))
    private static let words = object(
        .init("sentence", .string()), .init("view", .any, required: false),
        .init(
            "answers",
            .array(
                object(
                    .init("question", .string()), .init("answer", .string()),
                    .init("said", .nullable(.string()), required: false)), atMost: PlanLimits.answers), required: false))
    private static let planStep = Schema.object(
        [.init("step", .choice(["filter", "sort", "addColumn", "fillColumn"]))], closed: false)
    private static let wordsReply = Schema.object(
        [
            .init("outcome", .choice(["plan", "question"])),
            .init(
                "plan", object(.init("steps", .array(planStep)), .init("match", .choice(["all", "any"]))), required: false),
            .init("rows", object(.init("matching", count), .init("all", count)), required: false),
            .init("notes", .array(.string()), required: false),
            .init(
                "question",
                object(
                    .init("text", .string()), .init("choices", .array(.string())), .init("said", .string(), required: false)),
                required: false),
            .init("provider", .string()), .init("calls", count), .init("inputTokens", count), .init("outputTokens", count),
            .init("seconds", .number),
        ], closed: false)
    private static let traceList = object(
        .init("traces", .array(object(.init("id", .string()), .init("bytes", count), .init("parts", count)))))
    private static let diagnosis = Schema.object(
        [
            .init("version", .integer(from: 1)), .init("findings", .array(.object([], closed: false))),
            .init("divergence", .nullable(.object([], closed: false))),
            .init("divergences", .array(.object([], closed: false))),
        ], closed: false)
    private static let health = Schema.object(
        [
            .init("status", .string()), .init("version", .string()), .init("storage", .string()),
            .init("durability", .string()), .init("attestation", object(.init("every", .integer(from: 1))), required: false),
        ], closed: false)
    private static let screenAttestation = object(
        .init("sheet", sheetID), .init("revision", revision), .init("view", .any, required: false),
        .init("first", .integer(from: 0, to: Limits.rowsPerSheet)), .init("rows", .string()), .init("columns", .string()),
        .init("hash", tag))
    private static let attestationReply = object(
        .init("result", .choice(["equal", "differs", "unknown"])),
        .init("reason", .choice(ScreenVerdict.Unknown.allCases.map(\.rawValue)), required: false),
        .init("next", .integer(from: 1), required: false))
}
