import GridImage
import GridModel
import Ordering
import Testing

/// What a store keeps of folds.
private struct Folded {
    var rows: [UInt64: [UInt8]] = [:]
    var documents: [String: [UInt8]] = [:]
    var revision: Revision = .zero

    mutating func write(_ slice: FoldPass.Slice) {
        for (key, bytes) in slice.rows { rows[key] = bytes }
        for (name, bytes) in slice.documents { documents[name] = bytes }
        if let completes = slice.completes { revision = completes }
    }

    /// Loads and replays, as after a crash.
    func recovered(_ log: Log) throws -> GridImage {
        var loader = GridImageLoader()
        for (key, bytes) in rows.sorted(by: { $0.key < $1.key }) { bytes.withUnsafeBytes { loader.row(key: key, bytes: $0) } }
        let image = try loader.finish(documents: documents.sorted { $0.key < $1.key }.map { (name: $0.key, bytes: $0.value) })
        #expect(image.revision == revision)
        var replay = LogReplay(image)
        while replay.revision < log.image.revision {
            let next = replay.revision.next
            try replay.apply(record: try #require(log.records[next]), revision: next)
        }
        return replay.finish()
    }
}

@Suite("Folds")
struct FoldTests {
    @Test("a crash at any slice of any fold loses nothing: load and replay give the image that never crashed", arguments: 1...4)
    func crashAtEverySlice(seed: UInt64) throws {
        var walk = Walk(seed: seed)
        var folded = Folded()
        var pass: FoldPass?
        for step in 0..<90 {
            walk.step()
            if pass == nil, step % 5 == 4 { pass = walk.log.image.beginFold() }
            guard var running = pass,
                let slice = running.next(from: walk.log.image, maxRows: 1 + Int(seed) * 4, maxBytes: 2_000)
            else {
                pass = nil
                continue
            }
            folded.write(slice)
            pass = slice.completes == nil ? running : nil
            let recovered = try folded.recovered(walk.log)
            try #require(recovered.hash() == walk.log.image.hash(), "seed \(seed) step \(step)")
            if step % 20 == 0 { try expectEqual(recovered, walk.naive, "seed \(seed) step \(step)", everyRow: true) }
        }
        #expect(folded.revision > .zero)
    }

    @Test("a recovered image folds on: its folds and later crashes lose nothing either", arguments: 11...14)
    func crashAgain(seed: UInt64) throws {
        var walk = Walk(seed: seed)
        var folded = Folded()
        for round in 0..<12 {
            for _ in 0..<8 { walk.step() }
            var pass = walk.log.image.beginFold()
            let stopAfter = round % 3 == 0 ? Int.max : round
            var slices = 0
            while let slice = pass?.next(from: walk.log.image, maxRows: 7), slices < stopAfter {
                folded.write(slice)
                slices += 1
            }
            walk.log.image = try folded.recovered(walk.log)
            try expectEqual(walk.log.image, walk.naive, "seed \(seed) round \(round)", everyRow: true)
        }
    }

    @Test("rows come in ascending order of key, each at most once a pass, in slices no longer than asked")
    func slices() throws {
        var log = Log.with(columns: ["A", "B"], rows: 700)
        let begun = log.image.beginFold()
        var pass = try #require(begun)
        var keys: [UInt64] = []
        while let slice = pass.next(from: log.image, maxRows: 64) {
            #expect(slice.rows.count <= 64)
            keys += slice.rows.map { $0.key }
        }
        #expect(keys == (1...700).map { UInt64($0) << 8 })
        let nothing = log.image.beginFold()
        #expect(nothing?.revision == nil)
        log.commit(.setCell(row: RowID(300), column: ColumnID(1), value: text("x"), ifRevision: nil))
        let again = log.image.beginFold()
        pass = try #require(again)
        let next = pass.next(from: log.image)
        let slice = try #require(next)
        #expect(slice.rows.map { $0.key } == [300 << 8])
        #expect(slice.documents.map { $0.name } == ["structure"])
        #expect(slice.completes == log.image.revision)
    }

    @Test("a damaged folded row or document is refused, never a trap", arguments: 1...60)
    func damage(seed: UInt64) throws {
        var log = Log.with(columns: ["A", "B"], rows: 40)
        log.commit(.markCell(row: RowID(3), column: ColumnID(1), mark: .failed(reason: "why")))
        var pass = log.image.beginFold()
        let first = pass?.next(from: log.image)
        let slice = try #require(first)
        var chance = Seeded(seed)
        var documents = slice.documents.compactMap { name, bytes in bytes.map { (name: name, bytes: $0) } }
        let victim = chance.below(documents.count)
        documents[victim].bytes[chance.below(documents[victim].bytes.count)] ^= UInt8(1 << chance.below(8))
        #expect(throws: RecordError.self) { try GridImageLoader().finish(documents: documents) }

        var loader = GridImageLoader()
        for (key, bytes) in slice.rows {
            var bytes = bytes ?? []
            for _ in 0..<3 { bytes[chance.below(bytes.count)] ^= UInt8(1 << chance.below(8)) }
            if chance.chance(20) { bytes.removeLast(chance.below(bytes.count)) }
            bytes.withUnsafeBytes { loader.row(key: key, bytes: $0) }
        }
        _ = try? loader.finish(documents: slice.documents.compactMap { name, bytes in bytes.map { (name: name, bytes: $0) } })
    }
}
