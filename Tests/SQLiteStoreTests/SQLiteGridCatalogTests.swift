import Foundation
import GridModel
import GridStore
import Ordering
import TestKit
import Testing

@testable import SQLiteStore

@Suite("A data directory")
struct SQLiteGridCatalogTests {
    @Test("is held by one process: a second one is refused at once, and told which one holds it since when")
    func oneProcess() throws {
        let directory = try TemporaryDirectory()
        let first = try SQLiteGridCatalog(directory: directory.path, startedAt: "2026-11-22 05:00")
        let error = #expect(throws: StoreError.self) {
            try SQLiteGridCatalog(directory: directory.path, startedAt: "2026-11-22 06:00")
        }
        #expect(error?.code == .locked)
        #expect(
            error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier), started 2026-11-22 05:00") == true)
        first.close()
        let second = try SQLiteGridCatalog(directory: directory.path, startedAt: "2026-11-22 06:00")
        second.close()
    }

    @Test("is refused to a process of its own as long as the lock is held")
    func anotherProcess() throws {
        let directory = try TemporaryDirectory()
        let catalog = try SQLiteGridCatalog(directory: directory.path, startedAt: "now")
        func tryLock() throws -> Int32 {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["flock", "--nonblock", directory.path + "/trueline.lock", "true"]
            try process.run()
            process.waitUntilExit()
            return process.terminationStatus
        }
        #expect(try tryLock() == 1)
        catalog.close()
        #expect(try tryLock() == 0)
    }

    @Test("makes, lists, opens and deletes grids, and they are there after a restart")
    func lifeCycle() throws {
        let directory = try TemporaryDirectory()
        var catalog = try openCatalog(directory)
        for id in ["b", "a"] {
            let store = try catalog.create(gridID(id))
            try store.append(StoreSamples.entry(1))
            store.close()
        }
        let again = #expect(throws: StoreError.self) { try catalog.create(gridID("a")) }
        #expect(again?.code == .exists)
        catalog.close()
        catalog = try openCatalog(directory)
        #expect(try catalog.grids().map(\.id.text) == ["a", "b"])
        let store = try catalog.open(gridID("b"))
        #expect(store.lastRevision == Revision(1))
        store.close()
        try catalog.delete(gridID("b"))
        #expect(try catalog.grids().map(\.id.text) == ["a"])
        #expect(throws: StoreError.self) { try catalog.open(gridID("b")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path + "/grids") == ["a.sqlite"])
        let missing = #expect(throws: StoreError.self) { try catalog.delete(gridID("b")) }
        #expect(missing?.code == .notFound)
    }

    @Test("S1: a new grid is empty, though the write-ahead log of a deleted one of its name was left behind")
    func logOfAnotherLife() throws {
        let directory = try TemporaryDirectory()
        let catalog = try openCatalog(directory)
        let log = directory.path + "/grids/g.sqlite-wal"
        var store = try catalog.create(gridID())
        for number in 1...3 { try store.append(StoreSamples.entry(UInt64(number))) }
        try FileManager.default.copyItem(atPath: log, toPath: log + ".kept")
        store.close()
        try catalog.delete(gridID())
        try FileManager.default.moveItem(atPath: log + ".kept", toPath: log)
        store = try catalog.create(gridID())
        #expect(store.lastRevision == .zero)
        try store.append(StoreSamples.entry(1))
        store.close()
        #expect(try catalog.open(gridID()).lastRevision == Revision(1))
    }

    @Test("a crash in the middle of deleting, or of making, leaves no half grid behind")
    func crashes() throws {
        let directory = try TemporaryDirectory()
        try openCatalog(directory).close()
        let grids = directory.path + "/grids/"
        for file in ["a.deleted", "b.sqlite-wal", "b.sqlite-shm", "c.sqlite"] {
            #expect(FileManager.default.createFile(atPath: grids + file, contents: Data()))
        }
        let catalog = try openCatalog(directory)
        #expect(try FileManager.default.contentsOfDirectory(atPath: grids) == ["c.sqlite"])
        // The file that was only just made is an empty grid.
        #expect(try catalog.open(gridID("c")).lastRevision == .zero)
    }
}
