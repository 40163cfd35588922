import ChangePipeline
import GridModel
import Ordering

/// What the oracles write down of the server.
struct ServerBooks: Sendable {
    /// Who writes: people, agents, imports and programs, each in the order they asked.
    enum Writer: Int, Sendable, CaseIterable { case person, agent, importer, program }

    /// A call of `submit` that waits for its answer.
    struct Submission: Sendable {
        var command: Int
        var writer: Writer
        var order: Int
    }

    /// Everything up to here survives power loss.
    var durable: UInt32 = 0
    /// The last revision that subscribers were told of by this process.
    var emitted: UInt32 = 0
    /// The highest revision that anybody outside was told of, by whatever way.
    var told: UInt32 = 0
    /// By command: the revision that it was committed at; 0 for none.
    var committed: [UInt32] = []
    /// By command: its first answer's revision and results.
    var answers: [(revision: UInt32, results: [ChangeResult])?] = []
    /// By number. Answered ones are `nil`.
    var submissions: [Submission?] = []
    var pending = 0
    /// The last order that was committed, by writer.
    var lastCommitted = Array(repeating: -1, count: Writer.allCases.count)
    /// What each connection was given, by screen.
    var positions: [UInt32] = []

    mutating func begin(at revision: UInt32) {
        durable = revision
        emitted = revision
        submissions = submissions.map { _ in nil }
        pending = 0
        lastCommitted = lastCommitted.map { _ in -1 }
    }
}

// MARK: - What the server did

extension Oracles {
    mutating func submitted(_ submission: Int, command: Int, writer: ServerBooks.Writer) {
        note(.submitted, -1, submission, command)
        while server.submissions.count <= submission { server.submissions.append(nil) }
        while server.committed.count <= command { server.committed.append(0) }
        while server.answers.count <= command { server.answers.append(nil) }
        server.submissions[submission] = ServerBooks.Submission(command: command, writer: writer, order: submission)
        server.pending += 1
    }

    /// A record was given to the disk: what its intents are, with what became of each.
    mutating func appended(
        _ revision: UInt32, _ commands: [(index: Int, command: Command, results: [ChangeResult])], limits: PipelineLimits
    ) throws(Violation) {
        note(.appended, -1, revision, commands.count)
        tally.commits &+= 1
        tally.count(.s2)
        guard revision == truth.revision + 1 else {
            return try fail(.s2, "revision \(revision) is committed after \(truth.revision)")
        }
        for (index, command, _) in commands {
            tally.count(.s5)
            guard server.committed[index] == 0 else {
                return try fail(
                    .s5, "intent \(command.intent.low) has its effect at \(server.committed[index]) and again at \(revision)")
            }
            server.committed[index] = revision
        }
        try checkGroup(revision, commands.map { ($0.index, $0.command) }, limits)
        for (_, command, results) in commands where command.cause.run != nil {
            try runs.take(command, results, at: revision, truth, &tally)
        }
        let runs = runs
        var (checked, undone, kept) = (UInt64(0), UInt64(0), suggestions)
        try truth.append(commands.map { ($0.command, $0.results) }) { state, command, change, result throws(Violation) in
            guard case .answerCell(let row, let column, let value, _, _, _) = change else {
                if case .takeBack = change {
                    undone += 1
                    try runs.judge(state, command, change, result, at: revision)
                }
                return
            }
            checked += 1
            if result == .keptAsSuggestion {
                kept.append(
                    RunBooks.Suggestion(
                        row: row.rawValue, column: column.rawValue, token: Token.of(value), revision: revision))
            }
            try runs.judge(state, command, change, result, at: revision)
        }
        tally.count(.s6, checked + undone)
        tally.undone &+= undone
        tally.answers &+= checked
        tally.suggestions &+= UInt64(kept.count - suggestions.count)
        suggestions = kept
        for (_, command, results) in commands { count(command, results) }
    }

    private mutating func count(_ command: Command, _ results: [ChangeResult]) {
        for case (.publishRows, .rows(_, let count)) in zip(command.changes, results) { tally.imported &+= UInt64(count) }
        for (change, result) in zip(command.changes, results) {
            switch (change, result) {
            case (.addColumn, .column), (.addSheet, .sheet): tally.restructurings &+= 1
            case (.renameColumn, .done), (.retypeColumn, .done), (.moveColumn, .done), (.deleteColumn, .done),
                (.renameSheet, .done), (.deleteSheet, .done):
                tally.restructurings &+= 1
            default: break
            }
        }
    }

