import Foundation
import HTTPTypes
import Testing
import Wire

@testable import GridServer

/// A path of nobody else's, whose content goes away with the test.
private final class OwnFolder: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "trueline-traces-\(UUID().uuidString)").path

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite("Traces")
struct TraceRouteTests {
    private static let page = "https://shop.example"

    /// Each test case's own.
    private let folder = OwnFolder()
    private var directory: String { folder.path }

    private static func server(_ directory: String) -> TestServer {
        TestServer(traces: .init(directory: directory, origins: [page]))
    }

    private static func part(_ number: Int?, of trace: String = "t-1", _ events: String...) -> String {
        let number = number.map { #","part":\#($0)"# } ?? ""
        return ([#"{"type":"trace","version":1,"id":"\#(trace)"\#(number)}"#] + events).joined(separator: "\n")
    }

    @Test(
        "Parts are put together by their number, whatever came first, and one that comes twice is kept once",
        arguments: Way.allCases)
    func parts(_ way: Way) async throws {
        try await Self.server(directory).test(way) { api in
            for part in [
                Self.part(2, #"{"type":"note","label":"b"}"#), Self.part(1, #"{"type":"note","label":"a"}"#),
                Self.part(2, #"{"type":"note","label":"again"}"#), Self.part(4, #"{"type":"note","label":"d"}"#),
            ] {
                #expect(try await api.send(.post, "/traces", part, type: "text/plain").status == 204)
            }
            let answer = try await api.send(.get, "/api/v1/traces/t-1")
            #expect(answer.headers[.contentType] == "application/x-ndjson")
            #expect(
                answer.text == """
                    {"type":"trace","version":1,"id":"t-1","part":1}
                    {"type":"note","label":"a"}
                    {"type":"note","label":"b"}
                    {"type":"note","label":"part 3 of the recording never came"}
                    {"type":"note","label":"d"}

                    """)
            let list = try await api.send(.get, "/api/v1/traces").text
            #expect(list.hasPrefix(#"{"traces":[{"id":"t-1","bytes":"#) && list.hasSuffix(#""parts":3}]}"#))
        }
    }

    /// The checkout's recording in parts of at most 500 lines, each with the header.
    private static func checkout(of trace: String) throws -> [String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Fixtures/traces/checkout-faulty.trace.jsonl")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst()
        return stride(from: 0, to: lines.count, by: 500).enumerated().map { number, start in
            ([#"{"type":"trace","version":1,"id":"\#(trace)","part":\#(number + 1)}"#]
                + lines.dropFirst(start).prefix(500).map(String.init)).joined(separator: "\n")
        }
    }

    @Test("A trace's diagnosis names the divergence by the lines of the trace that is read", arguments: Way.allCases)
    func diagnosis(_ way: Way) async throws {
        try await Self.server(directory).test(way) { api in
            for part in try Self.checkout(of: "t-1") {
                #expect(try await api.send(.post, "/traces", part, type: "text/plain").status == 204)
            }
            let answer = try await api.send(.get, "/api/v1/traces/t-1/diagnosis")
            #expect(answer.status == 200 && answer.headers[.contentType] == "application/json")
            let document = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
            let divergence = try #require(document["divergence"] as? [String: Any])
            #expect((document["divergences"] as? [Any])?.isEmpty == false)
            let name = try #require(divergence["event"] as? String)
            let lines = try await api.send(.get, "/api/v1/traces/t-1").text.split(separator: "\n")
            let line = try #require(Int(name.dropFirst()).map { lines[$0 - 1] })
            #expect(line.contains(#""type":"write""#) && line.contains(#""key":"total""#), "\(name): \(line)")
            #expect(try await api.send(.get, "/api/v1/traces/t-1/diagnosis").body == answer.body)
            // A part more is another trace to diagnose.
            let more = Self.part(99, of: "t-1", #"{"type":"error","message":"boom"}"#)
            #expect(try await api.send(.post, "/traces", more, type: "text/plain").status == 204)
            #expect(try await api.send(.get, "/api/v1/traces/t-1/diagnosis").text.contains("boom"))
        }
    }

    @Test("What cannot be diagnosed is said so", arguments: Way.allCases)
    func undiagnosed(_ way: Way) async throws {
        try await Self.server(directory).test(way) { api in
            #expect(try await api.send(.get, "/api/v1/traces/absent/diagnosis").status == 404)
            _ = try await api.send(.post, "/traces", Self.part(1), type: "text/plain")
            #expect(try await api.send(.get, "/api/v1/traces/t-1/diagnosis").status == 422)
        }
    }

    @Test("S8: one trace is diagnosed at a time, once for all who ask, and a long one is not")
    func bounded() async throws {
        let archive = TraceArchive(directory: directory)
        let diagnoses = TraceDiagnoses(archive: archive)
        for part in try Self.checkout(of: "t-1") { try archive.add(TracePart(Array(part.utf8))) }
        let reports = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<20 { group.addTask { try await diagnoses.diagnosis(of: "t-1") } }
            var reports: Set<[UInt8]> = []
            for try await report in group { reports.insert(report) }
            return reports
        }
        #expect(reports.count == 1 && diagnoses.underWay == 0)
        let folder = directory + "/long"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let part = folder + "/00000001.jsonl"
        _ = FileManager.default.createFile(atPath: part, contents: nil)
        let file = try FileHandle(forWritingTo: URL(filePath: part))
        try file.truncate(atOffset: UInt64(TraceDiagnoses.traceBytes) + 1)
        try file.close()
        let later = TraceDiagnoses(archive: TraceArchive(directory: directory))
        await #expect(throws: Problem.self) { try await later.diagnosis(of: "long") }
    }

    private static func note(_ counts: String) -> String {
        #"{"type":"note","label":"expectations checked","expectations":[\#(counts)]}"#
    }

    @Test(
        "What people should see is counted by name, once a part, and a name cannot break the text or its bound",
        arguments: Way.allCases)
    func expectations(_ way: Way) async throws {
        try await Self.server(directory).test(way) { api in
            let first = Self.part(
                1, Self.note(#"{"name":"cart not empty","held":3,"failed":1}"#), #"{"type":"note","label":"expectations"}"#)
            for _ in 0..<2 { _ = try await api.send(.post, "/traces", first, type: "text/plain") }
            let hostile = #"{"name":"a\"} 9\n\\","held":0,"failed":2},{"name":"","held":1},{"name":"b","held":-5,"failed":3}"#
            _ = try await api.send(
                .post, "/traces", Self.part(2, Self.note(hostile), Self.note(#"{"name":"c","held":1e3}"#)), type: "text/plain")
            let many = (0..<300).map { #"{"name":"n\#($0)","held":1,"failed":0}"# }.joined(separator: ",")
            for number in 3...4 {
                let text = Self.part(number, Self.note(many), Self.note(many.replacing("\"n", with: "\"m")))
                _ = try await api.send(.post, "/traces", text, type: "text/plain")
            }
            _ = try await api.send(
                .post, "/traces", Self.part(5, Self.note(#"{"name":"cart not empty","held":4,"failed":0}"#)), type: "text/plain"
            )
            let text = try await api.send(.get, "/metrics").text
            #expect(text.contains(#"trueline_expectations_total{name="cart not empty",result="held"} 7"#))
            #expect(text.contains(#"trueline_expectations_total{name="cart not empty",result="failed"} 1"#))
            #expect(text.contains(#"trueline_expectations_total{name="a\"} 9\n\\",result="failed"} 2"#))
            #expect(text.contains(#"trueline_expectations_total{name="b",result="held"} 0"#) && !text.contains(#"name="c""#))
            let names = text.split(separator: "\n").filter { $0.hasPrefix("trueline_expectations_total") }
            #expect(names.count == 2 * 201)
            #expect(names.allSatisfy { $0.contains("result=\"") && Int($0.split(separator: " ").last ?? "") != nil })
        }
    }

    @Test("Traces outlive the process that took them, and are gone when deleted")
    func kept() async throws {
        try await Self.server(directory).test(.router) { api in
            _ = try await api.send(.post, "/traces", Self.part(nil, #"{"type":"note"}"#), type: "application/x-ndjson")
            _ = try await api.send(.post, "/traces", Self.part(nil, #"{"type":"error"}"#), type: "application/jsonl")
        }
        try await Self.server(directory).test(.router) { api in
            let text = try await api.send(.get, "/api/v1/traces/t-1").text
            #expect(text.split(separator: "\n").dropFirst() == [#"{"type":"note"}"#, #"{"type":"error"}"#])
            #expect(try await api.send(.delete, "/api/v1/traces/t-1").status == 204)
            for method in [HTTPRequest.Method.get, .delete] {
                #expect(try await api.send(method, "/api/v1/traces/t-1").status == 404)
            }
            #expect(try await api.send(.get, "/api/v1/traces").text == #"{"traces":[]}"#)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
    }

    @Test("Credentials are taken out again before anything is written")
    func redacted() async throws {
        try await Self.server(directory).test(.router) { api in
            let part = Self.part(
                1, #"{"type":"start","url":"/a?token=abcdefgh","headers":{"Cookie":"id=abcdefgh"}}"#,
                #"{"type":"note","label":"abcdefgh"}"#)
            _ = try await api.send(.post, "/traces", part, type: "text/plain")
            #expect(!(try await api.send(.get, "/api/v1/traces/t-1").text).contains("abcdefgh"))
        }
    }

    @Test(
        "What is no part of a trace is refused with its place, and nothing is kept",
        arguments: [
            "", "x", "[]", #"{"type":"note"}"#, #"{"type":"trace","version":2,"id":"t"}"#, #"{"type":"trace","version":1}"#,
            #"{"type":"trace","version":1,"id":"../t"}"#, #"{"type":"trace","version":1,"id":"."}"#,
            #"{"type":"trace","version":1,"id":"t","part":0}"#, #"{"type":"trace","version":1,"id":"t","part":100000000}"#,
            #"{"type":"trace","version":1,"id":"t"}"# + "\n{\"type\":",
        ])
    func refused(body: String) async throws {
        try await Self.server(directory).test(.router) { api in
            let answer = try await api.send(.post, "/traces", body, type: "text/plain")
            #expect(answer.status == 400)
            #expect(try Problem(wire: answer.body).detail.hasPrefix("line "))
            #expect(try await api.send(.post, "/traces", body, type: "text/html").status == 415)
            #expect(try await api.send(.get, "/api/v1/traces").text == #"{"traces":[]}"#)
        }
    }

    @Test("S8: a part, a trace, their number and all together are bounded; the trace not added to for longest goes")
    func bounded() throws {
        let archive = TraceArchive(
            directory: directory, limits: .init(partBytes: 1_000, parts: 3, traceBytes: 300, totalBytes: 440, traces: 3))
        func add(_ trace: String, _ number: Int? = nil) throws {
            try archive.add(TracePart(Array(Self.part(number, of: trace).utf8)))
        }
        try add("a")
        try add("b")
        try add("c")
        try add("a")
        try add("d")
        #expect(try archive.list().map(\.id) == ["d", "a", "c"])
        try add("a")
        #expect(throws: Problem.self) { try add("a") }
        try archive.add(TracePart(Array(Self.part(1, of: "e", #"{"v":"\#(String(repeating: "x", count: 240))"}"#).utf8)))
        #expect(try archive.list().map(\.id) == ["e", "a"])
        #expect(throws: Problem.self) { try add("e", 2) }
        #expect(try archive.list().reduce(0) { $0 + $1.bytes } <= 440)
    }

    @Test("Pages of a named origin may post traces and nothing else, and of another not even that", arguments: Way.allCases)
    func origins(_ way: Way) async throws {
        try await Self.server(directory).test(way) { api in
            let named = ["Origin": Self.page, "Sec-Fetch-Site": "cross-site"]
            let other = ["Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"]
            let part = Self.part(1, #"{"type":"note"}"#)
            let taken = try await api.send(.post, "/traces", part, type: "text/plain", headers: named)
            #expect(taken.status == 204 && taken.headers[.accessControlAllowOrigin] == Self.page)
            let preflight = try await api.send(.options, "/traces", headers: named)
            #expect(preflight.headers[.accessControlAllowMethods] == "POST" && preflight.status == 204)
            let wrong = try await api.send(.post, "/traces", "x", type: "text/plain", headers: named)
            #expect(wrong.status == 400 && wrong.headers[.accessControlAllowOrigin] == Self.page)
            #expect(try await api.send(.post, "/traces", part, type: "text/plain", headers: other).status == 403)
            #expect(try await api.send(.options, "/traces", headers: other).status == 403)
            for path in ["/api/v1/traces", "/api/v1/traces/t-1", "/health", "/traces"] {
                #expect(try await api.send(.get, path, headers: named).status == 403, "\(path)")
            }
            #expect(try await api.send(.delete, "/api/v1/traces/t-1", headers: named).status == 403)
            #expect(try await api.send(.post, "/grids", #"{"name":"x"}"#, headers: named).status == 403)
        }
    }

    @Test("A named origin opens no other host name")
    func hosts() {
        var head = HTTPRequest(method: .post, scheme: "http", authority: "evil.example", path: "/traces")
        head.headerFields[.origin] = Self.page
        let guardian = HostGuard(configured: [], traceOrigins: [Self.page])
        #expect(throws: Problem.self) { try guardian.check(head) }
        head.authority = "127.0.0.1:8787"
        #expect(throws: Never.self) { try guardian.check(head) }
        head.path = "/traces/../api/v1/grids"
        #expect(throws: Problem.self) { try guardian.check(head) }
    }

    @Test("Without --traces there is no such route")
    func off() async throws {
        try await TestServer().test(.router) { api in
            let posted = try await api.send(.post, "/traces", Self.part(1), type: "text/plain")
            let listed = try await api.send(.get, "/api/v1/traces")
            #expect(posted.status == 404 && listed.status == 404)
        }
    }
}
