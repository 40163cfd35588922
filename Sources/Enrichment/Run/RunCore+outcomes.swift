import GridModel

// What becomes of a call and of what was handed to the grid.
extension RunCore {
    // MARK: Calls

    mutating func arrived(_ id: CallID, _ answer: ComputedAnswer, at now: Duration) {
        guard let call = takeCall(id) else { return }
        book(answer.usage, isShared: call.reserved == nil)
        passingFailures = 0
        rejections = 0
        sameRejections = 0
        widen()
        submissions[id.task] = .answer(answer)
        submit(id.task)
    }

    mutating func failed(_ id: CallID, _ failure: ModelFailure, at now: Duration) {
        if let wrong = correctable(id, failure) { return correct(id, wrong, failure, at: now) }
        guard let call = takeCall(id) else { return }
        let cost = cost(of: call, failure)
        switch cost {
        case .nothing, .known: book(failure.usage, isShared: call.reserved == nil)
        case .unknown(let reserved):
            // The budget counts what it may have cost; nobody is told that it was spent.
            spent = spent + reserved
            tally.doubts += 1
        }
        switch failure.recovery {
        case .askPlainly where plain.insert(id.task).inserted:
            // The server's doing, not the row's: it counts as no attempt.
            tasks[id.task].attempts -= 1
            again(id.task, cost, due: now)
        case .endRun: refuse(id.task, cost, failure.message)
        case .pauseRun: pause(id.task, cost, failure.message)
        case .failCell, .correct, .askPlainly: failCell(id.task, cost, failure)
        case .retry: retry(call, cost, failure, at: now)
        }
    }

    /// Not this row's fault when row after row is rejected in the same words.
    private mutating func failCell(_ task: Int, _ cost: CallCost, _ failure: ModelFailure) {
        passingFailures = 0
        guard failure.kind == .rejected else {
            rejections = 0
            sameRejections = 0
            let corrections = corrections[task]?.count ?? 0
            let told = corrections > 0 ? " (told what was wrong \(corrections) times)" : ""
            return fail(task, cost, failure.message + told)
        }
        rejections += 1
        sameRejections = failure.message == lastRejection ? sameRejections + 1 : 1
        lastRejection = failure.message
        if sameRejections >= limits.sameRejections {
            return pause(task, cost, "\(sameRejections) rows were rejected one after the other: \(failure.message)")
        }
        fail(task, cost, failure.message)
        if rejections >= limits.rejections, tally.committed + tally.suggested == 0 {
            self.end(.refused(reason: "the first \(rejections) prompts were rejected: \(failure.message)"))
        }
    }

    // MARK: Corrections

    /// The answer that a call in flight brought and that did not fit, when the model may still be told so.
    private func correctable(_ id: CallID, _ failure: ModelFailure) -> WrongAnswer? {
        guard failure.recovery == .correct, let wrong = failure.wrong,
            // What did not fit an older question of the row says nothing about this one.
            (corrections[id.task] ?? []).count(where: { $0.values == wrong.values }) < limits.corrections,
            calls.contains(where: { $0.id == id && $0.reserved != nil })
        else { return nil }
        return wrong
    }

    /// Asks again with the model's own answer and what is wrong with it. Tasks with the same question go on waiting for this one.
    private mutating func correct(_ id: CallID, _ wrong: WrongAnswer, _ failure: ModelFailure, at now: Duration) {
        guard let index = calls.firstIndex(where: { $0.id == id }) else { return }
        let call = calls.remove(at: index)
        book(failure.usage, isShared: false)
        passingFailures = 0
        rejections = 0
        sameRejections = 0
        tally.corrections += 1
        tasks[id.task].attempts -= 1
        corrections[id.task] = (corrections[id.task] ?? []).filter { $0.values == wrong.values } + [wrong]
        var cost = cost(of: call, failure)
        if case .known(var end) = cost {
            end.wrong = KeptWrongAnswer(question: wrong.question, text: wrong.text, reason: wrong.reason)
            cost = .known(end)
        }
        again(id.task, cost, due: now)
    }

    /// What was said beside a task's question; tasks that waited for its answer ask themselves.
    mutating func forget(_ task: Int) {
        corrections[task] = nil
        plain.remove(task)
        releaseParked(by: task)
    }

