import ChangePipeline
import GridImage
import GridModel
import HTTPTypes
import Ordering
import Wire

/// Changes of cells and rows, and what became of a cell.
struct ChangeRoutes {
    let services: ServerServices

    var routes: [Route] {
        [
            Route(
                method: .post, path: "/api/v1/grids/{grid}/changes", operation: "submitChanges",
                summary: "Commits changes under one intent, all or none, and answers after the commit",
                body: .init(
                    types: ["application/json"], schema: .named("Changes"),
                    example:
                        "{\"intent\":\"6ba7b810-9dad-41d1-80b4-00c04fd430c8\",\"changes\":[{\"op\":\"setCell\",\"row\":\"r1\",\"column\":\"c1\",\"value\":\"Lisbon\"}]}"
                ),
                answers: [
                    .init(
                        status: 200, summary: "What it came to, also when the intent was fulfilled before",
                        payload: .init(types: ["application/json"], schema: .named("ChangesReply")),
                        headers: ["Trueline-Revision"])
                ], problems: [404, 409, 413, 415, 422, 429, 503, 507], handle: submit),
            Route(
                method: .get, path: "/api/v1/grids/{grid}/sheets/{sheet}/rows/{row}/cells/{column}/history",
                operation: "readCellHistory", summary: "Why this value: what happened to the cell, newest first",
                query: [.init(name: "limit", summary: "At most so many entries", schema: .integer(from: 1, to: 1_000))],
                answers: [
                    .init(
                        status: 200, summary: "The entries",
                        payload: .init(types: ["application/json"], schema: .named("History")))
                ], problems: [404, 410], handle: history),
        ]
    }

    @Sendable private func submit(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.grid(scope)
        let request = try ChangesRequest(wire: try await scope.json())
        guard request.changes.count <= Limits.changesPerCommand else {
            throw Problem.tooLarge("changes of one request", most: Limits.changesPerCommand, asked: request.changes.count)
        }
        let command = try Self.command(request, grid.snapshot())
        let outcome = try await services.commit(command, to: grid)
        services.recorded(outcome, grid, scope)
        return .json(outcome.wire, revision: outcome.revision)
    }

    /// The command, with each change's sheet. A row that is gone tells no sheet: then the first one stands in, so that a repeated
    /// intent still finds its first answer, and the planner names the row to everybody else.
    private static func command(_ request: ChangesRequest, _ image: GridImage) throws(Problem) -> Command {
        let fallback = image.sheets.first?.id
        var changes: [Change] = []
        changes.reserveCapacity(request.changes.count)
        for (index, requested) in request.changes.enumerated() {
            let change = requested.change { anchor in
                if let anchor { return image.sheetID(ofRow: anchor) ?? fallback }
                return image.sheets.count == 1 ? fallback : nil
            }
            guard let change else {
                throw .invalid("the grid has \(image.sheets.count) sheets; name one with \"sheet\"", change: index)
            }
            changes.append(change)
        }
        return Command(intent: request.intent, cause: Cause(kind: request.cause), changes: changes)
    }

    @Sendable private func history(_ scope: RequestScope) async throws -> Reply {
        let limit = try scope.query().integer("limit", in: 1...1_000) ?? 100
        let grid = try await services.grid(scope)
        let row = try scope.identifier("row", RowID.self)
        let column = try scope.identifier("column", ColumnID.self)
        let sheet = try scope.identifier("sheet", SheetID.self)
        let image = grid.snapshot()
        guard image.sheet(sheet) != nil else { throw Problem.notFound("sheet", "\(sheet)") }
        guard image.sheetID(ofRow: row) == sheet else { throw Problem.notFound("row", "\(row)") }
        guard image.sheetID(ofColumn: column) == sheet else { throw Problem.notFound("column", "\(column)") }
        let entries = try await grid.history(row: row, column: column, limit: limit)
        return .json(revision: image.revision) { writer in
            writer.object { writer in
                writer.name("row")
                writer.identifier(row)
                writer.name("column")
                writer.identifier(column)
                writer.arrayMember("entries") { writer in
                    for entry in entries { writer.object { entry.write(to: &$0) } }
                }
            }
        }
    }
}

extension HistoryEntry {
    /// Writes the members into an open object.
    fileprivate func write(to writer: inout WireWriter) {
        writer.member("kind", kind.rawValue)
        writer.member("revision", revision)
        writer.name("time")
        writer.number(time)
        writer.objectMember("cause") { writer in
            writer.member("kind", cause.kind.name)
            if let run = cause.run {
                writer.name("run")
                writer.identifier(run)
            }
            if let detail = cause.detail, let checked = try? JSONScanner.check(Array(detail.utf8)[...]) {
                writer.name("detail")
                writer.json(checked)
            }
        }
        writer.member("intent", intent.description)
        writer.member("old", cell: old)
        writer.member("new", cell: new)
        if let oldMark {
            writer.name("oldState")
            CellState(oldMark).write(to: &writer)
        }
        if let newMark {
            writer.name("newState")
            CellState(newMark).write(to: &writer)
        }
    }
}

extension Cause.Kind {
    /// The name on the wire.
    var name: String {
        switch self {
        case .person: "person"
        case .agent: "agent"
        case .importer: "importer"
        case .program: "program"
        }
    }
}
