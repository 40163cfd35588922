import ChangePipeline
import GridModel
import GridStore
import HTTPTypes
import Hummingbird
import NIOCore
import Ordering
import Testing
import Wire

@testable import GridServer

@Suite("Event stream", .timeLimit(.minutes(60)))
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

    private static func change(_ grid: LiveGrid, _ intent: UInt64) async throws {
        _ = try await grid.submit(
            Command(intent: IntentID(high: 1, low: intent), cause: .person, changes: [.renameGrid(name: "n\(intent)")]))
    }

    /// Opens a stream, reads until `isDone`, and returns the head's lines and the items.
    private static func read(
        _ way: Way, _ server: TestServer, _ path: String, headers: [String: String] = [:],
        meanwhile: @escaping @Sendable () async throws -> Void = {}, until isDone: @escaping @Sendable ([String]) -> Bool
    ) async throws -> (head: [String], items: [String]) {
        switch way {
        case .router:
            var fields = HTTPFields()
            for (name, value) in headers { fields[named(name)] = value }
            let request = Request(
                head: HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: path, headerFields: fields),
                body: RequestBody(buffer: ByteBuffer()))
            let response = try await server.server.responder.respond(
                to: request, context: ConnectionContext(logger: TestServer.logger))
            let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            let body = response.body
            let items = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await body.write(Collector(continuation: continuation)) }
                group.addTask { try await meanwhile() }
                defer { group.cancelAll() }
                return try await Self.items(of: stream, until: isDone).items
            }
            return (response.headers.map { "\($0.name): \($0.value)" }, items)
        case .live:
            return try await server.serve { port in
                let connection = try await RawConnection(port: port)
                try await connection.get(path, headers.map { "\($0): \($1)" })
                async let work: Void = meanwhile()
                let (head, items) = try await Self.items(of: connection.chunks(), withHead: true, until: isDone)
                try await work
                try? await connection.close()
                return (head, items)
            }
        }
    }

    private static func items(
        of stream: AsyncStream<[UInt8]>, withHead: Bool = false, until isDone: @Sendable ([String]) -> Bool
    ) async throws -> (head: [String], items: [String]) {
        var head: [String]? = withHead ? nil : []
        var items: [String] = []
        var reader = ServerSentEventsReader()
        for await bytes in stream {
            guard head != nil else {
                head = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
                continue
            }
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
        return (head ?? [], items)
    }

    @Test("S1, S2: a stream says hello and then tells each commit in order, without values", arguments: Way.allCases)
    func commits(_ way: Way) async throws {
        let server = TestServer()
        let grid = try await server.host.create(#require(GridID("g")), name: "G")
        let (head, items) = try await Self.read(
            way, server, "/api/v1/grids/g/events",
            meanwhile: {
                await server.awaitSubscriber()
                for intent in 1...3 { try await Self.change(grid, UInt64(intent)) }
            }, until: { $0.last?.hasPrefix("commit 4") == true })
        let hello = #"hello 1 {"revision":1,"heartbeat":2000,"server":"\#(server.server.services.run)","opened":0}"#
        #expect(items.prefix(2) == ["retry", hello])
        for line in ["Content-Type: text/event-stream", "X-Accel-Buffering: no", "X-Content-Type-Options: nosniff"] {
            #expect(head.contains(line), "\(head)")
        }
        #expect(!head.contains { $0.hasPrefix("Content-Encoding") })
        #expect(items.dropFirst(2).map { $0.prefix(8) } == ["commit 2", "commit 3", "commit 4"])
        #expect(items.last == #"commit 4 {"revision":4,"from":4,"sheets":{},"structure":true,"changes":1}"#)
        #expect(!items.contains { $0.contains("n3") })
        await server.host.close()
    }

    @Test(
        "Last-Event-ID resumes without loss, and hello does not move the position",
        arguments: Way.allCases, ["header", "query"])
    func resume(_ way: Way, by place: String) async throws {
        let server = TestServer()
        let grid = try await server.host.create(#require(GridID("g")), name: "G")
        for intent in 1...3 { try await Self.change(grid, UInt64(intent)) }
        let (_, items) = try await Self.read(
            way, server, "/api/v1/grids/g/events" + (place == "query" ? "?lastEventId=2" : ""),
            headers: place == "header" ? ["Last-Event-ID": "2"] : [:], until: { $0.last?.hasPrefix("commit 4") == true })
        #expect(items.map { $0.prefix(8) } == ["retry", "hello 2 ", "commit 3", "commit 4"])
        await server.host.close()
    }

    @Test("A position that is no longer kept is answered with a gap", arguments: Way.allCases)
    func gap(_ way: Way) async throws {
        var limits = SignalLimits()
        limits.keptForResume = 1
        let server = TestServer(signals: limits)
        let grid = try await server.host.create(#require(GridID("g")), name: "G")
        for intent in 1...4 { try await Self.change(grid, UInt64(intent)) }
        let (_, items) = try await Self.read(
            way, server, "/api/v1/grids/g/events?lastEventId=1", until: { $0.last?.hasPrefix("gap") == true })
        #expect(items.last == #"gap 5 {"revision":5}"#)
        await server.host.close()
    }

    @Test(
        "The heartbeat says how far the grid is, without an id, and a stopping server ends its streams",
        arguments: Way.allCases)
    func beatAndEnd(_ way: Way) async throws {
        let server = TestServer()
        let grid = try await server.host.create(#require(GridID("g")), name: "G")
        let streams = server.server.streams
        let (_, items) = try await Self.read(
            way, server, "/api/v1/grids/g/events",
            meanwhile: {
                await server.awaitSubscriber()
                try await Self.change(grid, 1)
                streams.beat()
                streams.beat()
            },
            until: { items in
                if items.contains(where: { $0.hasPrefix("beat") && $0.hasSuffix(#"{"revision":2}"#) }) { streams.close() }
                return false
            })
        #expect(items.contains { $0.hasPrefix("beat") })
        #expect(items.filter { $0.hasPrefix("beat") }.allSatisfy { !$0.hasPrefix("beat 2 {\"revision\":1}") })
        await server.host.close()
    }

    @Test("A stream to a grid that is not open opens it; one to a grid that is not there is refused in words")
    func unopened() async throws {
        let catalog = MemoryGridCatalog()
        let before = TestServer(catalog: catalog)
        _ = try await before.host.create(#require(GridID("g")), name: "G")
        await before.host.close()
        let server = TestServer(catalog: catalog)
        try await server.serve { port in
            let connection = try await RawConnection(port: port)
            try await connection.get("/api/v1/grids/g/events")
            #expect(await connection.read { $0.contains("event: hello") }.hasPrefix("HTTP/1.1 200"))
            let other = try await RawConnection(port: port)
            try await other.get("/api/v1/grids/nope/events")
            #expect(await other.read { $0.contains("not-found") }.hasPrefix("HTTP/1.1 404"))
            try await other.close()
            try await connection.close()
        }
        await server.host.close()
    }

    @Test("S8: a reader that closes, or says that it says no more, gives its place back at once", arguments: [false, true])
    func place(half: Bool) async throws {
        var limits = GridServerConfiguration.Limits()
        limits.streams = 1
        let server = TestServer(limits: limits)
        _ = try await server.host.create(#require(GridID("g")), name: "G")
        try await server.serve { port in
            for _ in 1...3 {
                let connection = try await RawConnection(port: port)
                try await connection.get("/api/v1/grids/g/events")
                _ = await connection.read { $0.contains("event: hello") }
                let refused = try await RawConnection(port: port)
                try await refused.get("/api/v1/grids/g/events")
                #expect(await refused.read { $0.contains("overloaded") }.hasPrefix("HTTP/1.1 503"))
                try await refused.close()
                // Nothing is written to it meanwhile: the server has to notice by itself.
                if half { try await connection.closeOutput() } else { try await connection.close() }
                while server.server.metrics.subscribers.current > 0 { await Task.yield() }
                if half { #expect(await connection.read().isEmpty) }
            }
        }
        await server.host.close()
    }

    @Test("A server that stops ends streams that are open, however they came", arguments: ["", "Connection: upgrade"])
    func stop(field: String) async throws {
        let server = TestServer()
        _ = try await server.host.create(#require(GridID("g")), name: "G")
        let connection = try await server.serve { port in
            let connection = try await RawConnection(port: port)
            // What is asked of the connection besides sends the request the long way.
            try await connection.get("/api/v1/grids/g/events", field.isEmpty ? [] : [field])
            await server.awaitSubscriber()
            return connection
        }
        #expect(await connection.read().contains("event: hello"))
        await server.host.close()
    }

    @Test("A stream for an unknown host, from another site, or with a strange parameter is refused as any request is")
    func guards() async throws {
        let server = TestServer()
        _ = try await server.host.create(#require(GridID("g")), name: "G")
        try await server.serve { port in
            for (target, field, status) in [
                ("/api/v1/grids/g/events", "Sec-Fetch-Site: cross-site", 403), ("/api/v1/grids/g/events?x=1", "A: b", 400),
                ("/api/v1/grids/g/events", "Last-Event-ID: x", 400),
            ] {
                let connection = try await RawConnection(port: port)
                try await connection.get(target, [field])
                #expect(await connection.read { $0.contains("urn:trueline") }.hasPrefix("HTTP/1.1 \(status)"))
                try await connection.close()
            }
            let connection = try await RawConnection(port: port)
            try await connection.send("GET /api/v1/grids/g/events HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            #expect(await connection.read { $0.contains("wrong-host") }.hasPrefix("HTTP/1.1 421"))
            try await connection.close()
        }
        await server.host.close()
    }
}
