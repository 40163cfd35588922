import GridModel
import Ordering
import Testing

@testable import Enrichment

/// Runs under random providers, grids and people, with events late, doubled and out of order.
struct RunExplorationTests {
    /// What is on its way back to the core.
    private struct InFlight {
        var due: Duration
        var event: RunCore.Event
    }

    @Test(arguments: UInt64(0)..<200) func `every row comes to an end, bounds hold, and counts add up`(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        func chance(_ probability: Double) -> Bool { random.fraction() < probability }
        func pick(_ count: Int) -> Int { Int(random.fraction() * Double(count)) }
        let rows = 1 + pick(60)
        let limits = CoreWorld.limits {
            $0.concurrentCalls = 1 + pick(6)
            $0.attempts = 1 + pick(4)
            $0.submissions = 1 + pick(5)
            $0.waiting = 1 + pick(5)
            $0.callTime = .seconds(5)
        }
        let failures = random.fraction() * 0.5
        var world = CoreWorld(rows: rows, limits: limits, seed: seed)
        world.takesNotes = false
        var flying: [InFlight] = []
        var timer: Duration?
        var open: Set<CallID> = []
        var withGrid: Set<CallID> = []
        var committed: Set<Int> = []
        var hasEnded = false

        func take(_ effects: [RunCore.Effect]) {
            for effect in effects {
                #expect(!hasEnded, "seed \(seed): \(effect) after the end")
                switch effect {
                case .call: break  // answered by the world
                case .ask(let id, _, _):
                    open.insert(id)
                    flying.append(InFlight(due: world.now + .milliseconds(1 + pick(8_000)), event: reply(to: id)))
                case .stop(let id): open.remove(id)
                case .submit(let id, _, _):
                    open.remove(id)
                    #expect(!committed.contains(id.task), "seed \(seed): row \(id.task) committed twice")
                    withGrid.insert(id)
                    flying.append(InFlight(due: world.now + .milliseconds(1 + pick(200)), event: verdict(on: id)))
                case .mark(let id, _, _, _):
                    open.remove(id)
                    withGrid.insert(id)
                    flying.append(InFlight(due: world.now + .milliseconds(1 + pick(200)), event: .markCommitted(id)))
                case .setTimer(let time):
                    #expect(time > world.now, "seed \(seed): a timer in the past")
                    timer = time
                case .ended: hasEnded = true
                case .close(let id):
                    flying.append(InFlight(due: world.now + .milliseconds(1 + pick(200)), event: .markCommitted(id)))
                case .book(let id, _), .doubt(let id):
                    open.remove(id)
                    let event: RunCore.Event = chance(0.1) ? .submissionFailed(id, .overloaded) : .costBooked(id)
                    flying.append(InFlight(due: world.now + .milliseconds(1 + pick(200)), event: event))
                case .record(let phase):
                    let event: RunCore.Event = chance(0.1) ? .phaseNotRecorded(.noRoom("full")) : .phaseRecorded(phase)
                    flying.append(InFlight(due: world.now + .milliseconds(1 + pick(200)), event: event))
                case .show, .showMany: break
                }
            }
        }
        func reply(to id: CallID) -> RunCore.Event {
            if chance(0.2), let other = open.min(by: { $0.task < $1.task }) { return .questionShared(id, with: other) }
            guard chance(failures) else {
                return chance(0.05)
                    ? .rowSkipped(id, reason: "", isMarked: chance(0.5)) : .answerArrived(id, CoreWorld.answer())
            }
            let kinds = ModelFailure.Kind.allCases.filter { ![.refused, .unsupported].contains($0) || pick(20) == 0 }
            var failure = ModelFailure(kinds[pick(kinds.count)], "", retryAfter: chance(0.2) ? .seconds(2) : nil)
            if chance(0.5) { failure.wrong = WrongAnswer(values: [], text: "x", reason: "no") }
            return .callFailed(id, failure)
        }
        func verdict(on id: CallID) -> RunCore.Event {
            if chance(0.1) { return .answerCommitted(id, .inputsChanged) }
            if chance(0.05) { return .answerCommitted(id, .keptAsSuggestion) }
            if chance(0.05) { return .submissionFailed(id, [.overloaded, .noRoom("full"), .refused("gone")][pick(3)]) }
            return .answerCommitted(id, .done)
        }

        take(world.handle(.begun))
        var steps = 0
        while !hasEnded, steps < 20_000 {
            steps += 1
            let next = flying.indices.min { flying[$0].due < flying[$1].due }
            if let time = timer, next.map({ time <= flying[$0].due }) ?? true {
                timer = nil
                world.now = max(world.now, time)
                take(world.handle(.timerFired))
            } else if let next {
                let item = flying.remove(at: next)
                world.now = max(world.now, item.due)
                if case .answerCommitted(let id, .done) = item.event { committed.insert(id.task) }
                switch item.event {
                case .answerCommitted(let id, _), .markCommitted(let id), .submissionFailed(let id, _): withGrid.remove(id)
                default: break
                }
                take(world.handle(item.event))
                if chance(0.1) { take(world.handle(item.event)) }  // twice
            } else if case .paused = world.core.phase {
                take(world.handle(.resumeAsked))
            } else {
                Issue.record("seed \(seed): nothing is due, and the run has not ended: \(world.core.phase)")
                return
            }
            if chance(0.01) { take(world.handle(.pauseAsked)) }
            if chance(0.05) { take(world.handle(.resumeAsked)) }
            if chance(0.001) { take(world.handle(.cancelAsked)) }
            if chance(0.05) { take(world.handle(.rowsPreferred([RowID(UInt32(pick(80)))]))) }
            // E1, S7: as many calls may be in doubt after a crash as there are places.
            #expect(world.core.calls.count + world.core.submissions.count <= limits.concurrentCalls, "seed \(seed)")
            #expect(world.core.waits.count <= limits.waiting + limits.concurrentCalls + limits.submissions, "seed \(seed)")
            // E12: no question is corrected more often than allowed.
            #expect(world.core.corrections.values.allSatisfy { $0.count <= limits.corrections }, "seed \(seed)")
            let tally = world.core.tally
            #expect(
                tally.queued + tally.running + tally.committed + tally.suggested + tally.failed + tally.skipped
                    + tally.cancelled == rows,
                "seed \(seed)")
        }
        #expect(hasEnded, "seed \(seed): not over after \(steps) steps")
        #expect(world.core.tally.unfinished == 0, "seed \(seed)")
        #expect(world.core.corrections.isEmpty && world.core.plain.isEmpty && world.core.parked.isEmpty, "seed \(seed)")
        #expect(world.core.tally.committed == committed.count, "seed \(seed)")
    }
}
