// Decides when a response may go on, and sees neither sockets nor bytes: its specification is Docs/specifications/proxy.md.
//
// No step waits for a time. A step waits until the client has taken the response before it, which its driver knows and says (`taken`).
// Time comes in for one thing only: to find that nothing more will come, because the page itself waits for what is held.

/// One request and its response, numbered in the order in which requests came.
package struct ExchangeID: Hashable, Sendable, Comparable {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: ExchangeID, right: ExchangeID) -> Bool { left.number < right.number }
}

/// Something that can be held: a response (message 0), or one message of a stream.
package struct HoldID: Hashable, Sendable, Comparable {
    package let exchange: ExchangeID
    package let message: Int

    package init(_ exchange: ExchangeID, message: Int = 0) {
        self.exchange = exchange
        self.message = message
    }

    package static func < (left: HoldID, right: HoldID) -> Bool {
        (left.exchange, left.message) < (right.exchange, right.message)
    }
}

/// The scheduler of the proxy: a machine without input or output of its own. After each `handle`, drain `nextEffect` to `nil`.
package struct Scheduler: Hashable, Sendable {
    package enum Event: Hashable, Sendable {
        /// A request came. What is no candidate (a script, a picture) is never held by a plan that does not name it.
        /// Its body is there where ``ReorderingPlan/readsBodies``: at most ``BodyMatcher/bytes`` and one more. It is not kept.
        case requested(ExchangeID, RequestIdentity, isCandidate: Bool, body: [UInt8] = [])
        /// A response or a message is here, whole or as much as can be kept.
        case answered(HoldID)
        /// The client has it.
        case taken(HoldID)
        /// The exchange is over, or was given up by either side: nothing of it can be released any more.
        case ended(ExchangeID)
        /// A program reached a named point.
        case barrier(String)
        /// A person wants one released, or all.
        case releaseAsked(HoldID)
        case releaseAllAsked
        /// A program says that it will ask for nothing more before something is released.
        case quietDeclared
        /// `deadline` may have passed.
        case timePassed
    }

    package enum Effect: Hashable, Sendable {
        /// Let it go. With `confirm`, say `taken` when the client has it.
        case release(HoldID, confirm: Bool)
        case report(Report)
    }

    /// What a person should know about the run.
    package enum Report: Hashable, Sendable {
        /// A step was set aside: nothing else could arrive although it waits. The run is inexact.
        case setAside(step: Int)
        /// The client gave up what a step is about, which is right for a page with a guard.
        case givenUp(step: Int)
        /// In a plan without steps: one that is not answered is no longer waited for. The run is inexact.
        case passedOver(ExchangeID)
        /// More is held than may be: this passed.
        case tooMany(HoldID)
        /// All steps are done.
        case planDone
    }

    /// What is known of an exchange that is under way.
    struct Exchange: Hashable, Sendable {
        var identity: RequestIdentity
        var isCandidate: Bool
        /// Its number among those that ask for the same, from 1.
        var nth: Int
        /// The step that is about it; others may be about its messages.
        var step: Int?
        var isAnswered = false
    }

    package let plan: ReorderingPlan
    let limits: ReorderingLimits
    var exchanges: [ExchangeID: Exchange] = [:]
    /// In the order in which they came.
    var held: [HoldID] = []
    /// Released to be confirmed.
    package internal(set) var unconfirmed: HoldID?
    /// How often each thing was asked for.
    var asked: [RequestIdentity: Int] = [:]
    var barriers: Set<String> = []
    var lastActivity: UInt64 = 0
    var steps: StepBook
    var batch: BatchBook
    private var effects: [Effect] = []
    /// What was delivered, in order; at most ``ReorderingLimits/deliveries``.
    package internal(set) var delivered: [Delivery] = []
    /// True once a response could not be released as the plan says.
    package internal(set) var isInexact = false

    /// What was learned of the page: that one step's request is made only after another's response.
    package internal(set) var precedences: [Precedence] = []

    /// One step of a plan that must come before another.
    package struct Precedence: Hashable, Sendable {
        package var before: Int
        package var after: Int

        package init(before: Int, after: Int) {
            self.before = before
            self.after = after
        }
    }

    /// Something that the client took.
    package struct Delivery: Hashable, Sendable {
        package var hold: HoldID
        package var identity: RequestIdentity
        package var nth: Int
    }

    package init(_ plan: ReorderingPlan, limits: ReorderingLimits = ReorderingLimits()) {
        self.plan = plan
        self.limits = limits
        if case .steps(let list) = plan { steps = StepBook(list) } else { steps = StepBook([]) }
        if case .drawn(let seed) = plan { batch = BatchBook(seed: seed) } else { batch = BatchBook(seed: nil) }
    }

    package mutating func handle(_ event: Event, at now: UInt64) {
        switch event {
        case .requested(let id, let identity, let isCandidate, let body): requested(id, identity, isCandidate, body)
        case .answered(let hold): answered(hold)
        case .taken(let hold): taken(hold)
        case .ended(let id): ended(id)
        case .barrier(let name): barriers.insert(name)
        case .releaseAsked(let hold): releaseByHand(hold)
        case .releaseAllAsked: for hold in held { releaseByHand(hold) }
        case .quietDeclared: quiet()
        case .timePassed:
            guard let deadline, now >= deadline else { return }
            quiet()
        }
        lastActivity = max(lastActivity, now)
        advance()
    }

    package mutating func nextEffect() -> Effect? {
        effects.isEmpty ? nil : effects.removeFirst()
    }

    /// When `timePassed` is wanted; `nil` while nothing waits for it.
    package var deadline: UInt64? {
        guard !held.isEmpty, unconfirmed == nil, plan != .hand else { return nil }
        let factor = hasUnanswered ? ReorderingLimits.unansweredPatience : 1
        let (wait, overflows) = limits.patience.multipliedReportingOverflow(by: factor)
        let (time, isLate) = lastActivity.addingReportingOverflow(wait)
        return overflows || isLate ? nil : time
    }

    /// What is held now, in the order in which it came.
    package var holds: [HoldID] { held }

    /// What an exchange asks for; `nil` when it is over.
    package func identity(of id: ExchangeID) -> (RequestIdentity, nth: Int)? {
        exchanges[id].map { ($0.identity, $0.nth) }
    }

    /// The step that waits, from 0, and how many there are; `nil` for a plan without steps.
    package var progress: (step: Int, of: Int)? {
        guard case .steps(let list) = plan else { return nil }
        return (steps.position, list.count)
    }

    mutating func emit(_ effect: Effect) { effects.append(effect) }

    var hasUnanswered: Bool {
        exchanges.values.contains { !$0.isAnswered && ($0.isCandidate || $0.step != nil) }
    }
}

