import Foundation
import GridModel
import HTTPTypes
import HummingbirdTesting
import Ordering
import Testing
import Wire

@testable import GridServer

@Suite("Import", .timeLimit(.minutes(60)))
struct ImportTests {
    /// Every third row has a field too many.
    private static func file(rows: Int) -> (text: String, rejected: [Int]) {
        let bad = (0..<rows).filter { $0 % 3 == 0 }
        let lines = (0..<rows).map { $0 % 3 == 0 ? "\($0),x,y\n" : "\($0),x\n" }
        return ("n,word\n" + lines.joined(), bad.map { $0 + 2 })
    }

    /// The lines that a list of rejects names.
    private static func lines(_ list: TestAPI.Answer) throws -> [Int] {
        try list.text.split(separator: "\n").map { text in
            let members = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
            #expect((members["reason"] as? String)?.contains("3 fields") == true)
            return members["line"] as? Int ?? 0
        }
    }

    private static func filesIn(_ directory: String?) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory ?? "")) ?? []
    }

    @Test(
        "S8: every rejected row is listed, also beyond those in the answer, until the list is forgotten",
        arguments: Way.allCases)
    func allRejects(_ way: Way) async throws {
        let server = TestServer(spool: "rejects-\(way)")
        let directory = server.server.services.configuration.spoolDirectory
        try await server.test(way) { api in
            let grid = try await api.makeGrid()
            let (text, rejected) = Self.file(rows: 6_000)
            let answer = try await api.send(.post, grid.sheet + "/import", text, type: "text/csv")
            let report = try ImportReport(wire: answer.body)
            #expect(report.rows == 4_000 && report.rejected == 2_000 && report.rejects.count == 1_000)
            let more = try #require(report.more)
            let list = try await api.send(.get, more)
            #expect(try Self.lines(list) == rejected)
            #expect(list.headers[.contentDisposition]?.contains("rejects.jsonl") == true)
            #expect(try await api.send(.delete, String(more.dropLast("/rejects".count))).status == 204)
            #expect(try await api.send(.get, more).status == 404)
            #expect(Self.filesIn(directory).isEmpty)
        }
    }

    @Test(
        "S8: a file of which more is rejected than can be listed is refused, and nothing of it stays", arguments: Way.allCases)
    func tooManyRejects(_ way: Way) async throws {
        var limits = GridServerConfiguration.Limits()
        limits.rejectListBytes = 10_000
        let server = TestServer(limits: limits, spool: "too-many-\(way)")
        let directory = server.server.services.configuration.spoolDirectory
        try await server.test(way) { api in
            let grid = try await api.makeGrid()
            let answer = try await api.send(.post, grid.sheet + "/import", Self.file(rows: 6_000).text, type: "text/csv")
            #expect(answer.status == 413 && answer.text.contains(#""limit":"bytes of the list of rejected rows"#))
            try await Self.expectUntouched(grid, api)
            #expect(Self.filesIn(directory).isEmpty)
        }
    }

    private static func expectUntouched(_ grid: TestGrid, _ api: TestAPI) async throws {
        let document = try GridDocument(wire: try await api.send(.get, grid.path).body)
        #expect(document.sheets.first?.rows == 3 && document.sheets.first?.sheet.columns.map(\.name) == ["A", "B"])
    }

    @Test("S8: of the lists of rejects the last are kept, by number and by bytes, and always the newest") func keptLists() {
        let registry = ImportRegistry(keptBytes: 100)
        func end(_ number: UInt64, bytes: Int) -> [String] {
            let id = ImportRegistry.ID(number)
            registry.begin(id)
            return registry.end(id, rejects: .init(path: "\(number)", bytes: bytes)).map(\.path)
        }
        #expect(end(1, bytes: 60) == [])
        #expect(end(2, bytes: 50) == ["1"])
        #expect(end(3, bytes: 900) == ["2"])
        #expect(registry.rejects(ImportRegistry.ID(2)) == nil && registry.rejects(ImportRegistry.ID(3))?.bytes == 900)
        #expect(end(4, bytes: 1) == ["3"])
        for number in UInt64(5)..<36 { #expect(end(number, bytes: 1) == []) }
        #expect(end(36, bytes: 1) == ["4"])
    }

    @Test("A plain import whose client closes the connection is taken back, and nothing of it stays") func clientLeaves()
        async throws
    {
        let server = TestServer(spool: "leaves")
        let imports = server.server.services.imports
        let directory = server.server.services.configuration.spoolDirectory
        try await server.test(.live) { api in
            let grid = try await api.makeGrid()
            // Some forty batches: the one at which the client leaves is early.
            let text = "n,word\n" + (0..<600_000).map { "\($0),x\n" }.joined()
            let connection = try await RawConnection(port: try #require(api.client.port))
            try await connection.send(
                "POST /api/v1\(grid.sheet)/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
                    + "Content-Length: \(text.utf8.count)\r\n\r\n" + text)
            while imports.running == 0 { await Task.yield() }
            try await connection.close()
            while imports.running > 0 { await Task.yield() }
            try await Self.expectUntouched(grid, api)
            while !Self.filesIn(directory).isEmpty { await Task.yield() }
        }
    }
}
