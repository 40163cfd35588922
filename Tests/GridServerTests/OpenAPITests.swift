import Foundation
import HTTPTypes
import Testing
import Wire

@testable import GridServer

@Suite("OpenAPI")
struct OpenAPITests {
    @Test("The document lists every route, method by method, and no other", arguments: Way.allCases)
    func equalsRoutes(_ way: Way) async throws {
        let server = TestServer(traces: .init(directory: "/nonexistent"))
        let routes = server.server.table.routes
        let listed = Set(routes.map { "\($0.method.rawValue) \($0.path)" })
        #expect(listed.count == routes.count, "two routes answer the same")
        try await server.test(way) { api in
            let answer = try await api.send(.get, "/openapi.json")
            let document = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
            #expect(document["openapi"] as? String == "3.1.0")
            let paths = try #require(document["paths"] as? [String: [String: Any]])
            let described = Set(paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } })
            #expect(described == listed)
            for path in paths.keys.sorted() {
                let concrete = path.replacing("{grid}", with: "none").replacing("{sheet}", with: "s1").replacing(
                    "{column}", with: "c1"
                )
                .replacing("{row}", with: "r1").replacing("{view}", with: "v1").replacing("{run}", with: "run1")
                .replacing("{import}", with: "0123456789abcdef").replacing("{trace}", with: "t-1")
                let allowed = try await api.send(.options, concrete).headers[.allow] ?? ""
                let methods = Set(allowed.split(separator: ", ").map(String.init)).subtracting(["HEAD"])
                #expect(methods == Set(paths[path]?.keys.map { $0.uppercased() } ?? []), "\(path)")
            }
        }
    }

    @Test("Every named schema exists, and every operation has its own name")
    func sound() throws {
        let server = TestServer(traces: .init(directory: "/nonexistent"))
        let routes = server.server.table.routes
        #expect(Set(routes.map(\.operation)).count == routes.count)
        let json = String(decoding: OpenAPIDocument(routes: routes, version: "x").json, as: UTF8.self)
        let names = Set(Schemas.all.map(\.name))
        for reference in json.split(separator: "#/components/schemas/").dropFirst() {
            #expect(names.contains(String(reference.prefix { $0 != "\"" })))
        }
    }

    @Test("Metrics name routes and count, and hold no value of a cell", arguments: Way.allCases)
    func metrics(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            _ = try await api.send(.post, grid.path + "/changes", grid.setCell("\"sesame\"", intent: 2))
            _ = try await api.send(.get, grid.sheet + "/pages")
            let text = try await api.send(.get, "/metrics").text
            #expect(text.contains(#"trueline_requests_total{route="submitChanges",status="200"} 2"#))
            #expect(text.contains("trueline_pages_served_total 1"))
            #expect(text.contains(#"trueline_grid_revision{grid="\#(grid.id)"} 5"#))
            #expect(text.contains(#"trueline_request_seconds_bucket{route="readPages",le="+Inf"} 1"#))
            #expect(!text.contains("sesame"))
        }
    }
}
