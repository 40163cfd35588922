package import GridImage
import GridModel
package import Ordering

/// "Revision r is durable, and it touched these." It carries no values; whoever wants them reads the pages.
package struct Signal: Hashable, Sendable {
    /// Covers the commits `from...revision`.
    package var revision: Revision
    package var from: Revision
    /// In ascending order of sheet.
    package var sheets: [Touched.Sheet]
    /// The grid's name or its list of sheets changed.
    package var structure: Bool
    /// Single changes in the commits.
    package var changes: Int

    package init(revision: Revision, from: Revision, sheets: [Touched.Sheet], structure: Bool, changes: Int) {
        self.revision = revision
        self.from = from
        self.sheets = sheets
        self.structure = structure
        self.changes = changes
    }

    init(revision: Revision, touched: Touched) {
        self.init(
            revision: revision, from: revision, sheets: touched.sheets, structure: touched.structure, changes: touched.changes)
    }

    /// One signal for this one and the one that follows it.
    func merged(with next: Signal) -> Signal {
        Signal(
            revision: next.revision, from: from, sheets: Touched.Sheet.merged(sheets, next.sheets),
            structure: structure || next.structure, changes: changes + next.changes)
    }

    /// About how many bytes this takes in memory and on the wire.
    var weight: Int {
        sheets.reduce(64) { sum, sheet in
            let ranges = if case .ranges(let ranges) = sheet.rows { ranges.count } else { 0 }
            return sum + 64 + ranges * 16 + (sheet.columns?.count ?? 0) * 8
        }
    }
}

/// What a subscriber gets.
package enum SignalEvent: Hashable, Sendable {
    case commit(Signal)
    /// What was asked for, or what piled up, is no longer kept: reload from a snapshot at or after this revision.
    case gap(Revision)
}

/// The bounds of the signals (S8).
package struct SignalLimits: Hashable, Sendable {
    /// Signals that wait for one reader; beyond it the newest two merge.
    package var queued = 16
    /// Bytes that wait for one reader; beyond it everything that waits becomes one gap.
    package var queuedBytes = 262_144
    /// Signals kept for readers that come back: at 20 commits a second 50 seconds, longer when it is quieter.
    package var keptForResume = 1_024
    package var keptBytesForResume = 4_194_304
    /// Subscriptions of one grid.
    package var subscribers = 20_000

    package init() {}
}

extension Touched.Sheet {
    /// The union, in ascending order of sheet. What grows beyond the bounds of `Touched` becomes "many" and "any column".
    static func merged(_ a: [Touched.Sheet], _ b: [Touched.Sheet]) -> [Touched.Sheet] {
        var result: [Touched.Sheet] = []
        result.reserveCapacity(max(a.count, b.count))
        var left = a[...]
        var right = b[...]
        while let first = left.first, let second = right.first {
            if first.id < second.id {
                result.append(left.removeFirst())
            } else if second.id < first.id {
                result.append(right.removeFirst())
            } else {
                result.append(first.merged(with: second))
                left.removeFirst()
                right.removeFirst()
            }
        }
        return result + left + right
    }

    private func merged(with other: Touched.Sheet) -> Touched.Sheet {
        Touched.Sheet(
            id: id, rows: rows.merged(with: other.rows), columns: Self.union(columns, other.columns),
            structure: structure || other.structure, order: order || other.order)
    }

    private static func union(_ a: [ColumnID]?, _ b: [ColumnID]?) -> [ColumnID]? {
        guard let a, let b else { return nil }
        let union = Set(a).union(b)
        return union.count <= Touched.columnLimit ? union.sorted() : nil
    }
}

extension Touched.Rows {
    fileprivate func merged(with other: Touched.Rows) -> Touched.Rows {
        guard case .ranges(let a) = self, case .ranges(let b) = other else { return .many }
        var union: [ClosedRange<RowID>] = []
        union.reserveCapacity(a.count + b.count)
        for range in (a + b).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = union.last,
                range.lowerBound.rawValue <= last.upperBound.rawValue
                    || range.lowerBound.rawValue - last.upperBound.rawValue == 1
            {
                union[union.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                union.append(range)
            }
        }
        return union.count <= Touched.rangeLimit ? .ranges(union) : .many
    }
}
