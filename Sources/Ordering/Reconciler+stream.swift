extension Reconciler {
    mutating func streamOpened(at revision: Revision, resumedAfter: Revision?) {
        // At the very start the first reads are on their way, over a network that just worked: they are worth waiting for.
        let isStarting = connection == .connecting && !reads.isEmpty
        become(.live)
        forgiveFailures()
        heard(of: revision)
        // Signals from before the connection will not come. Pages that end before the frontier are read again, in view first.
        let position = resumedAfter ?? revision
        if !isStarting && newest > frontier { recover(superseding: true) }
        // What an acknowledgement or a reply told of meanwhile is no news, and the view is behind all the same.
        if !isStarting && recovery == .none && lacksInView { recover() }
        frontier = max(frontier, position)
    }

    mutating func signalArrived(_ signal: Signal) {
        guard signal.revision > .zero, signal.from <= signal.revision else { return counters.ignored &+= 1 }
        streamHeard()
        guard signal.revision > frontier else { return counters.duplicateSignals &+= 1 }
        if signal.from > frontier.next {
            counters.holes &+= 1
            recover()
        }
        heard(of: signal.revision)
        frontier = signal.revision
        if !reads.isEmpty { log.append(signal) }
        let concern = concern
        cache.update { _ = $0.observe(signal, concern: concern) }
        dropTouchedPagesOutOfSight()
        if visibleEntries.contains(where: { $0.through < frontier }) { noteBurst() }
    }

    mutating func signalsLost(upTo revision: Revision) {
        become(.live)
        forgiveFailures()
        heard(of: revision)
        frontier = max(frontier, revision)
        recover()
    }

    mutating func streamHeard() {
        if connection == .silent { become(.live) }
    }

    mutating func streamLost() {
        switch connection {
        case .connecting, .live, .silent: become(.reconnecting)
        case .reconnecting, .polling, .offline: break
        }
    }

    mutating func become(_ next: Connection) {
        guard connection != next else { return }
        connection = next
        connectionSince = clock
        switch next {
        case .silent, .polling: pollAt = clock
        case .live, .connecting, .reconnecting, .offline: pollAt = nil
        }
    }

    /// The connection's own timers.
    mutating func connectionTimers() {
        switch connection {
        case .connecting, .reconnecting:
            if let since = connectionSince, clock >= since.advanced(by: configuration.pollAfterMilliseconds) {
                become(.polling)
            }
        case .offline:
            // Nothing else would ever find out that the network is back.
            if retry.at.map({ $0 <= clock }) ?? reads.isEmpty { isReadDemanded = true }
        case .live, .silent, .polling: break
        }
    }

    /// A revision that is durable, whoever said so. Every later read asks for at least this (C2, C5, C9).
    mutating func heard(of revision: Revision) {
        newest = max(newest, revision)
    }

    /// Brings the frontier up to what replies and acknowledgements said. While signals flow they are given a moment to come
    /// by themselves, for they say what is untouched; otherwise what is held counts as out of date at once.
    mutating func catchUpWithReplies() {
        guard newest > frontier else { return catchUp = nil }
        switch connection {
        case .live:
            if let pending = catchUp, frontier < pending.target {
                guard clock >= pending.due else { return }
                frontier = newest
                catchUp = nil
                noteBurst()
            } else {
                catchUp = CatchUp(target: newest, due: clock.advanced(by: configuration.catchUpMilliseconds))
            }
        case .connecting, .silent, .reconnecting, .polling, .offline:
            frontier = newest
            catchUp = nil
        }
    }

    /// Held pages of the visible range.
    var visibleEntries: [HeldPage] {
        let visible = visible
        return cache.entries.filter { visible.contains($0.page) }
    }

    mutating func noteBurst() {
        if burst == nil {
            burst = Burst(first: clock, last: clock)
        } else {
            burst?.last = clock
        }
    }
}
