import Testing
import Trace

struct TraceReaderTests {
    static let header = #"{"type":"trace","version":1,"recorder":"r 1","id":"t-1"}"#

    func read(_ records: String..., lineEnd: String = "\n") -> TraceReader.Reading {
        TraceReader.read(Array(([Self.header] + records).joined(separator: lineEnd).utf8))
    }

    @Test func `a record's members come to stand in their columns`() {
        let trace = read(
            #"{"type":"slot","slot":"list","policy":"latest","keys":["items","total"]}"#,
            #"{"rank":7,"type":"intent","id":"i","process":"tab","session":"ada","time":12,"intent":"n1","slot":"list","label":"Go"}"#,
            #"{"type":"write","process":"tab","task":"t1","phase":"microtask","request":"r1","key":"items","version":3,"base":"e1","#
                + #""value":{"b":1.50,"a":[true,null]},"arguments":{"page":2},"optimistic":true,"from":["x"],"guard":"G2","shop":{"k": 1}}"#,
            #"{"type":"render","frame":4,"marked":["b"],"shows":{"a":1,"b":"v2"}}"#)
        let log = trace.log
        #expect(trace.rejections.isEmpty && log.count == 4 && log.recorder == "r 1")
        #expect(log.headerAttributes == [TraceEvent.Attribute(name: "id", value: "\"t-1\"")])
        #expect(log.slots.map { $0.policy } == [.latest] && log.slots[0].keys.map(log.text) == ["items", "total"])
        #expect(log.name(of: 0) == "L2" && log.name(of: 1) == "i" && log.lines == [2, 3, 4, 5])
        #expect(log.numbers[1] == 7 && log.flags[1] == .numbered && log.times[1] == 12)
        #expect(log.text(log.sessions[1]) == "ada" && log.text(log.sessions[2]) == "tab" && log.text(log.labels[1]) == "Go")
        #expect(String(decoding: log.value(of: 2), as: UTF8.self) == #"{"a":[true,null],"b":1.5}"#)
        #expect(log.versions[2].number == 3 && log.bases[2].text.map(log.text) == "e1" && log.phases[2] == .microtask)
        #expect(log.flags[2] == [.optimistic, .derived, .guarded] && log.from(of: 2).map(log.text) == ["x"])
        #expect(log.attribute("guard", of: 2) == "\"G2\"" && log.attribute("shop", of: 2) == #"{"k": 1}"#)
        #expect(log.shown(by: 3).map(\.marked) == [false, true] && log.numbers[3] == 4)
    }

    @Test func `a line that cannot be read is rejected by line and byte, and the next one is read`() {
        let trace = read(#"{"type":"note","a":[1,}"#, "", #"{"type":"read","key":"k"}"#, #"{"type":"read","time":1.5}"#)
        #expect(trace.log.count == 1 && trace.log.lines == [4])
        let first = Self.header.utf8.count + 1
        #expect(
            trace.rejections.kept == [
                TraceRejection(line: 2, offset: first + 22, reason: "expected a value"),
                TraceRejection(line: 5, offset: first + 24 + 1 + 26 + 22, reason: "time must be a whole number of nanoseconds"),
            ])
    }

    @Test(arguments: [
        #"{"key":"k"}"#, #"{"type":"read""#, #"{"type":"read"}x"#, #"{"type":"read","key":"a","key":"b"}"#, #"["read"]"#,
        #"{"type":"read","version":-1}"#, #"{"type":"read","time":9223372036854775808}"#, #"{"type":"read","time":01}"#,
        #"{"type":"intent","rank":"high"}"#, #"{"type":"write","user":1}"#, #"{"type":"slot","policy":"newest"}"#,
        #"{"type":"process","role":"cat"}"#, #"{"type":"read","phase":"late"}"#, #"{"type":"read","after":[{}]}"#,
        #"{"type":"render","shows":[1]}"#, #"{"type":"read","key":"\x"}"#, "{\"type\":\"read\",\"key\":\"a\tb\"}",
        #"{"type":"read","value":}"#, #"{"type":"read","value":tru}"#, "{\"type\":\"read\"}\0", #"{"type":"read","value":1e}"#,
    ]) func `what is not a record is rejected and leaves nothing behind`(record: String) {
        let trace = read(record, #"{"type":"note"}"#)
        #expect(trace.rejections.count == 1)
        #expect(trace.rejections.kept.first?.line == 2)
        #expect(trace.log.count == 1 && trace.log.attributes(of: 0).isEmpty && trace.log.value(of: 0).isEmpty)
    }

    @Test func `a reason inside a member that waits for the kind is located in the line`() {
        let record = #"{"type":"slot","policy":"newest"}"#
        let offset = read(record).rejections.kept.first?.offset
        #expect(offset == Self.header.utf8.count + 1 + record.utf8.count - 1)
    }

    @Test func `an id is unique in the file`() {
        let trace = read(#"{"type":"note","id":"a"}"#, #"{"type":"note","id":"a"}"#, #"{"type":"note","id":"b"}"#)
        #expect(trace.log.ids.map(trace.log.text) == ["a", "b"] && trace.rejections.count == 1)
    }

    @Test func `texts that are not UTF-8 are rejected`() {
        for bad: [UInt8] in [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xE2, 0x82]] {
            let bytes = Array("\(Self.header)\n{\"type\":\"note\",\"key\":\"".utf8) + bad + Array("\"}".utf8)
            #expect(TraceReader.read(bytes).rejections.kept.map(\.reason) == ["not UTF-8"])
        }
    }

    @Test func `escapes are the characters they stand for, half a pair is U+FFFD`() {
        let trace = read(#"{"type":"note","key":"a\"\\\/\n\u00e9\ud83d\ude00\ud83d","sl\u006ft":"é"}"#)
        #expect(trace.log.text(trace.log.keys[0]) == "a\"\\/\né😀\u{FFFD}")
        #expect(trace.log.text(trace.log.slotNames[0]) == "é")
    }

    @Test func `an unknown type is kept as a note`() {
        let trace = read(#"{"type":"teleport","key":"k","to":[1, 2]}"#)
        #expect(trace.log.kinds == [.note] && trace.log.attribute("type", of: 0) == "\"teleport\"")
        #expect(trace.log.attribute("to", of: 0) == "[1, 2]")
    }

    @Test func `a wrong header ends the reading`() {
        for header in [#"{"type":"trace","version":2}"#, #"{"log":{"version":"1.2"}}"#, "hello", #"{"type":"note"}"#] {
            let trace = TraceReader.read(Array("\(header)\n{\"type\":\"note\"}\n".utf8))
            #expect(trace.log.count == 0 && trace.rejections.count == 1 && trace.rejections.kept.first?.line == 1)
        }
        #expect(TraceReader.read([]).rejections.count == 1)
    }

    @Test func `BOM, CRLF, empty lines and a missing last line end are no matter`() {
        let text = "\u{FEFF}\(Self.header)\r\n\r\n{\"type\":\"note\"}\r\n\n{\"type\":\"note\"}"
        let trace = TraceReader.read(Array(text.utf8))
        #expect(trace.rejections.isEmpty && trace.log.lines == [3, 5])
    }

    @Test func `the size of the chunks changes nothing`() {
        let text = """
            \(Self.header)
            {"type":"note","key":"é😀","value":[1,2,{"a":"b"}]}
            {"type":"bad"
            {"type":"write","key":"k","version":1}
            """
        let whole = TraceReader.read(Array(text.utf8))
        for size in 1...70 {
            var reader = TraceReader()
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                reader.read(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            let trace = reader.finish()
            #expect(trace.rejections == whole.rejections)
            #expect(TraceWriter.bytes(of: trace.log) == TraceWriter.bytes(of: whole.log))
        }
    }

    @Test func `a line over 4 MiB is rejected without being held, and the places after it are right`() {
        var reader = TraceReader()
        reader.read(Array("\(Self.header)\n{\"type\":\"note\",\"value\":\"".utf8))
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        for _ in 0..<6 { reader.read(piece) }
        reader.read(Array("\"}\n{\"type\":\"note\",\"id\":\"x\"}\nbad".utf8))
        let trace = reader.finish()
        #expect(trace.log.ids.map(trace.log.text) == ["x"] && trace.log.lines == [3])
        let before = Self.header.utf8.count + 1
        #expect(trace.rejections.kept.map(\.line) == [2, 4])
        #expect(trace.rejections.kept.map(\.offset) == [before, before + 24 + 6 << 20 + 3 + 25])
    }

    @Test func `rejections are counted without end and kept up to a limit`() {
        let text = Self.header + String(repeating: "\nx", count: 5_000)
        let trace = TraceReader.read(Array(text.utf8))
        #expect(trace.rejections.count == 5_000 && trace.rejections.kept.count == TraceRejections.maximumKept)
    }

    @Test func `what nests deeper than 128 is rejected`() {
        func nested(_ depth: Int) -> String {
            #"{"type":"note","x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        }
        #expect(read(nested(128)).rejections.isEmpty)
        #expect(read(nested(129)).rejections.count == 1)
        #expect(read(nested(100_000).replacing("\"x\"", with: "\"value\"")).rejections.count == 1)
    }
}
