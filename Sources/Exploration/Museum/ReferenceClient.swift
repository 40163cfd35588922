import Trace

/// The two clients that a piece is tried on before Trueline: what an application without an ordering rule does.
///
/// *Last response wins* keeps what is shown by place and overwrites it with whatever arrives, in the order of arrival; a stream event makes
/// it read again. *Patch the cache* keeps cells by name, writes into them what responses and stream events carry, and takes a read that is
/// on its way for an answer to a later wish to read. Both show an edit at once, and put back what was there when it fails.
struct ReferenceClient: MuseumClient {
    private struct Entry {
        var shown: MuseumShown
        /// The edit that wrote it and is not answered yet.
        var pendingIntent: Int64?
    }

    private let isPatching: Bool
    private let sendsWholeRows: Bool
    private var view: MuseumPiece.View?
    private var rank: Int64 = 0
    /// By place, or by cell in a client that patches.
    private var entries: [String: Entry] = [:]
    /// The reads on their way, and the places that each was asked for.
    private var reads: [String: [MuseumPiece.View.Place]] = [:]
    /// What a change wrote over, by the key it wrote to.
    private var before: [Int64: [String: MuseumShown?]] = [:]
    /// Where a change will write its answer: by cell the key, taken when it was asked for.
    private var targets: [Int64: [String: String]] = [:]
    private var changes = 0
    private var requests = 0
    private var attempts: [Int64: Int] = [:]
    private var unanswered: Set<Int64> = []
    private var isOnScreen = false
    private var seen: Int64 = 0
    private var effects: [MuseumClientEffect] = []

    init(_ kind: MuseumClientKind, _ piece: MuseumPiece) {
        isPatching = kind == .patch
        sendsWholeRows = piece.defects.contains(.sendsWholeRows)
    }

    mutating func nextEffect() -> MuseumClientEffect? { effects.isEmpty ? nil : effects.removeFirst() }

    var timer: UInt64? { nil }
    var isPending: Bool { !reads.isEmpty || !unanswered.isEmpty }

    mutating func handle(_ event: MuseumClientEvent, at milliseconds: UInt64) {
        switch event {
        case .opened(let view, let intent):
            self.view = view
            rank = intent
            isOnScreen = true
            for key in entries.keys { entries[key]?.shown.isMarked = true }
            send(intent)
        case .refresh(let intent):
            rank = intent
            wantRead(intent)
        case .edited(let edit, let intent): edited(edit, intent)
        case .typed(let place, let value):
            let key = key(of: place)
            entries[key] = Entry(shown: MuseumShown(cell: cell(at: place), value: value, version: nil, isMarked: true))
            write(key, value, .user, intent: nil)
        case .left: isOnScreen = false
        case .cameBack: isOnScreen = true
        case .readArrived(let reply): arrived(reply)
        case .readFailed(let id): reads[id] = nil
        case .changeArrived(let change, let reply): answered(change, reply)
        case .changeFailed(let change): failed(change)
        case .signal(let signal): heard(signal)
        case .connected, .disconnected, .timer: break
        }
    }

    // MARK: Reading

    /// A client that patches takes a read on its way for the answer.
    private mutating func wantRead(_ intent: Int64?) {
        if isPatching, !reads.isEmpty { return }
        send(intent)
    }

    private mutating func send(_ intent: Int64?) {
        guard let view else { return }
        let all = view.places.map(\.cell)
        for cells in view.inParts ? all.map({ [$0] }) : [all] {
            requests += 1
            let read = MuseumRead(id: "r\(requests)", view: view.name, cells: cells, intent: intent)
            reads[read.id] = view.places.filter { cells.contains($0.cell) }
            effects.append(.read(read))
        }
    }

    /// A client that shows by place keeps what it got at the places it was asked for, whatever was asked since.
    private mutating func arrived(_ reply: MuseumReadReply) {
        guard let places = reads.removeValue(forKey: reply.read.id) else { return }
        seen = isPatching ? max(seen, reply.revision) : reply.revision
        for place in places {
            let stored = reply.cells[place.cell]
            let shown = MuseumShown(
                cell: place.cell, value: stored?.value, version: stored?.version ?? reply.revision, isMarked: false,
                rank: reply.rank, askedAt: reply.askedAt)
            put(shown, at: isPatching ? place.cell : place.name, request: reply.read.id)
        }
        derive(request: reply.read.id)
    }

    private mutating func heard(_ signal: MuseumSignal) {
        seen = isPatching ? max(seen, signal.revision) : seen
        guard isPatching else { return wantRead(nil) }
        for cell in signal.cells {
            let shown = MuseumShown(cell: cell.name, value: cell.value, version: signal.revision, isMarked: false)
            put(shown, at: cell.name, request: nil)
        }
        derive(request: nil)
    }

    // MARK: Changing

    private mutating func edited(_ edit: MuseumStep.Edit, _ intent: Int64) {
        rank = max(rank, intent)
        let key = isPatching ? edit.cell : place(of: edit.cell)
        let standing = entries[key]?.shown
        var value = edit.value
        if let add = edit.add { value = String((standing?.value.flatMap { Int64($0) } ?? 0) + add) }
        before[intent] = [key: standing]
        targets[intent] = [edit.cell: key]
        unanswered.insert(intent)
        if !edit.waits {
            let shown = MuseumShown(cell: edit.cell, value: value, version: nil, isMarked: !edit.asSaved, rank: intent)
            entries[key] = Entry(shown: shown, pendingIntent: intent)
            write(key, value, .optimistic, intent: intent)
            derive(request: nil)
        }
        changes += 1
        var parts = [MuseumChange.Part(cell: edit.cell, value: value, base: edit.add == nil ? nil : standing?.version)]
        if sendsWholeRows { parts += restOfRow(edit.cell) }
        effects.append(
            .change(MuseumChange(id: "c\(changes)", intent: intent, parts: parts, seen: seen, isRefused: edit.isRefused)))
    }

