import NIOCore
import ReorderProxy
import Reordering
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10))) struct ReorderProxyTests {
    @Test func `P1 a response is held until the one before it was read by its client`() async throws {
        try await ProxyFixture.with(.steps([step("/b"), step("/a")]), answer: echo) { fixture in
            let first = try await fixture.ask("/a")
            try await fixture.held(1)
            let second = try await fixture.ask("/b")
            #expect(await second.whole().hasSuffix("/b"))
            #expect(await first.whole().hasSuffix("/a"))
            try await fixture.until("the plan is done")
            let summary = try await fixture.proxy.summary()
            #expect(summary.delivered.map(\.identity.path) == ["/b", "/a"])
            #expect(!summary.isInexact)
        }
    }

    @Test func `P4 a client that goes away frees what waits for it`() async throws {
        try await ProxyFixture.with(.steps([step("/b"), step("/a")]), answer: { if !$1.contains("/b") { echo($0, $1) } }) {
            fixture in
            let first = try await fixture.ask("/a")
            let second = try await fixture.ask("/b")
            try await fixture.held(1)
            try await second.close()
            #expect(await first.whole().hasSuffix("/a"))
            try await fixture.until("given up")
            let reports = try await fixture.proxy.summary().reports
            #expect(reports.contains { $0.contains("given up") })
        }
    }

    @Test func `what no plan names goes on over one connection`() async throws {
        try await ProxyFixture.with(.pass, answer: echo) { fixture in
            let client = try await fixture.ask("/a")
            await client.until("/a")
            try await client.send(
                "GET /b HTTP/1.1\r\nHost: localhost\r\n\r\nGET /c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            let text = await client.whole()
            #expect(text.contains("/b") && text.hasSuffix("/c"))
            #expect(text.components("HTTP/1.1 200").count == 4)
        }
    }

    @Test func `P5 events of a stream are held one by one, in their order and without loss`() async throws {
        let stream = Mutex<FakeUpstream.Connection?>(nil)
        let plan: [PlanStep] = [step("/a"), step("/s", message: 2)]
        try await ProxyFixture.with(
            .steps(plan),
            answer: { connection, request in
                guard request.hasPrefix("GET /s") else { return echo(connection, request) }
                stream.withLock { $0 = connection }
                connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n: ping\n\nda")
                connection.send("ta: 2\n\ndata: 3\n\n")
            }
        ) { fixture in
            let events = try await fixture.ask("/s", fields: "Accept: text/event-stream\r\nConnection: close\r\n")
            await events.until("data: 1")
            try await fixture.held(1)
            #expect(!events.text.contains("data: 2"))
            let other = try await fixture.ask("/a")
            #expect(await other.whole().hasSuffix("/a"))
            await events.until("data: 3")
            stream.withLock { $0 }?.close()
            let text = await events.whole()
            #expect(Chunks.joined(RawClient.body(text)) == "data: 1\n\n: ping\n\ndata: 2\n\ndata: 3\n\n")
        }
    }

    @Test func `P5 messages of a WebSocket are held one by one, and what the client sends is not`() async throws {
        try await ProxyFixture.with(
            .steps([step("/a"), step("/ws", message: 1)]),
            answer: { connection, request in
                if request.hasPrefix("GET /ws") {
                    connection.send(
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
                    )
                } else if request.hasPrefix("GET") {
                    echo(connection, request)
                } else {
                    connection.send([0x81, 0x02] + Array("hi".utf8) + [0x81, 0x02] + Array("ho".utf8))
                }
            }
        ) { fixture in
            let socket = try await fixture.ask("/ws", fields: "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n")
            await socket.until("\r\n\r\n")
            #expect(socket.text.hasPrefix("HTTP/1.1 101"))
            try await socket.send("frames of the client")
            try await fixture.held(1)
            let other = try await fixture.ask("/a")
            #expect(await other.whole().hasSuffix("/a"))
            await socket.until("ho")
            #expect(socket.text.contains("hi"))
        }
    }

    @Test func `P12 bodies arrive as they were sent, in every framing`() async throws {
        let long = String(repeating: "0123456789", count: 40_000)
        try await ProxyFixture.with(
            .reverse,
            answer: { connection, request in
                switch request.split(separator: " ")[1] {
                case "/length": connection.answer(long)
                case "/chunks":
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                    connection.send("\(String(long.count, radix: 16))\r\n\(long)\r\n0\r\nTrailer: x\r\n\r\n")
                case "/close":
                    connection.sendAndClose("HTTP/1.0 200 OK\r\n\r\n\(long)")
                case "/none": connection.send("HTTP/1.1 204 No Content\r\n\r\n")
                default: connection.send("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n")
                }
            }
        ) { fixture in
            let clients = [
                try await fixture.ask("/length"), try await fixture.ask("/chunks"), try await fixture.ask("/close"),
                try await fixture.ask("/none"), try await fixture.ask("/head", method: "HEAD"),
            ]
            try await fixture.held(5)
            try await fixture.ask("/__trueline/quiet", method: "POST").until("{}")
            // The last asked for is the first to be released. Only whether they are equal: a difference of 400 KB helps nobody.
            let head = await clients[4].whole()
            let none = RawClient.body(await clients[3].whole())
            let close = Chunks.joined(RawClient.body(await clients[2].whole()))
            let chunks = Chunks.joined(RawClient.body(await clients[1].whole()))
            let length = RawClient.body(await clients[0].whole())
            let areEqual = [none == "", close == long, chunks == "abc" + long, length == long]
            #expect(areEqual == [true, true, true, true])
            #expect(head.contains("Content-Length: 77") && RawClient.body(head) == "")
        }
    }

    @Test func `P11 trailers end at the proxy, in both directions`() async throws {
        let upstream = TrailingUpstream()
        try await ProxyFixture.with(.pass, answer: upstream.answer) { fixture in
            let fields = "Transfer-Encoding: chunked\r\nTE: trailers\r\nConnection: TE, close\r\n"
            let text = try await fixture.ask(
                "/a", method: "POST", fields: fields, body: "2\r\nup\r\n0\r\nX-Up: 1\r\n\r\n"
            ).whole()
            #expect(RawClient.body(text) == "3\r\nabc\r\n0\r\n\r\n")
            let request = upstream.request
            #expect(RawClient.body(request) == "2\r\nup\r\n0\r\n\r\n")
            #expect(!request.lowercased().contains("\r\nte:"))
        }
    }

    @Test func `P12 an answer that the upstream cuts is cut for the client too`() async throws {
        try await ProxyFixture.with(
            .pass,
            answer: { connection, _ in
                connection.sendAndClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            }
        ) { fixture in
            let text = try await fixture.ask("/a").whole()
            #expect(!text.contains("0\r\n\r\n"))
        }
    }

    @Test func `P9 requests that could hide another are refused, and nothing of them reaches the upstream`() async throws {
        let seen = Mutex([String]())
        try await ProxyFixture.with(.pass, answer: { connection, request in seen.withLock { $0.append(request) } }) { fixture in
            for framing in [
                "Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding : chunked",
                "Content-Length: 4\r\nContent-Length: 4",
            ] {
                let text = await
                    (try await fixture.ask(
                        "/a", method: "POST", fields: "\(framing)\r\n", body: "0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n")).whole()
                #expect(text.hasPrefix("HTTP/1.1 400"))
                #expect(text.components("HTTP/1.1 ").count == 2)
            }
            #expect(seen.withLock { $0 } == [])
        }
    }

    @Test func `P9 a request that breaks a rule after its answer began ends the answer, and nothing is written into it`()
        async throws
    {
        try await ProxyFixture.with(
            .pass,
            answer: { connection, request in
                guard request.hasPrefix("POST") else { return }
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nbegun")
            }
        ) { fixture in
            let client = try await fixture.ask(
                "/a", method: "POST", fields: "Transfer-Encoding: chunked\r\n", body: "1\r\nx\r\n")
            await client.until("begun")
            try await client.send("no chunk\r\n")
            #expect(await client.whole().hasSuffix("begun"))
        }
    }

    @Test func `P9 an upstream that answers in two ways is not passed on`() async throws {
        try await ProxyFixture.with(
            .pass,
            answer: { connection, _ in
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            }
        ) { fixture in
            let text = try await fixture.ask("/a").whole()
            #expect(text.hasPrefix("HTTP/1.1 502"))
        }
    }

    @Test func `P11 the upstream is sent its own name and nothing of the connection`() async throws {
        let seen = Mutex("")
        try await ProxyFixture.with(
            .pass,
            answer: { connection, request in
                seen.withLock { $0 = request }
                connection.answer(
                    "x",
                    fields:
                        "Keep-Alive: 9\r\nLocation: http://127.0.0.1:\(connection.channel.localAddress?.port ?? 0)/y\r\nSet-Cookie: a=1; Domain=shop.test; Path=/\r\nStrict-Transport-Security: max-age=9\r\n"
                )
            }
        ) { fixture in
            let own = "http://localhost:\(fixture.proxy.port)"
            let client = try await fixture.ask(
                "/x?y=1", method: "POST",
                fields: "Origin: \(own)\r\nReferer: \(own)/page\r\nConnection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n",
                body: "ok")
            let text = await client.until("\r\n\r\nx")
            let request = seen.withLock { $0 }
            #expect(request.contains("Host: 127.0.0.1:\(fixture.upstream.port)\r\n"))
            #expect(
                request.contains("Origin: \(fixture.upstream.url)\r\n")
                    && request.contains("Referer: \(fixture.upstream.url)/page\r\n"))
            #expect(request.contains("traceparent: 00-") && !request.contains("X-Hop"))
            #expect(text.contains("Location: \(own)/y\r\n") && text.contains("Set-Cookie: a=1; Path=/\r\n"))
            #expect(!text.contains("Strict-Transport") && !text.contains("Keep-Alive"))
        }
    }

    @Test func `P13 two clients never share an upstream connection, and one client keeps its own`() async throws {
        try await ProxyFixture.with(.pass, answer: { connection, _ in connection.answer("c\(connection.number)") }) { fixture in
            let first = try await fixture.ask("/a")
            await first.until("c1")
            let second = try await fixture.ask("/a")
            await second.until("c2")
            try await first.send("GET /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(await first.whole().components("c1").count == 3)
        }
    }

    @Test func `a kept upstream connection that was closed meanwhile is made anew for what changes nothing`() async throws {
        try await ProxyFixture.with(
            .pass,
            answer: { connection, request in
                guard connection.number == 1, request.contains("/b") else { return echo(connection, request) }
                connection.close()
            }
        ) { fixture in
            let client = try await fixture.ask("/a")
            await client.until("/a")
            try await client.send("GET /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(await client.whole().hasSuffix("/b"))
        }
    }

    @Test func `P14 no request chooses whom the proxy asks`() async throws {
        try await ProxyFixture.with(.pass, answer: echo) { fixture in
            let relay = try await fixture.client()
            try await relay.send("GET http://169.254.169.254/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(await relay.whole().hasPrefix("HTTP/1.1 400"))
            let tunnel = try await fixture.client()
            try await tunnel.send("CONNECT inside:443 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(await tunnel.whole().hasPrefix("HTTP/1.1 501"))
        }
        #expect(
            Upstream("ftp://a") == nil && Upstream("http://a/b") == nil && Upstream("http://u@a") == nil
                && Upstream("http://a:0") == nil)
        #expect(Upstream("https://Shop.test/")?.origin == "https://shop.test")
    }

    @Test func `P15 other names and other sites are not answered`() async throws {
        try await ProxyFixture.with(.hand, answer: echo) { fixture in
            let rebound = try await fixture.client()
            try await rebound.send("GET /a HTTP/1.1\r\nHost: evil.test\r\n\r\n")
            #expect(await rebound.whole().hasPrefix("HTTP/1.1 421"))
            for fields in ["Origin: http://evil.test\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
                let text = try await fixture.ask("/__trueline/release", method: "POST", fields: fields).whole()
                #expect(text.hasPrefix("HTTP/1.1 403"))
            }
            let page = try await fixture.ask("/__trueline/", fields: "Connection: close\r\n").whole()
            #expect(page.contains("<title>held</title>") && page.contains("frame-ancestors 'none'"))
        }
    }

    @Test func `a person releases one by hand, and then all`() async throws {
        try await ProxyFixture.with(.hand, answer: echo) { fixture in
            let first = try await fixture.ask("/a")
            let second = try await fixture.ask("/b")
            try await fixture.held(2)
            try await fixture.ask("/__trueline/release", method: "POST").until("{}")
            await first.until("/a")
            await second.until("/b")
        }
    }

    @Test func `the recording has what passed and what pages sent, in order and without credentials`() async throws {
        try await ProxyFixture.with(.pass, answer: echo) { fixture in
            try await fixture.ask("/a?token=sesame-open").until("\r\n\r\n/a")
            func post(_ part: Int, _ line: String) async throws {
                let body = "{\"type\":\"trace\",\"version\":1,\"id\":\"t\",\"part\":\(part)}\n\(line)\n"
                let client = try await fixture.ask(
                    "/__trueline/traces", method: "POST", fields: "Content-Length: \(body.utf8.count)\r\n", body: body)
                await client.until("{}")
            }
            try await post(2, #"{"type":"note","label":"second"}"#)
            try await post(1, #"{"type":"note","label":"first","value":{"password":"sesame-shut"}}"#)
            try await post(2, #"{"type":"note","label":"second"}"#)
            let bad = try await fixture.ask("/__trueline/traces", method: "POST", fields: "Content-Length: 1\r\n", body: "x")
            #expect(await bad.until("byte").contains("400"))
            try await fixture.proxy.stop()
            let text = fixture.trace.text
            #expect(text.contains(#""method":"GET","url":"/a?token="#) && !text.contains("sesame"))
            #expect(text.components(#""label":"first""#).count == 2 && text.components(#""label":"second""#).count == 2)
            #expect(
                (text.firstRange(of: "first")?.lowerBound ?? text.endIndex)
                    < (text.firstRange(of: "second")?.lowerBound ?? text.startIndex))
            #expect(text.contains(#""type":"deliver""#))
        }
    }
}
