import GridModel
import Ordering

// A screen's core, and its host.
extension World {
    /// Hands an event to a screen's core and does what it asks for.
    /// - Parameter isNews: what it reads because of it is a refresh that news caused, not a person.
    mutating func feed(_ index: Int, _ event: Event, reply: ReplyMessage? = nil, isNews: Bool = false) throws(Violation) {
        let before = screens[index].held.count
        oracles.hears(index, event)
        screens[index].handle(event, at: now)
        while let effect = screens[index].nextEffect() {
            try carryOut(effect, index, reply, isNews)
        }
        try oracles.checkAfter(index, event)
        if screens[index].held.count > before { try oracles.checkBound(index) }
    }

    private mutating func carryOut(
        _ effect: Effect, _ index: Int, _ reply: ReplyMessage?, _ isNews: Bool
    ) throws(Violation) {
        switch effect {
        case .reset:
            screens[index].held = []
            screens[index].frame.pages = []
            screens[index].waiting = nil
            screens[index].hand = nil
        case .send(let request): try send(request, index, isNews)
        case .cancel(let id):
            oracles.cancelled(index, id.number)
            // A courtesy: what is still on its way to the server is not made.
            reads.removeAll { $0.screen == index && $0.request.id == id && id.number % 2 == 0 }
        case .apply(let id, let page):
            let body = reply?.pages.first { $0.page == page.rawValue }?.body
            try oracles.applied(index, id.number, page: page.rawValue, rows: body?.rows)
            if let body { screens[index].hold(page.rawValue, body) }
        case .drop(_, _, let reason): if reason == .belowMinimum || reason == .baseMissing { oracles.dropped(index) }
        case .paint(let paint): try self.paint(paint, index)
        case .advance(let revision): try advance(UInt32(revision.rawValue), index)
        case .withdraw(let page):
            oracles.withdrawn(index, page.rawValue)
            screens[index].frame.pages.removeAll { $0.page == page.rawValue }
            screens[index].waiting?.pages.removeAll { $0.page == page.rawValue }
        case .evict(let page):
            try oracles.evicted(index, page.rawValue)
            screens[index].held.removeAll { $0.page == page.rawValue }
        case .releaseDraft(let id, let reason): try release(id.rawValue, reason, index)
        case .setTimer(let at): screens[index].timer = at.milliseconds
        case .cancelTimer: screens[index].timer = nil
        case .status(let status): try oracles.says(index, status, screens[index].waiting ?? screens[index].frame)
        }
    }

    private mutating func send(_ request: Request, _ index: Int, _ isNews: Bool) throws(Violation) {
        try oracles.sent(index, request, causedByNews: isNews)
        let screen = screens[index]
        let tags = request.have.compactMap { page in
            screen.body(of: page.rawValue).map { (page: page.rawValue, tag: $0.tag) }
        }
        reads.append(
            ReadMessage(
                screen: index, request: request, sheet: screen.sheet, view: screen.view, pageSize: screen.pageSize,
                showsAll: screen.showsAll, tags: tags))
    }

    private mutating func paint(_ paint: Paint, _ index: Int) throws(Violation) {
        var frame = Screen.Frame(
            revision: UInt32(clamping: paint.revision.rawValue), totalRows: paint.totalRows, totalPages: paint.totalPages)
        for page in paint.pages {
            guard let body = screens[index].body(of: page.rawValue) else {
                throw Violation(.c3, "screen \(index) draws page \(page.rawValue), which no reply brought")
            }
            frame.pages.append((page.rawValue, body))
        }
        try oracles.painted(index, frame)
        try show(frame, index)
    }

    private mutating func advance(_ revision: UInt32, _ index: Int) throws(Violation) {
        var frame = screens[index].waiting ?? screens[index].frame
        frame.revision = revision
        try oracles.advanced(index, frame)
        if screens[index].waiting != nil { screens[index].waiting = frame } else { try show(frame, index) }
    }

    /// C10: a frame that takes the row from under the hand waits; a later one takes its place.
    private mutating func show(_ frame: Screen.Frame, _ index: Int) throws(Violation) {
        if screens[index].mustWait(frame, at: now), !control.contains(.rowsMoveUnderTheHand) {
            screens[index].waiting = frame
            return
        }
        let hand = screens[index].hand.flatMap { now < $0.until && screens[index].frame.shows($0.row) ? $0.row : nil }
        screens[index].waiting = nil
        screens[index].frame = frame
        try oracles.shown(index, frame, hand: hand)
        screens[index].releases = []
    }

    /// The hand is gone: what waited is shown.
    mutating func letGo(_ index: Int) throws(Violation) {
        screens[index].hand = nil
        if let waiting = screens[index].waiting { try show(waiting, index) }
    }

    private mutating func release(_ draft: UInt32, _ reason: ReleaseReason, _ index: Int) throws(Violation) {
        try oracles.released(index, draft: draft, reason)
        screens[index].releases.append(draft)
        screens[index].edits.removeAll { $0.draft == draft && $0.state != .sent }
    }

    // MARK: People

    mutating func open(_ index: Int) throws(Violation) {
        let screen = screens[index]
        oracles.opened(index, sheet: screen.sheet, view: screen.view, first: screen.first, last: screen.last)
        try feed(index, .open(screen.intent()))
    }

    mutating func scroll(_ index: Int, to first: UInt32, _ last: UInt32) throws(Violation) {
        try letGo(index)
        screens[index].first = first
        screens[index].last = min(last, first + screens[index].configuration.pagesInView - 1)
        oracles.moved(index, first: first, last: screens[index].last)
        try feed(index, .viewport(screens[index].viewport))
    }

