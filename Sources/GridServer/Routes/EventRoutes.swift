import ChangePipeline
import Enrichment
import GridModel
import HTTPTypes
import Hummingbird
import NIOCore
import Ordering
import ServiceLifecycle
import Wire

/// The event stream: signals, never values (S1, S2, S8).
struct EventRoutes {
    let services: ServerServices

    var routes: [Route] {
        [
            Route(
                method: .get, path: "/api/v1/grids/{grid}/events", operation: "streamEvents",
                summary: "The event stream of a grid: hello, commit, run, gap, beat",
                query: [.init(name: "lastEventId", summary: "The revision to go on after", schema: Schemas.revision)],
                headers: [.init(name: "Last-Event-ID", summary: "The revision to go on after", schema: Schemas.revision)],
                answers: [
                    .init(status: 200, summary: "Events", payload: .init(types: ["text/event-stream"], schema: .string()))
                ],
                problems: [404, 429, 503], handle: stream)
        ]
    }

    @Sendable private func stream(_ scope: RequestScope) async throws -> Reply {
        let position = try Self.position(try scope.query(), scope.header(named("Last-Event-ID")))
        let grid = try await services.grid(scope)
        var reply = Reply(fields: Self.fields)
        guard scope.request.method == .get else { return reply }
        do {
            let stream = try await AsyncEventStream(services.streams, grid, after: position)
            reply.body = .stream { writer in
                try await stream.write(to: &writer)
                try await writer.finish(nil)
            }
            return reply
        } catch EventStreams.Refusal.tooMany {
            throw Problem(
                "overloaded", "Too many streams", status: 503,
                detail: "at most \(services.configuration.limits.streams) event streams are open at one time; try again",
                retryAfter: 5)
        }
    }

    /// What the head of a stream says.
    static let fields: HTTPFields = {
        var fields = HTTPFields()
        fields[.contentType] = "text/event-stream"
        fields[.cacheControl] = "no-store"
        // A proxy that collects answers would hold the signals back.
        fields[named("X-Accel-Buffering")] = "no"
        return fields
    }()

    /// The revision that a reader has come to; `nil` for one that begins now.
    static func position(_ query: QueryParameters, _ lastEventID: String?) throws -> Revision? {
        if let asked = try query.integer("lastEventId", in: 0...Int.max) { return Revision(UInt64(asked)) }
        guard let field = lastEventID, !field.isEmpty else { return nil }
        guard let asked = UInt64(field) else {
            throw Problem.malformed(parameter: "Last-Event-ID", "expected a revision, found \"\(field.prefix(40))\"")
        }
        return Revision(asked)
    }
}
