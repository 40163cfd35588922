import ChangePipeline
import GridImage
import GridModel
import GridStore
import Ordering
import Synchronization
import TestKit
import Testing

@Suite("An open grid")
struct LiveGridTests {
    @Test("S1: nothing is shown, acknowledged or signalled while the append has not returned")
    func commitBeforeEmit() async throws {
        let rig = try GridRig()
        let subscription = try rig.grid.signals()
        rig.store.whileAppending { [grid = rig.grid, seen = rig.seen] in
            seen.note("appending, shown \(grid.snapshot().revision)")
        }
        rig.submit(rig.set(1, "x"))
        rig.settle()
        var iterator = subscription.makeAsyncIterator()
        let event = await iterator.next()
        rig.seen.note(event?.words ?? "end")
        #expect(rig.seen.lines == ["appending, shown 3", "appended 4", "acknowledged 4", "signal 4...4"])
        #expect(rig.text(1) == "x")
    }

    @Test("S2: commands that wait together are one revision, and each gets its own answer")
    func oneRevision() throws {
        let rig = try GridRig()
        let agent = Cause(kind: .agent, run: RunID(1))
        let first = rig.submit(rig.set(1, "a"), by: agent)
        let second = rig.submit(rig.set(2, "b"), by: agent)
        let wrong = rig.submit(rig.set(99, "c"), by: agent)
        #expect(rig.stage.writer.waiting == 0)
        rig.stage.time.advance(by: .milliseconds(50))
        rig.settle()
        let done = CommandOutcome(revision: Revision(4), results: [.done])
        #expect(rig.seen.answers(to: first) == [.success(done)])
        #expect(rig.seen.answers(to: second) == [.success(done)])
        #expect(rig.seen.answers(to: wrong) == [.failure(.refused(CommandRefusal(change: 0, reason: .noSuchRow(RowID(99)))))])
        #expect(rig.revision == Revision(4))
    }

    @Test("a command that is refused as a whole makes no revision")
    func refusedMakesNone() throws {
        let rig = try GridRig()
        rig.submit([rig.set(1, "a"), rig.set(99, "b")])
        rig.settle()
        let empty = rig.submit([])
        #expect(rig.revision == Revision(3))
        #expect(rig.text(1) == nil)
        #expect(rig.seen.answers(to: empty).count == 1)
        #expect(rig.seen.lines == ["refused", "refused"])
    }

    @Test("S5: a repeat, in flight or later or after a restart, gets the first outcome and has no effect")
    func sameIntent() throws {
        let contents = MemoryGridContents()
        let rig = try GridRig(on: contents)
        let intent = IntentID(high: 5, low: 5)
        rig.submit(rig.set(1, "first"), intent: intent)
        rig.submit(rig.set(1, "second"), intent: intent)
        rig.settle()
        rig.submit(rig.set(1, "third"), intent: intent)
        rig.settle()
        let outcome = Result<CommandOutcome, PipelineError>.success(CommandOutcome(revision: Revision(4), results: [.done]))
        #expect(rig.seen.answers(to: intent) == [outcome, outcome, outcome])

        let again = try GridRig(on: contents)
        again.submit(again.set(1, "fourth"), intent: intent)
        again.submit(again.set(2, "new"))
        again.settle()
        #expect(again.seen.answers(to: intent) == [outcome])
        #expect(again.text(1) == "first")
        #expect(again.revision == Revision(5))
    }

    @Test("S6: a cell's own revision decides, not that of its row")
    func exactRevisions() throws {
        let rig = try GridRig()
        rig.submit(rig.set(1, "a"))
        rig.settle()
        let base = rig.revision
        rig.submit(rig.set(1, "beside", column: 2))
        rig.settle()
        let allowed = rig.submit(rig.set(1, "b", ifRevision: base))
        rig.settle()
        let refused = rig.submit(rig.set(1, "c", ifRevision: base))
        rig.settle()
        #expect(rig.seen.answers(to: allowed) == [.success(CommandOutcome(revision: Revision(6), results: [.done]))])
        let reason = CommandRefusal.Reason.cellChanged(
            row: RowID(1), column: ColumnID(1), revision: Revision(6), value: CellValue(text: "b"))
        #expect(rig.seen.answers(to: refused) == [.failure(.refused(CommandRefusal(change: 0, reason: reason)))])
    }

    @Test("S6: the person wins over an answer that was waiting when the person's edit came")
    func personWins() throws {
        let rig = try GridRig()
        let answer = Change.answerCell(
            row: RowID(1), column: ColumnID(1), value: CellValue(text: "model"), base: rig.revision, inputs: [ColumnID(2)])
        let agent = rig.submit(answer, by: Cause(kind: .agent, run: RunID(1)))
        rig.submit(rig.set(1, "person"))
        rig.settle()
        #expect(rig.text(1) == "person")
        #expect(try rig.seen.answers(to: agent).map { try $0.get().results } == [[.keptAsSuggestion]])
    }

