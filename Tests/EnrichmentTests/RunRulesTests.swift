import GridModel
import Ordering
import Testing

@testable import Enrichment

/// Rules of a run that only bad luck reaches: late events, retries of what the log could not take, and who goes first.
struct RunRulesTests {
    private let cut = ModelFailure(.cut, "cut")
    private let wrong: ModelFailure = {
        var failure = ModelFailure(.wrongType, "no number")
        failure.wrong = WrongAnswer(values: [], text: "x", reason: "no number")
        return failure
    }()

    /// One row whose call is in flight.
    private func one(_ change: (inout RunLimits) -> Void = { _ in }, budget: RunBudget = RunBudget()) -> (CoreWorld, CallID) {
        var world = CoreWorld(rows: 1, limits: CoreWorld.limits(change), budget: budget)
        let id = CoreWorld.calls(world.handle(.begun))[0]
        return (world, id)
    }

    @Test func `E2: of rows whose wait is over the one that waits longest goes first`() {
        var world = CoreWorld(rows: 2)
        let open = CoreWorld.calls(world.handle(.begun))
        world.handle(.callFailed(open[0], ModelFailure(.serverFailed, "500", retryAfter: .seconds(5))))
        world.handle(.callFailed(open[1], ModelFailure(.serverFailed, "500", retryAfter: .seconds(1))))
        #expect(CoreWorld.calls(world.advance(by: .seconds(60))).map(\.task) == [1, 0])
    }

    @Test func `E12: a row whose inputs changed is another question, corrected as often as any`() {
        var (world, id) = one()
        func answer(about values: [String]) -> ModelFailure {
            var failure = ModelFailure(.wrongType, "no number")
            failure.wrong = WrongAnswer(values: values, text: "x", reason: "no number")
            return failure
        }
        for values in [["old"], ["old"], ["new"], ["new"]] {
            let again = CoreWorld.calls(world.handle(.callFailed(id, answer(about: values))))
            #expect(again.count == 1 && world.core.turn(of: 0).corrections.allSatisfy { $0.values == values })
            id = again.first ?? id
        }
        #expect(!CoreWorld.marks(world.handle(.callFailed(id, answer(about: ["new"])))).isEmpty)
    }

    @Test func `S8: while as many rows wait as may, no new one begins`() {
        var world = CoreWorld(rows: 20, limits: CoreWorld.limits { $0.waiting = 2 })
        let open = CoreWorld.calls(world.handle(.begun))
        let away = ModelFailure(.serverFailed, "500", retryAfter: .seconds(100))
        #expect(CoreWorld.calls(world.handle(.callFailed(open[0], away))).count == 1)
        #expect(CoreWorld.calls(world.handle(.callFailed(open[1], away))).isEmpty)
    }

    @Test func `S7: answers that the grid could not take are given to it again in the order they came`() {
        var world = CoreWorld(rows: 2)
        let open = CoreWorld.calls(world.handle(.begun))
        for id in open {
            world.handle(.answerArrived(id, CoreWorld.answer()))
            world.handle(.submissionFailed(id, .overloaded))
        }
        let again = world.advance(by: .seconds(1)).compactMap { if case .submit(let id, _, _) = $0 { id } else { nil } }
        #expect(again == open)
    }

    @Test func `E10: while a row waits for budget no other is prepared`() {
        var world = CoreWorld(rows: 10, budget: RunBudget(tokens: 15))
        world.reserve = RunUsage(input: 10)
        #expect(CoreWorld.turns(world.handle(.begun)).map(\.task) == [0, 1, 2, 3])
    }

    @Test func `E10: a budget in money is kept`() {
        var world = CoreWorld(rows: 2, budget: RunBudget(cost: 15))
        world.reserve = RunUsage(cost: 20)
        #expect(CoreWorld.calls(world.handle(.begun)).isEmpty)
        guard case .paused(.budget) = world.core.phase else {
            Issue.record("\(world.core.phase)")
            return
        }
    }

