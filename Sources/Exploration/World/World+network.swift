import ChangePipeline
import GridImage
import GridModel
import Ordering

// Reads and their replies, changes and their answers, on their way.
extension World {
    mutating func network(_ step: Step) throws(Violation) {
        switch step.kind {
        case .serve: try serve(step)
        case .deliver:
            guard let index = pick(replies.count, step) else { return }
            try deliver(replies.remove(at: index))
        case .duplicateReply:
            guard let index = pick(replies.count, step) else { return }
            try deliver(replies[index])
        case .loseRead: if let index = pick(reads.count, step) { reads.remove(at: index) }
        case .loseReply: if let index = pick(replies.count, step) { replies.remove(at: index) }
        case .refuseRead:
            guard let index = pick(reads.count, step) else { return }
            var reply = ReplyMessage(read: reads.remove(at: index), failure: step.b % 8 == 0 ? .permanent : .temporary)
            if step.b % 8 == 1 { reply.retryAfter = 600 + step.b % 3_000 }
            replies.append(reply)
        default: staleReply(step)
        }
    }

    private mutating func serve(_ step: Step) throws(Violation) {
        guard let index = pick(reads.count, step) else { return }
        let image = usesReplica && step.b % 3 == 0 ? replica : server.grid.snapshot()
        let read = reads[index]
        if image.revision < read.request.minRevision, !control.contains(.behindTheClient) {
            // S4: it waits, or says that it cannot.
            if step.b % 2 == 0 { replies.append(ReplyMessage(read: reads.remove(at: index), failure: .behind)) }
            return
        }
        reads.remove(at: index)
        let other = control.contains(.tornReply) ? replica : nil
        let reply = Self.reply(to: read, from: image, mixing: other, windows)
        try oracles.served(reply)
        replies.append(reply)
        cached.append(reply)
        if cached.count > 6 { cached.removeFirst() }
    }

    /// All pages of a read, from one image; a control mixes in the pages of another.
    static func reply(
        to read: ReadMessage, from image: GridImage, mixing other: GridImage?, _ windows: Windows
    ) -> ReplyMessage {
        let list = image.rows(of: SheetID(UInt32(read.sheet + 1)), view: definition(read.sheet, read.view))
        let pages = (list.count + read.pageSize - 1) / read.pageSize
        var reply = ReplyMessage(
            read: read, revision: UInt32(image.revision.rawValue), totalRows: UInt32(list.count), totalPages: UInt32(pages))
        let window = windows.of(read.sheet, in: image, showsAll: read.showsAll)
        let heading = Heading(window.columns)
        for page in read.request.pages.first.rawValue...read.request.pages.last.rawValue {
            let source = page % 2 == 0 ? other ?? image : image
            let from = Int(page - 1) * read.pageSize
            let rows = list.slice(from..<from + read.pageSize)
            let body = body(rows, of: source, window, heading, UInt64(read.view), reply.revision)
            let isHeld = read.tags.contains { $0.page == page && $0.tag == body.tag }
            reply.pages.append((page, isHeld ? nil : body))
        }
        return reply
    }

    static func body(
        _ rows: [RowID], of image: GridImage, _ window: ColumnWindow, _ heading: Heading, _ view: UInt64, _ revision: UInt32
    ) -> PageBody {
        let columns = heading.columns.count
        var body = PageBody(
            rows: rows.map(\.rawValue), heading: heading, tokens: Array(repeating: 0, count: rows.count * columns),
            tag: image.pageTag(rows: rows, window: window, view: view), revision: revision)
        for (place, row) in rows.enumerated() {
            image.forEachCell(row: row, in: window) { index, json in
                body.tokens[place * columns + index] = Token.of(json: json)
            }
        }
        return body
    }

    static func definition(_ sheet: Int, _ view: Int) -> ViewDefinition {
        let column = ColumnID(UInt32(sheet * Truth.columns + 2))
        switch view {
        case 1: return ViewDefinition(sort: [SortCriterion(column: column)])
        case 2:
            return ViewDefinition(
                filter: [Filter(column: column, operation: .isNotEmpty)],
                sort: [SortCriterion(column: column, descending: true)])
        default: return ViewDefinition()
        }
    }

    /// A cache answers with what it has for the same question, whatever revision was wanted.
    private mutating func staleReply(_ step: Step) {
        guard let index = pick(reads.count, step) else { return }
        guard var reply = cached.first(where: { $0.read.isSameQuestion(as: reads[index]) && $0.failure == nil }) else { return }
        reply.read = reads.remove(at: index)
        replies.append(reply)
    }

    mutating func deliver(_ reply: ReplyMessage) throws(Violation) {
        let index = reply.read.screen
        let id = reply.read.request.id
        if let failure = reply.failure {
            oracles.failed(index, id.number)
            return try feed(index, .replyFailed(id, failure, retryAfterMilliseconds: reply.retryAfter), isNews: true)
        }
        oracles.arrived(index, id.number, revision: reply.revision)
        var pages: [ReplyPage] = []
        pages.reserveCapacity(reply.pages.count)
        for (page, body) in reply.pages {
            if body == nil { oracles.unchanged(index, page: page) }
            pages.append(
                ReplyPage(page: PageNumber(page), content: body.map { .rows($0.rows.map { RowKey($0) }) } ?? .unchanged))
        }
        let event = Event.replyArrived(
            Reply(
                request: id, revision: Revision(UInt64(reply.revision)), totalRows: reply.totalRows,
                totalPages: reply.totalPages,
                pages: pages))
        try feed(index, event, reply: reply, isNews: true)
    }

