import GridModel
import Testing

@testable import Enrichment

struct PromptTemplateTests {
    static let columns = [
        Column(id: ColumnID(1), name: "City", type: .text), Column(id: ColumnID(2), name: "Country code", type: .text),
        Column(id: ColumnID(3), name: "Elevation", type: .number), Column(id: ColumnID(9), name: "Answer", type: .text),
    ]

    static func template(_ source: String) throws(PromptTemplate.Failure) -> PromptTemplate {
        try PromptTemplate(source, columns: columns, target: ColumnID(9))
    }

    @Test func `references become that row's values, and each column is one input`() throws {
        let template = try Self.template("Is {{City}} in {{Country code}}? {{City}}!")
        #expect(template.inputs.map(\.column) == [ColumnID(1), ColumnID(2)])
        #expect(template.rendered(["Oslo", "NO"]) == "Is Oslo in NO? Oslo!")
    }

    @Test(arguments: ["{{ City }}", "{{\tCity}}", "{{City }}"])
    func `white space in a reference does not count`(_ source: String) throws {
        #expect(try Self.template(source).rendered(["Oslo"]) == "Oslo")
    }

    @Test(arguments: ["{City}", "{{", "}} {{", "{{}}", "{{ }}", "a { b } c", "{{City"])
    func `braces that do not pair up around a name are text`(_ source: String) throws {
        let template = try Self.template(source)
        #expect(template.inputs.isEmpty)
        #expect(template.rendered([]) == source)
    }

    @Test func `a third brace belongs to the text`() throws {
        #expect(try Self.template("{{{City}}}").rendered(["Oslo"]) == "{Oslo}")
    }

    @Test func `a value that looks like a reference stays a value`() throws {
        #expect(try Self.template("{{City}} {{Country code}}").rendered(["{{Country code}}", "NO"]) == "{{Country code}} NO")
    }

    @Test func `an unknown column is named, with the nearest names`() {
        #expect(throws: PromptTemplate.Failure.unknownColumn(name: "Citty", nearest: ["City"])) {
            try Self.template("{{Citty}}")
        }
        #expect(throws: PromptTemplate.Failure.unknownColumn(name: "city", nearest: ["City"])) { try Self.template("{{city}}") }
        #expect(throws: PromptTemplate.Failure.unknownColumn(name: "zzzzzz", nearest: [])) { try Self.template("{{zzzzzz}}") }
        #expect(
            PromptTemplate.Failure.unknownColumn(name: "Citty", nearest: ["City"]).description.contains(
                "did you mean \"City\"?"))
    }

    @Test func `a prompt that refers to its own column is refused`() {
        #expect(throws: PromptTemplate.Failure.refersToItself(name: "Answer")) { try Self.template("{{Answer}}") }
    }

    @Test func `an empty prompt and one beyond the limit are refused`() {
        #expect(throws: PromptTemplate.Failure.empty) { try Self.template(" \n") }
        let long = String(repeating: "a", count: Limits.promptCharacters + 1)
        #expect(throws: PromptTemplate.Failure.tooLong(characters: Limits.promptCharacters + 1)) { try Self.template(long) }
    }
}
