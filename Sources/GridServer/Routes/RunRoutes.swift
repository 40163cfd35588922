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
            command("cancel", "Stops; what was committed stays") { (runs, run, grid) throws(RunRefusal) in
                try runs.cancel(run, of: grid)
            },
            Route(
                method: .post, path: "/api/v1/grids/{grid}/runs/{run}/retry", operation: "retryRun",
                summary: "Begins a run over the cells of the same column that failed",
                answers: [.init(status: 201, summary: "The new run", payload: Self.run, headers: ["Location"])],
                problems: Self.problems, handle: retry),
            Route(
                method: .post, path: "/api/v1/grids/{grid}/runs/{run}/resume", operation: "resumeRun",
                summary: "Goes on, with another budget when one is given",
                body: .init(types: ["application/json"], schema: .named("RunChange"), isRequired: false),
                answers: [.init(status: 200, summary: "How it stands now", payload: Self.run)], problems: Self.problems,
                handle: resume),
            Route(
                method: .post, path: "/api/v1/grids/{grid}/runs/{run}/undo", operation: "undoRun",
                summary: "Gives the cells that the run answered their values from before; what people changed since stays",
                answers: [.init(status: 200, summary: "How it stands now", payload: Self.run)], problems: [404, 409, 503],
                handle: undo),
            Route(
                method: .post, path: "/api/v1/grids/{grid}/runs/estimate", operation: "estimateRun",
                summary: "Says what a run would ask and cost, and begins none",
                body: .init(
                    types: ["application/json"], schema: .named("NewRun"),
                    example: "{\"sheet\":\"s1\",\"column\":\"c1\",\"scope\":\"all\"}"),
                answers: [
                    .init(
                        status: 200, summary: "The estimate",
                        payload: .init(types: ["application/json"], schema: .named("RunEstimate")))
                ], problems: Self.problems, handle: estimate),
        ]
    }

    private func command(
        _ name: String, _ summary: String,
        _ body: @escaping @Sendable (RunCoordinator, RunID, GridID) throws(RunRefusal) -> RunStatus
    ) -> Route {
        let path: PathPattern =
            switch name {
            case "pause": "/api/v1/grids/{grid}/runs/{run}/pause"
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
        let statuses = runs.statuses(in: grid)
        let words = grid.snapshot().ledger.words
        return .json { writer in
            writer.object { writer in
                writer.arrayMember("runs") { writer in
                    for status in statuses { writer.object { status.write(to: &$0) } }
                }
                writer.objectMember("words") { words.write(to: &$0) }
            }
        }
    }

    @Sendable private func start(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        return try await begin(try await request(scope, grid), grid, scope)
    }

    private func request(_ scope: RequestScope, _ grid: LiveGrid) async throws -> RunRequest {
        let request = try NewRunRequest(wire: try await scope.json())
        var view = ViewDefinition()
        var name: String?
        if let asked = request.view {
            guard let sheet = grid.snapshot().sheet(request.sheet) else { throw Problem.notFound("sheet", "\(request.sheet)") }
            view = try sheet.definition(asked)
            if case .saved(let id) = asked { name = sheet.views.first { $0.id == id }?.name }
        }
        var asked = RunRequest(
            sheet: request.sheet, column: request.column, scope: RunRequest.Scope(request.scope), view: view,
            viewport: request.viewport, concurrency: request.concurrency, budget: request.budget,
            sharesAnswers: request.sharesAnswers)
        asked.viewName = name
        return asked
    }

    @Sendable private func estimate(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let request = try await request(scope, grid)
        let estimate: RunEstimate
        do throws(RunRefusal) {
            estimate = try await runs.estimate(request, on: grid)
        } catch {
            throw Problem(error)
        }
        return .json { writer in writer.object { estimate.write(to: &$0) } }
    }

    @Sendable private func resume(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let id = try scope.identifier("run", RunID.self)
        let grid = try scope.gridID()
        let budget = try RunBudget.optional(wire: try await scope.optionalJSON())
        do throws(RunRefusal) {
            let status = try await runs.resume(id, of: grid, budget: budget)
            return .json { writer in writer.object { status.write(to: &$0) } }
        } catch {
            throw Problem(error)
        }
    }

    @Sendable private func undo(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let id = try scope.identifier("run", RunID.self)
        do throws(RunRefusal) {
            _ = try await runs.undo(id, on: grid)
        } catch {
            throw Problem(error)
        }
        guard let status = runs.status(of: id, in: grid) else { throw Problem.notFound("run", "\(id)") }
        return .json { writer in writer.object { status.write(to: &$0) } }
    }

    @Sendable private func retry(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let id = try scope.identifier("run", RunID.self)
        guard let old = runs.status(of: id, in: grid) else { throw Problem.notFound("run", "\(id)") }
        return try await begin(
            RunRequest(sheet: old.sheet, column: old.column, scope: .failed, budget: old.budget), grid, scope)
    }

    private func begin(_ request: RunRequest, _ grid: LiveGrid, _ scope: RequestScope) async throws(Problem) -> Reply {
        let status: RunStatus
        do throws(RunRefusal) {
            let traceparent = scope.header(named("traceparent"))
            status = try await runs.start(request, on: services.recording?.recorded(grid, request: traceparent) ?? grid)
        } catch {
            throw Problem(error)
        }
        var reply = Reply.json(status: .created) { writer in writer.object { status.write(to: &$0) } }
        reply.fields[.location] = "/api/v1/grids/\(grid.id)/runs/\(status.run)"
        return reply
    }

    @Sendable private func read(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let id = try scope.identifier("run", RunID.self)
        guard let status = runs.status(of: id, in: grid) else { throw Problem.notFound("run", "\(id)") }
        let snapshot = grid.snapshot()
        let doubts = snapshot.ledger.runs[id]?.doubts ?? []
        let columns = snapshot.sheet(status.sheet)?.columns.filter { $0.id != status.column }.map(\.id) ?? []
        return .json { writer in
            writer.object { writer in
                status.write(to: &writer)
                if let agent = snapshot.ledger.runs[id]?.order.agent {
                    // As the run asks, whatever the column's agent is by now.
                    writer.name("agent")
                    agent.write(to: &writer)
                }
                writer.arrayMember("doubts") { writer in
                    for doubt in doubts {
                        let label = Self.label(doubt.row, columns, snapshot)
                        writer.object { doubt.write(to: &$0, label: label) }
                    }
                }
            }
        }
    }

    /// What people know a row by: its first cell that is not empty.
    private static func label(_ row: RowID, _ columns: [ColumnID], _ snapshot: GridImage) -> String? {
        for column in columns {
            guard let text = snapshot.value(row: row, column: column)?.displayText, !text.isEmpty else { continue }
            return String(text.prefix(60))
        }
        return nil
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
        case .notNow: self.init("not-now", "Not as the run stands", status: 409, detail: refusal.description)
        case .notStored: self.init("not-stored", "Not saved", status: 503, detail: refusal.description)
        case .noAgent, .prompt, .notSupported, .nothingToDo: self = .invalid(refusal.description)
        }
    }
}

