import GridModel
import Testing

@testable import Enrichment

struct AnswerReaderTests {
    static func kind(_ answer: String, _ type: ColumnType) -> ModelFailure.Kind? {
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

    @Test(arguments: ColumnType.allCases) func `an answer of nothing is a failure`(_ type: ColumnType) {
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
}
