/// Cells are named "row.column", or "row" for the only column of a list.
enum MuseumNames {
    static let onlyColumn = "value"

    static func split(_ cell: String) -> (row: String, column: String) {
        guard let dot = cell.firstIndex(of: ".") else { return (cell, onlyColumn) }
        return (String(cell[..<dot]), String(cell[cell.index(after: dot)...]))
    }

    static func row(_ cell: String) -> String { split(cell).row }

    static func cell(row: String, column: String) -> String { column == onlyColumn ? row : "\(row).\(column)" }

    /// Every cell that a piece knows, each once, in the order in which they are first mentioned.
    static func all(of piece: MuseumPiece) -> [String] {
        var names = piece.cells.map(\.name) + piece.views.flatMap { $0.places.map(\.cell) }
        for step in piece.steps {
            switch step {
            case .commit(let cells), .begin(_, let cells): names += cells.map(\.name)
            case .edit(let edit): names.append(edit.cell)
            case .ask(_, let cell, let reads): names += [cell] + reads
            case .open, .refresh, .type, .leave, .comeBack, .finish, .answer, .flush, .crash, .hold, .deliver, .duplicate,
                .lose,
                .swallow, .stale, .disconnect, .connect, .ready, .wait:
                break
            }
        }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}
