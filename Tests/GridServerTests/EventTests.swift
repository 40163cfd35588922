import ChangePipeline
import GridModel
import HTTPTypes
import Hummingbird
import NIOCore
import Ordering
import Testing
import Wire

@testable import GridServer

@Suite("Event stream")
struct EventTests {
    /// What a stream's writer wrote, event by event.
    private struct Collector: ResponseBodyWriter {
        let continuation: AsyncStream<[UInt8]>.Continuation

        func write(_ buffer: ByteBuffer) async throws {
            continuation.yield(Array(buffer.readableBytesView))
        }

        func finish(_: HTTPFields?) async throws {
            continuation.finish()
        }
    }

    private static func change(_ server: TestServer, _ grid: LiveGrid, _ intent: UInt64) async throws {
        _ = try await grid.submit(
            Command(intent: IntentID(high: 1, low: intent), cause: .person, changes: [.renameGrid(name: "n\(intent)")]))
    }

    /// Opens a stream, reads until `isDone`, and returns its items.
    private static func read(
        _ server: TestServer, _ path: String, headers: HTTPFields = HTTPFields(),
        meanwhile: @escaping @Sendable () async throws -> Void = {}, until isDone: @escaping @Sendable ([String]) -> Bool
    ) async throws -> (response: Response, items: [String]) {
        let request = Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: path, headerFields: headers),
            body: RequestBody(buffer: ByteBuffer()))
        let response = try await server.server.responder.respond(
            to: request, context: ConnectionContext(logger: TestServer.logger))
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let body = response.body
        let items = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body.write(Collector(continuation: continuation)) }
            group.addTask { try await meanwhile() }
            var items: [String] = []
            var reader = ServerSentEventsReader()
            for await bytes in stream {
                for item in try reader.take(bytes[...]) {
                    switch item {
                    case .comment: items.append("comment")
                    case .retry: items.append("retry")
                    case .event(let event):
                        items.append("\(event.name) \(event.id) \(String(decoding: event.data, as: UTF8.self))")
                    }
                }
                if isDone(items) { break }
            }
            group.cancelAll()
            return items
        }
        return (response, items)
    }

    @Test("S1, S2: a stream says hello and then tells each commit in order, without values")
    func commits() async throws {
        let server = TestServer()
        let grid = try await server.host.create(#require(GridID("g")), name: "G")
        let (response, items) = try await Self.read(
            server, "/api/v1/grids/g/events",
            meanwhile: {
                for intent in 1...3 { try await Self.change(server, grid, UInt64(intent)) }
            }, until: { items in items.last.map { $0.hasPrefix("commit 4") } ?? false })
        #expect(items.first == "retry")
        #expect(items.dropFirst().first?.hasSuffix(#","server":"\#(server.server.services.run)","opened":0}"#) == true)
        #expect(response.headers[.contentType] == "text/event-stream")
        #expect(response.headers[named("X-Accel-Buffering")] == "no")
        #expect(response.headers[.contentEncoding] == nil)
        let told = items.filter { $0.hasPrefix("commit") }
        #expect(told.last == #"commit 4 {"revision":4,"from":4,"sheets":{},"structure":true,"changes":1}"#)
        #expect(!told.contains { $0.contains("n3") })
        await server.host.close()
    }

    @Test("Last-Event-ID resumes without loss, and hello does not move the position", arguments: ["header", "query"])
    func resume(by way: String) async throws {
        let server = TestServer()
        let grid = try await server.host.create(#require(GridID("g")), name: "G")
        for intent in 1...3 { try await Self.change(server, grid, UInt64(intent)) }
        var headers = HTTPFields()
        if way == "header" { headers[named("Last-Event-ID")] = "2" }
        let (_, items) = try await Self.read(
            server, "/api/v1/grids/g/events" + (way == "query" ? "?lastEventId=2" : ""), headers: headers,
            until: { $0.last?.hasPrefix("commit 4") == true })
        #expect(items.map { $0.prefix(8) } == ["retry", "hello 2 ", "commit 3", "commit 4"])
        await server.host.close()
    }

    @Test("A position that is no longer kept is answered with a gap")
    func gap() async throws {
        var limits = SignalLimits()
        limits.keptForResume = 1
        let server = TestServer(signals: limits)
        let grid = try await server.host.create(#require(GridID("g")), name: "G")
        for intent in 1...4 { try await Self.change(server, grid, UInt64(intent)) }
        let (_, items) = try await Self.read(
            server, "/api/v1/grids/g/events?lastEventId=1", until: { $0.last?.hasPrefix("gap") == true })
        #expect(items.last == #"gap 5 {"revision":5}"#)
        await server.host.close()
    }

    @Test("S8: a reader that does not read holds one signal, whoever hands over waits, and the end lets everyone go")
    func mailbox() async throws {
        let mailbox = StreamMailbox()
        async let first: Void = mailbox.put(.gap(Revision(1)))
        if case .signal(let signal) = await mailbox.take() {
            #expect(signal == .gap(Revision(1)))
        } else {
            Issue.record("no signal")
        }
        await first
        mailbox.beat()
        mailbox.beat()
        if case .beat = await mailbox.take() {} else { Issue.record("no beat") }
        async let second: Void = mailbox.put(.gap(Revision(2)))
        mailbox.end()
        await second
        if case .end = await mailbox.take() {} else { Issue.record("no end") }
        await mailbox.put(.gap(Revision(3)))
    }

    @Test("The heartbeat is a comment, and a stopping server ends its streams")
    func beatAndEnd() async throws {
        let server = TestServer()
        _ = try await server.host.create(#require(GridID("g")), name: "G")
        let streams = server.server.streams
        let (_, items) = try await Self.read(
            server, "/api/v1/grids/g/events",
            until: { items in
                if items.contains("comment") { streams.close() } else { streams.beat() }
                return false
            })
        #expect(items.contains("comment"))
        #expect(streams.open() == nil)
        await server.host.close()
    }
}
