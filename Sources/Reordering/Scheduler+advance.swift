// What may be released now, and what is done when nothing more will come.

extension Scheduler {
    /// Releases what is next, unless the client has not taken the one before.
    mutating func advance() {
        guard unconfirmed == nil else { return }
        switch plan {
        case .pass, .hand: return
        case .intent: advanceByIntent()
        case .reverse, .drawn: advanceBatch()
        case .steps: advanceSteps()
        }
    }

    private mutating func advanceByIntent() {
        // Requests are numbered as they came; one that is not answered yet keeps those after it waiting.
        guard let hold = held.min() else { return }
        let isNext = !exchanges.contains { $0.key < hold.exchange && $0.value.isCandidate && !$0.value.isAnswered }
        if isNext { release(hold, confirm: true) }
    }

    private mutating func advanceBatch() {
        while let hold = batch.next {
            if held.contains(hold) { return release(hold, confirm: true) }
            batch.done(hold)
        }
    }

    private mutating func advanceSteps() {
        if let next = steps.next {
            guard let hold = next.hold, held.contains(hold), steps.isReady(next.step, barriers) else { return }
            release(hold, confirm: true)
        } else if !steps.list.isEmpty, !steps.isReported {
            steps.isReported = true
            emit(.report(.planDone))
        }
    }

    /// Nothing more will come: the page waits for what is held, or does not ask for what the plan waits for.
    mutating func quiet() {
        guard !held.isEmpty, unconfirmed == nil else { return }
        switch plan {
        case .pass, .hand: return
        case .intent: passOver()
        case .reverse, .drawn:
            guard batch.isEmpty else { return }
            batch.begin(held, identity: { exchanges[$0].map { ($0.identity, $0.nth) } })
        case .steps:
            guard let next = steps.next else { return }
            isInexact = true
            if let hold = next.hold, held.contains(hold) {
                // Its conditions will not come true: it goes now.
                emit(.report(.setAside(step: next.step)))
                release(hold, confirm: true)
            } else {
                learn(next.step, isUnasked: next.hold == nil)
                emit(.report(.setAside(step: next.step)))
                steps.setAside(step: next.step)
            }
        }
    }

    /// A request that was not made although only one response was held: it needs that one.
    private mutating func learn(_ step: Int, isUnasked: Bool) {
        guard isUnasked, held.count == 1, let hold = held.first, let earlier = steps.step(of: hold),
            precedences.count < ReorderingLimits.precedences
        else { return }
        precedences.append(Precedence(before: earlier, after: step))
    }

    /// In the order of intent, the first that is not answered is no longer waited for: a long poll, perhaps.
    private mutating func passOver() {
        guard let hold = held.min() else { return }
        let waiting = exchanges.filter { $0.key < hold.exchange && $0.value.isCandidate && !$0.value.isAnswered }
        for id in waiting.keys.sorted() {
            exchanges[id]?.isCandidate = false
            isInexact = true
            emit(.report(.passedOver(id)))
        }
    }
}