    private mutating func retry(_ call: Call, _ cost: CallCost, _ failure: ModelFailure, at now: Duration) {
        let task = call.id.task
        tally.retries += 1
        passingFailures += 1
        if let asked = failure.retryAfter, asked > limits.longestHonoredWait {
            return pause(task, cost, "\(failure.message) (it asks to wait \(asked.components.seconds) s)")
        }
        if passingFailures >= limits.outage {
            return pause(task, cost, "\(passingFailures) calls failed one after the other, the last one: \(failure.message)")
        }
        let wait = wait(after: Int(tasks[task].attempts), asked: failure.retryAfter)
        if failure.kind == .rateLimited { narrow(call, quietUntil: now + wait) }
        if passingFailures >= limits.concurrentCalls {
            // Not these rows but the provider: all wait, longer with each round that fails.
            let pause = self.wait(after: passingFailures / max(1, limits.concurrentCalls), asked: nil)
            quietUntil = max(quietUntil ?? .zero, now + pause)
        }
        guard Int(tasks[task].attempts) < limits.attempts else {
            return fail(task, cost, "\(failure.message) (\(tasks[task].attempts) attempts)")
        }
        again(task, cost, due: now + wait)
    }

    /// The run is over; what this call cost is still written down.
    private mutating func refuse(_ task: Int, _ cost: CallCost, _ reason: String) {
        again(task, cost, due: .zero)
        self.end(.refused(reason: ModelFailure.bounded(reason)))
    }

    /// No row would fare better until a person has done something about it: calls in flight end, and none begins.
    private mutating func pause(_ task: Int, _ cost: CallCost, _ reason: String) {
        again(task, cost, due: .zero)
        if phase == .running { phase = .paused(.decision(ModelFailure.bounded(reason))) }
    }

    /// Asks a task again at a time, once what the failed call cost is in the log.
    private mutating func again(_ task: Int, _ cost: CallCost, due: Duration) {
        switch cost {
        case .nothing:
            waits.append(Wait(task: task, due: due))
            return move(task, to: .waiting)
        case .known(let end): submissions[task] = .book(end, due: due)
        case .unknown: submissions[task] = .doubt(.askAgain(due: due))
        }
        submit(task)
    }

    mutating func booked(_ id: CallID, at now: Duration) {
        guard isWithGrid(id, .booking), let submission = submissions.removeValue(forKey: id.task) else { return }
        roomAgain()
        switch phase {
        case .ready, .running, .paused: break
        case .ending, .ended: return move(id.task, to: .cancelled)
        }
        switch submission {
        case .book(_, let due), .doubt(.askAgain(let due)):
            waits.append(Wait(task: id.task, due: due))
            move(id.task, to: .waiting)
        case .doubt(.fail(let reason)): fail(id.task, .nothing, reason)
        case .answer, .mark, .close: preconditionFailure("task \(id.task) is booking \(submission)")
        }
    }

    /// What a failed call cost, as far as anybody knows.
    private enum CallCost {
        /// No call was made.
        case nothing
        case known(CallEnd)
        /// Its question may have been read; at most this.
        case unknown(RunUsage)
    }

    private func cost(of call: Call, _ failure: ModelFailure) -> CallCost {
        guard let reserved = call.reserved else { return .nothing }
        return failure.kind == .lost ? .unknown(reserved) : .known(CallEnd(call: call.id.serial, usage: failure.usage))
    }

    mutating func skipped(_ id: CallID, _ reason: String, _ isMarked: Bool, at now: Duration) {
        guard takeCall(id) != nil else { return }
        corrections[id.task] = nil
        tally.skipReasons[reason, default: 0] += 1
        submissions[id.task] = isMarked ? .mark(.skipped(reason: reason), nil) : .close
        submit(id.task)
    }

    /// Counts what a call cost, or that none was needed.
    private mutating func book(_ usage: RunUsage, isShared: Bool) {
        guard !isShared else {
            tally.shared += 1
            return
        }
        tally.usage = tally.usage + usage
        spent = spent + usage
    }

    /// The call an event is about, taken out of those in flight; `nil` when the event is late.
    private mutating func takeCall(_ id: CallID) -> Call? {
        let call = calls.first { $0.id == id }
        release(id)
        return call
    }

    /// Sets a task aside, without a place in the window, until the call that asks its question is through.
    mutating func park(_ id: CallID, with other: CallID, at now: Duration) {
        guard takeCall(id) != nil else { return }
        tasks[id.task].attempts -= 1
        move(id.task, to: .waiting)
        if other.task != id.task, calls.contains(where: { $0.id.task == other.task }) || isCorrecting(other.task) {
            parked[other.task, default: []].append(id.task)
        } else {
            // That call was stopped, and its connection is still closing.
            waits.append(Wait(task: id.task, due: now + limits.firstWait))
        }
    }

    /// Whether a task will ask its question again, and others with the same one wait for it.
    private func isCorrecting(_ task: Int) -> Bool {
        guard corrections[task] != nil else { return false }
        switch tasks[task].state {
        case .waiting, .queued, .booking, .held: return !parked.values.contains { $0.contains(task) }
        case .calling, .submitting, .marking, .committed, .suggested, .failed, .skipped, .cancelled: return false
        }
    }

