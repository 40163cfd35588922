import Trace

/// Tables of versions that the rules about reads, frames, commits and streams compare with.
struct VersionTables: Sendable {
    struct Known: Sendable {
        var version: TraceVersion
        var event: UInt32
        var position: Position
    }

    /// By session and key: the highest acknowledged version.
    var acknowledged = PairTable()
    /// By process and key: the highest signalled version.
    var signalled = PairTable()
    /// By view and key: the highest version shown.
    var shown = PairTable()
    /// By process and name.
    var views = PairTable()
    var viewCount = 0
    /// By intent and key: the first commit.
    var commitOfIntent = PairTable()
    /// By session and key: the commit of the latest intent.
    var latestCommit = PairTable()
    /// By process and stream: the last position. Emitted and signalled apart.
    var emitted = PairTable()
    var received = PairTable()
    var entries: [Known] = []
    /// Sessions or processes with any acknowledgement, so that frames of others cost nothing.
    var hasAcknowledgements = false
}

/// The rules about versions: A3, A4, A5, A6, A7, A8, A12, A16, A17.
extension RuleEngine {
    /// Keeps the higher of two numbered versions.
    private mutating func raise(_ table: WritableKeyPath<VersionTables, PairTable>, _ key: UInt64, _ event: Int) {
        let entry = VersionTables.Known(version: log.versions[event], event: UInt32(event), position: position)
        if let index = versions[keyPath: table][key] {
            if versions.entries[index].version.isOlder(than: entry.version) { versions.entries[index] = entry }
        } else {
            versions[keyPath: table].set(key, versions.entries.count)
            versions.entries.append(entry)
        }
    }

    func entry(_ table: PairTable, _ key: UInt64) -> VersionTables.Known? { table[key].map { versions.entries[$0] } }

    // MARK: Acknowledgements, reads, signals

    mutating func acknowledged(_ event: Int) {
        let key = log.keys[event]
        if log.versions[event].number != nil {
            versions.hasAcknowledgements = true
            raise(\.acknowledged, PairTable.key(log.sessions[event].raw, key.raw), event)
        }
        guard let index = placeByPair[PairTable.key(UInt32(log.processIndices[event]), key.raw)] else { return }
        let intent = knownIntent(log.intents[event])
        if intent < 0 || places[index].optimisticIntent == intent {
            places[index].optimisticEvent = .max
            places[index].optimisticIntent = -1
        }
    }

    mutating func signalled(_ event: Int) {
        checkPosition(event, \.received)
        guard log.versions[event].number != nil else { return }
        raise(\.signalled, PairTable.key(UInt32(log.processIndices[event]), log.keys[event].raw), event)
    }

    mutating func emitted(_ event: Int) { checkPosition(event, \.emitted) }

    /// A17.
    private mutating func checkPosition(_ event: Int, _ table: WritableKeyPath<VersionTables, PairTable>) {
        guard log.flags[event].contains(.numbered) else { return }
        let stream = PairTable.key(UInt32(log.processIndices[event]), log.slotNames[event].raw)
        let entry = VersionTables.Known(
            version: TraceVersion(number: log.numbers[event]), event: UInt32(event), position: position)
        guard let index = versions[keyPath: table][stream] else {
            versions[keyPath: table].set(stream, versions.entries.count)
            versions.entries.append(entry)
            return
        }
        let last = log.numbers[Int(versions.entries[index].event)]
        let (next, overflow) = last.addingReportingOverflow(1)
        let skips = !overflow && log.numbers[event] > next && !log.flags[event].contains(.merge)
        if log.numbers[event] < last || skips {
            report(
                .streamGap, event, other: versions.entries[index].event, key: Symbol.none,
                detail: skips
                    ? "skips from \(last) to \(log.numbers[event])" : "goes back from \(last) to \(log.numbers[event])")
        }
        if log.numbers[event] > last { versions.entries[index] = entry }
    }

    /// What a request may not answer below: remembered when it begins.
    mutating func rememberVersions(_ index: Int, _ event: Int) {
        let key = log.keys[event]
        if let signal = entry(versions.signalled, PairTable.key(UInt32(log.processIndices[event]), key.raw)) {
            requests[index].signalEvent = signal.event
        }
        if let ack = entry(versions.acknowledged, PairTable.key(log.sessions[event].raw, key.raw)) {
            requests[index].ackEvent = ack.event
        }
    }

