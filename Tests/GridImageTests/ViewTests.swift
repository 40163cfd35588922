import GridImage
import GridModel
import Ordering
import Testing

/// Views as plainly as they can be said.
private struct NaiveView {
    let columns: [ColumnID: ColumnType]
    let cells: [RowID: [ColumnID: CellValue]]
    var marks: [RowID: [ColumnID: CellMark]] = [:]

    func rows(_ rows: [RowID], _ view: ViewDefinition) -> [RowID] {
        let kept = rows.filter { row in
            let answers = view.filter.map { holds($0, cells[row]?[$0.column], marks[row]?[$0.column]) }
            let meets = answers.isEmpty || (view.match == .all ? answers.allSatisfy { $0 } : answers.contains(true))
            guard meets, let text = view.find.flatMap({ CellValue(text: $0) }) else { return meets }
            return columns.keys.contains { column in
                holds(Filter(column: column, operation: .contains, values: [text]), cells[row]?[column])
            }
        }
        return kept.enumerated().sorted { a, b in
            for criterion in view.sort {
                let order = compare(cells[a.element]?[criterion.column], cells[b.element]?[criterion.column], criterion)
                if order != 0 { return order < 0 }
            }
            return a.offset < b.offset
        }.map { $0.element }
    }

    private func number(_ value: CellValue?) -> Double? {
        value.flatMap { $0.kind == .number ? Double($0.json) : nil }
    }

    private func text(_ a: CellValue, _ b: CellValue) -> Int {
        let (x, y) = (a.displayText, b.displayText)
        for (p, q) in [(Array(x.lowercased().utf8), Array(y.lowercased().utf8)), (Array(x.utf8), Array(y.utf8))] where p != q {
            return p.lexicographicallyPrecedes(q) ? -1 : 1
        }
        return 0
    }

    private func compare(_ a: CellValue?, _ b: CellValue?, _ criterion: SortCriterion) -> Int {
        guard let a, let b else { return (a == nil ? 1 : 0) - (b == nil ? 1 : 0) }
        let sign = criterion.descending ? -1 : 1
        switch columns[criterion.column] {
        case .number:
            if let x = number(a), let y = number(b) { return x == y ? 0 : (x < y ? -1 : 1) * sign }
            if (number(a) == nil) != (number(b) == nil) { return (number(a) == nil ? 1 : -1) * sign }
        case .boolean:
            let own = { (value: CellValue) in value.kind == .boolean }
            if own(a) != own(b) { return (own(a) ? -1 : 1) * sign }
        case .text, .date, .json, nil: break
        }
        return text(a, b) * sign
    }

    private func equal(_ a: CellValue, _ b: CellValue, _ column: ColumnID) -> Bool {
        if columns[column] == .number, let x = number(a), let y = number(b) { return x == y }
        return a.displayText == b.displayText
    }

    private func holds(_ filter: Filter, _ cell: CellValue?, _ mark: CellMark? = nil) -> Bool {
        if filter.operation == .isStale { return mark == .stale }
        if filter.operation == .isFailed {
            if case .failed = mark { return true }
            return false
        }
        guard let cell else { return filter.operation == .isEmpty || filter.operation == .notEquals }
        let first = filter.values.first ?? .yes
        func order(_ accepted: (Int) -> Bool) -> Bool {
            if columns[filter.column] == .number {
                guard let x = number(cell), let y = number(first) else { return false }
                return accepted(x == y ? 0 : x < y ? -1 : 1)
            }
            return accepted(text(cell, first))
        }
        switch filter.operation {
        case .equals: return equal(cell, first, filter.column)
        case .notEquals: return !equal(cell, first, filter.column)
        case .contains:
            let needle = Array(first.displayText.lowercased().utf8)
            let hay = Array(cell.displayText.lowercased().utf8)
            return hay.indices.contains { hay[$0...].starts(with: needle) }
        case .startsWith:
            return Array(cell.displayText.lowercased().utf8).starts(with: Array(first.displayText.lowercased().utf8))
        case .isEmpty: return false
        case .isNotEmpty: return true
        case .isFailed, .isStale: return false  // of the mark: above
        case .less: return order { $0 < 0 }
        case .lessOrEqual: return order { $0 <= 0 }
        case .greater: return order { $0 > 0 }
        case .greaterOrEqual: return order { $0 >= 0 }
        case .oneOf: return filter.values.contains { equal(cell, $0, filter.column) }
        }
    }
}

