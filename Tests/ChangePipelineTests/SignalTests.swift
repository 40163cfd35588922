import GridImage
import GridModel
import Ordering
import TestKit
import Testing

@testable import ChangePipeline

@Suite("Signals")
struct SignalTests {
    private func signal(_ revision: UInt64, rows: [ClosedRange<RowID>] = [], sheet: UInt32 = 1) -> ChangePipeline.Signal {
        let touched = Touched.Sheet(id: SheetID(sheet), rows: .ranges(rows), columns: [ColumnID(UInt32(revision))])
        return ChangePipeline.Signal(
            revision: Revision(revision), from: Revision(revision), sheets: [touched], structure: false, changes: 1)
    }

    private func drain(_ buffer: SignalBuffer) async -> [String] {
        buffer.finish()
        var words: [String] = []
        while let event = await buffer.next() { words.append(event.words) }
        return words
    }

    private func rows(_ low: UInt32, _ high: UInt32) -> ClosedRange<RowID> { RowID(low)...RowID(high) }

    @Test("S8: a slow reader's queue is bounded: the newest merge, and nothing is left out")
    func merging() async {
        var limits = SignalLimits()
        limits.queued = 3
        let buffer = SignalBuffer(limits: limits)
        for revision in 1...10 { buffer.push(.commit(signal(UInt64(revision)))) }
        #expect(await drain(buffer) == ["signal 1...1", "signal 2...2", "signal 3...10"])
    }

    @Test("S8: past the bytes everything that waits becomes one gap, up to the last revision")
    func gap() async {
        var limits = SignalLimits()
        limits.queuedBytes = 1_000
        let buffer = SignalBuffer(limits: limits)
        buffer.push(.commit(signal(1)))
        buffer.push(.commit(signal(2, rows: (0..<100).map { rows($0 * 3, $0 * 3) })))
        buffer.push(.commit(signal(3)))
        #expect(await drain(buffer) == ["gap 3"])
    }

    @Test("C5: a gap stands for all that waits before it, and for the commits after it") func gapCovers() {
        var queue = SignalQueue(limits: SignalLimits())
        queue.append(.commit(signal(1)))
        queue.append(.gap(Revision(3)))
        queue.append(.commit(signal(4)))
        #expect(queue.takeAll().map(\.words) == ["gap 4"])
    }

    @Test("merged signals name the union of what they touched")
    func union() {
        let first = signal(1, rows: [rows(1, 3), rows(10, 12)])
        let second = signal(2, rows: [rows(4, 5), rows(11, 20), rows(30, 30)])
        let merged = first.merged(with: second)
        #expect(merged.sheets.map(\.rows) == [.ranges([rows(1, 5), rows(10, 20), rows(30, 30)])])
        #expect(merged.sheets.map(\.columns) == [[ColumnID(1), ColumnID(2)]])
        #expect((merged.from, merged.revision, merged.changes) == (Revision(1), Revision(2), 2))
        let other = merged.merged(with: signal(3, rows: [rows(1, 1)], sheet: 2))
        #expect(other.sheets.map(\.id) == [SheetID(1), SheetID(2)])
        let within = signal(6, rows: [rows(1, 9)]).merged(with: signal(7, rows: [rows(2, 3)]))
        #expect(within.sheets.map(\.rows) == [.ranges([rows(1, 9)])])
        let far = (0..<2_100).map { rows(UInt32($0) * 10, UInt32($0) * 10) }
        let many = signal(4, rows: Array(far.prefix(1_900))).merged(with: signal(5, rows: Array(far.suffix(1_900))))
        #expect(many.sheets.map(\.rows) == [.many])
    }

    @Test(
        "C5: a merged signal says what either says: rows that moved, columns and sheets that changed, and what was too much to name"
    )
    func flags() {
        func touched(_ rows: Touched.Rows, _ columns: [ColumnID]?, moved: Bool) -> ChangePipeline.Signal {
            let sheet = Touched.Sheet(id: SheetID(1), rows: rows, columns: columns, structure: moved, order: moved)
            return ChangePipeline.Signal(
                revision: Revision(1), from: Revision(1), sheets: [sheet], structure: moved, changes: 1)
        }
        let named = touched(.ranges([rows(1, 1)]), [ColumnID(1)], moved: false)
        let moved = touched(.many, nil, moved: true)
        for merged in [named.merged(with: moved), moved.merged(with: named)] {
            #expect(merged.structure)
            #expect(merged.sheets == [Touched.Sheet(id: SheetID(1), rows: .many, columns: nil, structure: true, order: true)])
        }
    }

    @Test("S8: the signals kept for those who come back are bounded in bytes too")
    func keptBytes() async throws {
        var limits = SignalLimits()
        limits.keptBytesForResume = 400
        let rig = try GridRig(signalLimits: limits)
        for text in ["a", "b", "c", "d", "e"] {  // revisions 4 to 8, each of about 150 bytes
            rig.submit(rig.set(1, text))
            rig.settle()
        }
        var iterator = try rig.grid.signals(after: Revision(4)).makeAsyncIterator()
        #expect(await iterator.next()?.words == "gap 8")
    }

