import ChangePipeline
import GridImage
import GridModel
import GridStore
import Ordering
import TestKit
import Testing

/// What a grid does with what its store tells: of the past, and when it is opened.
@Suite("A grid and what its store tells")
struct LiveGridPastTests {
    @Test("S3: an older state is from before the rows that came in the very next commit")
    func structure() async throws {
        let rig = try GridRig()
        let before = rig.revision
        rig.submit(.insertRows(sheet: SheetID(1), position: .first, rows: RowsBlock(emptyRows: 2)))
        rig.settle()
        let past = try await rig.grid.asOf(before, sheet: SheetID(1), ranks: 0..<20)
        #expect(past.rows.map(\.id) == (1...10).map { RowID($0) })
    }

    @Test("S6: where the log cannot tell what changed in a row, the cell counts as changed")
    func unknownHistory() throws {
        let rig = try GridRig()
        rig.submit(rig.set(1, "a"))
        rig.settle()
        let base = rig.revision
        rig.submit(rig.set(1, "beside", column: 2))
        rig.settle()
        rig.store.claim { $0.keepsNoRecords = true }
        rig.submit(rig.set(1, "b", ifRevision: base))
        rig.settle()
        #expect(rig.text(1) == "a")
    }

    @Test("S1: a slice of the fold that found no room is written later; nothing of the pass is left out")
    func failedSlice() throws {
        let contents = MemoryGridContents()
        var limits = PipelineLimits()
        limits.changesBeforeFold = 20
        limits.rowsPerFoldSlice = 4
        let rig = try GridRig(on: contents, limits: limits)
        rig.store.failNextFolds([StoreError(.full, "no room")])
        rig.submit((1...10).flatMap { row in [1, 2].map { rig.set(row, "kept", column: $0) } })
        rig.settle()
        for _ in 0..<20 {
            rig.stage.time.advance(by: .seconds(1))
            rig.settle()
        }
        #expect(rig.store.foldedRevision == rig.revision)
        let again = try GridRig(on: contents)
        #expect(again.grid.snapshot().hash() == rig.grid.snapshot().hash())
    }

    @Test("S2: a log whose last records are missing is not opened, nor a fold that stands elsewhere than it says")
    func missingRecords() throws {
        let contents = MemoryGridContents()
        var limits = PipelineLimits()
        limits.changesBeforeFold = 10
        let rig = try GridRig(on: contents, limits: limits)
        rig.submit((1...10).map { rig.set($0, "folded") })
        rig.settle()
        rig.stage.time.advance(by: .seconds(1))
        rig.settle()
        let folded = rig.store.foldedRevision
        #expect(folded == rig.revision)
        rig.submit(rig.set(1, "after"))
        rig.settle()
        for lie in [
            { $0.lastShown = folded } as (inout ObservedStore.Claims) -> Void, { $0.folded = Revision(folded.rawValue - 1) },
        ] {
            let store = ObservedStore(MemoryGridStore(contents: contents), Observations())
            store.claim(lie)
            let stage = PipelineStage()
            #expect(throws: PipelineError.self) {
                try LiveGrid.openBlocking(
                    id: #require(GridID("rig")), store: store, environment: stage.environment(), writer: stage.writer)
            }
        }
    }

    @Test("S5: a plan made ahead for one command is not the plan of another that is committed first")
    func plannedForAnother() throws {
        var limits = PipelineLimits()
        limits.changesBeforeFold = 25
        limits.rowsPerFoldSlice = 2
        limits.changesPerCommit = 100
        let rig = try GridRig(limits: limits)
        rig.submit((1...10).flatMap { row in [1, 2, 1].map { rig.set(row, "old", column: $0) } })
        rig.settle()
        rig.stage.time.advance(by: limits.foldQuietDelay)
        rig.submit((0..<120).map { rig.set(UInt32($0 % 10) + 1, "large \($0)") }, by: Cause(kind: .program))
        rig.submit(rig.set(3, "person's", column: 2))
        rig.stage.writer.step()  // the slice in hand
        rig.stage.writer.step()  // the person's commit
        #expect(rig.text(3, 2) == "person's" && rig.text(10) == "old")
        rig.settle()
        #expect(rig.text(10) == "large 119")
    }

    @Test("S8: reads that wait for a revision are bounded") func waitingReaders() async throws {
        let rig = try GridRig()
        let (grid, time) = (rig.grid, rig.stage.time)
        let asked = Revision(rig.revision.rawValue + 1)
        let alarms = time.alarms
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<10_000 {
                group.addTask { (try? await grid.snapshot(atLeast: asked, timeout: .seconds(5)))?.revision == asked }
            }
            while time.alarms < alarms + 10_000 { await Task.yield() }
            await #expect(throws: PipelineError.overloaded(limit: "reads waiting for a revision", most: 10_000)) {
                try await grid.snapshot(atLeast: asked, timeout: .seconds(5))
            }
            rig.submit(rig.set(1, "a"))
            rig.settle()
            for await answered in group { #expect(answered) }
        }
    }
}
