import GridModel
import HTTPTypes
import Hummingbird
import NIOCore
import Ordering
import Wire

/// What a route answers. The responder adds what every answer carries, compresses, and turns it into HTTP.
struct Reply: Sendable {
    enum Body: Sendable {
        case none
        /// Bytes that the responder may compress.
        case bytes([UInt8])
        /// Bytes that lie in several places and that the responder may compress.
        case parts([ByteBuffer])
        /// Bytes that go out as they are.
        case buffer(ByteBuffer)
        /// Written while it is made.
        case stream(@Sendable (inout any ResponseBodyWriter) async throws -> Void)
    }

    var status: HTTPResponse.Status
    var fields: HTTPFields
    var body: Body

    init(_ status: HTTPResponse.Status = .ok, fields: HTTPFields = HTTPFields(), body: Body = .none) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, revision: Revision? = nil) -> Reply {
        var reply = Reply(status, body: .bytes(bytes))
        reply.fields[.contentType] = "application/json"
        reply.fields[.cacheControl] = "no-store"
        if let revision { reply.fields[revisionField] = String(revision.rawValue) }
        return reply
    }

    static func json(
        status: HTTPResponse.Status = .ok, revision: Revision? = nil, _ body: (inout WireWriter) -> Void
    ) -> Reply {
        json(WireWriter.write(capacity: 512, body), status: status, revision: revision)
    }

    static func problem(_ problem: Problem) -> Reply {
        var reply = Reply(HTTPResponse.Status(code: problem.status), body: .bytes(problem.wire))
        reply.fields[.contentType] = "application/problem+json"
        reply.fields[.cacheControl] = "no-store"
        if let seconds = problem.retryAfter { reply.fields[.retryAfter] = String(seconds) }
        return reply
    }

    static let revisionField = named("Trueline-Revision")
}
