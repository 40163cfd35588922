import Foundation
import GridModel
import HTTPTypes
import Ordering
import Testing
import Wire

@testable import GridServer

@Suite("Routes")
struct RouteTests {
    @Test("Grids, sheets, columns and views are made, changed and deleted", arguments: Way.allCases)
    func structure(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            let renamed = try await api.send(.patch, grid.path, #"{"name":"New"}"#)
            #expect(renamed.status == 200)
            #expect(try GridDocument(wire: renamed.body).name == "New")
            #expect(try await api.send(.get, "/grids").text.contains(#""name":"New""#))
            let sheet = try await api.send(.post, grid.path + "/sheets", #"{"name":"Second"}"#)
            #expect(sheet.status == 201)
            #expect(try await api.send(.patch, grid.path + "/sheets/s2", #"{"name":"Other"}"#).text.contains("Other"))
            let column = try await api.send(
                .patch, grid.sheet + "/columns/c1",
                #"{"name":"City","type":"yes/no","width":90,"agent":{"prompt":"{{B}}"},"after":"c2"}"#)
            #expect(
                column.text
                    == #"{"id":"c1","name":"City","type":"boolean","width":90,"agent":{"prompt":"{{B}}","version":1}}"#)
            let again = try await api.send(.patch, grid.sheet + "/columns/c1", #"{"agent":{"prompt":"other"},"width":null}"#)
            #expect(again.text == #"{"id":"c1","name":"City","type":"boolean","agent":{"prompt":"other","version":2}}"#)
            let view = try await api.send(
                .post, grid.sheet + "/views", #"{"name":"V","filter":[{"column":"c1","op":"isEmpty"}]}"#)
            #expect(view.status == 201)
            #expect(try await api.send(.patch, grid.sheet + "/views/v1", #"{"match":"any"}"#).text.contains(#""match":"any""#))
            let document = try GridDocument(wire: try await api.send(.get, grid.path).body)
            #expect(document.sheets[0].sheet.columns.map(\.id) == [ColumnID(2), ColumnID(1)])
            #expect(document.sheets[0].sheet.views.map(\.name) == ["V"])
            for path in ["/sheets/s1/views/v1", "/sheets/s1/columns/c2", "/sheets/s2", ""] {
                #expect(try await api.send(.delete, grid.path + path).status == 204)
            }
            #expect(try await api.send(.get, grid.path).status == 404)
        }
    }

    @Test("S3: all pages of a reply come from one snapshot, which the reply names", arguments: Way.allCases)
    func oneSnapshot(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid(rows: 25)
            let answer = try await api.send(.get, grid.sheet + "/pages?first=1&last=3&pageSize=10")
            let reply = try PageReply(wire: answer.body)
            #expect(reply.head.revision == grid.revision)
            #expect(answer.headers[Reply.revisionField] == "\(grid.revision)")
            #expect(reply.head.totalRows == 25 && reply.head.totalPages == 3 && reply.head.totalColumns == 2)
            #expect(reply.pages.map { $0.rows?.count } == [10, 10, 5])
            #expect(reply.pages[1].rows?.first?.cells == [ColumnID(1): CellValue(checkedJSON: "\"row 10\"")])
            let past = try PageReply(wire: try await api.send(.get, grid.sheet + "/pages?first=9").body)
            #expect(past.pages.map { $0.rows?.count } == [0])
        }
    }

    @Test("S4: a read with minRevision is never answered from an older state", arguments: Way.allCases)
    func neverBehind(_ way: Way) async throws {
        try await TestServer(time: .instant).test(way) { api in
            let grid = try await api.makeGrid()
            let future = grid.revision.rawValue + 5
            let answer = try await api.send(.get, grid.sheet + "/pages?minRevision=\(future)")
            #expect(answer.status == 503)
            let problem = try Problem(wire: answer.body)
            #expect(problem.code == "behind")
            #expect(problem.errors.first?["at"] == .number(Int(grid.revision.rawValue)))
            #expect(answer.headers[.retryAfter] == "1")
            #expect(try await api.send(.get, grid.sheet + "/pages?minRevision=\(grid.revision)").status == 200)
        }
    }

    @Test(
        "S3: a page asked for again is kept while nothing is committed, and read anew after a commit", arguments: Way.allCases)
    func keptReply(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            let first = try await api.send(.get, grid.sheet + "/pages")
            let second = try await api.send(.get, grid.sheet + "/pages")
            #expect(second.body == first.body && second.headers[.eTag] == first.headers[.eTag])
            let tag = try #require(first.headers[.eTag])
            #expect(try await api.send(.get, grid.sheet + "/pages", headers: ["If-None-Match": tag]).status == 304)

            _ = try await api.send(.post, grid.path + "/changes", grid.setCell("\"new\"", intent: 2))
            let third = try await api.send(.get, grid.sheet + "/pages", headers: ["If-None-Match": tag])
            #expect(third.status == 200)
            let reply = try PageReply(wire: third.body)
            #expect(reply.head.revision > grid.revision)
            #expect(reply.pages[0].rows?.first?.cells[ColumnID(1)]?.json == "\"new\"")
        }
    }

    @Test("S4: a read with minRevision waits for the commit and then has it")
    func waits() async throws {
        try await TestServer(time: .frozen).test(.router) { api in
            let grid = try await api.makeGrid()
            async let read = api.send(.get, grid.sheet + "/pages?minRevision=\(grid.revision.next)")
            let outcome = try await api.send(.post, grid.path + "/changes", grid.setCell("\"new\"", intent: 2))
            let revision = try CommandOutcome(wire: outcome.body).revision
            let reply = try PageReply(wire: try await read.body)
            #expect(reply.head.revision >= revision)
            #expect(reply.pages[0].rows?.first?.cells[ColumnID(1)]?.json == "\"new\"")
        }
    }

    @Test("S5: the same intent again returns the first answer and has one effect", arguments: Way.allCases)
    func oneEffect(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid(rows: 1)
            let insert = #"{"intent":"\#(TestGrid.intent(7))","changes":[{"op":"insertRows","after":"r1","count":2}]}"#
            let first = try await api.send(.post, grid.path + "/changes", insert)
            #expect(first.status == 200)
            let delete = #"{"intent":"\#(TestGrid.intent(8))","changes":[{"op":"deleteRows","rows":["r1","r2"]}]}"#
            let deleted = try await api.send(.post, grid.path + "/changes", delete)
            #expect(try await api.send(.post, grid.path + "/changes", insert).text == first.text)
            #expect(try await api.send(.post, grid.path + "/changes", delete).text == deleted.text)
            let reply = try PageReply(wire: try await api.send(.get, grid.sheet + "/pages").body)
            #expect(reply.pages[0].rows?.map(\.id) == [RowID(3)])
            let key = ["Idempotency-Key": TestGrid.intent(9)]
            let sheet = try await api.send(.post, grid.path + "/sheets", #"{"name":"Once"}"#, headers: key)
            #expect(try await api.send(.post, grid.path + "/sheets", #"{"name":"Once"}"#, headers: key).text == sheet.text)
        }
    }

    @Test("Changes are all or nothing, and a failed precondition shows what is there", arguments: Way.allCases)
    func conflict(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            _ = try await api.send(.post, grid.path + "/changes", grid.setCell("\"theirs\"", intent: 2))
            let mine =
                #"{"intent":"\#(TestGrid.intent(3))","changes":[{"op":"setCell","row":"r2","column":"c1","value":"lost"},{"op":"setCell","row":"r1","column":"c1","value":"mine","ifRevision":\#(grid.revision)}]}"#
            let answer = try await api.send(.post, grid.path + "/changes", mine)
            #expect(answer.status == 409)
            let fault = try Problem(wire: answer.body).errors.first
            #expect(fault?["value"] == .cell(CellValue(text: "theirs")))
            #expect(fault?["change"] == .number(1) && fault?["row"] == .text("r1"))
            let reply = try PageReply(wire: try await api.send(.get, grid.sheet + "/pages").body)
            #expect(reply.pages[0].rows?[1].cells[ColumnID(1)]?.json == "\"row 1\"")
        }
    }

    @Test("A page that the client holds is not sent again", arguments: Way.allCases)
    func unchanged(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            let first = try await api.send(.get, grid.sheet + "/pages")
            let tag = try PageReply(wire: first.body).pages[0].tag
            let entity = first.headers[.eTag] ?? ""
            let held = try PageReply(wire: try await api.send(.get, grid.sheet + "/pages?have=1:\(tag),2:zz").body)
            #expect(held.pages[0].rows == nil)
            let same = try await api.send(.get, grid.sheet + "/pages", headers: ["If-None-Match": entity])
            #expect(same.status == 304 && same.body.isEmpty)
            _ = try await api.send(.post, grid.path + "/changes", grid.setCell("1", intent: 2))
            #expect(try await api.send(.get, grid.sheet + "/pages", headers: ["If-None-Match": entity]).status == 200)
            let fresh = try PageReply(wire: try await api.send(.get, grid.sheet + "/pages?have=1:\(tag)").body)
            #expect(fresh.pages[0].rows?.count == 3)
        }
    }

