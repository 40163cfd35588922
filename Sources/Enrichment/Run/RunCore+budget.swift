import GridModel

// What a call may cost is set aside before it is made, and settled after it.
extension RunCore {
    /// The question is known: asks it, if the budget allows.
    mutating func ask(_ id: CallID, _ reserved: RunUsage) {
        guard let index = calls.firstIndex(where: { $0.id == id }), calls[index].reserved == nil else { return }
        guard phase == .running else { return putBack(id) }
        guard let bound = boundReached(by: reserved) else {
            calls[index].reserved = reserved
            callsMade += 1
            tally.calls += 1
            emit(.ask(id, tasks[id.task].row, reserved: reserved))
            return
        }
        putBack(id)
        if calls.contains(where: { $0.reserved != nil }) || !submissions.isEmpty {
            // Calls in flight give back what they do not use.
            tasks[id.task].state = .waiting
            tally.move(from: .queued, to: .waiting)
            unaffordable.append(id.task)
        } else {
            phase = .paused(.budget("the budget of \(bound) is used up; raise it to go on"))
        }
    }

    /// The log has that the call begins: from here on its time runs. Not before: what ends a call must find its beginning in the log.
    mutating func began(_ id: CallID, at now: Duration) {
        guard let index = calls.firstIndex(where: { $0.id == id }), calls[index].reserved != nil else { return }
        calls[index].deadline = now + limits.callTime
    }

    /// The grid could not write down that the call begins, so it was not made.
    mutating func notAsked(_ id: CallID, _ failure: SubmissionFailure, at now: Duration) {
        guard let index = calls.firstIndex(where: { $0.id == id }), calls[index].reserved != nil else { return }
        callsMade -= 1
        tally.calls -= 1
        switch failure {
        case .overloaded:
            release(id)
            tasks[id.task].attempts -= 1
            waits.append(Wait(task: id.task, due: now + limits.firstWait))
            move(id.task, to: .waiting)
        case .noRoom(let reason):
            putBack(id)
            if phase == .running { phase = .paused(.noRoom(reason)) }
            roomAgainAt = now + limits.longestWait
        case .refused(let reason), .closed(let reason):
            putBack(id)
            end(.refused(reason: reason))
        }
    }

    /// No call was made, so nothing is held whose success would end the pause: the next call is the trial.
    mutating func tryRoom(at now: Duration) {
        guard let due = roomAgainAt, due <= now else { return }
        roomAgainAt = nil
        if case .paused(.noRoom) = phase { phase = .running }
    }

    /// Takes a call out that was not made; its task is queued again and comes next.
    private mutating func putBack(_ id: CallID) {
        release(id)
        tasks[id.task].attempts -= 1
        move(id.task, to: .queued)
        released.append(id.task)
    }

    /// Takes a call out of those in flight; tasks that wait for its answer are asked about themselves.
    mutating func release(_ id: CallID) {
        guard let index = calls.firstIndex(where: { $0.id == id }) else { return }
        calls.remove(at: index)
        releaseParked(by: id.task)
    }

    /// A task does not ask its question any more: those that wait for the answer are asked about themselves.
    mutating func releaseParked(by asking: Int) {
        for task in (parked.removeValue(forKey: asking) ?? []).reversed() where tasks[task].state == .waiting {
            move(task, to: .queued)
            released.append(task)
        }
    }

    /// A call has ended: what was too dear beside it may be asked now.
    mutating func affordAgain() {
        guard phase == .running, !unaffordable.isEmpty, submissions.isEmpty, !calls.contains(where: { $0.reserved != nil })
        else { return }
        for task in unaffordable.reversed() where tasks[task].state == .waiting {
            move(task, to: .queued)
            released.append(task)
        }
        unaffordable = []
    }

    /// The bound that a call of this cost would pass, in words; `nil` when it passes none.
    private func boundReached(by reserved: RunUsage) -> String? {
        let committed = calls.reduce(spent) { $0 + ($1.reserved ?? RunUsage()) } + reserved
        if let most = budget.calls, callsMade >= most { return "\(most) calls" }
        if let most = budget.tokens, committed.tokens > most { return "\(most) tokens" }
        if let most = budget.cost, committed.cost > most { return "\(Money.text(most)) in money" }
        return nil
    }
}
