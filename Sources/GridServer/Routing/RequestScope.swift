import GridModel
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Wire

/// One request as a route sees it.
struct RequestScope: Sendable {
    let request: Request
    let route: Route
    /// The values of the path's parameters, in order.
    let parameters: [Substring]
    let logger: Logger
    /// Whether the client is still there; `nil` where there is no connection.
    let client: ClientPresence?
    let maximumJSONBytes: Int

    /// A parameter of the path.
    func parameter(_ name: String) -> Substring {
        guard let index = route.path.parameters.firstIndex(of: name), index < parameters.count else { return "" }
        return parameters[index]
    }

    /// A parameter of the path as an identifier; a text that is none names nothing.
    func identifier<ID: NumberedIdentifier>(_ name: String, _: ID.Type) throws(Problem) -> ID {
        let text = parameter(name)
        guard let id = ID(text: text) else { throw .notFound(name, String(text.prefix(60))) }
        return id
    }

    func gridID() throws(Problem) -> GridID {
        let text = parameter("grid")
        guard let id = GridID(text) else { throw .notFound("grid", String(text.prefix(60))) }
        return id
    }

    /// The query, of which only the parameters that the route declares are allowed.
    func query() throws -> QueryParameters {
        let query = try QueryParameters(rawQuery)
        try query.allow(only: Set(route.query.map(\.name)))
        return query
    }

    var rawQuery: String { request.uri.query ?? "" }

    func header(_ name: HTTPField.Name) -> String? {
        request.headers[name]
    }

    /// The body of a JSON request that may have none.
    func optionalJSON() async throws -> [UInt8] {
        header(.contentType) == nil && (header(.contentLength) ?? "0") == "0" ? [] : try await json()
    }

    /// The body of a JSON request, whole.
    /// - Parameter most: bytes; the server's limit for JSON when absent.
    func json(atMost most: Int? = nil) async throws -> [UInt8] {
        let most = most ?? maximumJSONBytes
        let type = header(.contentType) ?? ""
        guard Self.isJSON(type) else {
            throw Problem(
                "unsupported-media", "Not JSON", status: 415,
                detail: "send Content-Type: application/json; this request says \"\(type.prefix(100))\"",
                errors: [.init(["contentType": .text(String(type.prefix(100)))])])
        }
        if let length = header(.contentLength).flatMap({ Int($0) }), length > most {
            throw Problem.tooLarge("request body bytes", most: most, asked: length)
        }
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= most else {
                throw Problem.tooLarge("request body bytes", most: most, asked: bytes.count + part.readableBytes)
            }
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }

    private static func isJSON(_ type: String) -> Bool {
        let essence = type.prefix { $0 != ";" }.lowercased()
        return essence.trimmingSuffix(" ") == "application/json"
    }

    /// The intent that makes the request repeatable (S5): the `Idempotency-Key`, if it has one.
    func intent() throws(Problem) -> IntentID? {
        guard let text = header(named("Idempotency-Key")) else { return nil }
        guard let intent = IntentID(text: text) else {
            throw .malformed(parameter: "Idempotency-Key", "expected a UUID, found \"\(text.prefix(60))\"")
        }
        return intent
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> Substring {
        var text = self[...]
        while text.last == character { text.removeLast() }
        return text
    }
}
