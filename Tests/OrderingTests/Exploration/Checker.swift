@testable import Ordering

/// Knows the truth and every invariant of the screen; throws at the first effect that breaks one. It keeps books of its own:
/// what it believes about requests, drafts and pages never comes from the core's answers to the same question.
struct Checker {
    /// The read that was sent last for each page and that the viewport has not left since.
    private var currentRequest: [UInt32: RequestID] = [:]
    private var alive: Set<RequestID> = []
    private var answering: (id: RequestID, wasAlive: Bool)?
    private var lastPaint: UInt64 = 0
    private var paintedTotals: (rows: UInt32, pages: UInt32) = (0, 0)
    private var paintedVersion: [UInt32: UInt64] = [:]
    private var acknowledgedRow: [UInt32: UInt64] = [:]
    private var acknowledgedDraft: [UInt32: World.Edit] = [:]
    private var seen: [UInt32: Int] = [:]
    private var viewports = 0
    private var lastTouch: UInt64?
    private var lastRefresh: UInt64 = 0
    private var staleSince: UInt64?
    private var viewRead: RequestID?
    /// How often each kind of effect was seen, so that a test can tell that schedules reach what they are meant to reach.
    private(set) var reached: [String: Int] = [:]
    /// Off for broken rules: a broken rule has to show on the screen, not only in the core's own books.
    var checksIntervals = true

    struct Before {
        var frontier: UInt64
        var isStarting: Bool
        var isQuiet: Bool
        var entries: [HeldPage]
        var now: UInt64
    }

    func before(_ event: Event, core: Reconciler, now: UInt64) -> Before {
        Before(
            frontier: core.frontier.rawValue, isStarting: core.connection == .connecting && !core.reads.isEmpty,
            // Without a live stream there is always a poll to come.
            isQuiet: core.connection == .live && core.reads.isEmpty && core.burst == nil && core.recovery == .none
                && !core.isReadDemanded
                && core.drafts.allSatisfy { $0.acknowledgedAt == nil },
            entries: core.cache.entries, now: now)
    }

    mutating func delivering(_ wire: World.Wire) {
        answering = (wire.request.id, alive.contains(wire.request.id))
        alive.remove(wire.request.id)
    }

    mutating func acknowledging(_ edit: World.Edit, at revision: UInt64) {
        acknowledgedRow[edit.row] = max(acknowledgedRow[edit.row] ?? 0, revision)
        acknowledgedDraft[edit.draft] = edit
    }

    /// Before the host carries it out.
    mutating func check(_ effect: Effect, _ world: World) throws(Violation) {
        count(effect)
        switch effect {
        case .reset:
            currentRequest.removeAll()
            alive.removeAll()
            seen.removeAll()
        case .send(let request):
            for page in request.pages.pages { currentRequest[page.rawValue] = request.id }
            alive.insert(request.id)
        case .cancel(let id): alive.remove(id)
        case .apply(let id, let page): try checkIdentity(id, page.rawValue, world)
        case .paint(let paint): try checkFrame(paint, world)
        case .advance(let revision): try checkAdvance(to: revision.rawValue, world)
        case .evict(let page): try checkEviction(page.rawValue, world)
        case .releaseDraft(let draft, let reason): try checkRelease(draft.rawValue, reason, world)
        case .drop, .withdraw, .setTimer, .cancelTimer, .status: break
        }
    }

    private mutating func count(_ effect: Effect) {
        let name =
            switch effect {
            case .send(let request): "send \(request.purpose)"
            case .drop(_, _, let reason): "drop \(reason)"
            case .releaseDraft(_, let reason): "release \(reason)"
            case .status(let status): "\(status.connection)"
            case .reset: "reset"
            case .cancel: "cancel"
            case .apply: "apply"
            case .paint: "paint"
            case .advance: "advance"
            case .withdraw: "withdraw"
            case .evict: "evict"
            case .setTimer, .cancelTimer: "timer"
            }
        reached[name, default: 0] += 1
    }

    private mutating func checkIdentity(_ id: RequestID, _ page: UInt32, _ world: World) throws(Violation) {
        guard let answering, answering.id == id, answering.wasAlive, id.generation == world.core.generation else {
            throw Violation(invariant: "C1", message: "page \(page) of a reply nobody waits for, \(id)")
        }
        guard currentRequest[page] == id else {
            throw Violation(invariant: "C1", message: "page \(page) of \(id), whose current request is another")
        }
        if world.host.held[page] == nil { seen[page] = viewports }
    }

