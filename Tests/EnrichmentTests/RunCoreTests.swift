import GridModel
import Ordering
import Testing

@testable import Enrichment

struct RunCoreTests {
    @Test func `as many calls as allowed begin, in the order of the rows`() {
        var world = CoreWorld(rows: 10)
        #expect(CoreWorld.calls(world.handle(.begun)).map(\.task) == [0, 1, 2, 3])
        #expect(world.core.tally.queued == 6)
        #expect(world.core.tally.running == 4)
    }

    @Test func `a slow row holds up no other`() {
        var world = CoreWorld(rows: 50, limits: CoreWorld.limits { $0.concurrentCalls = 2 })
        var open = CoreWorld.calls(world.handle(.begun))
        let slow = open.removeFirst()
        while let id = open.popLast() { open += CoreWorld.calls(world.answer(id)) }
        #expect(world.core.tally.committed == 49)
        #expect(world.answer(slow).contains(.ended(.finished)))
    }

    @Test func `a call's place is free when what came of it is in the log, and not before`() {
        var world = CoreWorld(rows: 3, limits: CoreWorld.limits { $0.concurrentCalls = 1 })
        let first = CoreWorld.calls(world.handle(.begun))[0]
        let effects = world.handle(.answerArrived(first, CoreWorld.answer()))
        #expect(CoreWorld.calls(effects).isEmpty)
        #expect(effects.contains(.submit(first, RowID(0), CoreWorld.answer())))
        #expect(CoreWorld.calls(world.handle(.answerCommitted(first, .done))).map(\.task) == [1])

        var other = CoreWorld(rows: 3, limits: CoreWorld.limits { $0.concurrentCalls = 1 })
        other.takesNotes = false
        let call = CoreWorld.calls(other.handle(.begun))[0]
        let failed = other.handle(.callFailed(call, ModelFailure(.cut, "cut", usage: RunUsage(input: 3, output: 1))))
        #expect(failed.contains(.book(call, CallEnd(call: 1, usage: RunUsage(input: 3, output: 1)))))
        #expect(CoreWorld.calls(failed).isEmpty)
        #expect(CoreWorld.calls(other.advance(by: .seconds(60))).isEmpty)
        #expect(CoreWorld.calls(other.handle(.costBooked(call))).map(\.task) == [0])
    }

    @Test func `S8: no call begins while the grid has as many answers as it may`() {
        var world = CoreWorld(rows: 10, limits: CoreWorld.limits { ($0.concurrentCalls, $0.submissions) = (4, 2) })
        let open = CoreWorld.calls(world.handle(.begun))
        world.handle(.answerArrived(open[0], CoreWorld.answer()))
        world.handle(.answerArrived(open[1], CoreWorld.answer()))
        #expect(CoreWorld.calls(world.handle(.answerArrived(open[2], CoreWorld.answer()))).isEmpty)
        #expect(CoreWorld.calls(world.handle(.answerCommitted(open[0], .done))).isEmpty)
        #expect(CoreWorld.calls(world.handle(.answerCommitted(open[1], .done))).map(\.task) == [4, 5])
    }

    @Test func `S6: changed input is asked again, at once the first time, and a bounded number of times`() {
        var world = CoreWorld(rows: 1)
        var id = CoreWorld.calls(world.handle(.begun))[0]
        for question in 2...5 {
            let effects = world.answer(id, .inputsChanged)
            if question == 2 {
                #expect(!CoreWorld.calls(effects).isEmpty)
                id = CoreWorld.calls(effects)[0]
            } else {
                #expect(CoreWorld.calls(effects).isEmpty)
                let again = CoreWorld.calls(world.advance(by: .seconds(60)))
                #expect(again.count == 1)
                id = again[0]
            }
            #expect(id.serial == UInt32(question))
        }
        let effects = world.answer(id, .inputsChanged)
        #expect(CoreWorld.marks(effects) == [.failed(reason: "the inputs kept changing: asked 5 times")])
        #expect(world.core.tally.askedAgain == 4)
    }

    @Test func `S6: an answer kept as a suggestion counts as one`() {
        var world = CoreWorld(rows: 1)
        let id = CoreWorld.calls(world.handle(.begun))[0]
        #expect(world.answer(id, .keptAsSuggestion).contains(.ended(.finished)))
        #expect(world.core.tally.suggested == 1)
        #expect(world.core.tally.committed == 0)
    }

