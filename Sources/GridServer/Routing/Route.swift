import HTTPTypes
import Hummingbird

/// One route: what is answered and what the OpenAPI document says of it, in one place.
struct Route: Sendable {
    var method: HTTPRequest.Method
    var path: PathPattern
    /// The operation's name in the OpenAPI document and in metrics.
    var operation: String
    var summary: String
    var query: [QueryParameter] = []
    var headers: [QueryParameter] = []
    var body: Payload?
    var answers: [Answer]
    /// The statuses of the problems it may answer with, beyond those of every route.
    var problems: [Int] = []
    /// Asked by every page all the time: it is logged as quietly as a read.
    var isRoutine = false
    var handle: @Sendable (RequestScope) async throws -> Reply

    struct QueryParameter: Sendable {
        var name: String
        var summary: String
        var schema: Schema
    }

    /// What a body holds.
    struct Payload: Sendable {
        /// Media types, the usual one first.
        var types: [String]
        var schema: Schema
        /// An example for readers and for test tools.
        var example: String?
        /// Whether a request without a body makes no sense.
        var isRequired = true
    }

    struct Answer: Sendable {
        var status: Int
        var summary: String
        var payload: Payload?
        /// Names of fields that the answer carries.
        var headers: [String] = []
    }
}

/// All routes, found by path.
struct RouteTable: Sendable {
    let routes: [Route]
    private let root: Node

    private final class Node: Sendable {
        let children: [String: Node]
        let parameter: Node?
        let methods: [HTTPRequest.Method: Int]

        init(children: [String: Node], parameter: Node?, methods: [HTTPRequest.Method: Int]) {
            self.children = children
            self.parameter = parameter
            self.methods = methods
        }
    }

    enum Match {
        case route(Int, parameters: [Substring])
        /// The path is known, the method is not.
        case otherMethods([HTTPRequest.Method])
        case none
    }

    init(_ routes: [Route]) {
        self.routes = routes
        root = Self.node(Array(routes.enumerated().map { ($0.offset, $0.element.path.segments[...], $0.element.method) }))
    }

    private typealias Branch = (index: Int, rest: ArraySlice<PathPattern.Segment>, method: HTTPRequest.Method)

    private static func node(_ branches: [Branch]) -> Node {
        var literals: [String: [Branch]] = [:]
        var parameters: [Branch] = []
        var methods: [HTTPRequest.Method: Int] = [:]
        for branch in branches {
            switch branch.rest.first {
            case nil: methods[branch.method] = branch.index
            case .literal(let text): literals[text, default: []].append((branch.index, branch.rest.dropFirst(), branch.method))
            case .parameter: parameters.append((branch.index, branch.rest.dropFirst(), branch.method))
            }
        }
        return Node(
            children: literals.mapValues { node($0) }, parameter: parameters.isEmpty ? nil : node(parameters), methods: methods)
    }

    /// Finds the route of a path. HEAD is answered by GET's.
    func match(_ method: HTTPRequest.Method, path: Substring) -> Match {
        var node = root
        var parameters: [Substring] = []
        for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if let child = node.children[String(segment)] {
                node = child
            } else if let child = node.parameter, !segment.isEmpty {
                parameters.append(segment)
                node = child
            } else {
                return .none
            }
        }
        if let index = node.methods[method] ?? (method == .head ? node.methods[.get] : nil) {
            return .route(index, parameters: parameters)
        }
        guard !node.methods.isEmpty else { return .none }
        var allowed = node.methods.keys.sorted { $0.rawValue < $1.rawValue }
        if node.methods[.get] != nil { allowed.append(.head) }
        return .otherMethods(allowed)
    }
}
