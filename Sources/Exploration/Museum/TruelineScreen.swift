import Ordering
import Trace

/// Trueline's screen in a piece: the real Ordering core, with the host that its specification asks for. Drafts lie over what is drawn until the
/// core releases them; what the stream carries is only where to look.
struct TruelineScreen: MuseumClient {
    private struct Content {
        var reply: MuseumReadReply
        /// The view that it was read for: a page is drawn as what it was asked as.
        var view: MuseumPiece.View
        var cells: [String: MuseumStored]
    }

    private struct Asked {
        var request: Request
        var view: MuseumPiece.View
        var pages: [[String]]
        /// A reply may come all the same; the core is to see it.
        var isCancelled = false
    }

    private struct Draft {
        var id: DraftID
        var edit: MuseumStep.Edit
        var intent: Int64
        var value: String?
        /// Waits for the change of the same cell that was asked for before it (G4).
        var isWaiting = false
        var isAcknowledged = false
    }

    private var core: Reconciler
    private let pageSize: Int
    private let rowKeys: [String: RowKey]
    private let columnKeys: [String: ColumnKey]
    private let allCells: [String]
    private var view: MuseumPiece.View?
    private var intent: Int64 = 0
    /// The next read is one that the person asked for.
    private var isAskedFor = false
    private var frontier: Int64 = 0
    private var ids: [RequestID: String] = [:]
    private var requests: [String: Asked] = [:]
    private var arrived: [RequestID: [PageNumber: Content]] = [:]
    private var held: [PageNumber: Content] = [:]
    private var drawn: [PageNumber: Content] = [:]
    private var drafts: [Draft] = []
    private var typed: [String: String] = [:]
    private var isOnScreen = false
    private var changes = 0
    private var now: UInt64 = 0
    private(set) var timer: UInt64?
    private var effects: [MuseumClientEffect] = []

    init(_ piece: MuseumPiece) {
        core = Reconciler(configuration: Configuration())
        allCells = MuseumNames.all(of: piece)
        var rows: [String: RowKey] = [:]
        var columns: [String: ColumnKey] = [:]
        for cell in allCells {
            let (row, column) = MuseumNames.split(cell)
            if rows[row] == nil { rows[row] = RowKey(UInt32(rows.count + 1)) }
            if columns[column] == nil { columns[column] = ColumnKey(UInt32(columns.count + 1)) }
        }
        rowKeys = rows
        columnKeys = columns
        pageSize = Int(piece.pageSize ?? 1_000)
    }

    mutating func nextEffect() -> MuseumClientEffect? { effects.isEmpty ? nil : effects.removeFirst() }

    var isPending: Bool { requests.values.contains { !$0.isCancelled } || drafts.contains { !$0.isAcknowledged } }

    mutating func handle(_ event: MuseumClientEvent, at milliseconds: UInt64) {
        now = milliseconds
        switch event {
        case .opened(let view, let intent): open(view, intent)
        case .refresh(let intent):
            self.intent = intent
            isAskedFor = true
            tell(.refresh)
        case .edited(let edit, let intent): edited(edit, intent)
        case .typed(let place, let value): typed[place] = value
        case .left:
            isOnScreen = false
            tell(.hidden)
        case .cameBack:
            isOnScreen = true
            tell(.shown)
        case .readArrived(let reply): readArrived(reply)
        case .readFailed(let id):
            guard let asked = requests.removeValue(forKey: id) else { return }
            tell(.replyFailed(asked.request.id, .temporary, retryAfterMilliseconds: nil))
        case .changeArrived(let change, let reply): changeArrived(change, reply)
        // The same intent again until the server answers (S5).
        case .changeFailed(let change): effects.append(.change(change))
        case .signal(let signal): heard(signal)
        case .connected(let revision, let resumedAfter):
            frontier = max(frontier, resumedAfter ?? revision)
            tell(.hello(Revision(clamping: revision), resumedAfter: resumedAfter.map { Revision(clamping: $0) }))
        case .disconnected: tell(.streamLost)
        case .timer:
            timer = nil
            tell(.timer)
        }
    }

    // MARK: The person

    private mutating func open(_ view: MuseumPiece.View, _ intent: Int64) {
        self.view = view
        self.intent = intent
        isAskedFor = true
        isOnScreen = true
        let pages = PageRange(first: PageNumber(1), last: PageNumber(UInt32(pageRows.count)))
        tell(
            .open(
                Intent(
                    sheet: 1, view: UInt32(truncatingIfNeeded: intent), pageSize: UInt32(pageSize), sensitive: .these([]),
                    viewport: pages)))
    }

