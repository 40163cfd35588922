import ChangePipeline
import Enrichment
import GridImage
import GridModel
import HTTPTypes
import Wire

/// Agents: an agent's turn over a column.
struct RunRoutes {
    let services: ServerServices
    let runs: RunCoordinator

    private static let run = Route.Payload(types: ["application/json"], schema: .named("Run"))
    private static let problems = [404, 409, 413, 415, 422, 503]

    var routes: [Route] {
        [
            Route(
                method: .get, path: "/api/v1/grids/{grid}/runs", operation: "listRuns",
                summary: "The grid's runs, oldest first",
                answers: [
                    .init(
                        status: 200, summary: "The runs", payload: .init(types: ["application/json"], schema: .named("RunList"))
                    )
                ], problems: [404], handle: list),
            Route(
                method: .post, path: "/api/v1/grids/{grid}/runs", operation: "startRun",
                summary: "Lets a column's agent fill cells",
                body: .init(
                    types: ["application/json"], schema: .named("NewRun"),
                    example: "{\"sheet\":\"s1\",\"column\":\"c1\",\"scope\":{\"first\":10}}"),
                answers: [.init(status: 201, summary: "The run", payload: Self.run, headers: ["Location"])],
                problems: Self.problems, handle: start),
            Route(
                method: .get, path: "/api/v1/grids/{grid}/runs/{run}", operation: "readRun", summary: "How a run stands",
                answers: [.init(status: 200, summary: "The run", payload: Self.run)], problems: [404], handle: read),
            command("pause", "Begins no call until it is resumed") { (runs, run, grid) throws(RunRefusal) in
                try runs.pause(run, of: grid)
            },
            command("resume", "Goes on") { (runs, run, grid) throws(RunRefusal) in
                try runs.resume(run, of: grid)
            },
            command("cancel", "Stops; what was committed stays") { (runs, run, grid) throws(RunRefusal) in
                try runs.cancel(run, of: grid)
            },
            Route(
                method: .post, path: "/api/v1/grids/{grid}/runs/{run}/retry", operation: "retryRun",
                summary: "Begins a run over the cells of the same column that failed",
                answers: [.init(status: 201, summary: "The new run", payload: Self.run, headers: ["Location"])],
                problems: Self.problems, handle: retry),
        ]
    }

    private func command(
        _ name: String, _ summary: String,
        _ body: @escaping @Sendable (RunCoordinator, RunID, GridID) throws(RunRefusal) -> RunStatus
    ) -> Route {
        let path: PathPattern =
            switch name {
            case "pause": "/api/v1/grids/{grid}/runs/{run}/pause"
            case "resume": "/api/v1/grids/{grid}/runs/{run}/resume"
            default: "/api/v1/grids/{grid}/runs/{run}/cancel"
            }
        return Route(
            method: .post, path: path, operation: "\(name)Run", summary: summary,
            answers: [.init(status: 200, summary: "How it stands now", payload: Self.run)], problems: [404],
            handle: { [runs] scope in
                _ = try scope.query()
                let status = try Self.refusing { () throws(RunRefusal) in
                    try body(runs, try Self.run(scope), try Self.grid(scope))
                }
                return .json { writer in writer.object { status.write(to: &$0) } }
            })
    }

    @Sendable private func list(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let statuses = runs.statuses(of: grid.id)
        return .json { writer in
            writer.object { writer in
                writer.arrayMember("runs") { writer in
                    for status in statuses { writer.object { status.write(to: &$0) } }
                }
            }
        }
    }

    @Sendable private func start(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let request = try NewRunRequest(wire: try await scope.json())
        var view = ViewDefinition()
        if let asked = request.view {
            guard let sheet = grid.snapshot().sheet(request.sheet) else { throw Problem.notFound("sheet", "\(request.sheet)") }
            view = try sheet.definition(asked)
        }
        return try begin(
            RunRequest(
                sheet: request.sheet, column: request.column, scope: RunRequest.Scope(request.scope), view: view,
                viewport: request.viewport, concurrency: request.concurrency), grid)
    }

    @Sendable private func retry(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let id = try scope.identifier("run", RunID.self)
        guard let old = runs.status(of: id, grid: grid.id) else { throw Problem.notFound("run", "\(id)") }
        return try begin(RunRequest(sheet: old.sheet, column: old.column, scope: .failed), grid)
    }

    private func begin(_ request: RunRequest, _ grid: LiveGrid) throws(Problem) -> Reply {
        let status = try Self.refusing { () throws(RunRefusal) in try runs.start(request, on: grid) }
        var reply = Reply.json(status: .created) { writer in writer.object { status.write(to: &$0) } }
        reply.fields[.location] = "/api/v1/grids/\(grid.id)/runs/\(status.run)"
        return reply
    }

    @Sendable private func read(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try scope.gridID()
        let id = try scope.identifier("run", RunID.self)
        guard let status = runs.status(of: id, grid: grid) else { throw Problem.notFound("run", "\(id)") }
        return .json { writer in writer.object { status.write(to: &$0) } }
    }

    // MARK: - Refusals

    private static func run(_ scope: RequestScope) throws(RunRefusal) -> RunID {
        guard let id = RunID(text: scope.parameter("run")) else { throw .noSuchRun(RunID(0)) }
        return id
    }

    private static func grid(_ scope: RequestScope) throws(RunRefusal) -> GridID {
        guard let id = GridID(scope.parameter("grid")) else { throw .noSuchRun(RunID(0)) }
        return id
    }

    private static func refusing<Value>(_ body: () throws(RunRefusal) -> Value) throws(Problem) -> Value {
        do throws(RunRefusal) {
            return try body()
        } catch {
            throw Problem(error)
        }
    }
}

extension Problem {
    init(_ refusal: RunRefusal) {
        switch refusal {
        case .noSuchSheet(let id): self = .notFound("sheet", "\(id)")
        case .noSuchColumn(let id): self = .notFound("column", "\(id)")
        case .noSuchRun(let id): self = .notFound("run", "\(id)")
        case .limit(let limit, let most, let asked): self = .tooLarge(limit, most: most, asked: asked)
        case .columnBusy(let run):
            self.init(
                "column-busy", "Another run fills this column", status: 409, detail: refusal.description,
                errors: [.init(["run": .text("\(run)")])])
        case .noAgent, .prompt, .notSupported, .nothingToDo: self = .invalid(refusal.description)
        }
    }
}

extension RunRequest.Scope {
    fileprivate init(_ scope: NewRunRequest.Scope) {
        switch scope {
        case .all: self = .all
        case .empty: self = .empty
        case .failed: self = .failed
        case .stale: self = .stale
        case .rows(let rows): self = .rows(rows)
        case .first(let count): self = .first(count)
        }
    }
}

extension RunStatus {
    /// Writes the members into an open object: those of the run event, and what else is known.
    func write(to writer: inout WireWriter) {
        event.write(to: &writer)
        writer.name("sheet")
        writer.identifier(sheet)
        writer.name("column")
        writer.identifier(column)
        writer.member("provider", provider)
        if let model { writer.member("model", model) }
        writer.member("total", total)
        writer.member("committed", committed)
        writer.member("suggested", suggested)
        writer.member("cancelled", cancelled)
        writer.member("calls", calls)
        writer.member("retries", retries)
        writer.member("shared", shared)
        writer.member("askedAgain", askedAgain)
        if let rate, rate.isFinite {
            writer.name("rate")
            writer.json(String(rate).utf8)
        }
    }
}
