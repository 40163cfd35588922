import ChangePipeline
import Enrichment
import GridImage
import GridModel
import HTTPTypes
import Ordering
import Wire

/// What a server says of itself.
struct ServerRoutes {
    let services: ServerServices

    var routes: [Route] {
        [
            Route(
                method: .get, path: "/api/v1/health", operation: "readHealth",
                summary: "Whether the server lives, its version, where grids are stored and how safe a commit is",
                answers: [
                    .init(
                        status: 200, summary: "It lives", payload: .init(types: ["application/json"], schema: .named("Health")))
                ], handle: health),
            Route(
                method: .get, path: "/metrics", operation: "readMetrics", summary: "Counts, for Prometheus",
                answers: [
                    .init(status: 200, summary: "Text, version 0.0.4", payload: .init(types: ["text/plain"], schema: .string()))
                ], handle: metrics),
        ]
    }

    @Sendable private func health(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let durability = services.host.durability
        let started = services.environment.wallClock()
        return .json { writer in
            writer.object { writer in
                writer.member("status", "ok")
                writer.member("version", services.configuration.version)
                writer.member("storage", durability == "memory" ? "memory" : "sqlite")
                writer.member("durability", durability)
                writer.name("time")
                writer.number(started)
                writer.member("subscribers", services.metrics.subscribers.current)
                if let seconds = services.configuration.attestationInterval {
                    writer.objectMember("attestation") { $0.member("every", seconds) }
                }
                if let provider = services.runs?.provider.description {
                    writer.name("agents")
                    writer.object { Self.write(provider, to: &$0) }
                }
            }
        }
    }

    /// Who answers prompts, so that the page can say it before anything is asked.
    static func write(_ provider: ProviderDescription, to writer: inout WireWriter) {
        writer.member("provider", provider.label)
        if let model = provider.model { writer.member("model", model) }
        if let host = provider.host { writer.member("host", host) }
        writer.member("demo", provider.isDemo)
        if let notice = provider.notice { writer.member("notice", notice) }
    }

    @Sendable private func metrics(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        var revisions: [(labels: String, value: UInt64)] = []
        var bytes: [(labels: String, value: UInt64)] = []
        for summary in try await services.host.grids() where summary.isOpen {
            let grid = try await services.host.grid(summary.id)
            revisions.append(("{grid=\"\(summary.id)\"}", grid.snapshot().revision.rawValue))
            bytes.append(("{grid=\"\(summary.id)\"}", grid.storedBytes))
        }
        services.metrics.openGrids.set(revisions.count)
        let text = services.metrics.text(gauges: [
            ("trueline_grid_revision", "The revision of the image of an open grid.", revisions),
            ("trueline_grid_stored_bytes", "Bytes of an open grid in its store.", bytes),
        ])
        var reply = Reply(.ok, body: .bytes(Array(text.utf8)))
        reply.fields[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
        reply.fields[.cacheControl] = "no-store"
        return reply
    }
}
