import Foundation
import NIOCore
import ReorderProxy
import Reordering
import Synchronization
import Testing

private typealias Kind = StreamClient.Kind

/// A proxy that speaks TLS, with a certificate made as `--tls` makes it.
private struct SecureFixture {
    let fixture: ProxyFixture
    let authority: String

    static func with(
        _ plan: ReorderingPlan, answer: @escaping @Sendable (FakeUpstream.Connection, String) -> Void,
        _ body: (SecureFixture) async throws -> Void
    ) async throws {
        let made = try LocalCertificate(names: ["localhost", "127.0.0.1"], now: Date())
        try await ProxyFixture.with(plan, change: { $0.certificate = made.certificate }, answer: answer) { fixture in
            try await body(SecureFixture(fixture: fixture, authority: made.authority))
        }
    }

    func client() async throws -> StreamClient {
        try await StreamClient.connect(fixture.proxy.port, authority: authority)
    }

    /// Waits until the proxy's state contains a text, on a connection of its own.
    func until(_ part: String) async throws {
        let client = try await client()
        var version = ""
        for stream: UInt32 in stride(from: 1, through: 1_999, by: 2) {
            try await client.ask(stream, "/__trueline/state\(version)")
            let state = await client.until { $0.isOver(stream) }.body(stream)
            if state.contains(part) { return try await client.close() }
            try await client.allow(state.utf8.count)
            guard let start = state.firstRange(of: "{\"version\":") else { throw ChannelError.eof }
            version = "?after=" + state[start.upperBound...].prefix { $0 != "," }
        }
    }
}

