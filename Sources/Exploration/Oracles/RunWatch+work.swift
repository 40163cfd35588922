import ChangePipeline
import Enrichment
import GridModel
import Ordering

// What a run has done: each piece of work is held against what reached it before.
extension RunWatch {
    /// What the log and the grid say at this moment.
    struct Surroundings {
        var truth: Truth
        var log: RunLog.Run?
        /// The newest revision that the run can read.
        var revision: UInt32
        /// What each task's cell held when the run was planned.
        var found: [UInt32]
        var kept: [[String]: UInt32]
        var now: UInt64
    }

    /// What comes next is all that the run has done because of what reached it; `goesOn` are the calls that something is done for. A place
    /// is free from here on when nothing is.
    func frees(but goesOn: [CallID]) {
        places.removeAll { about.contains($0.id) && !goesOn.contains($0.id) && $0.id != ready && $0.stage != .held }
    }

    // MARK: A row's turn

    func turns(_ id: CallID, _ row: RowID, _ around: Surroundings, _ tally: inout Tally) throws(Violation) {
        let task = tasks[id.task]
        let name = "task \(id.task) of \(self.id)"
        tally.count(.e1)
        guard places.count < window else {
            throw Violation(.e1, "\(name) has its turn beside \(places.count) others, and the window has \(window) places")
        }
        tally.count(.e3)
        guard !places.contains(where: { $0.id.task == id.task }), id.serial > task.serial, order.rows[id.task] == row else {
            throw Violation(.e3, "\(name) has its turn as call \(id.serial), beside or before call \(task.serial)")
        }
        guard around.log?.tasks[id.task].mark == .open else {
            throw Violation(.s7, "\(name) has its turn, and the log has its end")
        }
        tally.count(.e4)
        guard isBegun, !isEnding else { throw Violation(.e4, "\(name) has its turn before the run began, or after its end") }
        tally.count(.e7)
        guard pause == nil else { throw Violation(.e7, "\(name) has its turn while the run is paused (\(pause ?? .asked))") }
        guard around.now >= quietUntil, around.now >= task.notBefore else {
            throw Violation(
                .e7, "\(name) has its turn at \(around.now) ms, and is to wait until \(max(quietUntil, task.notBefore)) ms")
        }
        tally.count(.e12)
        guard task.tries < limits.attempts, task.overtaken < limits.questions else {
            throw Violation(.e12, "\(name) has its turn after \(task.tries) failures and \(task.overtaken) other questions")
        }
        try checkOrder(id.task, &tally)
        tasks[id.task].serial = id.serial
        tasks[id.task].isUntouched = false
        places.append(Place(id: id, since: around.now, epoch: epoch))
        worked.append(id)
    }

    /// Rows that somebody looks at come before the others, and those in the run's order.
    private func checkOrder(_ task: Int, _ tally: inout Tally) throws(Violation) {
        guard tasks[task].isUntouched else { return }
        preferred.removeAll { !tasks[$0].isUntouched }
        tally.count(.e2)
        guard let next = preferred.first ?? tasks.firstIndex(where: { $0.isUntouched }), next != task else { return }
        throw Violation(.e2, "task \(task) of \(id) has its turn before task \(next)")
    }

    // MARK: A call

    /// The log is to be told that a call begins, and then it is made.
    func asks(
        _ question: SteppedRun.Question, _ command: Command, _ around: Surroundings, _ tally: inout Tally
    ) throws(Violation) {
        let name = "task \(question.id.task) of \(id)"
        guard let index = index(question.id), places[index].stage == .turn,
            case .noteRun(id, .asked(UInt32(question.id.task), question.id.serial, let reserved))? = command.changes.first
        else { throw Violation(.e3, "\(name) asks, and it is not its turn") }
        guard pause == nil else { throw Violation(.e7, "\(name) asks while the run is paused") }
        worked.append(question.id)
        try checkQuestion(question, around, &tally)
        try checkBudget(reserved, name, &tally)
        try checkAskedOnce(question, around, &tally)
        tally.count(.e12)
        let told = tasks[question.id.task].wrong.filter { $0.values == question.values }.map(\.text)
        guard question.corrections == told, question.isPlain == tasks[question.id.task].wasPlain else {
            throw Violation(.e12, "\(name) is told of \(question.corrections), and its answers were \(told)")
        }
        places[index].values = question.values
        places[index].stage = .asking
        costs[question.id] = reserved
    }

