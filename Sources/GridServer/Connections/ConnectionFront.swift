import GridModel
import HTTPTypes
import NIOCore
import NIOHTTP1
import Ordering
import Wire

/// What the front of all connections answers, and with what. Refusals are worded by the routes: whatever is not plainly right is
/// passed on to them.
struct ConnectionFront: Sendable {
    /// A stream that was asked for.
    struct StreamRequest {
        var grid: GridID
        /// Go on after this; `nil` begins now.
        var position: Revision?
    }

    enum Answer {
        /// A whole answer: what follows its `AnswerStart`, as it goes onto the connection.
        case whole(HTTPResponse.Status, ByteBuffer)
        case stream(StreamRequest)
    }

    let services: ServerServices
    let idle: IdleConnections
    let start: AnswerStart

    init(services: ServerServices) {
        self.services = services
        start = AnswerStart(wallClock: services.environment.wallClock)
        idle = IdleConnections(
            timeout: services.configuration.limits.idleTimeout, now: services.environment.monotonicClock)
    }

    func now() -> UInt64 { services.environment.monotonicClock() }

    /// The answer to a GET; `nil` when it must be passed on.
    func answer(to target: String, _ fields: RequestFields, arrived: UInt64) -> Answer? {
        let isPages = target.contains("/pages")
        guard isPages || target.contains("/events"), isAnswered(fields) else { return nil }
        if isPages, let answer = DirectPages(services: services).answer(to: target, fields, arrived: arrived) {
            return .whole(answer.status, answer.rest)
        }
        return stream(target, fields).map { .stream($0) }
    }

    private func isAnswered(_ fields: RequestFields) -> Bool {
        guard !fields.isAmbiguous, let host = fields.host, fields.connection.map(Self.isPlain) ?? true else { return false }
        do {
            try services.hostGuard.check(
                .get, authority: host, origin: fields.origin, site: fields.fetchSite, mode: fields.fetchMode)
            return true
        } catch {
            return false
        }
    }

    /// Neither the end of the connection nor an upgrade is asked for.
    private static func isPlain(_ connection: String) -> Bool {
        connection == "keep-alive" || connection == "Keep-Alive"
    }

    private func stream(_ target: String, _ fields: RequestFields) -> StreamRequest? {
        let (path, query) = Self.halves(target)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "api", parts[2] == "v1", parts[3] == "grids",
            parts[5] == "events", let grid = GridID(parts[4])
        else { return nil }
        do {
            let query = try QueryParameters(query)
            try query.allow(only: ["lastEventId"])
            return StreamRequest(grid: grid, position: try EventRoutes.position(query, fields.lastEventID))
        } catch {
            return nil
        }
    }

    /// Path and query.
    static func halves(_ target: String) -> (path: Substring, query: String) {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target[...], "") }
        return (target[..<mark], String(target[target.index(after: mark)...]))
    }

    /// The client waits for leave to send its body (RFC 9110, section 10.1.1), and nothing speaks against it yet.
    func wantsGoAhead(_ head: HTTPRequestHead) -> Bool {
        guard head.version == .http1_1 else { return false }
        let fields = RequestFields(head.headers)
        guard let expect = fields.expect, expect.lowercased() == "100-continue", let host = fields.host else { return false }
        do {
            try services.hostGuard.check(
                HTTPRequest.Method(rawValue: head.method.rawValue) ?? .post, authority: host, origin: fields.origin,
                site: fields.fetchSite, mode: fields.fetchMode)
            return true
        } catch {
            return false
        }
    }
}

// MARK: - Bytes of answers

extension ConnectionFront {
    static let goAhead = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
    /// Ends a chunked body.
    static let lastChunk = ByteBuffer(string: "0\r\n\r\n")

    /// What follows the start of an event stream's answer.
    static let streamFields: ByteBuffer = {
        var fields = EventRoutes.fields
        for (name, value) in SecurityHeaders.dataFields { fields[name] = value }
        fields[.transferEncoding] = "chunked"
        return lines(fields)
    }()

    /// The fields of an answer's head, with the empty line.
    static func lines(_ fields: HTTPFields, capacity: Int = 0) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(512 + capacity)
        for field in fields { bytes.writeString("\(field.name.rawName): \(field.value)\r\n") }
        bytes.writeStaticString("\r\n")
        return bytes
    }

    /// What a request that is no HTTP is told before its connection closes.
    static func refusal(of error: HTTPParserError) -> (status: HTTPResponse.Status, rest: ByteBuffer) {
        var fields = HTTPFields()
        fields[.connection] = "close"
        fields[.contentLength] = "0"
        return (error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest, lines(fields))
    }
}
