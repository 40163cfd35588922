import Testing
import Trace
import TraceImport

struct ImportQuirkTests {
    func rejected(_ text: String, _ format: TraceFormat) -> [TraceRejection] {
        TraceImport.read(Array(text.utf8), hint: format).rejections.kept
    }

    func lines(_ text: String, _ format: TraceFormat? = nil) -> [String] {
        let trace = TraceImport.read(Array(text.utf8), hint: format)
        #expect(trace.rejections.kept == [])
        return String(decoding: TraceWriter.bytes(of: trace.log), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    // MARK: HAR

    func har(_ entries: String) -> String { "{\"log\":{\"entries\":[\(entries)]}}" }

    @Test func `an entry that is not understood is rejected by its place, and the next one is read`() {
        let good =
            #"{"startedDateTime":"2026-01-01T00:00:00Z","time":1,"request":{"method":"GET","url":"u"},"response":{"status":200}}"#
        let bad = #"{"startedDateTime":"yesterday","request":{"method":"GET","url":"u"}}"#
        let text = har("\(bad),\(good),{},7,\(good)")
        let trace = TraceImport.read(Array(text.utf8))
        #expect(trace.log.kinds.count { $0 == .start } == 2)
        #expect(
            trace.rejections.kept.map(\.reason) == [
                "startedDateTime is not a date and time of ISO 8601", "an entry without request.method", "expected an object",
            ])
        #expect(trace.rejections.kept.first?.offset == 19 + 30)
    }

    @Test func `a HAR's time is the sum of its timings without -1 and without ssl`() {
        let text = har(
            #"{"startedDateTime":"2026-01-01T00:00:00Z","timings":{"blocked":-1,"connect":2,"ssl":2,"wait":1.5,"_queued":9},"request":{"#
                + #""method":"GET","url":"u"},"response":{"status":200}}"#)
        #expect(lines(text).last?.contains(#""time":3500000"#) == true)
    }

    @Test func `broken JSON ends a document where it breaks`() {
        #expect(rejected("{\"log\":{\"entries\":[{]}}", .har).map(\.offset) == [20])
        #expect(rejected("{\"log\":{\"entries\":[]}} x", .har).count == 1)
    }

    // MARK: OTLP

    func span(_ members: String) -> String { "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\(members)}]}]}]}\n" }

    @Test func `64-bit times never pass through a Double`() {
        let text =
            span(
                #""spanId":"aaaaaaaaaaaaaaaa","startTimeUnixNano":"1700000000000000001","endTimeUnixNano":1700000000000000003"#)
            + span(#""spanId":"aaaaaaaaaaaaaaab","startTimeUnixNano":"1700000000000000002""#)
        #expect(TraceImport.read(Array(text.utf8)).log.times == [0, 0, 1, 2])
    }

    @Test func `ids may be hexadecimal in any case, or base64`() {
        let text =
            span(#""traceId":"W47/95gDgQPSabYzgT/GDA==","spanId":"7uGbfsPBsXQ=","startTimeUnixNano":1"#)
            + span(
                #""traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B175","parentSpanId":"EEE19b7ec3c1b174""#)
        let trace = TraceImport.read(Array(text.utf8))
        #expect(trace.rejections.kept == [])
        #expect(Set(trace.log.ids.dropFirst().map(trace.log.text)) == ["eee19b7ec3c1b174", "eee19b7ec3c1b175"])
        #expect(!trace.limits.contains { $0.contains("parent that is not in the file") })
    }

    @Test(arguments: [
        #""spanId":"xyz""#, #""spanId":"zzzzzzzzzzzzzzzz""#, #""name":"no id""#,
        #""spanId":"aaaaaaaaaaaaaaaa","startTimeUnixNano":1.5"#,
        #""spanId":"aaaaaaaaaaaaaaaa","startTimeUnixNano":"18446744073709551615""#,
        #""spanId":"aaaaaaaaaaaaaaaa","startTimeUnixNano":5,"endTimeUnixNano":4"#,
    ]) func `a span that is not understood is rejected by line, and the next one is read`(members: String) {
        let text = "{\"resourceSpans\":[]}\n" + span(members) + span(#""spanId":"aaaaaaaaaaaaaaaa""#)
        let trace = TraceImport.read(Array(text.utf8))
        #expect(trace.rejections.kept.map(\.line) == [2])
        #expect(trace.log.kinds == [.process, .start])
    }

    @Test func `the same span exported twice counts once`() {
        let text = span(#""spanId":"aaaaaaaaaaaaaaaa""#)
        let trace = TraceImport.read(Array((text + text).utf8))
        #expect(trace.log.kinds == [.process, .start] && trace.rejections.count == 1)
    }

    @Test func `a parent that is not in the file is said`() {
        let trace = TraceImport.read(Array(span(#""spanId":"aaaaaaaaaaaaaaaa","parentSpanId":"bbbbbbbbbbbbbbbb""#).utf8))
        #expect(trace.limits.contains { $0.hasPrefix("1 of 1 spans have a parent") })
    }

    // MARK: Redux

    @Test func `actions that maxAge dropped are said`() {
        let text =
            #"{"actionsById":{"0":{"action":{"type":"@@INIT"}},"9":{"action":{"type":"a"}}},"stagedActionIds":[0,9],"computedStates":[]}"#
        #expect(TraceImport.read(Array(text.utf8)).limits.contains { $0.contains("(maxAge): 8 before them are gone") })
    }

    @Test func `only what a response brought is bound to it`() {
        func action(_ status: String) -> String {
            "{\"action\":{\"type\":\"t/\(status)\",\"meta\":{\"requestId\":\"r\",\"requestStatus\":\"\(status)\"}}}"
        }
        let text =
            "{\"actionsById\":{\"0\":\(action("pending")),\"1\":\(action("fulfilled"))},\"stagedActionIds\":[0,1],"
            + "\"computedStates\":[{\"state\":{\"busy\":true}},{\"state\":{\"busy\":false,\"b.c\":{\"d\":1}}}]}"
        let log = TraceImport.read(Array(text.utf8)).log
        let writes = log.kinds.indices.filter { log.kinds[$0] == .write }
        #expect(writes.map { log.text(log.requests[$0]) } == ["", "r", "r"])
        #expect(writes.map { log.text(log.keys[$0]) } == ["busy", "busy", "[\"b.c\"].d"])
    }

    // MARK: Chrome

    @Test func `an event without a time is rejected, one that says nothing is passed over`() {
        let text =
            #"[{"name":"Paint","ph":"X"},{"name":"Other","ph":"X"},{"ph":"X","ts":1},{"name":"Paint","ph":"X","ts":1.25,"tid":"x"}]"#
        let trace = TraceImport.read(Array(text.utf8))
        #expect(trace.rejections.kept.map(\.offset) == [1, 52 + 1])
        #expect(trace.log.kinds == [.process, .render])
    }

    @Test func `a recording that was cut off is read and said`() {
        let trace = TraceImport.read(Array("[{\"name\":\"Paint\",\"ph\":\"X\",\"ts\":1},\n".utf8))
        #expect(trace.rejections.isEmpty && trace.log.kinds == [.process, .render])
        #expect(trace.limits.contains { $0.contains("cut off") })
    }
}