    private mutating func checkFrame(_ paint: Paint, _ world: World) throws(Violation) {
        let revision = paint.revision.rawValue
        guard revision >= lastPaint else {
            throw Violation(invariant: "C2", message: "frame of \(revision) after one of \(lastPaint)")
        }
        lastPaint = revision
        paintedTotals = (paint.totalRows, paint.totalPages)
        for page in paint.pages.map({ $0.rawValue }) {
            guard let held = world.host.held[page] else {
                throw Violation(invariant: "C3", message: "page \(page) is drawn and was never applied")
            }
            let truth = world.server.page(page, at: revision, sorted: world.isSorted)
            guard held.page.rows == truth.rows else {
                throw Violation(invariant: "C4", message: "page \(page) is not what it was at \(revision)")
            }
            guard paint.totalRows == truth.totalRows, paint.totalPages == truth.totalPages else {
                throw Violation(invariant: "C4", message: "the totals are not those of \(revision)")
            }
            for row in held.page.rows {
                guard row.version >= paintedVersion[row.id] ?? 0 else {
                    throw Violation(invariant: "C2", message: "row \(row.id) goes back to \(row.version)")
                }
                guard row.version >= acknowledgedRow[row.id] ?? 0 else {
                    throw Violation(invariant: "C9", message: "row \(row.id) at \(row.version), acknowledged later")
                }
                paintedVersion[row.id] = row.version
            }
        }
    }

    /// C4: what is drawn is what a frame of that snapshot would show. C2: the number rises, and no later frame is below it.
    private mutating func checkAdvance(to revision: UInt64, _ world: World) throws(Violation) {
        guard revision > lastPaint else {
            throw Violation(invariant: "C2", message: "advances to \(revision) after \(lastPaint)")
        }
        lastPaint = revision
        guard !world.host.drawn.isEmpty else {
            throw Violation(invariant: "C4", message: "nothing is drawn, and said to be of \(revision)")
        }
        for (page, drawn) in world.host.drawn.sorted(by: { $0.key < $1.key }) {
            let truth = world.server.page(page, at: revision, sorted: world.isSorted)
            guard drawn.page.rows == truth.rows, paintedTotals == (truth.totalRows, truth.totalPages) else {
                throw Violation(invariant: "C4", message: "page \(page) is not what it is said to be, of \(revision)")
            }
        }
    }

    private func checkEviction(_ page: UInt32, _ world: World) throws(Violation) {
        let visible = world.core.visible
        guard !visible.contains(PageNumber(page)) else {
            throw Violation(invariant: "C8", message: "page \(page) is evicted while visible")
        }
        guard world.host.held.count > world.core.configuration.cacheLimit else { return }
        let others = world.host.held.keys.filter { !visible.contains(PageNumber($0)) }
        guard others.allSatisfy({ seen[page] ?? 0 <= seen[$0] ?? 0 }) else {
            throw Violation(invariant: "C8", message: "page \(page) is evicted before one seen longer ago")
        }
    }

    private func checkRelease(_ draft: UInt32, _ reason: ReleaseReason, _ world: World) throws(Violation) {
        switch reason {
        case .discarded, .full: return
        case .painted, .rowGone, .intentChanged: break
        }
        guard let edit = acknowledgedDraft[draft], let revision = edit.revision else {
            throw Violation(invariant: "C9", message: "draft \(draft) is released and was not acknowledged")
        }
        let drawn = world.host.drawn.values.flatMap { $0.page.rows }.filter { $0.id == edit.row }
        guard drawn.allSatisfy({ $0.version >= revision }), reason != .painted || !drawn.isEmpty else {
            throw Violation(invariant: "C9", message: "draft \(draft) is released before \(revision) is painted")
        }
    }

    func checkHost(after effect: Effect, _ world: World) throws(Violation) {
        guard case .apply(_, let page) = effect, world.host.held[page.rawValue] == nil else { return }
        throw Violation(invariant: "C3", message: "page \(page.rawValue) is applied from nothing")
    }

