@testable import Ordering

/// What an invariant was violated by.
struct Violation: Error, CustomStringConvertible {
    var invariant: String
    var message: String
    var description: String { "\(invariant): \(message)" }
}

/// A server, a network, a person and a host around one core, with a checker that watches every effect.
struct World {
    struct Wire {
        var request: Request
        /// What the client said it holds, as tags.
        var tags: [UInt32: ModelServer.Page]
        var sorted: Bool
        var isCancelled = false
        /// Computed when the server processes the request; what is unchanged is `nil`.
        var reply: (revision: UInt64, pages: [(number: UInt32, content: ModelServer.Page?)], full: [UInt32: ModelServer.Page])?
        var failure: Failure?
        var deliveries = 0
    }

    struct Edit {
        var draft: UInt32
        var row: UInt32
        var revision: UInt64?
    }

    var core: Reconciler
    var server = ModelServer(rows: 16)
    var host = Host()
    var now: UInt64 = 0
    var timer: UInt64?
    var wires: [Wire] = []
    var answered: [Wire] = []
    var stream: [Signal] = []
    var isStreamOpen = false
    var lastSignal: Signal?
    var lastEventID: UInt64 = 0
    var edits: [Edit] = []
    var nextDraft: UInt32 = 1
    var lag: UInt64 = 0
    var isSorted = false
    var checker = Checker()

    init(seed: UInt64) {
        var generator = Generator(seed: seed ^ 0xC0FFEE)
        var configuration = Configuration()
        configuration.marginPages = UInt32(generator.below(3))
        configuration.pagesInView = 3
        configuration.cachedPages = configuration.pagesInView + 2 * configuration.marginPages + UInt32(generator.below(3))
        configuration.replyTimeoutMilliseconds = 4_000
        configuration.jitterSeed = UInt32(truncatingIfNeeded: seed)
        core = Reconciler(configuration: configuration)
    }

    mutating func run(_ schedule: Schedule) throws(Violation) {
        try feed(open(sorted: false))
        try perform(Step(kind: .reconnect))
        for step in schedule.steps { try perform(step) }
        try settle()
    }

    func open(sorted: Bool) -> Event {
        .open(
            Intent(
                sheet: 1, view: sorted ? 1 : 0, pageSize: UInt32(ModelServer.pageSize),
                sensitive: .these(sorted ? [ColumnKey(ModelServer.sortColumn)] : []),
                shown: .these([ColumnKey(ModelServer.column), ColumnKey(ModelServer.sortColumn)]),
                viewport: PageRange(first: PageNumber(1), last: PageNumber(1))))
    }

    /// Hands an event to the core and does what it asks for.
    mutating func feed(_ event: Event) throws(Violation) {
        let before = checker.before(event, core: core, now: now)
        core.handle(event, at: Instant(milliseconds: now))
        var effects: [Effect] = []
        while let effect = core.nextEffect() { effects.append(effect) }
        for effect in effects {
            try checker.check(effect, self)
            carryOut(effect)
            try checker.checkHost(after: effect, self)
        }
        try checker.after(event, before, effects, self)
    }

    private mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .send(let request):
            var tags: [UInt32: ModelServer.Page] = [:]
            for page in request.have { tags[page.rawValue] = host.held[page.rawValue]?.page }
            wires.append(Wire(request: request, tags: tags, sorted: isSorted))
        case .cancel(let id):
            for index in wires.indices where wires[index].request.id == id { wires[index].isCancelled = true }
            for index in answered.indices where answered[index].request.id == id { answered[index].isCancelled = true }
        case .setTimer(let at): timer = at.milliseconds
        case .cancelTimer: timer = nil
        case .reset, .apply, .drop, .paint, .advance, .withdraw, .evict, .releaseDraft, .status: break
        }
        host.carryOut(effect)
    }

    mutating func advance(to target: UInt64) throws(Violation) {
        var firings = 0
        while let at = timer, at <= target {
            firings += 1
            if firings > 500 { throw Violation(invariant: "timer", message: "fires for ever at \(now)") }
            now = max(now, at)
            timer = nil
            try feed(.timer)
        }
        now = max(now, target)
    }

    /// Everything heals and arrives; then the screen has to be right (C5) and silent (C7).
    mutating func settle() throws(Violation) {
        lag = 0
        try feed(.shown)
        for edit in edits where edit.revision == nil { try feed(.editRefused(DraftID(edit.draft))) }
        for edit in edits {
            guard let revision = edit.revision else { continue }
            checker.acknowledging(edit, at: revision)
            try feed(.editAcknowledged(DraftID(edit.draft), Revision(revision)))
        }
        edits.removeAll()
        try perform(Step(kind: .reconnect))
        if core.problem == .permanent { try feed(.refresh) }
        for _ in 0..<400 {
            if wires.isEmpty && stream.isEmpty && timer == nil { break }
            while !stream.isEmpty { try perform(Step(kind: .signal)) }
            for _ in wires { try perform(Step(kind: .process)) }
            while !answered.isEmpty { try perform(Step(kind: .deliver)) }
            if let timer { try advance(to: max(timer, now)) }
        }
        try checker.settled(self)
    }
}

/// What a host keeps, by the four rules of the specification.
struct Host {
    struct Payload {
        var page: ModelServer.Page
        var revision: UInt64
        var request: RequestID
    }

    var arrived: [RequestID: [UInt32: Payload]] = [:]
    var held: [UInt32: Payload] = [:]
    var drawn: [UInt32: Payload] = [:]

    mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .reset:
            arrived.removeAll()
            held.removeAll()
            drawn.removeAll()
        case .apply(let id, let page): held[page.rawValue] = arrived[id]?[page.rawValue]
        case .paint(let paint):
            drawn = [:]
            for page in paint.pages { drawn[page.rawValue] = held[page.rawValue] }
        case .withdraw(let page): drawn[page.rawValue] = nil
        case .evict(let page): held[page.rawValue] = nil
        case .advance, .drop, .send, .cancel, .releaseDraft, .setTimer, .cancelTimer, .status: break
        }
    }
}
