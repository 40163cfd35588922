import GridModel

/// The JSON Schema of a plan for one sheet. Columns are an enumeration, so that a server which keeps to schemas lets no model invent one.
enum PlanSchema {
    /// Names beyond this many bytes together are not enumerated: servers bound schemas, and compile them for each request.
    static let enumeratedBytes = 8_192

    static func schema(_ summary: SheetSummary) -> AnswerSchema {
        let names = summary.columns.map { ChatRequest.quoted($0.name) }
        let isSmall = !names.isEmpty && names.reduce(0) { $0 + $1.utf8.count } <= enumeratedBytes
        let column = isSmall ? "{\"type\":\"string\",\"enum\":[\(names.joined(separator: ","))]}" : text
        // Not those of an agent's marks: each word more is one that a small model may choose.
        let operations = Filter.Operation.allCases.filter { $0 != .isFailed && $0 != .isStale }
            .map { ChatRequest.quoted($0.rawValue) }.joined(separator: ",")
        let value =
            "{\"anyOf\":[\(text),{\"type\":\"number\"},{\"type\":\"boolean\"},\(list(text))]}"
        let types = ["text", "number", "boolean", "date"]
        let steps = [
            step("filter", [("column", column), ("op", "{\"type\":\"string\",\"enum\":[\(operations)]}"), ("value", value)]),
            step("sort", [("column", column), ("direction", choice(["ascending", "descending"]))]),
            step("addColumn", [("name", text), ("type", choice(types)), ("from", list(column)), ("prompt", text)]),
            step("fillColumn", [("column", column), ("from", list(column)), ("prompt", text)]),
            step("ask", [("question", text), ("choices", list(text))]),
        ]
        return AnswerSchema(
            name: "plan",
            json: object([("steps", list("{\"anyOf\":[\(steps.joined(separator: ","))]}")), ("match", choice(["all", "any"]))]),
            isStrict: true)
    }

    private static let text = "{\"type\":\"string\"}"

    private static func list(_ element: String) -> String { "{\"type\":\"array\",\"items\":\(element)}" }

    private static func choice(_ names: [String]) -> String {
        "{\"type\":\"string\",\"enum\":[\(names.map(ChatRequest.quoted).joined(separator: ","))]}"
    }

    private static func step(_ kind: String, _ members: [(String, String)]) -> String {
        object([("step", choice([kind]))] + members)
    }

    /// A closed object whose members are all required, in this order.
    private static func object(_ members: [(String, String)]) -> String {
        let properties = members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",")
        let names = members.map { "\"\($0.0)\"" }.joined(separator: ",")
        return
            "{\"type\":\"object\",\"properties\":{\(properties)},\"required\":[\(names)],\"additionalProperties\":false}"
    }
}
