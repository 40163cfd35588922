import GridModel
import Ordering

@testable import Enrichment

/// A core in virtual time, with what it asked for.
struct CoreWorld {
    var core: RunCore
    var now = Duration.zero
    var effects: [RunCore.Effect] = []

    init(
        rows: Int, limits: RunLimits = RunLimits(), seed: UInt64 = 1, budget: RunBudget = RunBudget(), past: RunPast? = nil
    ) {
        core = RunCore(
            rows: (0..<rows).map { RowID(UInt32($0)) }, limits: limits, seed: seed, budget: budget, past: past)
    }

    /// What each question is said to cost at most.
    var reserve = RunUsage()
    /// Tasks whose question is not known at once.
    var unready: Set<Int> = []
    /// Whether the log takes what a run writes down for itself: calls that begin or failed, and phases.
    var takesNotes = true

    /// Hands over an event; answers with its effects, what is merely shown left out. Every question needs a call.
    @discardableResult
    mutating func handle(_ event: RunCore.Event) -> [RunCore.Effect] {
        var new: [RunCore.Effect] = []
        var events = [event]
        while !events.isEmpty {
            core.handle(events.removeFirst(), at: now)
            while let effect = core.nextEffect() {
                switch effect {
                case .show, .showMany: continue
                case .call(let id, _):
                    if !unready.contains(id.task) { events.append(.questionReady(id, reserved: reserve)) }
                case .ask(let id, _, _) where takesNotes: events.append(.callBegan(id))
                case .close(let id) where takesNotes: events.append(.markCommitted(id))
                case .book(let id, _) where takesNotes: events.append(.costBooked(id))
                case .doubt(let id) where takesNotes: events.append(.costBooked(id))
                case .record(let phase) where takesNotes: events.append(.phaseRecorded(phase))
                case .ask, .stop, .submit, .mark, .close, .setTimer, .ended, .book, .doubt, .record: break
                }
                new.append(effect)
            }
        }
        effects += new
        return new
    }

    @discardableResult
    mutating func advance(by time: Duration) -> [RunCore.Effect] {
        now += time
        return handle(.timerFired)
    }

    static func calls(_ effects: [RunCore.Effect]) -> [CallID] {
        effects.compactMap { if case .ask(let id, _, _) = $0 { id } else { nil } }
    }

    /// Rows whose turn it is.
    static func turns(_ effects: [RunCore.Effect]) -> [CallID] {
        effects.compactMap { if case .call(let id, _) = $0 { id } else { nil } }
    }

    static func marks(_ effects: [RunCore.Effect]) -> [CellMark] {
        effects.compactMap { if case .mark(_, _, let mark, _) = $0 { mark } else { nil } }
    }

    static func timer(_ effects: [RunCore.Effect]) -> Duration? {
        effects.compactMap { if case .setTimer(let time) = $0 { time } else { nil } }.last
    }

    static func answer(_ text: String = "x") -> ComputedAnswer {
        ComputedAnswer(
            value: CellValue(text: text) ?? .yes, base: Revision(1), usage: RunUsage(input: 10, output: 2), detail: "")
    }

    /// Answers a call and commits the answer.
    @discardableResult
    mutating func answer(_ id: CallID, _ result: ChangeResult = .done) -> [RunCore.Effect] {
        handle(.answerArrived(id, Self.answer())) + handle(.answerCommitted(id, result))
    }

    static func limits(_ change: (inout RunLimits) -> Void) -> RunLimits {
        var limits = RunLimits()
        change(&limits)
        return limits
    }
}
