import GridModel
import Ordering
import Testing

@testable import GridImage

/// What a grid remembers of runs, at its bounds and against facts that come twice.
struct LedgerRulesTests {
    private let run = RunID(7)
    private let agent = Cause(kind: .agent, run: RunID(7))

    private func order(rows: Int) -> RunOrder {
        RunOrder(
            sheet: Log.sheet, column: ColumnID(2), scope: "all", agent: AgentSettings(prompt: "{{A}}?"), inputs: [],
            provider: "p", host: nil, model: nil, concurrency: 4, sharesAnswers: true,
            rows: (1...rows).map { RowID(UInt32($0)) }, found: Array(repeating: 0, count: rows))
    }

    private func planned() -> Log {
        var log = Log.with(columns: ["A", "B"], rows: 2)
        log.commit(.noteRun(run, .planned(order(rows: 2), RunBudget())), cause: agent)
        return log
    }

    private func asked(_ call: UInt32) -> Change { .noteRun(run, .asked(task: 0, call: call, reserved: RunUsage())) }

    private func settled(_ call: UInt32, _ result: TaskResult) -> Change {
        .noteRun(run, .settled(task: 0, call: CallEnd(call: call, usage: RunUsage()), result))
    }

    @Test func `S7: a task that is through is not asked about again`() {
        var log = planned()
        log.commit(asked(1), cause: agent)
        log.commit(settled(1, .failed), cause: agent)
        #expect(log.refusal(asked(2), cause: agent) != nil)
    }

    @Test func `S7: a call has a number that no call of its task had before`() {
        var log = planned()
        log.commit(asked(3), cause: agent)
        log.commit(settled(3, .again), cause: agent)
        #expect(log.refusal(asked(3), cause: agent) != nil)
        #expect(log.refusal(asked(2), cause: agent) != nil)
        log.commit(asked(4), cause: agent)
    }

    @Test func `S7: all calls in doubt are counted, also those beyond what is listed`() {
        let count = Limits.doubtsPerRun + 3
        var recorded = RecordedRun(order: order(rows: count), budget: RunBudget(), planned: .zero, time: 0, epoch: 0)
        for task in 0..<UInt32(count) { recorded.asked(task, 1, RunUsage(), 0) }
        recorded.enter(.cancelled, time: 1, epoch: 0)
        #expect(recorded.doubts.count == Limits.doubtsPerRun && recorded.doubtCount == count)
    }

    @Test func `S8: so many runs that ended are remembered, the oldest go`() {
        var log = Log.with(columns: ["A", "B"], rows: 1)
        for number in 1...UInt32(Limits.runsPerGrid + 3) {
            let run = RunID(number)
            log.commit(.noteRun(run, .planned(order(rows: 1), RunBudget())), cause: agent)
            log.commit(.noteRun(run, .phase(.finished)), cause: agent)
        }
        #expect(log.image.ledger.runs.count <= Limits.runsPerGrid + 1)
        #expect(log.image.ledger.runs[RunID(1)] == nil)
    }

    @Test func `S7: of equal questions the first answer is kept, and of all so many`() {
        var answers = KeptAnswers()
        answers.keep(KeptAnswer(question: "q", text: "first"), epoch: 0)
        answers.keep(KeptAnswer(question: "q", text: "second"), epoch: 0)
        #expect(answers.answer(to: "q") == "first")
        for number in 0..<Limits.keptAnswers + 300 {
            answers.keep(KeptAnswer(question: "\(number)", text: "x"), epoch: 0)
        }
        #expect(answers.count <= Limits.keptAnswers)
        #expect(answers.answer(to: "q") == nil)
    }

    @Test func `S6: an agent's answer does not make itself stale, when its prompt names its own column`() {
        var log = Log.with(columns: ["A"], rows: 1)
        let prompt = AgentSettings(prompt: "{{A}}, not {{B}}?")
        log.commit(.addColumn(sheet: Log.sheet, name: "B", type: .text, width: nil, agent: prompt, position: .last))
        let answer = Change.answerCell(
            row: RowID(1), column: ColumnID(2), value: text("x"), base: log.image.revision, inputs: [ColumnID(1)])
        log.commit(answer, cause: agent)
        #expect(log.image.mark(row: RowID(1), column: ColumnID(2)) == nil)
    }
}
