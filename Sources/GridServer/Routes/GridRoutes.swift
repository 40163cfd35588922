import ChangePipeline
import Enrichment
import GridImage
import GridModel
import HTTPTypes
import Ordering
import Wire

/// Grids: list, make, read, rename, delete.
struct GridRoutes {
    let services: ServerServices

    private static let grid = Route.Payload(types: ["application/json"], schema: .named("Grid"))
    private static let name = Route.Payload(
        types: ["application/json"], schema: .named("NameRequest"), example: "{\"name\":\"Airports\"}")

    var routes: [Route] {
        [
            Route(
                method: .get, path: "/api/v1/grids", operation: "listGrids", summary: "The grids, in order of id",
                answers: [
                    .init(
                        status: 200, summary: "The grids; one that cannot be opened says why",
                        payload: .init(types: ["application/json"], schema: .named("GridList")))
                ], handle: list),
            Route(
                method: .post, path: "/api/v1/grids", operation: "createGrid",
                summary: "Makes a grid with one sheet and no columns", body: Self.name,
                answers: [
                    .init(status: 201, summary: "The grid", payload: Self.grid, headers: ["Location", "Trueline-Revision"])
                ],
                problems: [413, 415, 422, 429, 507], handle: create),
            Route(
                method: .get, path: "/api/v1/grids/{grid}", operation: "readGrid",
                summary: "The grid's name, revision, sheets, columns and views",
                answers: [.init(status: 200, summary: "The grid", payload: Self.grid, headers: ["Trueline-Revision"])],
                problems: [404], handle: read),
            Route(
                method: .patch, path: "/api/v1/grids/{grid}", operation: "renameGrid", summary: "Renames the grid",
                body: Self.name,
                answers: [.init(status: 200, summary: "The grid", payload: Self.grid, headers: ["Trueline-Revision"])],
                problems: [404, 409, 413, 415, 422, 429, 507], handle: rename),
            Route(
                method: .delete, path: "/api/v1/grids/{grid}", operation: "deleteGrid",
                summary: "Deletes the grid and its history",
                answers: [.init(status: 204, summary: "It is gone")], problems: [404], handle: delete),
        ]
    }

    @Sendable private func list(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let summaries = try await services.host.grids()
        return .json { writer in
            writer.object { writer in
                writer.arrayMember("grids") { writer in
                    for summary in summaries {
                        writer.object { writer in
                            writer.member("id", summary.id.text)
                            writer.member("name", summary.name)
                            if let damage = summary.damage { writer.member("damage", damage) }
                        }
                    }
                }
            }
        }
    }

    @Sendable private func create(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let request = try NameRequest(wire: try await scope.json())
        let grid = try await services.host.create(services.newGridID(), name: request.name)
        let image = grid.snapshot()
        var reply = Reply.json(GridDocument(grid.id, image).wire, status: .created, revision: image.revision)
        reply.fields[.location] = "/api/v1/grids/\(grid.id)"
        return reply
    }

    @Sendable private func read(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        return answer(try await services.grid(scope))
    }

    @Sendable private func rename(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let request = try NameRequest(wire: try await scope.json())
        _ = try await services.commit([.renameGrid(name: request.name)], to: grid, scope)
        return answer(grid)
    }

    @Sendable private func delete(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let id = try scope.gridID()
        services.runs?.cancelAll(of: id)
        try await services.host.delete(id)
        return Reply(.noContent)
    }

    private func answer(_ grid: LiveGrid) -> Reply {
        let image = grid.snapshot()
        return .json(GridDocument(grid.id, image).wire, revision: image.revision)
    }
}

extension GridDocument {
    init(_ id: GridID, _ image: GridImage) {
        self.init(
            id: id, name: image.name, revision: image.revision,
            sheets: image.sheets.map { SheetDocument(sheet: $0, rows: image.rowCount(of: $0.id)) })
    }
}
