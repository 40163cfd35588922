import Testing
import Trace

struct TraceLogTests {
    @Test func `an event comes back from the columns as it was appended`() {
        var log = TraceLog()
        var write = TraceEvent(.write)
        write.id = "w1"
        write.process = "tab"
        write.time = 1_000
        write.task = "t4"
        write.request = "r7"
        write.key = "price"
        write.version = .number(3)
        write.base = .text("etag")
        write.value = "12.5"
        write.from = ["rate", "amount"]
        write.after = [TraceEvent.Edge(event: "L2", kind: .message, confidence: .structural)]
        write.attributes = [TraceEvent.Attribute(name: "shop", value: "\"x\"")]
        log.append(TraceEvent(.intent))
        let isAppended = log.append(write)
        #expect(isAppended)

        #expect(log.count == 2)
        #expect(log.kinds == [.intent, .write])
        #expect(log.name(of: 0) == "L2" && log.name(of: 1) == "w1")
        #expect(log.text(log.processes[0].name) == "main" && log.text(log.process(of: 1).name) == "tab")
        #expect(log.text(log.requests[1]) == "r7" && log.text(log.keys[1]) == "price" && log.text(log.tasks[1]) == "t4")
        #expect(log.versions[1].number == 3)
        #expect(log.bases[1].text.map(log.text) == "etag")
        #expect(Array(log.value(of: 1)) == Array("12.5".utf8) && log.value(of: 0).isEmpty)
        #expect(log.from(of: 1).map(log.text) == ["rate", "amount"] && log.flags[1].contains(.derived))
        #expect(log.edges(into: 1).map { log.text($0.event) } == ["L2"] && log.edges(into: 0).isEmpty)
        #expect(log.attribute("shop", of: 1) == "\"x\"" && log.attribute("shop", of: 0) == nil)
    }

    @Test func `a session is the process's when none is given`() {
        var log = TraceLog()
        var event = TraceEvent(.read)
        event.process = "tab"
        log.append(event)
        event.session = "ada"
        log.append(event)
        #expect(log.sessions.map(log.text) == ["tab", "ada"])
    }

    @Test func `a value over the limit is kept as its digest, and two different ones differ`() {
        var log = TraceLog()
        var event = TraceEvent(.write)
        event.value = String(repeating: "a", count: TraceLog.maximumValueBytes + 1)
        log.append(event)
        log.append(event)
        event.value = String(repeating: "b", count: TraceLog.maximumValueBytes + 1)
        log.append(event)
        #expect(log.value(of: 0).count < 64)
        #expect(log.hasEqualValues(0, 1))
        #expect(!log.hasEqualValues(1, 2))
    }

    @Test func `clocks are shared within a process and within a named domain only`() {
        var log = TraceLog()
        for (name, clock) in [("a", "host1"), ("b", "host1"), ("c", "host2"), ("d", ""), ("e", "")] {
            var event = TraceEvent(.process)
            event.process = name
            event.attributes = [TraceEvent.Attribute(name: "clock", value: "\"\(clock)\"")]
            log.append(event)
        }
        #expect(log.shareClock(0, 0) && log.shareClock(3, 3))
        #expect(log.shareClock(0, 1))
        #expect(!log.shareClock(1, 2) && !log.shareClock(3, 4))
    }

    @Test func `ten thousand names are interned once each and read back`() {
        var table = SymbolTable()
        let first = (0..<10_000).map { table.intern("name \($0)") }
        #expect((0..<10_000).map { table.intern("name \($0)") } == first)
        #expect(Set(first).count == 10_000)
        #expect(table.text(first[9_999]) == "name 9999")
        #expect(table.find("name 77") == first[77] && table.find("other") == nil)
        #expect(table.intern("") == .none)
    }

    @Test func `what was added for a bad record does not reach the next event`() {
        var log = TraceLog()
        log.append(TraceEvent(.intent))
        let key = log.intern("k")
        log.addFrom(key)
        log.addShown(TraceLog.Shown(key: key, version: TraceVersion(number: 1), marked: false))
        log.dropPending()
        log.append(TraceEvent(.render))
        #expect(log.from(of: 1).isEmpty && log.shown(by: 1).isEmpty)
    }
}

struct TraceLogMergeTests {
    @Test func `two files become one trace, and a line of the second one is named with its file`() {
        let one = TraceReader.read(
            Array("{\"type\":\"trace\",\"version\":1}\n{\"type\":\"start\",\"request\":\"r\",\"process\":\"tab\"}\n".utf8)
        ).log
        let second = TraceReader.read(
            Array(
                """
                {"type":"trace","version":1}
                {"type":"process","process":"api","role":"server","clock":"host"}
                {"type":"commit","process":"api","request":"r","key":"k","version":"v7","after":[{"event":"L2"}],"value":1}

                """.utf8)
        ).log
        var merged = one
        merged.append(contentsOf: second, named: "api.jsonl")
        #expect((0..<merged.count).map { merged.name(of: $0) } == ["L2", "api.jsonl:L2", "api.jsonl:L3"])
        #expect(merged.requests[0] == merged.requests[2])
        #expect(merged.process(of: 2).role == .server)
        #expect(merged.edges(into: 2).map { merged.text($0.event) } == ["api.jsonl:L2"])
        #expect(merged.versions[2].text.map(merged.text) == "v7")
        #expect(Array(merged.value(of: 2)) == Array("1".utf8))
    }
}