    /// E5: its inputs are those of the revision it names. S6: the cell is as the run found it.
    private func checkQuestion(
        _ question: SteppedRun.Question, _ around: Surroundings, _ tally: inout Tally
    ) throws(Violation) {
        let base = UInt32(clamping: question.base.rawValue)
        tally.count(.e5)
        let values = order.inputs.map { RunBooks.text(around.truth.value(question.row.rawValue, $0.column.rawValue, at: base)) }
        guard question.values == values, !values.allSatisfy(\.isEmpty) else {
            throw Violation(.e5, "\(question.row) is asked about as \(question.values), which at \(base) is \(values)")
        }
        tally.count(.s6)
        guard around.truth.value(question.row.rawValue, order.column.rawValue, at: base) == around.found[question.id.task]
        else {
            throw Violation(.s6, "\(question.row) is asked about, and its cell was changed since \(id) began")
        }
    }

    /// E10: what is settled, open, in doubt and about to be asked stays within the budget.
    private func checkBudget(_ reserved: RunUsage, _ name: String, _ tally: inout Tally) throws(Violation) {
        if let most = budget.calls {
            tally.count(.e10)
            guard callsBefore + UInt64(costs.count) < most else { throw Violation(.e10, "\(name) makes a call beyond \(most)") }
        }
        let all = committed + reserved
        if budget.tokens != nil || budget.cost != nil { tally.count(.e10) }
        guard all.tokens <= budget.tokens ?? .max, all.cost <= budget.cost ?? .max else {
            throw Violation(.e10, "\(name) asks, with which \(all.tokens) tokens (\(all.cost)) may be used, beyond the budget")
        }
    }

    /// E9: nobody asks what is being asked, was answered, or could not be answered.
    private func checkAskedOnce(
        _ question: SteppedRun.Question, _ around: Surroundings, _ tally: inout Tally
    ) throws(Violation) {
        guard order.sharesAnswers else { return }
        tally.count(.e9)
        let values = question.values
        let isAsked = places.contains {
            $0.id.task != question.id.task && $0.values == values && ($0.stage == .asking || $0.stage == .called)
        }
        let kept = around.kept[values].map { $0 <= UInt32(clamping: question.base.rawValue) } ?? false
        guard !isAsked, !kept, !answeredQuestions.contains(values), !failedQuestions.contains(values) else {
            throw Violation(.e9, "\(question.row) asks about \(values), which was asked before for another row")
        }
    }

    // MARK: What goes to the grid

    func submits(_ submission: SteppedRun.Submission, _ around: Surroundings, _ tally: inout Tally) throws(Violation) {
        let name = "task \(submission.id.task) of \(id)"
        tally.count(.e3)
        guard let index = index(submission.id), let command = submission.commands.first,
            let (call, result) = settlement(of: submission.id.task, in: command)
        else { throw Violation(.e3, "\(name) hands in what came of a call that is over, or not its end with it") }
        worked.append(submission.id)
        let place = places[index]
        switch place.stage {
        case .withGrid: throw Violation(.e3, "\(name) hands in twice what came of its call")
        case .held: try checkAgain(place, command, around, &tally)
        case .turn, .asking, .called:
            guard result == (place.isLost ? .again : place.expected) else {
                throw Violation(
                    .e7, "\(name) comes to \(result), and \(place.expected.map { "\($0)" } ?? "nothing") was to come of it")
            }
            tally.count(.e10)
            guard place.isLost == (call == nil && result == .again) else {
                throw Violation(.e10, "\(name): its call was \(place.isLost ? "" : "not ")lost, and is written down otherwise")
            }
            guard call?.usage ?? RunUsage() == place.usage,
                (call == nil) == (costs[place.id] == nil || place.isSettled || place.isLost)
            else {
                throw Violation(
                    .e10, "\(name): its call cost \(place.usage), and \(call.map { "\($0.usage)" } ?? "none") is booked")
            }
            try checkMark(submission, result, around, &tally)
        }
        places[index].stage = .withGrid
        places[index].intent = command.intent
    }

    /// How a task is settled, and its call; a call that is in doubt has no end.
    private func settlement(of task: Int, in command: Command) -> (CallEnd?, TaskResult)? {
        switch command.changes.last {
        case .noteRun(id, .settled(UInt32(task), let call, let result)): (call, result)
        case .noteRun(id, .doubted([UInt32(task)])): (nil, .again)
        default: nil
        }
    }

