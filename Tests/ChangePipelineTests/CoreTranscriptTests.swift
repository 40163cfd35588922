import ChangePipeline
import Ordering
import Testing

@Suite("The pipeline's core, step by step")
struct CoreTranscriptTests {
    @Test("S1: a person's command commits at once; acknowledged and emitted after the commit, not before")
    func personAtOnce() {
        var script = CoreScript()
        #expect(script.submit(.person) == "commit 1")
        #expect(script.commit(1) == "acknowledge 1, emit 1")
        #expect(script.core.state == .idle)
    }

    @Test("programs' commands wait 50 ms for company")
    func programsAreGrouped() {
        var script = CoreScript()
        #expect(script.submit(.program) == "timer at 50 ms")
        script.now = .milliseconds(20)
        #expect(script.submit(.agentA) == "")
        #expect(script.wait(29) == "", "an early timer does nothing")
        #expect(script.wait(1) == "commit 1 2")
        #expect(script.commit(1) == "acknowledge 1, acknowledge 2, emit 1")
    }

    @Test("a full group does not wait for its time")
    func fullGroup() {
        var script = CoreScript()
        #expect(script.submit(.program, changes: 9) == "timer at 50 ms")
        #expect(script.submit(.agentA, changes: 1) == "commit 1 2")
    }

    @Test("a group ends before the command that would overfill it; a larger command is a group by itself")
    func groupLimit() {
        var script = CoreScript()
        #expect(script.submit(.program, changes: 6) == "timer at 50 ms")
        #expect(script.submit(.program, changes: 6) == "commit 1")
        #expect(script.commit(1) == "acknowledge 1, emit 1")
        #expect(script.submit(.agentA, changes: 15) == "commit 2")
        #expect(script.commit(2) == "acknowledge 2, emit 2, commit 3")
    }

    @Test("a person's command takes what waits along, and goes first")
    func personTakesAlong() {
        var script = CoreScript()
        #expect(script.submit(.program, changes: 3) == "timer at 50 ms")
        #expect(script.submit(.person) == "commit 2 1")
    }

    @Test("a person does not wait behind a program's backlog")
    func personBeforeBacklog() {
        var script = CoreScript()
        #expect(script.submit(.program, changes: 10) == "commit 1")
        #expect(script.submit(.program, changes: 10) == "")
        #expect(script.submit(.agentA, changes: 9) == "")
        #expect(script.submit(.person) == "")
        #expect(script.commit(1) == "acknowledge 1, emit 1, commit 4")
        #expect(script.commit(2) == "acknowledge 4, emit 2, commit 2")
    }

    @Test("what comes during a commit is collected and goes next")
    func collectsDuringCommit() {
        var script = CoreScript()
        #expect(script.submit(.person) == "commit 1")
        #expect(script.submit(.person) == "")
        #expect(script.submit(.person) == "")
        #expect(script.commit(1) == "acknowledge 1, emit 1, commit 2 3")
    }

    @Test("a structural command is committed alone, in its place among the others of its kind")
    func structuralAlone() {
        var script = CoreScript()
        #expect(script.submit(.program) == "timer at 50 ms")
        #expect(script.submit(.program, structural: true) == "commit 1")
        #expect(script.submit(.program) == "")
        #expect(script.commit(1) == "acknowledge 1, emit 1, commit 2")
        #expect(script.commit(2) == "acknowledge 2, emit 2")
        #expect(script.wait(50) == "commit 3", "the alarm set for command 1 serves command 3")
    }

    @Test("commands that planning refuses are refused, the others acknowledged, with one revision or none")
    func refusedByPlan() {
        var script = CoreScript()
        _ = script.submit(.person)
        _ = script.submit(.person)
        _ = script.submit(.person)
        #expect(script.commit(1) == "acknowledge 1, emit 1, commit 2 3")
        #expect(script.commit(2, refused: [2]) == "refuse 2 by plan, acknowledge 3, emit 2")
        #expect(script.submit(.person) == "commit 4")
        #expect(script.commit(nil, refused: [4]) == "refuse 4 by plan")
        #expect(script.core.revision == Revision(2))
    }

    @Test("commands that did not fit the record are the next group, before anyone else")
    func carriedOver() {
        var script = CoreScript()
        #expect(script.submit(.program, changes: 4) == "timer at 50 ms")
        #expect(script.submit(.program, changes: 6) == "commit 1 2")
        #expect(script.submit(.person) == "")
        #expect(script.commit(1, unplanned: [2]) == "acknowledge 1, emit 1, commit 2")
        #expect(script.commit(2) == "acknowledge 2, emit 2, commit 3")
    }

