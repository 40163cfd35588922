package import GridModel

/// What an agent is asked to do: fill cells of one column.
package struct RunRequest: Hashable, Sendable {
    /// Which of a view's rows.
    package enum Scope: Hashable, Sendable {
        case all
        /// These, in this order; of a row named twice the first counts.
        case rows([RowID])
        /// Those whose cell is empty.
        case empty
        /// Those whose cell says that the agent gave up.
        case failed
        /// Those whose inputs changed after the value was computed.
        case stale
        /// The first so many.
        case first(Int)
    }

    package var sheet: SheetID
    package var column: ColumnID
    package var scope: Scope
    /// Rows outside the view are not asked about; its order is the run's.
    package var view: ViewDefinition
    /// What the view is called, where it is a saved one.
    package var viewName: String?
    /// Rows that the person sees now: they come first.
    package var viewport: [RowID]
    /// Calls in flight at once; `nil` for the server's default.
    package var concurrency: Int?
    package var budget: RunBudget
    /// Whether equal questions are asked once, also of earlier runs.
    package var sharesAnswers: Bool

    package init(
        sheet: SheetID, column: ColumnID, scope: Scope, view: ViewDefinition = ViewDefinition(), viewport: [RowID] = [],
        concurrency: Int? = nil, budget: RunBudget = RunBudget(), sharesAnswers: Bool = true
    ) {
        self.sheet = sheet
        self.column = column
        self.scope = scope
        self.view = view
        self.viewport = viewport
        self.concurrency = concurrency
        self.budget = budget
        self.sharesAnswers = sharesAnswers
    }

    /// Whether cells that a person filled are left as they are: whoever names rows means these.
    var keepsEdits: Bool {
        switch scope {
        case .all, .empty, .failed, .stale, .first: true
        case .rows: false
        }
    }

    /// The scope in a few words, as a run's list shows it.
    var scopeName: String { viewName.map { "\(scopeWord) of \($0)" } ?? scopeWord }

    private var scopeWord: String {
        switch scope {
        case .all: "all"
        case .rows(let rows): "\(rows.count) selected"
        case .empty: "empty"
        case .failed: "failed"
        case .stale: "stale"
        case .first(let count): "first \(count)"
        }
    }

    /// The rows to ask about, in order: those of the viewport first, then the view's order. O(rows of the view).
    func rows(in snapshot: any RunSnapshot) -> [RowID] {
        let most = Limits.rowsPerRun + 1
        let rows: [RowID]
        switch scope {
        case .all: rows = snapshot.rows(of: sheet, view: view, most: most) { _ in true }
        case .first(let count): rows = snapshot.rows(of: sheet, view: view, most: max(0, min(count, most))) { _ in true }
        case .empty:
            rows = snapshot.rows(of: sheet, view: view, most: most) { snapshot.value(row: $0, column: column) == nil }
        case .failed:
            rows = snapshot.rows(of: sheet, view: view, most: most) {
                if case .failed = snapshot.mark(row: $0, column: column) { true } else { false }
            }
        case .stale:
            rows = snapshot.rows(of: sheet, view: view, most: most) { snapshot.mark(row: $0, column: column) == .stale }
        case .rows(let named):
            var seen: Set<RowID> = []
            rows = named.prefix(most).filter { seen.insert($0).inserted && snapshot.contains(row: $0) }
        }
        guard !viewport.isEmpty else { return rows }
        let seen = Set(viewport)
        return rows.filter { seen.contains($0) } + rows.filter { !seen.contains($0) }
    }
}

/// Why a run did not begin, or could not be changed: the words go to the person.
package enum RunRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case noSuchSheet(SheetID)
    case noSuchColumn(ColumnID)
    case noSuchRun(RunID)
    /// The column has no prompt.
    case noAgent(column: String)
    case prompt(PromptTemplate.Failure)
    /// The provider cannot do it, and says what to set or write instead.
    case notSupported(String)
    /// Another run fills the same column.
    case columnBusy(RunID)
    /// A named limit, its value, and what was asked for.
    case limit(String, most: Int, asked: Int)
    /// No row is in the scope.
    case nothingToDo
    /// The grid could not write the run down, so it did not begin.
    case notStored(String)
    /// What is asked for does not fit where the run stands.
    case notNow(String)

    package var description: String {
        switch self {
        case .noSuchSheet(let sheet): "there is no sheet \(sheet)"
        case .noSuchColumn(let column): "there is no column \(column) in this sheet"
        case .noSuchRun(let run): "there is no \(run)"
        case .noAgent(let column): "the column \"\(column)\" has no prompt: give it one first"
        case .prompt(let failure): failure.description
        case .notSupported(let reason): reason
        case .columnBusy(let run): "\(run) is filling this column: wait for it, or cancel it"
        case .limit(let name, let most, let asked): "\(name): \(asked) asked for, and at most \(most) are allowed"
        case .nothingToDo: "no row is in this scope"
        case .notStored(let reason): "the run could not be saved, and did not begin: \(reason)"
        case .notNow(let reason): reason
        }
    }
}
