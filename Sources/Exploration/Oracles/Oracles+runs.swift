import Enrichment
import GridModel
import Ordering

// What an agent's run is told and does: S7, and the scheduler's E1 to E12.
extension Oracles {
    /// A run is about to be planned by this command, having read the grid at a revision.
    mutating func planned(_ plan: Command, _ id: RunID, at revision: UInt32, _ limits: RunLimits) {
        guard case .noteRun(_, .planned(let order, let budget))? = plan.changes.first else { return }
        note(.planned, -1, id.rawValue, order.rows.count)
        runs.found[id] = order.rows.map { truth.value($0.rawValue, order.column.rawValue, at: revision) }
        runs.begin(RunWatch(id, RunLog.Run(order, budget), limits: limits, isRestart: false))
    }

    /// A run goes on after a restart.
    mutating func takenUp(_ id: RunID, _ limits: RunLimits) {
        guard let run = runs.log.runs[id] else { return }
        note(.planned, -1, id.rawValue, run.calls)
        tally.count(.e11)
        runs.begin(RunWatch(id, run, limits: limits, isRestart: true, wrong: runs.wrong(run, truth)))
    }

    mutating func runHears(_ event: RunCore.Event) {
        runs.watch?.hears(event, at: now)
    }

    /// What comes next is what the run does because of it.
    mutating func runActs(_ work: [SteppedRun.Work]) {
        let goesOn = work.compactMap { item -> CallID? in
            switch item {
            case .ask(let question, _): question.id
            case .submit(let submission): submission.id
            case .prepare, .record, .wait: nil
            }
        }
        runs.watch?.frees(but: goesOn)
    }

    private func surroundings(_ watch: RunWatch, _ revision: UInt32) -> RunWatch.Surroundings {
        RunWatch.Surroundings(
            truth: truth, log: runs.log.runs[watch.id], revision: revision, found: runs.found[watch.id] ?? [], kept: runs.kept,
            now: now)
    }

    mutating func runDid(_ work: SteppedRun.Work, at revision: UInt32) throws(Violation) {
        guard let watch = runs.watch else { return }
        switch work {
        case .prepare(let turn):
            note(.turned, -1, turn.id.task, turn.id.serial)
            try watch.turns(turn.id, turn.row, surroundings(watch, revision), &tally)
        case .ask(let question, let command): try watch.asks(question, command, surroundings(watch, revision), &tally)
        case .submit(let submission): try watch.submits(submission, surroundings(watch, revision), &tally)
        case .record(let phase, _): try watch.records(phase, &tally)
        case .wait: break
        }
    }

    mutating func runRests(calls: [SteppedRun.Question]) throws(Violation) {
        guard let watch = runs.watch else { return }
        try watch.rest(at: now, &tally)
        for call in calls where !call.isStopped && watch.index(call.id) == nil {
            try fail(.e4, "call \(call.id.serial) of task \(call.id.task) is given up, and nobody stops it")
        }
    }

    /// A run says that it is over, and how many rows came to what.
    mutating func runEnded(_ counts: RunTally, calls: [SteppedRun.Question]) throws(Violation) {
        guard let watch = runs.watch, let run = runs.log.runs[watch.id] else { return }
        runs.forget()
        note(.ended, -1, watch.id.rawValue, run.calls)
        tally.count(.e4)
        guard run.phase.isEnded || watch.hasUnlogged else {
            return try fail(.e4, "\(watch.id) is over, and the log has it as \(run.phase)")
        }
        if let call = calls.first(where: { !$0.isStopped }) {
            return try fail(.e4, "\(watch.id) is over, and call \(call.id.serial) of task \(call.id.task) goes on")
        }
        guard !watch.hasUnlogged else { return }
        tally.count(.e3)
        func logged(_ mark: TaskMark) -> Int { run.tasks.count { $0.mark == mark } }
        let (said, known) = (
            [counts.committed, counts.suggested, counts.failed, counts.skipped, counts.cancelled],
            [logged(.committed), logged(.suggested), logged(.failed), logged(.skipped), logged(.open)]
        )
        guard said == known else {
            return try fail(.e3, "\(watch.id) says that its rows came to \(said), and the log has \(known)")
        }
        guard !watch.hasCallsUnderway else { return }
        tally.count(.e10)
        guard counts.usage == run.spent, UInt64(counts.calls) == run.calls else {
            return try fail(
                .e10, "\(watch.id) says \(counts.calls) calls cost \(counts.usage), and the log has \(run.calls), \(run.spent)")
        }
    }

    mutating func checkRunDeadlines() throws(Violation) {
        try runs.watch?.checkDeadlines(at: now, &tally)
    }

    /// A provider's reply leaves it.
    mutating func replied(_ values: [String], _ text: String, isWhole: Bool) {
        note(.replied, -1, UInt32(text) ?? 0, isWhole ? 1 : 0)
        if !isWhole { tally.failedCalls &+= 1 }
        guard isWhole, let token = UInt32(text) else { return }
        runs.whole[token] = values
    }
}
