import ChangePipeline
import GridImage
import GridModel
import GridStore
import Ordering

// The server, its disk and its power.
extension World {
    mutating func serving(_ step: Step) throws(Violation) {
        switch step.kind {
        case .write: _ = server.writer.step()
        case .cut: try losePower()
        case .tear: disk.arm(step.b % 3 == 0 ? .cutAfter : .cutWithin(step.b))
        case .failSync: disk.arm(.syncError)
        case .full:
            isDiskFull.toggle()
            disk.setFull(isDiskFull)
        default: try follow(Int(1 + step.b % 3))
        }
    }

    /// Takes in what the server did since.
    mutating func hear() throws(Violation) {
        while true {
            let items = news.take()
            for item in items { try hear(item) }
            if disk.isDead { try losePower() } else if items.isEmpty { return }
        }
    }

    private mutating func hear(_ item: ServerNews.Item) throws(Violation) {
        switch item {
        case .appended(let revision, let outcomes):
            var commands: [(index: Int, command: Command, results: [ChangeResult])] = []
            for outcome in outcomes {
                let index = Int(outcome.intent.low)
                guard outcome.intent.high == 7, index < asked.count, let results = try? OutcomeCodec.decode(outcome.bytes)
                else {
                    throw Violation(.s5, "revision \(revision) has an intent that nobody asked for, \(outcome.intent)")
                }
                commands.append((index, asked[index].command, results))
            }
            try oracles.appended(UInt32(clamping: revision.rawValue), commands, limits: limits)
        case .synced(let revision): oracles.synced(UInt32(clamping: revision.rawValue))
        case .emitted(let revision): try oracles.emitted(UInt32(clamping: revision.rawValue))
        case .signal(let event) where control.contains(.emitOutOfOrder) && heldBack == nil: heldBack = event
        case .signal(let event):
            defer { heldBack = nil }
            if case .commit(let signal) = event { try oracles.emitted(UInt32(clamping: signal.revision.rawValue)) }
            for index in screens.indices where screens[index].connection?.isOpen == true {
                try put(event, on: index)
            }
            if case .commit(let signal)? = heldBack { try oracles.emitted(UInt32(clamping: signal.revision.rawValue)) }
        case .answered(let submission, let result): try answered(submission, result)
        case .fatal: break
        }
    }

    private mutating func answered(_ submission: Int, _ result: Result<CommandOutcome, PipelineError>) throws(Violation) {
        let command = submissions[submission]
        switch result {
        case .success(let outcome):
            try oracles.answered(submission, outcome)
            try route(command, .done(UInt32(clamping: outcome.revision.rawValue)), result)
        case .failure(let error):
            try oracles.answered(submission, nil)
            if case .refused = error { try route(command, .refused, result) } else { try route(command, .later, result) }
        }
    }

    private mutating func route(
        _ command: Int, _ content: AnswerMessage.Content, _ result: Result<CommandOutcome, PipelineError>
    ) throws(Violation) {
        switch asked[command].origin {
        case .person: answers.append(AnswerMessage(command: command, content: content))
        case .nobody: break
        case .staged(let sheet, let number):
            if case .success(let outcome) = result { staged(outcome, in: sheet, number) }
        case .plan, .ask, .step, .phase, .doubt, .budget: try runHeard(command, result)
        }
    }

    // MARK: Power

    /// Power fails and comes back: what the process knew is gone, and what was on its way to it.
    mutating func losePower() throws(Violation) {
        for item in news.take() { try hear(item) }
        let lost = disk.powerCycle(&chance)
        oracles.powerLost(writesTakenBack: lost)
        _ = news.take()
        time.forgetAlarms()
        reads = []
        changes = []
        isDiskFull = false
        let before = server
        do throws(PipelineError) {
            server = try SimulatedServer(disk: disk, news: news, time: time, limits: limits, signalLimits: signalLimits)
        } catch {
            throw Violation(.s1, "the server does not start after a power cut: \(error)")
        }
        before.writer.forget()
        let image = server.grid.snapshot()
        try oracles.recovered(UInt32(clamping: image.revision.rawValue))
        try compare(image, "after a power cut")
        if replica.revision > image.revision { replica = image }
        for index in screens.indices { try breakStream(index, isNoticed: index % 2 == 0) }
        try forgetRun()
        try adoptRun()
    }

