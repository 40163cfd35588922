import GridModel
import Testing

@testable import Wire

struct AgentWireTests {
    static func request(_ agent: String) throws(WireError) -> AgentSettings?? {
        try ColumnRequest(wire: Array("{\"agent\":\(agent)}".utf8)).agent
    }

    @Test(arguments: [
        (#"{"prompt":"p"}"#, AgentSettings(prompt: "p")),
        (#"{"prompt":"p","output":null,"examples":true}"#, AgentSettings(prompt: "p")),
        (#"{"prompt":"p","output":{"type":"yes/no"}}"#, AgentSettings(prompt: "p", output: .boolean)),
        (
            #"{"prompt":"p","output":{"type":"oneOf","choices":["b","a"]}}"#,
            AgentSettings(prompt: "p", output: .oneOf(["b", "a"]))
        ),
        (
            #"{"prompt":"p","output":{"type":"json","schema":null},"examples":false}"#,
            AgentSettings(prompt: "p", output: .json, usesExamples: false)
        ),
    ])
    func `an agent's output is read, and written so that it reads the same`(_ json: String, _ agent: AgentSettings) throws {
        #expect(try Self.request(json) == agent)
        #expect(try ColumnRequest(wire: ColumnRequest(agent: .some(agent)).wire).agent == agent)
    }

    @Test func `a schema keeps its text`() throws {
        let agent = try Self.request(#"{"prompt":"p","output":{"type":"json","schema": {"type": "array"} }}"#)
        #expect(try agent == AgentSettings(prompt: "p", output: .schema(JSONSchema(#"{"type": "array"}"#))))
        let written = ColumnRequest(agent: agent).wire
        #expect(try ColumnRequest(wire: written).agent == agent)
    }

    @Test(arguments: [
        (#"{"type":"oneOf"}"#, "/agent/output/choices"), (#"{"type":"oneOf","choices":["a","a"]}"#, "/agent/output/choices/1"),
        (#"{"type":"json","schema":{"properties":{"x":{"format":"date"}}}}"#, "/agent/output/schema/properties/x/format"),
        (#"{"type":"number","choices":["a"]}"#, "/agent/output"), (#"{"type":"text","schema":{}}"#, "/agent/output"),
        (#"{"type":"money"}"#, "/agent/output"), (#"{"choices":["a"]}"#, "/agent/output"),
        (#"{"type":"text","x":1}"#, "/agent/output/x"),
    ])
    func `an output that cannot be is refused with its place`(_ output: String, _ path: String) {
        do {
            _ = try Self.request("{\"prompt\":\"p\",\"output\":\(output)}")
            Issue.record("taken")
        } catch {
            #expect(error.path == path)
        }
    }
}
