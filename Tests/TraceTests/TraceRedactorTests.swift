import Testing

@testable import Trace

@Suite("Redaction of traces")
struct TraceRedactorTests {
    private static func redact(_ lines: String...) throws -> [String] {
        var redactor = TraceRedactor()
        for line in lines { try redactor.learn(line.utf8) }
        return try lines.map { String(decoding: try redactor.redacted($0.utf8), as: UTF8.self) }
    }

    @Test("A credential is taken out where it stands and wherever the same text stands, also in an earlier line")
    func everywhere() throws {
        let lines = try Self.redact(
            #"{"type":"note","label":"uses hunter2-hunter2 early"}"#,
            #"{"type":"start","headers":{"Authorization":"Bearer hunter2-hunter2","accept":"text/plain"}}"#,
            #"{"type":"write","value":{"password":"open-sesame","n":1,"open-sesame":[true,"open-sesame!"]}}"#)
        for secret in ["hunter2-hunter2", "open-sesame"] { #expect(!lines.joined().contains(secret)) }
        #expect(lines[0] == #"{"type":"note","label":"uses [redacted] early"}"#)
        #expect(lines[1] == #"{"type":"start","headers":{"Authorization":"[redacted]","accept":"text/plain"}}"#)
        #expect(lines[2].contains(#""n":1"#))
    }

    @Test("Parameters of addresses and authentication schemes within texts are credentials")
    func texts() throws {
        let lines = try Self.redact(
            #"{"type":"start","url":"/a?api_key=abcdefgh&page=2#x"}"#,
            #"{"type":"note","label":"sent bearer eyJhbGciOi.abc.def, then Basic dXNlcjpwdw=="}"#,
            #"{"type":"note","label":"a basic rule, a bearer of news"}"#)
        #expect(lines[0] == #"{"type":"start","url":"/a?api_key=[redacted]&page=2#x"}"#)
        #expect(lines[1] == #"{"type":"note","label":"sent bearer [redacted], then Basic [redacted]"}"#)
        #expect(lines[2] == #"{"type":"note","label":"a basic rule, a bearer of news"}"#)
    }

    @Test("What holds no credential comes out with its bytes as they were, the format's own members too")
    func unchanged() throws {
        for line in [
            #"{"type":"start","session":"s-1234567","id":"a","time":12345678901234567,"value":{"author":"Ada","e":"é\n\u0041"}}"#,
            #"{"a":[],"b":{},"c":[1.50,-0,1e9,null,true,[[]]]}"#, #"{}"#,
        ] {
            #expect(try Self.redact(line) == [line])
            // Redacting again changes nothing.
        }
        let once = try Self.redact(#"{"url":"/?token=abcdefgh","v":{"token":"abcdefgh"}}"#)
        #expect(try Self.redact(once[0]) == once)
    }

    @Test("What is not one JSON object is refused with the place")
    func refused() throws {
        for line in ["", "[]", "1", #"{"a":1}x"#, #"{"a":"#, "{\"a\":\"\u{1}\"}", String(repeating: #"{"a":"#, count: 70)] {
            #expect(throws: JSONFailure.self) { try Self.redact(line) }
        }
    }
}
