import GridModel

// What becomes of a call and of what was handed to the grid.
extension RunCore {
    // MARK: Calls

    mutating func arrived(_ id: CallID, _ answer: ComputedAnswer, at now: Duration) {
        guard takeCall(id) != nil else { return }
        tally.usage = tally.usage + answer.usage
        countShared(answer.isShared)
        passingFailures = 0
        rejections = 0
        widen()
        submissions[id.task] = .answer(answer)
        submit(id.task)
    }

    mutating func failed(_ id: CallID, _ failure: ModelFailure, at now: Duration) {
        guard let call = takeCall(id) else { return }
        tally.usage = tally.usage + failure.usage
        countShared(failure.isShared)
        switch failure.recovery {
        case .endRun:
            tasks[id.task].state = .queued
            tally.move(from: .calling, to: .queued)
            end(.refused(reason: failure.message))
        case .failCell:
            passingFailures = 0
            if failure.kind == .rejected { rejections += 1 } else { rejections = 0 }
            fail(id.task, failure.message)
            if rejections >= limits.rejections, tally.committed + tally.suggested == 0 {
                end(.refused(reason: "the first \(rejections) prompts were rejected: \(failure.message)"))
            }
        case .retry: retry(call, failure, at: now)
        }
    }

    private mutating func retry(_ call: Call, _ failure: ModelFailure, at now: Duration) {
        let task = call.id.task
        tally.retries += 1
        passingFailures += 1
        if let asked = failure.retryAfter, asked > limits.longestHonoredWait {
            return refuse(task, "\(failure.message) (it asks to wait \(asked.components.seconds) s)")
        }
        if passingFailures >= limits.outage {
            return refuse(task, "\(passingFailures) calls failed one after the other, the last one: \(failure.message)")
        }
        let wait = wait(after: Int(tasks[task].attempts), asked: failure.retryAfter)
        if failure.kind == .rateLimited { narrow(call, quietUntil: now + wait) }
        if passingFailures >= limits.concurrentCalls {
            // Not these rows but the provider: all wait, longer with each round that fails.
            let pause = self.wait(after: passingFailures / max(1, limits.concurrentCalls), asked: nil)
            quietUntil = max(quietUntil ?? .zero, now + pause)
        }
        guard Int(tasks[task].attempts) < limits.attempts else {
            return fail(task, "\(failure.message) (\(tasks[task].attempts) attempts)")
        }
        waits.append(Wait(task: task, due: now + wait))
        move(task, to: .waiting)
    }

    private mutating func refuse(_ task: Int, _ reason: String) {
        tasks[task].state = .queued
        tally.move(from: .calling, to: .queued)
        end(.refused(reason: ModelFailure.bounded(reason)))
    }

    mutating func skipped(_ id: CallID, _ reason: String, _ isMarked: Bool, at now: Duration) {
        guard takeCall(id) != nil else { return }
        guard isMarked else { return move(id.task, to: .skipped) }
        submissions[id.task] = .mark(.skipped(reason: reason))
        submit(id.task)
    }

    /// What began as a call turned out not to be one.
    private mutating func countShared(_ isShared: Bool) {
        guard isShared else { return }
        tally.calls -= 1
        tally.shared += 1
    }

    /// The call an event is about, taken out of those in flight; `nil` when the event is late.
    private mutating func takeCall(_ id: CallID) -> Call? {
        guard let index = calls.firstIndex(where: { $0.id == id }) else { return nil }
        for task in (parked.removeValue(forKey: id) ?? []).reversed() where tasks[task].state == .waiting {
            move(task, to: .queued)
            released.append(task)
        }
        return calls.remove(at: index)
    }

    /// Sets a task aside, without a place in the window, until the call that asks its question is through.
    mutating func park(_ id: CallID, with other: CallID, at now: Duration) {
        guard takeCall(id) != nil else { return }
        tally.calls -= 1
        tasks[id.task].attempts -= 1
        move(id.task, to: .waiting)
        if calls.contains(where: { $0.id == other }) {
            parked[other, default: []].append(id.task)
        } else {
            // That call was stopped, and its connection is still closing.
            waits.append(Wait(task: id.task, due: now + limits.firstWait))
        }
    }

    private mutating func fail(_ task: Int, _ reason: String) {
        submissions[task] = .mark(.failed(reason: ModelFailure.bounded(reason)))
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
        if case .paused(.some) = phase { phase = .running }  // there is room again
        switch result {
        case .done: move(id.task, to: .committed)
        case .keptAsSuggestion: move(id.task, to: .suggested)
        case .inputsChanged: askAgain(id.task, at: now)
        case .rows, .column, .sheet, .view: preconditionFailure("an answer came to \(result)")
        }
        switch tasks[id.task].state {
        case .committed, .suggested: tally.completed(at: now)
        case .queued, .waiting, .calling, .submitting, .held, .marking, .failed, .skipped, .cancelled: break
        }
    }

    /// The inputs changed while the model thought (S6): the first time at once, then after a wait, in the end not at all.
    private mutating func askAgain(_ task: Int, at now: Duration) {
        switch phase {
        case .ready, .running, .paused: break
        case .ending, .ended: return move(task, to: .cancelled)
        }
        let asked = Int(tasks[task].questions)
        guard asked < limits.questions else { return fail(task, "the inputs kept changing: asked \(asked) times") }
        tally.askedAgain += 1
        tasks[task].questions += 1
        tasks[task].attempts = 0
        waits.append(Wait(task: task, due: asked == 1 ? now : now + wait(after: asked, asked: nil)))
        move(task, to: .waiting)
    }

    mutating func marked(_ id: CallID) {
        guard isWithGrid(id, .marking), case .mark(let mark)? = submissions.removeValue(forKey: id.task) else { return }
        switch mark {
        case .failed: move(id.task, to: .failed)
        case .skipped, .stale: move(id.task, to: .skipped)
        }
    }

    mutating func notTaken(_ id: CallID, _ failure: SubmissionFailure, at now: Duration) {
        guard isWithGrid(id, .submitting) || isWithGrid(id, .marking) else { return }
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
                phase = .paused(reason: reason)
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
