import Foundation
import GRDB
import GRDBSQLite
import GridImage
import GridModel

/// Reads pages of a snapshot as a reply does: the rows' numbers by rank, then every cell's bytes.
struct PageReader {
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)
    private(set) var bytes = 0

    mutating func read(_ image: GridImage, ranks: Range<Int>, window: ColumnWindow) {
        var at = 0
        buffer.withUnsafeMutableBytes { target in
            for row in image.rows(of: SheetID(1), view: ViewDefinition()).slice(ranks) {
                image.forEachCell(row: row, in: window) { _, json in
                    guard let from = json.baseAddress, let base = target.baseAddress else { return }
                    (base + at).copyMemory(from: from, byteCount: json.count)
                    at += json.count
                }
            }
        }
        bytes += at
    }

    /// Pages of 100 rows, at every rank and with every place of a window of columns.
    mutating func time(_ image: GridImage, count: Int, columns width: Int, _ workload: inout Workload) -> Timings {
        let sheet = SheetID(1)
        let (rows, columns) = (image.rowCount(of: sheet), image.sheets[0].columns.count)
        var timings = Timings()
        let clock = ContinuousClock()
        for _ in 0..<count {
            let rank = workload.below(rows - 99)
            let left = workload.below(columns - width + 1)
            timings.add(
                clock.measure {
                    guard let window = image.window(of: sheet, positions: left..<left + width) else { exit(1) }
                    read(image, ranks: rank..<rank + 100, window: window)
                })
        }
        return timings
    }
}

/// Any page of a million rows after 50,000 inserts and moves, beside a range of a table whose rows lie in order: the least that
/// SQLite can do for a page, in a table that no row can be inserted into.
struct PagesBenchmark {
    static let edits = 50_000
    let directory: String

    func run() async throws {
        var workload = Workload(rows: 1_000_000, columns: 10)
        print("== a page of 100 rows of 1,000,000 x 10 after \(Self.edits) inserts and moves")
        let pipeline = try await PipelineBench(directory: directory, workload: &workload)
        let dense = try DenseTable(path: directory + "/dense.sqlite", workload: &workload)
        let clock = ContinuousClock()
        let start = clock.now
        for command in 1...UInt64(Self.edits / 500) {
            let changes = (0..<500).map { _ -> Change in
                let (row, other) = (RowID(UInt32(1 + workload.below(1_000_000))), RowID(UInt32(1 + workload.below(1_000_000))))
                return workload.below(2) == 0 || row == other
                    ? .insertRows(sheet: SheetID(1), position: .before(row), rows: RowsBlock(emptyRows: 1))
                    : .moveRows(sheet: SheetID(1), rows: [row], position: .after(other))
            }
            _ = try await pipeline.submit(changes, intent: command)
        }
        print("the edits took \(figure((clock.now - start) / .seconds(1))) s, 500 a commit")
        let image = pipeline.snapshot
        var reader = PageReader()
        var (ours, theirs): (Timings, Timings) = (Timings(), Timings())
        for _ in 1...5 {
            ours += reader.time(image, count: 4_000, columns: 10, &workload)
            theirs += try dense.time(count: 4_000, &workload)
        }
        print("page of the image:    p50 \(ours[50, .microseconds(1)]) us, p99 \(ours[99, .microseconds(1)]) us")
        print("dense rowid range:    p50 \(theirs[50, .microseconds(1)]) us, p99 \(theirs[99, .microseconds(1)]) us")
        Goals.report("a page after 50,000 edits against a dense range", ours.value(50) / theirs.value(50), "(\(reader.bytes & 1))")
        await pipeline.close()
    }
}

/// The same rows in one table, all of it in SQLite's cache, a page in a transaction of its own.
final class DenseTable {
    private let queue: DatabaseQueue
    private let rows: Int

    init(path: String, workload: inout Workload) throws {
        rows = workload.rows
        queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            for sql in ["journal_mode = WAL", "cache_size = -1000000"] { _ = try Row.fetchAll(db, sql: "PRAGMA " + sql) }
            try db.execute(sql: "CREATE TABLE rows (key INTEGER PRIMARY KEY, bytes BLOB NOT NULL); BEGIN")
            for row in 1...workload.rows {
                let cells = (0..<workload.columns).map { Array(workload.cell($0).utf8) }
                try db.execute(sql: "INSERT INTO rows VALUES (?, ?)", arguments: [row, Data(InPlaceBench.pack(cells))])
            }
            try db.execute(sql: "COMMIT")
            _ = try Int.fetchOne(db, sql: "SELECT sum(length(bytes)) FROM rows")
        }
    }

    func time(count: Int, _ workload: inout Workload) throws -> Timings {
        var timings = Timings()
        let clock = ContinuousClock()
        try queue.writeWithoutTransaction { db in
            let select = try db.cachedStatement(sql: "SELECT bytes FROM rows WHERE rowid BETWEEN ? AND ?").sqliteStatement
            let begin = try db.cachedStatement(sql: "BEGIN").sqliteStatement
            let commit = try db.cachedStatement(sql: "COMMIT").sqliteStatement
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            for _ in 0..<count {
                let first = Int64(1 + workload.below(rows - 99))
                timings.add(
                    clock.measure {
                        sqlite3_step(begin)
                        sqlite3_reset(begin)
                        sqlite3_bind_int64(select, 1, first)
                        sqlite3_bind_int64(select, 2, first + 99)
                        var at = 0
                        buffer.withUnsafeMutableBytes { target in
                            while sqlite3_step(select) == SQLITE_ROW {
                                guard let from = sqlite3_column_blob(select, 0), let base = target.baseAddress else { exit(1) }
                                let bytes = Int(sqlite3_column_bytes(select, 0))
                                (base + at).copyMemory(from: from, byteCount: bytes)
                                at += bytes
                            }
                        }
                        sqlite3_reset(select)
                        sqlite3_step(commit)
                        sqlite3_reset(commit)
                    })
            }
        }
        return timings
    }
}
