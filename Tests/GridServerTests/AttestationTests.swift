import ChangePipeline
import Dispatch
import GridModel
import HTTPTypes
import Ordering
import Synchronization
import Testing
import Wire

@testable import GridServer

@Suite("Attestation")
struct AttestationTests {
    /// What a page that shows these rows and texts posts.
    static func body(
        _ rows: [(Int, [Int: String])], revision: Revision, first: Int = 0, columns: String = "c1-c2", view: String? = nil
    ) -> String {
        var hash = ScreenHash()
        for (row, cells) in rows {
            for (column, text) in cells { if let value = CellValue(text: text) { hash.cell(ColumnID(UInt32(column)), value) } }
            hash.row(RowID(UInt32(row)))
        }
        let ids = rows.map { "r\($0.0)" }.joined(separator: ",")
        let named = view.map { #""view":\#($0),"# } ?? ""
        return
            #"{"sheet":"s1","revision":\#(revision),\#(named)"first":\#(first),"rows":"\#(ids)","columns":"\#(columns)","hash":"\#(PageTag(hash.value))"}"#
    }

    static func ask(_ api: TestAPI, _ grid: TestGrid, _ body: String) async throws -> String {
        let answer = try await api.send(.post, grid.path + "/attestations", body)
        return answer.status == 200 ? answer.text : "\(answer.status)"
    }

    static let equal = #"{"result":"equal","next":30}"#
    static let differs = #"{"result":"differs","next":30}"#
    static let shown = [(1, [1: "row 0"]), (2, [1: "row 1"]), (3, [1: "row 2"])]

    @Test(
        "A screen that shows what was committed is equal; one cell, one row or its order otherwise and it differs",
        arguments: Way.allCases)
    func present(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            func ask(_ rows: [(Int, [Int: String])], first: Int = 0) async throws -> String {
                try await Self.ask(api, grid, Self.body(rows, revision: grid.revision, first: first))
            }
            #expect(try await ask(Self.shown) == Self.equal)
            #expect(try await ask(Array(Self.shown[1...]), first: 1) == Self.equal)
            #expect(try await ask([(1, [1: "row 0"]), (2, [1: "row 1 "]), (3, [1: "row 2"])]) == Self.differs)
            #expect(try await ask([(1, [1: "row 0"]), (2, [2: "row 1"]), (3, [1: "row 2"])]) == Self.differs)
            #expect(try await ask([(1, [1: "row 0"]), (3, [1: "row 2"]), (2, [1: "row 1"])]) == Self.differs)
            #expect(try await ask(Self.shown, first: 1) == Self.differs)
            #expect(try await ask([(4, [:])], first: 3) == Self.differs)
        }
    }

    @Test("A revision that nobody committed differs, whatever is shown")
    func ahead() async throws {
        try await TestServer().test(.router) { api in
            let grid = try await api.makeGrid()
            #expect(try await Self.ask(api, grid, Self.body(Self.shown, revision: grid.revision.next)) == Self.differs)
        }
    }