    private func restOfRow(_ cell: String) -> [MuseumChange.Part] {
        let row = MuseumNames.row(cell)
        return entries.values.map(\.shown).filter { $0.cell != cell && MuseumNames.row($0.cell) == row }
            .sorted { $0.cell < $1.cell }
            .map { MuseumChange.Part(cell: $0.cell, value: $0.value, base: $0.version) }
    }

    private mutating func answered(_ change: MuseumChange, _ reply: MuseumChangeReply) {
        unanswered.remove(change.intent)
        switch reply {
        case .committed(let revision, let rows):
            for part in change.parts.prefix(1) {
                var event = TraceEvent(.ack)
                event.key = part.cell
                event.version = .number(revision)
                event.intent = "i\(change.intent)"
                effects.append(.note(event))
            }
            if !isPatching { seen = revision }
            apply(change, revision, rows)
            derive(request: change.id)
        case .conflict, .refused: restore(change)
        }
    }

    private mutating func apply(_ change: MuseumChange, _ revision: Int64, _ rows: [String: MuseumStored]) {
        let written = Set(change.parts.prefix(1).map(\.cell))
        for (cell, stored) in rows.sorted(by: { $0.key < $1.key }) where !isPatching || written.contains(cell) {
            let key = targets[change.intent]?[cell] ?? (isPatching ? cell : place(of: cell))
            let shown = MuseumShown(
                cell: cell, value: stored.value, version: stored.version, isMarked: false, rank: change.intent)
            put(shown, at: key, request: change.id)
        }
        for cell in written where rows[cell] == nil {
            let key = targets[change.intent]?[cell] ?? cell
            put(
                MuseumShown(cell: cell, value: nil, version: revision, isMarked: false, rank: change.intent), at: key,
                request: change.id)
        }
    }

    /// The connection broke: the same again, once.
    private mutating func failed(_ change: MuseumChange) {
        attempts[change.intent, default: 0] += 1
        guard attempts[change.intent] == 1 else {
            unanswered.remove(change.intent)
            return restore(change)
        }
        changes += 1
        var again = change
        again.id = "c\(changes)"
        effects.append(.change(again))
    }

    private mutating func restore(_ change: MuseumChange) {
        for (key, standing) in before[change.intent] ?? [:] {
            var shown = standing ?? MuseumShown(cell: key, value: nil, version: nil, isMarked: false)
            shown.isRestored = true
            shown.isMarked = false
            entries[key] = Entry(shown: shown)
            write(key, shown.value, .rollback, intent: change.intent)
        }
        derive(request: nil)
    }

    // MARK: The cache

    private mutating func put(_ shown: MuseumShown, at key: String, request: String?) {
        let isGone = shown.value == nil
        guard !isGone || entries[key] != nil else { return }
        entries[key] = isGone && entries[key]?.shown.value == nil ? entries[key] : Entry(shown: shown)
        var event = TraceEvent(isGone ? .delete : .write)
        event.key = key
        event.request = request ?? ""
        event.value = shown.value.map { MuseumRecord.json($0) }
        event.version = shown.version.map { .number($0) }
        // A cache by name is bound to no question.
        if !isPatching { event.arguments = MuseumRecord.json(view?.name ?? "") }
        effects.append(.note(event))
    }

    private mutating func write(_ key: String, _ value: String?, _ flags: EventFlags, intent: Int64?) {
        var event = TraceEvent(value == nil ? .delete : .write)
        event.key = key
        event.intent = intent.map { "i\($0)" } ?? ""
        event.value = value.map { MuseumRecord.json($0) }
        event.flags = flags
        effects.append(.note(event))
    }

    /// The sum is computed whenever one of its terms may have changed, from whatever they are then.
    private mutating func derive(request: String?) {
        guard let view, let place = view.sum else { return }
        let terms = view.terms.map { entries[key(of: $0)]?.shown.value.flatMap { Int64($0) } ?? 0 }
        let value = String(terms.reduce(0, +))
        guard entries[place]?.shown.value != value || entries[place]?.shown.isMarked == true else { return }
        entries[place] = Entry(shown: MuseumShown(cell: place, value: value, version: nil, isMarked: false, rank: rank))
        var event = TraceEvent(.write)
        event.key = place
        event.value = value
        event.request = request ?? ""
        event.from = view.terms.map { key(of: $0) }
        event.flags = .derived
        effects.append(.note(event))
    }

    private func key(of place: String) -> String { isPatching ? cell(at: place) : place }
    private func cell(at place: String) -> String { view?.cell(at: place) ?? place }
    private func place(of cell: String) -> String { view?.places.first { $0.cell == cell }?.name ?? cell }

    var screen: [String: MuseumShown] {
        guard isOnScreen, let view else { return [:] }
        var screen: [String: MuseumShown] = [:]
        for place in view.places { screen[place.name] = entries[key(of: place.name)]?.shown }
        if let sum = view.sum { screen[sum] = entries[sum]?.shown }
        return screen.filter { $0.value.value != nil }
    }
}
