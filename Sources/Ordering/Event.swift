/// What can happen to a screen.
public enum Event: Hashable, Sendable {
    /// A person asked for a sheet, a view or a page size. Everything before it is superseded.
    case open(Intent)
    /// These pages are in view now.
    case viewport(PageRange)
    /// The event stream is open and the server is at `revision`. With `resumedAfter` the signals after that one follow.
    case hello(Revision, resumedAfter: Revision?)
    /// Commits happened.
    case signal(Signal)
    /// Signals were lost for good; the server is at this revision.
    case gap(Revision)
    /// The stream is open though nothing was committed.
    case heartbeat
    /// The stream is open but has been silent for longer than its heartbeat.
    case heartbeatLate
    /// The stream ended or could not be opened.
    case streamLost
    /// A reply to a read.
    case replyArrived(Reply)
    /// A read came to nothing. `retryAfterMilliseconds` is the server's wish, if it has one.
    case replyFailed(RequestID, Failure, retryAfterMilliseconds: UInt32?)
    /// A person's edit of a cell in that row was sent.
    case editSubmitted(DraftID, row: RowKey)
    /// The edit is durable at that revision.
    case editAcknowledged(DraftID, Revision)
    /// The edit was refused; the draft stays with the person.
    case editRefused(DraftID)
    /// The person gave the draft up.
    case editDiscarded(DraftID)
    /// A run ended. The revision is that of its last commit, when known.
    case runEnded(Revision?)
    /// A person asked to read again.
    case refresh
    /// Nobody can see the screen: nothing is read until it is shown.
    case hidden
    /// The screen can be seen again.
    case shown
    /// The instant of the last ``Effect/setTimer(_:)`` has come.
    case timer
}

/// The committed pages of a range, all of one snapshot (S3), without their values.
public struct Reply: Hashable, Sendable {
    public var request: RequestID
    /// The snapshot's.
    public var revision: Revision
    public var totalRows: UInt32
    public var totalPages: UInt32
    public var pages: [ReplyPage]

    public init(request: RequestID, revision: Revision, totalRows: UInt32, totalPages: UInt32, pages: [ReplyPage]) {
        self.request = request
        self.revision = revision
        self.totalRows = totalRows
        self.totalPages = totalPages
        self.pages = pages
    }
}

/// One page of a reply.
public struct ReplyPage: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// It still is what the read said the client has.
        case unchanged
        /// The ids of its rows, in any order.
        case rows([RowKey])
    }

    public var page: PageNumber
    public var content: Content

    public init(page: PageNumber, content: Content) {
        self.page = page
        self.content = content
    }
}

/// Why a read came to nothing.
public enum Failure: UInt8, Hashable, Sendable, CaseIterable {
    /// Trying again may help: no network, a timeout, 429, 5xx.
    case temporary
    /// Trying again will not help: 4xx.
    case permanent
    /// The server could not reach the revision the read asked for in time (S4).
    case behind
}
