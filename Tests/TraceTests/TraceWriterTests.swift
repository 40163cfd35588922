import Testing
import Trace

struct TraceWriterTests {
    static let text = """
        {"type":"trace","version":1,"recorder":"r \\"1\\"","id":"t","limits":["no writes"]}
        {"type":"process","process":"tab","role":"browser","clock":"c","name":"Shop"}
        {"type":"slot","process":"tab","slot":"list","keys":["items"],"policy":"latest"}
        {"type":"intent","id":"i1","process":"tab","session":"ada","time":-5,"task":"t1","phase":"stack","intent":"n","rank":-3}
        {"type":"arrive","process":"tab","request":"r","version":"e\\n1","value":{"a":1e+30,"b":"é"},"status":200,"error":null}
        {"type":"write","process":"tab","key":"k","base":0,"optimistic":true,"rollback":true,"user":true,"merge":true,"from":["a","b"],"guard":"G3"}
        {"type":"render","process":"tab","frame":9,"shows":{"a":1,"b":"x","c":null},"marked":["b"],"view":"main"}
        {"type":"expect","process":"tab","holds":false,"after":[{"event":"L4","kind":"message","confidence":"temporal"},{"event":"i1"}]}
        {"type":"teleport","process":"tab","key":"k","to": [1,  {"z":0,"a":"\\u0041"}]}
        {"type":"read","process":"tab","key":"k","refetch":true,"rank":"kept where it has no meaning"}

        """

    @Test func `what the reader reads, the writer writes again`() {
        let first = TraceReader.read(Array(Self.text.utf8))
        #expect(first.rejections.isEmpty)
        let written = TraceWriter.bytes(of: first.log)
        #expect(String(decoding: written, as: UTF8.self) == Self.text.replacing("\"to\": [", with: "\"to\":["))
        let second = TraceReader.read(written)
        #expect(second.rejections.isEmpty && TraceWriter.bytes(of: second.log) == written)
    }

    @Test func `an event that is called by its line keeps its name when lines before it are gone`() {
        let text = Self.text.replacing("{\"type\":\"slot\"", with: "{\"type\":slot")
        let first = TraceReader.read(Array(text.utf8))
        let second = TraceReader.read(TraceWriter.bytes(of: first.log))
        #expect(first.rejections.count == 1 && second.rejections.isEmpty)
        #expect((0..<second.log.count).map(second.log.name(of:)) == (0..<first.log.count).map(first.log.name(of:)))
        #expect(first.log.name(of: 2) == "L5")
    }

    @Test func `a value that was kept as its digest comes back equal and marked`() {
        var log = TraceLog()
        var event = TraceEvent(.write)
        event.value = "\"" + String(repeating: "x", count: 10_000) + "\""
        log.append(event)
        let again = TraceReader.read(TraceWriter.bytes(of: log))
        #expect(again.log.value(of: 0).elementsEqual(log.value(of: 0)) && again.log.flags[0] == .redacted)
    }

    @Test func `a sink's error ends the writing`() {
        struct Full: Error {}
        #expect(throws: Full.self) { try TraceWriter.write(TraceLog()) { _ throws(Full) in throw Full() } }
    }
}
