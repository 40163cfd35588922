import Ordering

/// What the oracles write down of one screen. Nothing here comes from the core's answers to the same question: it is what was sent,
/// what arrived, and what was painted. A class, so that a look into it copies none of its arrays; nobody but the oracles has it.
final class ScreenBooks {
    /// A page that the host holds.
    struct Held: Sendable {
        var page: UInt32
        var rows: [UInt32]
        /// The newest snapshot that it is known to equal, by replies and by signals that do not concern it.
        var equals: UInt32
        /// When it was last in view, counted in viewport events.
        var seen: Int
    }

    let pageSize: Int
    /// Whether the screen shows every column, or the three that were there from the beginning.
    let showsAll: Bool
    let margin: UInt32
    let cacheLimit: Int
    let quiet: UInt64
    let maximumWait: UInt64
    var sheet = 0
    var view = 0
    var first: UInt32 = 1
    var last: UInt32 = 1
    var viewports = 0

    /// The read that was sent last for each page and that the viewport has not left since; 0 for none.
    var current: [UInt32] = Array(repeating: 0, count: 128)
    /// Reads that nobody answered or cancelled.
    var alive: [UInt32] = []
    /// The reply that is being delivered, and whether somebody waited for it.
    var answering: (request: UInt32, wasAlive: Bool, revision: UInt32) = (0, false, 0)

    var held: [Held] = []
    /// The revision of the frame on the screen, and of what the core said last.
    var painted: UInt32 = 0
    var shown: UInt32 = 0
    /// When what is on the screen was written, by cell: never to go back.
    var cellChanged: [UInt32] = []
    var drawn: [(page: UInt32, rows: [UInt32])] = []
    /// The newest acknowledged edit, by row.
    var acknowledgedRows: [(row: UInt32, revision: UInt32)] = []
    var acknowledgedDrafts: [(draft: UInt32, row: UInt32, revision: UInt32)] = []

    /// Every signal up to here came, or will not.
    var frontier: UInt32 = 0
    /// The last signals, for the replies that were made before them and come after them.
    var signals: [Signal] = []
    /// The highest revision that anything but a signal told of: a signal up to there may find its pages out of date already.
    var heard: UInt32 = 0
    var lastTouch: UInt64 = 0
    var hasTouch = false
    var lastRefresh: UInt64?
    /// Since when something in view is known to be out of date with nothing in the way of reading it.
    var staleSince: UInt64?
    /// A read failed, and none was sent since.
    var hasFailed = false
    var isHidden = false
    var isLive = false
    /// After an interruption: the revision that the view has to be read at before anything else.
    var viewFirst: UInt32?
    /// The read of the view that was sent for it.
    var viewRead: UInt32?

    /// Why the core does what it does now, and how many reads it has sent because of it.
    var cause = Cause.person
    var sentNow = 0
    /// The read whose failure is about to be told, when the core waits for it.
    var failing: UInt32 = 0
    /// A read was refused for good, and no person did anything about it since.
    var isRefused = false
    /// After a failure: the time before which nothing is tried again.
    var retryAt: UInt64?
    let retry: UInt64
    let readsInFlight: Int
    var hasStream = false
    /// What the trust line says.
    var status: Status?

    init(_ configuration: Configuration, pageSize: Int, showsAll: Bool) {
        self.pageSize = pageSize
        self.showsAll = showsAll
        margin = configuration.marginPages
        cacheLimit = Int(max(configuration.cachedPages, configuration.pagesInView + 2 * configuration.marginPages))
        retry = UInt64(configuration.retryMilliseconds)
        readsInFlight = Int(configuration.readsInFlight)
        quiet = UInt64(configuration.quietMilliseconds)
        maximumWait = UInt64(configuration.maximumWaitMilliseconds)
    }

    func isInView(_ page: UInt32) -> Bool { first <= page && page <= last }

    /// In view or next to it, as far as that can be told without knowing how many pages there are.
    func isVisible(_ page: UInt32) -> Bool { page + margin >= first && page <= last + margin }

    /// Whether a signal says that a page of these rows may look different.
    func isConcerned(_ rows: [UInt32], by signal: Signal) -> Bool {
        let named = Truth.named(sheet)
        return signal.concerns(rows, shown: showsAll ? nil : named, sensitive: view == 0 ? nil : named.lowerBound + 1)
    }

    /// A page stays what it is through signals that follow each other and do not concern it.
    func carry(_ place: Int, through signal: Signal) {
        let revision = UInt32(clamping: signal.revision.rawValue)
        guard revision > held[place].equals, signal.from.rawValue <= UInt64(held[place].equals) + 1,
            !isConcerned(held[place].rows, by: signal)
        else { return }
        held[place].equals = revision
    }

    func heldIndex(_ page: UInt32) -> Int? { held.firstIndex { $0.page == page } }

    func forget(_ request: UInt32) {
        alive.removeAll { $0 == request }
        if viewRead == request { viewRead = nil }
    }

    /// Reads are over for pages that left the visible range.
    func narrow() {
        for page in current.indices where current[page] != 0 && !isVisible(UInt32(page)) { current[page] = 0 }
    }

    /// What an interruption at a revision leaves unread of the view: pages not held, or held as of before it.
    func lacksView(at revision: UInt32) -> Bool {
        (first...last).contains { page in heldIndex(page).map { held[$0].equals < revision } ?? true }
    }
}

extension Signal {
    /// Whether it says that a page of these rows, showing these columns or all and depending on `sensitive`, may look different.
    func concerns(_ rows: [UInt32], shown: Range<UInt32>?, sensitive: UInt32?) -> Bool {
        if order || structure { return true }
        switch self.rows {
        case .none: return false
        case .many, .ranges: break
        }
        if let sensitive, mayChange(sensitive) { return true }
        if let shown, !shown.contains(where: { mayChange($0) }) { return false }
        switch self.rows {
        case .none: return false
        case .many: return !rows.isEmpty
        case .ranges(let ranges):
            return rows.contains { row in ranges.contains { $0.first.rawValue <= row && row <= $0.last.rawValue } }
        }
    }

    private func mayChange(_ column: UInt32) -> Bool {
        switch columns {
        case .many: true
        case .these(let columns): columns.contains { $0.rawValue == column }
        }
    }
}