    @Test("a full disk is told as such, reads and signals go on, and writing resumes")
    func fullDisk() throws {
        let rig = try GridRig()
        rig.store.failNextAppends([StoreError(.full, "no room")])
        let refused = rig.submit(rig.set(1, "a"))
        rig.settle()
        #expect(rig.seen.answers(to: refused) == [.failure(.full("no room"))])
        #expect(rig.text(1) == nil)
        #expect(rig.revision == Revision(3))
        rig.submit(rig.set(1, "b"))
        rig.settle()
        #expect(rig.text(1) == "b")
        #expect(rig.stage.fatal.isEmpty)
    }

    @Test("S1: after a failed sync nothing is acknowledged, the host is told once, and the signals end")
    func failedSync() async throws {
        let rig = try GridRig()
        let subscription = try rig.grid.signals()
        rig.store.failNextAppends([StoreError(.syncFailed, "sync failed")])
        let first = rig.submit(rig.set(1, "a"))
        let second = rig.submit(rig.set(2, "b"))
        rig.settle()
        let third = rig.submit(rig.set(3, "c"))
        rig.settle()
        for intent in [first, second, third] { #expect(rig.seen.answers(to: intent) == [.failure(.failed("sync failed"))]) }
        #expect(rig.stage.fatal == [StoreError(.syncFailed, "sync failed")])
        #expect(rig.text(1) == nil)
        await noting(subscription, in: rig.seen)
        #expect(rig.seen.lines.last == "end")
        #expect(throws: PipelineError.failed("sync failed")) { try rig.grid.signals() }
    }

    @Test("commands that fill a record go on in the next revision, in order")
    func fullRecord() throws {
        let rig = try GridRig()
        let large = String(repeating: "x", count: 250_000)
        let agent = Cause(kind: .agent, run: RunID(1))
        let intents = (1...10).flatMap { row in
            [1, 2].map { rig.submit(rig.set(UInt32(row), large + "\(row)", column: $0), by: agent) }
        }
        rig.stage.time.advance(by: .milliseconds(50))
        rig.settle()
        let revisions = try intents.map { intent in try #require(rig.seen.answers(to: intent).first).get().revision }
        #expect(revisions == revisions.sorted())
        #expect(Set(revisions) == [Revision(4), Revision(5)])
        #expect(rig.text(10, 2)?.hasSuffix("x10") == true)
    }

    @Test("a large command that waits for a slice is planned meanwhile, and only its own commit at once after uses the plan")
    func plannedAhead() throws {
        var limits = PipelineLimits()
        limits.changesBeforeFold = 25
        limits.rowsPerFoldSlice = 2
        for isOvertaken in [false, true] {
            let contents = MemoryGridContents()
            let rig = try GridRig(on: contents, limits: limits)
            rig.submit((1...10).flatMap { row in [1, 2, 1].map { rig.set(row, "old", column: $0) } })
            rig.settle()
            rig.stage.time.advance(by: limits.foldQuietDelay)
            // A slice is in hand: the writer has it to do.
            #expect(rig.stage.writer.waiting == 1)
            let started = rig.stage.time.now
            rig.submit((0..<120).map { rig.set(UInt32($0 % 10) + 1, "large \($0)") })
            if isOvertaken { rig.submit(rig.set(3, "person's", column: 2)) }
            rig.settle()
            #expect(rig.grid.plansAhead == PlanAheadCounts(used: isOvertaken ? 0 : 1, dropped: isOvertaken ? 1 : 0))
            #expect(rig.text(10) == "large 119" && rig.text(3, 2) == (isOvertaken ? "person's" : "old"))
            #expect(rig.stage.time.now == started)
            // The log says the same as the image.
            let again = try GridRig(on: contents)
            #expect(again.grid.snapshot().hash() == rig.grid.snapshot().hash())
        }
    }

    @Test("a grid is the same after a restart, folded or not")
    func sameAfterRestart() throws {
        let contents = MemoryGridContents()
        var limits = PipelineLimits()
        limits.changesBeforeFold = 25
        limits.rowsPerFoldSlice = 4
        let rig = try GridRig(on: contents, limits: limits)
        for round in 1...30 {
            rig.submit((1...5).map { rig.set($0 * 2, "round \(round)", column: UInt32(round % 2 + 1)) })
            rig.settle()
            rig.stage.time.advance(by: limits.foldQuietDelay)
            rig.settle()
        }
        #expect(rig.seen.lines.contains { $0.hasPrefix("folded") })
        let again = try GridRig(on: contents)
        #expect(again.store.foldedRevision > .zero && again.store.foldedRevision < again.revision)
        #expect(again.revision == rig.revision)
        #expect(again.grid.snapshot().hash() == rig.grid.snapshot().hash())
    }

    @Test("what was left unfolded is folded when the grid is opened again, though nobody writes")
    func foldsWhenOpened() throws {
        let contents = MemoryGridContents()
        var limits = PipelineLimits()
        let rig = try GridRig(on: contents, limits: limits)
        rig.submit((1...10).map { rig.set($0, "left") })
        rig.settle()
        limits.changesBeforeFold = 10
        let again = try GridRig(on: contents, limits: limits)
        again.settle()
        #expect(rig.store.foldedRevision == rig.revision)
        #expect(again.grid.unfoldedChanges == 0)
    }

    @Test("closing commits what waits, refuses what comes, closes the store, and ends the signals")
    func closing() async throws {
        let rig = try GridRig()
        let subscription = try rig.grid.signals()
        let waiting = rig.submit(rig.set(1, "a"), by: Cause(kind: .program))
        let grid = rig.grid
        async let closed: Void = grid.close()
        while rig.stage.writer.waiting == 0 { await Task.yield() }
        let late = rig.submit(rig.set(2, "b"))
        rig.settle()
        await closed
        #expect(rig.seen.answers(to: waiting) == [.success(CommandOutcome(revision: Revision(4), results: [.done]))])
        #expect(rig.seen.answers(to: late) == [.failure(.closed)])
        await noting(subscription, in: rig.seen)
        #expect(rig.seen.lines.suffix(3) == ["closed", "signal 4...4", "end"])
        await rig.grid.close()
    }

    @Test("history and the past are read from the log")
    func history() async throws {
        let rig = try GridRig()
        let before = rig.revision
        for text in ["one", "two"] {
            rig.submit(rig.set(3, text))
            rig.settle()
        }
        let entries = try await rig.grid.history(row: RowID(3), column: ColumnID(1), limit: 10)
        #expect(entries.prefix(2).map { $0.new?.displayText } == ["two", "one"])
        let past = try await rig.grid.asOf(Revision(4), sheet: SheetID(1), ranks: 2..<3)
        #expect(past.rows.first?.cells.map(\.value.displayText) == ["one"])
        #expect(try await rig.grid.asOf(before, sheet: SheetID(1), ranks: 2..<3).rows.first?.cells.isEmpty == true)
        await #expect(throws: PipelineError.self) { try await rig.grid.asOf(Revision(99), sheet: SheetID(1), ranks: 0..<1) }
    }
}

@Suite("Reading at least a revision")
struct MinimumRevisionTests {
    private func reading(
        _ rig: GridRig, _ revision: UInt64, timeout: Duration, _ meanwhile: () -> Void
    ) async -> Result<Revision, PipelineError> {
        let alarms = rig.stage.time.alarms
        let grid = rig.grid
        async let result = Self.revision(of: grid, atLeast: Revision(revision), timeout: timeout)
        while rig.stage.time.alarms == alarms { await Task.yield() }
        meanwhile()
        return await result
    }

    private static func revision(
        of grid: LiveGrid, atLeast revision: Revision, timeout: Duration
    ) async -> Result<Revision, PipelineError> {
        do throws(PipelineError) {
            return .success(try await grid.snapshot(atLeast: revision, timeout: timeout).revision)
        } catch {
            return .failure(error)
        }
    }

    @Test("S4: a read waits for its revision and gets it")
    func waits() async throws {
        let rig = try GridRig()
        let result = await reading(rig, 4, timeout: .seconds(5)) {
            rig.submit(rig.set(1, "a"))
            rig.settle()
        }
        #expect(result == .success(Revision(4)))
        #expect(try await rig.grid.snapshot(atLeast: Revision(4), timeout: .zero).revision == Revision(4))
    }

    @Test("S4: after its time it fails, and is never answered from an older state")
    func fails() async throws {
        let rig = try GridRig()
        let result = await reading(rig, 5, timeout: .seconds(5)) {
            rig.submit(rig.set(1, "a"))
            rig.settle()
            rig.stage.time.advance(by: .seconds(5))
        }
        #expect(result == .failure(.behind(asked: Revision(5), at: Revision(4))))
        await #expect(throws: PipelineError.behind(asked: Revision(9), at: Revision(4))) {
            try await rig.grid.snapshot(atLeast: Revision(9), timeout: .zero)
        }
    }

    @Test("S4: a grid that fails fails those who wait")
    func failing() async throws {
        let rig = try GridRig()
        rig.store.failNextAppends([StoreError(.syncFailed, "sync failed")])
        let result = await reading(rig, 4, timeout: .seconds(5)) {
            rig.submit(rig.set(1, "a"))
            rig.settle()
        }
        #expect(result == .failure(.failed("sync failed")))
    }
}