    @Test("S2: after its end a subscription gives no signal that was not waiting already")
    func afterTheEnd() async {
        let buffer = SignalBuffer(limits: SignalLimits())
        buffer.push(.commit(signal(1)))
        buffer.finish()
        buffer.push(.commit(signal(2)))
        #expect(buffer.takeAll().map(\.words) == ["signal 1...1"])
        #expect(await buffer.next() == nil)
    }

    @Test("S8: of two readers of one subscription one gets the signal, and neither hangs")
    func twoReaders() async {
        for _ in 0..<200 {
            let buffer = SignalBuffer(limits: SignalLimits())
            async let first = buffer.next()
            async let second = buffer.next()
            for _ in 0..<20 { await Task.yield() }
            buffer.push(.commit(signal(1)))
            buffer.finish()
            #expect(await [first, second].compactMap { $0?.words } == ["signal 1...1"])
        }
    }

    @Test("S2: a reader gets every revision once, in order, and the rest at once when it comes late")
    func subscription() async throws {
        let rig = try GridRig()
        let subscription = try rig.grid.signals()
        #expect(subscription.start == Revision(3))
        for text in ["a", "b", "c"] {
            rig.submit(rig.set(1, text))
            rig.settle()
        }
        var iterator = subscription.makeAsyncIterator()
        var words: [String] = []
        for _ in 0..<3 { words.append(await iterator.next()?.words ?? "end") }
        #expect(words == ["signal 4...4", "signal 5...5", "signal 6...6"])
    }

    @Test("a position that is kept resumes without loss; an older or impossible one gets a gap")
    func resume() async throws {
        var limits = SignalLimits()
        limits.keptForResume = 3
        let rig = try GridRig(signalLimits: limits)
        for text in ["a", "b", "c", "d", "e"] {  // revisions 4 to 8
            rig.submit(rig.set(1, text))
            rig.settle()
        }
        var first: [String] = []
        for position in [5, 6, 4, 99, 8] {
            var iterator = try rig.grid.signals(after: Revision(UInt64(position))).makeAsyncIterator()
            if position == 8 {
                rig.submit(rig.set(1, "f"))
                rig.settle()
            }
            first.append(await iterator.next()?.words ?? "end")
        }
        #expect(first == ["signal 6...6", "signal 7...7", "gap 8", "gap 8", "signal 9...9"])
    }

    @Test("S8: subscribers are bounded, and one that goes makes room")
    func subscribersAreBounded() throws {
        var limits = SignalLimits()
        limits.subscribers = 2
        let rig = try GridRig(signalLimits: limits)
        var held = try [rig.grid.signals(), rig.grid.signals()]
        #expect(throws: PipelineError.overloaded(limit: "subscribers of a grid", most: 2)) { try rig.grid.signals() }
        held.removeLast()
        _ = try rig.grid.signals()
        #expect(held.count == 1)
    }

    @Test("a reader whose task is cancelled ends")
    func cancellation() async throws {
        let rig = try GridRig()
        let subscription = try rig.grid.signals()
        let reader = Task { await noting(subscription, in: rig.seen) }
        reader.cancel()
        await reader.value
        #expect(rig.seen.lines == ["end"])
    }
}

@Suite("The stored answers")
struct OutcomeCodecTests {
    @Test("are read back as they were")
    func roundTrip() throws {
        let all: [ChangeResult] = [
            .done, .done, .rows(first: RowID(.max), count: 7), .column(ColumnID(3)), .sheet(SheetID(0)), .view(ViewID(300)),
            .keptAsSuggestion, .inputsChanged, .done,
        ]
        for results in [[], all, Array(repeating: .done, count: 10_000)] {
            #expect(try OutcomeCodec.decode(OutcomeCodec.encode(results)) == results)
        }
        #expect(OutcomeCodec.encode(Array(repeating: .done, count: 10_000)).count == 4)
    }

    @Test("are refused when they are damaged, never trapped on or read without bound")
    func damage() throws {
        let sound = OutcomeCodec.encode([.done, .rows(first: RowID(70_000), count: 1_000), .column(ColumnID(1))])
        for length in 0..<sound.count {
            #expect((try? OutcomeCodec.decode(Array(sound.prefix(length)))).map { $0.count < 3 } ?? true)
        }
        var random = Seeded(seed: 1)
        for _ in 0..<20_000 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let decoded = try? OutcomeCodec.decode(bytes)
            #expect((decoded?.count ?? 0) <= Limits.changesPerCommand)
        }
        #expect(throws: OutcomeCodec.Failure.self) { try OutcomeCodec.decode([1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) }
    }
}