    @Test("A screen is compared with its own revision, not with the present", arguments: Way.allCases)
    func past(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            _ = try await api.send(.post, grid.path + "/changes", grid.setCell("\"changed\"", row: 2, intent: 2))
            let moved = #"{"intent":"\#(TestGrid.intent(3))","changes":[{"op":"moveRows","rows":["r3"],"after":null}]}"#
            #expect(try await api.send(.post, grid.path + "/changes", moved).status == 200)
            let gone = #"{"intent":"\#(TestGrid.intent(4))","changes":[{"op":"deleteRows","rows":["r1"]}]}"#
            #expect(try await api.send(.post, grid.path + "/changes", gone).status == 200)
            let now = [(3, [1: "row 2"]), (2, [1: "changed"])]
            let last = Revision(grid.revision.rawValue + 3)
            #expect(try await Self.ask(api, grid, Self.body(now, revision: last)) == Self.equal)
            #expect(try await Self.ask(api, grid, Self.body(Self.shown, revision: grid.revision)) == Self.equal)
            #expect(try await Self.ask(api, grid, Self.body(Self.shown, revision: last)) == Self.differs)
            #expect(try await Self.ask(api, grid, Self.body(now, revision: grid.revision)) == Self.differs)
            let between = [(1, [1: "row 0"]), (2, [1: "changed"]), (3, [1: "row 2"])]
            #expect(try await Self.ask(api, grid, Self.body(between, revision: grid.revision.next)) == Self.equal)
        }
    }

    @Test("Columns come and go: what a screen showed of them is told from its own revision")
    func columns() async throws {
        try await TestServer().test(.router) { api in
            let grid = try await api.makeGrid()
            #expect(try await api.send(.delete, grid.sheet + "/columns/c1").status == 204)
            #expect(try await Self.ask(api, grid, Self.body(Self.shown, revision: grid.revision)) == Self.equal)
            let empty = [(1, [Int: String]()), (2, [:]), (3, [:])]
            let last = grid.revision.next
            #expect(try await Self.ask(api, grid, Self.body(empty, revision: last, columns: "c2")) == Self.equal)
            // The document is ahead of the pages: a column that is not there yet shows nothing.
            #expect(try await Self.ask(api, grid, Self.body(empty, revision: last, columns: "c2,c3")) == Self.equal)
        }
    }

    @Test("In a view the order counts at the present revision; at an older one the rows' cells", arguments: Way.allCases)
    func views(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            let made = #"{"name":"V","sort":[{"column":"c1","direction":"descending"}]}"#
            #expect(try await api.send(.post, grid.sheet + "/views", made).status == 201)
            let revision = grid.revision.next
            let sorted = Array(Self.shown.reversed())
            let inline = #"{"filter":[],"match":"all","sort":[{"column":"c1","direction":"descending"}]}"#
            for view in [#""v1""#, inline] {
                #expect(try await Self.ask(api, grid, Self.body(sorted, revision: revision, view: view)) == Self.equal)
                #expect(try await Self.ask(api, grid, Self.body(Self.shown, revision: revision, view: view)) == Self.differs)
            }
            _ = try await api.send(.post, grid.path + "/changes", grid.setCell("\"zzz\"", row: 1, intent: 2))
            for view in [#""v1""#, inline] {
                #expect(try await Self.ask(api, grid, Self.body(sorted, revision: revision, view: view)) == Self.equal)
                let other = [(3, [1: "row 2"]), (2, [1: "row 1"]), (1, [1: "zzz"])]
                #expect(try await Self.ask(api, grid, Self.body(other, revision: revision, view: view)) == Self.differs)
            }
            let now = Self.body(sorted, revision: revision.next, view: #""v9""#)
            #expect(try await Self.ask(api, grid, now) == "404")
        }
    }

    @Test("What cannot be looked up is unknown, counted apart, and no verdict")
    func unknown() async throws {
        let server = TestServer()
        try await server.test(.router) { api in
            let grid = try await api.makeGrid()
            #expect(try await api.send(.post, grid.path + "/sheets", #"{"name":"Other"}"#).status == 201)
            #expect(try await api.send(.delete, grid.sheet).status == 204)
            // Now that the sheet is deleted its present cannot be told.
            let now = Revision(grid.revision.rawValue + 2)
            #expect(
                try await Self.ask(api, grid, Self.body(Self.shown, revision: now))
                    == #"{"result":"unknown","reason":"past","next":30}"#)
            #expect(try await Self.ask(api, grid, Self.body(Self.shown, revision: grid.revision)) == Self.equal)
            _ = try await Self.ask(api, grid, Self.body([(1, [1: "x"])], revision: grid.revision))
            let text = try await api.send(.get, "/metrics").text
            for (result, count) in [("equal", 1), ("differs", 1), ("unknown", 1)] {
                #expect(text.contains("trueline_attested_screens_total{result=\"\(result)\"} \(count)\n"))
            }
            #expect(text.contains("trueline_attestations_unchecked_total{reason=\"past\"} 1\n"))
            #expect(text.split(separator: "# TYPE trueline_attested_screens_total").count == 2, "one head for three results")
        }
    }

    @Test("S8: further back than a screen is followed nothing is read")
    func reach() async throws {
        let server = TestServer()
        try await server.test(.router) { api in
            let grid = try await api.makeGrid()
            for number in 2..<6 {
                _ = try await api.send(.post, grid.path + "/changes", grid.setCell("\"v\(number)\"", intent: number))
            }
            let live = try await server.host.grid(grid.id)
            func rows(_ reach: LiveGrid.ScreenReach) async throws -> Int? {
                try await live.rows(
                    [RowID(1)], of: SheetID(1), from: 0, asOf: grid.revision, columns: grid.columns, reach: reach)?.count
            }
            #expect(try await rows(LiveGrid.ScreenReach()) == 1)
            var near = LiveGrid.ScreenReach()
            near.revisions = 3
            await #expect(throws: PipelineError.self) { try await rows(near) }
            near = LiveGrid.ScreenReach()
            near.changes = 3
            await #expect(throws: PipelineError.self) { try await rows(near) }
        }
    }

    @Test("S8: a body is small, strict and from our own page", arguments: Way.allCases)
    func refusals(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            let good = Self.body(Self.shown, revision: grid.revision)
            let long = good.replacing("{", with: "{" + String(repeating: " ", count: ScreenAttestation.byteLimit))
            #expect(try await Self.ask(api, grid, long) == "413")
            #expect(try await Self.ask(api, grid, good.replacing("sheet", with: "sheat")) == "400")
            #expect(try await api.send(.post, "/grids/absent/attestations", good).status == 404)
            #expect(try await api.send(.post, grid.path + "/attestations", good, type: "text/plain").status == 415)
            let other = try await api.send(
                .post, grid.path + "/attestations", good, headers: ["Origin": "https://other.example"])
            #expect(other.status == 403)
        }
    }

    @Test("S8: the more pages there are, the less often each is asked")
    func pace() async throws {
        let server = TestServer()
        try await server.test(.router) { api in
            let grid = try await api.makeGrid()
            server.server.metrics.subscribers.set(1_000)
            let answer = try await Self.ask(api, grid, Self.body(Self.shown, revision: grid.revision))
            #expect(answer == #"{"result":"equal","next":166}"#)
            server.server.metrics.subscribers.set(0)
        }
    }

    @Test("S8: checking takes a hundredth of the time; a screen beyond that is not checked, and counted")
    func share() async throws {
        let server = TestServer()
        try await server.test(.router) { api in
            let grid = try await api.makeGrid()
            let live = try await server.host.grid(grid.id)
            let screen = try ScreenAttestation(wire: Array(Self.body(Self.shown, revision: grid.revision).utf8))
            let clock = Mutex<UInt64>(0)
            let metrics = ServerMetrics()
            // Every look at the clock is 20 ms later than the one before: a check takes that long, and so does the way to the next.
            let desk = AttestationDesk(
                now: {
                    clock.withLock { time in
                        time += 20_000_000
                        return time
                    }
                }, metrics: metrics)
            var results: [ScreenVerdict] = []
            for _ in 0..<200 { results.append(try await desk.check(screen, of: live, TestServer.logger)) }
            #expect(results[..<5].allSatisfy { $0 == .equal }, "what was saved up is used")
            let late = results[100...].count { $0 == .equal }
            #expect((1...4).contains(late), "about one in a hundred: \(late)")
            #expect(metrics.attestedUnknown.current == results.count { $0 == .unknown(.busy) })
        }
    }
}
