import Ordering

// What a page may not do by itself, and what its trust line says: C4, C5, C7 and S8.
extension Oracles {
    /// An event is about to reach a screen's core.
    mutating func hears(_ index: Int, _ event: Event) {
        let books = screens[index]
        books.sentNow = 0
        books.cause = ScreenBooks.Cause(event)
        if case .streamLost = event { books.hasStream = false }
        if case .hello = event { books.hasStream = true }
        switch books.cause {
        case .person, .connection:
            books.isRefused = false
            books.retryAt = nil
        case .failure:
            // Of a read that somebody waits for.
            guard case .replyFailed(let id, let failure, let after) = event, books.failing == id.number else { break }
            books.failing = 0
            if failure == .permanent {
                books.isRefused = true
            } else {
                books.retryAt = now + max(books.retry, UInt64(after ?? 0))
            }
        case .reply:
            // The server answers again.
            guard books.answering.wasAlive else { break }
            books.retryAt = nil
            books.isRefused = false
        case .time, .news: break
        }
    }

    /// A core asks for a read: nobody looks, or nobody may ask, or not yet.
    mutating func checkMayRead(_ index: Int, _ request: Request) throws(Violation) {
        let books = screens[index]
        books.sentNow += 1
        guard !books.isHidden else {
            return try fail(.c7, "screen \(index) reads (\(request.purpose)) though nobody looks at it")
        }
        if books.isRefused, books.cause != .person, books.cause != .connection {
            return try fail(
                .c7, "screen \(index) reads (\(request.purpose)) what was refused for good, and no person asked for it")
        }
        if let retry = books.retryAt, now < retry, books.cause == .time || books.cause == .failure, request.purpose != .poll {
            return try fail(.c5, "screen \(index) reads (\(request.purpose)) at \(now) ms, and is to wait until \(retry) ms")
        }
    }

    /// All effects of an event were carried out.
    mutating func checkAfter(_ index: Int, _ event: Event) throws(Violation) {
        let books = screens[index]
        if books.isHidden { tally.count(.c7) }
        if books.isRefused { tally.count(.c7) }
        if books.retryAt != nil, books.cause == .time || books.cause == .failure { tally.count(.c5) }
        if books.sentNow > 0 {
            tally.count(.s8)
            guard books.alive.count <= books.readsInFlight else {
                return try fail(.s8, "screen \(index) waits for \(books.alive.count) reads, at most \(books.readsInFlight)")
            }
        }
        if case .refresh = event, !books.isHidden {
            tally.count(.c5)
            guard books.sentNow > 0 else { return try fail(.c5, "screen \(index) reads nothing though a person asks for it") }
        }
    }

    /// The trust line: what is drawn in view is what the snapshot it names holds, and nothing is said to have been heard of that is not there.
    mutating func says(_ index: Int, _ status: Status, _ frame: Screen.Frame) throws(Violation) {
        let books = screens[index]
        books.status = status
        let (shown, known) = (UInt32(clamping: status.shown.rawValue), UInt32(clamping: status.known.rawValue))
        tally.count(.c5)
        guard known <= truth.revision, known >= books.frontier, shown <= known else {
            return try fail(
                .c5,
                "screen \(index) says that it shows \(shown) of \(known); it heard of \(books.frontier), of \(truth.revision)")
        }
        guard status.connection != .live || books.hasStream else {
            return try fail(.c5, "screen \(index) says that it is live, and its stream is lost")
        }
        guard shown > 0 else { return }
        tally.count(.c4)
        let all = truth.rows(sheet: books.sheet, view: books.view, at: shown)
        for (page, body) in frame.pages where books.isInView(page) {
            let from = min(Int(page - 1) * books.pageSize, all.count)
            guard body.rows.elementsEqual(all[from..<min(from + books.pageSize, all.count)]), isCommitted(body, shown) else {
                return try fail(.c4, "screen \(index) says that it shows \(shown), and page \(page) is not so")
            }
        }
    }

    /// At the end the trust line says that everything is shown, and live.
    mutating func checkTrust(_ index: Int) throws(Violation) {
        guard let status = screens[index].status else { return }
        tally.count(.c5)
        let newest = UInt64(truth.revision)
        guard status.shown.rawValue == newest, status.known.rawValue == newest, status.connection == .live,
            status.problem != .permanent
        else {
            return try fail(
                .c5,
                "screen \(index) says at the end that it shows \(status.shown) of \(status.known) of \(newest), \(status.connection), \(status.problem)"
            )
        }
    }
}

extension ScreenBooks {
    /// Why a core does something.
    enum Cause: Sendable {
        case person, connection, news, reply, failure, time

        init(_ event: Event) {
            switch event {
            case .open, .viewport, .refresh, .shown, .hidden, .editSubmitted, .editDiscarded: self = .person
            case .hello, .streamLost, .heartbeatLate, .gap: self = .connection
            case .signal, .heartbeat, .runEnded, .editAcknowledged, .editRefused: self = .news
            case .replyArrived: self = .reply
            case .replyFailed: self = .failure
            case .timer: self = .time
            }
        }
    }
}