    private mutating func fail(_ task: Int, _ cost: CallCost, _ reason: String) {
        corrections[task] = nil
        let reason = ModelFailure.bounded(reason)
        switch cost {
        case .nothing: submissions[task] = .mark(.failed(reason: reason), nil)
        case .known(let end): submissions[task] = .mark(.failed(reason: reason), end)
        case .unknown: submissions[task] = .doubt(.fail(reason: reason))
        }
        submit(task)
    }

    // MARK: The window

    /// A 429 halves the number of calls in flight, once for those that were in flight together. When there was only one, all
    /// rows wait.
    private mutating func narrow(_ call: Call, quietUntil time: Duration) {
        answersSinceWidening = 0
        guard call.epoch == epoch else { return }
        epoch &+= 1
        if window == 1 { quietUntil = max(quietUntil ?? time, time) }
        window = max(1, window / 2)
    }

    /// As many answers as calls in flight widen it by one, up to what was asked for.
    private mutating func widen() {
        guard window < limits.concurrentCalls else { return }
        answersSinceWidening += 1
        guard answersSinceWidening >= window else { return }
        answersSinceWidening = 0
        window += 1
    }

    /// How long to wait after so many attempts: never less than the provider asked for, else doubled each time; spread, so that
    /// rows which failed together do not come back together.
    private mutating func wait(after attempts: Int, asked: Duration?) -> Duration {
        let chance = random.fraction()
        if let asked { return asked + limits.firstWait * chance }
        let doubled = limits.firstWait * (1 << min(max(attempts - 1, 0), 16))
        return min(doubled, limits.longestWait) * (0.5 + chance / 2)
    }

    // MARK: The grid

    mutating func committed(_ id: CallID, _ result: ChangeResult, at now: Duration) {
        guard isWithGrid(id, .submitting) else { return }
        submissions[id.task] = nil
        roomAgain()
        switch result {
        case .done: move(id.task, to: .committed)
        case .keptAsSuggestion: move(id.task, to: .suggested)
        case .inputsChanged: askAgain(id.task, at: now)
        case .rows, .column, .sheet, .view: preconditionFailure("an answer came to \(result)")
        }
        switch tasks[id.task].state {
        case .committed, .suggested: tally.completed(at: now)
        case .queued, .waiting, .calling, .submitting, .held, .marking, .booking, .failed, .skipped, .cancelled: break
        }
    }

    /// The inputs changed while the model thought (S6): the first time at once, then after a wait, in the end not at all.
    private mutating func askAgain(_ task: Int, at now: Duration) {
        switch phase {
        case .ready, .running, .paused: break
        case .ending, .ended: return move(task, to: .cancelled)
        }
        let asked = Int(tasks[task].questions)
        guard asked < limits.questions else { return fail(task, .nothing, "the inputs kept changing: asked \(asked) times") }
        tally.askedAgain += 1
        tasks[task].questions += 1
        tasks[task].attempts = 0
        corrections[task] = nil
        waits.append(Wait(task: task, due: asked == 1 ? now : now + wait(after: asked, asked: nil)))
        move(task, to: .waiting)
    }

    mutating func marked(_ id: CallID) {
        guard isWithGrid(id, .marking) else { return }
        let submission = submissions.removeValue(forKey: id.task)
        roomAgain()
        if case .mark(.failed, _)? = submission { move(id.task, to: .failed) } else { move(id.task, to: .skipped) }
    }

    /// The disk takes something: a run that paused for want of room goes on.
    private mutating func roomAgain() {
        if case .paused(.noRoom) = phase { phase = .running }
    }

    mutating func notTaken(_ id: CallID, _ failure: SubmissionFailure, at now: Duration) {
        guard isWithGrid(id, .submitting) || isWithGrid(id, .marking) || isWithGrid(id, .booking) else { return }
        switch failure {
        case .refused:
            submissions[id.task] = nil
            move(id.task, to: .skipped)
        case .closed(let reason):
            submissions[id.task] = nil
            move(id.task, to: .skipped)
            end(.refused(reason: reason))
        case .overloaded: hold(id.task, until: now + limits.firstWait)
        case .noRoom(let reason):
            switch phase {
            case .ready, .running, .paused:
                if phase == .running { phase = .paused(.noRoom(reason)) }
                hold(id.task, until: now + limits.longestWait)
            case .ending, .ended:
                submissions[id.task] = nil
                move(id.task, to: .skipped)
            }
        }
    }

    private mutating func hold(_ task: Int, until time: Duration) {
        held.append(task)
        heldUntil = time
        move(task, to: .held)
    }

    private func isWithGrid(_ id: CallID, _ state: TaskState) -> Bool {
        tasks.indices.contains(id.task) && tasks[id.task].serial == id.serial && tasks[id.task].state == state
    }
}
