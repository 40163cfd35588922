import ChangePipeline
import GridStore
import TestKit
import Testing

@Suite("A grid whose store fails, in a SQLite file")
struct SQLitePipelineTests {
    @Test("S1 S5: killed at any point, what was acknowledged is there, the rest wholly or not at all")
    func crashes() throws {
        let struck = try PipelineConformance.everyPoint(.crash) { try SQLiteGridStoreTests.Bench() }
        #expect(Set(struck) == [.beforeAppend, .afterAppend, .beforeFold, .afterFold, .beforeCheckpoint, .afterCheckpoint])
    }

    @Test("a disk that is full at any point refuses what it must, and nothing is lost")
    func fullDisk() throws {
        let struck = try PipelineConformance.everyPoint(.full) { try SQLiteGridStoreTests.Bench() }
        #expect(Set(struck) == [.beforeAppend, .beforeFold, .beforeCheckpoint])
    }
}
