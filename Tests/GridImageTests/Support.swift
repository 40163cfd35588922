import GridImage
import GridModel
import Ordering

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed, everywhere.
struct Seeded {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(count, 1))) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

func text(_ text: String) -> CellValue? { CellValue(text: text) }
func json(_ json: String) -> CellValue { CellValue(checkedJSON: json) }

/// An image with its log: commits commands as the pipeline does, in memory.
struct Log {
    var image = GridImage(name: "")
    var records: [Revision: [UInt8]] = [:]
    var structural: [Revision] = []
    private var intents: UInt64 = 0
    var touched = Touched()

    /// Plans and applies commands, each of the given changes.
    @discardableResult
    mutating func commit(_ batches: [[Change]], cause: Cause = .person) -> [Result<[ChangeResult], CommandRefusal>] {
        let commands = batches.map { changes in
            intents += 1
            return Command(intent: IntentID(high: 7, low: intents), cause: cause, changes: changes)
        }
        return commit(commands)
    }

    @discardableResult
    mutating func commit(_ commands: [Command]) -> [Result<[ChangeResult], CommandRefusal>] {
        let before = image
        let reader = reader
        let plan = image.plan(commands, time: 1_000 + image.revision.rawValue) { row, column, after in
            try? before.valueChanges(row: row, column: column, after: after, records: reader)
        }
        guard !plan.isEmpty else { return plan.results }
        do {
            touched = try image.apply(record: plan.record, revision: plan.revision)
        } catch {
            fatalError("a planned record was not applied: \(error)")
        }
        precondition(touched.changes == plan.changeCount, "planned \(plan.changeCount), touched \(touched.changes)")
        records[plan.revision] = plan.record
        if plan.structural { structural.append(plan.revision) }
        return plan.results
    }

    /// Commits one command that must be accepted.
    @discardableResult
    mutating func commit(_ changes: Change..., cause: Cause = .person) -> [ChangeResult] {
        switch commit([changes], cause: cause)[0] {
        case .success(let results): return results
        case .failure(let refusal): fatalError("refused: \(refusal)")
        }
    }

    /// Commits one command that must be refused.
    mutating func refusal(_ changes: Change..., cause: Cause = .person) -> CommandRefusal.Reason? {
        let before = (image.revision, image.hash())
        guard case .failure(let refusal) = commit([changes], cause: cause)[0] else { return nil }
        precondition(before == (image.revision, image.hash()), "a refused command left something behind")
        return refusal.reason
    }

    var reader: RecordReader { { [records] in records[$0] } }

    func structuralAfter(_ revision: Revision) -> [Revision] { structural.filter { $0 > revision }.reversed() }

    static let sheet = SheetID(1)

    /// A log whose sheet s1 has the named text columns c1... and rows r1... with "name-row" in each cell.
    static func with(columns: [String], rows: Int) -> Log {
        var log = Log()
        for name in columns {
            log.commit(.addColumn(sheet: sheet, name: name, type: .text, width: nil, agent: nil, position: .last))
        }
        var block = RowsBlock(columns: (0..<columns.count).map { ColumnID(UInt32($0 + 1)) })
        for row in 0..<rows { block.append(columns.map { CellValue(text: "\($0)-\(row + 1)") }) }
        if rows > 0 { log.commit(.insertRows(sheet: sheet, position: .last, rows: block)) }
        return log
    }
}
