extension Reconciler {
    mutating func opened(_ intent: Intent) {
        for read in reads { emit(.cancel(read.id)) }
        reads.removeAll()
        generation = generation.next
        self.intent = intent
        cache.removeAll()
        painted.pages.removeAll()
        totalPages = nil
        burst = nil
        recovery = .none
        isReadDemanded = false
        forgiveFailures()
        emit(.reset(generation))
        releaseDraftsOfOlderIntents()
        viewportMoved(to: intent.viewport)
    }

    mutating func viewportMoved(to range: PageRange) {
        view = range.prefix(configuration.viewLimit)
        viewports &+= 1
        let seen = viewports
        let view = view
        cache.update { if view.contains($0.page) { $0.lastSeen = seen } }
        // A person is waiting: an old failure must not make them wait long.
        if let at = retry.at { retry.at = min(at, clock.advanced(by: configuration.retryMilliseconds)) }
        if problem == .permanent { forgiveFailures() }
        narrowReads()
        dropTouchedPagesOutOfSight()
    }

    /// Pages that left the visible range are no longer asked for (C1: the viewport is part of the intent).
    private mutating func narrowReads() {
        let visible = visible
        for index in reads.indices { reads[index].current.removeAll { !visible.contains($0) } }
        cancelIdleReads()
    }

    /// Cancels reads that answer for no page any more.
    mutating func cancelIdleReads() {
        for read in reads where read.current.isEmpty {
            emit(.cancel(read.id))
            if recovery == .sent(read.id) { recover() }
        }
        reads.removeAll { $0.current.isEmpty }
    }

    /// C8: what was touched and is out of sight is not worth holding.
    mutating func dropTouchedPagesOutOfSight() {
        let visible = visible
        for entry in cache.entries where entry.touched && !visible.contains(entry.page) { evict(entry.page) }
    }

    /// C8: least recently seen first, never one in the visible range.
    mutating func evictOverflow() {
        let visible = visible
        while cache.count > configuration.cacheLimit {
            let candidates = cache.entries.filter { !visible.contains($0.page) }
            // Ages count back from the newest viewport, so a wrapped counter does no harm.
            let oldest = candidates.max { viewports &- $0.lastSeen < viewports &- $1.lastSeen }
            guard let oldest else { return }
            evict(oldest.page)
        }
    }

    private mutating func evict(_ page: PageNumber) {
        cache[page] = nil
        emit(.evict(page))
    }

    mutating func refreshDemanded() {
        forgiveFailures()
        isReadDemanded = true
    }

    mutating func shown() {
        guard isHidden else { return }
        isHidden = false
        forgiveFailures()
        recover()
    }

    mutating func runEnded(at revision: Revision?) {
        if let revision { heard(of: revision) }
        // Without signals only a read can tell what the run did.
        if connection != .live { isReadDemanded = true }
        recover()
    }

    /// C11: from now on the pages in view come before any other.
    mutating func recover(superseding: Bool = false) {
        recovery = .view(until: newest, superseding: superseding)
    }

    mutating func forgiveFailures() {
        retry = Retry()
        problem = .none
    }
}
