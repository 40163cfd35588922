import GridModel

/// Finds columns by the words that somebody used.
struct ColumnNames: Sendable {
    let columns: [Column]
    /// What the person said that a word means: the word, folded, to a column's name.
    private let meanings: [String: String]

    init(_ columns: [Column], meanings: [(said: String, column: String)] = []) {
        self.columns = columns
        self.meanings = Dictionary(meanings.map { (Self.folded($0.said), $0.column) }, uniquingKeysWith: { $1 })
    }

    /// The column of that name, exactly; else the only one whose name is the same but for upper case, spaces, `_` and `-`.
    func column(_ said: String) throws(PlanProblem) -> Column {
        let said = String(said.trimmingSpace())
        if let exact = columns.first(where: { $0.name == said }) { return exact }
        let key = Self.folded(said)
        if let meant = meanings[key], let column = columns.first(where: { $0.name == meant }) { return column }
        let alike = key.isEmpty ? [] : columns.filter { Self.folded($0.name) == key }
        if let only = alike.first, alike.count == 1 { return only }
        if !alike.isEmpty { throw PlanProblem(.ambiguousColumn(said, choices: alike.map(\.name))) }
        throw PlanProblem(.unknownColumn(ModelFailure.bounded(said, to: 80), choices: likely(key)))
    }

    /// Names to choose from: those that share letters at the beginning or inside first, then the sheet's order.
    private func likely(_ key: String) -> [String] {
        let near = columns.filter { column in
            let name = Self.folded(column.name)
            return !key.isEmpty && (name.contains(key) || key.contains(name) || name.prefix(3) == key.prefix(3))
        }
        let rest = columns.filter { column in !near.contains(column) }
        return (near + rest).prefix(PlanLimits.choices).map(\.name)
    }

    /// Lower case, without what people leave out.
    static func folded(_ name: String) -> String {
        name.lowercased().filter { !$0.isWhitespace && $0 != "_" && $0 != "-" && $0 != "." }
    }
}
