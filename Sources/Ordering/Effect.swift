/// What the host has to do, in this order.
public enum Effect: Hashable, Sendable {
    /// Everything held, drawn or asked belongs to an older intent: forget it. Comes once with each `open`.
    case reset(Generation)
    /// Read these pages.
    case send(Request)
    /// Nobody waits for this reply any more. A courtesy: a reply that comes all the same is dropped.
    case cancel(RequestID)
    /// Hold that page of that reply as the page's content from now on. What is drawn does not change by this.
    case apply(RequestID, PageNumber)
    /// Throw that page of that reply away; without a page the whole reply.
    case drop(RequestID, PageNumber?, DropReason)
    /// Draw these pages, each from what is held for it, in one frame, and nothing else.
    case paint(Paint)
    /// What is drawn, as it is drawn, equals this later snapshot too. Draw and read nothing; the visible snapshot's revision is
    /// this one from now on, and no later frame is of an earlier one.
    case advance(Revision)
    /// Stop drawing this page: until a `paint` names it, it is as if it had never been loaded.
    case withdraw(PageNumber)
    /// Stop holding this page.
    case evict(PageNumber)
    /// The draft has done its duty.
    case releaseDraft(DraftID, ReleaseReason)
    /// Send ``Event/timer`` at this instant. Replaces the one before.
    case setTimer(Instant)
    /// Send no ``Event/timer``.
    case cancelTimer
    /// The trust line.
    case status(Status)
}

/// A read of one range of pages, all to come from one snapshot.
public struct Request: Hashable, Sendable {
    public var id: RequestID
    public var pages: PageRange
    /// Pages of the range that are held: name their tags, so that an unchanged one costs nothing.
    public var have: [PageNumber]
    /// The oldest snapshot that will do (S4).
    public var minRevision: Revision
    public var purpose: Purpose

    public init(id: RequestID, pages: PageRange, have: [PageNumber], minRevision: Revision, purpose: Purpose) {
        self.id = id
        self.pages = pages
        self.have = have
        self.minRevision = minRevision
        self.purpose = purpose
    }
}

/// Why a read is made. For traces and priorities; nothing depends on it.
public enum Purpose: UInt8, Hashable, Sendable, CaseIterable {
    /// A page in view is not held.
    case load
    /// What is held may be out of date, or does not fit together.
    case refresh
    /// After a run, a reconnect or a gap: the pages in view, before any other (C11).
    case view
    /// After those: the rest of the visible range (C11).
    case rest
    /// The margin, while nothing else is to be done.
    case margin
    /// No signals are coming.
    case poll
}

/// One frame: the pages drawn, which all equal the snapshot `revision` (C4).
public struct Paint: Hashable, Sendable {
    /// Never lower than that of an earlier paint (C2).
    public var revision: Revision
    /// In order. All that can be drawn of the visible range, not only what is in view.
    public var pages: [PageNumber]
    public var totalRows: UInt32
    public var totalPages: UInt32

    public init(revision: Revision, pages: [PageNumber], totalRows: UInt32, totalPages: UInt32) {
        self.revision = revision
        self.pages = pages
        self.totalRows = totalRows
        self.totalPages = totalPages
    }
}

/// Why a reply, or a page of it, is not used.
public enum DropReason: UInt8, Hashable, Sendable, CaseIterable {
    /// It answers a request of an older intent (C1).
    case intentChanged
    /// It answers a request that is not the page's current one: superseded, given up, or answered already (C1).
    case superseded
    /// It is older than what is held or painted (C2).
    case older
    /// It is older than the read allowed (S4).
    case belowMinimum
    /// It is a page that was not asked for, or one that is there twice.
    case unasked
    /// It says "unchanged" of a page that was not named as held, or is held no longer.
    case baseMissing
}

/// Why a draft is released.
public enum ReleaseReason: UInt8, Hashable, Sendable, CaseIterable {
    /// A page that holds its row is painted at its revision or later (C9).
    case painted
    /// The page that held its row is painted at its revision or later, and the row is not there.
    case rowGone
    /// It was acknowledged, and its sheet is no longer open.
    case intentChanged
    /// The person gave it up.
    case discarded
    /// Too many drafts.
    case full
}

/// What the trust line says.
public struct Status: Hashable, Sendable {
    public var connection: Connection
    /// Since when the connection is so.
    public var since: Instant
    /// The newest snapshot that what is painted in view is known to equal; zero while nothing is painted. Unlike a paint's
    /// revision it may fall when another page comes into view.
    public var shown: Revision
    /// The newest revision heard of.
    public var known: Revision
    public var problem: Problem

    public init(connection: Connection, since: Instant, shown: Revision, known: Revision, problem: Problem) {
        self.connection = connection
        self.since = since
        self.shown = shown
        self.known = known
        self.problem = problem
    }
}

/// How news of commits reaches the screen.
public enum Connection: UInt8, Hashable, Sendable, CaseIterable {
    /// The stream has not been open yet. Becomes `live`, `reconnecting`, `polling`, `offline`.
    case connecting
    /// Signals come. Becomes `silent`, `reconnecting`.
    case live
    /// The stream is open but its heartbeat is late, so the core polls. Becomes `live`, `reconnecting`.
    case silent
    /// The stream is lost since a moment. Becomes `live`, `polling`, `offline`.
    case reconnecting
    /// The stream has been away for longer, so the core polls. Becomes `live`, `offline`.
    case polling
    /// There is no stream and the last read failed. Becomes `live`, `polling`.
    case offline
}

/// What keeps reads from succeeding.
public enum Problem: UInt8, Hashable, Sendable, CaseIterable {
    case none
    /// The last read failed; it will be tried again.
    case temporary
    /// The last read was refused; only a person, or a new connection, tries again.
    case permanent
    /// The server is behind what this client has seen; the read will be tried again.
    case behind
}
