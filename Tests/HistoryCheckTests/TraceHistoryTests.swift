import Testing
import Trace

@testable import HistoryCheck

@Suite("Histories of traces")
struct TraceHistoryTests {
    static func history(_ lines: String) throws -> History {
        let reading = TraceReader.read(Array((#"{"type":"trace","version":1}"# + "\n" + lines).utf8))
        #expect(reading.rejections.isEmpty, "\(reading.rejections.kept)")
        return try TraceHistory.history(of: reading.log)
    }

    static func answers(_ lines: String) throws -> [Consistency: HistoryAnswer] {
        var question = HistoryQuestion()
        question.consistencies = [.linearizable, .readCommitted, .causal]
        let report = try HistoryReport(try history(lines), file: "t", question)
        return Dictionary(uniqueKeysWithValues: report.results.map { ($0.consistency, $0.answer) })
    }

    static let clocks = """
        {"type":"process","process":"a","role":"browser","clock":"host"}
        {"type":"process","process":"b","role":"browser","clock":"host"}

        """

    @Test("An answer older than one already acknowledged is found, when the clock is shared")
    func staleAnswer() throws {
        let lines = """
            {"type":"start","process":"a","time":1,"request":"w1","key":"x"}
            {"type":"ack","process":"a","time":2,"request":"w1","key":"x","version":1}
            {"type":"start","process":"a","time":3,"request":"w2","key":"x"}
            {"type":"ack","process":"a","time":4,"request":"w2","key":"x","version":2}
            {"type":"start","process":"b","time":5,"request":"r","key":"x"}
            {"type":"arrive","process":"b","time":6,"request":"r","version":1}
            """
        #expect(try Self.answers(Self.clocks + lines)[.linearizable] == .invalid)
        #expect(try Self.answers(lines) == [.linearizable: .unknown, .readCommitted: .valid, .causal: .valid])
        let found = try Self.history(Self.clocks + lines)
        #expect(found.count == 3 && found.id(2) == 9 && found.invocationLine(2) == 8)
    }

    @Test("A session that reads below its own write is not causal, whatever the clocks")
    func ownWrite() throws {
        let lines = """
            {"type":"read","process":"a","key":"x","version":1}
            {"type":"start","process":"a","request":"w","key":"x"}
            {"type":"ack","process":"a","request":"w","version":2}
            {"type":"ack","process":"b","key":"x","version":1}
            {"type":"read","process":"b","key":"x","version":2}
            {"type":"read","process":"b","key":"x","version":1}
            """
        #expect(try Self.answers(lines)[.causal] == .invalid)
    }

    @Test("A version that was given up and read is an aborted read; one from before the trace is nobody's fault")
    func versions() throws {
        let aborted = """
            {"type":"abort","process":"s","key":"x","version":3}
            {"type":"read","process":"a","key":"x","version":3}
            """
        #expect(try Self.answers(aborted)[.readCommitted] == .invalid)
        #expect(try Self.answers(#"{"type":"read","process":"a","key":"x","version":3}"#)[.readCommitted] == .valid)
        let committed = """
            {"type":"commit","process":"s","key":"x","version":4}
            {"type":"read","process":"a","key":"x","version":4}
            """
        #expect(try Self.answers(committed)[.causal] == .valid)
    }

    @Test("Requests of one process that overlap are sessions of their own")
    func overlap() throws {
        let lines = """
            {"type":"ack","process":"b","key":"x","version":1}
            {"type":"ack","process":"b","key":"x","version":2}
            {"type":"start","process":"a","request":"r1","key":"x"}
            {"type":"start","process":"a","request":"r2","key":"x"}
            {"type":"arrive","process":"a","request":"r2","version":2}
            {"type":"arrive","process":"a","request":"r1","version":1}
            """
        #expect(try Self.answers(lines)[.causal] == .valid)
    }

    @Test("Of two events at one time the invocation comes first, and a process's own keep their order")
    func ties() throws {
        typealias Event = HistoryEvent
        let events = [
            Event(process: 0, phase: .invoke, function: .write, key: "x", value: .integer(1), time: 1, line: 1),
            Event(process: 0, phase: .ok, function: .write, key: "x", value: .integer(1), time: 5, line: 2),
            Event(process: 1, phase: .invoke, function: .read, key: "x", time: 5, line: 3),
            Event(process: 0, phase: .invoke, function: .write, key: "x", value: .text("b"), time: 5, line: 4),
            Event(process: 0, phase: .ok, function: .write, key: "x", value: .text("b"), time: 9, line: 5),
            Event(process: 1, phase: .ok, function: .read, key: "x", value: .none, time: 6, line: 6),
        ]
        var check = LinearizabilityCheck(try History(events: events))
        #expect(check.run().answer == .valid)
        var strict = LinearizabilityCheck(
            try History(
                events: events.map { event in
                    var event = event
                    event.time = event.line == 3 ? 6 : event.time
                    return event
                }))
        #expect(strict.run().answer == .invalid)
    }
}
