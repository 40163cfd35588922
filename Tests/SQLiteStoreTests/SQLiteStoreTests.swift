import Foundation
import GridModel
import GridStore
import Ordering
import TestKit
import Testing

@testable import SQLiteStore

/// A directory that goes away with the test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let template = FileManager.default.temporaryDirectory.path + "/trueline-XXXXXX"
        var bytes = Array(template.utf8CString)
        let made = bytes.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        path = try #require(made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

func gridID(_ text: String = "g") throws -> GridID { try #require(GridID(text)) }

func openCatalog(_ directory: TemporaryDirectory, settings: [String] = []) throws -> SQLiteGridCatalog {
    try SQLiteGridCatalog(directory: directory.path, startedAt: "a moment ago", hooks: SQLiteHooks(settings: settings))
}

@Suite("A grid in a SQLite file")
struct SQLiteGridStoreTests {
    /// Closes the file and the directory's lock, and takes both again: what another process would do.
    final class Bench: StoreBench, @unchecked Sendable {  // used by one test, on its thread
        private let directory: TemporaryDirectory
        private var catalog: SQLiteGridCatalog

        init() throws {
            directory = try TemporaryDirectory()
            catalog = try openCatalog(directory)
        }

        func make() throws -> any GridStore { try catalog.create(gridID()) }

        func reopen(_ store: any GridStore) throws -> any GridStore {
            store.close()
            catalog.close()
            catalog = try openCatalog(directory)
            return try catalog.open(gridID())
        }
    }

    @Test("conforms", arguments: GridStoreConformance.checks)
    func conforms(_ check: GridStoreConformance.Check) throws {
        try check.run(Bench())
    }

    @Test(
        "S1: a file whose settings do not read back as FULL and WAL is not served",
        arguments: ["synchronous = NORMAL", "synchronous = OFF", "journal_mode = DELETE", "wal_autocheckpoint = 1000"])
    func settingsAreReadBack(_ setting: String) throws {
        let directory = try TemporaryDirectory()
        let catalog = try openCatalog(directory, settings: [setting])
        let error = #expect(throws: StoreError.self) { try catalog.create(gridID()) }
        #expect(error?.code == .other)
        #expect(error?.message.contains("power loss") == true)
    }

    @Test("S1: commits are FULL again after a slice of the fold, whatever became of the slice")
    func fullAfterFold() throws {
        let directory = try TemporaryDirectory()
        let store = try #require(try openCatalog(directory).create(gridID()) as? SQLiteGridStore)
        try store.append(StoreSamples.entry(1))
        try store.fold(FoldSlice(rows: [(key: 3, bytes: [3])]))
        #expect(try store.number("PRAGMA synchronous") == 2)
        #expect(throws: StoreError.self) { try store.fold(FoldSlice(rows: [(key: 4, bytes: [4]), (key: .max, bytes: [5])])) }
        #expect(try store.number("PRAGMA synchronous") == 2)
        var keys: [UInt64] = []
        try store.forEachRow { key, _ in keys.append(key) }
        #expect(keys == [3])
        try store.append(StoreSamples.entry(2))
    }

    @Test("S1: an append is in the file when it returns, without a close: a copy of the files holds it")
    func appendIsInTheFile() throws {
        let directory = try TemporaryDirectory()
        let store = try openCatalog(directory).create(gridID())
        for number in 1...30 { try store.append(StoreSamples.entry(UInt64(number))) }
        try store.fold(FoldSlice(rows: [(key: 3, bytes: [3])], completes: Revision(20)))

        // What a crash leaves behind: the database and its log as they are now.
        let copy = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: copy.path + "/grids", withIntermediateDirectories: true)
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(
                atPath: directory.path + "/grids/g.sqlite" + suffix, toPath: copy.path + "/grids/g.sqlite" + suffix)
        }
        let survivor = try openCatalog(copy).open(gridID())
        #expect(survivor.lastRevision == Revision(30))
        #expect(survivor.foldedRevision == Revision(20))
        #expect(try StoreSamples.records(of: survivor) == (1...30).map { StoreSamples.entry($0).record })
    }

    @Test("a full disk refuses the whole write, keeps what was there, and takes the next one when there is room")
    func diskFull() throws {
        let directory = try TemporaryDirectory()
        let store = try #require(
            try openCatalog(directory, settings: ["max_page_count = 40"]).create(gridID()) as? SQLiteGridStore)
        let large = LogRecord(revision: Revision(1), structural: false, bytes: [UInt8](repeating: 7, count: 400_000))
        var error = #expect(throws: StoreError.self) { try store.append(LogEntry(record: large, outcomes: [])) }
        #expect(error?.code == .full)
        #expect(store.lastRevision == .zero)
        try store.append(StoreSamples.entry(1))
        error = #expect(throws: StoreError.self) {
            try store.fold(FoldSlice(rows: [(key: 1, bytes: [1]), (key: 2, bytes: large.bytes)], completes: Revision(1)))
        }
        #expect(error?.code == .full)
        #expect(try StoreSamples.rows(of: store).isEmpty)
        #expect(store.foldedRevision == .zero)

        try store.execute("PRAGMA max_page_count = 100000")
        try store.append(
            LogEntry(record: LogRecord(revision: Revision(2), structural: false, bytes: large.bytes), outcomes: []))
        #expect(try StoreSamples.records(of: store).count == 2)
    }

    @Test("S8: answers beyond the bound go, the oldest first")
    func intentsAreBounded() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/g.sqlite"
        var store = try SQLiteGridStore(path: path, keptIntents: 10)
        for number in 1...20 { try store.append(StoreSamples.entry(UInt64(number), intents: 2)) }
        store.close()
        store = try SQLiteGridStore(path: path, keptIntents: 4)
        try store.append(StoreSamples.entry(21, intents: 1))
        let kept = try (1...21).filter { try store.outcome(of: StoreSamples.intent(UInt64($0) * 1_000)) != nil }
        #expect(kept == [20, 21] || kept == [19, 20, 21])
    }

    @Test("S8: the write-ahead log says when a checkpoint is due, and the checkpoint resets it")
    func checkpointResetsTheLog() throws {
        let directory = try TemporaryDirectory()
        let store = try openCatalog(directory).create(gridID())
        let bytes = [UInt8](repeating: 1, count: 4_000_000)
        for number in 1...9 {
            #expect(!store.isCheckpointDue)
            try store.append(
                LogEntry(record: LogRecord(revision: Revision(UInt64(number)), structural: false, bytes: bytes), outcomes: []))
        }
        #expect(store.isCheckpointDue)
        try store.checkpoint()
        #expect(!store.isCheckpointDue)
        let log = directory.path + "/grids/g.sqlite-wal"
        let size = FileSize.of(log)
        for number in 10...12 {
            try store.append(
                LogEntry(record: LogRecord(revision: Revision(UInt64(number)), structural: false, bytes: bytes), outcomes: []))
        }
        #expect(FileSize.of(log) == size, "after a checkpoint the log is written from its beginning again")
    }

    @Test("S8: a checkpoint does not wait for a reader that is in the way, and is done when the reader has gone")
    func checkpointBesideAReader() throws {
        let directory = try TemporaryDirectory()
        let store = try openCatalog(directory).create(gridID())
        let bytes = [UInt8](repeating: 1, count: 4_000_000)
        for number in 1...9 {
            try store.append(
                LogEntry(record: LogRecord(revision: Revision(UInt64(number)), structural: false, bytes: bytes), outcomes: []))
        }
        try store.forEachRecord(after: .zero) { _ in
            #expect(throws: Never.self) { try store.checkpoint() }
            return false
        }
        #expect(store.isCheckpointDue)
        try store.checkpoint()
        #expect(!store.isCheckpointDue)
    }

    @Test("the database never checkpoints by itself")
    func noCheckpointBehindOurBack() throws {
        let directory = try TemporaryDirectory()
        let store = try openCatalog(directory).create(gridID())
        let before = FileSize.of(directory.path + "/grids/g.sqlite")
        let bytes = [UInt8](repeating: 1, count: 5_000_000)
        for number in 1...2 {
            try store.append(
                LogEntry(record: LogRecord(revision: Revision(UInt64(number)), structural: false, bytes: bytes), outcomes: []))
            _ = try StoreSamples.records(of: store)
        }
        #expect(FileSize.of(directory.path + "/grids/g.sqlite") == before)
    }
}
