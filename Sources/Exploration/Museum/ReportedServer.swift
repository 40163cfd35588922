/// The server of a report: a store whose commits are numbered and announced in order, with exactly the defects that the piece names. It
/// knows no intents: a change that comes twice is done twice, and an answer is written whatever happened meanwhile.
struct ReportedServer: MuseumServer {
    private struct Transaction {
        var cells: [MuseumPiece.Cell]
        /// Its place in the stream, where that is taken when it begins.
        var stamp: Int64?
    }

    private let defects: Set<MuseumDefect>
    private(set) var revision: Int64 = 1
    private var cells: [String: MuseumStored] = [:]
    private var snapshots: [Int64: [String: MuseumStored]] = [:]
    private var stream: [MuseumSignal] = []
    private var position: Int64 = 1
    private var transactions: [String: Transaction] = [:]
    private var questions: [String: (cell: String, base: Int64?)] = [:]
    private var durable: Int64 = 1
    private var unflushed: [MuseumServerEvent] = []
    private var events: [MuseumServerEvent] = []

    init(_ piece: MuseumPiece) {
        defects = piece.defects
        for cell in piece.cells where cell.value != nil {
            cells[cell.name] = MuseumStored(value: cell.value, version: 1)
            events.append(.committed(revision: 1, cell: cell.name, value: cell.value, intent: nil, base: nil))
        }
        snapshots[1] = cells
    }

    mutating func takeEvents() -> [MuseumServerEvent] {
        defer { events = [] }
        return events
    }

    func read(_ read: MuseumRead, from snapshot: Int64?) -> (revision: Int64, cells: [String: MuseumStored]) {
        let revision = snapshot ?? revision
        let content = snapshots[revision] ?? cells
        return (
            revision, Dictionary(uniqueKeysWithValues: Set(read.cells).compactMap { name in content[name].map { (name, $0) } })
        )
    }

    mutating func change(_ change: MuseumChange) -> MuseumChangeReply? {
        if change.isRefused { return .refused }
        if defects.contains(.dropsStale), change.seen < revision { return nil }
        write(change.parts, intent: change.intent)
        return .committed(revision: revision, rows: rows(of: change))
    }

    mutating func commit(_ cells: [MuseumPiece.Cell]) {
        write(cells.map { MuseumChange.Part(cell: $0.name, value: $0.value) }, intent: nil)
    }

    mutating func begin(_ name: String, _ cells: [MuseumPiece.Cell]) {
        var transaction = Transaction(cells: cells)
        if defects.contains(.stampsAtBegin) {
            position += 1
            transaction.stamp = position
        }
        transactions[name] = transaction
        guard defects.contains(.emitsBeforeCommit) else { return }
        position += 1
        emit(MuseumSignal(position: position, revision: revision + 1, cells: cells))
    }

    mutating func finish(_ name: String) {
        guard let transaction = transactions.removeValue(forKey: name) else { return }
        let parts = transaction.cells.map { MuseumChange.Part(cell: $0.name, value: $0.value) }
        write(parts, intent: nil, stamp: transaction.stamp, isAnnounced: defects.contains(.emitsBeforeCommit))
    }

    mutating func ask(_ name: String, cell: String, reads: [String]) {
        questions[name] = (cell, cells[cell]?.version)
    }

    mutating func answer(_ name: String, value: String) {
        guard let question = questions.removeValue(forKey: name) else { return }
        write([MuseumChange.Part(cell: question.cell, value: value, base: question.base)], intent: nil)
    }

    mutating func flush() {
        events += unflushed
        unflushed = []
        durable = revision
    }

    mutating func crash() {
        transactions = [:]
        guard revision > durable else { return }
        for event in unflushed {
            guard case .committed(let revision, let cell, _, _, _) = event else { continue }
            events.append(.lost(revision: revision, cell: cell))
        }
        unflushed = []
        cells = snapshots[durable] ?? [:]
        revision = durable
    }

    mutating func connect(after position: Int64?) -> (revision: Int64, missed: [MuseumSignal]) {
        guard let position, !defects.contains(.resumesBlindly) else { return (revision, []) }
        let missed = stream.filter { $0.position > position }
        return (revision, defects.contains(.replaysReversed) ? missed.reversed() : missed)
    }
}

extension ReportedServer {
    private func rows(of change: MuseumChange) -> [String: MuseumStored] {
        let rows = Set(change.parts.map { MuseumNames.row($0.cell) })
        return cells.filter { rows.contains(MuseumNames.row($0.key)) }
    }

    private mutating func write(
        _ parts: [MuseumChange.Part], intent: Int64?, stamp: Int64? = nil, isAnnounced: Bool = false
    ) {
        revision += 1
        var made: [MuseumServerEvent] = []
        for part in parts {
            cells[part.cell] = part.value.map { MuseumStored(value: $0, version: revision) }
            made.append(
                .committed(revision: revision, cell: part.cell, value: part.value, intent: intent, base: part.base))
        }
        snapshots[revision] = cells
        if defects.contains(.acksBeforeDisk) {
            unflushed += made
        } else {
            events += made
            durable = revision
        }
        guard !isAnnounced else { return }
        announce(parts.map { MuseumPiece.Cell(name: $0.cell, value: $0.value) }, stamp: stamp)
    }

    private mutating func announce(_ changed: [MuseumPiece.Cell], stamp: Int64?) {
        if let stamp {
            // The stream has passed this place already: nobody will hear of it.
            guard stamp > stream.last?.position ?? 0 else { return }
            return emit(MuseumSignal(position: stamp, revision: revision, cells: changed))
        }
        for cells in defects.contains(.emitsPerCell) ? changed.map({ [$0] }) : [changed] {
            position += 1
            emit(MuseumSignal(position: position, revision: revision, cells: cells))
        }
    }

    private mutating func emit(_ signal: MuseumSignal) {
        stream.append(signal)
        events.append(.emitted(signal))
    }
}