    /// The rows of the view, page by page.
    private var pageRows: [[String]] {
        var rows: [String] = []
        for place in view?.places ?? [] where !rows.contains(MuseumNames.row(place.cell)) {
            rows.append(MuseumNames.row(place.cell))
        }
        guard !rows.isEmpty else { return [[]] }
        return stride(from: 0, to: rows.count, by: pageSize).map { Array(rows[$0..<min($0 + pageSize, rows.count)]) }
    }

    private mutating func edited(_ edit: MuseumStep.Edit, _ intent: Int64) {
        let isBehind = drafts.contains { $0.edit.cell == edit.cell && !$0.isAcknowledged }
        var draft = Draft(id: DraftID(UInt32(truncatingIfNeeded: intent)), edit: edit, intent: intent, value: edit.value)
        draft.isWaiting = isBehind
        drafts.append(draft)
        tell(.editSubmitted(draft.id, row: rowKeys[MuseumNames.row(edit.cell)] ?? RowKey(0)))
        if !isBehind { submit(intent) }
    }

    /// One change of a cell is on its way at a time, in the order of asking (G4). What is computed from a value names the revision it was
    /// computed from.
    private mutating func submit(_ intent: Int64, from newer: MuseumStored? = nil) {
        guard let index = drafts.firstIndex(where: { $0.intent == intent }) else { return }
        drafts[index].isWaiting = false
        let edit = drafts[index].edit
        var part = MuseumChange.Part(cell: edit.cell, value: edit.value)
        if let add = edit.add {
            let standing = newer ?? committed(edit.cell)
            part.value = String((standing?.value.flatMap { Int64($0) } ?? 0) + add)
            part.base = standing?.version ?? 0
        }
        drafts[index].value = part.value
        changes += 1
        effects.append(
            .change(
                MuseumChange(
                    id: "c\(changes)", intent: intent, parts: [part], seen: frontier, isGuarded: edit.add != nil,
                    isRefused: edit.isRefused)))
    }

    private func committed(_ cell: String) -> MuseumStored? {
        drawn.values.lazy.compactMap { $0.cells[cell] }.max { $0.version < $1.version }
    }

    private mutating func changeArrived(_ change: MuseumChange, _ reply: MuseumChangeReply) {
        guard let index = drafts.firstIndex(where: { $0.intent == change.intent }) else { return }
        let draft = drafts[index]
        switch reply {
        case .committed(let revision, let rows):
            drafts[index].isAcknowledged = true
            var event = TraceEvent(.ack)
            event.key = draft.edit.cell
            event.version = .number(revision)
            event.intent = "i\(change.intent)"
            effects.append(.note(event))
            tell(.editAcknowledged(draft.id, Revision(clamping: revision)))
            submitNext(draft.edit.cell, rows[draft.edit.cell])
        case .conflict(_, let rows): submit(change.intent, from: rows[draft.edit.cell])
        case .refused:
            // The draft stays with the person in the page; here the person gives it up at once.
            tell(.editRefused(draft.id))
            tell(.editDiscarded(draft.id))
            submitNext(draft.edit.cell, nil)
        }
    }

    private mutating func submitNext(_ cell: String, _ newer: MuseumStored?) {
        guard let next = drafts.first(where: { $0.edit.cell == cell && $0.isWaiting }) else { return }
        submit(next.intent, from: newer)
    }

    // MARK: The network

    private mutating func readArrived(_ reply: MuseumReadReply) {
        guard let asked = requests.removeValue(forKey: reply.read.id) else { return }
        let request = asked.request
        let all = asked.pages
        var pages: [ReplyPage] = []
        for number in request.pages.first.rawValue...request.pages.last.rawValue where Int(number) <= all.count {
            let page = PageNumber(number)
            let rows = all[Int(number) - 1]
            let cells = reply.cells.filter { rows.contains(MuseumNames.row($0.key)) }
            arrived[request.id, default: [:]][page] = Content(
                reply: reply, view: asked.view, cells: cells)
            let present = rows.filter { row in cells.keys.contains { MuseumNames.row($0) == row } }
            pages.append(ReplyPage(page: page, content: .rows(present.compactMap { rowKeys[$0] })))
        }
        tell(
            .replyArrived(
                Reply(
                    request: request.id, revision: Revision(clamping: reply.revision), totalRows: UInt32(all.joined().count),
                    totalPages: UInt32(all.count), pages: pages)))
    }

    private mutating func heard(_ signal: MuseumSignal) {
        let rows = Set(signal.cells.compactMap { rowKeys[MuseumNames.row($0.name)] }).sorted()
        let columns = Set(signal.cells.compactMap { columnKeys[MuseumNames.split($0.name).column] }).sorted()
        if signal.revision == frontier + 1 { frontier = signal.revision }
        tell(
            .signal(
                Signal(
                    from: Revision(clamping: signal.revision), revision: Revision(clamping: signal.revision),
                    rows: .ranges(rows.map { RowRange(first: $0, last: $0) }), columns: .these(columns), order: signal.order)))
    }

