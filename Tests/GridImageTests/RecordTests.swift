@testable import GridImage
import GridModel
import Ordering
import Testing

@Suite("Records")
struct RecordTests {
    @Test("a record with any bit flipped is refused, and the image is as it was", arguments: 1...30)
    func flippedBits(seed: UInt64) throws {
        var walk = Walk(seed: 3)
        for _ in 0..<30 { walk.step() }
        var chance = Seeded(seed)
        var image = GridImage(name: "")
        for number in 1...walk.log.image.revision.rawValue {
            let revision = Revision(number)
            let bytes = try #require(walk.log.records[revision])
            var damaged = bytes
            damaged[chance.below(bytes.count)] ^= UInt8(1 << chance.below(8))
            let before = image.hash()
            #expect(throws: RecordError.self) { try image.apply(record: damaged, revision: revision) }
            #expect(throws: RecordError.self) {
                try image.apply(record: Array(bytes.dropLast(1 + chance.below(9))), revision: revision)
            }
            #expect(image.hash() == before)
            _ = try image.apply(record: bytes, revision: revision)
        }
    }

    @Test("a record damaged beneath a checksum that holds never traps", arguments: 1...60)
    func resealed(seed: UInt64) throws {
        var walk = Walk(seed: 4)
        for _ in 0..<30 { walk.step() }
        var chance = Seeded(seed)
        var image = GridImage(name: "")
        for number in 1...walk.log.image.revision.rawValue {
            let revision = Revision(number)
            let bytes = try #require(walk.log.records[revision])
            for _ in 0..<6 {
                var damaged = RecordWriter()
                damaged.bytes = Array(bytes.dropLast(8))
                for _ in 0..<(1 + chance.below(3)) {
                    damaged.bytes[chance.below(damaged.bytes.count)] ^= UInt8(1 << chance.below(8))
                }
                if chance.chance(20) { damaged.bytes.removeLast(chance.below(damaged.bytes.count / 2)) }
                damaged.seal()
                var victim = image
                guard (try? victim.apply(record: damaged.bytes, revision: revision)) != nil else { continue }
                // It was a sound record after all, of something else: what it made can be read and folded.
                _ = victim.hash()
                var pass = victim.beginFold()
                while pass?.next(from: victim, maxRows: 50) != nil {}
            }
            _ = try image.apply(record: bytes, revision: revision)
        }
    }

    @Test("a record out of its turn is refused (S2)")
    func order() throws {
        let log = Log.with(columns: ["A"], rows: 1)
        let record = try #require(log.records[Revision(1)])
        var image = GridImage(name: "")
        #expect(throws: RecordError.outOfOrder(expected: Revision(1), found: Revision(2))) {
            try image.apply(record: record, revision: Revision(2))
        }
        _ = try image.apply(record: record, revision: Revision(1))
        #expect(throws: RecordError.outOfOrder(expected: Revision(2), found: Revision(1))) {
            try image.apply(record: record, revision: Revision(2))
        }
    }

    @Test("numbers of any size are read as they were written, and none of more than 64 bits")
    func varints() {
        func read(_ bytes: [UInt8]) -> UInt64? {
            bytes.withUnsafeBytes { raw in
                var cursor = RecordCursor(raw)
                guard let value = try? cursor.varint(), cursor.isAtEnd else { return nil }
                return value
            }
        }
        for value in [0, 1, 127, 128, 16_383, 16_384, UInt64.max / 2, UInt64.max - 1, UInt64.max] {
            var writer = RecordWriter()
            writer.varint(value)
            #expect(read(writer.bytes) == value)
        }
        #expect(read([UInt8](repeating: 0xFF, count: 9) + [2]) == nil)
        #expect(read([0x80]) == nil)
    }

    @Test("a page's tag changes when a value, mark, column or row of it changes, and at nothing else")
    func pageTags() throws {
        var log = Log.with(columns: ["A", "B"], rows: 300)
        func tag(_ ranks: Range<Int> = 0..<100, _ positions: Range<Int>? = nil, view: UInt64 = 0) throws -> UInt64 {
            let window = try #require(log.image.window(of: Log.sheet, positions: positions))
            return log.image.pageTag(
                rows: log.image.rows(of: Log.sheet, view: ViewDefinition()).slice(ranks), window: window, view: view)
        }
        var seen: Set<UInt64> = [try tag()]
        log.commit(.setCell(row: RowID(200), column: ColumnID(1), value: text("elsewhere"), ifRevision: nil))
        log.commit(.setCell(row: RowID(5), column: ColumnID(1), value: text("A-5"), ifRevision: nil))
        log.commit(.addSheet(name: "Other"))
        #expect(seen.contains(try tag()))
        let changes: [Change] = [
            .setCell(row: RowID(5), column: ColumnID(1), value: text("new"), ifRevision: nil),
            .setCell(row: RowID(5), column: ColumnID(1), value: nil, ifRevision: nil),
            .markCell(row: RowID(99), column: ColumnID(2), mark: .stale),
            .moveRows(sheet: Log.sheet, rows: [RowID(100)], position: .first),
            .deleteRows(sheet: Log.sheet, rows: [RowID(1)]),
            .insertRows(sheet: Log.sheet, position: .first, rows: RowsBlock(emptyRows: 1)),
            .renameColumn(column: ColumnID(1), name: "Renamed"),
            .retypeColumn(column: ColumnID(1), type: .json),
            .moveColumn(column: ColumnID(2), position: .first),
        ]
        for change in changes {
            log.commit(change)
            #expect(seen.insert(try tag()).inserted, "\(change)")
        }
        #expect(seen.insert(try tag(view: 1)).inserted)
        #expect(seen.insert(try tag(0..<100, 0..<1)).inserted)
        #expect(seen.insert(try tag(100..<200)).inserted)
    }

    @Test("a window of columns gives each of its cells once, beyond 64 columns too")
    func windows() throws {
        var log = Log.with(columns: (1...150).map { "C\($0)" }, rows: 3)
        log.commit(.moveColumn(column: ColumnID(150), position: .first))
        let window = try #require(log.image.window(of: Log.sheet, positions: 0..<80))
        #expect(window.columns.count == 80)
        #expect(window.columns[0].id == ColumnID(150))
        var cells: [Int: String] = [:]
        log.image.forEachCell(row: RowID(2), in: window) { index, json in
            #expect(cells[index] == nil)
            cells[index] = String(decoding: json, as: UTF8.self)
        }
        #expect(cells.count == 80)
        for (index, column) in window.columns.enumerated() { #expect(cells[index] == "\"\(column.name)-2\"") }
        #expect(log.image.window(of: Log.sheet, columns: [ColumnID(3), ColumnID(3)]) == nil)
        #expect(log.image.window(of: Log.sheet, columns: [ColumnID(999)]) == nil)
        #expect(log.image.window(of: Log.sheet, positions: 400..<500)?.columns == [])
    }
}
