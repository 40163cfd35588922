import ArgumentParser
import Foundation
import GridClient
import GridModel
import Ordering

/// Which server a command talks to.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's address; TRUELINE_SERVER or http://127.0.0.1:8787 when absent.")
    var server: String?

    var address: String {
        server ?? ProcessInfo.processInfo.environment["TRUELINE_SERVER"].flatMap { $0.isEmpty ? nil : $0 }
            ?? "http://127.0.0.1:8787"
    }

    /// Does something with a client, and closes it whatever comes of it.
    func withClient<Value: Sendable>(_ body: @Sendable (GridClient) async throws -> Value) async throws -> Value {
        let client = try GridClient(
            baseURL: address, environment: .live(clock: ContinuousClock(), chance: { UInt64.random(in: .min ... .max) }))
        do {
            let value = try await body(client)
            await client.shutdown()
            return value
        } catch {
            await client.shutdown()
            throw error
        }
    }
}

/// Which sheet a command works on.
struct TargetOptions: ParsableArguments {
    @Option(help: "The grid, by id or name; the only one when absent.")
    var grid: String?

    @Option(help: "The sheet, by id or name; the grid's first when absent.")
    var sheet: String?

    /// The grid that is named.
    func findGrid(_ client: GridClient) async throws -> GridDescription {
        let grids = try await client.grids()
        let matches = grid.map { name in
            let byID = grids.filter { $0.id.text == name }
            return byID.isEmpty ? grids.filter { $0.name == name } : byID
        }
        let list = grids.isEmpty ? "it has none" : "it has " + grids.map { "\($0.id) (\($0.name))" }.joined(separator: ", ")
        guard let matches else {
            guard let only = grids.first, grids.count == 1 else {
                throw CommandFailure(grids.isEmpty ? .notFound : .usage, "name a grid of the server with --grid: \(list)")
            }
            return try await describe(only, client)
        }
        guard let found = matches.first else {
            throw CommandFailure(.notFound, "the server has no grid \"\(grid ?? "")\": \(list)")
        }
        guard matches.count == 1 else {
            throw CommandFailure(
                .usage,
                "\(matches.count) grids are named \"\(grid ?? "")\"; name one by id: \(matches.map(\.id.text).joined(separator: ", "))"
            )
        }
        return try await describe(found, client)
    }

    private func describe(_ found: GridSummary, _ client: GridClient) async throws -> GridDescription {
        if let damage = found.damage { throw CommandFailure(.failed, "grid \(found.id) cannot be opened: \(damage)") }
        return try await client.grid(found.id)
    }

    /// The sheet that is named, with its grid.
    func find(_ client: GridClient) async throws -> (grid: GridDescription, sheet: SheetDescription) {
        let grid = try await findGrid(client)
        return (grid, try findSheet(of: grid))
    }

    func findSheet(of grid: GridDescription) throws -> SheetDescription {
        guard let sheet else {
            guard let first = grid.sheets.first else { throw CommandFailure(.notFound, "grid \(grid.id) has no sheets") }
            return first
        }
        guard let found = grid.sheet(sheet) else {
            let list = grid.sheets.map { "\($0.id) (\($0.name))" }.joined(separator: ", ")
            throw CommandFailure(.notFound, "grid \(grid.id) has no sheet \"\(sheet)\": it has \(list)")
        }
        return found
    }
}

/// Which rows a command reads.
enum ViewText {
    /// A saved view's id or name, or an inline view as JSON.
    static func selection(_ text: String?, of sheet: SheetDescription) throws -> String? {
        guard let text else { return nil }
        if text.hasPrefix("{") { return text }
        guard let view = sheet.views.first(where: { $0.id.description == text || $0.name == text }) else {
            let list = sheet.views.isEmpty ? "none" : sheet.views.map { "\($0.id) (\($0.name))" }.joined(separator: ", ")
            throw CommandFailure(.notFound, "sheet \(sheet.id) has no view \"\(text)\"; its views: \(list)")
        }
        return view.id.description
    }
}
