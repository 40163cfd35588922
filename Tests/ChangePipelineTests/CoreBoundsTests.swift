import Ordering
import Testing

@testable import ChangePipeline

/// What a bound counts, and who has the next turn at one.
@Suite("The pipeline's core at its bounds")
struct CoreBoundsTests {
    @Test("S1: a command that did not fit its record is answered when the checkpoint before its turn fails") func carried() {
        var script = CoreScript()
        _ = script.submit(.program, changes: 4)
        #expect(script.submit(.program, changes: 6) == "commit 1 2")
        #expect(script.commit(1, unplanned: [2], checkpoint: true) == "acknowledge 1, emit 1, checkpoint")
        #expect(script.handle(.checkpointDone(.fatal)) == "refuse 2 failed, stop failed")
    }

    @Test("S8: a person's commit does not take programs along that wait for the fold") func heldBackPrograms() {
        var script = CoreScript(unfolded: 200)
        #expect(script.submit(.program) == "fold")
        #expect(script.submit(.person) == "")
        #expect(script.handle(.foldDone(.slice)) == "commit 2")
    }

    @Test("S8: held-back writers have turns: who was served goes behind those who were not") func turns() {
        var limits = PipelineLimits.small
        limits.pendingChanges = 10
        var script = CoreScript(limits: limits)
        #expect(script.submit(.program, changes: 10) == "commit 1")
        #expect(script.submit(.agentA, changes: 10) == "suspend agent run1")
        #expect(script.submit(.agentA, changes: 10) == "")
        #expect(script.submit(.agentB, changes: 10) == "suspend agent run2")
        #expect(script.commit(1) == "acknowledge 1, emit 1, commit 2")
        #expect(script.commit(2) == "acknowledge 2, emit 2, resume agent run2, commit 4")
        #expect(script.commit(3) == "acknowledge 4, emit 3, resume agent run1, commit 3")
    }

    @Test("S8: what was held back and is through makes room for others") func roomAgain() {
        var script = CoreScript()
        var revision: UInt64 = 0
        for _ in 0..<8 {
            #expect(script.submit(.agentA, changes: 20).hasPrefix("commit"))
            #expect(script.submit(.agentA, changes: 20) == "suspend agent run1")
            for _ in 0..<2 {
                revision += 1
                #expect(!script.commit(revision).contains("refuse"))
            }
        }
    }

    @Test("S8: repeats that were answered make room for others") func repeatsAgain() {
        var script = CoreScript()
        var next: UInt64 = 1
        for revision in UInt64(1)...5 {
            let intent = next
            #expect(script.submit(.person) == "commit \(intent)")
            #expect(script.submit(.person, repeating: intent) == "")
            next += 2
            #expect(script.commit(revision) == "acknowledge \(intent), acknowledge \(intent + 1), emit \(revision)")
        }
    }

    @Test("S8: what was committed during a pass of the fold is not folded by it") func duringAPass() {
        var script = CoreScript(unfolded: 150)
        #expect(script.submit(.person) == "fold")
        #expect(script.handle(.foldDone(.slice)) == "commit 1")
        _ = script.commit(1, changes: 1)
        _ = script.wait(20)
        _ = script.handle(.foldDone(.completed))
        #expect(script.core.folding.unfolded == 1)
    }

    @Test("S8: a fold that found the disk full leaves it alone for a second, however much is committed") func fullDisk() {
        var script = CoreScript(unfolded: 150)
        #expect(script.submit(.person) == "fold")
        #expect(script.handle(.foldDone(.failed(.full))) == "commit 1")
        #expect(script.commit(1, changes: 10).hasPrefix("acknowledge 1, emit 1, timer at 1000 ms"))
    }
}
