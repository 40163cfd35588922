import GridImage
package import GridModel
package import Ordering

/// A run whose pieces of work are done one at a time, by a host that decides about their order itself: what `RunCoordinator` does, without
/// its tasks. For simulations, which must be able to choose every order and to choose it again.
package struct SteppedRun: Sendable {
    /// What has to be done, in any order.
    package enum Work: Sendable {
        /// Read the row's inputs with `prepare`.
        case prepare(Turn)
        /// Commit the command, which says that the call begins; then ask.
        case ask(Question, Command)
        /// Commit the first of its commands that the grid does not refuse.
        case submit(Submission)
        /// Commit the command, which says where the run stands.
        case record(RunPhase, Command)
        /// Send `timerFired` at this time. Replaces the one before.
        case wait(until: Duration)
    }

    /// One row's turn.
    package struct Turn: Sendable {
        let question: RunQuestion
        package var id: CallID { question.id }
        package var row: RowID { question.row }
    }

    /// A question that needs a call.
    package struct Question: Sendable {
        let prepared: PreparedQuestion
        let stop: StopSignal
        package var id: CallID { prepared.id }
        package var row: RowID { prepared.row }
        /// The row's inputs as the model is told them.
        package var values: [String] { prepared.request.values }
        /// The answers that the model is told did not fit, the oldest first.
        package var corrections: [String] { prepared.request.corrections.map(\.text) }
        /// Whether the model is not told what the answer has to look like.
        package var isPlain: Bool { prepared.request.isPlain }
        /// The revision that the inputs were read at.
        package var base: Revision { prepared.base }
        /// Whether the run has given the call up: what it still brings is late.
        package var isStopped: Bool { stop.isStopped }

        /// What a reply of these parts comes to once it has ended: a value, or why it is none.
        package func ended(after parts: [ModelEvent]) -> RunCore.Event {
            var collector = AnswerCollector(most: prepared.plan.limits.answerBytes)
            do throws(ModelFailure) {
                for part in parts { try collector.receive(part) }
            } catch {
                return prepared.failed(error, collector.usageSoFar)
            }
            return prepared.ended(collector, after: .zero)
        }

        /// What a call that brought nothing comes to.
        package func failed(_ failure: ModelFailure) -> RunCore.Event { prepared.failed(failure) }

        package func notAsked(_ failure: SubmissionFailure) -> RunCore.Event {
            prepared.dropped()
            return .notAsked(id, failure)
        }
    }

    /// A step on its way into the grid.
    package struct Submission: Sendable {
        let submission: RunSubmission
        package let commands: [Command]
        package var id: CallID { submission.id }
        package var row: RowID { submission.row }

        /// The answer that it writes, when it writes one.
        package var answer: ComputedAnswer? {
            if case .answer(let answer) = submission.content { answer } else { nil }
        }

        package func event(of outcome: CommandOutcome) -> RunCore.Event { submission.event(of: outcome) }
    }

    private var run: RunInProgress
    package var core: RunCore { run.core }
    package private(set) var isEnded = false
    /// The rows, in the order they are asked about.
    package var rows: [RowID] { run.plan.order.rows }

    /// Plans a run. It begins, with `begun`, once `plan` is committed.
    package init(
        _ request: RunRequest, as id: RunID, on grid: any RunGrid, provider: any ModelProvider, limits: RunLimits,
        prices: PriceTable, seed: UInt64
    ) throws(RunRefusal) {
        let plan = try RunPlan(request, on: grid, provider: provider, limits: limits, prices: prices)
        run = RunInProgress(key: RunCoordinator.Key(grid: grid.id, run: id), plan: plan, seed: seed)
    }

    /// Takes up a run that a process before this one began, once its open calls are committed as doubted (`doubts`).
    package init?(
        resuming id: RunID, on grid: any RunGrid, provider: any ModelProvider, limits: RunLimits, prices: PriceTable,
        seed: UInt64
    ) throws(RunRefusal) {
        guard let recorded = grid.snapshotForRun().ledger.runs[id] else { return nil }
        let plan = try RunPlan(resuming: recorded, on: grid, provider: provider, limits: limits, prices: prices)
        run = RunInProgress(key: RunCoordinator.Key(grid: grid.id, run: id), plan: plan, seed: seed, resuming: recorded)
    }

    /// The commands that give the cells which an ended run answered their values from before, in order; `nil` for a run that goes on.
    package static func undoing(_ id: RunID, on grid: any RunGrid, newIntent: () -> IntentID) -> [Command]? {
        guard let recorded = grid.snapshotForRun().ledger.runs[id], recorded.phase.isEnded else { return nil }
        return RunCoordinator.undoing(recorded, id, newIntent: newIntent)
    }

    /// Writes the plan into the log.
    package func plan(_ intent: IntentID) -> Command {
        RunNote(plan: run.plan, run: run.key.run, intent: intent, fact: .planned(run.plan.order, run.plan.budget)).command
    }

    /// Hands an event to the run, and says what has to be done because of it.
    package mutating func handle(_ event: RunCore.Event, at now: Duration, newIntent: () -> IntentID) -> [Work] {
        let step = run.advance(event, at: now, newIntent: newIntent)
        isEnded = isEnded || step.isEnded
        return step.work.map { work in
            switch work {
            case .prepare(_, let question): .prepare(Turn(question: question))
            case .ask(_, let question, let note, let stop): .ask(Question(prepared: question, stop: stop), note.command)
            case .submit(_, let submission): .submit(Submission(submission: submission, commands: submission.commands))
            case .record(_, let note, let phase): .record(phase, note.command)
            case .timer(_, let time, _): .wait(until: time)
            }
        }
    }

    /// Reads a row's inputs as committed now: the event that follows from them, to be handled next.
    package mutating func prepare(_ turn: Turn) -> RunCore.Event {
        switch turn.question.prepare() {
        case .event(let event): return event
        case .ask(let prepared):
            run.keep(prepared)
            return .questionReady(prepared.id, reserved: prepared.reserve)
        }
    }
}
