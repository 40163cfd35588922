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
                summary: "The event stream of a grid: hello, commit, run, gap",
                query: [.init(name: "lastEventId", summary: "The revision to go on after", schema: Schemas.revision)],
                headers: [.init(name: "Last-Event-ID", summary: "The revision to go on after", schema: Schemas.revision)],
                answers: [
                    .init(status: 200, summary: "Events", payload: .init(types: ["text/event-stream"], schema: .string()))
                ],
                problems: [404, 429, 503], handle: stream)
        ]
    }

    @Sendable private func stream(_ scope: RequestScope) async throws -> Reply {
        let position = try self.position(scope)
        let grid = try await services.grid(scope)
        let subscription =
            try position.map { (position) throws(PipelineError) in try grid.signals(after: position) } ?? grid.signals()
        var reply = Reply()
        reply.fields[.contentType] = "text/event-stream"
        reply.fields[.cacheControl] = "no-store"
        reply.fields[named("X-Accel-Buffering")] = "no"
        guard scope.request.method == .get else { return reply }
        guard let (id, mailbox) = services.streams.open() else {
            throw Problem(
                "overloaded", "Too many streams", status: 503,
                detail: "at most \(services.configuration.limits.streams) event streams are open at one time; try again",
                retryAfter: 5)
        }
        // Random within two seconds, so that a thousand readers of a server that restarts do not come back at once.
        let retry = 1_000 + Int(services.environment.random() % 2_000)
        let gridID = grid.id
        reply.body = .stream { [services] writer in
            services.metrics.subscribers.add()
            defer {
                services.streams.close(id)
                services.metrics.subscribers.add(-1)
            }
            // The position of a resumed stream stays the asked one until its missing events were sent: a connection that breaks
            // between must not skip them.
            var opening = StreamEvent.retry(milliseconds: retry)
            opening += StreamEvent.frame(id: position ?? subscription.start, "hello") {
                $0.member("revision", subscription.start)
                $0.member("server", services.run)
                $0.member("opened", grid.openedRevision)
            }
            try await writer.write(ByteBuffer(bytes: opening))
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask {
                    for await event in subscription { await mailbox.put(event) }
                    mailbox.end()
                }
                if let feed = services.runs?.activity(of: gridID) {
                    group.addTask {
                        for await activity in feed { await mailbox.put(activity) }
                    }
                }
                // A stopping server waits for open answers, so they end by themselves.
                try await withGracefulShutdownHandler {
                    try await Self.write(mailbox, gridID, services, &writer)
                } onGracefulShutdown: {
                    mailbox.end()
                }
                group.cancelAll()
            }
            try await writer.finish(nil)
        }
        return reply
    }

    private static func write(
        _ mailbox: StreamMailbox, _ grid: GridID, _ services: ServerServices, _ writer: inout any ResponseBodyWriter
    ) async throws {
        while true {
            switch await mailbox.take() {
            case .signal(.commit(let signal)):
                services.metrics.signals.add()
                try await writer.write(services.streams.frame(signal, of: grid))
            case .signal(.gap(let revision)):
                services.metrics.gaps.add()
                try await writer.write(ByteBuffer(bytes: StreamEvent.gap(revision).frame))
            case .runs(let activity):
                try await writer.write(ByteBuffer(bytes: activity.frames))
            case .beat: try await writer.write(ByteBuffer(bytes: StreamEvent.heartbeat))
            case .end: return
            }
        }
    }

    private func position(_ scope: RequestScope) throws -> Revision? {
        let query = try scope.query()
        if let asked = try query.integer("lastEventId", in: 0...Int.max) { return Revision(UInt64(asked)) }
        guard let field = scope.header(named("Last-Event-ID")), !field.isEmpty else { return nil }
        guard let asked = UInt64(field) else {
            throw Problem.malformed(parameter: "Last-Event-ID", "expected a revision, found \"\(field.prefix(40))\"")
        }
        return Revision(asked)
    }
}

extension RunActivity {
    /// One event a run, which also names the cells whose shown state changed: not committed, so no commit event tells of them.
    fileprivate var frames: [UInt8] {
        statuses.flatMap { status in
            StreamEvent.frame(id: nil, "run") { writer in
                status.write(to: &writer)
                guard let touched = cells.first(where: { $0.column == status.column && $0.grid == status.grid }) else { return }
                writer.member("rows", touched.rows.map(Self.text) ?? "many")
            }
        }
    }

    private static func text(_ rows: [RowID]) -> String {
        var ranges: [ClosedRange<RowID>] = []
        for row in rows {
            if let last = ranges.last, last.upperBound.rawValue &+ 1 == row.rawValue {
                ranges[ranges.count - 1] = last.lowerBound...row
            } else {
                ranges.append(row...row)
            }
        }
        return CommitEvent.Touched.text(ranges)
    }
}
