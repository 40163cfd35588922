import GridModel
import Synchronization

/// A run's look-up tables: each pair of columns is read once, at the revision of its first use, so that looking up costs the
/// same for the last row as for the first.
final class SheetLookup: LookupTables {
    /// Tables of one run: a prompt names one.
    static let tables = 4

    private struct Pair: Hashable {
        var key: String
        var result: String
    }

    private let grid: any RunGrid
    private let sheet: SheetID
    private let read = Mutex<[Pair: [String: String]]>([:])

    init(grid: any RunGrid, sheet: SheetID) {
        self.grid = grid
        self.sheet = sheet
    }

    func text(of result: String, where key: String, is value: String) throws(ModelFailure) -> String? {
        let pair = Pair(key: key, result: result)
        if let table = read.withLock({ $0[pair] }) { return table[value] }
        let table = try table(pair)
        read.withLock { read in
            if read.count < Self.tables { read[pair] = table }
        }
        return table[value]
    }

    private func table(_ pair: Pair) throws(ModelFailure) -> [String: String] {
        let snapshot = grid.snapshotForRun()
        let columns = snapshot.sheet(sheet)?.columns ?? []
        let key = try column(pair.key, columns)
        let result = try column(pair.result, columns)
        var table: [String: String] = [:]
        for row in snapshot.rows(of: sheet, view: ViewDefinition(), most: Limits.rowsPerRun, where: { _ in true }) {
            guard let name = snapshot.value(row: row, column: key)?.displayText,
                let text = snapshot.value(row: row, column: result)?.displayText
            else { continue }
            if table[name] == nil { table[name] = text }
        }
        return table
    }

    private func column(_ name: String, _ columns: [Column]) throws(ModelFailure) -> ColumnID {
        if let exact = columns.first(where: { $0.name == name }) { return exact.id }
        let alike = columns.filter { $0.name.lowercased() == name.lowercased() }
        guard alike.count == 1 else { throw ModelFailure(.unsupported, "there is no column \"\(name)\" to look up in") }
        return alike[0].id
    }
}
