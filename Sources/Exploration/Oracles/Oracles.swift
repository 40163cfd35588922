import GridModel
import Ordering

/// All oracles, and the trace they are written against: they are told what was asked, sent, stored, answered and painted, and keep books of
/// their own. No core's state is ever looked at.
struct Oracles {
    var trace: TraceRecord
    var tally = Tally()
    var truth: Truth
    var screens: [ScreenBooks] = []
    var server = ServerBooks()
    var runs = RunBooks()
    var now: UInt64 = 0
    /// Answers that were kept as suggestions.
    var suggestions: [RunBooks.Suggestion] = []

    /// Whether a violation is only counted, and the schedule goes on.
    var collects = false
    /// Oracles that something was noticed by, while collecting.
    private(set) var noticed: Set<Oracle> = []

    init(truth: Truth, keepsTrace: Bool) {
        self.truth = truth
        trace = TraceRecord(isKept: keepsTrace)
        server.begin(at: truth.revision)
    }

    /// An invariant does not hold.
    mutating func fail(_ oracle: Oracle, _ message: String) throws(Violation) { try fail(Violation(oracle, message)) }

    mutating func fail(_ violation: Violation) throws(Violation) {
        guard collects else { throw violation }
        noticed.insert(violation.oracle)
    }

    @inline(__always)
    mutating func note(_ kind: TraceRecord.Kind, _ actor: Int, _ a: some BinaryInteger, _ b: some BinaryInteger) {
        trace.add(kind, actor, UInt64(truncatingIfNeeded: a), UInt64(truncatingIfNeeded: b), at: now)
    }

    @inline(__always)
    mutating func note(_ kind: TraceRecord.Kind, _ actor: Int, _ a: some BinaryInteger) { note(kind, actor, a, 0) }

    @inline(__always)
    mutating func note(_ kind: TraceRecord.Kind, _ actor: Int) { note(kind, actor, 0, 0) }
}

// MARK: - What a screen did

extension Oracles {
    mutating func opened(_ index: Int, sheet: Int, view: Int, first: UInt32, last: UInt32) {
        note(.opened, index, sheet * 16 + view, first << 8 | last)
        let books = screens[index]
        books.sheet = sheet
        books.view = view
        books.held = []
        books.drawn = []
        books.alive = []
        books.current = Array(repeating: 0, count: books.current.count)
        books.acknowledgedDrafts = []
        books.viewRead = nil
        books.viewFirst = nil
        books.staleSince = nil
        moved(index, first: first, last: last)
    }

    mutating func moved(_ index: Int, first: UInt32, last: UInt32) {
        note(.moved, index, first, last)
        screens[index].first = first
        screens[index].last = last
        screens[index].viewports += 1
        screens[index].viewFirst = nil
        screens[index].viewRead = nil
        screens[index].staleSince = nil
        screens[index].narrow()
        for place in screens[index].held.indices where screens[index].isInView(screens[index].held[place].page) {
            screens[index].held[place].seen = screens[index].viewports
        }
    }

    mutating func sent(_ index: Int, _ request: Request, causedByNews: Bool) throws(Violation) {
        note(.sent, index, request.id.number, UInt64(request.pages.first.rawValue) << 32 | UInt64(request.pages.last.rawValue))
        tally.reads &+= 1
        try checkMayRead(index, request)
        let (first, last) = (request.pages.first.rawValue, request.pages.last.rawValue)
        try checkViewFirst(index, first, last, request)
        try checkBurst(index, request, causedByNews)
        for page in first...last where Int(page) < screens[index].current.count {
            screens[index].current[Int(page)] = request.id.number
        }
        screens[index].alive.append(request.id.number)
        screens[index].staleSince = nil
        screens[index].hasFailed = false
    }

    mutating func cancelled(_ index: Int, _ request: UInt32) {
        note(.cancelled, index, request)
        screens[index].forget(request)
        screens[index].hasFailed = true
        screens[index].staleSince = nil
    }

    /// A reply is about to be delivered.
    mutating func arrived(_ index: Int, _ request: UInt32, revision: UInt32) {
        note(.arrived, index, request, revision)
        screens[index].heard = max(screens[index].heard, revision)
        screens[index].answering = (request, screens[index].alive.contains(request), revision)
        screens[index].forget(request)
        screens[index].staleSince = nil
    }

    mutating func failed(_ index: Int, _ request: UInt32) {
        note(.failed, index, request)
        screens[index].failing = screens[index].alive.contains(request) ? request : 0
        screens[index].forget(request)
        screens[index].hasFailed = true
        screens[index].staleSince = nil
    }

    /// The reply was not used as it was, so that its pages have to be asked for again.
    mutating func dropped(_ index: Int) {
        screens[index].hasFailed = true
        screens[index].staleSince = nil
    }

    /// A page of the reply that is being delivered is held from now on; without rows it is said to be unchanged.
    mutating func applied(_ index: Int, _ request: UInt32, page: UInt32, rows: [UInt32]?) throws(Violation) {
        note(.applied, index, request, page)
        tally.count(.c1)
        let books = screens[index]
        guard books.answering.request == request, books.answering.wasAlive else {
            return try fail(.c1, "screen \(index) takes page \(page) of a reply nobody waits for, to request \(request)")
        }
        guard Int(page) < books.current.count, books.current[Int(page)] == request else {
            return try fail(.c1, "screen \(index) takes page \(page) of request \(request), whose current request is another")
        }
        guard let rows else { return }
        let equals = books.answering.revision
        if let place = books.heldIndex(page) {
            screens[index].held[place].rows = rows
            screens[index].held[place].equals = equals
        } else {
            screens[index].held.append(ScreenBooks.Held(page: page, rows: rows, equals: equals, seen: books.viewports))
        }
        carryOn(index, page)
    }

    private mutating func carryOn(_ index: Int, _ page: UInt32) {
        guard let place = screens[index].heldIndex(page) else { return }
        for signal in screens[index].signals { screens[index].carry(place, through: signal) }
    }

    /// A page of the reply was said to be as it is held.
    mutating func unchanged(_ index: Int, page: UInt32) {
        guard screens[index].answering.wasAlive, let place = screens[index].heldIndex(page) else { return }
        guard Int(page) < screens[index].current.count, screens[index].current[Int(page)] == screens[index].answering.request
        else { return }
        screens[index].held[place].equals = max(screens[index].held[place].equals, screens[index].answering.revision)
        carryOn(index, page)
    }

    mutating func hidden(_ index: Int, _ isHidden: Bool) {
        note(isHidden ? .hidden : .shown, index)
        screens[index].isHidden = isHidden
        screens[index].staleSince = nil
    }

    mutating func streamLost(_ index: Int) {
        note(.lost, index)
        screens[index].isLive = false
        screens[index].staleSince = nil
    }
}
