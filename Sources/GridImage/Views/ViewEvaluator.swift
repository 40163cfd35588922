// Makes the rows of a view: filter, then sort. Sorting never compares cells in its inner loop: each level turns its cells into
// 64-bit prefixes that sort as the cells do, sorts those with a radix sort (stable, so ties keep the sheet's order), and looks
// at cells again only where prefixes are equal.

import GridModel

/// See the file's head.
struct ViewEvaluator {
    private let store: RowStore
    private let order: RowOrder
    private let conditions: [Condition]
    private let matchesAny: Bool
    private let keys: [SortKey]
    /// What some cell of a row has to contain, when something is looked for: one for each column.
    private let finds: Bool
    private let searches: [Condition]

    init(_ image: GridImage, _ state: SheetState, _ definition: ViewDefinition) {
        store = image.store
        order = state.order
        matchesAny = definition.match == .any
        func column(_ id: ColumnID) -> (place: ColumnPlace?, type: ColumnType) {
            guard let column = state.sheet.columns.first(where: { $0.id == id }) else { return (nil, .text) }
            return (image.place(id), column.type)
        }
        conditions = definition.filter.map { filter in
            let column = column(filter.column)
            return Condition(filter, place: column.place, type: column.type)
        }
        let text = definition.find.flatMap { CellValue(text: $0) }
        finds = text != nil
        searches = state.sheet.columns.compactMap { column in
            guard let text else { return nil }
            let filter = Filter(column: column.id, operation: .contains, values: [text])
            return Condition(filter, place: image.place(column.id), type: .text)
        }
        keys = definition.sort.map { criterion in
            let column = column(criterion.column)
            return SortKey(place: column.place, type: column.type, descending: criterion.descending)
        }
    }

    /// All rows of the view, in its order.
    func rows() -> [UInt32] {
        var rows: [UInt32] = []
        var scratch: [UInt8] = []
        if conditions.isEmpty, !finds {
            rows.reserveCapacity(order.count)
            order.forEach { rows.append($0) }
        } else {
            order.forEach { if holds($0, &scratch) { rows.append($0) } }
        }
        if !keys.isEmpty { sort(&rows, 0..<rows.count, level: 0, &scratch) }
        return rows
    }

    @inline(__always)
    private func withCell<Value>(_ row: UInt32, _ place: ColumnPlace?, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        guard let place else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        return store.withRecord(row, place.group) { body($0.cell(place.slotInGroup)) }
    }

    private func mark(_ row: UInt32, _ place: ColumnPlace?) -> CellMark? {
        guard let place else { return nil }
        return store.withRecord(row, place.group) { $0.hasMarks ? $0.mark(place.slotInGroup) : nil }
    }

    /// Whether a row of the sheet is in the view.
    func holds(_ row: UInt32, _ scratch: inout [UInt8]) -> Bool {
        guard meetsConditions(row, &scratch) else { return false }
        return !finds || searches.contains { search in withCell(row, search.place) { search.holds($0, &scratch) } }
    }

    private func meetsConditions(_ row: UInt32, _ scratch: inout [UInt8]) -> Bool {
        for condition in conditions {
            let holds =
                condition.isOfMark
                ? condition.holds(mark(row, condition.place))
                : withCell(row, condition.place) { condition.holds($0, &scratch) }
            if holds == matchesAny { return holds }
        }
        return conditions.isEmpty || !matchesAny
    }

    // MARK: one row at a time

    /// Where a row that is not in `view` belongs.
    func rank(of row: UInt32, in view: RowOrder) -> Int {
        let own = order.rank(of: row) ?? order.count
        var low = 0
        var high = view.count
        while low < high {
            let middle = (low + high) / 2
            if comes(view.row(at: middle), before: row, ownRank: own) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func comes(_ other: UInt32, before row: UInt32, ownRank: Int) -> Bool {
        for key in keys {
            let comparison = withCell(other, key.place) { a in withCell(row, key.place) { key.compare(a, $0) } }
            if comparison != 0 { return comparison < 0 }
        }
        return (order.rank(of: other) ?? order.count) < ownRank
    }

    // MARK: sorting all

    /// Prefixes of one text that are looked at before its whole.
    private static let depthLimit = 6

    /// Sorts a range that is equal in all levels before `level`, and in the first `depth` prefixes of this one.
    private func sort(_ rows: inout [UInt32], _ range: Range<Int>, level: Int, depth: Int = 0, _ scratch: inout [UInt8]) {
        guard level < keys.count, range.count > 1 else { return }
        let key = keys[level]
        var entries: [PrefixSort.Entry] = []
        entries.reserveCapacity(range.count)
        for row in rows[range] {
            let prefix = withCell(row, key.place) { key.prefix($0, depth: depth, &scratch) }
            entries.append(PrefixSort.Entry(prefix: prefix, row: row))
        }
        PrefixSort.sort(&entries)
        for (index, entry) in entries.enumerated() { rows[range.lowerBound + index] = entry.row }
        var start = 0
        while start < entries.count {
            var end = start + 1
            while end < entries.count, entries[end].prefix == entries[start].prefix { end += 1 }
            if end - start > 1 {
                let run = range.lowerBound + start..<range.lowerBound + end
                if depth == 0, entries[start].prefix == SortKey.emptyPrefix || areEqual(rows[run], key) {
                    sort(&rows, run, level: level + 1, &scratch)
                } else {
                    sortRun(&rows, run, level: level, depth: depth, &scratch)
                }
            }
            start = end
        }
    }

    /// Puts rows of equal prefix in order, and rows that are equal altogether by the next level.
    private func sortRun(_ rows: inout [UInt32], _ run: Range<Int>, level: Int, depth: Int, _ scratch: inout [UInt8]) {
        let key = keys[level]
        if depth > 0, areEqual(rows[run], key) {
            sort(&rows, run, level: level + 1, &scratch)
            return
        }
        let isText = rows[run].allSatisfy { row in withCell(row, key.place) { key.isText($0) } }
        if isText, depth < Self.depthLimit, run.count > 32 {
            sort(&rows, run, level: level, depth: depth + 1, &scratch)
            return
        }
        let cells = rows[run].map { row in (row, withCell(row, key.place) { Array($0) }) }
        let sorted = cells.enumerated().sorted { a, b in
            let order = a.element.1.withUnsafeBytes { first in b.element.1.withUnsafeBytes { key.compare(first, $0) } }
            return order == 0 ? a.offset < b.offset : order < 0
        }
        for (index, element) in sorted.enumerated() { rows[run.lowerBound + index] = element.element.0 }
        var next = run.lowerBound
        for index in 1..<sorted.count {
            let (before, this) = (sorted[index - 1].element.1, sorted[index].element.1)
            guard before.withUnsafeBytes({ a in this.withUnsafeBytes { key.compare(a, $0) } }) != 0 else { continue }
            sort(&rows, next..<run.lowerBound + index, level: level + 1, &scratch)
            next = run.lowerBound + index
        }
        sort(&rows, next..<run.upperBound, level: level + 1, &scratch)
    }

    /// The common case of a column with few values: all cells of the run have the same bytes.
    private func areEqual(_ rows: ArraySlice<UInt32>, _ key: SortKey) -> Bool {
        guard let first = rows.first else { return true }
        return withCell(first, key.place) { first in
            rows.allSatisfy { row in
                withCell(row, key.place) { cell in cell.count == first.count && DisplayText.compare(cell, first) == 0 }
            }
        }
    }
}
