import GridModel
import Ordering
import Testing

@testable import GridImage

/// A log with cities and a run over them.
private struct RunLog {
    static let run = RunID(7)
    static let agent = Cause(kind: .agent, run: run)
    static let answer = ColumnID(2)

    var log: Log

    init(rows: Int = 4, budget: RunBudget = RunBudget()) {
        log = .with(columns: ["City", "Answer"], rows: rows)
        log.commit(.noteRun(Self.run, .planned(Self.order(rows), budget)), cause: Self.agent)
    }

    static func order(_ rows: Int) -> RunOrder {
        let agent = AgentSettings(prompt: "{{City}}?", model: "m", output: .oneOf(["a", "b"]), usesExamples: false, version: 3)
        var order = RunOrder(
            sheet: Log.sheet, column: answer, scope: "all", agent: agent,
            inputs: [.init(column: ColumnID(1), name: "City")], provider: "p", host: "h:1", model: "m", concurrency: 4,
            sharesAnswers: true, rows: (1...max(rows, 1)).map { RowID(UInt32($0)) },
            found: (1...max(rows, 1)).map { UInt64($0 / 3) })
        order.examples = [.init(row: RowID(9), values: ["Oslo", ""], answer: .yes)]
        return order
    }

    var recorded: RecordedRun {
        log.image.ledger.runs[Self.run]
            ?? RecordedRun(order: Self.order(1), budget: RunBudget(), planned: .zero, time: 0, epoch: 0)
    }

    mutating func ask(_ task: UInt32, call: UInt32 = 1) {
        log.commit(
            .noteRun(Self.run, .asked(task: task, call: call, reserved: RunUsage(input: 30, output: 20, cost: 5))),
            cause: Self.agent)
    }

    func settlement(_ task: UInt32, call: UInt32 = 1, kept: KeptAnswer? = nil, _ result: TaskResult = .asAnswered) -> Change {
        .noteRun(
            Self.run,
            .settled(task: task, call: CallEnd(call: call, usage: RunUsage(input: 10, output: 2, cost: 1), kept: kept), result))
    }

    @discardableResult
    mutating func answer(_ task: UInt32, _ value: String = "x", base: Revision? = nil, call: UInt32 = 1) -> [ChangeResult] {
        log.commit(
            .answerCell(
                row: RowID(task + 1), column: Self.answer, value: text(value), base: base ?? log.image.revision,
                inputs: [ColumnID(1)]),
            settlement(task, call: call, kept: KeptAnswer(question: "q\(task)", text: value)), cause: Self.agent)
    }
}

@Suite("The memory of runs")
struct RunLedgerTests {
    @Test("S7: an answer and its task's state are one command: both or neither")
    func together() {
        var world = RunLog()
        world.ask(0)
        #expect(world.recorded.openCalls[0]?.call == 1)
        #expect(world.recorded.reserved == RunUsage(input: 30, output: 20, cost: 5))
        world.answer(0, "Oslo")
        #expect(world.log.image.value(row: RowID(1), column: RunLog.answer) == text("Oslo"))
        #expect(world.recorded.mark(of: 0) == .committed)
        #expect(world.recorded.openCalls.isEmpty)
        #expect(world.recorded.spent == RunUsage(input: 10, output: 2, cost: 1))
        #expect(world.log.image.ledger.answers.answer(to: "q0") == "Oslo")

        // The same task again: refused, and the cell stays.
        let again = world.log.refusal(
            .answerCell(row: RowID(1), column: RunLog.answer, value: text("twice"), base: world.log.image.revision, inputs: []),
            world.settlement(0, call: 2), cause: RunLog.agent)
        #expect(again == .invalid("task 0 of run7 is through"))
        #expect(world.log.image.value(row: RowID(1), column: RunLog.answer) == text("Oslo"))
    }