@Suite(.timeLimit(.minutes(10))) struct StreamTests {
    @Test func `a request of a stream reaches the upstream as one of HTTP 1, and its answer comes back on the stream`()
        async throws
    {
        let seen = Mutex("")
        try await SecureFixture.with(
            .pass,
            answer: { connection, request in
                seen.withLock { $0 += request }
                guard seen.withLock({ $0.hasSuffix("0\r\n\r\n") }) else { return }
                connection.answer("yes", status: 201, fields: "Connection: keep-alive\r\nKeep-Alive: 5\r\nX-Sum: 1\r\n")
            }
        ) { secure in
            let client = try await secure.client()
            try await client.ask(1, "/save?a=1", method: "POST", more: [("origin", "https://localhost")], endsStream: false)
            try await client.frame(Kind.data, stream: 1, Array("he".utf8))
            try await client.frame(Kind.data, flags: 1, stream: 1, Array("llo".utf8))
            let answer = await client.until { $0.isOver(1) }
            #expect(answer.status(1) == "201" && answer.body(1) == "yes")
            let names = answer.fields[1, default: []].map { $0[0] }
            #expect(names.contains("x-sum") && !names.contains("connection") && !names.contains("keep-alive"))
            let request = seen.withLock { $0 }
            #expect(request.hasPrefix("POST /save?a=1 HTTP/1.1\r\n") && request.contains("Transfer-Encoding: chunked"))
            #expect(
                request.contains("origin: \(secure.fixture.upstream.url)\r\n")
                    || request.contains("Origin: \(secure.fixture.upstream.url)\r\n"))
            #expect(Chunks.joined(RawClient.body(request)) == "hello")
        }
    }

    @Test func `P1 what goes over a stream was taken when the PING behind it is answered`() async throws {
        try await SecureFixture.with(.steps([step("/b"), step("/a")]), answer: echo) { secure in
            let client = try await secure.client()
            try await client.ask(1, "/a")
            try await secure.until("\"heldCount\":1,")
            try await client.ask(3, "/b")
            let first = await client.until { seen in seen.isOver(3) && seen.frames.contains(where: \.isPing) }
            #expect(first.body(3) == "/b" && first.fields[1] == nil)
            // The end of the answer comes before the question.
            #expect(first.frames.last?.isPing ?? false)
            try await client.answer(first.frames.filter(\.isPing))
            let second = await client.until { seen in seen.isOver(1) && seen.frames.filter(\.isPing).count == 2 }
            #expect(second.body(1) == "/a")
            #expect(try await secure.fixture.proxy.summary().delivered.map(\.identity.path) == ["/b"])
            try await client.answer(second.frames.filter(\.isPing).suffix(1))
            try await secure.until("the plan is done")
            let summary = try await secure.fixture.proxy.summary()
            #expect(summary.delivered.map(\.identity.path) == ["/b", "/a"] && !summary.isInexact)
        }
    }

    @Test func `P1 a client of HTTP 1 over TLS has read what it closes behind`() async throws {
        try await SecureFixture.with(.steps([step("/b"), step("/a")]), answer: echo) { secure in
            var clients: [RawClient] = []
            for path in ["/a", "/b"] {
                let client = try await RawClient.connect(secure.fixture.proxy.port, authority: secure.authority)
                try await client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                if path == "/a" { try await secure.until("\"heldCount\":1,") }
                clients.append(client)
            }
            #expect(await clients[1].whole().hasSuffix("/b"))
            #expect(await clients[0].whole().hasSuffix("/a"))
            try await secure.until("the plan is done")
        }
    }

    @Test func `P4 a stream that is cancelled frees what waits for it, and no other stream`() async throws {
        try await SecureFixture.with(.steps([step("/b"), step("/a")]), answer: { if !$1.contains("/b") { echo($0, $1) } }) {
            secure in
            let client = try await secure.client()
            try await client.ask(1, "/a")
            try await client.ask(3, "/b")
            try await secure.until("\"heldCount\":1,")
            try await client.frame(Kind.reset, stream: 3, [0, 0, 0, 8])
            #expect(await client.until { $0.isOver(1) }.body(1) == "/a")
            try await secure.until("given up")
        }
    }

    @Test func `P4 a client that closes its connection frees what waits for its streams`() async throws {
        try await SecureFixture.with(.steps([step("/b"), step("/a")]), answer: { if !$1.contains("/b") { echo($0, $1) } }) {
            secure in
            let client = try await secure.client()
            try await client.ask(1, "/a")
            let gone = try await secure.client()
            try await gone.ask(1, "/b")
            try await secure.until("\"underWay\":[\"GET /b\"]")
            try await gone.close()
            #expect(await client.until { $0.isOver(1) }.body(1) == "/a")
            try await secure.until("given up")
        }
    }

    @Test func `a stream whose client takes no more holds no other`() async throws {
        let long = String(repeating: "0123456789", count: 10_000)
        try await SecureFixture.with(.pass, answer: { $0.answer($1.hasPrefix("GET /long") ? long : "short") }) { secure in
            let client = try await secure.client()
            // SETTINGS_INITIAL_WINDOW_SIZE: ten bytes of each stream, until the client asks for more.
            try await client.frame(Kind.settings, [0, 4, 0, 0, 0, 10])
            try await client.ask(1, "/long")
            await client.until { $0.body(1).utf8.count == 10 }
            try await client.ask(3, "/other")
            let seen = await client.until { $0.isOver(3) }
            #expect(seen.body(3) == "short" && !seen.isOver(1))
            for stream: UInt32 in [0, 1] { try await client.frame(8, stream: stream, [0, 2, 0, 0]) }
            let whole = await client.until { $0.isOver(1) }.body(1) == long
            #expect(whole)
        }
    }

    @Test func `P13 streams at once have an upstream connection each, one after another use one, and two clients never do`()
        async throws
    {
        let first = Mutex<FakeUpstream.Connection?>(nil)
        try await SecureFixture.with(
            .pass,
            answer: { connection, request in
                guard request.hasPrefix("GET /slow") else { return connection.answer("c\(connection.number)") }
                first.withLock { $0 = connection }
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            }
        ) { secure in
            let client = try await secure.client()
            try await client.ask(1, "/slow")
            // Then the upstream has its connection, and it is the first.
            await client.until { $0.status(1) != nil }
            for stream: UInt32 in [3, 5] {
                try await client.ask(stream, "/a")
                #expect(await client.until { $0.isOver(stream) }.body(stream) == "c2")
            }
            let other = try await secure.client()
            try await other.ask(1, "/a")
            #expect(await other.until { $0.isOver(1) }.body(1) == "c3")
            first.withLock { $0 }?.send("c1")
            #expect(await client.until { $0.isOver(1) }.body(1) == "c1")
        }
    }

    @Test func `P9 streams that could hide another request are refused, and nothing of them reaches the upstream`() async throws
    {
        let asked = Mutex([String]())
        try await SecureFixture.with(.pass, answer: { connection, request in asked.withLock { $0.append(request) } }) {
            secure in
            let plain = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/a")]
            let heads: [[(String, String)]] = [
                plain + [("transfer-encoding", "chunked")], plain + [("connection", "close")], plain + [("X-Upper", "1")],
                plain + [("x", "1\r\nGET /evil HTTP/1.1\r\n")], plain + [("host", "evil.test")], plain + [("te", "gzip")],
                plain.map { $0.0 == ":path" ? ($0.0, "/ HTTP/1.1\r\n\r\nGET /evil") : $0 },
                plain.map { $0.0 == ":path" ? ($0.0, "https://inside.test/") : $0 },
                plain.map { $0.0 == ":scheme" ? ($0.0, "http") : $0 }, plain.map { $0.0 == ":method" ? ($0.0, "TRACE") : $0 },
                plain.map { $0.0 == ":authority" ? ($0.0, "evil.test") : $0 },
                [(":method", "CONNECT"), (":authority", "inside.test:443")], plain + [("content-length", "5")],
            ]
            for head in heads {
                let client = try await secure.client()
                try await client.frame(Kind.headers, flags: 5, stream: 1, StreamClient.block(head))
                let seen = await client.until { $0.isOver(1) || $0.reset(1) || $0.wentAway }
                #expect(seen.status(1).map { $0.hasPrefix("4") || $0.hasPrefix("5") } ?? (seen.reset(1) || seen.wentAway))
                try await client.close()
            }
            #expect(asked.withLock { $0 } == [])
        }
    }

    @Test func `P9 a fault of a stream ends that stream, and a fault of the connection ends all`() async throws {
        try await SecureFixture.with(
            .pass,
            answer: { connection, request in
                if request.hasPrefix("POST") { connection.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nbegun") }
                if request.hasPrefix("GET /a") { echo(connection, request) }
            }
        ) { secure in
            let client = try await secure.client()
            try await client.ask(1, "/waits")
            // A field that no stream has; and trailers that are none, behind an answer that has begun.
            try await client.ask(3, "/a", more: [("connection", "close")])
            await client.until { $0.reset(3) }
            try await client.ask(5, "/b", method: "POST", endsStream: false)
            await client.until { $0.body(5) == "begun" }
            try await client.frame(Kind.headers, flags: 5, stream: 5, StreamClient.block([("x", "1\r\n2")]))
            await client.until { $0.reset(5) }
            try await client.ask(7, "/a")
            let seen = await client.until { $0.isOver(7) }
            #expect(seen.body(7) == "/a" && seen.fields[5]?.count(where: { $0[0] == ":status" }) == 1 && !seen.wentAway)
            // A stream of the server's number.
            try await client.ask(2, "/a")
            #expect(await client.untilEnded().wentAway)
        }
    }

    @Test func `P11 trailers of streams end at the proxy, in both directions`() async throws {
        let upstream = TrailingUpstream()
        try await SecureFixture.with(.pass, answer: upstream.answer) { secure in
            let client = try await secure.client()
            try await client.ask(1, "/a", method: "POST", more: [("te", "trailers")], endsStream: false)
            try await client.frame(Kind.data, stream: 1, Array("up".utf8))
            try await client.frame(Kind.headers, flags: 5, stream: 1, StreamClient.block([("x-up", "1")]))
            let seen = await client.until { $0.isOver(1) }
            #expect(seen.body(1) == "abc" && seen.fields[1]?.contains { $0[0] == "x-down" } == false)
            let request = upstream.request
            #expect(RawClient.body(request) == "2\r\nup\r\n0\r\n\r\n")
            #expect(!request.lowercased().contains("\r\nte:"))
        }
    }

    @Test func `P6 floods end their connection, and no other`() async throws {
        try await SecureFixture.with(.pass, answer: echo) { secure in
            let other = try await secure.client()
            let resets = try await secure.client()
            // A request to the proxy itself that waits, and is cancelled, again and again (CVE-2023-44487).
            let waiting = [
                (":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/__trueline/state?after=1"),
            ]
            let flood = stride(from: UInt32(1), to: 2_400, by: 2).flatMap { stream in
                StreamClient.bytes(Kind.headers, 5, stream, StreamClient.block(waiting))
                    + StreamClient.bytes(Kind.reset, 0, stream, [0, 0, 0, 8])
            }
            // Writing may fail: it is cut in the middle.
            try? await resets.send(flood)
            await resets.untilEnded()
            let heads = try await secure.client()
            try await heads.frame(Kind.headers, flags: 1, stream: 1, StreamClient.block([(":method", "GET")]))
            let more = StreamClient.bytes(Kind.continuation, 0, 1, StreamClient.block([("x", "1")]))
            try? await heads.send(Array(repeatElement(more, count: 100).joined()))
            await heads.untilEnded()
            try await other.ask(1, "/a")
            #expect(await other.until { $0.isOver(1) }.body(1) == "/a")
        }
    }

    @Test func `P6 a client with more streams at once than are announced is refused, and no other client`() async throws {
        try await SecureFixture.with(.hand, answer: echo) { secure in
            // It never acknowledges the number.
            let client = try await secure.client()
            for number in 0..<100 { try await client.ask(UInt32(2 * number + 1), "/\(number)") }
            try await secure.until("\"heldCount\":100,")
            try await client.ask(201, "/more")
            #expect(await client.untilEnded().wentAway)
            try await secure.until("\"heldCount\":0,")
        }
    }
}
