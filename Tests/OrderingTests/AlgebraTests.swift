import Testing

@testable import Ordering

@Suite struct AlgebraTests {
    private func signal(_ generator: inout Generator, from: UInt64) -> Signal {
        let ranges = (0..<generator.below(6)).map { _ in
            let first = UInt32(generator.below(60))
            return RowRange(first: RowKey(first), last: RowKey(first + UInt32(generator.below(5))))
        }
        let columns = (0..<generator.below(4)).map { _ in ColumnKey(UInt32(generator.below(9))) }
        return Signal(
            from: Revision(from), revision: Revision(from + UInt64(generator.below(3))),
            rows: generator.chance(10) ? .many : .ranges(ranges), columns: generator.chance(10) ? .many : .these(columns),
            order: generator.chance(10), structure: generator.chance(10))
    }

    @Test("Signals merge associatively, commutatively and idempotently", arguments: UInt64(1)...200)
    func merging(seed: UInt64) {
        var generator = Generator(seed: seed)
        let a = signal(&generator, from: 5)
        let b = signal(&generator, from: a.revision.rawValue + 1)
        let c = signal(&generator, from: b.revision.rawValue + 1)
        #expect(a.merged(with: b).merged(with: c) == a.merged(with: b.merged(with: c)))
        #expect(a.merged(with: b) == b.merged(with: a))
        #expect(a.merged(with: a) == a)
        #expect(a.merged(with: b).merged(with: b) == a.merged(with: b))
    }

    @Test("A merged signal touches what either touches", arguments: UInt64(1)...200) func mergedTouches(seed: UInt64) {
        var generator = Generator(seed: seed)
        let a = signal(&generator, from: 5)
        let b = signal(&generator, from: a.revision.rawValue + 1)
        let sensitive = SensitiveColumns.these([ColumnKey(UInt32(generator.below(9)))])
        let members = Members((0..<8).map { _ in RowKey(UInt32(generator.below(70))) })
        let window = Concern(sensitive: sensitive, shown: .these((0..<3).map { _ in ColumnKey(UInt32(generator.below(9))) }))
        let seen = a.touches(members, window) || b.touches(members, window)
        #expect(a.merged(with: b).touches(members, window) || !seen)
        let whole = Concern(sensitive: sensitive, shown: .all)
        let either = a.touches(members, whole) || b.touches(members, whole)
        let both = a.merged(with: b).touches(members, whole)
        // It may touch more: rows of one and columns of the other.
        #expect(both || !either)
        #expect(!both || either || a.rows == .none || b.rows == .none)
    }

    @Test("Signals with a hole between them merge to one that touched everything") func hole() {
        let merged = Signal(from: Revision(1), revision: Revision(2), rows: .none)
            .merged(with: Signal(from: Revision(4), revision: Revision(4), rows: .none))
        #expect(merged.rows == .many && merged.columns == .many && merged.order)
    }

    @Test("S8: rows and columns beyond the bound, and ranges that run backwards, count as many") func bounds() {
        let apart = (0...UInt32(Bounds.rangesPerSignal)).map { RowRange(first: RowKey($0 * 2), last: RowKey($0 * 2)) }
        #expect(TouchedRows.ranges(apart).normalized == .many)
        #expect(TouchedRows.ranges([RowRange(first: RowKey(2), last: RowKey(1))]).normalized == .many)
        let all = [RowRange(first: RowKey(0), last: RowKey(.max)), RowRange(first: RowKey(7), last: RowKey(9))]
        #expect(TouchedRows.ranges(all).normalized == .ranges([all[0]]))
        #expect(Members((0...UInt32(Bounds.rowsPerPage)).map { RowKey($0) }) == .all)
        #expect(TouchedColumns.these((0...UInt32(Bounds.columnsPerSignal)).map { ColumnKey($0) }).normalized == .many)
    }

    /// A world part of the way through a schedule.
    private func world(_ seed: UInt64) -> World {
        var world = World(seed: seed)
        do throws(Violation) {
            try world.feed(world.open(sorted: false))
            try world.perform(Step(kind: .reconnect))
            for step in Schedule(seed: seed, length: 60).steps { try world.perform(step) }
        } catch {
            Issue.record("\(error)")
        }
        return world
    }

