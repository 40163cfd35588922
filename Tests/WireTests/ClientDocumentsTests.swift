import GridModel
import Ordering
import Testing

@testable import Wire

@Suite("Documents that clients read")
struct ClientDocumentsTests {
    @Test("An import's report is read as it was written")
    func report() throws {
        let report = ImportReport(
            revision: Revision(12), rows: 3, rejected: 2,
            rejects: [.init(line: 7, reason: "too many fields"), .init(line: 9, reason: "é \"x\"", text: "a,b\n")],
            more: "/api/v1/x/rejects")
        #expect(try ImportReport(wire: report.wire) == report)
        #expect(throws: WireError.self) { try ImportReport(wire: Array("{}".utf8)) }
        let progress = ImportProgress(bytes: 1, rows: 2, rejected: 3)
        let bytes = WireWriter.write { writer in writer.object { progress.write(to: &$0) } }
        #expect(try ImportProgress(wire: bytes) == progress)
    }

    @Test("A list of grids names the damaged ones with their reason, and a newer server's members are stepped over")
    func gridList() throws {
        let text =
            #"{"grids":[{"id":"a1","name":"Airports","revision":4,"new":[1]},{"id":"b2","damage":"malformed"}],"next":null}"#
        let list = try GridList(wire: Array(text.utf8))
        #expect(list.grids.map(\.name) == ["Airports", ""])
        #expect(list.grids.map(\.damage) == [nil, "malformed"])
        #expect(throws: WireError.self) { try GridList(wire: Array(#"{"grids":[{"name":"x"}]}"#.utf8)) }
    }
}
