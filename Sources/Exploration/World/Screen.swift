import Ordering

/// A person's screen: the real ordering core, and a host that follows the five rules of its specification. Beside the core's the host has
/// one rule of its own, the page's C10: a frame in which the row under the hand is not, waits. A class, so that a look at it copies nothing.
final class Screen {
    /// What is on the screen.
    struct Frame: Sendable {
        var revision: UInt32 = 0
        var totalRows: UInt32 = 0
        var totalPages: UInt32 = 0
        var pages: [(page: UInt32, body: PageBody)] = []

        func shows(_ row: UInt32) -> Bool { pages.contains { $0.body.rows.contains(row) } }
    }

    struct Edit: Sendable {
        enum State: Sendable { case sent, answered, refused }
        var draft: UInt32
        var command: Int
        var row: UInt32
        var state = State.sent
    }

    let configuration: Configuration
    let pageSize: Int
    /// Whether it shows every column, or the three that were there from the beginning.
    let showsAll: Bool
    /// The ordering core; beside it the client that a control puts in its place.
    var core: Reconciler
    var rival: RivalScreen?
    var sheet = 0
    var view = 0
    var first: UInt32 = 1
    var last: UInt32 = 1
    var held: [(page: UInt32, body: PageBody)] = []
    var frame = Frame()
    /// A frame that waits for the hand to go, and the drafts that it releases.
    var waiting: Frame?
    var releases: [UInt32] = []
    /// The row under the hand, until when.
    var hand: (row: UInt32, until: UInt64)?
    var timer: UInt64?
    var connection: Connection?
    /// The position a stream is resumed from.
    var lastEvent: UInt32 = 0
    /// The highest revision that the stream told of.
    var told: UInt32 = 0
    var heardAt: UInt64 = 0
    var isAway = false
    /// Its tab is not the one that is looked at.
    var isCovered = false
    var edits: [Edit] = []
    var nextDraft: UInt32 = 1

    init(configuration: Configuration, pageSize: Int, showsAll: Bool, control: Control) {
        self.configuration = configuration
        self.pageSize = pageSize
        self.showsAll = showsAll
        core = Reconciler(configuration: configuration)
        if !control.isDisjoint(with: [.lastResponseWins, .patchFromPayloads, .everythingOnReconnect]) {
            rival = RivalScreen(
                patches: control.contains(.patchFromPayloads), readsAll: control.contains(.everythingOnReconnect))
        }
    }

    /// The first column of the sheet that is shown.
    var firstColumn: UInt32 { UInt32(sheet * Truth.columns + 1) }

    func intent() -> Intent {
        let columns = Truth.named(sheet).map { ColumnKey($0) }
        return Intent(
            sheet: UInt32(sheet), view: UInt32(view), pageSize: UInt32(pageSize),
            sensitive: .these(view == 0 ? [] : [ColumnKey(firstColumn + 1)]), shown: showsAll ? .all : .these(columns),
            viewport: viewport)
    }

    var viewport: PageRange { PageRange(first: PageNumber(first), last: PageNumber(last)) }

    func handle(_ event: Event, at now: UInt64) {
        let instant = Instant(milliseconds: now)
        if rival != nil { rival?.handle(event, at: instant) } else { core.handle(event, at: instant) }
    }

    func nextEffect() -> Effect? {
        rival != nil ? rival?.nextEffect() : core.nextEffect()
    }

    func body(of page: UInt32) -> PageBody? { held.first { $0.page == page }?.body }

    func hold(_ page: UInt32, _ body: PageBody) {
        if let index = held.firstIndex(where: { $0.page == page }) {
            held[index].body = body
        } else {
            held.append((page, body))
        }
    }

    /// Whether a frame has to wait for the hand.
    func mustWait(_ next: Frame, at now: UInt64) -> Bool {
        guard let hand, now < hand.until, frame.shows(hand.row) else { return false }
        return !next.shows(hand.row)
    }

    /// Rows that a person sees.
    var shownRows: [UInt32] { frame.pages.flatMap { $0.body.rows } }
}

/// A client as one meets them elsewhere: it reads when it hears of something and paints every reply when it comes.
struct RivalScreen: Sendable {
    /// Whether events carry values that are written into what is painted, and nothing is read for them.
    let patches: Bool
    /// Whether it reads every page there is when it is connected again.
    let readsAll: Bool
    private var effects: [Effect] = []
    private var drained = 0
    private var generation = Generation(0)
    private var number: UInt32 = 0
    private var view = PageRange(first: PageNumber(1), last: PageNumber(1))
    private var painted: Revision = .zero
    private var pages: [PageNumber] = []
    /// The last page there is, as far as replies told.
    private var end = PageNumber(1)

    init(patches: Bool, readsAll: Bool) {
        self.patches = patches
        self.readsAll = readsAll
    }

    mutating func nextEffect() -> Effect? {
        guard drained < effects.count else {
            effects.removeAll()
            drained = 0
            return nil
        }
        drained += 1
        return effects[drained - 1]
    }

    mutating func handle(_ event: Event, at now: Instant) {
        switch event {
        case .open(let intent):
            generation = Generation(generation.rawValue &+ 1)
            view = intent.viewport
            pages = []
            effects.append(.reset(generation))
            read(view)
        case .viewport(let range):
            view = range
            read(view)
        case .signal: if !patches { read(view) }
        case .hello, .gap, .shown, .runEnded: read(readsAll ? PageRange(first: PageNumber(1), last: max(view.last, end)) : view)
        case .refresh: read(view)
        case .replyArrived(let reply): paint(reply)
        case .editAcknowledged(let draft, _): effects.append(.releaseDraft(draft, .painted))
        case .heartbeat, .heartbeatLate, .streamLost, .replyFailed, .editSubmitted, .editRefused, .editDiscarded, .hidden,
            .timer:
            break
        }
    }

    private mutating func read(_ range: PageRange) {
        number &+= 1
        let id = RequestID(generation: generation, number: number)
        effects.append(.send(Request(id: id, pages: range, have: [], minRevision: .zero, purpose: .refresh)))
    }

    private mutating func paint(_ reply: Reply) {
        end = PageNumber(reply.totalPages)
        for page in reply.pages {
            effects.append(.apply(reply.request, page.page))
            if !pages.contains(page.page) { pages.append(page.page) }
        }
        pages = pages.filter { view.contains($0) }.sorted()
        guard !pages.isEmpty else { return }
        effects.append(
            .paint(Paint(revision: reply.revision, pages: pages, totalRows: reply.totalRows, totalPages: reply.totalPages)))
    }
}
