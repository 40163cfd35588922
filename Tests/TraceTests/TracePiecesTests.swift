import Dispatch
import Testing
import Trace

/// A long file is read in pieces; nobody may see that.
struct TracePiecesTests {
    static let threads = Concurrency(width: 3) { count, work in
        DispatchQueue.concurrentPerform(iterations: count) { work($0) }
    }

    /// Records of all sorts: names that come again and new ones, declarations, lines that are rejected, an id that is there twice.
    static func file(_ records: Int) -> [UInt8] {
        var lines = [#"{"type":"trace","version":1,"recorder":"r 1"}"#]
        for number in 0..<records {
            let process = "tab-\(number % 3)"
            switch number % 11 {
            case 0:
                lines.append(
                    #"{"type":"intent","id":"e\#(number)","process":"\#(process)","rank":\#(number),"intent":"i\#(number / 5)"}"#
                )
            case 1: lines.append(#"{"type":"process","process":"\#(process)","role":"server","clock":"c\#(number % 2)"}"#)
            case 2: lines.append(#"{"type":"slot","slot":"s\#(number % 4)","policy":"queue","keys":["k\#(number)","x"]}"#)
            case 3:
                lines.append(
                    #"{"type":"write","key":"k\#(number)","version":"v\#(number % 7)","value":{"b":\#(number),"a":[]},"from":["x"]}"#
                )
            case 4:
                lines.append(
                    #"{"type":"render","shows":{"x":\#(number),"k\#(number)":null},"marked":["k\#(number)"],"frame":1}"#)
            case 5: lines.append(#"{"type":"note","after":[{"event":"e\#(number - 5)"}],"extra":[\#(number)],"session":"ada"}"#)
            case 6: lines.append(#"{"type":"note","bad":}"#)
            case 7 where number % 5 == 0:
                lines.append(#"{"type":"note","id":"e\#(number / 2 / 11 * 11)","label":"l\#(number)"}"#)
            case 7 where number % 5 == 1: lines.append(#"{"type":"note","id":"e\#(number / 2 / 11 * 11)","worse":}"#)
            case 8: lines.append("")
            case 9 where number % 90 == 0: lines.append(#"{"type":"note","label":"\#(String(repeating: "long", count: 200))"}"#)
            default:
                lines.append(
                    #"{"type":"read","process":"p\#(number)","task":"t\#(number / 3)","base":"b\#(number)","arguments":[1.0]}"#)
            }
        }
        return Array(lines.joined(separator: "\n").utf8)
    }

    static func read(_ file: [UInt8], chunk: Int, _ concurrency: Concurrency, pieceBytes: Int) -> TraceReader.Reading {
        var reader = TraceReader(concurrency: concurrency, pieceBytes: pieceBytes)
        var start = 0
        while start < file.count {
            reader.read(Array(file[start..<min(start + chunk, file.count)]))
            start += chunk
        }
        return reader.finish()
    }

    @Test(arguments: [(100, 7), (100, 1 << 20), (333, 4_000), (1 << 20, 1 << 20)], [false, true])
    func `however a file is cut, and on however many threads, the trace is the same`(
        sizes: (piece: Int, chunk: Int), threaded: Bool
    ) {
        let file = Self.file(1_500)
        let lineByLine = Self.read(file, chunk: 50_000, .none, pieceBytes: 1 << 40)
        let cut = Self.read(file, chunk: sizes.chunk, threaded ? Self.threads : .none, pieceBytes: sizes.piece)
        #expect(lineByLine.rejections.count > 100 && lineByLine.log.count > 1_000 && lineByLine.log.processes.count > 300)
        #expect(lineByLine.rejections.kept.contains { $0.reason.hasPrefix("an id that an earlier event has") })
        #expect(cut.rejections == lineByLine.rejections)
        #expect(TraceWriter.bytes(of: cut.log) == TraceWriter.bytes(of: lineByLine.log))
        #expect(cut.log.lines == lineByLine.log.lines && cut.log.processes == lineByLine.log.processes)
        #expect(cut.log.slots == lineByLine.log.slots && cut.log.processIndices == lineByLine.log.processIndices)
        // Rules sort by symbols: their numbers, too, must not tell how the file was cut.
        #expect(
            cut.log.labels == lineByLine.log.labels && cut.log.ids == lineByLine.log.ids
                && cut.log.tasks == lineByLine.log.tasks)
        #expect(cut.log.symbols.count == lineByLine.log.symbols.count)
    }

    @Test func `a line that is too long ends at its line's end, whatever the pieces`() {
        let long = #"{"type":"note","label":""# + String(repeating: "x", count: 5 << 20) + #""}"#
        let lines = [#"{"type":"trace","version":1}"#, #"{"type":"note"}"#, long, #"{"type":"read"}"#]
        let file = Array(lines.joined(separator: "\n").utf8)
        for pieceBytes in [1_000, 1 << 40] {
            let trace = Self.read(file, chunk: 64_000, .none, pieceBytes: pieceBytes)
            #expect(trace.log.lines == [2, 4] && trace.rejections.kept.map(\.line) == [3], "pieces of \(pieceBytes)")
        }
    }
}
