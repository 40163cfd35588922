extension Reconciler {
    private enum Need { case nothing, load, refresh }

    /// What a page lacks.
    private func need(_ page: PageNumber) -> Need {
        guard let held = cache[page] else { return .load }
        if held.through < frontier { return .refresh }
        if let edit = acknowledgedEdit(in: held), held.through < edit { return .refresh }
        // Up to date, and still not drawn: it does not fit what is drawn. One snapshot of all will (C4).
        return view.contains(page) && painted.version(of: page) != held.version ? .refresh : .nothing
    }

    /// Whether a page in view is to be read, now or when its turn comes.
    var lacksInView: Bool { intent != nil && view.pages.contains { need($0) != .nothing } }

    private func pages(_ range: PageRange, needing need: Need) -> [PageNumber] {
        range.pages.filter { self.need($0) == need }
    }

    /// The smallest range around those pages.
    private func hull(_ pages: [PageNumber]) -> PageRange? {
        guard let first = pages.first, let last = pages.last else { return nil }
        return PageRange(first: first, last: last)
    }

    /// Whether reads may be sent at all.
    private var mayRead: Bool {
        intent != nil && !isHidden && problem != .permanent && (retry.at.map { $0 <= clock } ?? true)
    }

    /// Decides what to read, in the order of what a person waits for.
    mutating func planReads() {
        guard mayRead else { return }
        retry.at = nil
        readOnDemand()
        readViewAfterInterruption()
        loadPagesInView()
        refreshWhenDue()
        readRestAfterInterruption()
        poll()
        fillMargin()
    }

    private mutating func readOnDemand() {
        guard isReadDemanded else { return }
        isReadDemanded = false
        burst = nil
        sendRefresh(superseding: true)
    }

    private mutating func sendRefresh(superseding: Bool) {
        if recovery.isViewFirst {
            recovery = .sent(send(view, .view, superseding: superseding))
        } else {
            send(visible, .refresh, superseding: superseding)
        }
    }

    /// C11: the page in view first.
    private mutating func readViewAfterInterruption() {
        guard case .view(let target, let superseding) = recovery else { return }
        let needing = view.pages.filter { need($0) != .nothing }
        guard !needing.isEmpty else {
            if frontier >= target { recovery = .rest }
            return
        }
        if !superseding && needing.allSatisfy(isAsked) { return }
        burst = nil
        recovery = .sent(send(view, .view, superseding: true))
    }

    /// A page in view that is not held is asked for at once: the person looks at a blank.
    private mutating func loadPagesInView() {
        guard let range = hull(pages(view, needing: .load).filter { !isAsked($0) }) else { return }
        if reads.count < configuration.readLimit {
            send(range, .load, superseding: false)
        } else {
            burst = nil
            send(visible, .refresh, superseding: true)
        }
    }

    /// The pages one refresh is for.
    private var refreshScope: PageRange { recovery.isViewFirst ? view : visible }

    /// When the refresh is to be sent: `nil` when none is wanted, or while a read that will answer it is in flight, so that
    /// any number of signals makes one read and one trailing read (C6).
    private var refreshDue: Instant? {
        guard let burst, mayRead else { return nil }
        let needing = pages(refreshScope, needing: .refresh)
        if needing.isEmpty || needing.contains(where: isAsked) { return nil }
        return burst.due(configuration)
    }

    private mutating func refreshWhenDue() {
        let needing = pages(refreshScope, needing: .refresh)
        if needing.isEmpty { return burst = nil }
        if burst == nil && !needing.contains(where: isAsked) { noteBurst() }
        guard let due = refreshDue, due <= clock else { return }
        burst = nil
        sendRefresh(superseding: false)
    }

    /// C11: then the rest of the visible range.
    private mutating func readRestAfterInterruption() {
        guard recovery == .rest else { return }
        recovery = .none
        guard let range = hull(visible.pages.filter { !view.contains($0) && need($0) != .nothing && !isAsked($0) })
        else { return }
        send(range, .rest, superseding: false)
    }

    private mutating func poll() {
        guard let at = pollAt, at <= clock else { return }
        pollAt = clock.advanced(by: configuration.pollInterval)
        if reads.isEmpty { send(visible, .poll, superseding: false) }
    }

    /// With nothing else to do, the pages next to those in view are made ready.
    private mutating func fillMargin() {
        guard reads.isEmpty, burst == nil, recovery == .none, connection != .offline else { return }
        guard view.pages.allSatisfy({ need($0) == .nothing }) else { return }
        guard let range = hull(pages(visible, needing: .load)) else { return }
        send(range, .margin, superseding: false)
    }

    /// Sends a read. It becomes the current one for its pages (C1).
    @discardableResult
    private mutating func send(_ range: PageRange, _ purpose: Purpose, superseding: Bool) -> RequestID {
        let supersedesAll = superseding || reads.count >= configuration.readLimit
        for index in reads.indices { reads[index].current.removeAll { supersedesAll || range.contains($0) } }
        cancelIdleReads()
        lastRequest &+= 1
        let id = RequestID(generation: generation, number: lastRequest)
        let held = range.pages.compactMap { cache[$0] }.map { PaintedPage(page: $0.page, version: $0.version) }
        reads.append(
            Read(
                id: id, range: range, minRevision: newest, purpose: purpose,
                deadline: clock.advanced(by: configuration.replyTimeout), current: range.pages, have: held))
        counters.reads &+= 1
        emit(
            .send(
                Request(id: id, pages: range, have: held.map { $0.page }, minRevision: newest, purpose: purpose)))
        return id
    }
}

// What the host is told about time and trust.
extension Reconciler {
    mutating func announce() {
        let status = Status(
            connection: connection, since: connectionSince ?? clock, shown: shownRevision, known: newest, problem: problem)
        if status != announcedStatus {
            announcedStatus = status
            emit(.status(status))
        }
        let next = nextDue
        guard next != announcedTimer else { return }
        announcedTimer = next
        emit(next.map { .setTimer($0) } ?? .cancelTimer)
    }

    /// The earliest instant at which something is to be done without an event from outside.
    private var nextDue: Instant? {
        var due: [Instant] = reads.map { $0.deadline }
        if let pending = catchUp { due.append(pending.due) }
        switch connection {
        case .connecting, .reconnecting:
            if let since = connectionSince { due.append(since.advanced(by: configuration.pollAfterMilliseconds)) }
        case .live, .silent, .polling, .offline: break
        }
        if intent != nil && !isHidden && problem != .permanent {
            if let at = retry.at { due.append(at) } else if let at = pollAt { due.append(at) }
            if let at = refreshDue { due.append(at) }
        }
        return due.min()
    }
}
