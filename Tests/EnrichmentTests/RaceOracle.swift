import ChangePipeline
import GridImage
import GridModel
import Ordering

@testable import Enrichment

/// What a grid must hold, from the commits in their order and nothing else: a second, naive reading of S6 that knows no base revisions of rows,
/// no chains and no plans. What does not fit is a complaint.
struct RaceOracle {
    private struct Cell: Hashable {
        var row: RowID
        var column: ColumnID
    }

    /// An answer that lost to an edit.
    struct Loser: Hashable {
        var row: RowID
        var value: CellValue
    }

    var complaints: [String] = []
    /// What the row's input was when the question of a call was prepared.
    var questions: [CallID: String] = [:]
    private(set) var losers: [Loser] = []
    private(set) var committed = 0
    private(set) var askedAgain = 0
    private var values: [Cell: CellValue] = [:]
    /// When a cell changed by somebody else than the run at work, the last time.
    private var changes: [Cell: Revision] = [:]
    /// Cells of the agent's column that say why they have no answer: who sets such a cell to what it was takes that away.
    private var marked: Set<RowID> = []
    private var rows: Set<RowID> = []
    private var type = ColumnType.text
    /// The column's cells as the run at work found them.
    private var found: [RowID: CellValue] = [:]

    mutating func begin(_ image: GridImage) {
        for row in image.rows(of: RacingWorld.sheet, view: ViewDefinition(), most: 10_000, where: { _ in true }) {
            rows.insert(row)
            values[Cell(row: row, column: RacingWorld.city)] = image.value(row: row, column: RacingWorld.city)
        }
    }

    mutating func runBegins(_ run: RunID, _ image: GridImage) {
        compare(image)
        found = [:]
        for row in rows { found[row] = value(row, RacingWorld.answer) }
    }

    private func value(_ row: RowID, _ column: ColumnID) -> CellValue? { values[Cell(row: row, column: column)] }

    /// A person's command was acknowledged.
    mutating func edited(_ command: Command, _ outcome: CommandOutcome) {
        for change in command.changes {
            switch change {
            case .setCell(let row, let column, let value, _):
                let cell = Cell(row: row, column: column)
                let wasMarked = column == RacingWorld.answer && marked.remove(row) != nil
                guard values[cell] != value || wasMarked else { continue }
                values[cell] = value
                changes[cell] = outcome.revision
            case .deleteRows(_, let gone): rows.subtract(gone)
            case .retypeColumn(_, let type): self.type = type
            default: continue
            }
        }
    }

    /// A row has no answer, and its cell says why.
    mutating func marks(_ row: RowID) { marked.insert(row) }

    /// A call's answer was committed, whatever became of it.
    mutating func answered(_ submission: RunSubmission, _ answer: ComputedAnswer, _ outcome: CommandOutcome) {
        let row = submission.row
        let name = "\(submission.run), \(row) at \(outcome.revision), asked at \(answer.base)"
        func isChanged(_ column: ColumnID) -> Bool {
            changes[Cell(row: row, column: column)].map { $0 > answer.base } ?? false
        }
        let isGone = !rows.contains(row)
        let isOld = answer.type != type || isChanged(RacingWorld.city)
        let expected: ChangeResult =
            isGone ? .inputsChanged : isChanged(RacingWorld.answer) ? .keptAsSuggestion : isOld ? .inputsChanged : .done
        let result = outcome.results.first
        if result != expected { complaints.append("\(name): \(String(describing: result)) instead of \(expected)") }
        switch result {
        case .done:
            committed += 1
            marked.remove(row)
            let held = value(row, RacingWorld.answer)
            if held != found[row] { complaints.append("\(name): an edit was lost: \(String(describing: held))") }
            let input = value(row, RacingWorld.city)?.displayText ?? ""
            if questions[submission.id] != input { complaints.append("\(name): the input is \(input) by now") }
            values[Cell(row: row, column: RacingWorld.answer)] = answer.value
            found[row] = answer.value
        case .keptAsSuggestion: losers.append(Loser(row: row, value: answer.value))
        case .inputsChanged: askedAgain += 1
        case .rows, .column, .sheet, .view, nil: break
        }
    }

    /// Holds the grid against what the commits come to.
    mutating func compare(_ image: GridImage) {
        for row in rows {
            for column in [RacingWorld.city, RacingWorld.answer, RacingWorld.note] {
                let held = image.value(row: row, column: column)
                if held != value(row, column) {
                    complaints.append(
                        "\(row) \(column) holds \(String(describing: held)), not \(String(describing: value(row, column)))")
                }
            }
        }
    }
}
