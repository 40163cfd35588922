import Ordering

// When a screen reads, and what it keeps: C5 to C8 and C11.
extension Oracles {
    /// A signal is about to be delivered.
    mutating func signalled(_ index: Int, _ signal: Signal) {
        let revision = UInt32(signal.revision.rawValue)
        note(.signalled, index, signal.from.rawValue, revision)
        let books = screens[index]
        guard revision > books.frontier else { return }
        // What an answer told of is not missed by the signals: the screen counts it as out of date already.
        let isHole = UInt32(signal.from.rawValue) > max(books.frontier, books.heard) + 1
        let touched = touched(index, signal)
        screens[index].frontier = revision
        screens[index].signals.append(signal)
        if screens[index].signals.count > 32 { screens[index].signals.removeFirst() }
        for place in screens[index].held.indices { screens[index].carry(place, through: signal) }
        if isHole { interrupted(index, at: revision) }
        guard touched.contains(where: { books.isInView($0) }) else { return }
        screens[index].lastTouch = now
        screens[index].hasTouch = true
        startWaiting(index)
    }

    /// Pages that the host holds as of before the signal and that it concerns.
    func touched(_ index: Int, _ signal: Signal) -> [UInt32] {
        let books = screens[index]
        guard signal.revision.rawValue > UInt64(max(books.frontier, books.heard)) else { return [] }
        return books.held.filter { UInt64($0.equals) < signal.revision.rawValue && books.isConcerned($0.rows, by: signal) }
            .map(\.page)
    }

    private mutating func startWaiting(_ index: Int) {
        let books = screens[index]
        let isFree = books.isLive && !books.isHidden && !books.hasFailed && books.alive.isEmpty && books.viewFirst == nil
        if isFree, books.staleSince == nil { screens[index].staleSince = now }
    }

    /// C6: nobody waits longer than the maximum wait, however steady the stream. Called when time has passed.
    mutating func checkStarvation(_ index: Int) throws(Violation) {
        guard let since = screens[index].staleSince else { return }
        tally.count(.c6)
        guard now <= since + screens[index].maximumWait else {
            return try fail(.c6, "screen \(index) is out of date since \(since) ms and reads nothing by \(now) ms")
        }
    }

    /// C6: a refresh that news caused keeps to the window.
    mutating func checkBurst(_ index: Int, _ request: Request, _ causedByNews: Bool) throws(Violation) {
        guard request.purpose == .refresh || request.purpose == .view else { return }
        let books = screens[index]
        if causedByNews, request.purpose == .refresh, books.hasTouch {
            tally.count(.c6)
            let isQuiet = now >= books.lastTouch + books.quiet
            let hasWaited = books.lastRefresh.map { now >= $0 + books.maximumWait } ?? true
            guard isQuiet || hasWaited else {
                return try fail(
                    .c6, "screen \(index) reads at \(now) ms, \(now - books.lastTouch) ms after a signal of the same burst")
            }
        }
        screens[index].lastRefresh = now
    }

    /// The stream is open: without `resumedAfter` what came before is not told any more.
    mutating func connected(_ index: Int, _ revision: UInt32, resumedAfter: UInt32?, isStarting: Bool) {
        note(.connected, index, revision, resumedAfter ?? 0)
        // Of what was missed nothing will come: a read that hangs on the connection from before is no reason to wait.
        let hasMissed = resumedAfter == nil && revision > max(screens[index].frontier, screens[index].heard)
        screens[index].heard = max(screens[index].heard, revision)
        screens[index].isLive = true
        screens[index].hasFailed = false
        screens[index].frontier = max(screens[index].frontier, resumedAfter ?? revision)
        // What is later than the frontier the stream will tell, whoever told of it before: it was not missed.
        if !isStarting { interrupted(index, at: screens[index].frontier, whateverIsRead: hasMissed) }
    }

    mutating func gap(_ index: Int, _ revision: UInt32) {
        note(.gap, index, revision)
        let isNew = revision > max(screens[index].frontier, screens[index].heard)
        screens[index].heard = max(screens[index].heard, revision)
        screens[index].frontier = max(screens[index].frontier, revision)
        if isNew { interrupted(index, at: revision) }
    }

    private mutating func interrupted(_ index: Int, at revision: UInt32, whateverIsRead: Bool = false) {
        screens[index].staleSince = nil
        // Reads in flight may hang or be waited for: then the order is the core's to choose.
        guard whateverIsRead || screens[index].alive.isEmpty, screens[index].lacksView(at: revision), !screens[index].isHidden,
            !screens[index].hasFailed
        else { return }
        screens[index].viewFirst = revision
    }

