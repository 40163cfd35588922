import Foundation
import GridModel
import GridStore
import Ordering
import TestKit
import Testing

@testable import SQLiteStore

@Suite("Damaged files are refused by name, others are served")
struct DamageTests {
    /// A closed grid of 40 records and 200 rows beside a sound one.
    private func directoryWithTwoGrids() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let catalog = try openCatalog(directory)
        for id in ["bad", "sound"] {
            let store = try catalog.create(gridID(id))
            for number in 1...40 { try store.append(StoreSamples.entry(UInt64(number))) }
            let rows = (0..<200).map { (key: UInt64($0), bytes: [UInt8](repeating: 9, count: 100) as [UInt8]?) }
            try store.fold(FoldSlice(rows: rows, documents: [("d", [1, 2, 3])], completes: Revision(10)))
            store.close()
        }
        catalog.close()
        return directory
    }

    private func change(_ file: String, at offset: Int, to bytes: [UInt8]) throws {
        let handle = try #require(FileHandle(forUpdatingAtPath: file))
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    private func expectRefused(_ directory: TemporaryDirectory, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let catalog = try openCatalog(directory)
        let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try catalog.open(gridID("bad")) }
        #expect(error?.code == .corrupt, sourceLocation: sourceLocation)
        #expect(error?.message.contains("bad") == true, sourceLocation: sourceLocation)
        let listed = try catalog.grids()
        #expect(listed.map(\.id.text) == ["bad", "sound"], sourceLocation: sourceLocation)
        #expect(listed.map { $0.damage != nil } == [true, false], sourceLocation: sourceLocation)
        #expect(try catalog.open(gridID("sound")).lastRevision == Revision(40), sourceLocation: sourceLocation)
    }

    @Test("a file that is no database")
    func noDatabase() throws {
        let directory = try directoryWithTwoGrids()
        try Data("id,name\n1,Anna\n".utf8).write(to: URL(fileURLWithPath: directory.path + "/grids/bad.sqlite"))
        try expectRefused(directory)
    }

    @Test("pages overwritten with noise")
    func noise() throws {
        let directory = try directoryWithTwoGrids()
        let file = directory.path + "/grids/bad.sqlite"
        let noise = (0..<8_192).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try change(file, at: 4_096 * 2, to: noise)
        try expectRefused(directory)
    }

    @Test("a file cut short")
    func cutShort() throws {
        let directory = try directoryWithTwoGrids()
        let file = directory.path + "/grids/bad.sqlite"
        #expect(truncate(file, off_t(FileSize.of(file) / 2)) == 0)
        try expectRefused(directory)
    }

    @Test("a database of another program")
    func anotherProgram() throws {
        let directory = try directoryWithTwoGrids()
        try change(directory.path + "/grids/bad.sqlite", at: 68, to: [1, 2, 3, 4])
        try expectRefused(directory)
    }

    @Test(
        "a database of another program that gives no application id",
        arguments: ["user_version = 7", "user_version = 1", "user_version = 0"])
    func anotherProgramWithoutName(_ version: String) throws {
        let directory = try directoryWithTwoGrids()
        let catalog = try openCatalog(directory)
        let store = try #require(try catalog.open(gridID("bad")) as? SQLiteGridStore)
        try store.execute("PRAGMA application_id = 0; PRAGMA \(version)")
        store.close()
        catalog.close()
        try expectRefused(directory)
    }

    @Test("S2: a file whose fold stands after its log")
    func foldBeyondTheLog() throws {
        let directory = try directoryWithTwoGrids()
        let catalog = try openCatalog(directory)
        let store = try #require(try catalog.open(gridID("bad")) as? SQLiteGridStore)
        try store.execute("DELETE FROM log WHERE revision > 5")
        store.close()
        catalog.close()
        try expectRefused(directory)
    }

    @Test("a row that stands, sum and all, under another row's key is found when it is read, not served")
    func rowUnderAnotherKey() throws {
        let directory = try directoryWithTwoGrids()
        let store = try #require(try openCatalog(directory).open(gridID("bad")) as? SQLiteGridStore)
        try store.execute("UPDATE rows SET key = 1000 WHERE key = 20")
        let error = #expect(throws: StoreError.self) { try store.forEachRow { _, _ in } }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("row 1000") == true)
    }

    @Test("a flipped bit in a row, a record or a document is found when it is read, not served")
    func flippedBits() throws {
        let directory = try directoryWithTwoGrids()
        for table in ["rows SET bytes", "log SET record", "documents SET bytes"] {
            let catalog = try openCatalog(directory)
            let store = try #require(try catalog.open(gridID("bad")) as? SQLiteGridStore)
            let column = table.hasPrefix("log") ? "record" : "bytes"
            try store.execute("UPDATE \(table) = x'00' || substr(\(column), 2) WHERE length(\(column)) > 1")
            store.close()
            catalog.close()
        }
        let catalog = try openCatalog(directory)
        defer { catalog.close() }
        let store = try catalog.open(gridID("bad"))
        for (what, read) in [
            ("rows", { try store.forEachRow { _, _ in } }),
            ("records", { _ = try StoreSamples.records(of: store) }),
            ("a record", { _ = try store.record(Revision(5)) }),
            ("documents", { _ = try store.documents(withPrefix: "") }),
        ] as [(String, () throws -> Void)] {
            let error = #expect(throws: StoreError.self, "\(what) were served", performing: read)
            #expect(error?.code == .corrupt)
        }
    }

    @Test("S2: a record that is missing in the middle is found by the replay")
    func missingRecord() throws {
        let directory = try directoryWithTwoGrids()
        let store = try #require(try openCatalog(directory).open(gridID("bad")) as? SQLiteGridStore)
        try store.execute("DELETE FROM log WHERE revision = 20")
        let error = #expect(throws: StoreError.self) { _ = try StoreSamples.records(of: store, after: Revision(10)) }
        #expect(error?.message.contains("20") == true)
    }

    @Test("a format from the future is refused and left alone")
    func newerFormat() throws {
        let directory = try directoryWithTwoGrids()
        let catalog = try openCatalog(directory)
        let store = try #require(try catalog.open(gridID("bad")) as? SQLiteGridStore)
        try store.execute("PRAGMA user_version = 99")
        store.close()
        let error = #expect(throws: StoreError.self) { try catalog.open(gridID("bad")) }
        #expect(error?.message.contains("newer") == true)
    }
}

@Suite("SQLite's errors")
struct ErrorMappingTests {
    @Test(
        "are told apart by what the pipeline may do after them",
        arguments: [
            (13, 0, StoreError.Code.full), (11, 0, .corrupt), (26, 0, .corrupt), (267, 0, .corrupt), (1_034, 0, .syncFailed),
            (1_290, 0, .syncFailed), (778, ENOSPC, .full), (778, EDQUOT, .full), (778, EIO, .other), (5, 0, .other),
            (10, 0, .other),
        ])
    func mapping(_ code: Int32, _ systemErrno: Int32, _ expected: StoreError.Code) {
        #expect(StoreError(sqlite: code, systemErrno: systemErrno, message: "m").code == expected)
    }
}
