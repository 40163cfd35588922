import ChangePipeline
import GridModel
import GridStore
import TestKit
import Testing

@Suite("A grid whose store fails, in memory")
struct LiveGridFaultTests {
    final class Bench: StoreBench {
        private let catalog = MemoryGridCatalog()
        func make() throws -> any GridStore { try catalog.create(#require(GridID("g"))) }
        func reopen(_ store: any GridStore) throws -> any GridStore {
            store.close()
            return try catalog.open(#require(GridID("g")))
        }
    }

    @Test("S1 S5: killed at any point, what was acknowledged is there, the rest wholly or not at all")
    func crashes() throws {
        let struck = try PipelineConformance.everyPoint(.crash) { Bench() }
        #expect(Set(struck) == [.beforeAppend, .afterAppend, .beforeFold, .afterFold, .beforeCheckpoint, .afterCheckpoint])
    }

    @Test("a disk that is full at any point refuses what it must, and nothing is lost")
    func fullDisk() throws {
        let struck = try PipelineConformance.everyPoint(.full) { Bench() }
        #expect(Set(struck) == [.beforeAppend, .beforeFold, .beforeCheckpoint])
    }
}
