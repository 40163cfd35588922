import GridImage
import GridModel
import Ordering
import Testing

@Suite("The image equals the plainest grid")
struct ImageAgainstNaiveTests {
    @Test("every reading of the image equals the naive grid after each of many random commands", arguments: 1...8)
    func randomCommands(seed: UInt64) throws {
        var walk = Walk(seed: seed)
        for step in 0..<120 {
            walk.step()
            try expectEqual(walk.log.image, walk.naive, "seed \(seed) step \(step)", everyRow: step % 10 == 0)
        }
        #expect(walk.accepted > 100, "most random changes are accepted, or the test says little")
    }

    @Test("replaying the log from its beginning gives an equal image and equal hash", arguments: 20...23)
    func replay(seed: UInt64) throws {
        var walk = Walk(seed: seed)
        for _ in 0..<120 { walk.step() }
        var replayed = GridImage(name: "")
        for revision in 1...walk.log.image.revision.rawValue {
            let bytes = try #require(walk.log.records[Revision(revision)])
            _ = try replayed.apply(record: bytes, revision: Revision(revision))
        }
        #expect(replayed.hash() == walk.log.image.hash())
        #expect(replayed.lineage == walk.log.image.lineage)
        try expectEqual(replayed, walk.naive, "seed \(seed)", everyRow: true)
    }

    @Test("a snapshot taken before a change shows nothing of it (S3)", arguments: 30...32)
    func snapshots(seed: UInt64) throws {
        var walk = Walk(seed: seed)
        var kept: [(GridImage, NaiveGrid, UInt64)] = []
        for step in 0..<100 {
            walk.step()
            if step % 9 == 0 { kept.append((walk.log.image, walk.naive, walk.log.image.hash())) }
        }
        for (image, naive, hash) in kept {
            #expect(image.hash() == hash)
            try expectEqual(image, naive, "seed \(seed) revision \(image.revision)", everyRow: true)
        }
    }

    @Test("many commands of one plan come to what the same commands come to one by one", arguments: 40...44)
    func batching(seed: UInt64) throws {
        var walk = Walk(seed: seed)
        for _ in 0..<40 { walk.step() }
        var random = RandomChanges(seed: seed &* 31)
        var batches: [[Change]] = []
        for _ in 0..<60 {
            let sheet = random.chance.pick(walk.naive.sheets)
            let change = random.cellChange(sheet, revision: walk.log.image.revision)
            if let change, case .answerCell = change { continue }
            batches.append([change].compactMap { $0 })
        }
        var together = walk.log
        var apart = walk.log
        together.commit(batches)
        for batch in batches { apart.commit([batch]) }
        for sheet in together.image.sheets {
            for row in together.image.rows(of: sheet.id, view: ViewDefinition()).slice(0..<Int.max) {
                for column in sheet.columns {
                    #expect(together.image.value(row: row, column: column.id) == apart.image.value(row: row, column: column.id))
                    #expect(together.image.mark(row: row, column: column.id) == apart.image.mark(row: row, column: column.id))
                }
            }
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