    /// A6 and A16 of what a request brought.
    mutating func checkVersionRead(_ event: Int, request index: Int) {
        let version = log.versions[event]
        guard version.number != nil else { return }
        let request = requests[index]
        let start = Int(request.startEvent)
        guard request.startEvent != .max, log.keys[event] == log.keys[start] || log.keys[event].isNone else { return }
        let signalled = request.signalEvent == .max ? .none : log.versions[Int(request.signalEvent)]
        if version.isOlder(than: signalled) {
            report(
                .signalBeforeData, event, other: request.signalEvent, slot: request.slot, key: log.keys[start],
                request: Int32(index),
                detail: "signalled \(display(signalled)), read \(display(version))")
        }
        let acknowledged = request.ackEvent == .max ? .none : log.versions[Int(request.ackEvent)]
        if version.isOlder(than: acknowledged) {
            report(
                .readYourWrites, event, other: request.ackEvent, slot: request.slot, key: log.keys[start],
                request: Int32(index),
                detail: "acknowledged \(display(acknowledged)), read \(display(version))")
        }
    }

    mutating func wasRead(_ event: Int) {
        let index = knownRequest(log.requests[event])
        if index >= 0 {
            checkVersionRead(event, request: Int(index))
        } else if let signal = entry(
            versions.signalled, PairTable.key(UInt32(log.processIndices[event]), log.keys[event].raw)),
            log.versions[event].isOlder(than: signal.version)
        {
            report(
                .signalBeforeData, event, other: signal.event,
                detail: "signalled \(display(signal.version)), read \(display(log.versions[event]))")
        }
        taint(event)
    }

    func display(_ version: TraceVersion) -> String {
        version.number.map { "\($0)" } ?? version.text.map { log.text($0) } ?? "none"
    }

    // MARK: Commits

    mutating func committed(_ event: Int) {
        let intent = knownIntent(log.intents[event])
        let key = log.keys[event]
        let place = Int(place(key, process: log.processIndices[event]))
        _ = checkLostUpdate(event, place, intent)
        if intent >= 0 {
            checkDoubleSubmit(event, intent)
            checkServerOrder(event, intent)
        }
        feed(event)
        places[place].committed = log.versions[event]
        places[place].committedIntent = intent
        places[place].committedEvent = UInt32(event)
    }

    /// A3. Returns the finding, -1 for none.
    mutating func checkLostUpdate(_ event: Int, _ place: Int, _ intent: Int32) -> Int32 {
        let state = places[place]
        guard log.bases[event].isOlder(than: state.committed), !log.flags[event].contains(.merge),
            intent < 0 || state.committedIntent != intent
        else { return -1 }
        return report(
            .lostUpdate, event, other: state.committedEvent, severity: .durable,
            detail: "based on \(display(log.bases[event])), while \(display(state.committed)) was committed")
    }

    /// A12.
    private mutating func checkDoubleSubmit(_ event: Int, _ intent: Int32) {
        let pair = PairTable.key(UInt32(intent), log.keys[event].raw)
        guard let first = entry(versions.commitOfIntent, pair) else {
            raise(\.commitOfIntent, pair, event)
            return
        }
        guard first.version != log.versions[event] else { return }
        report(
            .doubleSubmit, event, other: first.event, slot: intents[Int(intent)].slot, severity: .durable,
            detail: "committed at \(display(first.version)) and at \(display(log.versions[event]))")
    }

    /// A7.
    private mutating func checkServerOrder(_ event: Int, _ intent: Int32) {
        let pair = PairTable.key(intents[Int(intent)].session.raw, log.keys[event].raw)
        let entry = VersionTables.Known(version: log.versions[event], event: UInt32(event), position: UInt32(intent))
        guard let index = versions.latestCommit[pair] else {
            versions.latestCommit.set(pair, versions.entries.count)
            versions.entries.append(entry)
            return
        }
        let before = Int(versions.entries[index].position)
        if isLater(before, Int(intent)), !log.flags[event].contains(.merge) {
            report(
                .serverInversion, event, other: versions.entries[index].event, slot: intents[Int(intent)].slot,
                severity: .durable)
        } else {
            versions.entries[index] = entry
        }
    }

    /// Whether intent `a` was asked for after intent `b`.
    private func isLater(_ a: Int, _ b: Int) -> Bool {
        guard a != b else { return false }
        let (one, other) = (intents[a], intents[b])
        return one.slot >= 0 && one.slot == other.slot ? one.rank > other.rank : one.position > other.position
    }

    // MARK: Frames

    mutating func rendered(_ event: Int) {
        let shown = log.shown(by: event)
        showStanding(event, shown)
        guard !shown.isEmpty else { return }
        let view = view(event)
        var window = CommitIndex.Window()
        for one in shown {
            checkShown(event, one, view)
            if commits.hasKeys { window.narrow(commits, one.key, one.version) }
        }
        if window.isEmpty {
            report(
                .tornSnapshot, event, key: window.newest, severity: .visible,
                detail: "\(log.text(window.oldest)) had been replaced before \(log.text(window.newest)) was committed")
        }
    }

