import Foundation
import GRDB
import GRDBSQLite
import GridModel

/// The design that log first is measured against: rows updated in place in one table, each change logged in another with an index
/// by row, both in the commit's transaction. Same row format (offsets and JSON), same SQLite, same settings, same checkpoint size.
/// For other comparisons the log can be left out, and a row be kept in several blobs of so many columns.
final class InPlaceBench {
    private let queue: DatabaseQueue
    private let columns: Int
    private let columnsPerBlob: Int
    private let blobs: Int
    private let keepsHistory: Bool

    init(path: String, workload: inout Workload, columnsPerBlob: Int? = nil, history: Bool = true) throws {
        let columnsPerBlob = columnsPerBlob ?? workload.columns
        self.columnsPerBlob = columnsPerBlob
        blobs = (workload.columns + columnsPerBlob - 1) / columnsPerBlob
        keepsHistory = history
        columns = workload.columns
        queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            for sql in ["journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 8000", "cache_size = -16384"] {
                _ = try Row.fetchAll(db, sql: "PRAGMA " + sql)
            }
            try db.execute(
                sql: """
                    CREATE TABLE rows (key INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
                    CREATE TABLE log (seq INTEGER PRIMARY KEY, row INTEGER, col INTEGER, old BLOB, new BLOB);
                    CREATE INDEX log_row ON log (row, seq);
                    """)
            try db.execute(sql: "BEGIN")
            for row in 0..<workload.rows {
                for blob in 0..<blobs {
                    let columns = blob * columnsPerBlob..<min(workload.columns, (blob + 1) * columnsPerBlob)
                    let packed = Data(Self.pack(columns.map { Array(workload.cell($0).utf8) }))
                    try db.execute(sql: "INSERT INTO rows VALUES (?, ?)", arguments: [row * blobs + blob, packed])
                }
            }
            try db.execute(sql: "COMMIT")
        }
    }

    static func pack(_ cells: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        var end: UInt32 = 0
        for cell in cells {
            end += UInt32(cell.count)
            withUnsafeBytes(of: end.littleEndian) { bytes.append(contentsOf: $0) }
        }
        for cell in cells { bytes.append(contentsOf: cell) }
        return bytes
    }

    /// Replaces one cell in a packed row; returns the row and the old cell.
    private func splice(
        _ row: UnsafeRawBufferPointer, _ column: Int, of columns: Int, _ cell: [UInt8]
    ) -> (row: [UInt8], old: [UInt8]) {
        func end(_ index: Int) -> Int {
            index < 0 ? 0 : Int(UInt32(littleEndian: row.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
        }
        let header = columns * 4
        let (from, to) = (end(column - 1), end(column))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(row.count + cell.count)
        for index in 0..<columns {
            let moved = UInt32(index < column ? end(index) : end(index) - (to - from) + cell.count)
            withUnsafeBytes(of: moved.littleEndian) { bytes.append(contentsOf: $0) }
        }
        bytes.append(contentsOf: row[header..<header + from])
        bytes.append(contentsOf: cell)
        bytes.append(contentsOf: row[(header + to)...])
        return (bytes, Array(row[header + from..<header + to]))
    }

    func run(commands: [Command]) throws -> (throughput: Double, latencies: Timings) {
        var timings = Timings()
        let clock = ContinuousClock()
        let start = clock.now
        var changes = 0
        for command in commands {
            let begun = clock.now
            try queue.writeWithoutTransaction { db in try commit(command, db) }
            timings.add(clock.now - begun)
            changes += command.changes.count
        }
        return (Double(changes) / ((clock.now - start) / .seconds(1)), timings)
    }

    private func commit(_ command: Command, _ db: Database) throws {
        let select = try db.cachedStatement(sql: "SELECT bytes FROM rows WHERE key = ?").sqliteStatement
        let update = try db.cachedStatement(sql: "UPDATE rows SET bytes = ? WHERE key = ?").sqliteStatement
        let insert = try db.cachedStatement(sql: "INSERT INTO log (row, col, old, new) VALUES (?, ?, ?, ?)").sqliteStatement
        try db.execute(sql: "BEGIN IMMEDIATE")
        for case .setCell(let row, let column, let value, _) in command.changes {
            let cell = Array((value?.json ?? "").utf8)
            let (blob, place) = (Int(column.rawValue) - 1).quotientAndRemainder(dividingBy: columnsPerBlob)
            let key = Int64(row.rawValue - 1) * Int64(blobs) + Int64(blob)
            sqlite3_bind_int64(select, 1, key)
            guard sqlite3_step(select) == SQLITE_ROW, let start = sqlite3_column_blob(select, 0) else { exit(1) }
            let packed = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(select, 0)))
            let columns = blob < blobs - 1 ? columnsPerBlob : self.columns - blob * columnsPerBlob
            let (bytes, old) = splice(packed, place, of: columns, cell)
            sqlite3_reset(select)
            step(update) {
                sqlite3_bind_int64(update, 2, key)
                bind(update, 1, bytes)
            }
            guard keepsHistory else { continue }
            step(insert) {
                sqlite3_bind_int64(insert, 1, Int64(row.rawValue))
                sqlite3_bind_int64(insert, 2, Int64(column.rawValue))
                bind(insert, 3, old)
                bind(insert, 4, cell)
            }
        }
        try db.execute(sql: "COMMIT")
    }

    private func bind(_ statement: OpaquePointer, _ index: Int32, _ bytes: [UInt8]) {
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        bytes.withUnsafeBytes { _ = sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count), transient) }
    }

    private func step(_ statement: OpaquePointer, _ bindings: () -> Void) {
        bindings()
        guard sqlite3_step(statement) == SQLITE_DONE else { exit(1) }
        sqlite3_reset(statement)
    }
}