    @Test("S5: the same intent while the first waits or commits is one command with two answers")
    func repeatsAreJoined() {
        var script = CoreScript()
        #expect(script.submit(.program) == "timer at 50 ms")
        #expect(script.submit(.program, repeating: 1) == "")
        #expect(script.wait(50) == "commit 1")
        #expect(script.submit(.person, repeating: 1) == "")
        #expect(script.commit(1) == "acknowledge 1, acknowledge 2, acknowledge 3, emit 1")
        #expect(script.submit(.person, repeating: 1) == "commit 4", "later the store knows the answer")
    }

    @Test("S8: a writer with too much pending is suspended, alone, and resumed in order")
    func suspension() {
        var script = CoreScript()
        #expect(script.submit(.agentA, changes: 10) == "commit 1")
        #expect(script.submit(.agentA, changes: 10) == "")
        #expect(script.submit(.agentA, changes: 10) == "suspend agent run1")
        #expect(script.submit(.agentA, changes: 1) == "", "a smaller one does not overtake")
        #expect(script.submit(.agentB, changes: 10) == "")
        #expect(script.commit(1, changes: 10) == "acknowledge 1, emit 1, commit 2")
        #expect(script.commit(2, changes: 10) == "acknowledge 2, emit 2, resume agent run1, commit 5")
        #expect(script.commit(3, changes: 10) == "acknowledge 5, emit 3, commit 3")
    }

    @Test("S8: beyond all bounds a command is refused, and says which")
    func overload() {
        var script = CoreScript()
        _ = script.submit(.agentA, changes: 20)
        for _ in 2...7 { _ = script.submit(.agentA, changes: 20) }
        #expect(script.submit(.agentA) == "refuse 8 overloaded: commands waiting")
        for _ in 9...11 { #expect(script.submit(.program, repeating: 1) == "") }
        #expect(script.submit(.program, repeating: 1) == "refuse 12 overloaded: repeated commands waiting")
        #expect(script.submit(.person) == "", "people are not")
    }

    @Test("S8: all programs together have a bound")
    func globalBound() {
        var script = CoreScript()
        var limits = PipelineLimits.small
        limits.pendingChanges = 25
        script = CoreScript(limits: limits)
        #expect(script.submit(.agentA, changes: 10) == "commit 1")
        #expect(script.submit(.agentB, changes: 10) == "")
        #expect(script.submit(.program, changes: 10) == "suspend program")
        #expect(script.commit(1, changes: 10) == "acknowledge 1, emit 1, resume program, commit 2")
    }

    @Test("a full disk refuses the group and nothing else")
    func fullDisk() {
        var script = CoreScript()
        _ = script.submit(.person)
        _ = script.submit(.person)
        #expect(script.handle(.commitFailed(.full)) == "refuse 1 full, commit 2")
        #expect(script.commit(1) == "acknowledge 2, emit 1")
    }

    @Test("S1: after a failed sync nothing is acknowledged, whatever waits, and the pipeline stops")
    func failedSync() {
        var script = CoreScript()
        _ = script.submit(.agentA, changes: 20)
        _ = script.submit(.agentA, changes: 20)
        _ = script.submit(.program)
        _ = script.submit(.person)
        _ = script.submit(.person, repeating: 1)
        #expect(
            script.handle(.commitFailed(.fatal))
                == "refuse 1 failed, refuse 5 failed, refuse 4 failed, refuse 3 failed, refuse 2 failed, stop failed")
        #expect(script.submit(.person) == "refuse 6 failed")
        #expect(script.core.state == .failed)
    }

    @Test("the fold runs in the gaps of a quiet grid, called by a timer")
    func foldInTheQuiet() {
        var script = CoreScript(unfolded: 99)
        #expect(script.submit(.person) == "commit 1")
        #expect(script.commit(1) == "acknowledge 1, emit 1, timer at 20 ms")
        script.now += .milliseconds(15)
        #expect(script.submit(.person) == "commit 2", "a lone writer does not wait for a slice")
        #expect(script.commit(2) == "acknowledge 2, emit 2", "the timer that is set will find out")
        #expect(script.wait(5) == "timer at 35 ms")
        #expect(script.wait(15) == "fold")
        #expect(script.submit(.person) == "")
        #expect(script.handle(.foldDone(.slice)) == "commit 3")
        #expect(script.commit(3) == "acknowledge 3, emit 3, timer at 55 ms")
        #expect(script.wait(20) == "fold")
        #expect(script.handle(.foldDone(.slice)) == "fold", "the quiet goes on")
        #expect(script.handle(.foldDone(.completed)) == "")
        #expect(script.core.state == .idle, "one unfolded change is not worth a pass")
    }