@Suite("Views")
struct ViewTests {
    @Test("a view equals the plainest filter and sort after every step, kept and brought forward", arguments: 1...6)
    func views(seed: UInt64) throws {
        var walk = Walk(seed: seed)
        for _ in 0..<30 { walk.step() }
        var views: [ViewDefinition] = []
        for step in 0..<75 {
            if step % 15 == 0 {
                let columns = walk.naive.sheets[0].sheet.columns.map { $0.id }
                views = (0..<5).map { _ in walk.random.definition(columns) }
                views.append(ViewDefinition(find: "1"))
                views.append(ViewDefinition(filter: views[0].filter, match: .any, sort: views[0].sort, find: "A"))
            }
            walk.step()
            let sheet = walk.naive.sheets[0]
            let types = Dictionary(uniqueKeysWithValues: sheet.sheet.columns.map { ($0.id, $0.type) })
            let naive = NaiveView(columns: types, cells: walk.naive.cells, marks: walk.naive.marks)
            for view in views where view.columns.allSatisfy({ types[$0] != nil }) {
                let list = walk.log.image.rows(of: sheet.sheet.id, view: view)
                let rows = list.slice(0..<Int.max)
                try #require(rows == naive.rows(sheet.rows, view), "seed \(seed) step \(step) \(view)")
                try #require(list.count == rows.count)
                for (rank, row) in rows.enumerated() where rank % 11 == 0 {
                    try #require(list.rank(of: row) == rank && list[rank] == row)
                }
            }
        }
    }

    @Test("a large view sorts as the small ones do, through the radix sort and runs of equal prefixes")
    func large() throws {
        var log = Log.with(columns: ["A", "N"], rows: 0)
        log.commit(.retypeColumn(column: ColumnID(2), type: .number))
        var random = RandomChanges(seed: 5)
        var block = RowsBlock(columns: [ColumnID(1), ColumnID(2)])
        for _ in 0..<3_000 { block.append([random.value(), random.value()]) }
        log.commit(.insertRows(sheet: Log.sheet, position: .last, rows: block))
        var cells: [RowID: [ColumnID: CellValue]] = [:]
        let rows = log.image.rows(of: Log.sheet, view: ViewDefinition()).slice(0..<Int.max)
        for row in rows {
            for column in [ColumnID(1), ColumnID(2)] {
                cells[row, default: [:]][column] = log.image.value(row: row, column: column)
            }
        }
        let naive = NaiveView(columns: [ColumnID(1): .text, ColumnID(2): .number], cells: cells)
        for descending in [false, true] {
            let view = ViewDefinition(sort: [
                SortCriterion(column: ColumnID(2), descending: descending), SortCriterion(column: ColumnID(1)),
            ])
            #expect(log.image.rows(of: Log.sheet, view: view).slice(0..<Int.max) == naive.rows(rows, view))
            let other = ViewDefinition(sort: [
                SortCriterion(column: ColumnID(1), descending: descending), SortCriterion(column: ColumnID(2)),
            ])
            #expect(log.image.rows(of: Log.sheet, view: other).slice(0..<Int.max) == naive.rows(rows, other))
        }
    }