    // MARK: Changes

    mutating func changing(_ step: Step) throws(Violation) {
        switch step.kind {
        case .submit:
            guard let index = pick(changes.count, step) else { return }
            let isTwice = duplicates && step.b % 4 == 0
            let message = isTwice ? changes[index] : changes.remove(at: index)
            submit(message.command)
        case .answer:
            guard let index = pick(answers.count, step) else { return }
            try deliver(answers.remove(at: index))
        case .loseChange: if let index = pick(changes.count, step) { changes.remove(at: index) }
        case .loseAnswer: if let index = pick(answers.count, step) { answers.remove(at: index) }
        default: resend(screen(step))
        }
    }

    /// The same intents again: whether they had their effect is not known.
    mutating func resend(_ index: Int) {
        for edit in screens[index].edits where edit.state == .sent { changes.append(ChangeMessage(command: edit.command)) }
    }

    /// Hands a command to the server.
    mutating func submit(_ command: Int) {
        let submission = submissions.count
        submissions.append(command)
        let cause = asked[command].command.cause
        let writer: ServerBooks.Writer =
            switch cause.kind {
            case .person: .person
            case .agent: .agent
            case .importer: .importer
            case .program: .program
            }
        oracles.submitted(submission, command: command, writer: writer)
        server.submit(asked[command].command, as: submission, isUrgent: cause.kind == .agent)
    }

    /// An answer reaches the person who asked.
    mutating func deliver(_ message: AnswerMessage) throws(Violation) {
        guard case .person(let index, let draft) = asked[message.command].origin,
            let place = screens[index].edits.firstIndex(where: { $0.draft == draft && $0.state == .sent })
        else { return }
        let row = screens[index].edits[place].row
        switch message.content {
        case .later: return
        case .refused:
            screens[index].edits.remove(at: place)
            try feed(index, .editRefused(DraftID(draft)))
            try feed(index, .editDiscarded(DraftID(draft)))
        case .done(let revision):
            screens[index].edits[place].state = .answered
            oracles.acknowledged(index, draft: draft, row: row, at: revision)
            remember(index, message.command, revision)
            try feed(index, .editAcknowledged(DraftID(draft), Revision(UInt64(revision))))
        }
    }

    private mutating func remember(_ index: Int, _ command: Int, _ revision: UInt32) {
        guard case .setCell(let row, let column, _, nil) = asked[command].command.changes.first,
            revision <= oracles.truth.revision
        else { return }
        let old = oracles.truth.value(row.rawValue, column.rawValue, at: revision - 1)
        undoable[index] = (row.rawValue, column.rawValue, old, revision)
    }

    // MARK: Those who write without a screen

    mutating func program(_ step: Step) {
        let sheet = Int(step.a) % Truth.sheets
        let order = oracles.truth.newest.orders[sheet]
        guard !order.isEmpty else { return }
        let columns = oracles.truth.newest.structure.heading(sheet, showsAll: true).columns
        let row = order[Int(step.b) % order.count]
        let first = UInt32(sheet * Truth.columns + 1)
        let id = SheetID(UInt32(sheet + 1))
        let position: Position<RowID> = step.b % 3 == 0 ? .last : .before(RowID(order[Int(step.b / 4) % order.count]))
        switch step.kind {
        case .insert:
            guard order.count < 28 else { return }
            var block = RowsBlock(columns: [ColumnID(first), ColumnID(first + 1)])
            for number in 0...step.b % 2 {
                block.append([Token.value(newToken(step.b + number)), number == 0 ? Token.value(newToken(step.a)) : nil])
            }
            send(.person, [.insertRows(sheet: id, position: position, rows: block)])
        case .delete: if order.count > 6 { send(.person, [.deleteRows(sheet: id, rows: [RowID(row)])]) }
        case .move: send(.person, [.moveRows(sheet: id, rows: [RowID(row)], position: position)])
        case .empty:
            let column = ColumnID(columns[Int(step.b) % columns.count])
            send(.person, [.setCell(row: RowID(row), column: column, value: nil, ifRevision: nil)])
        case .copy:
            // The same name in two rows: the agent has the same question about both.
            let name = oracles.truth.value(
                order[Int(step.b / 16) % order.count], first, at: oracles.truth.revision)
            guard name != 0, name != oracles.truth.value(row, first, at: oracles.truth.revision) else { return }
            send(.person, [set(row, first, name)])
        default:
            let cells = (0...step.b % 5).map { number in
                set(
                    order[Int(step.b + number) % order.count], columns[Int(step.b + number) % columns.count],
                    newToken(number &+ step.b))
            }
            send(Cause(kind: .program), cells)
        }
    }

    mutating func send(_ cause: Cause, _ changes: [Change]) {
        let command = note(.nobody, cause, changes)
        self.changes.append(ChangeMessage(command: command))
    }
}
