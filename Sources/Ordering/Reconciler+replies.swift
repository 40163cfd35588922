extension Reconciler {
    mutating func replyArrived(_ reply: Reply) {
        guard let read = take(reply.request) else { return drop(reply.request, nil, identityLoss(of: reply.request)) }
        guard reply.revision >= read.minRevision else {
            drop(read.id, nil, .belowMinimum)
            return fail(read, .behind, retryAfter: nil)
        }
        heard(of: reply.revision)
        if connection == .offline { become(.polling) }
        totalPages = reply.totalPages
        var missing = read.current
        for (index, page) in reply.pages.enumerated() {
            if index >= Int(Bounds.pagesPerRead) || !read.range.contains(page.page) {
                drop(read.id, page.page, .unasked)
            } else if !read.current.contains(page.page) {
                drop(read.id, page.page, .superseded)
            } else if !missing.contains(page.page) {
                drop(read.id, page.page, .unasked)
            } else if accept(page, of: reply, to: read) {
                missing.removeAll { $0 == page.page }
            }
        }
        guard missing.isEmpty else { return fail(read, .temporary, retryAfter: nil) }
        forgiveFailures()
        if recovery == .sent(read.id) { recovery = .rest }
    }

    mutating func replyFailed(_ id: RequestID, _ failure: Failure, retryAfter: UInt32?) {
        guard let read = take(id) else { return counters.count(identityLoss(of: id)) }
        fail(read, failure, retryAfter: retryAfter)
        if failure == .temporary { notReached() }
    }

    /// C5: a reply that is lost must not be waited for.
    mutating func giveUpLateReads() {
        while let late = reads.first(where: { $0.deadline <= clock }) {
            reads.removeAll { $0.id == late.id }
            emit(.cancel(late.id))
            fail(late, .temporary, retryAfter: nil)
            notReached()
        }
    }

    /// Ends a read. `nil` when it is not alive: answered before, superseded, or of an older intent (C1).
    private mutating func take(_ id: RequestID) -> Read? {
        reads.firstIndex { $0.id == id }.map { reads.remove(at: $0) }
    }

    private func identityLoss(of id: RequestID) -> DropReason {
        id.generation == generation ? .superseded : .intentChanged
    }

    private mutating func drop(_ id: RequestID, _ page: PageNumber?, _ reason: DropReason) {
        counters.count(reason)
        emit(.drop(id, page, reason))
    }

    /// Takes one page of a reply in. `false` when nothing of it could be used and the page has to be asked for again.
    private mutating func accept(_ page: ReplyPage, of reply: Reply, to read: Read) -> Bool {
        let held = cache[page.page]
        if let held, reply.revision < held.from {
            drop(read.id, page.page, .older)
            return true
        }
        var entry: HeldPage
        switch page.content {
        case .unchanged:
            let named = read.have.first { $0.page == page.page }
            guard let held, named?.version == held.version else {
                drop(read.id, page.page, .baseMissing)
                return false
            }
            entry = held
            if entry.totalRows != reply.totalRows || entry.totalPages != reply.totalPages { entry.version = nextVersion() }
            // Equal now; what it was in between, after `through`, nobody said.
            if entry.through < reply.revision { entry.from = reply.revision }
            entry.through = max(entry.through, reply.revision)
            entry.touched = false
        case .rows(let rows):
            entry = HeldPage(
                page: page.page, version: nextVersion(), from: reply.revision, through: reply.revision,
                members: Members(rows), totalRows: 0, totalPages: 0, lastSeen: held?.lastSeen ?? viewports)
            emit(.apply(read.id, page.page))
        }
        entry.totalRows = reply.totalRows
        entry.totalPages = reply.totalPages
        observeSignalsInFlight(&entry)
        cache[page.page] = entry
        return true
    }

    /// C5: signals that came while the reply was on its way count for what it brought, now that its rows are known.
    private mutating func observeSignalsInFlight(_ entry: inout HeldPage) {
        for signal in log.signals where entry.observe(signal, concern: concern) { return }
    }

    private mutating func nextVersion() -> UInt32 {
        lastVersion &+= 1
        return lastVersion
    }

    private mutating func fail(_ read: Read, _ failure: Failure, retryAfter: UInt32?) {
        if recovery == .sent(read.id) { recover() }
        switch failure {
        case .permanent:
            problem = .permanent
            retry.at = nil
        case .temporary, .behind:
            // What was refused for good stays so, whatever reads that were in flight beside it come to.
            if problem == .permanent { return }
            problem = failure == .behind ? .behind : .temporary
            if retry.failures < .max { retry.failures += 1 }
            let at = clock.advanced(by: retryAfter ?? retryWait(number: read.id.number))
            // A wait that a server asked for is not cut short by another read's failure.
            retry.at = max(retry.at ?? at, at)
        }
    }

    /// A read failed, and there is no stream either.
    private mutating func notReached() {
        switch connection {
        case .connecting, .reconnecting, .polling: become(.offline)
        case .live, .silent, .offline: break
        }
    }

    /// Doubles with each failure up to the ceiling; up to a quarter more, chosen by the seed.
    private func retryWait(number: UInt32) -> UInt32 {
        let doublings = min(retry.failures, 16)
        let wait = min(
            UInt64(max(configuration.retryMilliseconds, 50)) << UInt64(doublings > 0 ? doublings - 1 : 0),
            UInt64(max(configuration.retryCeilingMilliseconds, 50)))
        var mixed = UInt64(configuration.jitterSeed) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(number)
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        return UInt32(truncatingIfNeeded: wait + (((mixed >> 32) * (wait / 4)) >> 32))
    }
}
