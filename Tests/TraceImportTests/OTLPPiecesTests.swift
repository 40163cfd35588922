import Dispatch
import Testing
import Trace

@testable import TraceImport

/// Many lines of OTLP are read in pieces; nobody may see that.
struct OTLPPiecesTests {
    static let threads = Concurrency(width: 3) { count, work in
        DispatchQueue.concurrentPerform(iterations: count) { work($0) }
    }

    static func attribute(_ key: String, _ value: String) -> String {
        #"{"key":"\#(key)","value":{"stringValue":"\#(value)"}}"#
    }

    static func span(_ number: Int) -> String {
        func hex(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: digits - text.count) + text
        }
        // Some ids come twice, in one trace and in another; some parents come later; one span has a bad time.
        let id = number % 40 == 39 ? number - 30 : number
        let trace = number % 80 == 79 ? number / 10 + 1 : id / 10 + 1
        var members = [
            #""traceId":"\#(hex(trace, 32))","spanId":"\#(hex(id + 1, 16))","parentSpanId":"\#(hex(number % 3 == 0 ? number + 5 : number, 16))""#,
            #""kind":\#(number % 4),"name":"s\#(number % 7)","startTimeUnixNano":"\#(1_700_000_000_000_000_000 + number * 1_000)""#,
        ]
        if number % 5 != 4 {
            members.append(
                #""endTimeUnixNano":\#(number % 33 == 0 ? "1.5" : String(1_700_000_000_000_000_000 + number * 900 + 90_000))"#)
        }
        var attributes = [
            attribute("http.request.method", "GET"),
            attribute("url.full", "https://a.example/\(number % 9)?token=tok\(number)secret"),
        ]
        if number % 6 < 3 {
            attributes += [attribute("trueline.intent", "i\(number / 12)"), attribute("trueline.rank", "\(number / 12)")]
        }
        if number % 11 == 0 { attributes.append(attribute("x-api-key", "k3y-\(number)-\(number)")) }
        if number % 13 == 0 {
            attributes.append(attribute("trueline.label", "uses k3y-\(number / 11 * 11)-\(number / 11 * 11)"))
        }
        members.append(#""attributes":[\#(attributes.joined(separator: ","))]"#)
        if number % 8 == 0 {
            let written = attribute("trueline.key", "k\(number)") + "," + attribute("trueline.version", "v\(number)")
            members.append(
                #""events":[{"timeUnixNano":"1700000000000000000","name":"trueline.write","attributes":[\#(written)]}]"#)
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    static func file(_ lines: Int) -> [UInt8] {
        var text = ""
        for line in 0..<lines {
            // Instances of a service come in an order that its numbers must keep.
            let service = [
                attribute("service.name", "shop \(line % 3)"), attribute("service.instance.id", "pod \(line / 20 % 4)"),
                attribute("host.name", "h\(line % 2)"),
            ]
            let resource = line % 17 == 16 ? "" : #""resource":{"attributes":[\#(service.joined(separator: ","))]},"#
            let spans = (0..<3).map { span(line * 3 + $0) }.joined(separator: ",")
            text +=
                line % 29 == 28
                ? "{\"resourceSpans\":[\n" : #"{"resourceSpans":[{\#(resource)"scopeSpans":[{"spans":[\#(spans)]}]}]}"# + "\n"
        }
        return Array(text.utf8)
    }

    static func read(_ file: [UInt8], chunk: Int, _ concurrency: Concurrency, pieceBytes: Int) -> ImportedTrace {
        var reader = TraceImport(hint: .otlp, concurrency: concurrency, pieceBytes: pieceBytes)
        var start = 0
        while start < file.count {
            file[start..<min(start + chunk, file.count)].withUnsafeBytes { reader.read($0) }
            start += chunk
        }
        return reader.finish()
    }

    @Test(arguments: [(700, 10), (700, 1 << 20), (4_000, 30_000), (1 << 20, 1 << 20)], [false, true])
    func `however lines of OTLP are cut, and on however many threads, the trace is the same`(
        sizes: (piece: Int, chunk: Int), threaded: Bool
    ) {
        let file = Self.file(300)
        let lineByLine = Self.read(file, chunk: 50_000, .none, pieceBytes: 1 << 40)
        let cut = Self.read(file, chunk: sizes.chunk, threaded ? Self.threads : .none, pieceBytes: sizes.piece)
        #expect(lineByLine.log.processes.count == 13 && lineByLine.log.count > 1_500)
        #expect(lineByLine.rejections.kept.contains { $0.reason.hasPrefix("a span that is there twice") })
        #expect(cut.rejections == lineByLine.rejections)
        #expect(TraceWriter.bytes(of: cut.log) == TraceWriter.bytes(of: lineByLine.log))
        #expect(cut.log.ids == lineByLine.log.ids && cut.log.labels == lineByLine.log.labels)
        #expect(cut.log.symbols.count == lineByLine.log.symbols.count)
        #expect(cut.limits == lineByLine.limits)
    }

    @Test func `lines longer than what the format is found out from are lines all the same`() {
        let span = Self.span(1)
        let lines = (0..<3).map { line in
            let resource = Self.attribute("padding", String(repeating: "x", count: 70_000))
            return
                #"{"resourceSpans":[{"resource":{"attributes":[\#(resource)]},"scopeSpans":[{"spans":[\#(span.replacing("\"spanId\":\"000", with: "\"spanId\":\"\(line)00"))]}]}]}"#
        }
        let trace = TraceImport.read(Array(lines.joined(separator: "\n").utf8))
        #expect(trace.rejections.isEmpty && trace.log.ids.count { !$0.isNone } == 6)
    }

    @Test func `events are ordered by their times, of equal times in the order they came`() {
        let times: [Int64] = [5, -3, 5, .max / 2, 0, .min / 2, -3, 5_000_000_000, 4_999_999_999]
        #expect(TimeOrder.order(of: times.count) { times[$0] } == [5, 1, 6, 4, 0, 2, 8, 7, 3])
        #expect(TimeOrder.order(of: 0) { _ in 0 }.isEmpty && TimeOrder.order(of: 1) { _ in 7 } == [0])
    }
}
