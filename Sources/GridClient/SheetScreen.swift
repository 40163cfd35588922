// The pure half of a live sheet: the ordering core, the pages it says to hold, and the frame it says to paint. One mutation,
// then the list of what to do. `LiveSheet` does it.

import GridModel
import Ordering
import Wire

/// What is held and painted of one sheet.
struct SheetScreen: Sendable {
    /// What has to be done, in order.
    enum Action: Sendable {
        case read(RequestID, PagesQuery)
        case cancelRead(RequestID)
        case setTimer(Instant)
        case cancelTimer
        case show(Snapshot)
        /// A draft went: saved and shown, or let go.
        case releaseDraft(DraftID)
    }

    /// A page's content, and the columns it was read with.
    private struct Held: Sendable {
        var tag: PageTag
        var page: SheetPage
        var columns: [Column]
    }

    private var core: Reconciler
    private let configuration: Configuration
    /// The last generation of any core here: a new core goes on above it, so that no reply is taken for another's.
    private var generation: Generation
    private var viewport = PageRange(first: PageNumber(1), last: PageNumber(1))
    private var columns: ColumnWindow
    private var restoration: Trust.Restoration?
    private let pageSize: Int
    private var view: ViewSelection
    private var viewNumber: UInt32 = 0
    private let sheet: SheetID
    private var held: [PageNumber: Held] = [:]
    private var painted: [Held] = []
    private var paint: Paint?
    private var drafts: [Draft] = []
    /// Why the stream was lost, until it is live again.
    private var lostReason: String?
    private var trust = Trust(connection: .connecting, shown: .zero, known: .zero, problem: .none)

    init(
        sheet: SheetID, view: ViewSelection, columns: ColumnWindow = .all, pageSize: Int, configuration: Configuration
    ) {
        self.configuration = configuration
        self.columns = columns
        generation = configuration.lastGeneration
        self.sheet = sheet
        self.view = view
        self.pageSize = pageSize
        core = Reconciler(configuration: configuration)
    }

    /// How often the core refused something, and how much was done.
    var counters: Counters { core.counters }

    /// Asks for a view, from the first page in view on. Everything asked before is superseded (C1).
    mutating func open(_ view: ViewSelection, viewport: PageRange, at now: Instant) -> [Action] {
        self.view = view
        self.viewport = viewport
        return open(at: now)
    }

    /// Asks for other columns of the same view and pages.
    mutating func open(_ columns: ColumnWindow, at now: Instant) -> [Action] {
        self.columns = columns
        return open(at: now)
    }

    private mutating func open(at now: Instant) -> [Action] {
        viewNumber &+= 1
        let intent = Intent(
            sheet: sheet.rawValue, view: viewNumber, pageSize: UInt32(pageSize), sensitive: view.sensitive,
            shown: columns.shown,
            viewport: viewport)
        return handle(.open(intent), at: now)
    }

    /// Begins anew on a server that serves an older copy: revisions of before mean something else now. What was typed stays; what was
    /// saved and not shown yet is gone with the server's state, and is the person's again.
    mutating func restored(_ restoration: Trust.Restoration, at now: Instant) -> [Action] {
        self.restoration = restoration
        var configuration = configuration
        configuration.lastGeneration = generation
        core = Reconciler(configuration: configuration)
        trust = Trust(connection: .connecting, shown: .zero, known: .zero, problem: .none, restoration: restoration)
        var actions = open(at: now)
        for index in drafts.indices {
            if case .saved = drafts[index].state {
                drafts[index].state = .refused("the server went back to a state from before this was saved")
            }
            let draft = drafts[index]
            actions += handle(.editSubmitted(draft.id, row: RowKey(draft.row.rawValue)), at: now)
            if draft.state.isRefused { actions += handle(.editRefused(draft.id), at: now, shows: true) }
        }
        return actions
    }

    /// Takes in a reply.
    mutating func replyArrived(_ reply: PageReply, to request: RequestID, at now: Instant) -> [Action] {
        let pages = reply.pages.map { page in
            ReplyPage(
                page: PageNumber(UInt32(clamping: page.page)),
                content: page.rows.map { .rows($0.map { RowKey($0.id.rawValue) }) } ?? .unchanged)
        }
        let event = Event.replyArrived(
            Reply(
                request: request, revision: reply.head.revision, totalRows: UInt32(clamping: reply.head.totalRows),
                totalPages: UInt32(clamping: reply.head.totalPages), pages: pages))
        return handle(event, reply: reply, at: now)
    }

    mutating func streamLost(because reason: String, at now: Instant) -> [Action] {
        lostReason = reason
        trust.reason = reason
        return handle(.streamLost, at: now, shows: true)
    }

