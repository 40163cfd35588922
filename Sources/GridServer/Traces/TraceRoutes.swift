import HTTPTypes
import Hummingbird
import NIOCore
import Wire

/// Where recorded traces come in, and where they are read. Only where the operator asked for it.
struct TraceRoutes {
    let services: ServerServices
    let archive: TraceArchive
    private let diagnoses: TraceDiagnoses

    init(services: ServerServices, archive: TraceArchive) {
        self.services = services
        self.archive = archive
        diagnoses = TraceDiagnoses(archive: archive)
    }

    /// `text/plain` is what a page of another origin may post without asking first.
    private static let types = ["text/plain", "application/x-ndjson", "application/jsonl"]

    var routes: [Route] {
        [
            Route(
                method: .post, path: HostGuard.tracePath, operation: "postTrace",
                summary: "Keeps a part of a recorded trace, without credentials; the same part again changes nothing",
                body: .init(
                    types: Self.types, schema: .string(),
                    example: #"{"type":"trace","version":1,"id":"t-1","part":1}"#),
                answers: [.init(status: 204, summary: "Kept")], problems: [400, 413, 415, 507], handle: post),
            Route(
                method: .options, path: HostGuard.tracePath, operation: "askToPostTrace",
                summary: "Whether a page of another origin may post (CORS)",
                answers: [.init(status: 204, summary: "Which methods and headers", headers: ["Allow"])], handle: ask),
            Route(
                method: .get, path: "/api/v1/traces", operation: "listTraces", summary: "All traces, the last added to first",
                answers: [
                    .init(
                        status: 200, summary: "The list",
                        payload: .init(types: ["application/json"], schema: .named("TraceList")))
                ], handle: list),
            Route(
                method: .get, path: "/api/v1/traces/{trace}", operation: "readTrace", summary: "A trace as JSON lines",
                answers: [
                    .init(
                        status: 200, summary: "The file", payload: .init(types: ["application/x-ndjson"], schema: .string()),
                        headers: ["Content-Disposition"])
                ], problems: [404], handle: read),
            Route(
                method: .get, path: "/api/v1/traces/{trace}/diagnosis", operation: "diagnoseTrace",
                summary: "What went wrong in a trace, as trueline diagnose --format json writes it",
                answers: [
                    .init(
                        status: 200, summary: "The report",
                        payload: .init(types: ["application/json"], schema: .named("Diagnosis")))
                ], problems: [404, 413, 422, 429], handle: diagnose),
            Route(
                method: .delete, path: "/api/v1/traces/{trace}", operation: "deleteTrace", summary: "Forgets a trace",
                answers: [.init(status: 204, summary: "Gone")], problems: [404], handle: remove),
        ]
    }

    @Sendable private func post(_ scope: RequestScope) async throws -> Reply {
        var reply: Reply
        do {
            let part = try TracePart(try await body(scope))
            let archive = archive
            let isNew = try await SpoolFile.blocking { try archive.add(part) }
            if isNew { services.metrics.expectations.add(part.expectations) }
            reply = Reply(.noContent)
        } catch let problem as Problem {
            // Another origin's page may read the reason too.
            reply = .problem(problem)
        }
        allow(&reply, scope)
        return reply
    }

    @Sendable private func ask(_ scope: RequestScope) async throws -> Reply {
        var reply = Reply(.noContent)
        reply.fields[.allow] = "OPTIONS, POST"
        allow(&reply, scope)
        if reply.fields[.accessControlAllowOrigin] != nil {
            reply.fields[.accessControlAllowMethods] = "POST"
            reply.fields[.accessControlAllowHeaders] = "content-type"
            reply.fields[.accessControlMaxAge] = "600"
        }
        return reply
    }

    /// Says to a browser that the page that asked may read the answer, if the operator named its origin.
    private func allow(_ reply: inout Reply, _ scope: RequestScope) {
        reply.fields[.vary] = "Origin"
        guard let origin = scope.header(.origin), services.hostGuard.isTraceOrigin(origin) else { return }
        reply.fields[.accessControlAllowOrigin] = origin
    }

    private func body(_ scope: RequestScope) async throws -> [UInt8] {
        let type = (scope.header(.contentType) ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
        guard Self.types.contains(type) else {
            throw Problem(
                "unsupported-media", "Not JSON lines", status: 415,
                detail: "send Content-Type: \(Self.types.joined(separator: " or ")); this request says \"\(type.prefix(100))\"",
                errors: [.init(["contentType": .text(String(type.prefix(100)))])])
        }
        let most = archive.limits.partBytes
        var bytes: [UInt8] = []
        for try await piece in scope.request.body {
            guard bytes.count + piece.readableBytes <= most else {
                throw Problem.tooLarge("bytes of a trace's part", most: most, asked: bytes.count + piece.readableBytes)
            }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }

    @Sendable private func list(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let archive = archive
        let traces = try await SpoolFile.blocking { try archive.list() }
        return .json { writer in
            writer.object { writer in
                writer.arrayMember("traces") { writer in
                    for trace in traces {
                        writer.object { writer in
                            writer.member("id", trace.id)
                            writer.member("bytes", trace.bytes)
                            writer.member("parts", trace.parts)
                        }
                    }
                }
            }
        }
    }

    @Sendable private func read(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let archive = archive
        let id = String(scope.parameter("trace"))
        guard let parts = try await SpoolFile.blocking({ try archive.parts(of: id) }) else {
            throw Problem.notFound("trace", id)
        }
        var reply = Reply()
        reply.fields[.contentType] = "application/x-ndjson"
        reply.fields[.contentDisposition] = "attachment; filename=\"\(id).trace.jsonl\""
        reply.fields[.cacheControl] = "no-store"
        reply.body = .stream { writer in
            var joint = TraceParts()
            for part in parts {
                guard let bytes = try await SpoolFile.blocking({ archive.bytes(of: id, part: part) }) else { break }
                for piece in joint.next(part, bytes) { try await writer.write(ByteBuffer(bytes: piece)) }
            }
            try await writer.finish(nil)
        }
        return reply
    }

    @Sendable private func diagnose(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        return .json(try await diagnoses.diagnosis(of: String(scope.parameter("trace"))))
    }

    @Sendable private func remove(_ scope: RequestScope) async throws -> Reply {
        _ = try scope.query()
        let archive = archive
        let id = String(scope.parameter("trace"))
        guard try await SpoolFile.blocking({ try archive.remove(id) }) else { throw Problem.notFound("trace", id) }
        return Reply(.noContent)
    }
}
