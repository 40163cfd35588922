import Ordering
import Trace

/// Runs a piece: does its steps one after the other, lets everything that is not held arrive at once after each, and paints. At the end
/// everything held arrives, and timers run until nothing happens any more.
package struct MuseumWorld {
    enum Message {
        case readRequest(MuseumRead)
        case readReply(MuseumReadReply)
        case changeRequest(MuseumChange)
        case changeReply(MuseumChange, MuseumChangeReply)
        case signal(MuseumSignal)
    }

    struct Hold {
        var kind: MuseumStep.Message
        var name: String
        var cell: String?
    }

    /// Virtual time that the end waits for timers, and how many: longer than any wait of the Ordering core.
    private static let patience: UInt64 = 60_000
    private static let mostTimers = 400

    let piece: MuseumPiece
    let kind: MuseumClientKind
    var client: any MuseumClient
    var server: any MuseumServer
    var queue: [Message] = []
    var holds: [Hold] = []
    var held: [(name: String, message: Message)] = []
    var staleReads: [Int64] = []
    var isConnected = false
    var isRegistered = true
    /// The stream as far as the client has it.
    var position: Int64?
    var now: UInt64 = 0
    var intents: Int64 = 0
    var ranks: [String: (rank: Int64, askedAt: Int)] = [:]
    var facts: [MuseumFact] = []
    var record = MuseumRecord()
    var lastFrame: [String: MuseumShown] = [:]
    var wasPending = false
    var view: MuseumPiece.View?

    private init(_ piece: MuseumPiece, _ kind: MuseumClientKind) {
        self.piece = piece
        self.kind = kind
        switch kind {
        case .last, .patch:
            client = ReferenceClient(kind, piece)
            server = ReportedServer(piece)
        case .trueline:
            client = TruelineScreen(piece)
            server = TruelineServer(piece)
        }
    }

    /// The life of a client. The same piece and client give the same life.
    package static func live(_ piece: MuseumPiece, as kind: MuseumClientKind) -> MuseumLife {
        var world = MuseumWorld(piece, kind)
        world.run()
        return MuseumLife(piece: piece, client: kind, facts: world.facts, events: world.record.events)
    }

    private mutating func run() {
        let places = Set(piece.views.flatMap { $0.places.map(\.name) }).sorted()
        record.add(.slot) { event in
            event.slot = Self.slot
            event.attributes = [TraceEvent.Attribute(name: "policy", value: "\"latest\"")]
            event.from = places
        }
        takeServerEvents()
        if !piece.isCold, let first = piece.views.first {
            take(.connect)
            take(.open(view: first.name))
        }
        for step in piece.steps { take(step) }
        while !held.isEmpty {
            queue.append(held.removeFirst().message)
            settle()
        }
        holds = []
        if !isConnected { take(.connect) }
        take(.ready)
        server.flush()
        settle()
        quiesce()
        facts.append(.quiet(isPending: client.isPending))
    }

    /// The one slot of a piece: what the person looks at.
    static let slot = "list"

    /// Lets the client's timers run until it is quiet.
    private mutating func quiesce() {
        let end = now + Self.patience
        for _ in 0..<Self.mostTimers {
            guard let timer = client.timer, timer <= end else { return }
            now = max(now, timer)
            hand(.timer)
            settle()
        }
    }

    private mutating func wait(_ milliseconds: UInt64) {
        let end = now + milliseconds
        for _ in 0..<Self.mostTimers {
            guard let timer = client.timer, timer <= end else { break }
            now = max(now, timer)
            hand(.timer)
            settle()
        }
        now = end
    }
}

// MARK: - Steps

extension MuseumWorld {
    private mutating func take(_ step: MuseumStep) {
        switch step {
        case .open, .refresh, .edit, .type, .leave, .comeBack: person(step)
        case .commit(let cells): server.commit(cells)
        case .begin(let name, let cells): server.begin(name, cells)
        case .finish(let name): server.finish(name)
        case .ask(let name, let cell, let reads): server.ask(name, cell: cell, reads: reads)
        case .answer(let name, let value): server.answer(name, value: value)
        case .flush: server.flush()
        case .crash: server.crash()
        case .hold(let kind, let name, let cell): holds.append(Hold(kind: kind, name: name, cell: cell))
        case .deliver(let name):
            for message in takeHeld(name) { queue.append(message) }
        case .duplicate(let name): queue += held.filter { $0.name == name }.map(\.message)
        case .lose(let name): for message in takeHeld(name) { lose(message) }
        case .swallow(let name): for message in takeHeld(name) { end(message, error: nil) }
        case .stale(let revision): staleReads.append(revision)
        case .disconnect:
            isConnected = false
            hand(.disconnected)
        case .connect: connect()
        case .ready: isRegistered = true
        case .wait(let milliseconds): wait(UInt64(clamping: milliseconds))
        }
        takeServerEvents()
        settle()
    }