    @Test(arguments: [ModelFailure.Kind.rateLimited, .serverFailed, .timedOut, .unreachable, .cut])
    func `a passing failure is tried again after a growing wait, and in the end the cell fails`(_ kind: ModelFailure.Kind) {
        var world = CoreWorld(rows: 1, limits: CoreWorld.limits { $0.attempts = 3 })
        var id = CoreWorld.calls(world.handle(.begun))[0]
        var waits: [Duration] = []
        for _ in 0..<2 {
            let effects = world.handle(.callFailed(id, ModelFailure(kind, "passing")))
            #expect(CoreWorld.calls(effects).isEmpty)
            #expect(world.core.tally.queued == 1)
            let time = CoreWorld.timer(world.effects) ?? .zero
            waits.append(time - world.now)
            world.now = time
            id = CoreWorld.calls(world.handle(.timerFired))[0]
        }
        #expect(waits[0] >= .milliseconds(250) && waits[0] <= .milliseconds(500))
        #expect(waits[1] >= .milliseconds(500) && waits[1] <= .milliseconds(1_000))
        let effects = world.handle(.callFailed(id, ModelFailure(kind, "passing")))
        #expect(CoreWorld.marks(effects) == [.failed(reason: "passing (3 attempts)")])
        #expect(world.handle(.markCommitted(id)).contains(.ended(.finished)))
        #expect(world.core.tally.failed == 1)
    }

    @Test func `a row is never asked again before the time that the provider named`() {
        var world = CoreWorld(rows: 1)
        let id = CoreWorld.calls(world.handle(.begun))[0]
        world.handle(.callFailed(id, ModelFailure(.rateLimited, "busy", retryAfter: .seconds(7))))
        #expect(CoreWorld.calls(world.advance(by: .milliseconds(6_999))).isEmpty)
        #expect(CoreWorld.calls(world.advance(by: .milliseconds(502))).map(\.task) == [0])
    }

    @Test func `a 429 halves the calls in flight once, and answers bring them back`() {
        var world = CoreWorld(rows: 100, limits: CoreWorld.limits { $0.concurrentCalls = 8 })
        var open = CoreWorld.calls(world.handle(.begun))
        for id in open.prefix(2) {
            world.handle(.callFailed(id, ModelFailure(.rateLimited, "busy", retryAfter: .seconds(100))))
        }
        open.removeFirst(2)
        #expect(world.core.window == 4)
        for _ in 0..<60 {
            let id = open.removeFirst()
            open += CoreWorld.calls(world.answer(id))
            #expect(open.count <= 8)
        }
        #expect(world.core.window == 8)
    }

