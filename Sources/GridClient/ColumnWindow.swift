public import GridModel
import Ordering
import Wire

/// Which columns of a sheet are read. A sheet may have thousands: a window of them costs what it holds.
public enum ColumnWindow: Hashable, Sendable {
    case all
    /// In the order named; each once. A change in another column costs no read.
    case named([ColumnID])
    /// By position, from 0. A change in whatever column of a row counts, because other columns may come to stand there.
    case positions(ClosedRange<Int>)

    var query: PagesQuery.Columns {
        switch self {
        case .all: .all
        case .named(let columns): .named(columns)
        case .positions(let range): .positions(range)
        }
    }

    /// What the ordering core needs to know of it.
    var shown: ShownColumns {
        switch self {
        case .all, .positions: .all
        case .named(let columns): .these(columns.map { ColumnKey($0.rawValue) })
        }
    }
}