    mutating func person(_ step: Step) throws(Violation) {
        let index = screen(step)
        guard !screens[index].isAway && !screens[index].isCovered || step.kind == .lid || step.kind == .tab else { return }
        switch step.kind {
        case .scroll:
            let first = 1 + step.b % 6
            try scroll(index, to: first, first + step.b / 8 % 3)
        case .open:
            screens[index].sheet = Int(step.b) % Truth.sheets
            screens[index].view = Int(step.b / 2) % Truth.views
            (screens[index].first, screens[index].last) = (1, 1 + step.b / 8 % 2)
            screens[index].hand = nil
            try open(index)
        case .view:
            // Another filter or order, looked at where the person was.
            screens[index].view = (screens[index].view + 1 + Int(step.b) % (Truth.views - 1)) % Truth.views
            screens[index].hand = nil
            try open(index)
        case .refresh: try feed(index, .refresh)
        case .edit: try edit(index, step, cells: 1)
        case .editMany: try edit(index, step, cells: 2 + Int(step.b >> 8) % 4)
        case .undo: try undo(index)
        case .discard:
            guard let edit = screens[index].edits.first else { return }
            screens[index].edits.removeFirst()
            try feed(index, .editDiscarded(DraftID(edit.draft)))
        case .tab: try cover(index)
        default: try lid(index)
        }
    }

    private mutating func edit(_ index: Int, _ step: Step, cells: Int) throws(Violation) {
        let rows = screens[index].shownRows
        guard !rows.isEmpty else { return }
        let row = rows[Int(step.b) % rows.count]
        let columns = screens[index].frame.pages[0].body.heading.columns
        let column = columns[Int(step.b / 16) % columns.count]
        var edits: [Change] = []
        for offset in 0..<cells {
            let target = rows[(Int(step.b) % rows.count + offset) % rows.count]
            edits.append(set(target, column, newToken(step.b &+ UInt32(offset))))
        }
        screens[index].hand = (row, now + 10_000)
        try ask(index, row, edits)
    }

    private mutating func ask(_ index: Int, _ row: UInt32, _ changes: [Change]) throws(Violation) {
        let draft = screens[index].nextDraft
        screens[index].nextDraft += 1
        let command = note(.person(screen: index, draft: draft), .person, changes)
        screens[index].edits.append(Screen.Edit(draft: draft, command: command, row: row))
        oracles.edited(index, draft: draft, row: row)
        try feed(index, .editSubmitted(DraftID(draft), row: RowKey(row)))
        if control.contains(.showsUnsaved) { try showUnsaved(index, changes) }
        self.changes.append(ChangeMessage(command: command))
    }

    /// The control client that paints what was typed as though it were saved.
    private mutating func showUnsaved(_ index: Int, _ changes: [Change]) throws(Violation) {
        var frame = screens[index].frame
        guard screens[index].waiting == nil else { return }
        for case .setCell(let row, let column, let value, _) in changes {
            for page in frame.pages.indices {
                let columns = frame.pages[page].body.heading.columns
                guard let place = frame.pages[page].body.rows.firstIndex(of: row.rawValue),
                    let index = columns.firstIndex(of: column.rawValue)
                else { continue }
                let token = place * columns.count + index
                frame.pages[page].body.tokens[token] = Token.of(value)
            }
        }
        screens[index].frame = frame
        try oracles.painted(index, frame)
    }

    /// Takes back the last edit that was saved, unless somebody changed the cell since.
    private mutating func undo(_ index: Int) throws(Violation) {
        guard let last = undoable[index] else { return }
        undoable[index] = nil
        let change = Change.setCell(
            row: RowID(last.row), column: ColumnID(last.column), value: last.old == 0 ? nil : Token.value(last.old),
            ifRevision: Revision(UInt64(last.revision)))
        try ask(index, last.row, [change])
    }

    /// Another tab is looked at, or this one again. Signals come all the while.
    private mutating func cover(_ index: Int) throws(Violation) {
        guard !screens[index].isAway else { return }
        screens[index].isCovered.toggle()
        oracles.hidden(index, screens[index].isCovered)
        try feed(index, screens[index].isCovered ? .hidden : .shown)
    }

    private mutating func lid(_ index: Int) throws(Violation) {
        guard !screens[index].isCovered else { return }
        screens[index].isAway.toggle()
        oracles.hidden(index, screens[index].isAway)
        if screens[index].isAway {
            try feed(index, .hidden)
            screens[index].connection = nil
            replies.removeAll { $0.read.screen == index }
            return
        }
        oracles.streamLost(index)
        try feed(index, .streamLost)
        try feed(index, .shown)
        try connect(index, resuming: true)
    }

    // MARK: Values

    mutating func newToken(_ number: UInt32) -> UInt32 {
        written += 1
        // Its leading digits are chance, so that sorting by it says nothing of when it was written.
        return number % 400 * 1_000_000 + written + 1
    }

    func set(_ row: UInt32, _ column: UInt32, _ token: UInt32) -> Change {
        .setCell(row: RowID(row), column: ColumnID(column), value: Token.value(token), ifRevision: nil)
    }

    /// Writes down what somebody asks for. Its place is its intent.
    mutating func note(_ origin: Asked.Origin, _ cause: Cause, _ changes: [Change]) -> Int {
        let command = Command(intent: Self.intent(asked.count), cause: cause, changes: changes)
        asked.append(Asked(command: command, origin: origin))
        return asked.count - 1
    }

    static func intent(_ index: Int) -> IntentID { IntentID(high: 7, low: UInt64(index)) }
}