    private mutating func view(_ event: Int) -> Int {
        let name = names.view.isNone ? nil : log.attributes(of: event).first { $0.name == names.view }?.value
        let pair = PairTable.key(UInt32(log.processIndices[event]), name?.raw ?? 0)
        if let index = versions.views[pair] { return index }
        versions.views.set(pair, versions.viewCount)
        versions.viewCount += 1
        return versions.viewCount - 1
    }

    private mutating func checkShown(_ event: Int, _ shown: TraceLog.Shown, _ view: Int) {
        let pair = PairTable.key(UInt32(view), shown.key.raw)
        let entry = VersionTables.Known(version: shown.version, event: UInt32(event), position: position)
        if let index = versions.shown[pair] {
            let highest = versions.entries[index]
            if shown.version.isOlder(than: highest.version) {
                report(
                    .nonMonotonicRead, event, other: highest.event, key: shown.key, severity: .visible,
                    detail: "showed \(display(highest.version)), then \(display(shown.version))")
            } else {
                versions.entries[index] = entry
            }
        } else {
            versions.shown.set(pair, versions.entries.count)
            versions.entries.append(entry)
        }
        // Who sees a key marked as unsaved sees the own change there, though not yet in the value.
        if !shown.marked, versions.hasAcknowledgements,
            let ack = self.entry(versions.acknowledged, PairTable.key(log.sessions[event].raw, shown.key.raw)),
            shown.version.isOlder(than: ack.version)
        {
            report(
                .readYourWrites, event, other: ack.event, key: shown.key, severity: .visible,
                detail: "acknowledged \(display(ack.version)), shown \(display(shown.version))")
        }
        if !shown.marked, !commits.isEmpty { checkDurable(event, shown) }
    }

    /// A4.
    private mutating func checkDurable(_ event: Int, _ shown: TraceLog.Shown) {
        guard !shown.version.isNone else { return }
        guard let commit = commits.find(shown.key, shown.version) else {
            let isAborted = commits.aborted.contains(CommitIndex.Identity(key: shown.key, version: shown.version))
            guard isAborted || !commits.isInitial(shown.key, shown.version) else { return }
            report(
                .dirtyDisplay, event, key: shown.key, severity: .visible,
                detail: "\(display(shown.version)) was \(isAborted ? "given up" : "never committed")")
            return
        }
        let process = log.processIndices[event]
        if let isKnown = known.knows(process, commit.store, commit.transaction) {
            guard !isKnown else { return }
            report(
                .dirtyDisplay, event, other: commit.event, key: shown.key, severity: .visible,
                detail: "\(display(shown.version)) was committed, but not before this frame could know")
        } else if log.shareClock(event, Int(commit.event)), log.times[Int(commit.event)] > log.times[event] {
            report(
                .dirtyDisplay, event, other: commit.event, key: shown.key, severity: .visible, confidence: .temporal,
                detail: "\(display(shown.version)) was committed later, by the clock")
        }
    }

    // MARK: How far a wrong value went

    /// Findings whose value stands in what this frame shows are visible.
    private mutating func showStanding(_ event: Int, _ shown: ArraySlice<TraceLog.Shown>) {
        let process = log.processIndices[event]
        guard !processes[Int(process)].standing.isEmpty else { return }
        if shown.isEmpty {
            for place in processes[Int(process)].standing { raise(places[Int(place)].finding, to: .visible, frame: event) }
            processes[Int(process)].standing = []
        } else {
            for one in shown {
                if let index = placeByPair[PairTable.key(UInt32(process), one.key.raw)] {
                    raise(places[index].finding, to: .visible, frame: event)
                }
            }
        }
    }

    /// A task that reads a wrong value passes it on to what it starts.
    private mutating func taint(_ event: Int) {
        let process = Int(log.processIndices[event])
        guard let index = placeByPair[PairTable.key(UInt32(process), log.keys[event].raw)], places[index].finding >= 0 else {
            return
        }
        if knownRequest(log.requests[event]) >= 0 { raise(places[index].finding, to: .durable) }
        guard !log.tasks[event].isNone else { return }
        processes[process].taintedTask = log.tasks[event]
        processes[process].taintedFinding = places[index].finding
    }

    /// An event that carries values on: a request, a commit, a derived write.
    mutating func feed(_ event: Int) {
        let process = Int(log.processIndices[event])
        let isOutward = log.kinds[event] == .start || log.kinds[event] == .commit
        if isOutward, !log.tasks[event].isNone, log.tasks[event] == processes[process].taintedTask {
            raise(processes[process].taintedFinding, to: .durable)
        }
        guard isOutward else { return }
        for key in log.from(of: event) {
            if let index = placeByPair[PairTable.key(UInt32(process), key.raw)] { raise(places[index].finding, to: .durable) }
        }
    }
}
