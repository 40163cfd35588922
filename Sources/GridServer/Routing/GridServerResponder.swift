import ChangePipeline
import GridModel
import GridStore
import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
import Wire

/// What a request comes with besides itself.
package struct ConnectionContext: InitializableFromSource, RequestContextSource, Sendable {
    package let logger: Logger
    /// `nil` where there is no connection.
    let client: ClientPresence?

    package init(source: ApplicationRequestContextSource) {
        logger = source.logger
        client = ClientPresence.current
    }

    package init(logger: Logger) {
        self.logger = logger
        client = nil
    }
}

/// Answers every request: guards the door, finds the route, maps what goes wrong, and counts.
package struct GridServerResponder: HTTPResponder {
    package typealias Context = ConnectionContext

    let services: ServerServices
    let table: RouteTable
    let files: StaticFiles?

    package func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let started = services.environment.monotonicClock()
        let path = request.head.path?.prefix { $0 != "?" } ?? ""
        var label = "static"
        var isQuiet = request.method == .get || request.method == .head
        var reply: Reply
        do {
            try services.hostGuard.check(request.head)
            switch table.match(request.method, path: path) {
            case .route(let index, let parameters):
                let route = table.routes[index]
                label = route.operation
                isQuiet = isQuiet || route.isRoutine
                reply = try await route.handle(
                    RequestScope(
                        request: request, route: route, parameters: parameters, logger: context.logger,
                        client: context.client,
                        maximumJSONBytes: services.configuration.limits.jsonBytes))
            case .otherMethods(let allowed):
                label = "method-not-allowed"
                reply = Self.methodNotAllowed(request.method, allowed)
            case .none:
                reply = try await file(request, path: path)
            }
        } catch {
            reply = .problem(problem(error, context.logger))
        }
        let nanoseconds = services.environment.monotonicClock() &- started
        services.metrics.observe(route: label, status: reply.status.code, nanoseconds: nanoseconds)
        log(request, label, isQuiet: isQuiet, reply, nanoseconds, context.logger)
        return response(reply, to: request.head)
    }

    // MARK: - Parts

    private func file(_ request: Request, path: Substring) async throws -> Reply {
        let isAPI = path == "/api" || path.hasPrefix("/api/")
        if !isAPI, let files {
            guard request.method == .get || request.method == .head else {
                return Self.methodNotAllowed(request.method, [.get, .head])
            }
            if let reply = try await files.respond(request.head, path: path) { return reply }
        }
        throw Problem(
            "not-found", "Not found", status: 404, detail: "there is nothing at \"\(path.prefix(200))\"; see /openapi.json",
            errors: [.init(["path": .text(String(path.prefix(200)))])])
    }

    private static func methodNotAllowed(_ method: HTTPRequest.Method, _ allowed: [HTTPRequest.Method]) -> Reply {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        var reply: Reply
        if method == .options {
            reply = Reply(.noContent)
        } else {
            reply = .problem(
                Problem(
                    "method-not-allowed", "Method not allowed", status: 405,
                    detail: "\(method.rawValue.prefix(40)) is not one of \(names)", errors: [.init(["allowed": .text(names)])]))
        }
        reply.fields[.allow] = names
        return reply
    }

    /// What a thrown error means to the client. What the client cannot help is logged, not told.
    private func problem(_ error: any Error, _ logger: Logger) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as WireError: return Problem(error)
        case let refusal as CommandRefusal: return Problem(refusal)
        case let error as PipelineError: return Problem(error)
        case let error as StoreError: return Problem(error)
        case is CancellationError:
            return Problem(
                "closed", "The server is stopping", status: 503, detail: "the server is stopping; try again", retryAfter: 1)
        default:
            logger.error("a request failed", metadata: ["error": "\(type(of: error)): \(error)"])
            return Problem("failed", "The server failed", status: 500, detail: "the server's log has the cause")
        }
    }

    private func log(
        _ request: Request, _ label: String, isQuiet: Bool, _ reply: Reply, _ nanoseconds: UInt64, _ logger: Logger
    ) {
        let isQuiet = isQuiet && reply.status.code < 400
        // 503 is a client ahead of us, or a stop: neither is a fault.
        let isFault = reply.status.code >= 500 && reply.status.code != 503
        let level: Logger.Level = isFault ? .error : isQuiet ? .debug : .info
        guard logger.logLevel <= level else { return }
        logger.log(
            level: level, "request",
            metadata: [
                "method": "\(request.method.rawValue)", "route": "\(label)", "status": "\(reply.status.code)",
                "milliseconds": "\(Double(nanoseconds / 1_000) / 1_000)",
            ])
    }

    private func response(_ reply: Reply, to head: HTTPRequest) -> Response {
        var fields = reply.fields
        // A script may be a worker's, which is bound by the policy it came with.
        let isDocument = fields[.contentType].map { $0.hasPrefix("text/html") || $0.hasPrefix("text/javascript") } ?? false
        for (name, value) in isDocument ? SecurityHeaders.fields : SecurityHeaders.dataFields { fields[name] = value }
        let body: ResponseBody
        switch reply.body {
        case .none: body = ResponseBody()
        case .buffer(let buffer): body = ResponseBody(byteBuffer: buffer)
        case .parts(let parts): return response(whole(reply, parts), to: head)
        case .bytes(let bytes):
            fields[.vary] = "Accept-Encoding"
            if bytes.count > Self.smallestCompressed, GzipEncoder.isAccepted(head.headerFields[.acceptEncoding]),
                let smaller = GzipEncoder.compress(bytes)
            {
                fields[.contentEncoding] = "gzip"
                body = ResponseBody(byteBuffer: ByteBuffer(bytes: smaller))
            } else {
                body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            }
        case .stream(let write):
            if head.method == .head {
                // No length is known and no body follows.
                return Response(status: reply.status, headers: fields, body: ResponseBody())
            }
            body = ResponseBody(contentLength: nil, write)
        }
        let response = Response(status: reply.status, headers: fields, body: body)
        return head.method == .head ? response.createHeadResponse() : response
    }

    private func whole(_ reply: Reply, _ parts: [ByteBuffer]) -> Reply {
        var reply = reply
        reply.body = .bytes(parts.flatMap { Array($0.readableBytesView) })
        return reply
    }

    /// A smaller body fits one packet either way.
    static let smallestCompressed = 1_400
}
