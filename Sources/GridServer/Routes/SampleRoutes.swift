import ChangePipeline
import Foundation
import GridImage
import GridModel
import HTTPTypes
import Interchange
import Ordering
import Wire

/// The list that comes with the program, for a first look. There is no such route where its file was not found.
struct SampleRoutes {
    let services: ServerServices
    let file: String

    var routes: [Route] {
        [
            Route(
                method: .post, path: "/api/v1/sample", operation: "openSample",
                summary: "Makes a grid of the sample that comes with the program: the airports of the world",
                answers: [
                    .init(
                        status: 201, summary: "The grid", payload: .init(types: ["application/json"], schema: .named("Grid")),
                        headers: ["Location", "Trueline-Revision"])
                ],
                problems: [429, 507], handle: open)
        ]
    }

    @Sendable private func open(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let grid = try await services.host.create(services.newGridID(), name: "Airports")
        do {
            _ = try await services.importFile(file, into: grid)
        } catch {
            // Half a sample is worse than none.
            try? await services.host.delete(grid.id)
            throw error
        }
        let image = grid.snapshot()
        var reply = Reply.json(GridDocument(grid.id, image).wire, status: .created, revision: image.revision)
        reply.fields[.location] = "/api/v1/grids/\(grid.id)"
        return reply
    }
}

extension ServerServices {
    /// Imports a file of this machine into a grid's first sheet.
    /// - Returns: how many rows came.
    func importFile(_ path: String, into grid: LiveGrid) async throws -> Int {
        guard let sheet = grid.snapshot().sheets.first else { throw Problem.notFound("sheet", "") }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let job = ImportJob(
            id: ImportRegistry.ID(environment.random()), services: self, grid: grid, sheet: sheet.id,
            options: ImportOptions(), file: SpoolFile(path: path), totalBytes: attributes[.size] as? Int ?? 0,
            intent: newIntent(), client: nil)
        return try await job.run { _ in }.counts.rows
    }

    /// Twelve letters and digits: 60 random bits.
    func newGridID() -> GridID {
        let digits = Array("0123456789abcdefghjkmnpqrstvwxyz")
        while true {
            var bits = environment.random()
            var text = ""
            for _ in 0..<12 {
                text.append(digits[Int(bits & 31)])
                bits >>= 5
            }
            if let id = GridID(text) { return id }
        }
    }
}
