/// A request in flight, and the pages for which it is the current one (C1).
struct Read: Hashable, Sendable {
    let id: RequestID
    let range: PageRange
    let minRevision: Revision
    let purpose: Purpose
    let deadline: Instant
    /// Pages it still answers for. Another read, or the viewport, takes them away; a read without any is cancelled.
    var current: [PageNumber]
    /// What was held when it was sent: "unchanged" means unchanged from that.
    let have: [PaintedPage]
}

/// A page and the content of it that is meant.
struct PaintedPage: Hashable, Sendable {
    var page: PageNumber
    var version: UInt32
}

/// What was last painted. The host draws nothing else.
struct Painted: Hashable, Sendable {
    /// No later frame is of an earlier snapshot: at least the revision of the last frame (C2), and of every edit whose draft
    /// was released (C9).
    var floor = Revision.zero
    /// The last frame's snapshot.
    var revision = Revision.zero
    var pages: [PaintedPage] = []

    func version(of page: PageNumber) -> UInt32? {
        pages.first { $0.page == page }?.version
    }
}

/// Signals that came close together and are answered by one refresh (C6).
struct Burst: Hashable, Sendable {
    let first: Instant
    var last: Instant

    func due(_ configuration: Configuration) -> Instant {
        min(
            last.advanced(by: configuration.quietMilliseconds),
            first.advanced(by: configuration.maximumWaitMilliseconds))
    }
}

/// Where the viewport-first order of work is (C11).
enum Recovery: Hashable, Sendable {
    /// Nothing out of the ordinary. Becomes `view`.
    case none
    /// The pages in view are to be read before any other. Becomes `sent`, or `rest` when they need no read and the signals
    /// have come as far as that revision. Reads of before a reconnect may hang and are superseded; others are waited for.
    case view(until: Revision, superseding: Bool)
    /// They are being read. Becomes `rest`, or `view` again when that comes to nothing.
    case sent(RequestID)
    /// The rest of the visible range is next, without waiting. Becomes `none`.
    case rest
}

extension Recovery {
    /// Whether only pages in view may be read.
    var isViewFirst: Bool {
        switch self {
        case .view, .sent: true
        case .none, .rest: false
        }
    }
}

/// A person's edit until a page shows it.
struct Draft: Hashable, Sendable {
    enum State: Hashable, Sendable {
        /// Sent. Becomes `acknowledged`, `refused`.
        case submitted
        /// Durable at that revision. Released by a paint (C9).
        case acknowledged(Revision)
        /// Refused. Becomes `submitted` when sent again.
        case refused
    }

    let id: DraftID
    let row: RowKey
    /// The page that held its row when it was submitted, under the intent of today.
    var home: PageNumber?
    var state: State

    var acknowledgedAt: Revision? {
        switch state {
        case .acknowledged(let revision): revision
        case .submitted, .refused: nil
        }
    }
}

/// The wait after failed reads.
struct Retry: Hashable, Sendable {
    var failures: UInt32 = 0
    var at: Instant?
}

/// A revision known from elsewhere that the signals have not reached yet.
struct CatchUp: Hashable, Sendable {
    var target: Revision
    var due: Instant
}