    @Test("S8: under load a fold begins late, and its slices have turns at the pace of the changes")
    func foldHasTurns() {
        var script = CoreScript(unfolded: 148)
        #expect(script.submit(.person) == "commit 1")
        var seen: [String] = []
        for revision in 1...8 {
            _ = script.submit(.person)
            let effects = script.commit(UInt64(revision))
            seen.append(effects.contains("fold") ? "fold" : "commit")
            if effects.contains("fold") { _ = script.handle(.foldDone(.slice)) }
        }
        #expect(seen == ["commit", "fold", "commit", "fold", "commit", "fold", "commit", "fold"])
    }

    @Test("a large commit is followed by as many slices as it is large, but a person waits for one of them only")
    func slicesInARow() {
        var script = CoreScript(unfolded: 150)
        #expect(script.submit(.agentA, changes: 10) == "fold")
        #expect(script.handle(.foldDone(.slice)) == "commit 1")
        #expect(script.submit(.agentB, changes: 10) == "")
        #expect(script.commit(1, changes: 6) == "acknowledge 1, emit 1, fold")
        #expect(script.handle(.foldDone(.slice)) == "fold")
        #expect(script.submit(.person) == "")
        #expect(script.handle(.foldDone(.slice)) == "commit 3")
        #expect(script.commit(2) == "acknowledge 3, emit 2, fold")
        #expect(script.handle(.foldDone(.slice)) == "commit 2")
    }

    @Test("S8: with too much unfolded programs wait for the fold, which waits for no quiet; people do not wait")
    func backpressureOfTheFold() {
        var script = CoreScript(unfolded: 200)
        #expect(script.submit(.program, changes: 10) == "fold")
        #expect(script.handle(.foldDone(.slice)) == "fold")
        #expect(script.submit(.person) == "")
        #expect(script.handle(.foldDone(.slice)) == "commit 2")
        #expect(script.commit(1) == "acknowledge 2, emit 1, fold")
        #expect(script.handle(.foldDone(.completed)) == "commit 1")
    }

    @Test("a fold that finds the disk full is tried again a second later")
    func foldOnFullDisk() {
        var script = CoreScript(unfolded: 200)
        #expect(script.submit(.program) == "fold")
        #expect(script.handle(.foldDone(.failed(.full))) == "timer at 1000 ms")
        #expect(script.wait(1_000) == "fold")
        #expect(script.handle(.foldDone(.completed)) == "commit 1")
    }

    @Test("a checkpoint goes before the next commit when the log has grown")
    func checkpoint() {
        var script = CoreScript()
        _ = script.submit(.person)
        _ = script.submit(.person)
        #expect(script.commit(1, checkpoint: true) == "acknowledge 1, emit 1, checkpoint")
        #expect(script.handle(.checkpointDone(nil)) == "commit 2")
    }

    @Test("a checkpoint goes between two slices too, lest a long fold fills the disk with the log of its writes")
    func checkpointBetweenSlices() {
        var script = CoreScript(unfolded: 200)
        #expect(script.submit(.program) == "fold")
        #expect(script.handle(.foldDone(.slice, checkpointDue: true)) == "checkpoint")
        #expect(script.handle(.checkpointDone(nil)) == "fold")
    }

    @Test("closing commits what waits, refuses what comes, and stops")
    func closing() {
        var script = CoreScript()
        _ = script.submit(.agentA, changes: 20)
        _ = script.submit(.agentA, changes: 20)
        _ = script.submit(.program)
        #expect(script.handle(.closing) == "")
        #expect(script.submit(.person) == "refuse 4 closed")
        #expect(script.commit(1) == "acknowledge 1, emit 1, resume agent run1, commit 3")
        #expect(script.commit(2) == "acknowledge 3, emit 2, commit 2")
        #expect(script.commit(3) == "acknowledge 2, emit 3, stop closed")
        #expect(script.handle(.closing) == "")
        #expect(script.core.state == .closed)
    }
}
