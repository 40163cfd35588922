import GridImage
import GridModel
import Ordering
import Testing

@Suite("Planning")
struct PlanningTests {
    private let a = ColumnID(1)
    private let b = ColumnID(2)
    private let first = RowID(1)
    private let agent = Cause(kind: .agent, run: RunID(1))

    private func set(_ row: RowID, _ column: ColumnID, _ value: String?, ifRevision: Revision? = nil) -> Change {
        .setCell(row: row, column: column, value: value.flatMap { CellValue(text: $0) }, ifRevision: ifRevision)
    }

    @Test("each change that does not fit is refused with its reason, and nothing of its command happens")
    func refusals() {
        var log = Log.with(columns: ["A", "B"], rows: 4)
        let sheet = Log.sheet
        log.commit(.addView(sheet: sheet, name: "V", definition: ViewDefinition()))
        func block(_ columns: [ColumnID], _ cells: [CellValue?]) -> RowsBlock {
            var block = RowsBlock(columns: columns)
            block.append(cells)
            return block
        }
        func column(_ name: String) -> Change {
            .addColumn(sheet: sheet, name: name, type: .text, width: nil, agent: nil, position: .last)
        }
        let long = CellValue(checkedJSON: "\"" + String(repeating: "x", count: Limits.cellBytes) + "\"")
        let manyFilters = ViewDefinition(filter: Array(repeating: Filter(column: a, operation: .isEmpty), count: 65))
        let cases: [(Change, CommandRefusal.Reason)] = [
            (set(RowID(9), a, "x"), .noSuchRow(RowID(9))),
            (set(first, ColumnID(9), "x"), .noSuchColumn(ColumnID(9))),
            (.markCell(row: RowID(9), column: a, mark: .stale), .noSuchRow(RowID(9))),
            (
                .setCell(row: first, column: a, value: long, ifRevision: nil),
                .limit("bytes of a cell", most: Limits.cellBytes, asked: Limits.cellBytes + 2)
            ),
            (
                .markCell(row: first, column: a, mark: .failed(reason: String(repeating: "x", count: 1_001))),
                .limit("characters of a mark's reason", most: 1_000, asked: 1_001)
            ),
            (.insertRows(sheet: SheetID(9), position: .last, rows: RowsBlock(emptyRows: 1)), .noSuchSheet(SheetID(9))),
            (.insertRows(sheet: sheet, position: .before(RowID(77)), rows: RowsBlock(emptyRows: 1)), .noSuchRow(RowID(77))),
            (
                .insertRows(sheet: sheet, position: .last, rows: RowsBlock(emptyRows: 100_001)),
                .limit("rows of one change", most: 100_000, asked: 100_001)
            ),
            (.insertRows(sheet: sheet, position: .last, rows: block([ColumnID(7)], [nil])), .noSuchColumn(ColumnID(7))),
            (
                .insertRows(sheet: sheet, position: .last, rows: block([a, a], [nil, nil])),
                .invalid("a column comes twice in the rows")
            ),
            (.deleteRows(sheet: sheet, rows: [first, RowID(50)]), .noSuchRow(RowID(50))),
            (.deleteRows(sheet: sheet, rows: [first, first]), .invalid("the row r1 comes twice")),
            (.moveRows(sheet: sheet, rows: [first], position: .after(first)), .invalid("the row r1 cannot move beside itself")),
            (.publishRows(sheet: sheet, first: first, count: 1, position: .last), .noSuchRow(first)),
            (.discardRows(sheet: sheet, first: RowID(4), count: 2), .noSuchRow(RowID(4))),
            (column("A"), .nameTaken("A")), (column(""), .nameInvalid("")), (column("a\u{7}"), .nameInvalid("a\u{7}")),
            (column(String(repeating: "n", count: 201)), .nameInvalid(String(repeating: "n", count: 200))),
            (.renameColumn(column: a, name: "B"), .nameTaken("B")),
            (.retypeColumn(column: ColumnID(9), type: .text), .noSuchColumn(ColumnID(9))),
            (.moveColumn(column: a, position: .before(ColumnID(9))), .noSuchColumn(ColumnID(9))),
            (
                .setColumnAgent(column: a, agent: AgentSettings(prompt: String(repeating: "p", count: 20_001))),
                .limit("characters of a prompt", most: 20_000, asked: 20_001)
            ),
            (.addSheet(name: "Sheet 1"), .nameTaken("Sheet 1")), (.renameSheet(sheet: sheet, name: "\n"), .nameInvalid("\n")),
            (.deleteSheet(sheet: sheet), .invalid("a grid keeps at least one sheet")),
            (.addView(sheet: sheet, name: "V", definition: ViewDefinition()), .nameTaken("V")),
            (
                .addView(sheet: sheet, name: "W", definition: manyFilters),
                .limit("conditions and sort levels of a view", most: 64, asked: 65)
            ),
            (
                .changeView(view: ViewID(1), name: "V", definition: ViewDefinition(sort: [SortCriterion(column: ColumnID(9))])),
                .noSuchColumn(ColumnID(9))
            ),
            (.deleteView(view: ViewID(9)), .noSuchView(ViewID(9))), (.renameGrid(name: ""), .nameInvalid("")),
        ]
        for (change, reason) in cases {
            #expect(log.refusal(change) == reason, "\(change)")
            let behind = log.commit([[set(first, a, "before it"), change]])[0]
            guard case .failure(let refusal) = behind else {
                Issue.record("accepted behind another change: \(change)")
                continue
            }
            #expect(refusal == CommandRefusal(change: 1, reason: reason))
        }
        #expect(log.image.value(row: first, column: a) == text("A-1"))
        let many = Array(repeating: set(first, a, "x"), count: Limits.changesPerCommand + 1)
        guard case .failure(let refusal) = log.commit([many])[0] else { return #expect(Bool(false)) }
        #expect(refusal.reason == .limit("changes of one command", most: 10_000, asked: 10_001))
    }

    @Test("a refused command between two others leaves nothing behind, also for what they see of each other")
    func refusedBetween() throws {
        var log = Log.with(columns: ["A", "B"], rows: 2)
        let results = log.commit([
            [set(first, a, "one")], [set(first, a, "refused"), set(first, b, "refused"), set(RowID(9), a, "x")],
            [set(first, b, "two")],
        ])
        #expect(results.map { (try? $0.get()) != nil } == [true, false, true])
        #expect(log.image.value(row: first, column: a) == text("one"))
        #expect(log.image.value(row: first, column: b) == text("two"))
        #expect(log.touched.changes == 2)
        for (column, value) in [(a, "one"), (b, "two")] {
            let history = try log.image.history(row: first, column: column, limit: 9, records: log.reader)
            #expect(history.map { $0.new } == [text(value), text(column == a ? "A-1" : "B-1")])
            #expect(history.map { $0.kind } == [.set, .insert])
        }
    }

    @Test("ifRevision looks at exactly that cell, not at its row, and sees commands before it in the plan")
    func ifRevision() throws {
        var log = Log.with(columns: ["A", "B"], rows: 2)
        let base = log.image.revision
        log.commit(set(first, b, "neighbour"))
        log.commit(.markCell(row: first, column: a, mark: .failed(reason: "no value change")))
        log.commit(set(first, a, "mine", ifRevision: base))
        let changed = log.image.revision
        #expect(
            log.refusal(set(first, a, "late", ifRevision: base))
                == .cellChanged(row: first, column: a, revision: changed, value: text("mine")))
        let results = log.commit([[set(first, a, "p", ifRevision: changed)], [set(first, a, "q", ifRevision: changed)]])
        guard case .failure(let refusal) = results[1] else { return #expect(Bool(false)) }
        #expect(refusal.reason == .cellChanged(row: first, column: a, revision: log.image.revision, value: text("p")))
        let twice = log.commit([
            [set(first, a, "r", ifRevision: log.image.revision), set(first, a, "s", ifRevision: log.image.revision)]
        ])
        #expect((try? twice[0].get()) == [.done, .done])
    }

    @Test("S6: an answer whose target a person changed is kept as a suggestion; whose inputs changed has no effect")
    func answers() throws {
        var log = Log.with(columns: ["In", "Out"], rows: 6)
        let base = log.image.revision
        func answer(_ row: Int, _ value: String, _ base: Revision) -> Change {
            .answerCell(row: RowID(UInt32(row)), column: b, value: CellValue(text: value), base: base, inputs: [a])
        }
        log.commit(set(RowID(1), b, "person"))
        log.commit(set(RowID(2), a, "new input"))
        log.commit(set(RowID(3), a, "both"), set(RowID(3), b, "person"))
        log.commit(.deleteRows(sheet: Log.sheet, rows: [RowID(4)]))
        let results = log.commit(
            answer(1, "late", base), answer(2, "stale", base), answer(3, "both", base), answer(4, "gone", base),
            answer(5, "fine", base),
            cause: agent)
        #expect(results == [.keptAsSuggestion, .inputsChanged, .keptAsSuggestion, .inputsChanged, .done])
        #expect(log.image.value(row: RowID(1), column: b) == text("person"))
        #expect(log.image.value(row: RowID(2), column: b) == text("Out-2"))
        #expect(log.image.value(row: RowID(5), column: b) == text("fine"))
        let history = try log.image.history(row: RowID(1), column: b, limit: 1, records: log.reader)
        #expect(history.first?.kind == .suggestion)
        #expect(history.first?.new == text("late"))
        // The run's own earlier answer is not another cause; another run's is.
        #expect(log.commit(answer(5, "again", base), cause: agent) == [.done])
        let other = Cause(kind: .agent, run: RunID(2))
        #expect(log.commit(answer(5, "other run", base), cause: other) == [.keptAsSuggestion])
        // Within one plan.
        let now = log.image.revision
        let together = log.commit([
            Command(intent: IntentID(high: 1, low: 1), cause: .person, changes: [set(RowID(6), b, "typed")]),
            Command(intent: IntentID(high: 1, low: 2), cause: agent, changes: [answer(6, "answered", now)]),
        ])
        #expect((try? together[1].get()) == [.keptAsSuggestion])
    }

    @Test("an outcome without effect is still committed")
    func emptyOutcome() {
        var log = Log.with(columns: ["A"], rows: 1)
        let before = log.image.revision
        let results = log.commit(.answerCell(row: RowID(9), column: a, value: nil, base: before, inputs: []), cause: agent)
        #expect(results == [.inputsChanged])
        #expect(log.image.revision == before.next)
        #expect(log.touched.changes == 0)
    }

    @Test("a changed input marks the agent's value stale, an answer or an edit clears the mark, an empty cell gets none")
    func stale() {
        var log = Log.with(columns: ["In", "Out"], rows: 2)
        log.commit(.setColumnAgent(column: b, agent: AgentSettings(prompt: "From {{ In }} and {{Nothing}}, {{{In}}")))
        log.commit(set(RowID(2), b, nil))
        log.commit(set(RowID(1), a, "x"), set(RowID(2), a, "x"))
        #expect(log.image.mark(row: RowID(1), column: b) == .stale)
        #expect(log.image.mark(row: RowID(2), column: b) == nil)
        log.commit(.answerCell(row: RowID(1), column: b, value: text("y"), base: log.image.revision, inputs: [a]), cause: agent)
        #expect(log.image.mark(row: RowID(1), column: b) == nil)
        log.commit(set(RowID(1), a, "x"))
        #expect(log.image.mark(row: RowID(1), column: b) == nil)
        log.commit(.renameColumn(column: a, name: "Source"))
        #expect(log.image.column(b)?.agent?.prompt == "From {{ Source }} and {{Nothing}}, {{{In}}")
        log.commit(set(RowID(1), a, "z"))
        #expect(log.image.mark(row: RowID(1), column: b) == .stale)
    }

    @Test("an import staged in parts is seen in one revision, after one publication")
    func staging() throws {
        var log = Log.with(columns: ["A"], rows: 1)
        var firsts: [RowID] = []
        for part in 0..<3 {
            var block = RowsBlock(columns: [a])
            for row in 0..<40 { block.append([text("\(part)-\(row)")]) }
            guard case .rows(let first, 40) = log.commit(.stageRows(sheet: Log.sheet, rows: block))[0] else { return }
            firsts.append(first)
            #expect(log.touched.sheets.isEmpty)
        }
        #expect(log.image.rowCount(of: Log.sheet) == 1)
        #expect(log.image.stagedRows(of: Log.sheet).map { $0.count } == [120])
        #expect(log.refusal(set(firsts[0], a, "x")) == .noSuchRow(firsts[0]))
        log.commit(.publishRows(sheet: Log.sheet, first: firsts[0], count: 120, position: .first))
        #expect(log.image.rowCount(of: Log.sheet) == 121)
        #expect(log.image.value(row: firsts[2], column: a) == text("2-0"))
        #expect(log.image.stagedRows(of: Log.sheet).isEmpty)
        let touched = try #require(log.touched.sheets.first)
        #expect(touched.order && touched.rows == .ranges([firsts[0]...RowID(firsts[0].rawValue + 119)]))
    }

    @Test("a record that is full leaves the commands after it for the next plan")
    func fullRecord() {
        let log = Log.with(columns: ["A"], rows: 1)
        let big = CellValue(checkedJSON: "\"" + String(repeating: "x", count: 200_000) + "\"")
        let commands = (0..<60).map { number in
            Command(
                intent: IntentID(high: 0, low: UInt64(number)), cause: .person,
                changes: [.setCell(row: first, column: a, value: number % 2 == 0 ? big : .yes, ifRevision: nil)])
        }
        let plan = log.image.plan(commands, time: 0)
        #expect(plan.results.count < commands.count)
        #expect(plan.record.count < BatchPlan.fullRecordBytes + 500_000)
    }

    @Test("what is touched is named by ranges, columns, structure and order; beyond the bound it is \"many\"")
    func touched() throws {
        var log = Log.with(columns: ["A", "B"], rows: 5_000)
        log.commit([[set(RowID(7), a, "x"), set(RowID(5), a, "x"), set(RowID(6), a, "x")], [set(RowID(40), b, "y")]])
        let touched = try #require(log.touched.sheets.first)
        #expect(
            touched
                == Touched.Sheet(id: Log.sheet, rows: .ranges([RowID(5)...RowID(7), RowID(40)...RowID(40)]), columns: [a, b]))
        log.commit([(1...2_001).map { set(RowID(UInt32($0 * 2)), a, "z") }])
        #expect(log.touched.sheets.first?.rows == .many)
        log.commit([(1...2_000).map { set(RowID(UInt32($0 * 2)), a, "w") }])
        guard case .ranges(let ranges) = log.touched.sheets[0].rows else { return #expect(Bool(false)) }
        #expect(ranges.count == 2_000)
        log.commit(.resizeColumn(column: a, width: 9))
        #expect(log.touched.sheets == [Touched.Sheet(id: Log.sheet, structure: true)])
    }
}
