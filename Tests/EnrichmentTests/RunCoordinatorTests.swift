import ChangePipeline
import Enrichment
import GridImage
import GridModel
import Ordering
import Testing
import Wire

@Suite(.timeLimit(.minutes(60))) struct RunCoordinatorTests {
    @Test func `a run over all rows commits every answer, and says where it came from`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 10, provider: provider) { world in
            let run = try await world.start().run
            for _ in 0..<10 {
                let call = await provider.next()
                call.answer("Land of \(call.values[0])")
            }
            let status = try #require(await world.end(of: run))
            #expect(status.state == .finished)
            #expect(status.committed == 10)
            #expect(status.usage == RunUsage(input: 100, output: 20, cost: 100 * 3_000 + 20 * 15_000))
            for (index, row) in world.rows.enumerated() { #expect(world.text(row) == "Land of City \(index)") }
            let entry = try #require(try await world.grid.history(row: world.rows[3], column: RunWorld.answer, limit: 5).first)
            #expect(entry.kind == .answer)
            #expect(entry.cause.run == run)
            let detail = try #require(entry.cause.detail)
            #expect(throws: Never.self) { try JSONScanner.check(Array(detail.utf8)[...]) }
            for part in [
                "\"provider\":\"gated\"", "\"model\":\"test\"", "\"promptVersion\":1", "\"inputs\":[\"c1\"]",
                "\"inputTokens\":10",
            ] {
                #expect(detail.contains(part), "\(part) is not in \(detail)")
            }
        }
    }

    @Test func `S6: an edit made while the model thinks survives, the answer is kept as a suggestion`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider) { world in
            let run = try await world.start().run
            let call = await provider.next()
            try await world.edit(world.rows[0], RunWorld.answer, "mine")
            call.answer("the model's")
            let status = try #require(await world.end(of: run))
            #expect(status.suggested == 1 && status.committed == 0)
            #expect(world.text(world.rows[0]) == "mine")
            let history = try await world.grid.history(row: world.rows[0], column: RunWorld.answer, limit: 5)
            #expect(history.first?.kind == .suggestion)
            #expect(history.first?.new == CellValue(text: "the model's"))
        }
    }

    @Test func `S6: changed input is asked again`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider) { world in
            let run = try await world.start().run
            let first = await provider.next()
            try await world.edit(world.rows[0], RunWorld.city, "Oslo")
            first.answer("from the old input")
            let second = await provider.next()
            #expect(second.values == ["Oslo"])
            #expect(world.text(world.rows[0]) == nil)
            second.answer("from the new input")
            let status = try #require(await world.end(of: run))
            #expect(status.committed == 1 && status.askedAgain == 1)
            #expect(world.text(world.rows[0]) == "from the new input")
        }
    }

    @Test func `S6: a cell that a person fills while its row is queued is not asked about`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 5, provider: provider, limits: Self.oneAtATime) { world in
            let run = try await world.start().run
            let call = await provider.next()
            try await world.edit(world.rows[3], RunWorld.answer, "mine")
            call.answer("a")
            for _ in 0..<3 { await provider.next().answer("a") }
            let status = try #require(await world.end(of: run))
            #expect(status.committed == 4 && status.skipped == 1)
            #expect(world.text(world.rows[3]) == "mine")
        }
    }

    @Test func `S6: another cell of the row may change`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider) { world in
            try await world.submit([
                .addColumn(sheet: RunWorld.sheet, name: "Note", type: .text, width: nil, agent: nil, position: .last)
            ])
            let run = try await world.start().run
            let call = await provider.next()
            try await world.edit(world.rows[0], ColumnID(3), "a note")
            call.answer("x")
            #expect(await world.end(of: run)?.committed == 1)
        }
    }

    static var oneAtATime: RunLimits {
        var limits = RunLimits()
        limits.concurrentCalls = 1
        return limits
    }

    @Test func `one slow row holds up no other, and no more calls are in flight than allowed`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 100, provider: provider) { world in
            let run = try await world.start().run
            let slow = await provider.next()
            for _ in 0..<99 {
                let call = await provider.next()
                #expect((world.coordinator.status(of: run, grid: world.grid.id)?.calls ?? 0) <= 100)
                call.answer("x")
            }
            let status = try #require(await world.status(run) { $0.committed == 99 })
            #expect(status.running == 1 && status.isActive)
            slow.answer("late")
            #expect(await world.end(of: run)?.committed == 100)
        }
    }

    @Test func `equal questions are asked once, and hold up no other`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 30, provider: provider, limits: Self.twoAtATime) { world in
            for row in world.rows.prefix(20) { try await world.edit(row, RunWorld.city, "Oslo") }
            let run = try await world.start().run
            // The one that is asked about Oslo waits until all others are through; which comes first is decided by whose turn was ready.
            var oslo: [GatedProvider.Call] = []
            for _ in 0..<11 {
                let call = await provider.next()
                if call.values == ["Oslo"] { oslo.append(call) } else { call.answer("elsewhere") }
            }
            #expect(oslo.count == 1)
            for call in oslo { call.answer("Norway") }
            let status = try #require(await world.end(of: run))
            #expect(status.committed == 30 && status.calls == 11 && status.shared == 19)
            #expect(status.usage.tokens == 132)
            #expect(world.rows.prefix(20).allSatisfy { world.text($0) == "Norway" })
            // One of them asked: which one is decided by whose turn was ready first.
            var named: Set<String> = []
            for row in world.rows.prefix(20) {
                let entry = try await world.grid.history(row: row, column: RunWorld.answer, limit: 1).first
                let detail = try #require(entry?.cause.detail)
                guard let same = detail.firstMatch(of: #/"sameQuestionAs":"(r\d+)"/#) else { continue }
                named.insert(String(same.1))
                #expect(detail.contains("\"inputTokens\":0") && String(same.1) != "\(row)")
            }
            #expect(named.count == 1)
        }
    }

    @Test func `an equal question is asked anew when the first one failed`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 2, provider: provider) { world in
            for row in world.rows { try await world.edit(row, RunWorld.city, "Oslo") }
            let run = try await world.start().run
            await provider.next().fail(ModelFailure(.garbage, "not a chat reply"))
            await provider.next().answer("Norway")
            let status = try #require(await world.end(of: run))
            #expect(status.committed == 1 && status.failed == 1)
        }
    }

    static var twoAtATime: RunLimits {
        var limits = RunLimits()
        limits.concurrentCalls = 2
        return limits
    }

    @Test func `cancel closes the calls in flight and commits nothing of them`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 100, provider: provider) { world in
            let run = try await world.start().run
            var calls: [GatedProvider.Call] = []
            for _ in 0..<4 { calls.append(await provider.next()) }
            _ = try world.coordinator.cancel(run, of: world.grid.id)
            for call in calls { call.answer("too late") }
            let status = try #require(await world.end(of: run))
            #expect(status.state == .cancelled)
            #expect(status.cancelled == 100)
            #expect(provider.calls == 4)
            for row in world.rows { #expect(world.text(row) == nil) }
            #expect(!world.coordinator.isActive(world.grid.id))
        }
    }

    @Test func `a bad key pauses the run after the first refusal, and no cell is marked`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1_000, provider: provider) { world in
            let run = try await world.start().run
            await provider.next().fail(ModelFailure(.refused, "the key was refused"))
            let status = try #require(await world.status(run) { $0.state == .paused })
            #expect(status.reason == "the key was refused")
            #expect(status.calls <= 4)
            #expect(world.rows.allSatisfy { world.grid.snapshot().mark(row: $0, column: RunWorld.answer) == nil })
        }
    }

    @Test func `an answer of the wrong type fails its cell with the raw text, and a later run clears that`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 2, provider: provider, limits: Self.oneAtATime, type: .number) { world in
            let run = try await world.start().run
            for _ in 0..<3 { await provider.next().answer("about 7") }
            await provider.next().answer("7")
            #expect(await world.end(of: run)?.failed == 1)
            let snapshot = world.grid.snapshot()
            let reason = "not a number: about 7 (told what was wrong 2 times)"
            #expect(snapshot.mark(row: world.rows[0], column: RunWorld.answer) == .failed(reason: reason))
            let newest = try await world.grid.history(row: world.rows[0], column: RunWorld.answer, limit: 1).first
            let detail = try #require(newest?.cause.detail)
            #expect(detail.contains(#""attempts":3,"failure":"wrongType","raw":"about 7""#))
            #expect(detail.ranges(of: #"{"answer":"about 7""#).count == 2)
            #expect(throws: Never.self) { try JSONScanner.check(Array(detail.utf8)[...]) }
            #expect(snapshot.value(row: world.rows[1], column: RunWorld.answer)?.json == "7")

            let again = try await world.start(.failed).run
            await provider.next().answer("8")
            #expect(await world.end(of: again)?.total == 1)
            #expect(world.grid.snapshot().mark(row: world.rows[0], column: RunWorld.answer) == nil)
            #expect(world.text(world.rows[0]) == "8")
        }
    }

    @Test func `a failure for a passing reason is tried again after its wait`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider, clock: JumpingTime()) { world in
            var limits = RunLimits()
            limits.callTime = .seconds(1)
            let run = try await world.start().run
            // The clock jumps: every call is out of time as soon as it begins, until no attempt is left.
            let status = try #require(await world.end(of: run))
            #expect(status.failed == 1)
            // A call whose time is over while its question is prepared is an attempt, and none is made.
            #expect((1...limits.attempts).contains(status.calls))
            #expect(
                world.grid.snapshot().mark(row: world.rows[0], column: RunWorld.answer)
                    == .failed(reason: "no whole answer within 120 s (5 attempts)"))
        }
    }

    @Test func `a row whose inputs are empty is skipped without a call`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider) { world in
            try await world.submit([.setCell(row: world.rows[0], column: RunWorld.city, value: nil, ifRevision: nil)])
            let run = try await world.start().run
            #expect(await world.end(of: run)?.skipped == 1)
            #expect(provider.calls == 0)
            #expect(
                world.grid.snapshot().mark(row: world.rows[0], column: RunWorld.answer)
                    == .skipped(reason: "the columns that the prompt names are empty in this row"))
        }
    }

    @Test func `a row that is deleted meanwhile is skipped`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 2, provider: provider, limits: Self.oneAtATime) { world in
            let run = try await world.start().run
            let call = await provider.next()
            try await world.submit([.deleteRows(sheet: RunWorld.sheet, rows: world.rows)])
            call.answer("x")
            let status = try #require(await world.end(of: run))
            #expect(status.skipped == 2)
            #expect(provider.calls == 1)
        }
    }

    @Test func `scopes: empty, first, named rows, and rows in view first`() async throws {
        let provider = GatedProvider()
        var limits = Self.oneAtATime
        limits.corrections = 0
        try await RunWorld.with(rows: 6, provider: provider, limits: limits) { world in
            let rows = world.rows
            // A program's, not a person's: what people wrote is left alone.
            _ = try await world.grid.submit(
                Command(
                    intent: IntentID(high: 5, low: 5), cause: Cause(kind: .program),
                    changes: [.setCell(row: rows[1], column: RunWorld.answer, value: .yes, ifRevision: nil)]))
            func asked(_ scope: RunRequest.Scope, viewport: [RowID] = []) async throws -> [String] {
                let status = try await world.start(scope, viewport: viewport)
                var values: [String] = []
                for _ in 0..<status.total {
                    let call = await provider.next()
                    values.append(call.values[0])
                    call.answer("")
                }
                _ = await world.end(of: status.run)
                return values
            }
            #expect(try await asked(.empty) == ["City 0", "City 2", "City 3", "City 4", "City 5"])
            #expect(try await asked(.first(2)) == ["City 0", "City 1"])
            #expect(try await asked(.rows([rows[4], rows[2], rows[4], RowID(999)])) == ["City 4", "City 2"])
            #expect(
                try await asked(.all, viewport: [rows[3], rows[5]]) == [
                    "City 3", "City 5", "City 0", "City 1", "City 2", "City 4",
                ])
        }
    }

    @Test func `states of queued and running rows are shown and followed`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 2, provider: provider, limits: Self.oneAtATime) { world in
            let feed = world.coordinator.activity(of: world.grid.id)
            let run = try await world.start().run
            let call = await provider.next()
            #expect(world.coordinator.activeColumns(of: world.grid.id) == [RunWorld.answer])
            #expect(
                world.coordinator.states(of: world.rows, column: RunWorld.answer, grid: world.grid.id) == [.running, .queued])
            let activity = try #require(await feed.next())
            #expect(activity.cells.map(\.column) == [RunWorld.answer])
            #expect(activity.statuses.map(\.run) == [run])
            call.answer("x")
            await provider.next().answer("y")
            _ = await world.end(of: run)
            #expect(world.coordinator.states(of: world.rows, column: RunWorld.answer, grid: world.grid.id) == [nil, nil])
        }
    }

    @Test func `a run that cannot begin says why`() async throws {
        let provider = GatedProvider()
        try await RunWorld.with(rows: 1, provider: provider) { world in
            #expect(throws: RunRefusal.noSuchRun(RunID(9))) { try world.coordinator.cancel(RunID(9), of: world.grid.id) }
            await #expect(throws: RunRefusal.nothingToDo) { try await world.start(.stale) }
            let coordinator = world.coordinator
            func start(_ sheet: SheetID, _ column: ColumnID, concurrency: Int? = nil) async throws(RunRefusal) {
                let request = RunRequest(sheet: sheet, column: column, scope: .all, concurrency: concurrency)
                _ = try await coordinator.start(request, on: world.grid)
            }
            await #expect(throws: RunRefusal.noSuchSheet(SheetID(9))) { try await start(SheetID(9), RunWorld.answer) }
            await #expect(throws: RunRefusal.noSuchColumn(ColumnID(9))) { try await start(RunWorld.sheet, ColumnID(9)) }
            await #expect(throws: RunRefusal.noAgent(column: "City")) { try await start(RunWorld.sheet, RunWorld.city) }
            await #expect(throws: RunRefusal.limit("calls at once", most: 64, asked: 65)) {
                try await start(RunWorld.sheet, RunWorld.answer, concurrency: 65)
            }
            let run = try await world.start().run
            await #expect(throws: RunRefusal.columnBusy(run)) { try await world.start() }
            _ = try coordinator.cancel(run, of: world.grid.id)
            _ = await world.end(of: run)
            try await world.submit([
                .setColumnAgent(column: RunWorld.answer, agent: AgentSettings(prompt: "{{Citty}}", version: 2))
            ])
            await #expect(throws: RunRefusal.prompt(.unknownColumn(name: "Citty", nearest: ["City"]))) {
                try await world.start()
            }
        }
    }

    @Test func `the demo rules fill a column offline, and call themselves what they are`() async throws {
        let provider = DemoRulesProvider(clock: FrozenTime())
        try await RunWorld.with(rows: 2_000, provider: provider, prompt: "uppercase {{City}}") { world in
            let run = try await world.start().run
            let status = try #require(await world.end(of: run))
            #expect(status.committed == 2_000)
            #expect(status.provider == "demo rules, no model called")
            #expect(world.text(world.rows[1_999]) == "CITY 1999")
            let entry = try await world.grid.history(row: world.rows[7], column: RunWorld.answer, limit: 1).first
            #expect(entry?.cause.detail?.contains("\"provider\":\"demo rules, no model called\"") == true)
            #expect(entry?.cause.detail?.contains("\"rule\":\"uppercase\"") == true)
        }
    }

    @Test func `the demo rules look values up in the same sheet`() async throws {
        let provider = DemoRulesProvider(clock: FrozenTime())
        let prompt = "look up {{City}} in column City give column Code"
        try await RunWorld.with(rows: 3, provider: provider, prompt: prompt) { world in
            try await world.submit([
                .addColumn(sheet: RunWorld.sheet, name: "Code", type: .text, width: nil, agent: nil, position: .last)
            ])
            try await world.edit(world.rows[0], ColumnID(3), "C0")
            try await world.edit(world.rows[1], RunWorld.city, "City 0")
            let run = try await world.start().run
            let status = try #require(await world.end(of: run))
            #expect(status.committed == 2 && status.failed == 1)
            #expect(world.text(world.rows[1]) == "C0")
        }
    }

    @Test func `a prompt that the demo rules cannot follow is refused at once, with what to set`() async throws {
        let provider = DemoRulesProvider(clock: FrozenTime())
        try await RunWorld.with(rows: 3, provider: provider) { world in
            do throws(RunRefusal) {
                _ = try await world.start()
                Issue.record("it began")
            } catch {
                #expect(error.description.hasPrefix("not supported by the demo rules: "))
                #expect(error.description.contains("OPENAI_BASE_URL"))
            }
        }
    }
}
