import GridModel
import GridStore
import Ordering
import TestKit
import Testing

@Suite("The store in memory")
struct MemoryGridStoreTests {
    /// Handles on contents that outlast them.
    final class Bench: StoreBench {
        private let catalog = MemoryGridCatalog()

        func make() throws -> any GridStore {
            try catalog.create(id())
        }

        func reopen(_ store: any GridStore) throws -> any GridStore {
            store.close()
            return try catalog.open(id())
        }

        private func id() throws -> GridID { try #require(GridID("g")) }
    }

    @Test("conforms", arguments: GridStoreConformance.checks)
    func conforms(_ check: GridStoreConformance.Check) throws {
        try check.run(Bench())
    }

    @Test("S8: answers beyond the bound go, the oldest first")
    func intentsAreBounded() throws {
        let store = MemoryGridStore(contents: MemoryGridContents(keptIntents: 10))
        for number in 1...40 { try store.append(StoreSamples.entry(UInt64(number))) }
        let kept = try (1...40).filter { try store.outcome(of: StoreSamples.intent(UInt64($0) * 1_000)) != nil }
        #expect(kept == Array(31...40))
    }
}

@Suite("The catalog in memory")
struct MemoryGridCatalogTests {
    @Test("makes, lists, opens and deletes grids")
    func lifeCycle() throws {
        let catalog = MemoryGridCatalog()
        let (a, b) = (try #require(GridID("a")), try #require(GridID("b")))
        try catalog.create(b).append(StoreSamples.entry(1))
        _ = try catalog.create(a)
        #expect(try catalog.grids().map(\.id) == [a, b])
        #expect(throws: StoreError.self) { try catalog.create(a) }
        #expect(try catalog.open(b).lastRevision == Revision(1))
        try catalog.delete(b)
        #expect(throws: StoreError.self) { try catalog.open(b) }
        #expect(throws: StoreError.self) { try catalog.delete(b) }
        #expect(try catalog.grids().map(\.id) == [a])
    }
}