    // MARK: The core

    private mutating func tell(_ event: Event) {
        core.handle(event, at: Instant(milliseconds: now))
        while let effect = core.nextEffect() { carryOut(effect) }
    }

    private mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .reset:
            arrived = [:]
            held = [:]
            drawn = [:]
        case .send(let request): send(request)
        case .cancel(let id):
            guard let name = ids[id] else { return }
            requests[name]?.isCancelled = true
            effects.append(.cancel(name))
        case .apply(let id, let page): held[page] = arrived[id]?[page]
        case .drop(let id, let page, _):
            if let page { arrived[id]?[page] = nil } else { arrived[id] = nil }
        case .paint(let paint): draw(paint)
        case .withdraw(let page): drawn[page] = nil
        case .evict(let page): held[page] = nil
        case .releaseDraft(let id, _): drafts.removeAll { $0.id == id }
        case .setTimer(let instant): timer = instant.milliseconds
        case .cancelTimer: timer = nil
        case .advance, .status: break
        }
    }

    private mutating func send(_ request: Request) {
        let name = "r\(ids.count + 1)"
        ids[request.id] = name
        let all = pageRows
        if let view { requests[name] = Asked(request: request, view: view, pages: all) }
        let rows = (request.pages.first.rawValue...request.pages.last.rawValue)
            .filter { Int($0) <= all.count }.flatMap { all[Int($0) - 1] }
        let wanted = Set(rows)
        let cells = allCells.filter { wanted.contains(MuseumNames.row($0)) }
        let isForPerson = isAskedFor || request.purpose == .load
        isAskedFor = false
        effects.append(
            .read(
                MuseumRead(
                    id: name, view: view?.name ?? "", cells: cells, intent: isForPerson ? intent : nil,
                    minRevision: Int64(clamping: request.minRevision.rawValue))))
    }

    private mutating func draw(_ paint: Paint) {
        let old = drawnPlaces
        drawn = [:]
        for page in paint.pages { drawn[page] = held[page] }
        for (place, content) in drawnPlaces.sorted(by: { $0.key < $1.key }) where old[place]?.stored != content.stored {
            var event = TraceEvent(.write)
            event.key = place
            event.request = content.reply.read.id
            event.value = content.stored.value.map { MuseumRecord.json($0) }
            event.version = .number(content.stored.version)
            event.arguments = MuseumRecord.json(view?.name ?? "")
            event.flags = .guarded
            event.attributes = [TraceEvent.Attribute(name: "guard", value: "\"G3\"")]
            effects.append(.note(event))
        }
    }

    private typealias Drawn = (cell: String, stored: MuseumStored, reply: MuseumReadReply)

    private var drawnPlaces: [String: Drawn] {
        var places: [String: Drawn] = [:]
        for content in drawn.values {
            for place in content.view.places {
                if let stored = content.cells[place.cell] { places[place.name] = (place.cell, stored, content.reply) }
            }
        }
        return places
    }

    var screen: [String: MuseumShown] {
        guard isOnScreen, let view else { return [:] }
        var screen: [String: MuseumShown] = [:]
        for (place, drawn) in drawnPlaces {
            screen[place] = MuseumShown(
                cell: drawn.cell, value: drawn.stored.value, version: drawn.stored.version, isMarked: false,
                rank: drawn.reply.rank, askedAt: drawn.reply.askedAt)
        }
        if let sum = view.sum, view.terms.allSatisfy({ screen[$0] != nil }) {
            let total = view.terms.reduce(Int64(0)) { $0 + (screen[$1]?.value.flatMap { Int64($0) } ?? 0) }
            screen[sum] = MuseumShown(cell: sum, value: String(total), version: nil, isMarked: false, rank: intent)
        }
        for draft in drafts {
            let shown = MuseumShown(
                cell: draft.edit.cell, value: draft.value, version: nil, isMarked: true, rank: draft.intent)
            if let place = view.places.first(where: { $0.cell == draft.edit.cell }) { screen[place.name] = shown }
        }
        for (place, value) in typed {
            screen[place] = MuseumShown(cell: view.cell(at: place) ?? place, value: value, version: nil, isMarked: true)
        }
        return screen.filter { $0.value.value != nil }
    }
}

extension Revision {
    /// Script numbers are small and never below 0.
    fileprivate init(clamping number: Int64) { self.init(UInt64(clamping: number)) }
}