    /// Holds an image against what was committed, cell by cell.
    mutating func compare(_ image: GridImage, _ what: String) throws(Violation) {
        try oracles.compared(image.sheets, what)
        for sheet in 0..<Truth.sheets {
            let list = image.rows(of: SheetID(UInt32(sheet + 1)), view: ViewDefinition())
            let window = windows.of(sheet, in: image, showsAll: true)
            let body = Self.body(list.slice(0..<list.count), of: image, window, Heading(window.columns), 0, 0)
            try oracles.compared(sheet: sheet, body, what)
        }
    }

    /// The second server takes in the next records that are durable.
    mutating func follow(_ count: Int) throws(Violation) {
        var left = count
        while left > 0, replica.revision.rawValue < UInt64(oracles.server.durable) {
            left -= 1
            let revision = replica.revision.next
            guard let record = (try? disk.record(revision)) ?? nil else { return }
            do {
                _ = try replica.apply(record: record.bytes, revision: revision)
            } catch {
                throw Violation(.s2, "a second server cannot apply record \(revision): \(error)")
            }
        }
    }

    // MARK: Streams

    /// Gives an event to a stream; what does not fit merges, as the server's own queue does it.
    private mutating func put(_ event: SignalEvent, on index: Int) throws(Violation) {
        if control.contains(.dropForSlowReaders), screens[index].connection?.sent.count ?? 0 > 1 { return }
        screens[index].connection?.waiting.append(event)
    }

    /// Moves what waits onto the wire.
    private mutating func flush(_ index: Int) throws(Violation) {
        guard var connection = screens[index].connection, connection.isOpen else { return }
        for event in connection.waiting.takeAll() {
            try oracles.streamed(index, event)
            connection.sent.append(.event(event))
        }
        screens[index].connection = connection
    }

    mutating func connect(_ index: Int, resuming: Bool) throws(Violation) {
        guard screens[index].connection?.isOpen != true, !screens[index].isAway else { return }
        let position = resuming && screens[index].lastEvent > 0 ? screens[index].lastEvent : nil
        let missed: (revision: Revision, events: [SignalEvent])
        do throws(PipelineError) {
            missed = try server.grid.missed(after: position.map { Revision(UInt64($0)) })
        } catch { return }
        let revision = UInt32(clamping: missed.revision.rawValue)
        var connection = Connection(waiting: SignalQueue(limits: signalLimits), position: position ?? revision)
        connection.sent = [.hello(revision, resumedAfter: position)]
        for event in missed.events { connection.waiting.append(event) }
        try oracles.streamOpened(index, at: position ?? revision, revision: revision)
        screens[index].connection = connection
        screens[index].heardAt = now
        try flush(index)
    }

    mutating func breakStream(_ index: Int, isNoticed: Bool) throws(Violation) {
        guard screens[index].connection?.isOpen == true else { return }
        screens[index].connection?.isOpen = false
        screens[index].connection?.sent = []
        guard isNoticed else { return }
        oracles.streamLost(index)
        try feed(index, .streamLost)
    }

    mutating func stream(_ step: Step) throws(Violation) {
        let index = screen(step)
        switch step.kind {
        case .event: try deliverEvents(index, count: 1 + Int(step.b) % 3)
        case .loseEvent:
            let place = screens[index].connection?.sent.firstIndex { if case .event = $0 { true } else { false } }
            if let place { screens[index].connection?.sent.remove(at: place) }
        case .doubleEvent:
            guard let first = screens[index].connection?.sent.first, case .event = first else { return }
            screens[index].connection?.sent.insert(first, at: 0)
        case .swapEvents:
            guard let sent = screens[index].connection?.sent, sent.count > 1, case .event = sent[0] else { return }
            screens[index].connection?.sent.swapAt(0, 1)
        case .breakStream: try breakStream(index, isNoticed: step.b % 2 == 0)
        case .connect: try connect(index, resuming: step.b % 3 != 0)
        case .buffer: screens[index].connection?.isBuffered.toggle()
        default: try beat(index)
        }
    }

