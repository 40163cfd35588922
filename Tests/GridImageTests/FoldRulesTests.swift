import GridModel
import Ordering
import Testing

@testable import GridImage

/// What is in a slice of a fold, and what is not.
struct FoldRulesTests {
    private func slices(_ log: inout Log, maxRows: Int = 1_000, maxBytes: Int = 1 << 20) -> [FoldPass.Slice] {
        guard var pass = log.image.beginFold() else { return [] }
        var slices: [FoldPass.Slice] = []
        while let slice = pass.next(from: log.image, maxRows: maxRows, maxBytes: maxBytes) { slices.append(slice) }
        return slices
    }

    @Test func `A11: a row that is gone is taken out of the fold`() {
        var log = Log.with(columns: ["A"], rows: 2)
        _ = slices(&log)
        log.commit(.deleteRows(sheet: Log.sheet, rows: [RowID(1)]))
        let rows = slices(&log).flatMap(\.rows)
        #expect(rows.map(\.key) == [1 << 8])
        #expect(rows.allSatisfy { $0.bytes == nil })
    }

    @Test func `S8: a slice takes so many bytes, and a row more`() {
        var log = Log.with(columns: ["A"], rows: 20)
        let slices = slices(&log, maxBytes: 40)
        #expect(slices.count > 5)
        #expect(slices.allSatisfy { $0.rows.reduce(0) { $0 + ($1.bytes?.count ?? 0) } < 80 })
    }

    @Test func `S8: parts of an order that are gone are taken out of the fold`() {
        var log = Log.with(columns: ["A"], rows: RowOrder.chunkLimit * 3)
        let before = Set(slices(&log).flatMap(\.documents).filter { $0.bytes != nil }.map(\.name))
        let rows = (1...UInt32(RowOrder.chunkLimit * 3 - 1)).map { RowID($0) }
        log.commit(.deleteRows(sheet: Log.sheet, rows: rows))
        let gone = Set(slices(&log).flatMap(\.documents).filter { $0.bytes == nil }.map(\.name))
        #expect(!gone.isEmpty && gone.isSubset(of: before))
        #expect(before.filter { $0.hasPrefix("order/s1/") }.count - gone.count == 1)
    }

    @Test func `S8: nothing is folded when nothing changed`() {
        var log = Log.with(columns: ["A"], rows: 2)
        #expect(!slices(&log).isEmpty)
        #expect(slices(&log).isEmpty)
    }

    /// The image as a restart has it after a whole fold.
    private func loaded(_ log: inout Log) throws -> GridImage {
        let slices = slices(&log)
        var loader = GridImageLoader()
        for (key, bytes) in slices.flatMap(\.rows).sorted(by: { $0.key < $1.key }) {
            bytes?.withUnsafeBytes { loader.row(key: key, bytes: $0) }
        }
        return try loader.finish(
            documents: slices.flatMap(\.documents).compactMap { document in document.bytes.map { (document.name, $0) } })
    }

    @Test func `S3: after a restart a deleted sheet still has its rows in older states`() throws {
        var log = Log.with(columns: ["A"], rows: 3)
        let before = log.image.revision
        log.commit(.addSheet(name: "Second"))
        log.commit(.deleteSheet(sheet: Log.sheet))
        let image = try loaded(&log)
        let page = try image.page(
            of: Log.sheet, asOf: before, ranks: 0..<9, structural: log.structuralAfter(before), records: log.reader)
        #expect(page.rows.map(\.id) == (1...3).map { RowID($0) })
    }

    @Test func `S6: after a restart a changed input still marks what was computed from it as stale`() throws {
        var log = Log.with(columns: ["A"], rows: 1)
        log.commit(
            .addColumn(
                sheet: Log.sheet, name: "B", type: .text, width: nil, agent: AgentSettings(prompt: "{{A}}?"), position: .last))
        log.commit(.setCell(row: RowID(1), column: ColumnID(2), value: text("computed"), ifRevision: nil))
        log.image = try loaded(&log)
        log.commit(.setCell(row: RowID(1), column: ColumnID(1), value: text("changed"), ifRevision: nil))
        #expect(log.image.mark(row: RowID(1), column: ColumnID(2)) == .stale)
    }

    @Test func `S1: folded rows that come out of order are not loaded`() {
        var log = Log.with(columns: ["A"], rows: 2)
        let slices = slices(&log)
        var loader = GridImageLoader()
        for (key, bytes) in slices.flatMap(\.rows).reversed() { bytes?.withUnsafeBytes { loader.row(key: key, bytes: $0) } }
        #expect(throws: RecordError.self) {
            _ = try loader.finish(
                documents: slices.flatMap(\.documents).compactMap { document in document.bytes.map { (document.name, $0) } })
        }
    }

    @Test func `S8: the first fold after a restart writes what changed since, not every row`() throws {
        var log = Log.with(columns: ["A"], rows: 20)
        log.image = try loaded(&log)
        log.commit(.setCell(row: RowID(7), column: ColumnID(1), value: text("x"), ifRevision: nil))
        #expect(slices(&log).flatMap(\.rows).map(\.key) == [7 << 8])
    }

    @Test func `A11: at a restart a row that was changed and then deleted stays deleted`() throws {
        var log = Log.with(columns: ["A"], rows: 2)
        log.commit(.setCell(row: RowID(1), column: ColumnID(1), value: text("x"), ifRevision: nil))
        log.commit(.deleteRows(sheet: Log.sheet, rows: [RowID(1)]))
        var replay = LogReplay(GridImage(name: ""))
        for number in 1...log.image.revision.rawValue {
            try replay.apply(record: #require(log.records[Revision(number)]), revision: Revision(number))
        }
        #expect(replay.finish().store.groups(of: 1).isEmpty)
    }

    @Test func `S2: a restart notices that a record is missing`() throws {
        let log = Log.with(columns: ["A"], rows: 2)
        var replay = LogReplay(GridImage(name: ""))
        #expect(throws: RecordError.outOfOrder(expected: Revision(1), found: Revision(2))) {
            try replay.apply(record: #require(log.records[Revision(2)]), revision: Revision(2))
        }
    }
}

/// What is kept of views.
struct ViewCacheTests {
    private func key(_ number: Int) -> ViewCache.Key {
        ViewCache.Key(sheet: SheetID(UInt32(number)), definition: ViewDefinition())
    }

    private func view(at revision: UInt64) -> ViewCache.Kept {
        ViewCache.Kept(revision: Revision(revision), lineage: 0, order: RowOrder())
    }

    @Test func `S3: a view that an older reader makes does not replace a newer one`() {
        let cache = ViewCache()
        cache.keep(view(at: 5), as: key(1))
        cache.keep(view(at: 4), as: key(1))
        #expect(cache.find(key(1))?.revision == Revision(5))
    }

    @Test func `S8: so many views are kept, and the one used longest ago goes first`() {
        let cache = ViewCache()
        for number in 1...ViewCache.viewLimit { cache.keep(view(at: 1), as: key(number)) }
        _ = cache.find(key(1))
        cache.keep(view(at: 1), as: key(99))
        #expect(cache.find(key(2)) == nil)
        #expect(cache.find(key(1)) != nil && cache.find(key(99)) != nil)
    }
}
