import ChangePipeline
import GridImage
import GridModel
import NIOCore
import NIOEmbedded
import Ordering
import Testing
import Wire

@testable import GridServer

@Suite("Streams of one loop")
struct LoopStreamsTests {
    /// A reader that takes what is written, or does not.
    private final class Reader: EventOutput {
        var isWritable = true
        var hasEnded = false
        private(set) var said: [String] = []

        func write(_ bytes: EventBytes) {
            var reader = ServerSentEventsReader()
            guard let items = try? reader.take(bytes.payload.readableBytesView) else { return }
            for case .event(let event) in items {
                guard let known = try? StreamEvent.read(name: event.name, data: event.data) else { continue }
                switch known {
                case .commit(let commit): said.append("\(commit.from)-\(commit.revision)")
                case .gap(let revision): said.append("gap \(revision)")
                case .beat(let revision): said.append("beat \(revision)")
                case .hello, .run: said.append(event.name)
                }
            }
        }

        func end() { hasEnded = true }
    }

    private let loop = EmbeddedEventLoop()

    private func signal(_ revision: UInt64, weight: Int = 0) -> SignalEvent {
        let columns = (0..<UInt32(weight)).map { ColumnID($0) }
        let touched = Touched.Sheet(id: SheetID(1), rows: .ranges([]), columns: columns)
        return .commit(
            Signal(revision: Revision(revision), from: Revision(revision), sheets: [touched], structure: false, changes: 1))
    }

    private func open(_ count: Int, in streams: LoopStreams, at revision: UInt64 = 0) -> [(reader: Reader, stream: EventStream)]
    {
        (0..<count).map { _ in
            let reader = Reader()
            let stream = EventStream(position: Revision(revision), output: reader)
            streams.add(stream)
            return (reader, stream)
        }
    }

    @Test("S2: signals that come while thousands are being told reach each one in order, whoever comes and goes meanwhile")
    func rounds() {
        let streams = LoopStreams(loop: loop, revision: .zero, limits: SignalLimits(), metrics: ServerMetrics())
        let all = open(1_000, in: streams)
        streams.tell(signal(1))
        // The first slice has it, the others do not. Now some go, one comes that missed nothing up to 2, and more is signalled.
        for index in stride(from: 0, to: 1_000, by: 3) { streams.remove(all[index].stream) }
        streams.tell(signal(2))
        let late = open(1, in: streams, at: 2)
        streams.tell(signal(3))
        #expect(streams.revision == .zero)
        loop.run()
        for (index, one) in all.enumerated() where index % 3 != 0 {
            #expect(one.reader.said == ["1-1", "2-2", "3-3"], "stream \(index)")
        }
        #expect(late.map(\.reader.said) == [["3-3"]])
        #expect(streams.revision == Revision(3))
    }

    @Test("S8: what a reader does not take waits for it, bounded: first one by one, then merged, then as a gap")
    func slowReader() {
        var limits = SignalLimits()
        limits.queued = 3
        limits.queuedBytes = 2_000
        let streams = LoopStreams(loop: loop, revision: .zero, limits: limits, metrics: ServerMetrics())
        let slow = open(1, in: streams)[0]
        let quick = open(1, in: streams)[0]
        slow.reader.isWritable = false
        for revision in 1...5 { streams.tell(signal(UInt64(revision))) }
        loop.run()
        #expect(quick.reader.said == ["1-1", "2-2", "3-3", "4-4", "5-5"])
        streams.beat(EventBytes(StreamEvent.beat(Revision(5)).frame))
        #expect(slow.reader.said.isEmpty)
        slow.reader.isWritable = true
        #expect(slow.stream.outputBecameWritable().count == 3)
        #expect(slow.reader.said == ["1-1", "2-2", "3-5"])
        slow.reader.isWritable = false
        for revision in 6...8 { streams.tell(signal(UInt64(revision), weight: 120)) }
        slow.reader.isWritable = true
        _ = slow.stream.outputBecameWritable()
        #expect(slow.reader.said.last == "gap 8")
        streams.tell(signal(9))
        #expect(slow.reader.said.last == "9-9")
        #expect(quick.reader.said.last == "9-9")
    }

    @Test("The end reaches every stream once")
    func end() {
        let streams = LoopStreams(loop: loop, revision: .zero, limits: SignalLimits(), metrics: ServerMetrics())
        let all = open(300, in: streams)
        streams.end()
        streams.tell(signal(1))
        loop.run()
        #expect(all.allSatisfy { $0.reader.hasEnded && $0.reader.said.isEmpty })
    }
}
