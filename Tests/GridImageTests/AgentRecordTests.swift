import GridModel
import Testing

@testable import GridImage

struct AgentRecordTests {
    static func bytes(_ agent: AgentSettings) -> [UInt8] {
        var writer = RecordWriter()
        writer.column(Column(id: ColumnID(1), name: "A", type: .text, agent: agent))
        return writer.bytes
    }

    static func read(_ bytes: [UInt8]) throws -> AgentSettings? {
        try bytes.withUnsafeBytes { raw in
            var cursor = RecordCursor(raw)
            return try cursor.column().agent
        }
    }

    @Test func `an agent without options has the bytes that it had before there were any`() throws {
        let bytes = Self.bytes(AgentSettings(prompt: "p", model: "m", version: 3))
        #expect(bytes == [1, 1, 65, 0, 0, 1, 1, 112, 1, 1, 109, 3])
        #expect(try Self.read(bytes) == AgentSettings(prompt: "p", model: "m", version: 3))
    }

    @Test func `every output is read back`() throws {
        let outputs: [AnswerType?] = [
            nil, .text, .number, .boolean, .date, .oneOf(["a", "\u{e9}"]), .json, .schema(try JSONSchema(#"{"type":"array"}"#)),
        ]
        for output in outputs {
            for usesExamples in [true, false] {
                let agent = AgentSettings(prompt: "p", output: output, usesExamples: usesExamples)
                #expect(try Self.read(Self.bytes(agent)) == agent)
            }
        }
    }

    @Test func `bytes that are no output are damage, never a trap`() {
        let whole = Self.bytes(AgentSettings(prompt: "p", output: .oneOf(["a", "b"])))
        for place in 5..<whole.count {
            for byte in [UInt8(0), 8, 0x7F, 0xFF] {
                var bytes = whole
                bytes[place] = byte
                _ = try? Self.read(bytes)
            }
            _ = try? Self.read(Array(whole[..<place]))
        }
        #expect(throws: RecordError.self) { try Self.read(Array(whole.dropLast())) }
    }
}
