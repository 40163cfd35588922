import GridModel

/// Gathers what a record touches while it is applied.
struct TouchedBuilder {
    private struct PerSheet {
        var sheet: UInt32
        /// Row numbers, first and last, in the order touched.
        var ranges: [(first: UInt32, last: UInt32)] = []
        var tooMany = false
        var columns: [ColumnID] = []
        var structure = false
        var order = false
    }

    /// Ranges gathered before they are put in order; beyond this the answer is "many" anyway.
    private static let gatherLimit = 1 << 17

    private var sheets: [PerSheet] = []
    private var current = 0
    private var seenColumns: [Bool]
    var gridStructure = false
    var changes = 0

    init(columns: Int) {
        seenColumns = [Bool](repeating: false, count: columns)
    }

    @inline(__always)
    private mutating func select(_ sheet: UInt32) {
        if current < sheets.count, sheets[current].sheet == sheet { return }
        current = sheets.firstIndex { $0.sheet == sheet } ?? sheets.count
        if current == sheets.count { sheets.append(PerSheet(sheet: sheet)) }
    }

    @inline(__always)
    mutating func cell(_ row: UInt32, _ column: UInt32, sheet: UInt32) {
        select(sheet)
        changes += 1
        addRange(row, row)
        let number = Int(column)
        if number >= seenColumns.count {
            seenColumns += [Bool](repeating: false, count: number + 1 - seenColumns.count)
        }
        if !seenColumns[number] {
            seenColumns[number] = true
            sheets[current].columns.append(ColumnID(column))
        }
    }

    /// Rows that came, went or moved.
    mutating func rows(_ first: UInt32, _ count: UInt32, sheet: UInt32) {
        guard count > 0 else { return }
        select(sheet)
        changes += Int(count)
        sheets[current].order = true
        addRange(first, first + (count - 1))
    }

    mutating func structure(sheet: UInt32, counts: Bool = true) {
        select(sheet)
        if counts { changes += 1 }
        sheets[current].structure = true
    }

    @inline(__always)
    private mutating func addRange(_ first: UInt32, _ last: UInt32) {
        if let end = sheets[current].ranges.last {
            if first >= end.first, last <= end.last { return }
            if end.last < UInt32.max, first == end.last + 1 {
                sheets[current].ranges[sheets[current].ranges.count - 1].last = last
                return
            }
        }
        guard sheets[current].ranges.count < Self.gatherLimit else {
            sheets[current].tooMany = true
            return
        }
        sheets[current].ranges.append((first, last))
    }

    consuming func finish() -> Touched {
        let ordered = sheets.sorted { $0.sheet < $1.sheet }
        return Touched(sheets: ordered.map { Self.finish($0) }, structure: gridStructure, changes: changes)
    }

    private static func finish(_ sheet: PerSheet) -> Touched.Sheet {
        var columns: [ColumnID]? = sheet.columns.sorted()
        if sheet.columns.count > Touched.columnLimit { columns = nil }
        return Touched.Sheet(
            id: SheetID(sheet.sheet), rows: sheet.tooMany ? .many : coalesce(sheet.ranges), columns: columns,
            structure: sheet.structure, order: sheet.order)
    }

    private static func coalesce(_ ranges: [(first: UInt32, last: UInt32)]) -> Touched.Rows {
        var merged: [ClosedRange<RowID>] = []
        // Packed, because sorting plain numbers is several times as fast.
        let packed = ranges.map { UInt64($0.first) << 32 | UInt64($0.last) }.sorted()
        var first: UInt32 = 0
        var last: UInt32 = 0
        var open = false
        for range in packed {
            let (from, to) = (UInt32(range >> 32), UInt32(truncatingIfNeeded: range))
            if open, from <= last || from == last &+ 1 {
                last = max(last, to)
                continue
            }
            if open { merged.append(RowID(first)...RowID(last)) }
            guard merged.count < Touched.rangeLimit else { return .many }
            (first, last, open) = (from, to, true)
        }
        if open { merged.append(RowID(first)...RowID(last)) }
        return merged.count > Touched.rangeLimit ? .many : .ranges(merged)
    }
}