    @Test func `a 429 to the only call makes every row wait`() {
        var world = CoreWorld(rows: 5, limits: CoreWorld.limits { $0.concurrentCalls = 1 })
        let id = CoreWorld.calls(world.handle(.begun))[0]
        #expect(
            CoreWorld.calls(world.handle(.callFailed(id, ModelFailure(.rateLimited, "busy", retryAfter: .seconds(3))))).isEmpty)
        #expect(CoreWorld.calls(world.advance(by: .seconds(2))).isEmpty)
        #expect(CoreWorld.calls(world.advance(by: .seconds(2))).count == 1)
    }

    @Test func `a wait that is asked for and too long ends the run`() {
        var world = CoreWorld(rows: 5)
        let id = CoreWorld.calls(world.handle(.begun))[0]
        world.handle(.callFailed(id, ModelFailure(.rateLimited, "come tomorrow", retryAfter: .seconds(86_400))))
        #expect(world.core.phase == .paused(.decision("come tomorrow (it asks to wait 86400 s)")))
    }

    @Test func `a bad key pauses the run after the first refusal, marks no cell, and burns no row`() {
        var world = CoreWorld(rows: 1_000)
        let open = CoreWorld.calls(world.handle(.begun))
        let effects = world.handle(.callFailed(open[1], ModelFailure(.refused, "bad key")))
        #expect(effects.contains(.record(.paused(reason: "bad key"))))
        for id in [open[0], open[2], open[3]] { world.handle(.callFailed(id, ModelFailure(.refused, "bad key, too"))) }
        #expect(world.core.phase == .paused(.decision("bad key")))
        #expect(CoreWorld.calls(world.advance(by: .seconds(3_600))).isEmpty)
        #expect(CoreWorld.marks(world.effects).isEmpty)
        #expect(world.core.tally.calls == 4)
        #expect(world.core.tally.queued == 1_000)
        #expect(Set(CoreWorld.calls(world.handle(.resumeAsked)).map(\.task)) == [0, 1, 2, 3])
    }

    @Test func `a provider that is away pauses the run before it burns every row`() {
        var world = CoreWorld(rows: 1_000, limits: CoreWorld.limits { $0.outage = 12 })
        var open = CoreWorld.calls(world.handle(.begun))
        var failures = 0
        while case .running = world.core.phase, failures < 1_000 {
            if open.isEmpty {
                open += CoreWorld.calls(world.advance(by: .seconds(60)))
            } else {
                let id = open.removeFirst()
                open += CoreWorld.calls(world.handle(.callFailed(id, ModelFailure(.unreachable, "no route"))))
                open += CoreWorld.calls(world.handle(.markCommitted(id)))
                failures += 1
            }
        }
        #expect(failures == 12)
        #expect(world.core.phase == .paused(.decision("12 calls failed one after the other, the last one: no route")))
    }

    @Test func `when every call fails at once, all rows wait, longer each round`() {
        var world = CoreWorld(rows: 1_000)
        var open = CoreWorld.calls(world.handle(.begun))
        var times: [Duration] = []
        while world.core.phase == .running {
            if open.isEmpty {
                open += CoreWorld.calls(world.advance(by: .milliseconds(10)))
            } else {
                times.append(world.now)
                let id = open.removeFirst()
                open += CoreWorld.calls(world.handle(.callFailed(id, ModelFailure(.unreachable, "no route"))))
                open += CoreWorld.calls(world.handle(.markCommitted(id)))
            }
        }
        #expect(times.count == 40)
        #expect(times.prefix { $0 < .seconds(1) }.count <= 12)
        #expect(times[39] > .seconds(30))
    }

    @Test
    func `three rows in a row rejected in the same words pause the run, also after answers; others are asked again later`() {
        var world = CoreWorld(rows: 20, limits: CoreWorld.limits { $0.concurrentCalls = 6 })
        let ids = CoreWorld.calls(world.handle(.begun))
        world.answer(ids[0])
        let same = ModelFailure(.rejected, "this model does not know max_tokens")
        world.handle(.callFailed(ids[1], same))
        world.handle(.markCommitted(ids[1]))
        world.answer(ids[2])
        for id in ids[3...5] {
            #expect(world.core.phase == .running)
            world.handle(.callFailed(id, same))
            world.handle(.markCommitted(id))
        }
        #expect(world.core.phase == .paused(.decision("3 rows were rejected one after the other: \(same.message)")))
        // What was in flight beside them is no proof against its row either.
        let late = CoreWorld.calls(world.effects).filter { !ids.contains($0) }
        for id in late { world.handle(.callFailed(id, same)) }
        #expect(world.core.tally.failed == 3)
        world.handle(.resumeAsked)
        #expect(world.core.phase == .running)
    }

    @Test func `the first prompts all rejected end the run, one rejected among answers fails alone`() {
        var world = CoreWorld(rows: 100)
        var open = CoreWorld.calls(world.handle(.begun))
        for _ in 0..<5 {
            let id = open.removeFirst()
            world.handle(.callFailed(id, ModelFailure(.rejected, "bad parameter \(id.task)")))
            open += CoreWorld.calls(world.handle(.markCommitted(id)))
        }
        #expect(world.core.phase == .ended(.refused(reason: "the first 5 prompts were rejected: bad parameter 4")))

        var other = CoreWorld(rows: 3)
        let ids = CoreWorld.calls(other.handle(.begun))
        other.handle(.callFailed(ids[0], ModelFailure(.rejected, "too long")))
        other.handle(.markCommitted(ids[0]))
        other.answer(ids[1])
        #expect(other.answer(ids[2]).contains(.ended(.finished)))
        #expect(other.core.tally.failed == 1)
    }

    @Test func `a call beyond its time is stopped, and its late answer changes nothing`() {
        var world = CoreWorld(rows: 1, limits: CoreWorld.limits { ($0.callTime, $0.attempts) = (.seconds(10), 1) })
        let id = CoreWorld.calls(world.handle(.begun))[0]
        #expect(CoreWorld.timer(world.effects) == .seconds(10))
        let effects = world.advance(by: .seconds(10))
        #expect(effects.contains(.stop(id)))
        #expect(CoreWorld.marks(effects) == [.failed(reason: "no whole answer within 10 s (1 attempts)")])
        #expect(world.handle(.answerArrived(id, CoreWorld.answer())).isEmpty)
        #expect(world.core.tally.running == 1)
    }

    @Test func `E3: the time of a call runs from when the log has that it begins, however long that takes`() {
        var world = CoreWorld(rows: 1, limits: CoreWorld.limits { $0.callTime = .seconds(10) })
        world.takesNotes = false
        let id = CoreWorld.calls(world.handle(.begun))[0]
        #expect(world.advance(by: .seconds(100)).isEmpty)
        #expect(CoreWorld.timer(world.handle(.callBegan(id))) == .seconds(110))
        #expect(world.advance(by: .seconds(10)).contains(.stop(id)))
        // News of a call that is over sets no time.
        #expect(world.handle(.callBegan(id)).isEmpty)
    }

    @Test func `cancel stops the calls, waits for what the grid has, and then ends`() {
        var world = CoreWorld(rows: 10, limits: CoreWorld.limits { $0.concurrentCalls = 3 })
        let open = CoreWorld.calls(world.handle(.begun))
        world.handle(.answerArrived(open[0], CoreWorld.answer()))
        let effects = world.handle(.cancelAsked)
        #expect(effects.contains(.stop(open[1])) && effects.contains(.stop(open[2])))
        #expect(world.core.phase == .ending(.cancelled))
        #expect(world.handle(.answerArrived(open[1], CoreWorld.answer())).isEmpty)
        #expect(world.handle(.answerCommitted(open[0], .done)).contains(.ended(.cancelled)))
        #expect(world.core.tally.committed == 1)
        #expect(world.core.tally.cancelled == 9)
        #expect(world.handle(.cancelAsked).isEmpty)
    }

    @Test func `pause lets calls end and begins none, resume goes on`() {
        var world = CoreWorld(rows: 5, limits: CoreWorld.limits { $0.concurrentCalls = 2 })
        let open = CoreWorld.calls(world.handle(.begun))
        world.handle(.pauseAsked)
        for id in open { #expect(CoreWorld.calls(world.answer(id)).isEmpty) }
        #expect(world.core.tally.committed == 2)
        #expect(CoreWorld.calls(world.handle(.resumeAsked)).map(\.task) == [2, 3])
    }

    @Test func `S7: a full disk pauses the run and loses no answer`() {
        var world = CoreWorld(rows: 3, limits: CoreWorld.limits { $0.concurrentCalls = 1 })
        let id = CoreWorld.calls(world.handle(.begun))[0]
        world.handle(.answerArrived(id, CoreWorld.answer()))
        world.handle(.submissionFailed(id, .noRoom("the disk is full")))
        #expect(world.core.phase == .paused(.noRoom("the disk is full")))
        let again = world.advance(by: .seconds(31))
        #expect(again.contains(.submit(id, RowID(0), CoreWorld.answer())))
        world.handle(.answerCommitted(id, .done))
        #expect(world.core.phase == .running)
        #expect(world.core.tally.committed == 1)
    }

    @Test func `a person's pause stays when the disk is full, and when there is room again`() {
        var world = CoreWorld(rows: 3, limits: CoreWorld.limits { $0.concurrentCalls = 1 })
        let id = CoreWorld.calls(world.handle(.begun))[0]
        world.handle(.pauseAsked)
        world.handle(.answerArrived(id, CoreWorld.answer()))
        world.handle(.submissionFailed(id, .noRoom("the disk is full")))
        world.advance(by: .seconds(31))
        world.handle(.answerCommitted(id, .done))
        #expect(world.core.phase == .paused(.asked))
    }

    @Test func `rows in view come next`() {
        var world = CoreWorld(rows: 100, limits: CoreWorld.limits { $0.concurrentCalls = 1 })
        var id = CoreWorld.calls(world.handle(.begun))[0]
        world.handle(.rowsPreferred([RowID(50), RowID(0), RowID(51), RowID(999)]))
        var order: [Int] = []
        for _ in 0..<4 {
            id = CoreWorld.calls(world.answer(id))[0]
            order.append(id.task)
        }
        #expect(order == [50, 51, 1, 2])
    }

    @Test func `a row whose question is being asked is set aside without a place, and comes next when that is through`() {
        var world = CoreWorld(rows: 20, limits: CoreWorld.limits { $0.concurrentCalls = 2 })
        world.unready = [1, 2]
        let open = CoreWorld.turns(world.handle(.begun))
        let third = CoreWorld.turns(world.handle(.questionShared(open[1], with: open[0])))
        #expect(third.map(\.task) == [2])
        let fourth = CoreWorld.turns(world.handle(.questionShared(third[0], with: open[0])))
        #expect(fourth.map(\.task) == [3])
        #expect(world.core.tally.calls == 2)
        #expect(world.core.shownState(of: RowID(1)) == .queued)
        #expect(CoreWorld.turns(world.answer(open[0])).map(\.task) == [1])
        #expect(CoreWorld.turns(world.answer(fourth[0])).map(\.task) == [2])
        var shared = CoreWorld.answer()
        shared.isShared = true
        world.handle(.answerArrived(CallID(task: 1, serial: 2), shared))
        #expect(world.core.tally.shared == 1)
        #expect(world.core.tally.calls == 2)
    }

    @Test func `a row is not set aside for a call that is over`() {
        var world = CoreWorld(rows: 2)
        let open = CoreWorld.calls(world.handle(.begun))
        world.handle(.callFailed(open[0], ModelFailure(.empty, "nothing")))
        world.handle(.questionShared(open[1], with: open[0]))
        #expect(CoreWorld.calls(world.advance(by: .milliseconds(500))).map(\.task) == [1])
    }

    @Test func `a skipped row makes no call count as answered`() {
        var world = CoreWorld(rows: 2)
        let open = CoreWorld.calls(world.handle(.begun))
        world.handle(.rowSkipped(open[0], reason: "gone", isMarked: false))
        let effects = world.handle(.rowSkipped(open[1], reason: "empty", isMarked: true))
        #expect(CoreWorld.marks(effects) == [.skipped(reason: "empty")])
        #expect(world.handle(.markCommitted(open[1])).contains(.ended(.finished)))
        #expect(world.core.tally.skipped == 2)
    }

    @Test func `states are shown while a run has a row, and no longer`() {
        var world = CoreWorld(rows: 2, limits: CoreWorld.limits { $0.concurrentCalls = 1 })
        let id = CoreWorld.calls(world.handle(.begun))[0]
        #expect(world.core.shownState(of: RowID(0)) == .running)
        #expect(world.core.shownState(of: RowID(1)) == .queued)
        world.handle(.answerArrived(id, CoreWorld.answer()))
        #expect(world.core.shownState(of: RowID(0)) == .running)
        world.handle(.answerCommitted(id, .done))
        #expect(world.core.shownState(of: RowID(0)) == nil)
        #expect(world.core.shownState(of: RowID(7)) == nil)
    }

    @Test func `tokens of answers and of failures are counted`() {
        var world = CoreWorld(rows: 2)
        let open = CoreWorld.calls(world.handle(.begun))
        world.answer(open[0])
        world.handle(.callFailed(open[1], ModelFailure(.tooLong, "long", usage: RunUsage(input: 5, output: 256))))
        #expect(world.core.tally.usage == RunUsage(input: 15, output: 258))
    }

    @Test func `equal seeds wait equally long`() {
        func waits(seed: UInt64) -> Duration? {
            var world = CoreWorld(rows: 1, seed: seed)
            let id = CoreWorld.calls(world.handle(.begun))[0]
            world.handle(.callFailed(id, ModelFailure(.serverFailed, "500")))
            return CoreWorld.timer(world.effects.suffix(1))
        }
        #expect(waits(seed: 1) == waits(seed: 1))
        #expect(waits(seed: 1) != waits(seed: 2))
    }
}