// MARK: - Events

extension Scheduler {
    private mutating func requested(_ id: ExchangeID, _ identity: RequestIdentity, _ isCandidate: Bool, _ body: [UInt8]) {
        asked[identity, default: 0] += 1
        var exchange = Exchange(identity: identity, isCandidate: isCandidate, nth: asked[identity] ?? 1)
        exchange.step = steps.requested(id, identity, body: body)
        exchanges[id] = exchange
    }

    private mutating func answered(_ hold: HoldID) {
        guard let exchange = exchanges[hold.exchange], !held.contains(hold), unconfirmed != hold else { return }
        exchanges[hold.exchange]?.isAnswered = true
        guard isHeld(hold, exchange) else { return release(hold, confirm: false) }
        guard held.count < limits.holds else {
            isInexact = true
            emit(.report(.tooMany(hold)))
            steps.setAside(hold)
            return release(hold, confirm: false)
        }
        held.append(hold)
    }

    private func isHeld(_ hold: HoldID, _ exchange: Exchange) -> Bool {
        switch plan {
        case .pass: false
        case .hand: exchange.isCandidate
        // Messages of a stream come in the order in which they were sent: that is the order of intent.
        case .intent: exchange.isCandidate && hold.message == 0
        case .reverse, .drawn: exchange.isCandidate
        // What follows a message that waits waits behind it in the stream.
        case .steps: steps.waits(for: hold)
        }
    }

    private mutating func taken(_ hold: HoldID) {
        guard let exchange = exchanges[hold.exchange] else { return }
        if exchange.isCandidate || exchange.step != nil, delivered.count < ReorderingLimits.deliveries {
            delivered.append(Delivery(hold: hold, identity: exchange.identity, nth: exchange.nth))
        }
        if unconfirmed == hold { unconfirmed = nil }
        steps.done(hold)
        batch.done(hold)
    }

    private mutating func ended(_ id: ExchangeID) {
        held.removeAll { $0.exchange == id }
        if unconfirmed?.exchange == id { unconfirmed = nil }
        for step in steps.ended(id) { emit(.report(.givenUp(step: step))) }
        batch.ended(id)
        exchanges[id] = nil
    }

    private mutating func releaseByHand(_ hold: HoldID) {
        guard held.contains(hold) else { return }
        steps.done(hold)
        batch.done(hold)
        release(hold, confirm: false)
    }

    mutating func release(_ hold: HoldID, confirm: Bool) {
        held.removeAll { $0 == hold }
        if confirm { unconfirmed = hold }
        emit(.release(hold, confirm: confirm))
    }
}