    mutating func beat(_ index: Int) throws(Violation) {
        guard screens[index].connection?.isOpen == true else { return }
        try flush(index)
        let revision = UInt32(clamping: server.grid.position.revision.rawValue)
        screens[index].connection?.sent.append(.beat(revision))
    }

    /// What is on the wire reaches the screen, unless a proxy holds it back.
    mutating func deliverEvents(_ index: Int, count: Int) throws(Violation) {
        if screens[index].connection?.sent.isEmpty == true { try flush(index) }
        for _ in 0..<count {
            guard let connection = screens[index].connection, connection.isOpen, !connection.isBuffered,
                !connection.sent.isEmpty, !screens[index].isAway, let message = screens[index].connection?.sent.removeFirst()
            else { return }
            screens[index].heardAt = now
            try deliver(message, to: index)
        }
    }

    private mutating func deliver(_ message: StreamMessage, to index: Int) throws(Violation) {
        switch message {
        case .hello(let revision, let position):
            let isStarting = screens[index].told == 0
            oracles.connected(index, revision, resumedAfter: position, isStarting: isStarting)
            screens[index].told = max(screens[index].told, position ?? revision)
            screens[index].lastEvent = max(screens[index].lastEvent, position ?? revision)
            let resumed = position.map { Revision(UInt64($0)) }
            try feed(index, .hello(Revision(UInt64(revision)), resumedAfter: resumed), isNews: true)
        case .beat(let revision):
            if revision > screens[index].told {
                try gap(revision, to: index)
            } else {
                try feed(index, .heartbeat, isNews: true)
            }
        case .event(.gap(let revision)): try gap(UInt32(clamping: revision.rawValue), to: index)
        case .event(.commit(let signal)):
            let revision = UInt32(clamping: signal.revision.rawValue)
            screens[index].told = max(screens[index].told, revision)
            screens[index].lastEvent = max(screens[index].lastEvent, revision)
            let told = Self.signal(signal, for: screens[index].sheet)
            if control.contains(.patchFromPayloads) { try patch(index, revision) }
            let touched = oracles.touched(index, told)
            oracles.signalled(index, told)
            try feed(index, .signal(told), isNews: true)
            try oracles.checkKept(index, after: touched)
        case .end: break
        }
    }

    private mutating func gap(_ revision: UInt32, to index: Int) throws(Violation) {
        screens[index].told = max(screens[index].told, revision)
        screens[index].lastEvent = max(screens[index].lastEvent, revision)
        oracles.gap(index, revision)
        try feed(index, .gap(Revision(UInt64(revision))), isNews: true)
    }

    /// The control client that writes the values it is told of into what it shows.
    private mutating func patch(_ index: Int, _ revision: UInt32) throws(Violation) {
        guard revision <= oracles.truth.revision, !screens[index].frame.pages.isEmpty else { return }
        var frame = screens[index].frame
        for page in frame.pages.indices {
            let columns = frame.pages[page].body.heading.columns
            for (place, row) in frame.pages[page].body.rows.enumerated() {
                for (index, column) in columns.enumerated() {
                    frame.pages[page].body.tokens[place * columns.count + index] = oracles.truth.value(
                        row, column, at: revision)
                }
            }
        }
        frame.revision = revision
        screens[index].frame = frame
        try oracles.painted(index, frame)
    }

    /// What a screen of one sheet needs to know of a commit.
    private static func signal(_ signal: ChangePipeline.Signal, for sheet: Int) -> Ordering.Signal {
        guard let touched = signal.sheets.first(where: { Int($0.id.rawValue) == sheet + 1 }) else {
            return Ordering.Signal(from: signal.from, revision: signal.revision, rows: .none, structure: signal.structure)
        }
        let rows: TouchedRows =
            switch touched.rows {
            case .many: .many
            case .ranges(let ranges):
                .ranges(ranges.map { RowRange(first: RowKey($0.lowerBound.rawValue), last: RowKey($0.upperBound.rawValue)) })
            }
        let columns = touched.columns.map { TouchedColumns.these($0.map { ColumnKey($0.rawValue) }) }
        return Ordering.Signal(
            from: signal.from, revision: signal.revision, rows: rows, columns: columns ?? .many, order: touched.order,
            structure: touched.structure || signal.structure)
    }
}