    @Test("Windows of columns, views and the past are read as asked", arguments: Way.allCases)
    func windows(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            let changed = try await api.send(.post, grid.path + "/changes", grid.setCell("\"b\"", row: 2, intent: 2))
            #expect(changed.status == 200)
            for columns in ["c2", "1-1", "1-900"] {
                let reply = try PageReply(wire: try await api.send(.get, grid.sheet + "/pages?columns=\(columns)").body)
                #expect(reply.head.columns.map(\.id) == [ColumnID(2)] && reply.head.totalColumns == 2)
                #expect(reply.pages[0].rows?.allSatisfy { $0.cells.isEmpty } == true)
            }
            let view = QueryParameters.escape(
                #"{"filter":[{"column":"c1","op":"startsWith","value":"row"}],"sort":[{"column":"c1","direction":"descending"}]}"#
            )
            let rows = try PageReply(wire: try await api.send(.get, grid.sheet + "/pages?view=\(view)").body)
            #expect(rows.pages[0].rows?.map(\.id) == [RowID(3), RowID(1)] && rows.head.totalRows == 2)
            let past = try PageReply(wire: try await api.send(.get, grid.sheet + "/pages?asOf=\(grid.revision)").body)
            #expect(past.head.revision == grid.revision)
            #expect(past.pages[0].rows?[1].cells[ColumnID(1)]?.json == "\"row 1\"")
        }
    }

    @Test("The past that is no longer kept is refused with the oldest that is, which can be read", arguments: Way.allCases)
    func notKept(_ way: Way) async throws {
        let catalog = FillableCatalog()
        try await TestServer(catalog: catalog).test(way) { api in
            let grid = try await api.makeGrid()
            for number in 2...9 {
                _ = try await api.send(.post, grid.path + "/changes", grid.setCell("\(number)", intent: number))
            }
            for lost in [grid.revision.rawValue + 1, grid.revision.rawValue + 7] {
                catalog.lostThrough = Revision(lost)
                for asked in [1, lost - 1] {
                    let refused = try await api.send(.get, grid.sheet + "/pages?asOf=\(asked)")
                    let problem = try Problem(wire: refused.body)
                    #expect(refused.status == 410 && problem.code == "not-kept")
                    #expect(problem.oldest == Int(lost) && problem.errors.first?["oldest"] == .number(Int(lost)))
                }
                let kept = try PageReply(wire: try await api.send(.get, grid.sheet + "/pages?asOf=\(lost)").body)
                #expect(kept.pages[0].rows?[0].cells[ColumnID(1)]?.json == "\(lost - grid.revision.rawValue + 1)")
            }
            let document = try await api.send(.get, "/openapi.json")
            #expect(
                document.text.contains(
                    ##""410":{"description":"What was asked for is no longer kept","content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/NotKept"}}}}"##
                ))
        }
    }

    @Test("Why this value: who set it, when, and what it was before", arguments: Way.allCases)
    func history(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid(rows: 1)
            _ = try await api.send(.post, grid.path + "/changes", grid.setCell("7", intent: 2))
            let answer = try await api.send(.get, grid.sheet + "/rows/r1/cells/c1/history?limit=1")
            #expect(answer.text.contains(#""old":"row 0","new":7"#))
            #expect(answer.text.contains(#""cause":{"kind":"person"}"#) && answer.text.contains(TestGrid.intent(2)))
        }
    }

    @Test(
        "An import makes columns from the header and lists what it rejects; the export gives the file back",
        arguments: Way.allCases)
    func importExport(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            _ = try await api.send(.post, grid.path + "/sheets", #"{"name":"Import"}"#)
            let sheet = grid.path + "/sheets/s2"
            let file = "name,code\nann,007\nbob,1,2\n\"cy, \"\"x\"\"\",\n"
            let preview = try await api.send(.post, sheet + "/import?preview=5", file, type: "text/csv")
            #expect(preview.status == 200 && preview.text.contains(#""rows":[["ann","007"],["cy, \"x\"",null]]"#))
            #expect(try GridDocument(wire: try await api.send(.get, grid.path).body).sheets[1].sheet.columns.isEmpty)
            let answer = try await api.send(.post, sheet + "/import", file, type: "text/csv")
            #expect(answer.status == 201)
            #expect(answer.text.contains(#""rows":2,"rejected":1,"rejects":[{"line":3,"#))
            let exported = try await api.send(.get, sheet + "/export")
            #expect(exported.text == "name,code\nann,007\n\"cy, \"\"x\"\"\",\n")
            #expect(exported.headers[.contentDisposition]?.contains("Test Import.csv") == true)
            #expect(exported.headers[Reply.revisionField] == answer.headers[Reply.revisionField])
            let events = try await api.send(
                .post, sheet + "/import?types=%7B%22code%22:%22text%22%7D", file, type: "text/csv",
                headers: ["Accept": "text/event-stream"])
            #expect(events.text.hasPrefix("event: started\n") && events.text.contains("event: done\ndata: {\"revision\":"))
            #expect(try GridDocument(wire: try await api.send(.get, grid.path).body).sheets[1].rows == 4)
        }
    }

    @Test("The sample is opened as a grid of its own, again and again; without its file there is no such route")
    func sample() async throws {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "trueline-sample-\(ProcessInfo.processInfo.processIdentifier).csv")
        try Data("name,city\nA,Lisbon\nB,Porto\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try await TestServer(sample: file.path).test(.router) { api in
            for _ in 0..<2 {
                let made = try await api.send(.post, "/api/v1/sample")
                let grid = try GridDocument(wire: made.body)
                #expect(made.status == 201 && made.headers[.location] == "/api/v1/grids/\(grid.id)")
                #expect(grid.sheets.first?.rows == 2 && grid.sheets.first?.sheet.columns.map(\.name) == ["name", "city"])
            }
            let document = try await api.send(.get, "/openapi.json").text
            #expect(document.contains("/api/v1/sample"))
        }
        try await TestServer(sample: file.path + "-gone").test(.router) { api in
            let answer = try await api.send(.post, "/api/v1/sample")
            let grids = try await api.send(.get, "/grids").text
            #expect(answer.status == 500 && grids == #"{"grids":[]}"#)
        }
        try await TestServer().test(.router) { api in
            let answer = try await api.send(.post, "/api/v1/sample")
            #expect(answer.status == 404)
        }
    }

    @Test("A file that cannot be imported leaves nothing behind", arguments: Way.allCases)
    func failedImport(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            let before = try GridDocument(wire: try await api.send(.get, grid.path).body)
            let answer = try await api.send(.post, grid.sheet + "/import?format=jsonl", "[{}]", type: "text/plain")
            #expect(answer.status == 422)
            let after = try GridDocument(wire: try await api.send(.get, grid.path).body)
            #expect(after.sheets == before.sheets)
        }
    }
}