    private mutating func person(_ step: MuseumStep) {
        record.beginTask()
        switch step {
        case .open(let name):
            guard let view = piece.view(name) else { return }
            self.view = view
            let intent = ask(label: "open \(name)", arguments: name)
            facts.append(.opened(view, intent: intent))
            hand(.opened(view, intent: intent))
        case .refresh: hand(.refresh(intent: ask(label: "read again", arguments: view?.name ?? "")))
        case .edit(let edit):
            let intent = ask(
                label: edit.value == nil && edit.add == nil ? "delete \(edit.cell)" : "edit \(edit.cell)", arguments: "")
            facts.append(.edited(edit, intent: intent, value: edit.value))
            hand(.edited(edit, intent: intent))
        case .type(let place, let value):
            facts.append(.typed(place: place, value: value))
            hand(.typed(place: place, value: value))
        case .leave:
            facts.append(.left)
            record.add(.unmount) { $0.slot = Self.slot }
            hand(.left)
        case .comeBack:
            facts.append(.cameBack)
            record.add(.mount) { $0.slot = Self.slot }
            hand(.cameBack)
            // What waited before it was left still says so.
            if client.isPending { record.add(.pending) { $0.slot = Self.slot } }
        case .commit, .begin, .finish, .ask, .answer, .flush, .crash, .hold, .deliver, .duplicate, .lose, .swallow, .stale,
            .disconnect, .connect, .ready, .wait:
            return
        }
    }

    private mutating func ask(label: String, arguments: String) -> Int64 {
        intents += 1
        let intent = intents
        record.add(.intent) { event in
            event.intent = "i\(intent)"
            event.slot = Self.slot
            event.number = intent
            event.label = label
            if !arguments.isEmpty { event.arguments = MuseumRecord.json(arguments) }
        }
        return intent
    }

    private mutating func connect() {
        isConnected = true
        isRegistered = !piece.defects.contains(.registersLate) || kind == .trueline
        let after = position
        let (revision, missed) = server.connect(after: after)
        record.beginTask()
        facts.append(.connected(position: after ?? revision))
        hand(.connected(revision: revision, resumedAfter: after))
        if after == nil {
            position = revision
            // The greeting says where the stream stands.
            record.add(.signal) { event in
                event.slot = "stream"
                event.number = revision
                event.version = .number(revision)
            }
        }
        queue += missed.map { .signal($0) }
    }
}

// MARK: - The client

extension MuseumWorld {
    mutating func hand(_ event: MuseumClientEvent) {
        record.milliseconds = Int64(clamping: now)
        client.handle(event, at: now)
        while let effect = client.nextEffect() {
            switch effect {
            case .read(let read): begin(read)
            case .change(let change):
                let arguments = MuseumRecord.json(view?.name ?? "")
                record.add(.start) { event in
                    event.request = change.id
                    event.intent = "i\(change.intent)"
                    event.slot = Self.slot
                    event.arguments = arguments
                    event.label = "save " + change.parts.map(\.cell).joined(separator: ", ")
                }
                queue.append(.changeRequest(change))
            case .cancel(let id): record.add(.cancel) { $0.request = id }
            case .note(let event): record.add(event)
            }
        }
        let isPending = client.isPending
        if isPending != wasPending { record.add(isPending ? .pending : .settled) { $0.slot = Self.slot } }
        wasPending = isPending
    }

    private mutating func begin(_ read: MuseumRead) {
        let intent = read.intent ?? ask(label: "read again of its own accord", arguments: read.view)
        ranks[read.id] = (intent, facts.count)
        let isPart = view?.inParts == true && kind != .trueline
        record.add(.start) { event in
            event.request = read.id
            event.intent = "i\(intent)"
            event.slot = Self.slot
            event.arguments = MuseumRecord.json(read.view)
            event.label = "read " + (isPart ? read.cells.joined(separator: ", ") : read.view)
        }
        queue.append(.readRequest(read))
    }

    mutating func paint() {
        let screen = client.screen
        guard screen != lastFrame else { return }
        lastFrame = screen
        facts.append(.painted(screen))
        record.paint(screen, slot: Self.slot, sum: view?.sum)
    }
}
