/// "Revisions `from` to `revision` are durable; together they touched these." It carries no values.
public struct Signal: Hashable, Sendable {
    /// The first revision it covers.
    public var from: Revision
    /// The last revision it covers.
    public var revision: Revision
    /// The rows of this sheet whose cells changed.
    public var rows: TouchedRows
    /// The columns in which they changed.
    public var columns: TouchedColumns
    /// Which rows the sheet has, or their order, changed.
    public var order: Bool
    /// The sheet's columns or its views changed.
    public var structure: Bool

    public init(
        from: Revision, revision: Revision, rows: TouchedRows, columns: TouchedColumns = .these([]), order: Bool = false,
        structure: Bool = false
    ) {
        self.from = from
        self.revision = revision
        self.rows = rows.normalized
        self.columns = columns.normalized
        self.order = order
        self.structure = structure
    }

    /// Both signals as one. Associative, commutative and idempotent while no bound is reached; beyond one it says "many".
    /// Revisions that neither covers count as having touched everything.
    public func merged(with other: Signal) -> Signal {
        let (early, late) = from <= other.from ? (self, other) : (other, self)
        let apart = late.from > early.revision.next
        return Signal(
            from: early.from, revision: max(revision, other.revision), rows: apart ? .many : rows.union(other.rows),
            columns: apart ? .many : columns.union(other.columns), order: apart || order || other.order,
            structure: structure || other.structure)
    }

    /// Whether a page of these rows may look different after it: it holds some columns of a view that depends on others.
    func touches(_ members: Members, _ concern: Concern) -> Bool {
        if order || structure { return true }
        switch rows {
        case .none: return false
        case .many, .ranges: break
        }
        return columns.meet(concern.sensitive) || columns.meet(concern.shown) && members.meet(rows)
    }
}

/// Row ids from a first to a last one, both included.
public struct RowRange: Hashable, Sendable {
    public var first: RowKey
    public var last: RowKey

    public init(first: RowKey, last: RowKey) {
        self.first = first
        self.last = last
    }
}

/// Which rows a signal touched.
public enum TouchedRows: Hashable, Sendable {
    /// Nothing of this sheet.
    case none
    /// These. In a ``Signal`` they are sorted, apart from each other, and not empty.
    case ranges([RowRange])
    /// Too many to name.
    case many

    var normalized: TouchedRows {
        guard case .ranges(let ranges) = self else { return self }
        guard !ranges.isEmpty else { return .none }
        var joined: [RowRange] = []
        joined.reserveCapacity(min(ranges.count, Bounds.rangesPerSignal))
        for range in ranges.sorted(by: { $0.first < $1.first }) {
            // Backwards is damage: believe the worst rather than nothing.
            guard range.first <= range.last else { return .many }
            if let previous = joined.last, range.first.rawValue <= previous.last.rawValue &+ 1 || previous.last.rawValue == .max
            {
                joined[joined.count - 1].last = max(previous.last, range.last)
            } else {
                guard joined.count < Bounds.rangesPerSignal else { return .many }
                joined.append(range)
            }
        }
        return .ranges(joined)
    }

    func union(_ other: TouchedRows) -> TouchedRows {
        switch (self, other) {
        case (.many, _), (_, .many): .many
        case (.none, let rows), (let rows, .none): rows
        case (.ranges(let mine), .ranges(let theirs)): TouchedRows.ranges(mine + theirs).normalized
        }
    }
}

/// In which columns a signal's rows changed.
public enum TouchedColumns: Hashable, Sendable {
    /// These. In a ``Signal`` they are sorted and each is named once. Empty when nothing of this sheet was touched.
    case these([ColumnKey])
    /// Too many to name, or not known.
    case many

    var normalized: TouchedColumns {
        guard case .these(let columns) = self else { return .many }
        var distinct: [ColumnKey] = []
        for column in columns.sorted() where distinct.last != column {
            guard distinct.count < Bounds.columnsPerSignal else { return .many }
            distinct.append(column)
        }
        return .these(distinct)
    }

    func union(_ other: TouchedColumns) -> TouchedColumns {
        switch (self, other) {
        case (.many, _), (_, .many): .many
        case (.these(let mine), .these(let theirs)): TouchedColumns.these(mine + theirs).normalized
        }
    }

    func meet(_ sensitive: SensitiveColumns) -> Bool {
        switch (self, sensitive) {
        case (_, .all): true
        case (.many, .these(let columns)): !columns.isEmpty
        case (.these(let touched), .these(let columns)): columns.contains { touched.contains($0) }
        }
    }

    func meet(_ shown: ShownColumns) -> Bool {
        switch (self, shown) {
        case (_, .all), (.many, _): true
        case (.these(let touched), .these(let columns)): columns.contains { touched.contains($0) }
        }
    }
}

/// The rows a page holds.
enum Members: Hashable, Sendable {
    /// Sorted, each once.
    case these([RowKey])
    /// More than are remembered one by one.
    case all

    init(_ rows: [RowKey]) {
        self = rows.count > Bounds.rowsPerPage ? .all : .these(rows.sorted())
    }

    func contains(_ row: RowKey) -> Bool {
        switch self {
        case .all: true
        case .these(let rows): Self.firstIndex(atLeast: row, in: rows).map { rows[$0] == row } ?? false
        }
    }

    func meet(_ touched: TouchedRows) -> Bool {
        switch (self, touched) {
        case (_, .none): false
        case (_, .many), (.all, .ranges): true
        case (.these(let rows), .ranges(let ranges)):
            ranges.contains { range in
                Self.firstIndex(atLeast: range.first, in: rows).map { rows[$0] <= range.last } ?? false
            }
        }
    }

    private static func firstIndex(atLeast row: RowKey, in rows: [RowKey]) -> Int? {
        var low = 0
        var high = rows.count
        while low < high {
            let middle = low + (high - low) / 2
            if rows[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low < rows.count ? low : nil
    }
}

/// The signals that replies in flight may not have seen. Bounded: the oldest two are merged when it is full.
struct SignalLog: Hashable, Sendable {
    private(set) var signals: [Signal] = []

    mutating func append(_ signal: Signal) {
        signals.append(signal)
        guard signals.count > Bounds.rememberedSignals else { return }
        let merged = signals[0].merged(with: signals[1])
        signals.replaceSubrange(0...1, with: CollectionOfOne(merged))
    }

    /// Forgets signals that every reply still in flight includes.
    mutating func forget(through revision: Revision?) {
        guard let revision else { return signals.removeAll() }
        signals.removeAll { $0.revision <= revision }
    }
}