    /// What the grid could not take is given to it again, as it was, in the order it came, and not at once.
    private func checkAgain(
        _ place: Place, _ command: Command, _ around: Surroundings, _ tally: inout Tally
    ) throws(Violation) {
        tally.count(.s7)
        guard held.first == place.id else { throw Violation(.s7, "an answer of \(id) overtakes another that waits for room") }
        held.removeFirst()
        guard command.intent == place.intent else {
            throw Violation(.s5, "\(id) tries a submission again under another intent")
        }
        guard isEnding || triesHeld || around.now >= place.heldAt + Self.milliseconds(limits.firstWait) else {
            throw Violation(.s8, "\(id) hands in at \(around.now) ms what the grid could not take at \(place.heldAt) ms")
        }
    }

    /// A cell that fails says why, unless it is gone or somebody changed it.
    private func checkMark(
        _ submission: SteppedRun.Submission, _ result: TaskResult, _ around: Surroundings, _ tally: inout Tally
    ) throws(Violation) {
        guard result == .failed, let first = submission.commands.first?.changes.first else { return }
        tally.count(.e3)
        let (row, column) = (submission.row.rawValue, order.column.rawValue)
        let state = around.truth.states[Int(around.revision)]
        let isWanted =
            state.sheet(of: row) != nil
            && around.found[submission.id.task] == around.truth.value(row, column, at: around.revision)
        let isMarked =
            if case .markCell(submission.row, order.column, .failed(let reason)) = first { !reason.isEmpty } else { false }
        guard isMarked == isWanted else {
            throw Violation(
                isWanted ? .e3 : .s6,
                "\(submission.row) fails, and its cell \(isMarked ? "says so over an edit" : "does not say why")")
        }
    }

    /// Where the run stands is written down, one word after the other, and its end last.
    func records(_ phase: RunPhase, _ tally: inout Tally) throws(Violation) {
        tally.count(.e4)
        guard !isRecording else { throw Violation(.e4, "\(id) writes down \(phase) beside another phase") }
        isRecording = true
        guard phase.isEnded, let place = places.first else { return }
        throw Violation(.e4, "\(id) writes down its end, and task \(place.id.task) is not through")
    }

    // MARK: After it

    /// All that the run has done because of what reached it was told.
    func rest(at now: UInt64, _ tally: inout Tally) throws(Violation) {
        try checkReady(&tally)
        if triesHeld, let left = held.first {
            throw Violation(
                .s7,
                "the answer of task \(left.task) of \(id) is not tried again, though \(isEnding ? "the run ends" : "a person says so")"
            )
        }
        try checkBusy(at: now, &tally)
    }

    /// E10: what the budget allows is asked; what it does not, pauses the run once nothing is on its way that may give back.
    private func checkReady(_ tally: inout Tally) throws(Violation) {
        guard let ready else { return }
        defer { if !worked.contains(ready) { places.removeAll { $0.id == ready } } }
        guard isRunning, index(ready) != nil else { return }
        let all = committed + readyReserve
        let fits =
            callsBefore + UInt64(costs.count) < budget.calls ?? .max && all.tokens <= budget.tokens ?? .max
            && all.cost <= budget.cost ?? .max
        guard !worked.contains(ready) else { return }
        tally.count(.e10)
        guard !fits else { throw Violation(.e10, "task \(ready.task) of \(id) is not asked about, and the budget allows it") }
        isStinted = true
        if !places.contains(where: { $0.id != ready && $0.stage != .turn }) { pause = .budget }
    }

    /// E2: a place that is free is taken at once, as long as there is a row that nobody asked about.
    private func checkBusy(at now: UInt64, _ tally: inout Tally) throws(Violation) {
        // The longest wait of a row or of all, and some.
        let isWell = troubled.map { now > $0 + Self.milliseconds(limits.longestWait) + 10_000 } ?? true
        guard isRunning, isWell, !isStinted, budget == RunBudget(), now >= quietUntil else { return }
        let left = tasks.count { $0.isUntouched }
        tally.count(.e2)
        if isRestart { tally.count(.e11) }
        guard places.count >= window || left == 0 else {
            throw Violation(
                isRestart ? .e11 : .e2,
                "\(id) has \(places.count) of \(window) places taken, and \(left) rows nobody asked about")
        }
    }

    /// S8: no call keeps its place beyond its time.
    func checkDeadlines(at now: UInt64, _ tally: inout Tally) throws(Violation) {
        for place in places where place.stage == .called {
            tally.count(.s8)
            guard now <= place.since + Self.milliseconds(limits.callTime) else {
                throw Violation(
                    .s8, "call \(place.id.serial) of task \(place.id.task) of \(id) keeps its place beyond its time")
            }
        }
    }
}