    /// After all effects of an event.
    mutating func after(_ event: Event, _ before: Before, _ effects: [Effect], _ world: World) throws(Violation) {
        answering = nil
        let core = world.core
        let sends = effects.compactMap { effect -> Request? in
            guard case .send(let request) = effect else { return nil }
            return request
        }
        switch event {
        case .viewport, .open:
            viewports += 1
            for page in core.view.pages where world.host.held[page.rawValue] != nil { seen[page.rawValue] = viewports }
            currentRequest = currentRequest.filter { core.visible.contains(PageNumber($0.key)) }
            if case .viewport = event { try checkSilence(before, sends, world) }
        case .signal(let signal): try checkTouched(signal, before, world)
        default: break
        }
        try checkViewFirst(event, before, sends, world)
        try checkBursts(event, sends, world)
        guard world.host.held.count <= core.configuration.cacheLimit else {
            throw Violation(invariant: "C8", message: "\(world.host.held.count) pages are held")
        }
        if checksIntervals { try checkIntervals(world) }
    }

    /// C7: what is held and current is not asked for again by looking at it.
    private func checkSilence(_ before: Before, _ sends: [Request], _ world: World) throws(Violation) {
        let core = world.core
        let current = before.entries.filter { $0.through.rawValue >= before.frontier }.map { $0.page }
        guard before.isQuiet, core.visible.pages.allSatisfy({ current.contains($0) }), let send = sends.first else { return }
        throw Violation(invariant: "C7", message: "\(send.pages) is read though it is held and current")
    }

    /// C8: what a signal touches out of sight is let go of. C7: what it does not touch stays current. And C6's book-keeping.
    private mutating func checkTouched(_ signal: Signal, _ before: Before, _ world: World) throws(Violation) {
        guard signal.revision.rawValue > before.frontier else { return }
        let sensitive = world.isSorted && signal.rows != .none && signal.mayHaveChanged(ModelServer.sortColumn)
        let shown = signal.mayHaveChanged(ModelServer.sortColumn) || signal.mayHaveChanged(ModelServer.column)
        for (page, held) in world.host.held {
            guard let entry = before.entries.first(where: { $0.page.rawValue == page }) else { continue }
            let inRows =
                signal.rows == .many
                || held.page.rows.contains { row in
                    switch signal.rows {
                    case .none: false
                    case .many: true
                    case .ranges(let ranges): ranges.contains { $0.first.rawValue <= row.id && row.id <= $0.last.rawValue }
                    }
                }
            guard entry.through < signal.revision else { continue }
            guard signal.order || signal.structure || sensitive || inRows && shown else {
                let now = world.core.cache[PageNumber(page)]
                if signal.from.rawValue > entry.through.rawValue + 1 || now.map({ $0.through >= signal.revision }) == true {
                    continue
                }
                throw Violation(invariant: "C7", message: "page \(page) counts as changed by a signal that does not concern it")
            }
            if world.core.visible.contains(PageNumber(page)) {
                lastTouch = world.now
            } else {
                throw Violation(invariant: "C8", message: "page \(page) is out of sight, touched, and still held")
            }
        }
    }

    /// C11: after an interruption nothing is read before the pages in view.
    private mutating func checkViewFirst(
        _ event: Event, _ before: Before, _ sends: [Request], _ world: World
    ) throws(Violation) {
        let interrupted: Bool
        switch event {
        case .hello(let revision, _): interrupted = !before.isStarting && revision.rawValue > before.frontier
        case .gap(let revision): interrupted = revision.rawValue > before.frontier
        case .signal(let signal): interrupted = signal.from.rawValue > before.frontier + 1
        case .runEnded: interrupted = true
        case .open, .viewport, .refresh:
            interrupted = false
            viewRead = nil
        default: interrupted = false
        }
        let view = world.core.view
        // Pages of the view that lacked nothing need no read first.
        let lacking = view.pages.contains { page in
            world.core.cache[page].map { $0.through < world.core.frontier } ?? true
        }
        for (index, send) in sends.enumerated() {
            let inView = view.contains(send.pages.first) && view.contains(send.pages.last)
            let isViewBeingRead = viewRead.map { id in world.core.reads.contains { $0.id == id } } ?? false
            let mustBeInView = lacking && (interrupted && index == 0 || isViewBeingRead)
            guard inView || !mustBeInView else {
                throw Violation(invariant: "C11", message: "\(send.pages) is read before the view, \(view)")
            }
            if interrupted && index == 0 && lacking { viewRead = send.id }
        }
    }

