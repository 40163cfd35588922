import ChangePipeline
import GridImage
import GridModel
import HTTPTypes
import Ordering
import Wire

/// Sheets, columns and saved views.
struct SheetRoutes {
    let services: ServerServices

    private static func payload(_ name: String, example: String? = nil) -> Route.Payload {
        Route.Payload(types: ["application/json"], schema: .named(name), example: example)
    }

    private static func answer(_ status: Int, _ name: String) -> Route.Answer {
        Route.Answer(
            status: status, summary: "The \(name.lowercased())", payload: payload(name), headers: ["Trueline-Revision"])
    }

    private static let gone = Route.Answer(status: 204, summary: "It is gone", headers: ["Trueline-Revision"])
    private static let problems = [404, 409, 413, 415, 422, 429, 507]
    private static let key = [
        Route.QueryParameter(
            name: "Idempotency-Key", summary: "The intent: the same again has one effect", schema: .string(format: "uuid"))
    ]

    var routes: [Route] {
        sheetRoutes + columnRoutes + viewRoutes
    }

    private func route(
        _ method: HTTPRequest.Method, _ path: PathPattern, _ operation: String, _ summary: String, body: Route.Payload? = nil,
        _ answer: Route.Answer, _ handle: @escaping @Sendable (RequestScope) async throws -> Reply
    ) -> Route {
        Route(
            method: method, path: path, operation: operation, summary: summary, headers: Self.key, body: body,
            answers: [answer],
            problems: Self.problems, handle: handle)
    }

    private var sheetRoutes: [Route] {
        let name = Self.payload("NameRequest", example: "{\"name\":\"People\"}")
        return [
            route(
                .post, "/api/v1/grids/{grid}/sheets", "createSheet", "Adds a sheet", body: name, Self.answer(201, "Sheet"),
                createSheet),
            route(
                .patch, "/api/v1/grids/{grid}/sheets/{sheet}", "renameSheet", "Renames a sheet", body: name,
                Self.answer(200, "Sheet"), renameSheet),
            route(
                .delete, "/api/v1/grids/{grid}/sheets/{sheet}", "deleteSheet", "Deletes a sheet", Self.gone,
                deleteSheet),
        ]
    }

    private var columnRoutes: [Route] {
        [
            route(
                .post, "/api/v1/grids/{grid}/sheets/{sheet}/columns", "createColumn", "Adds a column",
                body: Self.payload("NewColumn", example: "{\"name\":\"City\",\"type\":\"text\"}"), Self.answer(201, "Column"),
                createColumn),
            route(
                .patch, "/api/v1/grids/{grid}/sheets/{sheet}/columns/{column}", "changeColumn",
                "Renames, retypes, resizes or moves a column, or changes its agent", body: Self.payload("ColumnChange"),
                Self.answer(200, "Column"), changeColumn),
            route(
                .delete, "/api/v1/grids/{grid}/sheets/{sheet}/columns/{column}", "deleteColumn", "Deletes a column", Self.gone,
                deleteColumn),
        ]
    }

    private var viewRoutes: [Route] {
        [
            route(
                .post, "/api/v1/grids/{grid}/sheets/{sheet}/views", "createView", "Saves a view",
                body: Self.payload("NewView"), Self.answer(201, "View"), createView),
            route(
                .patch, "/api/v1/grids/{grid}/sheets/{sheet}/views/{view}", "changeView", "Changes a saved view",
                body: Self.payload("ViewChange"), Self.answer(200, "View"), changeView),
            route(
                .delete, "/api/v1/grids/{grid}/sheets/{sheet}/views/{view}", "deleteView", "Deletes a saved view", Self.gone,
                deleteView),
        ]
    }

    // MARK: - Sheets

    @Sendable private func createSheet(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let request = try NameRequest(wire: try await scope.json())
        let outcome = try await services.commit([.addSheet(name: request.name)], to: grid, scope)
        guard case .sheet(let id)? = outcome.results.first else { throw Self.otherIntent }
        return try sheet(id, grid, outcome, status: .created)
    }

    @Sendable private func renameSheet(_ scope: RequestScope) async throws -> Reply {
        let (grid, sheet) = try await self.sheet(scope)
        let request = try NameRequest(wire: try await scope.json())
        let outcome = try await services.commit([.renameSheet(sheet: sheet.id, name: request.name)], to: grid, scope)
        return try self.sheet(sheet.id, grid, outcome, status: .ok)
    }

    @Sendable private func deleteSheet(_ scope: RequestScope) async throws -> Reply {
        let (grid, sheet) = try await self.sheet(scope)
        return gone(try await services.commit([.deleteSheet(sheet: sheet.id)], to: grid, scope))
    }

    private func sheet(_ id: SheetID, _ grid: LiveGrid, _ outcome: CommandOutcome, status: HTTPResponse.Status) throws -> Reply
    {
        let image = grid.snapshot()
        guard let sheet = image.sheet(id) else { throw Problem.notFound("sheet", "\(id)") }
        return .json(status: status, revision: outcome.revision) {
            SheetDocument(sheet: sheet, rows: image.rowCount(of: id)).write(to: &$0)
        }
    }

    // MARK: - Columns

