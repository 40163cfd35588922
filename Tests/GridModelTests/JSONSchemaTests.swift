import Testing

@testable import GridModel

struct JSONSchemaTests {
    static func failure(_ json: String) -> JSONSchema.Failure? {
        do {
            _ = try JSONSchema(json)
            return nil
        } catch {
            return error
        }
    }

    static let city = #"""
        {"type":"object","title":"A city","properties":{"name":{"type":"string","minLength":1,"maxLength":3},
        "people":{"type":["integer","null"],"minimum":0,"maximum":9007199254740993},
        "kind":{"enum":["port",1,{"a":[1,2.0]}]},"tags":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":2}},
        "required":["name"],"additionalProperties":false}
        """#

    @Test(
        arguments: [
            (#"{"name":"Abc"}"#, nil), (#"{"people":null,"name":"\u00e5"}"#, nil),
            (#"{"name":"a","people":9007199254740993}"#, nil),
            (#"{"name":"a","people":1e3}"#, nil), (#"{"name":"a","kind":{"a":[1.0,2]}}"#, nil),
            (#"{"name":"a","kind":1.0}"#, nil),
            (#"[]"#, "expected an object, found an array"), (#"{}"#, "\"name\" is missing"),
            (#"{"name":""}"#, "/name: 0 characters, and at least 1 are asked for"),
            (#"{"name":"abcd"}"#, "/name: 4 characters, and at most 3 are allowed"),
            (#"{"name":7}"#, "/name: expected a text, found a number"),
            (#"{"name":"a","people":1.5}"#, "/people: expected a whole number or null, found a number"),
            (#"{"name":"a","people":-1}"#, "/people: below the minimum"),
            (#"{"name":"a","people":9007199254740994}"#, "/people: above the maximum"),
            (#"{"name":"a","kind":"Port"}"#, "/kind: not one of the 3 values allowed"),
            (#"{"name":"a","tags":[]}"#, "/tags: 0 items, and at least 1 are asked for"),
            (#"{"name":"a","tags":["x",2]}"#, "/tags/1: expected a text, found a number"),
            (#"{"name":"a","more":1}"#, "/more: no member of this name is allowed"),
        ] as [(String, String?)])
    func `a document fits, or what does not is said with its place`(_ json: String, _ violation: String?) throws {
        #expect(try JSONSchema(Self.city).violation(of: json) == violation)
    }

    @Test(arguments: [
        (#"{"type":"text"}"#, "/type"), (#"{"properties":{"a":{"format":"date"}}}"#, "/properties/a/format"),
        (#"{"items":{"$ref":"x"}}"#, "/items/$ref"), (#"{"minimum":"1"}"#, "/minimum"), (#"{"minLength":-1}"#, "/minLength"),
        (#"{"minLength":1.5}"#, "/minLength"), (#"{"maxItems":1e9}"#, "/maxItems"), (#"{"enum":[]}"#, "/enum"),
        (#"{"required":"a"}"#, "/required"), (#"{"additionalProperties":{}}"#, "/additionalProperties"),
        (#"{"minimum":2,"maximum":1}"#, "/maximum"), (#"{"type":[]}"#, "/type"), (#"{"title":1}"#, "/title"), (#"[]"#, ""),
        (#"{"type":"object",}"#, ""), (#"{"required":["a"],"additionalProperties":false}"#, ""),
    ])
    func `a schema that cannot be kept to is refused with its place`(_ json: String, _ place: String) {
        #expect(Self.failure(json)?.place == place)
    }

    @Test func `S8: depth, bytes, properties and values are bounded`() {
        let deep = String(repeating: #"{"items":"#, count: 10) + "{}" + String(repeating: "}", count: 10)
        #expect(Self.failure(deep)?.reason == "schemas nested deeper than 10")
        #expect(Self.failure(#"{"title":""# + String(repeating: "x", count: 8_192) + "\"}")?.reason.contains("bytes") == true)
        let many = (0...200).map { "\"p\($0)\":{}" }.joined(separator: ",")
        #expect(Self.failure("{\"properties\":{\(many)}}")?.reason.contains("properties") == true)
        #expect(Self.failure("{\"enum\":[\((0...100).map { "\($0)" }.joined(separator: ","))]}")?.place == "/enum")
    }

    @Test func `a closed schema leaves nothing open`() throws {
        #expect(try JSONSchema(Self.city).isClosed == false)
        let closed =
            #"{"type":"object","properties":{"a":{"type":"array","items":{"enum":[1]}}},"required":["a"],"additionalProperties":false}"#
        #expect(try JSONSchema(closed).isClosed)
        #expect(try JSONSchema(#"{"type":"array"}"#).isClosed == false)
    }

    @Test(arguments: [
        [], [""], ["a", "a"], [" a"], ["a\nb"], Array(repeating: "x", count: 101), [String(repeating: "x", count: 201)],
    ])
    func `choices are distinct, whole and bounded`(_ choices: [String]) {
        #expect(throws: AnswerType.Failure.self) { try AnswerType(choices: choices) }
    }

    @Test func `numbers are equal by value, and whole whatever way they are written`() {
        #expect(JSONNumber("1.0") == JSONNumber("1e0") && JSONNumber("0.00") == JSONNumber("-0"))
        #expect(JSONNumber("9007199254740993") > JSONNumber("9007199254740992") && JSONNumber("-2") < JSONNumber("-1.5"))
        #expect(JSONNumber("1e3").isWhole && !JSONNumber("1e-3").isWhole && JSONNumber("12.50e2").isWhole)
    }
}
