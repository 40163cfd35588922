import GridModel

/// Gathers what a record touches while it is applied.
struct TouchedBuilder {
    private struct PerSheet {
        var sheet: UInt32
        /// Row numbers, the first in the high half and the last in the low one, in the order touched. Packed, because sorting plain
        /// numbers is several times as fast.
        var ranges: [UInt64] = []
        var tooMany = false
        var columns: [ColumnID] = []
        var structure = false
        var order = false
    }

    /// Ranges gathered before they are put in order; beyond this the answer is "many" anyway.
    private static let gatherLimit = 1 << 17

    /// The sheet touched last; kept apart, since taking it out of a list for each change would cost more than noting the change.
    private var current: PerSheet?
    private var others: [PerSheet] = []
    private var seenColumns: [Bool]
    var gridStructure = false
    var changes = 0

    init(columns: Int) {
        seenColumns = [Bool](repeating: false, count: columns)
    }

    @inline(__always)
    private mutating func select(_ sheet: UInt32) {
        if current?.sheet != sheet { change(to: sheet) }
    }

    private mutating func change(to sheet: UInt32) {
        if let current { others.append(current) }
        let index = others.firstIndex { $0.sheet == sheet }
        current = index.map { others.remove(at: $0) } ?? PerSheet(sheet: sheet)
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
            current?.columns.append(ColumnID(column))
        }
    }

    /// Rows that came, went or moved.
    mutating func rows(_ first: UInt32, _ count: UInt32, sheet: UInt32) {
        guard count > 0 else { return }
        select(sheet)
        changes += Int(count)
        current?.order = true
        addRange(first, first + (count - 1))
    }

    mutating func structure(sheet: UInt32, counts: Bool = true) {
        select(sheet)
        if counts { changes += 1 }
        current?.structure = true
    }

    @inline(__always)
    private mutating func addRange(_ first: UInt32, _ last: UInt32) {
        if let end = current?.ranges.last {
            let (endFirst, endLast) = Self.unpacked(end)
            if first >= endFirst, last <= endLast { return }
            if endLast < UInt32.max, first == endLast + 1 {
                let count = current?.ranges.count ?? 1
                current?.ranges[count - 1] = Self.packed(endFirst, last)
                return
            }
            if (current?.ranges.count ?? 0) >= Self.gatherLimit {
                current?.tooMany = true
                return
            }
        }
        current?.ranges.append(Self.packed(first, last))
    }

    @inline(__always)
    private static func packed(_ first: UInt32, _ last: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(last) }

    @inline(__always)
    private static func unpacked(_ range: UInt64) -> (first: UInt32, last: UInt32) {
        (UInt32(range >> 32), UInt32(truncatingIfNeeded: range))
    }

    consuming func finish() -> Touched {
        let ordered = (others + [current].compactMap { $0 }).sorted { $0.sheet < $1.sheet }
        return Touched(sheets: ordered.map { Self.finish($0) }, structure: gridStructure, changes: changes)
    }

    private static func finish(_ sheet: PerSheet) -> Touched.Sheet {
        var columns: [ColumnID]? = sheet.columns.sorted()
        if sheet.columns.count > Touched.columnLimit { columns = nil }
        return Touched.Sheet(
            id: SheetID(sheet.sheet), rows: sheet.tooMany ? .many : coalesce(sheet.ranges), columns: columns,
            structure: sheet.structure, order: sheet.order)
    }

    private static func coalesce(_ ranges: [UInt64]) -> Touched.Rows {
        var merged: [ClosedRange<RowID>] = []
        var first: UInt32 = 0
        var last: UInt32 = 0
        var open = false
        for range in ranges.sorted() {
            let (from, to) = unpacked(range)
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