    mutating func draftSubmitted(_ draft: Draft, at now: Instant) -> [Action] {
        drafts.removeAll { $0.row == draft.row && $0.column == draft.column && $0.state.isRefused }
        drafts.append(draft)
        return handle(.editSubmitted(draft.id, row: RowKey(draft.row.rawValue)), at: now, shows: true)
    }

    mutating func draftAcknowledged(_ id: DraftID, at revision: Revision, now: Instant) -> [Action] {
        update(id) { $0.state = .saved(revision) }
        return handle(.editAcknowledged(id, revision), at: now, shows: true)
    }

    mutating func draftRefused(_ id: DraftID, reason: String, at now: Instant) -> [Action] {
        update(id) { $0.state = .refused(reason) }
        return handle(.editRefused(id), at: now, shows: true)
    }

    /// Takes in any other event.
    mutating func handle(_ event: Event, at now: Instant) -> [Action] {
        handle(event, at: now, shows: false)
    }

    private mutating func handle(_ event: Event, reply: PageReply? = nil, at now: Instant, shows: Bool = false) -> [Action] {
        if case .viewport(let range) = event { viewport = range }
        core.handle(event, at: now)
        var actions: [Action] = []
        var changed = shows
        while let effect = core.nextEffect() {
            switch effect {
            case .reset(let generation):
                self.generation = generation
                held = [:]
                painted = []
                paint = nil
                changed = true
            case .send(let request): actions.append(.read(request.id, query(request)))
            case .cancel(let id): actions.append(.cancelRead(id))
            case .apply(_, let page): hold(page, of: reply)
            case .drop: break
            case .paint(let frame):
                paint = frame
                painted = frame.pages.compactMap { held[$0] }
                changed = true
            case .advance(let revision):
                paint?.revision = revision
                changed = true
            case .withdraw(let page):
                painted.removeAll { $0.page.number == Int(page.rawValue) }
                changed = true
            case .evict(let page): held[page] = nil
            case .releaseDraft(let id, _):
                drafts.removeAll { $0.id == id }
                actions.append(.releaseDraft(id))
                changed = true
            case .setTimer(let instant): actions.append(.setTimer(instant))
            case .cancelTimer: actions.append(.cancelTimer)
            case .status(let status):
                if status.connection == .live { lostReason = nil }
                trust = Trust(
                    connection: status.connection, shown: status.shown, known: status.known, problem: status.problem,
                    reason: lostReason, restoration: restoration)
                changed = true
            }
        }
        if changed { actions.append(.show(snapshot)) }
        return actions
    }

    private mutating func update(_ id: DraftID, _ change: (inout Draft) -> Void) {
        for index in drafts.indices where drafts[index].id == id { change(&drafts[index]) }
    }

    /// Holds that page of the reply; an unchanged one is held already.
    private mutating func hold(_ number: PageNumber, of reply: PageReply?) {
        guard let reply, let page = reply.pages.first(where: { $0.page == Int(number.rawValue) }), let rows = page.rows else {
            return
        }
        held[number] = Held(
            tag: page.tag, page: SheetPage(number: page.page, rows: rows.map(SheetRow.init)), columns: reply.head.columns)
    }

    private func query(_ request: Request) -> PagesQuery {
        var have: [Int: PageTag] = [:]
        for page in request.have { have[Int(page.rawValue)] = held[page]?.tag }
        return PagesQuery(
            first: Int(request.pages.first.rawValue), last: Int(request.pages.last.rawValue), pageSize: pageSize,
            columns: columns.query, view: view.query, minRevision: request.minRevision, have: have)
    }

    private var snapshot: Snapshot {
        Snapshot(
            revision: paint?.revision ?? .zero, totalRows: Int(paint?.totalRows ?? 0), totalPages: Int(paint?.totalPages ?? 0),
            columns: painted.last?.columns ?? [], pages: painted.map(\.page), drafts: drafts, trust: trust)
    }
}

extension Draft.State {
    fileprivate var isRefused: Bool {
        switch self {
        case .refused: true
        case .saving, .saved: false
        }
    }
}

extension CommitSignal {
    /// What a screen of one sheet needs to know of it.
    func signal(for sheet: SheetID) -> Signal {
        guard let touched = sheets[sheet] else { return Signal(from: from, revision: revision, rows: .none) }
        let ranges = touched.rows.map { rows in
            TouchedRows.ranges(
                rows.map { RowRange(first: RowKey($0.lowerBound.rawValue), last: RowKey($0.upperBound.rawValue)) })
        }
        let columns = touched.columns.map { columns in TouchedColumns.these(columns.map { ColumnKey($0.rawValue) }) }
        return Signal(
            from: from, revision: revision, rows: ranges ?? .many, columns: columns ?? .many, order: touched.order,
            structure: touched.structure)
    }
}
