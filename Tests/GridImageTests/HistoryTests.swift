@testable import GridImage
import GridModel
import Ordering
import Testing

@Suite("The past")
struct HistoryTests {
    @Test("a page as of any older revision equals what was there then", arguments: 1...4)
    func asOf(seed: UInt64) throws {
        var walk = Walk(seed: seed)
        var past: [(Revision, NaiveGrid)] = []
        for _ in 0..<60 {
            walk.step()
            past.append((walk.log.image.revision, walk.naive))
        }
        let log = walk.log
        for (revision, naive) in past {
            let structural = log.structuralAfter(revision)
            for sheet in naive.sheets {
                let page = try log.image.page(
                    of: sheet.sheet.id, asOf: revision, ranks: 0..<10_000, structural: structural, records: log.reader)
                try #require(page.sheet == sheet.sheet, "seed \(seed) revision \(revision)")
                try #require(page.rows.map { $0.id } == sheet.rows, "seed \(seed) revision \(revision)")
                for row in page.rows {
                    let cells = sheet.sheet.columns.compactMap { column in
                        naive.cells[row.id]?[column.id].map { (column: column.id, value: $0) }
                    }
                    let marks = sheet.sheet.columns.compactMap { column in
                        naive.marks[row.id]?[column.id].map { (column: column.id, mark: $0) }
                    }
                    try #require(
                        row == PastPage.Row(id: row.id, cells: cells, marks: marks), "seed \(seed) revision \(revision)")
                }
            }
        }
    }

    @Test("a sheet that was not there yet, or not any more, is said so; a record no longer kept as well")
    func asOfRefusals() throws {
        var log = Log.with(columns: ["A"], rows: 2)
        let before = log.image.revision
        guard case .sheet(let sheet) = log.commit(.addSheet(name: "Two"))[0] else { return }
        let with = log.image.revision
        log.commit(.deleteSheet(sheet: sheet))
        let reader = log.reader
        func page(_ revision: Revision) throws -> PastPage {
            try log.image.page(
                of: sheet, asOf: revision, ranks: 0..<9, structural: log.structuralAfter(revision), records: reader)
        }
        #expect(throws: HistoryError.noSuchSheet(sheet)) { try page(before) }
        #expect(try page(with).sheet.name == "Two")
        #expect(throws: HistoryError.noSuchSheet(sheet)) { try page(log.image.revision) }
        #expect(throws: HistoryError.inFuture(Revision(99))) { try page(Revision(99)) }
        #expect(throws: HistoryError.notKept(with.next)) {
            try log.image.page(
                of: sheet, asOf: with, ranks: 0..<9, structural: log.structuralAfter(with), records: { _ in nil })
        }
    }

    @Test("a cell's history names each change with its old and new value, cause, intent and time, newest first")
    func provenance() throws {
        var log = Log.with(columns: ["A", "B"], rows: 3)
        let (row, column) = (RowID(2), ColumnID(1))
        let inserted = log.image.revision
        log.commit(.setCell(row: row, column: column, value: text("one"), ifRevision: nil))
        log.commit(.setCell(row: row, column: ColumnID(2), value: text("other"), ifRevision: nil))
        let agent = Cause(kind: .agent, run: RunID(4), detail: "{\"model\":\"m\"}")
        let base = log.image.revision
        log.commit(.answerCell(row: row, column: column, value: text("two"), base: base, inputs: [ColumnID(2)]), cause: agent)
        log.commit(.markCell(row: row, column: column, mark: .failed(reason: "quota")), cause: agent)
        let history = try log.image.history(row: row, column: column, limit: 10, records: log.reader)
        #expect(history.map { $0.kind } == [.mark, .answer, .set, .insert])
        #expect(history.map { $0.new } == [text("two"), text("two"), text("one"), text("A-2")])
        #expect(history.map { $0.old } == [text("two"), text("one"), text("A-2"), nil])
        #expect(history[0].newMark == .failed(reason: "quota"))
        #expect(history[1].cause == agent)
        #expect(history[1].base == base)
        #expect(history[1].inputs == [ColumnID(2)])
        #expect(history[2].cause == .person)
        #expect(history[3].revision == inserted)
        #expect(history.map { $0.time } == history.map { 999 + $0.revision.rawValue })
        #expect(try log.image.history(row: row, column: column, limit: 2, records: log.reader).count == 2)
        let last = try log.image.lastValueChange(row: row, column: column, records: log.reader)
        #expect(last == ValueChange(revision: base.next, cause: agent))
        #expect(try log.image.valueChanges(row: row, column: column, after: base.next, records: log.reader).isEmpty)
    }

    @Test("setting each cell of a run back to its history's old value undoes the run", arguments: 1...5)
    func undo(seed: UInt64) throws {
        var log = Log.with(columns: ["A", "B", "C"], rows: 30)
        var chance = Seeded(seed)
        let run = Cause(kind: .agent, run: RunID(1))
        func cells(_ image: GridImage) -> [CellValue?] {
            (1...30).flatMap { row in
                (1...3).map { image.value(row: RowID(UInt32(row)), column: ColumnID(UInt32($0))) }
            }
        }
        let before = cells(log.image)
        for _ in 0..<80 {
            let row = RowID(UInt32(1 + chance.below(30)))
            let column = ColumnID(UInt32(1 + chance.below(3)))
            log.commit(.setCell(row: row, column: column, value: text("v\(chance.below(9))"), ifRevision: nil), cause: run)
        }
        for row in (1...30).map({ RowID($0) }) {
            for column in (1...3).map({ ColumnID($0) }) {
                let history = try log.image.history(row: row, column: column, limit: 1_000, records: log.reader)
                guard let first = history.last(where: { $0.cause == run }) else { continue }
                log.commit(.setCell(row: row, column: column, value: first.old, ifRevision: nil))
            }
        }
        #expect(cells(log.image) == before)
    }

    @Test("damaged records end in a typed error, never in a trap", arguments: 1...40)
    func damage(seed: UInt64) throws {
        var walk = Walk(seed: 77)
        for _ in 0..<45 { walk.step() }
        let log = walk.log
        var chance = Seeded(seed)
        let reader: RecordReader = { revision in
            guard var bytes = log.records[revision], revision.rawValue % 3 == 0 else { return log.records[revision] }
            bytes[chance.below(bytes.count - 8)] ^= UInt8(1 << chance.below(8))
            guard seed % 4 != 0 else { return bytes }
            // Damage beneath a checksum that holds.
            var sealed = RecordWriter()
            sealed.bytes = Array(bytes.dropLast(8))
            sealed.seal()
            return sealed.bytes
        }
        for sheet in log.image.sheets {
            _ = try? log.image.page(
                of: sheet.id, asOf: Revision(2), ranks: 0..<50, structural: log.structuralAfter(Revision(2)), records: reader)
            for row in log.image.rows(of: sheet.id, view: ViewDefinition()).slice(0..<10) {
                for column in sheet.columns {
                    _ = try? log.image.history(row: row, column: column.id, limit: 9, records: reader)
                }
            }
        }
    }
}