    @Test("S6: a task stands as its answer came out: suggested, or open when its inputs changed")
    func outcomes() {
        var world = RunLog()
        let base = world.log.image.revision
        world.ask(0)
        world.ask(1)
        world.log.commit(.setCell(row: RowID(1), column: RunLog.answer, value: text("mine"), ifRevision: nil))
        world.log.commit(.setCell(row: RowID(2), column: ColumnID(1), value: text("other"), ifRevision: nil))
        #expect(world.answer(0, base: base).first == .keptAsSuggestion)
        #expect(world.recorded.mark(of: 0) == .suggested)
        #expect(world.answer(1, base: base).first == .inputsChanged)
        #expect(world.recorded.mark(of: 1) == .open)
        #expect(world.recorded.openCalls.isEmpty)
        #expect(world.recorded.spent == RunUsage(input: 20, output: 4, cost: 2))
        #expect(world.recorded.count(.open) == 3 && world.recorded.count(.suggested) == 1)
    }

    @Test("a fact that does not fit is refused, and says why")
    func refusals() {
        var world = RunLog()
        func refuse(_ fact: RunFact, _ run: RunID = RunLog.run) -> CommandRefusal.Reason? {
            world.log.refusal(.noteRun(run, fact), cause: RunLog.agent)
        }
        #expect(refuse(.phase(.running), RunID(9)) == .invalid("there is no run9"))
        #expect(refuse(.planned(RunLog.order(2), RunBudget())) == .invalid("run7 is planned already"))
        #expect(
            refuse(.settled(task: 0, call: CallEnd(call: 1, usage: RunUsage()), .again))
                == .invalid("task 0 of run7 has another call open"))
        #expect(refuse(.settled(task: 4, call: nil, .skipped)) == .invalid("task 4 of run7 is through"))
        #expect(refuse(.settled(task: 0, call: nil, .asAnswered)) == .invalid("no answer stands before the task's end"))
        #expect(refuse(.doubted(tasks: [0])) == .invalid("no such call of run7 is open"))
        #expect(refuse(.undone(cells: 1)) == .invalid("run7 has not ended"))
        world.ask(0)
        #expect(refuse(.asked(task: 0, call: 2, reserved: RunUsage())) == .invalid("task 0 of run7 has a call open"))
        world.log.commit(.noteRun(RunLog.run, .phase(.cancelled)), cause: RunLog.agent)
        #expect(refuse(.phase(.running)) == .invalid("run7 has ended"))
    }

    @Test("two commands about one task in one commit: the second is refused")
    func twice() {
        var world = RunLog()
        let results = world.log.commit(
            [
                [.noteRun(RunLog.run, .settled(task: 0, call: nil, .skipped))],
                [.noteRun(RunLog.run, .settled(task: 0, call: nil, .failed))],
                [.noteRun(RunLog.run, .settled(task: 1, call: nil, .failed))],
            ], cause: RunLog.agent)
        #expect(results.map { (try? $0.get()) != nil } == [true, false, true])
        #expect(world.recorded.mark(of: 0) == .skipped && world.recorded.mark(of: 1) == .failed)
    }

    @Test("E4: what comes after a run's end is refused, in the commit that has the end as in any later one")
    func endedInOneCommit() {
        var world = RunLog()
        let results = world.log.commit(
            [
                [.noteRun(RunLog.run, .phase(.cancelled))],
                [.noteRun(RunLog.run, .asked(task: 0, call: 1, reserved: RunUsage()))],
                [.noteRun(RunLog.run, .phase(.finished))],
            ], cause: RunLog.agent)
        #expect(results.map { (try? $0.get()) != nil } == [true, false, false])
        #expect(world.recorded.callCount == 0 && world.recorded.phase == .cancelled)
        for fact in [RunFact.asked(task: 0, call: 1, reserved: RunUsage()), .settled(task: 1, call: nil, .skipped)] {
            #expect(world.log.refusal(.noteRun(RunLog.run, fact), cause: RunLog.agent) != nil)
        }
    }

    @Test("calls that were open when the process or the run ended are in doubt, each listed with what it may cost")
    func doubts() {
        var world = RunLog()
        world.ask(0)
        world.ask(2)
        world.log.commit(.noteRun(RunLog.run, .doubted(tasks: [0])), cause: RunLog.agent)
        #expect(world.recorded.doubts.map(\.row) == [RowID(1)])
        world.ask(0, call: 2)
        world.log.commit(.noteRun(RunLog.run, .phase(.refused(reason: "r"))), cause: RunLog.agent)
        #expect(world.recorded.doubts.map(\.row) == [RowID(1), RowID(1), RowID(3)])
        #expect(world.recorded.doubts.map(\.call) == [1, 2, 1])
        #expect(world.recorded.doubtCount == 3 && world.recorded.openCalls.isEmpty)
        #expect(world.recorded.phase == .refused(reason: "r"))
        #expect(world.log.image.ledger.unfinished.isEmpty)
    }

    @Test("taking a run's answers back gives each cell its value before, and leaves what somebody changed since")
    func takeBack() {
        var world = RunLog()
        for task in [UInt32(0), 1] {
            world.ask(task)
            world.answer(task, "new")
        }
        world.log.commit(.setCell(row: RowID(2), column: RunLog.answer, value: text("mine"), ifRevision: nil))
        let results = (1...3).map { row in
            world.log.commit(.takeBack(row: RowID(row), column: RunLog.answer, run: RunLog.run))[0]
        }
        #expect(results == [.done, .inputsChanged, .inputsChanged])
        #expect(world.log.image.value(row: RowID(1), column: RunLog.answer) == text("Answer-1"))
        #expect(world.log.image.value(row: RowID(2), column: RunLog.answer) == text("mine"))
    }

    @Test("of kept answers the first stays, long ones are not kept, and the oldest go")
    func keptAnswers() {
        var answers = KeptAnswers()
        answers.keep(KeptAnswer(question: "q", text: "first"), epoch: 0)
        answers.keep(KeptAnswer(question: "q", text: "second"), epoch: 0)
        answers.keep(KeptAnswer(question: String(repeating: "q", count: 3_000), text: "long"), epoch: 0)
        #expect(answers.answer(to: "q") == "first" && answers.count == 1)
        for number in 0..<Limits.keptAnswers + 200 { answers.keep(KeptAnswer(question: "\(number)", text: "a"), epoch: 0) }
        #expect(answers.answer(to: "q") == nil)
        #expect(answers.count <= Limits.keptAnswers && answers.count > Limits.keptAnswers - 256)
        #expect(answers.answer(to: "\(Limits.keptAnswers + 199)") == "a")
    }

    @Test("E12: answers that did not fit are kept while their task is open, those to the newest question, and so many")
    func wrongAnswers() {
        var world = RunLog()
        func wrong(_ call: UInt32, question: UInt64 = 1) -> Change {
            let answer = KeptWrongAnswer(question: question, text: "w\(call)", reason: "no")
            let end = CallEnd(call: call, usage: RunUsage(input: 1), wrong: answer)
            return .noteRun(RunLog.run, .settled(task: 0, call: end, .again))
        }
        for call in 1...20 as ClosedRange<UInt32> {
            world.ask(0, call: call)
            world.log.commit(wrong(call), cause: RunLog.agent)
        }
        #expect(world.recorded.wrong[0]?.map(\.answer.text) == (13...20).map { "w\($0)" })
        #expect(world.recorded.wrong[0]?.first?.usage == RunUsage(input: 1))
        #expect(world.recorded.spent == RunUsage(input: 20))
        world.ask(0, call: 21)
        world.log.commit(wrong(21, question: 2), cause: RunLog.agent)
        #expect(world.recorded.wrong[0]?.map(\.answer.text) == ["w21"])
        world.ask(0, call: 22)
        world.answer(0, call: 22)
        #expect(world.recorded.wrong.isEmpty && world.recorded.mark(of: 0) == .committed)
    }

    @Test("S7: folds, crashes and replays remember the same runs", arguments: 1...6)
    func folds(seed: UInt64) throws {
        var random = Seeded(seed)
        var log = Log.with(columns: ["City", "Answer"], rows: 12)
        var rows: [UInt64: [UInt8]] = [:]
        var documents: [String: [UInt8]] = [:]
        var pass: FoldPass?
        for step in 0..<120 {
            let run = RunID(UInt32(1 + random.below(4)))
            let cause = Cause(kind: .agent, run: run)
            let task = UInt32(random.below(12))
            let call = (log.image.ledger.runs[run]?.openCalls[task]?.call) ?? 0
            let end = CallEnd(call: call, usage: RunUsage(input: 1), kept: KeptAnswer(question: "\(step)", text: "t"))
            let wrong = KeptWrongAnswer(question: UInt64(random.below(2)), text: "w\(step)", reason: "no")
            let corrected = CallEnd(call: call, usage: RunUsage(output: 2), wrong: wrong)
            let facts: [RunFact] = [
                .settled(task: task, call: corrected, .again),
                .planned(RunLog.order(12), RunBudget(tokens: 9)),
                .asked(task: task, call: UInt32(step + 1), reserved: RunUsage(output: 3)),
                .settled(task: task, call: end, .again), .settled(task: task, call: end, .failed), .doubted(tasks: [task]),
                .budget(RunBudget(calls: UInt64(step))), .phase(.paused(reason: "why")), .phase(.running),
                random.chance(10) ? .phase(.finished) : .phase(.running), .undone(cells: 3),
            ]
            _ = log.commit([[.noteRun(run, random.pick(facts))]], cause: cause)  // refused ones leave nothing
            let words: [RunFact] = [
                .asked(task: task, call: task, reserved: RunUsage(output: 3)), .doubted(tasks: [task]),
                .settled(task: task, call: CallEnd(call: task, usage: RunUsage(input: 2)), .again),
            ]
            _ = log.commit([[.noteRun(.words, random.pick(words))]], cause: Cause(kind: .agent, run: .words))
            if pass == nil, step % 7 == 3 { pass = log.image.beginFold() }
            if var running = pass, let slice = running.next(from: log.image) {
                for (key, bytes) in slice.rows { rows[key] = bytes }
                for (name, bytes) in slice.documents { documents[name] = bytes }
                pass = slice.completes == nil ? running : nil
            } else {
                pass = nil
            }
            var loader = GridImageLoader()
            for (key, bytes) in rows.sorted(by: { $0.key < $1.key }) {
                bytes.withUnsafeBytes { loader.row(key: key, bytes: $0) }
            }
            var image = try loader.finish(
                documents: documents.sorted { $0.key < $1.key }.map { (name: $0.key, bytes: $0.value) })
            while image.revision < log.image.revision {
                let next = image.revision.next
                _ = try image.apply(record: try #require(log.records[next]), revision: next)
            }
            try #require(image.hash() == log.image.hash(), "seed \(seed) step \(step)")
        }
        #expect(!log.image.ledger.runs.isEmpty)
        #expect(log.image.ledger.words.calls > 0 && log.image.ledger.words.doubtCount > 0)
    }

    @Test("E10: plain words have a ledger of their own: calls begin once, end once, and are no run")
    func words() {
        var log = Log.with(columns: ["City"], rows: 1)
        let cause = Cause(kind: .agent, run: .words)
        func end(_ number: UInt32, _ call: UInt32) -> RunFact {
            .settled(task: number, call: CallEnd(call: call, usage: RunUsage(input: 5, output: 1)), .again)
        }
        log.commit(.noteRun(.words, .asked(task: 1, call: 1, reserved: RunUsage(output: 9))), cause: cause)
        #expect(log.refusal(.noteRun(.words, .asked(task: 1, call: 1, reserved: RunUsage()))) != nil)
        #expect(log.refusal(.noteRun(.words, end(1, 2))) != nil && log.refusal(.noteRun(.words, .phase(.finished))) != nil)
        #expect(log.image.ledger.words.open == [1: RunUsage(output: 9)])
        log.commit(.noteRun(.words, end(1, 1)), cause: cause)
        #expect(log.refusal(.noteRun(.words, end(1, 1))) != nil && log.refusal(.noteRun(.words, .doubted(tasks: [1]))) != nil)
        #expect(log.image.ledger.words.spent.tokens == 6 && log.image.ledger.words.last == 1)
        #expect(log.image.ledger.runs.isEmpty && log.image.ledger.unfinished.isEmpty)
    }
}