    /// S2: each writer's commands in the order they were asked for. S8: a group within its bound.
    private mutating func checkGroup(
        _ revision: UInt32, _ commands: [(Int, Command)], _ limits: PipelineLimits
    ) throws(Violation) {
        tally.count(.s8)
        let changes = commands.reduce(0) { $0 + $1.1.changes.count }
        guard commands.count <= 1 || changes <= limits.changesPerCommit else {
            return try fail(.s8, "revision \(revision) groups \(changes) changes, at most \(limits.changesPerCommit)")
        }
        for (index, _) in commands {
            // By their order: the first that is found is the first that was asked for.
            guard case let first?? = server.submissions.first(where: { $0?.command == index }) else { continue }
            guard first.order > server.lastCommitted[first.writer.rawValue] else {
                return try fail(.s2, "revision \(revision): a \(first.writer)'s later command was committed before this one")
            }
            server.lastCommitted[first.writer.rawValue] = first.order
        }
    }

    mutating func synced(_ revision: UInt32) {
        note(.synced, -1, revision)
        server.durable = max(server.durable, revision)
    }

    /// Something that names a revision leaves the server.
    private mutating func tells(_ revision: UInt32, _ what: String) throws(Violation) {
        tally.count(.s1)
        server.told = max(server.told, revision)
        guard revision <= server.durable else {
            return try fail(.s1, "\(what) tells of \(revision), and only \(server.durable) survives power loss")
        }
    }

    mutating func emitted(_ revision: UInt32) throws(Violation) {
        note(.emitted, -1, revision)
        try tells(revision, "a signal")
        tally.count(.s2)
        guard revision == server.emitted + 1 else {
            return try fail(.s2, "subscribers hear of \(revision) after \(server.emitted)")
        }
        server.emitted = revision
    }

    /// A submission is answered: with a revision and results when it was done.
    mutating func answered(_ submission: Int, _ outcome: CommandOutcome?) throws(Violation) {
        note(.answered, -1, submission, outcome?.revision.rawValue ?? 0)
        tally.count(.s8)
        guard submission < server.submissions.count, let waiting = server.submissions[submission] else {
            return try fail(.s8, "submission \(submission) is answered, and nobody waits for it")
        }
        server.submissions[submission] = nil
        server.pending -= 1
        guard let outcome else { return }
        tally.acknowledgements &+= 1
        let revision = UInt32(clamping: outcome.revision.rawValue)
        try tells(revision, "an acknowledgement")
        tally.count(.s5)
        if let first = server.answers[waiting.command], first.revision != revision || first.results != outcome.results {
            return try fail(.s5, "intent \(waiting.command) came to \(first.revision) and then to \(revision)")
        }
        server.answers[waiting.command] = (revision, outcome.results)
        guard server.committed[waiting.command] == revision else {
            return try fail(.s5, "intent \(waiting.command) is said to be done at \(revision), where the log has no such thing")
        }
    }

    /// What the server puts on a stream: S2 its order, S8 that nothing is left out without a word.
    mutating func streamed(_ screen: Int, _ event: SignalEvent) throws(Violation) {
        let position = server.positions[screen]
        switch event {
        case .commit(let signal):
            let (from, to) = (UInt32(signal.from.rawValue), UInt32(signal.revision.rawValue))
            note(.streamed, screen, from, to)
            tally.count(.s2)
            guard from <= position + 1 else {
                tally.count(.s8)
                return try fail(
                    .s8, "screen \(screen) is told of \(from) after \(position), and nobody says that something is missing")
            }
            guard to > position else {
                return try fail(.s2, "screen \(screen) is told of \(to) after \(position)")
            }
            server.positions[screen] = to
        case .gap(let revision):
            note(.streamed, screen, revision.rawValue)
            tally.count(.s8)
            server.positions[screen] = max(position, UInt32(revision.rawValue))
        }
    }

    mutating func streamOpened(_ screen: Int, at position: UInt32, revision: UInt32) throws(Violation) {
        while server.positions.count <= screen { server.positions.append(0) }
        server.positions[screen] = position
        try tells(revision, "a hello")
    }

