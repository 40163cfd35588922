import GridModel
import Ordering
import Testing

@testable import GridImage

/// Rules of records and plans that only an odd record, or an odd order of commands, reaches.
struct ImageRulesTests {
    private let row = RowID(1)
    private let column = ColumnID(1)
    private let agent = Cause(kind: .agent, run: RunID(1))

    private func set(_ value: String, _ row: UInt32 = 1, _ column: UInt32 = 1, ifRevision: Revision? = nil) -> Change {
        .setCell(row: RowID(row), column: ColumnID(column), value: text(value), ifRevision: ifRevision)
    }

    /// A sealed record for the next revision, with whatever `body` writes.
    private func record(after image: GridImage, _ body: (inout RecordWriter) -> Void) -> [UInt8] {
        var writer = RecordWriter()
        RecordHeader(revision: image.revision.next, time: 1, structural: true).write(to: &writer)
        let section = SectionHeader.begin(Command(intent: IntentID(high: 1, low: 1), cause: .person, changes: []), in: &writer)
        body(&writer)
        SectionHeader.finish(section, in: &writer)
        writer.seal()
        return writer.bytes
    }

    private func isRefused(_ body: (inout RecordWriter) -> Void) -> Bool {
        var image = Log.with(columns: ["A"], rows: 3).image
        let bytes = record(after: image, body)
        do throws(RecordError) {
            _ = try image.apply(record: bytes, revision: image.revision.next)
            return false
        } catch {
            return true
        }
    }

    @Test func `S2: logs that differ anywhere differ in lineage, also when their last records are equal`() {
        var (one, other) = (Log.with(columns: ["A"], rows: 2), Log.with(columns: ["A"], rows: 2))
        one.commit(set("x"))
        other.commit(set("y"))
        one.commit(set("same", 2))
        other.commit(set("same", 2))
        #expect(one.records[one.image.revision] == other.records[other.image.revision])
        #expect(one.image.lineage != other.image.lineage)
    }

