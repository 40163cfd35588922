import Ordering

/// A grid of one interesting sheet that remembers every snapshot, so that it can tell what was true when.
struct ModelServer {
    struct Row: Hashable {
        var id: UInt32
        /// The revision of its last change: what a painted row must never go back from.
        var version: UInt64
        /// The value the sorted view sorts by.
        var key: Int
    }

    /// One page as a reply carries it.
    struct Page: Hashable {
        var rows: [Row]
        var totalRows: UInt32
        var totalPages: UInt32
    }

    static let pageSize = 3
    static let sortColumn: UInt32 = 9
    /// The column of most edits; pages hold it and the one before.
    static let column: UInt32 = 1
    /// A column that no page holds.
    static let unseenColumn: UInt32 = 5

    private(set) var snapshots: [[Row]]
    /// The signal of each commit; the one at index i is revision i + 1.
    private(set) var signals: [Signal] = []
    private var nextID: UInt32

    init(rows: Int) {
        snapshots = [(0..<rows).map { Row(id: UInt32($0 + 1), version: 0, key: $0 * 7 % 5) }]
        nextID = UInt32(rows + 1)
    }

    var revision: UInt64 { UInt64(snapshots.count - 1) }
    var rows: [Row] { snapshots[snapshots.count - 1] }

    enum Commit: UInt32, CaseIterable {
        case editOne, editTwo, insert, delete, move, elsewhere, sortKey, structure, many, unseen
    }

    mutating func commit(_ kind: Commit, choice: UInt32) {
        var rows = rows
        let revision = revision + 1
        let index = rows.isEmpty ? 0 : Int(choice) % rows.count
        var touched: [RowRange] = []
        func touch(_ row: Row) { touched.append(RowRange(first: RowKey(row.id), last: RowKey(row.id))) }
        var columns: [ColumnKey] = [ColumnKey(Self.column)]
        var order = false
        switch kind {
        case .editOne, .editTwo, .sortKey, .many, .unseen:
            guard !rows.isEmpty else { break }
            let count = kind == .editTwo ? 2 : kind == .many ? rows.count : 1
            for step in 0..<min(count, rows.count) {
                let at = (index + step * 2) % rows.count
                // What no page holds changes no page.
                if kind != .unseen { rows[at].version = revision }
                if kind == .sortKey { rows[at].key = Int(choice / 16) % 7 }
                touch(rows[at])
            }
            if kind == .sortKey { columns = [ColumnKey(Self.sortColumn)] }
            if kind == .unseen { columns = [ColumnKey(Self.unseenColumn)] }
        case .insert:
            rows.insert(Row(id: nextID, version: revision, key: Int(choice / 16) % 7), at: min(index, rows.count))
            touch(rows[min(index, rows.count - 1)])
            nextID += 1
            order = true
        case .delete:
            if rows.count > 1 {
                touch(rows.remove(at: index))
                order = true
            }
        case .move:
            if rows.count > 1 {
                var row = rows.remove(at: index)
                row.version = revision
                rows.insert(row, at: Int(choice / 16) % rows.count)
                touch(row)
                order = true
            }
        case .elsewhere: columns = []
        case .structure: break
        }
        snapshots.append(rows)
        signals.append(
            Signal(
                from: Revision(revision), revision: Revision(revision), rows: kind == .many ? .many : .ranges(touched),
                columns: .these(columns), order: order, structure: kind == .structure))
    }

    /// Changes a row's value if it is still there. Returns the revision.
    mutating func edit(row: UInt32) -> UInt64 {
        if let index = rows.firstIndex(where: { $0.id == row }) {
            commit(.editOne, choice: UInt32(index))
        } else {
            commit(.elsewhere, choice: 0)
        }
        return revision
    }

    func page(_ number: UInt32, at revision: UInt64, sorted: Bool) -> Page {
        var rows = snapshots[Int(min(revision, self.revision))]
        if sorted {
            rows = rows.enumerated().sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }.map { $0.element }
        }
        let from = min(Int(number - 1) * Self.pageSize, rows.count)
        let to = min(from + Self.pageSize, rows.count)
        return Page(
            rows: Array(rows[from..<to]), totalRows: UInt32(rows.count),
            totalPages: UInt32((rows.count + Self.pageSize - 1) / Self.pageSize))
    }
}