extension RunRequest.Scope {
    fileprivate init(_ scope: NewRunRequest.Scope) {
        switch scope {
        // A view as the scope has become the request's view when it was read.
        case .all, .view: self = .all
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
        if !skipReasons.isEmpty {
            writer.name("skipReasons")
            writer.object { writer in
                for (reason, rows) in skipReasons.sorted(by: { $0.key < $1.key }) {
                    writer.name(text: reason)
                    writer.number(rows)
                }
            }
        }
        if !examples.isEmpty {
            writer.arrayMember("examples") { writer in for row in examples { writer.identifier(row) } }
        }
        writer.member("cancelled", cancelled)
        writer.member("calls", calls)
        writer.member("retries", retries)
        writer.member("corrections", corrections)
        writer.member("shared", shared)
        writer.member("askedAgain", askedAgain)
        writer.member("inDoubt", inDoubt)
        writer.member("scope", scope)
        writer.member("inputTokens", Int(clamping: usage.input))
        writer.member("outputTokens", Int(clamping: usage.output))
        writer.name("budget")
        budget.write(to: &writer)
        if let undone { writer.member("undone", undone) }
        if let secondsLeft {
            writer.arrayMember("secondsLeft") { writer in
                for bound in [secondsLeft.lowerBound, secondsLeft.upperBound] { writer.json(String(min(bound, 1e9)).utf8) }
            }
        }
        if let rate, rate.isFinite {
            writer.name("rate")
            writer.json(String(rate).utf8)
        }
    }
}

extension RecordedRun.Doubt {
    func write(to writer: inout WireWriter, label: String?) {
        writer.name("row")
        writer.identifier(row)
        if let label { writer.member("label", label) }
        writer.doubt(call, reserved)
    }
}

extension WordsLedger {
    /// What turns of plain words asked, and what it cost: beside the runs, so that all of a grid's calls are told.
    func write(to writer: inout WireWriter) {
        writer.member("calls", Int(clamping: calls))
        writer.member("inputTokens", Int(clamping: spent.input))
        writer.member("outputTokens", Int(clamping: spent.output))
        if spent.cost > 0 {
            writer.name("cost")
            writer.json(Money.text(spent.cost).utf8)
        }
        writer.member("inDoubt", Int(clamping: doubtCount))
        let open = open.sorted { $0.key < $1.key }.map { Call(number: $0.key, reserved: $0.value) }
        let lists: [(StaticString, [Call])] = [("doubts", doubts), ("open", open)]
        for (name, calls) in lists {
            writer.arrayMember(name) { writer in
                for call in calls { writer.object { $0.doubt(call.number, call.reserved) } }
            }
        }
    }
}

extension WireWriter {
    /// A call of which nobody knows what it cost.
    fileprivate mutating func doubt(_ call: UInt32, _ reserved: RunUsage) {
        member("call", Int(call))
        member("tokensAtMost", Int(clamping: reserved.tokens))
        guard reserved.cost > 0 else { return }
        name("costAtMost")
        json(Money.text(reserved.cost).utf8)
    }
}

extension RunEstimate {
    func write(to writer: inout WireWriter) {
        writer.member("rows", rows)
        writer.member("calls", calls)
        func range(_ name: StaticString, _ bounds: [Double]?) {
            writer.name(name)
            guard let bounds else { return writer.null() }
            writer.array { writer in for bound in bounds { writer.json(Self.number(bound).utf8) } }
        }
        range("inputTokens", [Double(inputTokens.lowerBound), Double(inputTokens.upperBound)])
        range("outputTokens", [Double(outputTokens.lowerBound), Double(outputTokens.upperBound)])
        range("cost", cost.map { [Double($0.lowerBound) / 1e9, Double($0.upperBound) / 1e9] })
        range("seconds", seconds.map { [$0.lowerBound, $0.upperBound] })
        writer.member("currency", currency)
        writer.member("example", example)
        writer.arrayMember("examples") { writer in for row in examples { writer.identifier(row) } }
    }

    /// Whole numbers without a fraction.
    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map { String($0) } ?? String(min(value, 1e15))
    }
}