    @Test func `S8: a record with a cell beyond the bound is refused`() {
        #expect(
            isRefused { writer in
                writer.byte(ChangeTag.set.rawValue)
                for number in [1, 1, 0, 0] { writer.varint(UInt64(number)) }
                writer.text("")
                writer.text(String(repeating: "1", count: Limits.cellBytes + 1))
            })
    }

    @Test
    func `S2: a record that publishes rows which are not staged, or brings rows under numbers that are taken, is refused`() {
        #expect(
            isRefused { writer in
                writer.byte(ChangeTag.publishRows.rawValue)
                for number in [1, 2, 1] { writer.varint(UInt64(number)) }
                writer.number(0)
            })
        #expect(
            isRefused { writer in
                writer.byte(ChangeTag.insertRows.rawValue)
                for number in [1, 2] { writer.varint(UInt64(number)) }
                for number in [1, 0, 0] { writer.number(number) }
                writer.text("")
            })
    }

    @Test func `A11: of a deleted row nothing stays in memory, in whatever column`() {
        var log = Log.with(columns: (0..<70).map { "C\($0)" }, rows: 2)
        #expect(log.image.store.groups(of: 1) == [0, 1])
        log.commit(.deleteRows(sheet: Log.sheet, rows: [row]))
        #expect(log.image.store.groups(of: 1).isEmpty)
    }

    @Test func `C5: changed views, renamed sheets and renamed grids are signalled`() {
        var log = Log.with(columns: ["A"], rows: 1)
        log.commit(.addView(sheet: Log.sheet, name: "V", definition: ViewDefinition()))
        log.commit(.changeView(view: ViewID(1), name: "W", definition: ViewDefinition()))
        #expect(log.touched.sheets.map(\.structure) == [true])
        log.commit(.renameSheet(sheet: Log.sheet, name: "S"))
        #expect(log.touched.structure)
        log.commit(.renameGrid(name: "G"))
        #expect(log.touched.structure)
    }

    @Test func `S2: when a sheet before it is deleted a sheet's columns are still its own`() {
        var log = Log.with(columns: ["A"], rows: 1)
        log.commit(.addSheet(name: "Second"))
        let second = SheetID(2)
        log.commit(.addColumn(sheet: second, name: "B", type: .text, width: nil, agent: nil, position: .last))
        log.commit(.insertRows(sheet: second, position: .last, rows: RowsBlock(emptyRows: 1)))
        log.commit(.deleteSheet(sheet: Log.sheet))
        log.commit(set("kept", 2, 2))
        #expect(log.image.value(row: RowID(2), column: ColumnID(2)) == text("kept"))
    }

    @Test func `S6: without the log a cell whose row changed counts as changed`() {
        var log = Log.with(columns: ["A", "B"], rows: 1)
        let base = log.image.revision
        log.commit(set("beside", 1, 2))
        let answer = Change.answerCell(row: row, column: column, value: text("x"), base: base, inputs: [])
        let command = Command(intent: IntentID(high: 1, low: 1), cause: agent, changes: [answer])
        #expect(log.image.plan([command], time: 1).results == [.success([.keptAsSuggestion])])
    }

    @Test func `S6: an edit on condition of a revision sees the change of the very next one`() {
        var log = Log.with(columns: ["A"], rows: 1)
        let base = log.image.revision
        log.commit(set("first"))
        guard case .cellChanged = log.refusal(set("second", ifRevision: base)) else {
            Issue.record("it was written")
            return
        }
    }

    @Test func `S6: two people, or two programs, are not one cause`() {
        #expect(!Cause.person.isSameTurn(as: .person))
        #expect(!Cause(kind: .program).isSameTurn(as: Cause(kind: .program)))
        #expect(agent.isSameTurn(as: agent))
    }

    @Test func `S6: answers and suggestions are told with the base and the inputs they were computed from`() throws {
        var log = Log.with(columns: ["A", "B"], rows: 2)
        let base = log.image.revision
        log.commit(set("meanwhile", 2))
        let answer = Change.answerCell(row: row, column: column, value: text("x"), base: base, inputs: [ColumnID(2)])
        #expect(log.commit(answer, cause: agent) == [.done])
        log.commit(set("mine"))
        #expect(log.commit(answer, cause: agent) == [.keptAsSuggestion])
        let entries = try log.image.history(row: row, column: column, limit: 10, records: log.reader)
        #expect(entries.prefix(3).map(\.kind) == [.suggestion, .set, .answer])
        for entry in [entries[0], entries[2]] {
            #expect(entry.base == base)
            #expect(entry.inputs == [ColumnID(2)])
        }
    }

    @Test func `S5: what a refused command planned of the structure is not there for the next command`() {
        var log = Log.with(columns: ["A"], rows: 1)
        func add(_ name: String) -> Change {
            .addColumn(sheet: Log.sheet, name: name, type: .text, width: nil, agent: nil, position: .last)
        }
        let results = log.commit([[add("B"), set("x", 99)], [add("B")]])
        #expect(results[1] == .success([.column(ColumnID(2))]))
    }

    @Test func `S8: rows of an import count for the bound of a sheet before they are published`() {
        var image = Log.with(columns: ["A"], rows: 1).image
        image.states[0].staged = [StagedRows(first: RowID(2), count: UInt32(Limits.rowsPerSheet - 1))]
        let change = Change.insertRows(sheet: Log.sheet, position: .last, rows: RowsBlock(emptyRows: 1))
        let plan = image.plan([Command(intent: IntentID(high: 1, low: 1), cause: .person, changes: [change])], time: 1)
        let reason = CommandRefusal.Reason.limit(
            "rows of a sheet", most: Limits.rowsPerSheet, asked: Limits.rowsPerSheet + 1)
        #expect(plan.results == [.failure(CommandRefusal(change: 0, reason: reason))])
    }

    @Test func `S8: a command that needs a longer record than there may be is refused`() {
        var log = Log.with(columns: ["A"], rows: 1)
        let large = text(String(repeating: "x", count: Limits.cellBytes - 2))
        // Each is set to something else than before, so that each is written with the value before it.
        let other = text(String(repeating: "y", count: Limits.cellBytes - 2))
        let changes = (0..<200).map { index in
            Change.setCell(row: row, column: column, value: index % 2 == 0 ? large : other, ifRevision: nil)
        }
        guard case .failure(let refusal) = log.commit([changes])[0], case .limit(Planner.recordLimitName, _, _) = refusal.reason
        else {
            Issue.record("it was accepted")
            return
        }
    }

    @Test func `S3: an older state has all columns of a row that was deleted since`() throws {
        var log = Log.with(columns: (0..<70).map { "C\($0)" }, rows: 2)
        let before = log.image.revision
        log.commit(.deleteRows(sheet: Log.sheet, rows: [row]))
        let page = try log.image.page(
            of: Log.sheet, asOf: before, ranks: 0..<1, structural: log.structuralAfter(before), records: log.reader)
        #expect(page.rows.first?.cells.map(\.column) == (1...70).map { ColumnID($0) })
    }

    @Test func `S2: views lose their conditions and their order by a column that is deleted`() {
        var log = Log.with(columns: ["A", "B"], rows: 1)
        let definition = ViewDefinition(
            filter: [Filter(column: column, operation: .isEmpty), Filter(column: ColumnID(2), operation: .isNotEmpty)],
            sort: [SortCriterion(column: column, descending: false)])
        log.commit(.addView(sheet: Log.sheet, name: "V", definition: definition))
        log.commit(.deleteColumn(column: column))
        let left = log.image.sheets.first?.views.first?.definition
        #expect(left == ViewDefinition(filter: [Filter(column: ColumnID(2), operation: .isNotEmpty)]))
    }

    @Test func `C5: more columns than a signal names are any column`() {
        let count = Touched.columnLimit + 1
        var touched = TouchedBuilder(columns: count + 1)
        for column in 1...count { touched.cell(1, UInt32(column), sheet: 1) }
        #expect(touched.finish().sheets.map(\.columns) == [nil])
    }

    @Test func `C5: a row within rows that were touched before takes none of them away`() {
        var touched = TouchedBuilder(columns: 2)
        touched.rows(1, 9, sheet: 1)
        touched.cell(20, 1, sheet: 1)
        touched.cell(3, 1, sheet: 1)
        #expect(touched.finish().sheets.map(\.rows) == [.ranges([RowID(1)...RowID(9), RowID(20)...RowID(20)])])
    }

    @Test func `S3: of one commit's changes the last is undone first`() throws {
        var log = Log.with(columns: ["A"], rows: 3)
        let before = log.image.revision
        log.commit(
            .insertRows(sheet: Log.sheet, position: .first, rows: RowsBlock(emptyRows: 1)),
            .deleteRows(sheet: Log.sheet, rows: [row]))
        let page = try log.image.page(
            of: Log.sheet, asOf: before, ranks: 0..<9, structural: log.structuralAfter(before), records: log.reader)
        #expect(page.rows.map(\.id) == (1...3).map { RowID($0) })
    }

    @Test func `S8: one question about a cell's history walks so many changes, and no more`() throws {
        var log = Log.with(columns: ["A"], rows: 1)
        for _ in 0..<3 { log.commit([(0..<7_000).map { set($0 % 2 == 0 ? "x" : "y") }]) }
        let entries = try log.image.history(row: row, column: column, limit: .max, records: log.reader)
        #expect(entries.count == GridImage.historyHopLimit)
    }

    @Test func `S6: a change is told with the cause of its own command, whatever was committed together with it`() throws {
        var log = Log.with(columns: ["A"], rows: 2)
        log.commit([
            Command(intent: IntentID(high: 1, low: 1), cause: .person, changes: [set("mine")]),
            Command(intent: IntentID(high: 1, low: 2), cause: agent, changes: [set("the agent's", 2)]),
        ])
        let entry = try log.image.history(row: RowID(2), column: column, limit: 1, records: log.reader).first
        #expect(entry?.cause == agent && entry?.intent == IntentID(high: 1, low: 2))
    }

    @Test func `S2: a record that changes a row which was never made is refused`() {
        #expect(
            isRefused { writer in
                writer.byte(ChangeTag.set.rawValue)
                for number in [99, 1, 0, 0] { writer.varint(UInt64(number)) }
                writer.text("")
                writer.text("1")
            })
    }

    @Test func `S8: rows of an import that is discarded are not kept`() {
        var log = Log.with(columns: ["A"], rows: 1)
        var block = RowsBlock(columns: [column])
        block.append([text("staged")])
        log.commit(.stageRows(sheet: Log.sheet, rows: block))
        #expect(log.image.store.groups(of: 2) == [0])
        log.commit(.discardRows(sheet: Log.sheet, first: RowID(2), count: 1))
        #expect(log.image.store.groups(of: 2).isEmpty)
    }

    @Test func `S2: publishing a part of an import leaves the rest of it staged`() {
        var log = Log.with(columns: ["A"], rows: 1)
        log.commit(.stageRows(sheet: Log.sheet, rows: RowsBlock(emptyRows: 3)))
        log.commit(.publishRows(sheet: Log.sheet, first: RowID(2), count: 1, position: .last))
        #expect(log.image.stagedRows(of: Log.sheet) == [StagedRows(first: RowID(3), count: 2)])
    }
}
