@testable import GridImage
import GridModel
import Ordering
import Testing

@Suite("Replay of the log")
struct LogReplayTests {
    @Test(
        "replay gives the image that applied the records one by one, however many changes it gathers",
        arguments: 21...23, [1, 7, LogReplay.gatheredMost])
    func sameAsApply(seed: UInt64, gatheredMost: Int) throws {
        var walk = Walk(seed: seed)
        for _ in 0..<80 { walk.step() }
        var replay = LogReplay(GridImage(name: ""), gatheredMost: gatheredMost)
        var changes = 0
        var image = GridImage(name: "")
        while replay.revision < walk.log.image.revision {
            let next = replay.revision.next
            let record = try #require(walk.log.records[next])
            try replay.apply(record: record, revision: next)
            changes += try image.apply(record: record, revision: next).changes
        }
        let replayed = replay.finish()
        #expect(replay.changes == changes)
        #expect(replayed.hash() == walk.log.image.hash(), "seed \(seed)")
        try expectEqual(replayed, walk.naive, "seed \(seed)", everyRow: true)
    }

    @Test("many changes of many rows are replayed in the order of each row's changes, and folded as changed")
    func manyRows() throws {
        var log = Log.with(columns: ["A", "B", "C"], rows: 9_000)
        let begun = log.image
        var chance = Seeded(5)
        for _ in 0..<40 {
            log.commit([
                (0..<200).map { _ in
                    let value = String(repeating: "x", count: chance.below(30)) + "\(chance.below(1_000))"
                    return .setCell(
                        row: RowID(UInt32(1 + chance.below(9_000))), column: ColumnID(UInt32(1 + chance.below(3))),
                        value: text(value), ifRevision: nil)
                }
            ])
        }
        var replay = LogReplay(begun)
        while let record = log.records[replay.revision.next] {
            try replay.apply(record: record, revision: replay.revision.next)
        }
        var replayed = replay.finish()
        #expect(replayed.hash() == log.image.hash())
        var (pass, expected) = (replayed.beginFold(), log.image.beginFold())
        #expect(
            pass?.next(from: replayed, maxRows: .max, maxBytes: .max)?.rows.map { $0.key }
                == expected?.next(from: log.image, maxRows: .max, maxBytes: .max)?.rows.map { $0.key })
    }

    @Test("a replayed image goes on as any other: later commits, views and their keeping up to date")
    func goesOn() throws {
        var log = Log.with(columns: ["A"], rows: 40)
        log.commit(.setCell(row: RowID(3), column: ColumnID(1), value: text("zzz"), ifRevision: nil))
        var replay = LogReplay(GridImage(name: ""))
        while let record = log.records[replay.revision.next] {
            try replay.apply(record: record, revision: replay.revision.next)
        }
        log.image = replay.finish()
        let sorted = ViewDefinition(sort: [SortCriterion(column: ColumnID(1), descending: true)])
        #expect(log.image.rows(of: Log.sheet, view: sorted).slice(0..<1) == [RowID(3)])
        log.commit(.setCell(row: RowID(9), column: ColumnID(1), value: text("zzzz"), ifRevision: nil))
        #expect(log.image.rows(of: Log.sheet, view: sorted).slice(0..<2) == [RowID(9), RowID(3)])
    }

    @Test(
        "a record that does not follow, or is damaged beneath a checksum that holds, is refused and never traps",
        arguments: 1...40)
    func damage(seed: UInt64) throws {
        var walk = Walk(seed: seed)
        for _ in 0..<12 { walk.step() }
        var chance = Seeded(seed)
        var replay = LogReplay(GridImage(name: ""))
        while replay.revision < walk.log.image.revision {
            let next = replay.revision.next
            let record = try #require(walk.log.records[next])
            #expect(throws: RecordError.self) { try replay.apply(record: record, revision: next.next) }
            var damaged = RecordWriter()
            damaged.bytes = Array(record.dropLast(8))
            for _ in 0..<(1 + chance.below(3)) {
                damaged.bytes[chance.below(damaged.bytes.count)] ^= UInt8(1 << chance.below(8))
            }
            damaged.seal()
            var victim = replay
            if (try? victim.apply(record: damaged.bytes, revision: next)) != nil { _ = victim.finish().hash() }
            try replay.apply(record: record, revision: next)
        }
        #expect(replay.finish().hash() == walk.log.image.hash())
    }
}
