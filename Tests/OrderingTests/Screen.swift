import Ordering

/// A core with its clock moved by hand; effects come out as short lines, so that a test reads like a transcript.
struct Screen {
    var core: Reconciler
    var now: UInt64 = 0

    init(margin: UInt32 = 0, cached: UInt32 = 64) {
        var configuration = Configuration()
        configuration.marginPages = margin
        configuration.cachedPages = cached
        core = Reconciler(configuration: configuration)
    }

    /// Everything but the timer and the trust line, which have tests of their own.
    mutating func handle(_ event: Event, at instant: UInt64? = nil) -> [String] {
        effects(event, at: instant).compactMap(Self.line)
    }

    mutating func effects(_ event: Event, at instant: UInt64? = nil) -> [Effect] {
        now = instant ?? now
        core.handle(event, at: Instant(milliseconds: now))
        var effects: [Effect] = []
        while let effect = core.nextEffect() { effects.append(effect) }
        return effects
    }

    static func line(_ effect: Effect) -> String? {
        switch effect {
        case .reset(let generation): "reset \(generation.rawValue)"
        case .send(let request):
            "\(request.purpose) \(name(request.id)): \(list(request.pages)) have [\(list(request.have))] from \(request.minRevision)"
        case .cancel(let id): "cancel \(name(id))"
        case .apply(let id, let page): "apply \(name(id)) page \(page.rawValue)"
        case .drop(let id, let page, let reason): "drop \(name(id))\(page.map { " page \($0.rawValue)" } ?? ""): \(reason)"
        case .paint(let paint): "paint \(paint.revision): [\(list(paint.pages))] of \(paint.totalPages)"
        case .advance(let revision): "advance \(revision)"
        case .withdraw(let page): "withdraw \(page.rawValue)"
        case .evict(let page): "evict \(page.rawValue)"
        case .releaseDraft(let draft, let reason): "release \(draft.rawValue): \(reason)"
        case .setTimer, .cancelTimer, .status: nil
        }
    }

    private static func name(_ id: RequestID) -> String { "\(id.generation.rawValue).\(id.number)" }
    private static func list(_ pages: [PageNumber]) -> String { pages.map { "\($0.rawValue)" }.joined(separator: ",") }
    private static func list(_ range: PageRange) -> String {
        range.first == range.last ? "\(range.first.rawValue)" : "\(range.first.rawValue)-\(range.last.rawValue)"
    }
}

extension Event {
    static func opening(
        _ first: UInt32 = 1, _ last: UInt32? = nil, sensitive: SensitiveColumns = .these([]), shown: ShownColumns = .all
    ) -> Event {
        .open(Intent(sheet: 1, view: 0, pageSize: 10, sensitive: sensitive, shown: shown, viewport: range(first, last)))
    }

    static func looking(at first: UInt32, _ last: UInt32? = nil) -> Event { .viewport(range(first, last)) }

    private static func range(_ first: UInt32, _ last: UInt32?) -> PageRange {
        PageRange(first: PageNumber(first), last: PageNumber(last ?? first))
    }

    static func hello(_ revision: UInt64, after position: UInt64? = nil) -> Event {
        .hello(Revision(revision), resumedAfter: position.map { Revision($0) })
    }

    /// Rows of page p are p0 to p9, so a row names its page.
    static func signal(
        _ revision: UInt64, from: UInt64? = nil, rows: [UInt32] = [], columns: [UInt32] = [1], order: Bool = false
    ) -> Event {
        .signal(
            Signal(
                from: Revision(from ?? revision), revision: Revision(revision),
                rows: .ranges(rows.map { RowRange(first: RowKey($0), last: RowKey($0)) }),
                columns: .these(columns.map { ColumnKey($0) }), order: order))
    }

    /// A reply with whole pages, or with unchanged ones.
    static func reply(
        _ number: UInt32, generation: UInt32 = 1, at revision: UInt64, pages: [UInt32] = [], unchanged: [UInt32] = [],
        of total: UInt32 = 12
    ) -> Event {
        let whole = pages.map { page in
            ReplyPage(page: PageNumber(page), content: .rows((0..<10).map { RowKey(page &* 10 &+ $0) }))
        }
        let same = unchanged.map { ReplyPage(page: PageNumber($0), content: .unchanged) }
        return .replyArrived(
            Reply(
                request: RequestID(generation: Generation(generation), number: number), revision: Revision(revision),
                totalRows: total * 10, totalPages: total, pages: whole + same))
    }

    static func failed(_ number: UInt32, _ failure: Failure = .temporary, retryAfter: UInt32? = nil) -> Event {
        .replyFailed(
            RequestID(generation: Generation(1), number: number), failure, retryAfterMilliseconds: retryAfter)
    }
}