    /// A reply as the server made it: S3, S4, and S1 because it tells of a revision.
    mutating func served(_ reply: ReplyMessage) throws(Violation) {
        let revision = reply.revision
        note(.served, reply.read.screen, reply.read.request.id.number, revision)
        try tells(revision, "a reply")
        tally.count(.s4)
        guard UInt64(revision) >= reply.read.request.minRevision.rawValue else {
            return try fail(.s4, "a read that wants \(reply.read.request.minRevision) is answered from \(revision)")
        }
        guard revision <= truth.revision else {
            return try fail(.s3, "a reply is of \(revision), and nothing after \(truth.revision) was committed")
        }
        let all = truth.rows(sheet: reply.read.sheet, view: reply.read.view, at: revision)
        let size = reply.read.pageSize
        tally.count(.s3)
        guard Int(reply.totalRows) == all.count else {
            return try fail(.s3, "a reply of \(revision) counts \(reply.totalRows) rows, which are \(all.count)")
        }
        let heading = truth.states[Int(revision)].structure.heading(reply.read.sheet, showsAll: reply.read.showsAll)
        for (page, body) in reply.pages {
            guard let body else { continue }
            tally.count(.s3)
            let from = min(Int(page - 1) * size, all.count)
            guard body.rows.elementsEqual(all[from..<min(from + size, all.count)]), body.heading == heading,
                isCommitted(body, revision)
            else {
                return try fail(.s3, "page \(page) of a reply of \(revision) is not what it was at \(revision)")
            }
        }
    }

    func isCommitted(_ body: PageBody, _ revision: UInt32) -> Bool {
        let values = truth.states[Int(revision)].values
        var token = 0
        for row in body.rows {
            for column in body.heading.columns {
                let cell = Truth.cell(row, column)
                if body.tokens[token] != (cell < values.count ? values[cell] : 0) { return false }
                token += 1
            }
        }
        return true
    }

    // MARK: Power

    mutating func powerLost(writesTakenBack: Int) {
        note(.powerLost, -1, writesTakenBack)
        tally.powerCuts &+= 1
        tally.writesTakenBack &+= UInt64(writesTakenBack)
    }

    /// A process opened what the disk has: whatever anybody was told of is there (S1).
    mutating func recovered(_ revision: UInt32) throws(Violation) {
        note(.recovered, -1, revision)
        tally.count(.s1)
        if revision < server.told {
            let lost = server.told - revision
            tally.acknowledgedLost &+= UInt64(lost)
            if tally.firstLoss == 0 { tally.firstLoss = tally.powerCuts }
            try fail(.s1, "power was lost, and with it \(lost) revisions after \(revision) that others had been told of")
            server.told = revision
        }
        guard revision <= truth.revision else {
            return try fail(.s2, "the log ends at \(revision), and \(truth.revision) was the last commit")
        }
        for index in server.committed.indices where server.committed[index] > revision { server.committed[index] = 0 }
        truth.truncate(to: revision)
        runs.truncate(to: revision)
        suggestions.removeAll { $0.revision > revision }
        server.begin(at: revision)
    }

    /// The store's whole content, read from the image of a process.
    mutating func compared(sheet: Int, _ body: PageBody, _ what: String) throws(Violation) {
        tally.count(.s1)
        let newest = truth.newest
        guard body.rows == newest.orders[sheet], body.heading == newest.structure.heading(sheet, showsAll: true),
            isCommitted(body, truth.revision)
        else { return try fail(.s1, "\(what): sheet \(sheet + 1) is not what was committed up to \(truth.revision)") }
    }

    /// Its sheets and their names.
    mutating func compared(_ sheets: [Sheet], _ what: String) throws(Violation) {
        tally.count(.s1)
        let committed = truth.newest.structure.sheets
        guard sheets.elementsEqual(committed, by: { $0.id == $1.id && $0.name == $1.name }) else {
            return try fail(
                .s1, "\(what): the sheets are \(sheets.map(\.name)), and committed were \(committed.map(\.name))")
        }
    }

    /// Everything is quiet: every command has had its answer.
    mutating func checkAnswered() throws(Violation) {
        tally.count(.s8)
        guard server.pending == 0 else { return try fail(.s8, "\(server.pending) commands are never answered") }
        tally.count(.s2)
        guard server.emitted == truth.revision else {
            return try fail(.s2, "\(truth.revision) is committed, and subscribers have heard of \(server.emitted)")
        }
    }
}