    /// C6: never sooner than the window allows, never later than the maximum wait.
    private mutating func checkBursts(_ event: Event, _ sends: [Request], _ world: World) throws(Violation) {
        let core = world.core
        for send in sends where send.purpose == .refresh || send.purpose == .view {
            switch event {
            case .timer, .signal, .replyArrived, .replyFailed:
                let quiet = lastTouch.map { world.now >= $0 + UInt64(core.configuration.quietMilliseconds) } ?? true
                let waited = world.now >= lastRefresh + UInt64(core.configuration.maximumWaitMilliseconds)
                guard send.purpose == .view || quiet || waited else {
                    throw Violation(invariant: "C6", message: "a refresh at \(world.now), inside the window")
                }
            default: break
            }
            lastRefresh = world.now
        }
        let isFree =
            core.reads.isEmpty && core.retry.at == nil && core.problem == .none && !core.isHidden && core.recovery == .none
        guard isFree, core.view.pages.contains(where: { core.condition(of: $0) == .stale }) else { return staleSince = nil }
        let since = staleSince ?? world.now
        staleSince = since
        guard world.now <= since + UInt64(core.configuration.maximumWaitMilliseconds) else {
            throw Violation(invariant: "C6", message: "nothing is read at \(world.now), out of date since \(since)")
        }
    }

    /// What C4 and C5 rest on: a held page equals every snapshot of its interval.
    private func checkIntervals(_ world: World) throws(Violation) {
        for entry in world.core.cache.entries {
            guard let held = world.host.held[entry.page.rawValue] else {
                throw Violation(invariant: "books", message: "page \(entry.page.rawValue) is held by the core only")
            }
            for revision in entry.from.rawValue...entry.through.rawValue
            where held.page.rows != world.server.page(entry.page.rawValue, at: revision, sorted: world.isSorted).rows {
                throw Violation(
                    invariant: "interval",
                    message: "page \(entry.page.rawValue) [\(entry.from), \(entry.through)] is not what it was at \(revision)")
            }
        }
    }

    /// Once things are quiet: right (C5), nothing left over (C9), and silent (C7).
    func settled(_ world: World) throws(Violation) {
        guard world.wires.isEmpty, world.timer == nil else {
            throw Violation(invariant: "C5", message: "does not settle: \(world.wires.count) reads, timer \(world.timer ?? 0)")
        }
        for page in world.core.view.pages.map({ $0.rawValue }) {
            let truth = world.server.page(page, at: world.server.revision, sorted: world.isSorted)
            guard world.host.drawn[page]?.page.rows == truth.rows else {
                throw Violation(invariant: "C5", message: "page \(page) is not the newest once things are quiet")
            }
        }
        guard lastPaint == world.server.revision else {
            throw Violation(
                invariant: "C5", message: "said to be of \(lastPaint) once things are quiet, which is \(world.server.revision)")
        }
        let left = world.core.drafts.filter { draft in
            draft.acknowledgedAt != nil
                && world.host.drawn.values.contains { $0.page.rows.contains { $0.id == draft.row.rawValue } }
        }
        guard left.isEmpty else {
            throw Violation(invariant: "C9", message: "drafts \(left.map(\.id.rawValue)) are never released")
        }
        for page in world.host.held.keys.sorted() {
            var copy = world
            let reads = copy.core.counters.reads
            let range = PageRange(first: PageNumber(page), last: PageNumber(page))
            guard copy.core.condition(of: PageNumber(page)) == .current else { continue }
            try copy.feed(.viewport(range))
            let isComplete = copy.core.visible.pages.allSatisfy { world.core.condition(of: $0) == .current }
            guard !isComplete || copy.core.counters.reads == reads, copy.host.drawn[page] != nil else {
                throw Violation(invariant: "C7", message: "looking at page \(page) costs a read")
            }
        }
    }
}

extension Signal {
    fileprivate func mayHaveChanged(_ column: UInt32) -> Bool {
        switch columns {
        case .many: true
        case .these(let columns): columns.contains(ColumnKey(column))
        }
    }
}
