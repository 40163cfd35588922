import GridImage
import GridModel
import Ordering
import Testing

@Suite("The image equals the plainest grid")
struct ImageAgainstNaiveTests {
    @Test("every reading of the image equals the naive grid after each of many random commands", arguments: 1...12)
    func randomCommands(seed: UInt64) throws {
        var log = Log()
        var naive = NaiveGrid()
        var random = RandomChanges(seed: seed)
        for step in 0..<150 {
            let batches = random.commands(naive, revision: log.image.revision)
            let results = log.commit(batches)
            for (changes, result) in zip(batches, results) {
                guard case .success(let outcomes) = result else { continue }
                for (change, outcome) in zip(changes, outcomes) { naive.apply(change, outcome) }
            }
            try expectEqual(log.image, naive, "seed \(seed) step \(step): \(batches)", everyRow: step % 10 == 0)
        }
    }
}

func expectEqual(_ image: GridImage, _ naive: NaiveGrid, _ what: @autoclosure () -> String, everyRow: Bool) throws {
    try #require(image.name == naive.name, "\(what())")
    try #require(image.sheets == naive.sheets.map { $0.sheet }, "\(what())")
    for sheet in naive.sheets {
        let id = sheet.sheet.id
        try #require(image.rowCount(of: id) == sheet.rows.count, "\(what())")
        let list = image.rows(of: id, view: ViewDefinition())
        try #require(list.slice(0..<Int.max) == sheet.rows, "\(what())")
        let stride = everyRow ? 1 : 7
        for (rank, row) in sheet.rows.enumerated() where rank % stride == 0 {
            try #require(image.rank(of: row, in: id) == rank, "\(what())")
            try #require(image.row(at: rank, in: id) == row, "\(what())")
            try #require(image.sheetID(ofRow: row) == id, "\(what())")
            for column in sheet.sheet.columns {
                let value = image.value(row: row, column: column.id)
                try #require(value == naive.cells[row]?[column.id], "\(row) \(column.id) \(what())")
                try #require(
                    image.mark(row: row, column: column.id) == naive.marks[row]?[column.id], "\(row) \(column.id) \(what())")
            }
        }
    }
}
