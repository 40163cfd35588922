import ChangePipeline
import GridImage
import GridModel
import HTTPTypes
import Hummingbird
import NIOCore
import Ordering
import Wire

/// UNSAFE, on purpose: the routes of the faulty design, which exist only under `--unsafe-control`.
struct ControlRoutes {
    let services: ServerServices
    let design: FaultyDesign

    var routes: [Route] {
        [
            Route(
                method: .post, path: "/api/v1/control/grids/{grid}/changes", operation: "unsafeControlChanges",
                summary: "UNSAFE CONTROL: shows cells' values to everyone first and saves them late",
                body: .init(types: ["application/json"], schema: .named("Changes")),
                answers: [
                    .init(
                        status: 200, summary: "A revision that no commit has",
                        payload: .init(types: ["application/json"], schema: .any))
                ], problems: [404, 413, 415, 422], handle: submit),
            Route(
                method: .get, path: "/api/v1/control/grids/{grid}/events", operation: "unsafeControlEvents",
                summary: "UNSAFE CONTROL: values, before they are saved",
                answers: [
                    .init(status: 200, summary: "Events", payload: .init(types: ["text/event-stream"], schema: .string()))
                ],
                problems: [404], handle: events),
        ]
    }

    @Sendable private func submit(_ scope: RequestScope) async throws -> Reply {
        let grid = try await services.grid(scope)
        let request = try ChangesRequest(wire: try await scope.json())
        let guess = await design.submit(request, to: grid)
        return .json(revision: grid.snapshot().revision) { writer in
            writer.object { writer in
                writer.name("revision")
                writer.number(guess)
            }
        }
    }

    @Sendable private func events(_ scope: RequestScope) async throws -> Reply {
        let values = await design.values(of: try await services.grid(scope).id)
        var reply = Reply()
        reply.fields[.contentType] = "text/event-stream"
        reply.fields[.cacheControl] = "no-store"
        reply.body = .stream { writer in
            try await writer.write(ByteBuffer(string: ": UNSAFE CONTROL\n\n"))
            for await frame in values { try await writer.write(frame) }
            try await writer.finish(nil)
        }
        return reply
    }
}
