import GridModel
import HTTPTypes
import Testing
import Wire

@testable import GridServer

@Suite("Problems")
struct ProblemTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var method: String
        var path: String
        var body: String?
        var type = "application/json"
        var status: Int
        var code: String

        var testDescription: String { "\(method) \(path) \(body ?? "") -> \(status) \(code)" }
    }

    static let intent = TestGrid.intent(99)

    static func change(_ change: String) -> String {
        #"{"intent":"\#(intent)","changes":[\#(change)]}"#
    }

    static let cases: [Case] = [
        Case(method: "GET", path: "/api/v1/nothing", status: 404, code: "not-found"),
        Case(method: "GET", path: "/api/v1/grids/", status: 404, code: "not-found"),
        Case(method: "GET", path: "/grids/absent", status: 404, code: "not-found"),
        Case(method: "GET", path: "/grids/UPPER", status: 404, code: "not-found"),
        Case(method: "PUT", path: "/grids", body: "{}", status: 405, code: "method-not-allowed"),
        Case(method: "POST", path: "/grids", body: "{", status: 400, code: "malformed"),
        Case(method: "POST", path: "/grids", body: #"{"name":"x","extra":1}"#, status: 400, code: "malformed"),
        Case(method: "POST", path: "/grids", body: #"{"name":""}"#, status: 422, code: "invalid"),
        Case(method: "POST", path: "/grids", body: "name=x", type: "text/plain", status: 415, code: "unsupported-media"),
        Case(method: "GET", path: "GRID/sheets/s9/pages", status: 404, code: "not-found"),
        Case(method: "GET", path: "SHEET/pages?frist=1", status: 400, code: "malformed"),
        Case(method: "GET", path: "SHEET/pages?first=0", status: 400, code: "malformed"),
        Case(method: "GET", path: "SHEET/pages?first=1&last=200&pageSize=100", status: 400, code: "malformed"),
        Case(method: "GET", path: "SHEET/pages?pageSize=1001", status: 400, code: "malformed"),
        Case(method: "GET", path: "SHEET/pages?columns=c77", status: 404, code: "not-found"),
        Case(method: "GET", path: "SHEET/pages?columns=0-99999", status: 400, code: "malformed"),
        Case(method: "GET", path: "SHEET/pages?view=%7B%22filter%22:%7D", status: 400, code: "malformed"),
        Case(method: "GET", path: "SHEET/pages?view=v9", status: 404, code: "not-found"),
        Case(method: "GET", path: "SHEET/pages?first=%zz", status: 400, code: "malformed"),
        Case(method: "GET", path: "SHEET/pages?asOf=999", status: 422, code: "invalid"),
        Case(method: "GET", path: "SHEET/rows/r99/cells/c1/history", status: 404, code: "not-found"),
        Case(method: "GET", path: "SHEET/export?format=xls", status: 400, code: "malformed"),
        Case(method: "GET", path: "GRID/events?lastEventId=x", status: 400, code: "malformed"),
        Case(
            method: "POST", path: "SHEET/import?separator=ab", body: "a\n1\n", type: "text/csv", status: 400, code: "malformed"),
        Case(method: "POST", path: "SHEET/columns", body: #"{"name":"A"}"#, status: 409, code: "name-taken"),
        Case(method: "POST", path: "GRID/changes", body: #"{"changes":[]}"#, status: 400, code: "malformed"),
        Case(method: "POST", path: "GRID/changes", body: change(""), status: 422, code: "invalid"),
        Case(
            method: "POST", path: "GRID/changes", body: change(#"{"op":"setCell","row":"r99","column":"c1","value":1}"#),
            status: 404,
            code: "not-found"),
        Case(
            method: "POST", path: "GRID/changes",
            body: change(#"{"op":"setCell","row":"r1","column":"c1","value":1,"value":2}"#),
            status: 400, code: "malformed"),
        Case(
            method: "POST", path: "GRID/changes",
            body: change(
                #"{"op":"setCell","row":"r1","column":"c1","value":"\#(String(repeating: "x", count: Limits.cellBytes))"}"#),
            status: 413, code: "too-large"),
        Case(
            method: "POST", path: "GRID/changes",
            body: change(
                [String](
                    repeating: #"{"op":"setCell","row":"r1","column":"c1","value":1}"#, count: Limits.changesPerCommand + 1
                )
                .joined(separator: ",")), status: 413, code: "too-large"),
    ]

    @Test("Each refusal is problem+json with its code, and says where", arguments: Way.allCases)
    func refusals(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            for item in Self.cases {
                let path = item.path.replacing("SHEET", with: grid.sheet).replacing("GRID", with: grid.path)
                let answer = try await api.send(.init(item.method) ?? .get, path, item.body, type: item.type)
                #expect(answer.status == item.status, "\(item.testDescription): \(answer.text)")
                #expect(answer.headers[.contentType] == "application/problem+json", "\(item.testDescription)")
                let problem = try Problem(wire: answer.body)
                #expect(problem.code == item.code && problem.status == item.status, "\(item.testDescription)")
                #expect(!problem.errors.isEmpty && !problem.detail.isEmpty, "\(item.testDescription)")
                if item.status == 405 { #expect(answer.headers[.allow] == "GET, POST, HEAD") }
            }
        }
    }

    @Test("A disk that is full is 507 in plain words, and reads go on", arguments: Way.allCases)
    func fullDisk(_ way: Way) async throws {
        let catalog = FillableCatalog()
        try await TestServer(catalog: catalog).test(way) { api in
            let grid = try await api.makeGrid()
            catalog.isFull = true
            let answer = try await api.send(.post, grid.path + "/changes", grid.setCell("1", intent: 2))
            #expect(answer.status == 507)
            #expect(try Problem(wire: answer.body).code == "full")
            #expect(try await api.send(.get, grid.sheet + "/pages").status == 200)
            catalog.isFull = false
            #expect(try await api.send(.post, grid.path + "/changes", grid.setCell("1", intent: 2)).status == 200)
        }
    }
}
