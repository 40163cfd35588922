package import GridModel
import Ordering

/// A sheet as the image holds it.
struct SheetState: Sendable {
    var sheet: Sheet
    var order = RowOrder()
    /// The revision that deleted the sheet; zero for one that is not deleted.
    var deletedAt: Revision = .zero
    /// Column slots handed out. A slot is never used again, so that an older state's cells are where they were.
    var slotCount = 0
    /// Rows stored but not shown yet, ascending, not adjacent.
    var staged: [StagedRows] = []

    var stagedCount: Int { staged.reduce(0) { $0 + Int($1.count) } }

    func columnIndex(_ id: ColumnID) -> Int? { sheet.columns.firstIndex { $0.id == id } }

    func isStaged(first: UInt32, count: UInt32) -> Bool {
        staged.contains { $0.contains(first: first, count: count) }
    }

    mutating func stage(first: UInt32, count: UInt32) {
        guard count > 0 else { return }
        staged.append(StagedRows(first: RowID(first), count: count))
        staged.sort { $0.first < $1.first }
        var merged: [StagedRows] = []
        for part in staged {
            if let last = merged.last, UInt64(last.first.rawValue) + UInt64(last.count) == UInt64(part.first.rawValue) {
                merged[merged.count - 1].count += part.count
            } else {
                merged.append(part)
            }
        }
        staged = merged
    }

    mutating func unstage(first: UInt32, count: UInt32) {
        var left: [StagedRows] = []
        let end = UInt64(first) + UInt64(count)
        for part in staged {
            let partFirst = part.first.rawValue
            let partEnd = UInt64(partFirst) + UInt64(part.count)
            guard part.contains(first: first, count: count) else {
                left.append(part)
                continue
            }
            if partFirst < first { left.append(StagedRows(first: part.first, count: first - partFirst)) }
            if end < partEnd { left.append(StagedRows(first: RowID(UInt32(end)), count: UInt32(partEnd - end))) }
        }
        staged = left
    }
}

/// Consecutive rows of an import that nobody sees yet.
package struct StagedRows: Hashable, Sendable {
    package var first: RowID
    package var count: UInt32

    func contains(first other: UInt32, count otherCount: UInt32) -> Bool {
        other >= first.rawValue
            && UInt64(other) + UInt64(otherCount) <= UInt64(first.rawValue) + UInt64(count)
    }
}

/// Where a column's cells lie. Stays when the column is deleted.
struct ColumnPlace: Hashable, Sendable {
    /// The sheet's number; 0 for a number that was never a column.
    var sheet: UInt32
    /// The sheet's slot.
    var slot: UInt16
    var isLive: Bool
    /// Where the sheet is among the image's sheets; -1 when it is deleted.
    var stateIndex: Int32 = -1
    /// An agent column's prompt refers to it.
    var hasDependents = false

    @inline(__always) var group: Int { Int(slot) / Limits.columnsPerGroup }
    @inline(__always) var slotInGroup: Int { Int(slot) % Limits.columnsPerGroup }

    static let none = ColumnPlace(sheet: 0, slot: 0, isLive: false)
}
