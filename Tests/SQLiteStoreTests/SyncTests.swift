import Foundation
import GRDBSQLite
import GridModel
import GridStore
import Ordering
import TestKit
import Testing

@testable import SQLiteStore

/// What reaches the disk, and when (S1).
@Suite("Syncs of a grid's file")
struct SyncTests {
    private let directory: TemporaryDirectory
    private let log: String

    init() throws {
        try SyncedFiles.watch()
        directory = try TemporaryDirectory()
        log = directory.path + "/grids/g.sqlite-wal"
    }

    @Test("S1: every append is synced before it returns; a slice of the fold waits for the next append's sync")
    func everyAppend() throws {
        let store = try openCatalog(directory).create(gridID())
        for number in 1...3 {
            let before = SyncedFiles.syncs(of: log)
            try store.append(StoreSamples.entry(UInt64(number)))
            #expect(SyncedFiles.syncs(of: log) > before, "append \(number)")
        }
        let before = SyncedFiles.syncs(of: log)
        try store.fold(FoldSlice(rows: [(key: 3, bytes: [3])]))
        #expect(SyncedFiles.syncs(of: log) == before)
        try store.append(StoreSamples.entry(4))
        #expect(SyncedFiles.syncs(of: log) > before)
    }

    @Test("S1: an append whose sync fails is refused as such")
    func failedSync() throws {
        let store = try openCatalog(directory).create(gridID())
        try store.append(StoreSamples.entry(1))
        SyncedFiles.fail(true, syncsOf: log)
        let error = #expect(throws: StoreError.self) { try store.append(StoreSamples.entry(2)) }
        #expect(error?.code == .syncFailed)
        #expect(store.lastRevision == Revision(1))
        SyncedFiles.fail(false, syncsOf: log)
    }

    @Test("S1: a SQLite that does not go back to syncing commits is noticed at once")
    func levelIsReadBack() throws {
        let store = try #require(try openCatalog(directory).create(gridID()) as? SQLiteGridStore)
        try store.append(StoreSamples.entry(1))
        try store.fold(FoldSlice(rows: [(key: 1, bytes: [1])]))
        try store.withHandle { handle in
            // Whoever asks for FULL is not heard, and not told so.
            sqlite3_set_authorizer(
                handle,
                { _, action, name, value, _, _ in
                    guard action == SQLITE_PRAGMA, let name, let value else { return SQLITE_OK }
                    return String(cString: name) == "synchronous" && String(cString: value) == "2" ? SQLITE_IGNORE : SQLITE_OK
                }, nil)
        }
        let error = #expect(throws: StoreError.self) { try store.fold(FoldSlice(rows: [(key: 1, bytes: [2])])) }
        #expect(error?.message.contains("power loss") == true)
    }

    @Test("a slice that finds no room for its documents leaves none of its rows behind")
    func sliceIsWhole() throws {
        let store = try openCatalog(directory, settings: ["max_page_count = 40"]).create(gridID())
        try store.append(StoreSamples.entry(1))
        let large = [UInt8](repeating: 7, count: 400_000)
        let error = #expect(throws: StoreError.self) {
            try store.fold(FoldSlice(rows: [(key: 1, bytes: [1])], documents: [("d", large)], completes: Revision(1)))
        }
        #expect(error?.code == .full)
        #expect(try StoreSamples.rows(of: store).isEmpty)
    }
}