    private func drained(_ core: inout Reconciler, _ event: Event, at now: UInt64) -> [Effect] {
        core.handle(event, at: Instant(milliseconds: now))
        var effects: [Effect] = []
        while let effect = core.nextEffect() { effects.append(effect) }
        return effects
    }

    @Test("A copy is a fork: the same events, the same effects, equal cores; and nothing done to it is seen by the other")
    func fork() {
        for seed in UInt64(1)...60 {
            var one = world(seed).core
            var two = one
            let before = one.hashValue
            for revision in UInt64(200)...204 {
                let event = Event.signal(revision, from: revision - 1, rows: [UInt32(revision % 16)])
                #expect(drained(&one, event, at: 90_000) == drained(&two, event, at: 90_000))
            }
            #expect(one == two && one.hashValue == two.hashValue)
            _ = drained(&two, .refresh, at: 90_001)
            #expect(one != two && one.hashValue != before)
        }
    }

    @Test("C1: a second delivery of any reply changes nothing but a counter") func duplicates() {
        for seed in UInt64(1)...60 {
            var core = world(seed).core
            let now = core.clock.milliseconds
            guard let read = core.reads.first else { continue }
            let reply = Event.reply(
                read.id.number, generation: read.id.generation.rawValue, at: core.newest.rawValue + 1,
                pages: read.range.pages.map { $0.rawValue })
            _ = drained(&core, reply, at: now)
            var again = core
            #expect(
                drained(&again, reply, at: now).map { Screen.line($0) } == [
                    "drop \(read.id.generation.rawValue).\(read.id.number): superseded"
                ])
            again.counters = core.counters
            #expect(again == core)
        }
    }

    @Test("A repeated signal, a heartbeat on a live stream and the same viewport change nothing that shows") func idempotence()
    {
        for seed in UInt64(1)...60 {
            var core = world(seed).core
            let now = core.clock.milliseconds
            _ = drained(&core, .hello(core.newest.rawValue + 1), at: now)
            _ = drained(&core, .viewport(core.view), at: now)
            for event in [Event.heartbeat, .viewport(core.view), .signal(core.frontier.rawValue, rows: [1])] {
                #expect(drained(&core, event, at: now).isEmpty, "seed \(seed), \(event)")
            }
        }
    }

    @Test("An edit's news and a signal about other rows come to the same in either order") func independent() {
        for seed in UInt64(1)...60 {
            var one = world(seed).core
            let now = one.clock.milliseconds
            _ = drained(&one, .hello(one.newest.rawValue + 1), at: now)
            _ = drained(&one, .editSubmitted(DraftID(900), row: RowKey(5)), at: now)
            var two = one
            let news = Event.editRefused(DraftID(900))
            let signal = Event.signal(one.frontier.rawValue + 1, rows: [9_999])
            _ = drained(&one, news, at: now)
            _ = drained(&one, signal, at: now)
            _ = drained(&two, signal, at: now)
            _ = drained(&two, news, at: now)
            #expect(one == two, "seed \(seed)")
        }
    }

    @Test("Any numbers make a core that works: extreme revisions, pages, instants and configurations") func extremes() {
        var configuration = Configuration()
        configuration.marginPages = .max
        configuration.pagesInView = .max
        configuration.cachedPages = .max
        configuration.readsInFlight = .max
        configuration.retryMilliseconds = .max
        configuration.retryCeilingMilliseconds = .max
        configuration.pollMilliseconds = 0
        configuration.replyTimeoutMilliseconds = 0
        var core = Reconciler(configuration: configuration)
        let events: [Event] = [
            .opening(.max, .max), .looking(at: .max - 1, .max), .hello(.max), .hello(.max, after: .max),
            .signal(.max, from: 0, rows: [.max]),
            .signal(0), .signal(.max, rows: [0], order: true), .reply(1, at: .max, pages: [.max], of: 100),
            .failed(1, retryAfter: .max),
            .failed(2, .permanent), .editAcknowledged(DraftID(.max), Revision(.max)), .runEnded(Revision(.max)), .refresh,
            .streamLost, .timer, .gap(Revision(.max)), .looking(at: 0, 0), .looking(at: 9, 3), .timer,
        ]
        for now in [UInt64(0), .max, 5] {
            for event in events { #expect(drained(&core, event, at: now).count < 200) }
        }
    }
}
