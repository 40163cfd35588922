import Testing
import Trace
import TraceSynthesis

struct LongTraceTests {
    @Test func `a long trace has the events asked for, in columns and as lines`() {
        var log = TraceLog()
        var columns = LongTrace(seed: 3)
        columns.append(events: 20_000, to: &log)
        let declared = log.kinds.prefix { $0 == .process || $0 == .slot }.count
        #expect(log.count == 20_000 + declared)

        var lines: [Substring] = []
        var text = ""
        var file = LongTrace(seed: 3)
        file.writeLines(events: 20_000) { text += String(decoding: $0, as: UTF8.self) }
        lines = text.split(separator: "\n")
        #expect(lines.count == log.count + 1)
        for index in stride(from: declared, to: log.count, by: 997) {
            #expect(lines[index + 1].hasPrefix("{\"type\":\"\(log.kinds[index].name)\""))
            #expect(log.lines[index] == UInt32(index + 2))
        }
    }

    @Test func `every kind of a real recording is in it, and some responses are out of turn`() {
        var log = TraceLog()
        var long = LongTrace(seed: 4)
        long.append(events: 50_000, to: &log)
        let kinds: Set<EventKind> = [.process, .slot, .intent, .start, .read, .arrive, .deliver, .write, .commit, .render]
        #expect(Set(log.kinds) == kinds)
        let starts = log.kinds.indices.filter { log.kinds[$0] == .start && log.processIndices[$0] == 0 }.map {
            log.requests[$0]
        }
        let delivered = log.kinds.indices.filter { log.kinds[$0] == .deliver && log.processIndices[$0] == 0 }.map {
            log.requests[$0]
        }
        #expect(delivered != Array(starts.prefix(delivered.count)))
        #expect(Set(delivered).isSubset(of: starts))
    }
}
