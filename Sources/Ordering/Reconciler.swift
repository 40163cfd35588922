// The ordering core. Docs/specifications/ordering.md is its specification: states, events, transitions, invariants.
//
// It decides which held page may be drawn, from three kinds of facts: what the person asks for (intent and viewport), what
// was committed (signals), and what replies brought. It sees numbers only: no values, no clock, no network. One mutation
// (`handle`), then a drain (`nextEffect` to nil). A value: copying it forks the screen's future.

/// Orders the screen of one view: a function of what was committed and what was asked, never of what arrived first.
public struct Reconciler: Hashable, Sendable {
    public let configuration: Configuration

    // What the person asks for.
    var generation: Generation
    var intent: Intent?
    var view: PageRange = PageRange(first: PageNumber(1), last: PageNumber(1))
    var isHidden = false

    // What is known of commits: every signal up to `frontier` was taken in; `newest` is the highest revision heard of.
    var frontier = Revision.zero
    var newest = Revision.zero
    var connection = Connection.connecting
    var connectionSince: Instant?
    var catchUp: CatchUp?

    // What is held and drawn.
    var cache = PageCache()
    var painted = Painted()
    var drafts: [Draft] = []

    // What is being asked.
    var reads: [Read] = []
    var log = SignalLog()
    var burst: Burst?
    var recovery = Recovery.none
    var isReadDemanded = false
    var retry = Retry()
    var problem = Problem.none
    var pollAt: Instant?

    // Numbers handed out, and what was announced last.
    var clock = Instant(milliseconds: 0)
    var lastRequest: UInt32 = 0
    var lastVersion: UInt32 = 0
    var viewports: UInt32 = 0
    var totalPages: UInt32?
    var announcedTimer: Instant?
    var announcedStatus: Status?
    /// What was refused, and how much was done.
    public internal(set) var counters = Counters()

    private var effects: [Effect] = []
    private var drained = 0

    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        generation = configuration.lastGeneration
    }

    /// Takes one event in. Drain the effects to `nil` before the next. Time that runs backwards is taken as standing still.
    public mutating func handle(_ event: Event, at now: Instant) {
        clock = max(clock, now)
        if connectionSince == nil { connectionSince = clock }
        switch event {
        case .open(let intent): opened(intent)
        case .viewport(let range): viewportMoved(to: range)
        case .hello(let revision, let resumedAfter): streamOpened(at: revision, resumedAfter: resumedAfter)
        case .signal(let signal): signalArrived(signal)
        case .gap(let revision): signalsLost(upTo: revision)
        case .heartbeat: streamHeard()
        case .heartbeatLate: if connection == .live { become(.silent) }
        case .streamLost: streamLost()
        case .replyArrived(let reply): replyArrived(reply)
        case .replyFailed(let id, let failure, let wait): replyFailed(id, failure, retryAfter: wait)
        case .editSubmitted(let id, let row): editSubmitted(id, row: row)
        case .editAcknowledged(let id, let revision): editAcknowledged(id, at: revision)
        case .editRefused(let id): editRefused(id)
        case .editDiscarded(let id): editDiscarded(id)
        case .runEnded(let revision): runEnded(at: revision)
        case .refresh: refreshDemanded()
        case .hidden: isHidden = true
        case .shown: shown()
        case .timer: announcedTimer = nil
        }
        settle()
    }

    /// The next thing the host has to do; `nil` when there is nothing left.
    public mutating func nextEffect() -> Effect? {
        guard drained < effects.count else {
            effects.removeAll(keepingCapacity: true)
            drained = 0
            return nil
        }
        drained += 1
        return effects[drained - 1]
    }

    mutating func emit(_ effect: Effect) {
        effects.append(effect)
    }

    /// What follows from every event alike: due work, one frame at most, reads, bounds, announcements.
    private mutating func settle() {
        connectionTimers()
        giveUpLateReads()
        catchUpWithReplies()
        repaint()
        releaseDrafts()
        planReads()
        evictOverflow()
        log.forget(through: reads.map { $0.minRevision }.min())
        announce()
    }
}

/// What is true of one page of the current intent.
public enum PageCondition: UInt8, Hashable, Sendable, CaseIterable {
    /// Not held. Becomes `loading`.
    case absent
    /// Not held, asked for. Becomes `current`, `refreshing`, `stale`, `absent`.
    case loading
    /// Held, and equal to the newest snapshot known through signals. Becomes `stale`, `refreshing`, `absent`.
    case current
    /// Held, but perhaps or certainly not equal to it. Becomes `refreshing`, `current`, `absent`.
    case stale
    /// Held and asked for again. Becomes `current`, `stale`, `absent`.
    case refreshing
}

extension Reconciler {
    /// The condition of a page.
    public func condition(of page: PageNumber) -> PageCondition {
        let asked = isAsked(page)
        guard let held = cache[page] else { return asked ? .loading : .absent }
        return asked ? .refreshing : held.through >= frontier ? .current : .stale
    }

    /// Whether a live read answers for the page.
    func isAsked(_ page: PageNumber) -> Bool {
        reads.contains { $0.current.contains(page) }
    }

    /// In view plus margin, within what is known to exist.
    var visible: PageRange {
        let last = view.last.advanced(by: configuration.margin)
        let end = totalPages.map { max(view.last, min(last, PageNumber($0))) } ?? view.last
        return PageRange(first: view.first.back(by: configuration.margin), last: end)
    }

    var concern: Concern {
        Concern(sensitive: intent?.sensitive ?? .all, shown: intent?.shown ?? .all)
    }
}
