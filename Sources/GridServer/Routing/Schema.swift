import Wire

/// A JSON Schema (2020-12) of the OpenAPI document, in the order written.
indirect enum Schema: Sendable {
    case any
    case string(pattern: String? = nil, format: String? = nil)
    case choice([String])
    case integer(from: Int? = nil, to: Int? = nil)
    case number
    case boolean
    case array(Schema, atLeast: Int? = nil, atMost: Int? = nil)
    /// At most one of the members named as alternatives may be there.
    case object([Member], closed: Bool = true, alternatives: [String] = [])
    /// An object whose names are ids.
    case map(Schema, names: String? = nil)
    case oneOf([Schema])
    case nullable(Schema)
    case named(String)

    struct Member: Sendable {
        var name: String
        var schema: Schema
        var isRequired: Bool

        init(_ name: String, _ schema: Schema, required: Bool = true) {
            self.name = name
            self.schema = schema
            isRequired = required
        }
    }

    func write(to writer: inout WireWriter) {
        writer.object { members(&$0) }
    }

    private func members(_ writer: inout WireWriter) {
        switch self {
        case .any: break
        case .string(let pattern, let format):
            writer.member("type", "string")
            if let pattern { writer.member("pattern", pattern) }
            if let format { writer.member("format", format) }
        case .choice(let names):
            writer.member("type", "string")
            writer.arrayMember("enum") { writer in for name in names { writer.string(name) } }
        case .integer(let from, let to):
            writer.member("type", "integer")
            if let from { writer.member("minimum", from) }
            if let to { writer.member("maximum", to) }
        case .number: writer.member("type", "number")
        case .boolean: writer.member("type", "boolean")
        case .array(let element, let atLeast, let atMost):
            writer.member("type", "array")
            writer.name("items")
            element.write(to: &writer)
            if let atLeast { writer.member("minItems", atLeast) }
            if let atMost { writer.member("maxItems", atMost) }
        case .object(let members, let closed, let alternatives):
            Self.object(members, closed: closed, &writer)
            if !alternatives.isEmpty { Self.exclude(alternatives, &writer) }
        case .map(let value, let names):
            writer.member("type", "object")
            writer.name("additionalProperties")
            value.write(to: &writer)
            if let names { writer.objectMember("propertyNames") { $0.member("pattern", names) } }
        case .oneOf(let schemas):
            writer.arrayMember("anyOf") { writer in for schema in schemas { schema.write(to: &writer) } }
        case .nullable(let schema):
            writer.arrayMember("anyOf") { writer in
                schema.write(to: &writer)
                writer.object { $0.member("type", "null") }
            }
        case .named(let name): writer.member("$ref", "#/components/schemas/\(name)")
        }
    }

    /// No two of them.
    private static func exclude(_ names: [String], _ writer: inout WireWriter) {
        writer.objectMember("not") { writer in
            writer.arrayMember("anyOf") { writer in
                for (index, name) in names.enumerated() {
                    for other in names[(index + 1)...] {
                        writer.object { writer in
                            writer.arrayMember("required") { writer in
                                writer.string(name)
                                writer.string(other)
                            }
                        }
                    }
                }
            }
        }
    }

    private static func object(_ members: [Member], closed: Bool, _ writer: inout WireWriter) {
        writer.member("type", "object")
        writer.objectMember("properties") { writer in
            for member in members {
                writer.name(text: member.name)
                member.schema.write(to: &writer)
            }
        }
        let required = members.filter(\.isRequired)
        if !required.isEmpty {
            writer.arrayMember("required") { writer in for member in required { writer.string(member.name) } }
        }
        if closed { writer.member("additionalProperties", false) }
    }
}