    @Test("numbers sort by value to the last digit, equal values keep the sheet's order, text comes after, empty last")
    func numbers() throws {
        var log = Log.with(columns: ["N"], rows: 0)
        log.commit(.retypeColumn(column: ColumnID(1), type: .number))
        let values: [CellValue?] = [
            text("007"), json("9007199254740993"), json("1.0"), nil, json("9007199254740992"), json("1"), json("-3e2"),
            json("1e400"),
            json("2e399"), json("-0"), json("0.00"), json("1e0"), json("-0.5"),
        ]
        var block = RowsBlock(columns: [ColumnID(1)])
        for value in values { block.append([value]) }
        log.commit(.insertRows(sheet: Log.sheet, position: .last, rows: block))
        func sorted(_ descending: Bool) -> [String?] {
            let view = ViewDefinition(sort: [SortCriterion(column: ColumnID(1), descending: descending)])
            return log.image.rows(of: Log.sheet, view: view).slice(0..<99).map {
                log.image.value(row: $0, column: ColumnID(1))?.json
            }
        }
        let ascending = [
            "-3e2", "-0.5", "-0", "0.00", "1.0", "1", "1e0", "9007199254740992", "9007199254740993", "2e399", "1e400",
            "\"007\"", nil,
        ]
        #expect(sorted(false) == ascending)
        #expect(
            sorted(true) == [
                "\"007\"", "1e400", "2e399", "9007199254740993", "9007199254740992", "1.0", "1", "1e0", "-0", "0.00", "-0.5",
                "-3e2", nil,
            ])
    }

    @Test("a number typed as text filters a number column by value")
    func typedNumbers() {
        var log = Log.with(columns: ["N"], rows: 0)
        log.commit(.retypeColumn(column: ColumnID(1), type: .number))
        var block = RowsBlock(columns: [ColumnID(1)])
        for value in ["3", "5.0", "12", "\"5\""] { block.append([json(value)]) }
        log.commit(.insertRows(sheet: Log.sheet, position: .last, rows: block))
        func rows(_ operation: Filter.Operation, _ value: String) -> [RowID] {
            let view = ViewDefinition(filter: [Filter(column: ColumnID(1), operation: operation, values: [json(value)])])
            return log.image.rows(of: Log.sheet, view: view).slice(0..<9)
        }
        #expect(rows(.less, "\"10\"") == [RowID(1), RowID(2)])
        #expect(rows(.equals, "\"5\"") == [RowID(2), RowID(4)])
        #expect(rows(.oneOf, "12.00") == [RowID(3)])
        #expect(rows(.less, "\"ten\"").isEmpty)
    }

    @Test("a text is found in any column, in upper or lower case, besides what the conditions say") func finding() {
        var log = Log.with(columns: ["A", "B"], rows: 0)
        var block = RowsBlock(columns: [ColumnID(1), ColumnID(2)])
        for (a, b) in [("Lisbon", "PT"), ("Porto", "lis"), ("Oslo", "NO"), ("x", "\"Lis\"")] {
            block.append([text(a), text(b)])
        }
        log.commit(.insertRows(sheet: Log.sheet, position: .last, rows: block))
        func rows(_ view: ViewDefinition) -> [RowID] { log.image.rows(of: Log.sheet, view: view).slice(0..<9) }
        #expect(rows(ViewDefinition(find: "LIS")) == [RowID(1), RowID(2), RowID(4)])
        #expect(rows(ViewDefinition(find: "nowhere")).isEmpty)
        let named = Filter(column: ColumnID(2), operation: .equals, values: [json("\"lis\"")])
        #expect(rows(ViewDefinition(filter: [named], match: .any, find: "lis")) == [RowID(2)])
        // A change in any column counts when the kept view is brought forward.
        log.commit(.setCell(row: RowID(3), column: ColumnID(2), value: text("Lissabon"), ifRevision: nil))
        #expect(rows(ViewDefinition(find: "LIS")) == [RowID(1), RowID(2), RowID(3), RowID(4)])
    }

    @Test("two copies of an image that go different ways never see each other's kept views")
    func lineages() throws {
        let base = Log.with(columns: ["A"], rows: 5)
        let view = ViewDefinition(filter: [Filter(column: ColumnID(1), operation: .startsWith, values: [json("\"A\"")])])
        #expect(base.image.rows(of: Log.sheet, view: view).count == 5)
        var one = base
        var two = base
        one.commit(.setCell(row: RowID(1), column: ColumnID(1), value: text("x"), ifRevision: nil))
        #expect(one.image.rows(of: Log.sheet, view: view).count == 4)
        two.commit(.setCell(row: RowID(2), column: ColumnID(1), value: text("AAA"), ifRevision: nil))
        #expect(two.image.rows(of: Log.sheet, view: view).count == 5)
        #expect(one.image.rows(of: Log.sheet, view: view).count == 4)
        #expect(base.image.rows(of: Log.sheet, view: view).count == 5)
    }

    @Test func `cells that failed can be filtered on, and leave the view when they are mended`() {
        var log = Log.with(columns: ["City", "Answer"], rows: 3)
        let view = ViewDefinition(filter: [Filter(column: ColumnID(2), operation: .isFailed)])
        func rows() -> [RowID] {
            log.image.rows(of: Log.sheet, view: view).slice(0..<log.image.rows(of: Log.sheet, view: view).count).map { $0 }
        }
        #expect(rows().isEmpty)
        log.commit(.markCell(row: RowID(2), column: ColumnID(2), mark: .failed(reason: "no")))
        log.commit(.markCell(row: RowID(3), column: ColumnID(2), mark: .skipped(reason: "no")))
        #expect(rows() == [RowID(2)])
        log.commit(.setCell(row: RowID(2), column: ColumnID(2), value: .yes, ifRevision: nil))
        #expect(rows().isEmpty)
    }
}
