import Ordering

/// A world so small that every order of everything in it can be gone through: two pages of two rows, two screens with one of them in view
/// each, three commits and one person's edit. Nothing is lost and nothing comes twice, but everything may overtake everything, signals of
/// one screen aside, which come in order. A value: each order is a branch of the one before.
package struct SmallWorld: Hashable, Sendable {
    /// What can happen next.
    package enum Action: Hashable, Sendable {
        case commit
        case commitEdit
        case acknowledge
        case signal(Int)
        case serve(Int, Int)
        case deliver(Int, Int)
        case timer(Int)
    }

    /// What a commit does. The edit is the person's at the first screen.
    private enum Commit: UInt8, Hashable, Sendable { case first, second, swap, edit }

    private struct Page: Hashable, Sendable {
        var rows: [UInt32]
        /// The revision of each row's last change.
        var changed: [UInt32]
    }

    private struct Client: Hashable, Sendable {
        var core: Reconciler
        var held: Page?
        var drawn: Page?
        var painted: UInt32 = 0
        var signals = 0
        var reads: [Request] = []
        var replies: [Reply] = []
        var bodies: [Page] = []
        var timer: UInt64?
        var acknowledged: UInt32?
    }

    /// Commits there are at most, the edit aside.
    package static let mostCommits = 3
    private static let allCommits: [Commit] = [.swap, .first, .second]

    private let commits: Int
    private var log: [Commit] = []
    private var isEditCommitted = false
    private var editRevision: UInt32?
    private var isAcknowledged = false
    private var now: UInt64 = 0
    private var clients: [Client]

    /// Both screens are open and connected; the person's edit of row 2 is on its way.
    package init(commits: Int = SmallWorld.mostCommits) throws(Violation) {
        self.commits = min(commits, Self.mostCommits)
        clients = (0..<2).map { number in
            var configuration = Configuration()
            configuration.marginPages = 0
            configuration.pagesInView = 1
            configuration.cachedPages = 1
            configuration.jitterSeed = UInt32(number)
            // No window: a burst's timers would only multiply the worlds by when they fire. C6 is not looked at here.
            configuration.quietMilliseconds = 0
            configuration.maximumWaitMilliseconds = 0
            return Client(core: Reconciler(configuration: configuration))
        }
        for index in 0..<2 {
            let page = PageNumber(UInt32(index + 1))
            let intent = Intent(
                sheet: 1, view: 0, pageSize: 2, sensitive: .these([]), viewport: PageRange(first: page, last: page))
            try feed(index, .open(intent))
            try feed(index, .hello(.zero, resumedAfter: nil))
        }
        try feed(0, .editSubmitted(DraftID(1), row: RowKey(2)))
    }

    /// Everything that can happen now, in a fixed order.
    package var actions: [Action] {
        var actions: [Action] = []
        if log.count - (isEditCommitted ? 1 : 0) < commits { actions.append(.commit) }
        if !isEditCommitted { actions.append(.commitEdit) } else if !isAcknowledged { actions.append(.acknowledge) }
        for (index, client) in clients.enumerated() {
            if client.signals < log.count { actions.append(.signal(index)) }
            for place in client.reads.indices { actions.append(.serve(index, place)) }
            for place in client.replies.indices { actions.append(.deliver(index, place)) }
            // A read in flight is not waited for until its deadline: nothing is lost here.
            if client.timer != nil, client.reads.isEmpty, client.replies.isEmpty { actions.append(.timer(index)) }
        }
        return actions
    }

    package mutating func perform(_ action: Action) throws(Violation) {
        switch action {
        case .commit: log.append(Self.allCommits[log.count - (isEditCommitted ? 1 : 0)])
        case .commitEdit:
            log.append(.edit)
            isEditCommitted = true
            editRevision = UInt32(log.count)
        case .acknowledge:
            isAcknowledged = true
            clients[0].acknowledged = editRevision
            try feed(0, .editAcknowledged(DraftID(1), Revision(UInt64(editRevision ?? 0))))
        case .signal(let index):
            let signal = signal(clients[index].signals)
            clients[index].signals += 1
            try feed(index, .signal(signal))
        case .serve(let index, let place):
            let request = clients[index].reads.remove(at: place)
            serve(request, to: index)
        case .deliver(let index, let place):
            let reply = clients[index].replies.remove(at: place)
            let body = clients[index].bodies.remove(at: place)
            try feed(index, .replyArrived(reply), body: body)
        case .timer(let index):
            now = max(now, clients[index].timer ?? now)
            clients[index].timer = nil
            try feed(index, .timer)
        }
    }

    /// C5, C9: nothing can happen any more, so both screens show what was committed.
    package func checkQuiet() throws(Violation) {
        for (index, client) in clients.enumerated() {
            guard client.drawn == page(index, at: UInt32(log.count)), Int(client.painted) == log.count else {
                throw Violation(.c5, "screen \(index) shows \(client.painted) once nothing can happen, which is \(log.count)")
            }
        }
    }

    // MARK: The server

    private func page(_ index: Int, at revision: UInt32) -> Page {
        var rows: [UInt32] = [1, 2, 3, 4]
        var changed: [UInt32] = [0, 0, 0, 0, 0]
        for (place, commit) in log.prefix(Int(revision)).enumerated() {
            switch commit {
            case .first: changed[1] = UInt32(place + 1)
            case .second: changed[3] = UInt32(place + 1)
            case .edit: changed[2] = UInt32(place + 1)
            case .swap: rows.swapAt(1, 2)
            }
        }
        let shown = Array(rows[index * 2..<index * 2 + 2])
        return Page(rows: shown, changed: shown.map { changed[Int($0)] })
    }

    private func signal(_ place: Int) -> Signal {
        let revision = Revision(UInt64(place + 1))
        func touching(_ row: UInt32) -> Signal {
            Signal(
                from: revision, revision: revision, rows: .ranges([RowRange(first: RowKey(row), last: RowKey(row))]),
                columns: .these([ColumnKey(1)]))
        }
        return switch log[place] {
        case .first: touching(1)
        case .second: touching(3)
        case .edit: touching(2)
        case .swap: Signal(from: revision, revision: revision, rows: .many, columns: .many, order: true)
        }
    }

    private mutating func serve(_ request: Request, to index: Int) {
        let revision = UInt32(log.count)
        let body = page(index, at: revision)
        let isHeld = !request.have.isEmpty && clients[index].held == body
        let content: ReplyPage.Content = isHeld ? .unchanged : .rows(body.rows.map { RowKey($0) })
        clients[index].bodies.append(body)
        clients[index].replies.append(
            Reply(
                request: request.id, revision: Revision(UInt64(revision)), totalRows: 4, totalPages: 2,
                pages: [ReplyPage(page: request.pages.first, content: content)]))
    }

    // MARK: A screen

    private mutating func feed(_ index: Int, _ event: Event, body: Page? = nil) throws(Violation) {
        clients[index].core.handle(event, at: Instant(milliseconds: now))
        while let effect = clients[index].core.nextEffect() {
            switch effect {
            case .reset: (clients[index].held, clients[index].drawn) = (nil, nil)
            case .send(let request): clients[index].reads.append(request)
            case .apply: clients[index].held = body
            case .paint(let paint):
                clients[index].drawn = clients[index].held
                try show(index, UInt32(clamping: paint.revision.rawValue))
            case .advance(let revision): try show(index, UInt32(clamping: revision.rawValue))
            case .withdraw: clients[index].drawn = nil
            case .evict: clients[index].held = nil
            case .releaseDraft(_, let reason):
                guard let edit = clients[index].acknowledged, clients[index].painted >= edit || reason != .painted else {
                    throw Violation(.c9, "the draft is let go of at \(clients[index].painted)")
                }
            case .setTimer(let at): clients[index].timer = at.milliseconds
            case .cancelTimer: clients[index].timer = nil
            case .cancel, .drop, .status: break
            }
        }
    }

    /// C2, C3, C4 and C9 of what is painted now.
    private mutating func show(_ index: Int, _ revision: UInt32) throws(Violation) {
        guard revision >= clients[index].painted else {
            throw Violation(.c2, "screen \(index) shows \(revision) after \(clients[index].painted)")
        }
        clients[index].painted = revision
        guard Int(revision) <= log.count, clients[index].drawn == page(index, at: revision) else {
            throw Violation(.c4, "screen \(index) does not show what was committed at \(revision)")
        }
        guard let edit = clients[index].acknowledged, clients[index].drawn?.rows.contains(2) == true else { return }
        guard revision >= edit else {
            throw Violation(.c9, "screen \(index) shows row 2 of \(revision), and was told that its edit is saved at \(edit)")
        }
    }
}
