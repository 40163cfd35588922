import GridModel
import Testing

@testable import Enrichment

struct AnswerReaderTests {
    static func kind(_ answer: String, _ type: AnswerType) -> ModelFailure.Kind? {
        do {
            _ = try AnswerReader.value(of: answer, type: type)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test(arguments: [
        ("Oslo", "\"Oslo\""), ("  Oslo \n", "\"Oslo\""), ("\"Oslo\"", "\"Oslo\""), ("`Oslo`", "\"Oslo\""),
        ("```\nOslo\n```", "\"Oslo\""), ("```text\nOslo\n```", "\"Oslo\""), ("say \"hi\"", "\"say \\\"hi\\\"\""),
        ("\"a\" and \"b\"", "\"\\\"a\\\" and \\\"b\\\"\""), ("<think>\nhm\n</think>\nOslo", "\"Oslo\""), ("42", "\"42\""),
        ("{\"a\":1}", "\"{\\\"a\\\":1}\""),
    ])
    func `a text loses the space, quotes and fences that wrap all of it, and nothing else`(_ answer: String, _ json: String)
        throws
    {
        #expect(try AnswerReader.value(of: answer, type: .text).json == json)
    }

    @Test(arguments: ["42", "-0.5", "1e3", "  7\n", "\"7\"", "```\n7\n```"])
    func `a number keeps its digits`(_ answer: String) throws {
        let value = try AnswerReader.value(of: answer, type: .number)
        #expect(value.kind == .number)
        #expect(answer.contains(value.json))
    }

    @Test(arguments: ["1,000", "about 7", "007", "NaN", "0x10", "true", "7 m", "1.", ".5", "+7", "null"])
    func `what is not a JSON number fails, with the answer in the reason`(_ answer: String) {
        #expect(throws: ModelFailure(.wrongType, "not a number: \(answer)")) {
            try AnswerReader.value(of: answer, type: .number)
        }
    }

    @Test(arguments: [("yes", "true"), ("No.", "false"), ("TRUE", "true"), ("false", "false"), ("\"Yes\"", "true")])
    func `yes and no become true and false`(_ answer: String, _ json: String) throws {
        #expect(try AnswerReader.value(of: answer, type: .boolean).json == json)
    }

    @Test(arguments: ["maybe", "y", "1", "yes, it is"])
    func `another word is not yes or no`(_ answer: String) {
        #expect(Self.kind(answer, .boolean) == .wrongType)
    }

    @Test(arguments: ["2026-11-22", "2024-02-29", "2026-11-22T05:30", "2026-11-22T05:30:15.25Z", "2026-11-22T05:30:15+01:00"])
    func `an ISO date stays as written`(_ answer: String) throws {
        #expect(try AnswerReader.value(of: answer, type: .date).displayText == answer)
    }

    @Test(arguments: [
        "22.11.2026", "2026-13-01", "2023-02-29", "2026-11-22 05:30", "2026-11-22T25:00", "2026-1-1", "2026-11-22T05:30Zx",
    ])
    func `another way to write a date is none`(_ answer: String) {
        #expect(Self.kind(answer, .date) == .wrongType)
    }

    @Test func `JSON is strict`() throws {
        #expect(try AnswerReader.value(of: "```json\n{\"a\": [1]}\n```", type: .json).json == "{\"a\": [1]}")
        #expect(Self.kind("{a:1}", .json) == .wrongType)
        #expect(Self.kind("{\"a\":1} and more", .json) == .wrongType)
        #expect(Self.kind("null", .json) == .empty)
    }

    @Test(arguments: ColumnType.allCases.map(AnswerType.init)) func `an answer of nothing is a failure`(_ type: AnswerType) {
        #expect(Self.kind(" \n", type) == .empty)
        #expect(Self.kind("```\n```", type) == .empty)
    }

    @Test func `a reason is bounded and stands on one line`() {
        do {
            _ = try AnswerReader.value(of: String(repeating: "x\n", count: 5_000), type: .number)
            Issue.record("that is no number")
        } catch {
            #expect(error.message.count <= ModelFailure.messageCharacters + 3)
            #expect(!error.message.contains("\n"))
        }
    }

    @Test func `an answer beyond what a cell takes is refused`() {
        #expect(Self.kind(String(repeating: "x", count: Limits.cellBytes), .text) == .tooLong)
    }

    @Test(arguments: [
        ("Port", "Port"), ("port", "Port"), ("inland.", "Inland"), ("\"Port\"", "Port"), ("us", "us"), ("US", "US"),
    ])
    func `a choice is taken as it is written in the list`(_ answer: String, _ choice: String) throws {
        let type = try AnswerType(choices: ["Port", "Inland", "us", "US"])
        #expect(try AnswerReader.value(of: answer, type: type).displayText == choice)
    }

    @Test(arguments: ["Ports", "Port or Inland", "Us", "1"]) func `what is none of the choices fails`(_ answer: String) throws {
        #expect(Self.kind(answer, try AnswerType(choices: ["Port", "Inland", "us", "US"])) == .notAChoice)
    }

    @Test func `a document that does not fit the schema fails with the place`() throws {
        let schema = try JSONSchema(#"{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}"#)
        #expect(try AnswerReader.value(of: "```json\n{\"n\": 1}\n```", type: .schema(schema)).json == "{\"n\": 1}")
        #expect(
            throws: ModelFailure(
                .schemaViolated, "not as the schema says: /n: expected a whole number, found a text: {\"n\":\"1\"}")
        ) {
            try AnswerReader.value(of: "{\"n\":\"1\"}", type: .schema(schema))
        }
    }

    @Test(arguments: [
        (#"{"value": 7}"#, AnswerType.number, "7"), (#"{"value":"Oslo"}"#, .text, "Oslo"),
        (#"{"value":true}"#, .boolean, "true"),
        (#"{"value":null}"#, .number, ""), (#"{"value":"x"}"#, .json, #""x""#), ("```json\n{\"value\":7}\n```", .number, "7"),
        ("7", .number, "7"), (#"{"value":7,"more":1}"#, .number, #"{"value":7,"more":1}"#),
        (#"{"value":7"#, .number, #"{"value":7"#),
        (#"{"other":7}"#, .number, #"{"other":7}"#),
    ])
    func `the value comes out of the document that was asked for, and of no other`(
        _ answer: String, _ type: AnswerType, _ text: String
    ) {
        #expect(AnswerReader.value(inDocument: answer, type: type) == text)
    }
}