    @Test func `C1: an answer of a call that failed changes nothing while the next call is in flight`() {
        var (world, first) = one()
        world.handle(.callFailed(first, cut))
        let second = CoreWorld.calls(world.advance(by: .seconds(60)))[0]
        #expect(world.handle(.answerArrived(first, CoreWorld.answer("late"))).isEmpty)
        #expect(
            world.handle(.answerArrived(second, CoreWorld.answer("right"))).contains(
                .submit(second, RowID(0), CoreWorld.answer("right"))))
    }

    @Test func `E3: news of an earlier submission does not end the present one`() {
        var (world, first) = one()
        let second = CoreWorld.calls(world.answer(first, .inputsChanged))[0]
        world.handle(.answerArrived(second, CoreWorld.answer()))
        #expect(world.handle(.answerCommitted(first, .done)).isEmpty)
        #expect(world.core.tally.committed == 0)
    }

    @Test func `E7: failures that answers lie between are no outage`() {
        var world = CoreWorld(rows: 10, limits: CoreWorld.limits { ($0.concurrentCalls, $0.outage) = (1, 3) })
        var id = CoreWorld.calls(world.handle(.begun))[0]
        for _ in 0..<4 {
            world.handle(.callFailed(id, cut))
            id = CoreWorld.calls(world.advance(by: .seconds(60)))[0]
            id = CoreWorld.calls(world.answer(id))[0]
        }
        #expect(world.core.phase == .running)
    }

    @Test func `E12: a schema that is refused, a correction and a call that was not made are no attempts`() {
        for failure in [ModelFailure(.schemaRefused, "no schemas"), wrong] {
            var (world, id) = one { $0.attempts = 2 }
            world.handle(.callFailed(id, failure))
            id.serial = 2
            world.handle(.callFailed(id, cut))
            #expect(CoreWorld.marks(world.effects).isEmpty)
            #expect(CoreWorld.calls(world.advance(by: .seconds(60))).count == 1)
        }
        var (world, id) = one { $0.attempts = 2 }
        world.handle(.notAsked(id, .overloaded))
        id = CoreWorld.calls(world.advance(by: .milliseconds(500)))[0]
        world.handle(.callFailed(id, cut))
        #expect(CoreWorld.marks(world.effects).isEmpty)
    }

    @Test func `E10: a call that was not made is not counted`() {
        var (world, id) = one(budget: RunBudget(calls: 1))
        world.handle(.notAsked(id, .overloaded))
        #expect(CoreWorld.calls(world.advance(by: .milliseconds(500))).count == 1)
        #expect(world.core.tally.calls == 1)
    }

    @Test func `E9: nobody waits behind a row that waits for another's answer itself`() {
        var world = CoreWorld(rows: 3)
        let open = CoreWorld.calls(world.handle(.begun))
        world.unready = [1, 2]
        let again = CoreWorld.turns(world.handle(.callFailed(open[1], wrong)))[0]
        world.handle(.questionShared(again, with: open[0]))
        world.handle(.questionShared(open[2], with: again))
        #expect(CoreWorld.turns(world.advance(by: .milliseconds(500))).map(\.task) == [2])
    }

    @Test func `E4: inputs that changed are not asked about again once the run ends`() {
        var (world, id) = one()
        world.handle(.answerArrived(id, CoreWorld.answer()))
        world.handle(.cancelAsked)
        #expect(world.handle(.answerCommitted(id, .inputsChanged)).contains(.ended(.cancelled)))
        #expect(world.core.tally.cancelled == 1)
    }

    @Test func `E4: a grid that is closed ends the run, but not a run that ends already`() {
        var (world, id) = one()
        world.handle(.answerArrived(id, CoreWorld.answer()))
        #expect(world.handle(.submissionFailed(id, .closed("closed"))).contains(.ended(.refused(reason: "closed"))))

        var other = CoreWorld(rows: 2)
        let open = CoreWorld.calls(other.handle(.begun))
        for id in open { other.handle(.answerArrived(id, CoreWorld.answer())) }
        other.handle(.cancelAsked)
        other.handle(.submissionFailed(open[0], .closed("closed")))
        #expect(other.core.phase == .ending(.cancelled))
    }

    @Test func `S7: an answer that waits for room is tried again when the run ends, and when a person says so`() {
        for event in [RunCore.Event.cancelAsked, .resumeAsked] {
            var (world, id) = one()
            world.handle(.answerArrived(id, CoreWorld.answer()))
            world.handle(.submissionFailed(id, .noRoom("full")))
            #expect(world.handle(event).contains(.submit(id, RowID(0), CoreWorld.answer())))
        }
    }

    @Test func `E4: phases are written down one after the other, again when the grid had too much to do, and the end last`() {
        var world = CoreWorld(rows: 3)
        world.takesNotes = false
        world.handle(.begun)
        #expect(world.handle(.pauseAsked).contains(.record(.paused(reason: nil))))
        #expect(!world.handle(.resumeAsked).contains { if case .record = $0 { true } else { false } })
        #expect(world.handle(.phaseRecorded(.paused(reason: nil))).contains(.record(.running)))
        world.handle(.phaseNotRecorded(.overloaded))
        #expect(world.advance(by: .milliseconds(500)).contains(.record(.running)))
        #expect(!world.handle(.cancelAsked).contains { if case .record = $0 { true } else { false } })
        #expect(world.handle(.phaseRecorded(.running)).contains(.record(.cancelled)))
        #expect(world.core.phase == .ending(.cancelled))
        #expect(world.handle(.phaseRecorded(.cancelled)).contains(.ended(.cancelled)))
    }
}

/// What rows of one run know of each other's questions (E9).
struct SharedAnswersTests {
    private let answers = SharedAnswers()
    private let first = CallID(task: 0, serial: 1)
    private let second = CallID(task: 1, serial: 1)

    private func asks(_ turn: SharedAnswers.Turn) -> Bool { if case .ask = turn { true } else { false } }

    @Test func `a question is given up by the row that asks it, and by no other`() {
        #expect(asks(answers.begin(["q"], first)))
        answers.abandon(["q"], second.task)
        #expect(!asks(answers.begin(["q"], second)))
        answers.abandon(["q"], first.task)
        #expect(asks(answers.begin(["q"], second)))
    }

    @Test func `S8: long answers are not kept, nor more questions than there is room for`() {
        #expect(asks(answers.begin(["q"], first)))
        let long = ModelAnswer(text: String(repeating: "x", count: SharedAnswers.bytes + 1), usage: RunUsage(), remarks: [])
        answers.end(["q"], first, long)
        #expect(asks(answers.begin(["q"], second)))
        for number in 0..<SharedAnswers.questions { _ = answers.begin(["\(number)"], first) }
        #expect(asks(answers.begin(["one too many"], first)))
        #expect(asks(answers.begin(["one too many"], second)))
    }
}