    /// C11: after an interruption the first read is of pages in view, and none of others is sent until it is answered.
    mutating func checkViewFirst(_ index: Int, _ first: UInt32, _ last: UInt32, _ request: Request) throws(Violation) {
        let books = screens[index]
        let isInView = books.isInView(first) && books.isInView(last)
        if let revision = books.viewFirst {
            tally.count(.c11)
            screens[index].viewFirst = nil
            guard isInView || !books.lacksView(at: revision) else {
                return try fail(
                    .c11,
                    "screen \(index) reads pages \(first) to \(last) before its view (\(request.purpose)), after \(revision) was missed"
                )
            }
            if isInView { screens[index].viewRead = request.id.number }
        } else if books.viewRead != nil {
            tally.count(.c11)
            guard isInView else {
                return try fail(
                    .c11, "screen \(index) reads pages \(first) to \(last) while its view is being read (\(request.purpose))")
            }
        }
    }

    /// After all effects of a signal: what it touched out of sight is let go of (C8), and the cache is bounded.
    mutating func checkKept(_ index: Int, after touched: [UInt32]) throws(Violation) {
        let books = screens[index]
        for page in touched where !books.isVisible(page) {
            tally.count(.c8)
            guard books.heldIndex(page) == nil else {
                return try fail(.c8, "screen \(index) keeps page \(page), which was touched and is out of sight")
            }
        }
        try checkBound(index)
    }

    mutating func checkBound(_ index: Int) throws(Violation) {
        tally.count(.c8)
        guard screens[index].held.count <= screens[index].cacheLimit else {
            return try fail(
                .c8, "screen \(index) holds \(screens[index].held.count) pages, at most \(screens[index].cacheLimit)")
        }
    }

    mutating func evicted(_ index: Int, _ page: UInt32) throws(Violation) {
        note(.evicted, index, page)
        let books = screens[index]
        tally.count(.c8)
        guard !books.isInView(page) else {
            return try fail(.c8, "screen \(index) lets go of page \(page), which is in view")
        }
        if books.held.count > books.cacheLimit, let place = books.heldIndex(page) {
            let seen = books.held[place].seen
            guard books.held.allSatisfy({ $0.seen >= seen || books.isVisible($0.page) }) else {
                return try fail(.c8, "screen \(index) lets go of page \(page) before one that was seen longer ago")
            }
        }
        screens[index].held.removeAll { $0.page == page }
    }

    mutating func withdrawn(_ index: Int, _ page: UInt32) {
        note(.withdrawn, index, page)
        screens[index].drawn.removeAll { $0.page == page }
    }

    /// Whether a screen holds a page of which it is known that it equals the newest snapshot.
    func isCurrent(_ index: Int, _ page: UInt32) -> Bool {
        screens[index].heldIndex(page).map { screens[index].held[$0].equals >= truth.revision } ?? false
    }

    /// C7: nothing may be read now, whatever the person looks at.
    mutating func checkSilent(_ index: Int, reads: Int, _ what: String) throws(Violation) {
        tally.count(.c7)
        guard reads == 0 else { return try fail(.c7, "screen \(index) reads though nothing is new: \(what)") }
    }

    // MARK: Edits

    mutating func edited(_ index: Int, draft: UInt32, row: UInt32) {
        note(.edited, index, draft, row)
    }

    mutating func acknowledged(_ index: Int, draft: UInt32, row: UInt32, at revision: UInt32) {
        note(.acknowledged, index, draft, revision)
        screens[index].heard = max(screens[index].heard, revision)
        screens[index].acknowledgedRows.removeAll { $0.row == row && $0.revision <= revision }
        screens[index].acknowledgedRows.append((row, revision))
        screens[index].acknowledgedDrafts.append((draft, row, revision))
    }

    // MARK: The end

    /// C5: everything is quiet, so the screen equals the store.
    mutating func checkSettled(_ index: Int, _ frame: Screen.Frame) throws(Violation) {
        let books = screens[index]
        tally.count(.c5)
        guard frame.revision == truth.revision else {
            return try fail(.c5, "screen \(index) says \(frame.revision) once everything is quiet, which is \(truth.revision)")
        }
        let all = truth.rows(sheet: books.sheet, view: books.view, at: truth.revision)
        let pages = max(1, (all.count + books.pageSize - 1) / books.pageSize)
        for page in books.first...min(books.last, UInt32(max(pages, Int(books.first)))) {
            tally.count(.c5)
            guard frame.pages.contains(where: { $0.page == page }) else {
                return try fail(.c5, "screen \(index) does not show page \(page) once everything is quiet")
            }
        }
        try checkContent(settled: index, frame)
    }

    private mutating func checkContent(settled index: Int, _ frame: Screen.Frame) throws(Violation) {
        do throws(Violation) {
            let painted = screens[index].painted
            try self.painted(index, frame)
            screens[index].painted = max(painted, frame.revision)
        } catch {
            try fail(.c5, error.message)
        }
    }
}
