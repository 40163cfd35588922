import HTTPTypes
import Wire

/// The OpenAPI 3.1 document of a list of routes.
struct OpenAPIDocument {
    var routes: [Route]
    var version: String

    /// The problems that any route may answer with: malformed, another host, another site, too large, failed.
    static let commonProblems = [400, 403, 421, 500]

    var json: [UInt8] {
        WireWriter.write(capacity: 65_536) { writer in
            writer.object { writer in
                writer.member("openapi", "3.1.0")
                writer.objectMember("info") { writer in
                    writer.member("title", "Trueline")
                    writer.member("version", version)
                    writer.member("summary", "Live grids whose screen never runs ahead of, or behind, what was committed")
                    writer.objectMember("license") { writer in
                        writer.member("name", "Apache 2.0")
                        writer.member("identifier", "Apache-2.0")
                    }
                }
                writer.objectMember("paths", paths)
                writer.objectMember("components") { writer in
                    writer.objectMember("schemas") { writer in
                        for (name, schema) in Schemas.all {
                            writer.name(text: name)
                            schema.write(to: &writer)
                        }
                    }
                }
            }
        }
    }

    private func paths(_ writer: inout WireWriter) {
        var seen: Set<String> = []
        for route in routes where seen.insert(route.path.text).inserted {
            writer.name(text: route.path.text)
            writer.object { writer in
                for other in routes where other.path == route.path {
                    writer.name(text: other.method.rawValue.lowercased())
                    writer.object { operation(other, &$0) }
                }
            }
        }
    }

    private func operation(_ route: Route, _ writer: inout WireWriter) {
        writer.member("operationId", route.operation)
        writer.member("summary", route.summary)
        writer.arrayMember("parameters") { writer in
            for name in route.path.parameters {
                parameter(name, in: "path", Schemas.identifiers[name] ?? .string(), Schemas.parameters[name] ?? "", &writer)
            }
            for query in route.query { parameter(query.name, in: "query", query.schema, query.summary, &writer) }
            for header in route.headers { parameter(header.name, in: "header", header.schema, header.summary, &writer) }
        }
        if let body = route.body {
            writer.objectMember("requestBody") { writer in
                writer.member("required", body.isRequired)
                content(body, &writer)
            }
        }
        writer.objectMember("responses") { responses(route, &$0) }
    }

    private func responses(_ route: Route, _ writer: inout WireWriter) {
        for answer in route.answers {
            writer.name(text: String(answer.status))
            writer.object { writer in
                writer.member("description", answer.summary)
                if !answer.headers.isEmpty {
                    writer.objectMember("headers") { writer in
                        for header in answer.headers {
                            writer.name(text: header)
                            writer.object { writer in
                                writer.name("schema")
                                Schema.string().write(to: &writer)
                            }
                        }
                    }
                }
                if let payload = answer.payload { content(payload, &writer) }
            }
        }
        let answered = Set(route.answers.map(\.status))
        for status in Set(Self.commonProblems + route.problems).subtracting(answered).sorted() {
            writer.name(text: String(status))
            writer.object { writer in
                writer.member("description", Self.reason(status))
                // What a client does next stands in a member of its own.
                let schema = Schema.named(status == 410 ? "NotKept" : "Problem")
                content(Route.Payload(types: ["application/problem+json"], schema: schema), &writer)
            }
        }
    }

    private func parameter(
        _ name: String, in place: String, _ schema: Schema, _ summary: String, _ writer: inout WireWriter
    ) {
        writer.object { writer in
            writer.member("name", name)
            writer.member("in", place)
            writer.member("description", summary)
            if place == "path" { writer.member("required", true) }
            writer.name("schema")
            schema.write(to: &writer)
        }
    }

    private func content(_ payload: Route.Payload, _ writer: inout WireWriter) {
        writer.objectMember("content") { writer in
            for type in payload.types {
                writer.name(text: type)
                writer.object { writer in
                    writer.name("schema")
                    payload.schema.write(to: &writer)
                    if let example = payload.example {
                        writer.name("example")
                        writer.json(example.utf8)
                    }
                }
            }
        }
    }

    /// What each status means here. The codes are in Docs/specifications/http-api.md.
    private static let reasons = [
        400: "The request was not understood", 403: "The request came from another site", 404: "What was named is not there",
        409: "The grid changed, the name is taken, or the work was cancelled", 410: "What was asked for is no longer kept",
        413: "Beyond a limit", 415: "The body's type is not taken", 421: "Another host was named",
        422: "It makes no sense here",
        429: "Too much at once", 500: "The server failed", 503: "Not there yet, or stopping", 507: "The disk is full",
    ]

    private static func reason(_ status: Int) -> String {
        reasons[status] ?? "Refused"
    }
}