    @Sendable private func createColumn(_ scope: RequestScope) async throws -> Reply {
        let (grid, sheet) = try await self.sheet(scope)
        let request = try ColumnRequest(wire: try await scope.json())
        guard let name = request.name else { throw WireError(path: "", position: 0, reason: "the member \"name\" is missing") }
        let change = Change.addColumn(
            sheet: sheet.id, name: name, type: request.type ?? .text, width: request.width ?? nil, agent: request.agent ?? nil,
            position: request.position ?? .last)
        let outcome = try await services.commit([change], to: grid, scope)
        guard case .column(let id)? = outcome.results.first else { throw Self.otherIntent }
        return try column(id, grid, outcome, status: .created)
    }

    @Sendable private func changeColumn(_ scope: RequestScope) async throws -> Reply {
        let (grid, sheet) = try await self.sheet(scope)
        let id = try scope.identifier("column", ColumnID.self)
        guard let column = sheet.columns.first(where: { $0.id == id }) else { throw Problem.notFound("column", "\(id)") }
        let request = try ColumnRequest(wire: try await scope.json())
        var changes: [Change] = []
        if let name = request.name { changes.append(.renameColumn(column: id, name: name)) }
        if let type = request.type { changes.append(.retypeColumn(column: id, type: type)) }
        if let width = request.width { changes.append(.resizeColumn(column: id, width: width)) }
        if let agent = request.agent {
            changes.append(.setColumnAgent(column: id, agent: Self.next(agent, after: column.agent)))
        }
        if let position = request.position { changes.append(.moveColumn(column: id, position: position)) }
        guard !changes.isEmpty else { throw Problem.invalid("the request names nothing to change") }
        let outcome = try await services.commit(changes, to: grid, scope)
        return try self.column(id, grid, outcome, status: .ok)
    }

    @Sendable private func deleteColumn(_ scope: RequestScope) async throws -> Reply {
        let (grid, sheet) = try await self.sheet(scope)
        let id = try scope.identifier("column", ColumnID.self)
        guard sheet.columns.contains(where: { $0.id == id }) else { throw Problem.notFound("column", "\(id)") }
        return gone(try await services.commit([.deleteColumn(column: id)], to: grid, scope))
    }

    /// The version counts what was asked: values name what they came from.
    private static func next(_ agent: AgentSettings?, after old: AgentSettings?) -> AgentSettings? {
        guard var agent else { return nil }
        agent.version = 1
        return old.map { agent.numbered(after: $0) } ?? agent
    }

    private func column(
        _ id: ColumnID, _ grid: LiveGrid, _ outcome: CommandOutcome, status: HTTPResponse.Status
    ) throws -> Reply {
        guard let column = grid.snapshot().column(id) else { throw Problem.notFound("column", "\(id)") }
        return .json(status: status, revision: outcome.revision) { column.write(to: &$0) }
    }

    // MARK: - Views

    @Sendable private func createView(_ scope: RequestScope) async throws -> Reply {
        let (grid, sheet) = try await self.sheet(scope)
        let request = try ViewRequest(wire: try await scope.json())
        guard let name = request.name else { throw WireError(path: "", position: 0, reason: "the member \"name\" is missing") }
        let change = Change.addView(sheet: sheet.id, name: name, definition: request.definition())
        let outcome = try await services.commit([change], to: grid, scope)
        guard case .view(let id)? = outcome.results.first else { throw Self.otherIntent }
        return try view(id, sheet.id, grid, outcome, status: .created)
    }

    @Sendable private func changeView(_ scope: RequestScope) async throws -> Reply {
        let (grid, sheet) = try await self.sheet(scope)
        let id = try scope.identifier("view", ViewID.self)
        guard let old = sheet.views.first(where: { $0.id == id }) else { throw Problem.notFound("view", "\(id)") }
        let request = try ViewRequest(wire: try await scope.json())
        let change = Change.changeView(
            view: id, name: request.name ?? old.name, definition: request.definition(over: old.definition))
        let outcome = try await services.commit([change], to: grid, scope)
        return try view(id, sheet.id, grid, outcome, status: .ok)
    }

    @Sendable private func deleteView(_ scope: RequestScope) async throws -> Reply {
        let (grid, sheet) = try await self.sheet(scope)
        let id = try scope.identifier("view", ViewID.self)
        guard sheet.views.contains(where: { $0.id == id }) else { throw Problem.notFound("view", "\(id)") }
        return gone(try await services.commit([.deleteView(view: id)], to: grid, scope))
    }

    private func view(
        _ id: ViewID, _ sheet: SheetID, _ grid: LiveGrid, _ outcome: CommandOutcome, status: HTTPResponse.Status
    ) throws -> Reply {
        guard let view = grid.snapshot().sheet(sheet)?.views.first(where: { $0.id == id }) else {
            throw Problem.notFound("view", "\(id)")
        }
        return .json(status: status, revision: outcome.revision) { view.write(to: &$0) }
    }

    // MARK: - Parts

    private func sheet(_ scope: RequestScope) async throws -> (LiveGrid, Sheet) {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let id = try scope.identifier("sheet", SheetID.self)
        guard let sheet = grid.snapshot().sheet(id) else { throw Problem.notFound("sheet", "\(id)") }
        return (grid, sheet)
    }

    private func gone(_ outcome: CommandOutcome) -> Reply {
        var reply = Reply(.noContent)
        reply.fields[Reply.revisionField] = String(outcome.revision.rawValue)
        return reply
    }

    private static let otherIntent = Problem.invalid(
        "this Idempotency-Key belongs to a request of another kind; choose a new UUID for each intent")
}
