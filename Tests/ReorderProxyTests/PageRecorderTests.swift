import ReorderProxy
import Reordering
import Synchronization
import Testing

/// Pages that have the proxy's recorder, and say by it what they have handled.
@Suite(.timeLimit(.minutes(10))) struct PageRecorderTests {
    /// What a page's recorder adds to a request.
    private func ofPage(_ number: Int) -> String {
        "Sec-Fetch-Dest: empty\r\nTrueline-Confirm: 1\r\ntraceparent: 00-\(String(repeating: "a", count: 32))-000000000000000\(number)-01\r\n"
    }

    @Test func `P1 a page with the recorder has a response when it says so, not when its connection has read it`() async throws
    {
        let asked = Mutex("")
        try await ProxyFixture.with(
            .steps([step("/b"), step("/a")]),
            answer: { connection, request in
                asked.withLock { $0 += request.lowercased() }
                echo(connection, request)
            }
        ) { fixture in
            let first = try await fixture.ask("/a", fields: ofPage(1))
            try await fixture.held(1)
            let second = try await fixture.ask("/b", fields: ofPage(2))
            let text = await second.whole()
            #expect(text.hasSuffix("/b") && text.contains("trueline-confirm: 1"))
            // Another page's word says nothing about this one's.
            try await fixture.ask("/__trueline/taken?span=00000000000000ff", method: "POST").until("{}")
            #expect(first.text.isEmpty)
            #expect(try await fixture.proxy.summary().delivered.isEmpty)
            try await fixture.ask("/__trueline/taken?span=0000000000000002", method: "POST").until("{}")
            #expect(await first.whole().hasSuffix("/a"))
            try await fixture.ask("/__trueline/taken?span=0000000000000001", method: "POST").until("{}")
            try await fixture.until("the plan is done")
            let summary = try await fixture.proxy.summary()
            #expect(summary.delivered.map(\.identity.path) == ["/b", "/a"] && !summary.isInexact)
            #expect(!asked.withLock { $0.contains("trueline-confirm") })
        }
    }

    @Test func `P3 a page that promised to confirm and went away is not waited for`() async throws {
        try await ProxyFixture.with(
            .steps([step("/b"), step("/a")]), change: { $0.limits.patience = 1_000_000 }, answer: echo
        ) { fixture in
            let first = try await fixture.ask("/a", fields: ofPage(1))
            let second = try await fixture.ask("/b", fields: ofPage(2))
            _ = await second.whole()
            #expect(await first.whole().hasSuffix("/a"))
            try await fixture.until("did not say that it handled")
        }
    }

    @Test func `P1 a page with the recorder says when it has a message of a stream`() async throws {
        let stream = Mutex<FakeUpstream.Connection?>(nil)
        try await ProxyFixture.with(
            .steps([step("/s", message: 2), step("/a")]), change: { $0.injects = true },
            answer: { connection, request in
                if request.hasPrefix("GET /a") { return echo(connection, request) }
                if request.hasPrefix("GET /s") { stream.withLock { $0 = connection } }
                connection.send(
                    request.hasPrefix("GET /s")
                        ? "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\nevent: price\ndata: 2\n\n"
                        : "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<head>")
            }
        ) { fixture in
            try await fixture.ask("/", fields: "Sec-Fetch-Dest: document\r\n").until("data-confirm=\"/__trueline/taken\"")
            let other = try await fixture.ask("/a", fields: ofPage(1))
            try await fixture.held(1)
            let events = try await fixture.ask("/s", fields: "Sec-Fetch-Dest: empty\r\n")
            await events.until("data: 2")
            let word = "/__trueline/taken?stream=/s&type="
            try await fixture.ask(word + "message&count=1", method: "POST").until("{}")
            try await fixture.ask(word + "price&count=2", method: "POST").until("{}")
            #expect(other.text.isEmpty)
            try await fixture.ask(word + "price&count=1", method: "POST").until("{}")
            #expect(await other.whole().hasSuffix("/a"))
            stream.withLock { $0 }?.close()
        }
    }

    @Test func `pages get the recorder behind their head, unless their policy forbids it`() async throws {
        try await ProxyFixture.with(
            .pass,
            change: {
                $0.injects = true
                $0.files["recorder.js"] = Array("record()".utf8)
            },
            answer: { connection, request in
                let policy =
                    request.hasPrefix("GET /strict")
                    ? "Content-Security-Policy: script-src 'none'\r\n"
                    : request.hasPrefix("GET /nonce") ? "Content-Security-Policy: script-src 'nonce-ab1='\r\n" : ""
                connection.answer(
                    "<!doctype html><HEAD lang=x><title>t</title>", fields: "Content-Type: text/html\r\n\(policy)")
            }
        ) { fixture in
            func page(_ path: String) async throws -> String {
                RawClient.body(
                    try await fixture.ask(path, fields: "Accept: text/html\r\nConnection: close\r\n").whole())
            }
            let (open, nonce, strict) = (try await page("/"), try await page("/nonce"), try await page("/strict"))
            #expect(open.hasPrefix("<!doctype html><HEAD lang=x><script src=\"/__trueline/recorder.js?v="))
            // A browser keeps that version of the recorder, and no other answer of the proxy.
            let start = try #require(open.firstRange(of: "src=\"")).upperBound
            let kept = try await fixture.ask(String(open[start...].prefix { $0 != "\"" }), fields: "Connection: close\r\n")
                .whole()
            #expect(kept.contains("immutable") && kept.hasSuffix("record()"))
            let other = try await fixture.ask("/__trueline/recorder.js?v=1", fields: "Connection: close\r\n").whole()
            #expect(other.contains("no-store"))
            #expect(nonce.contains(" nonce=\"ab1=\"></script>"))
            #expect(strict == "<!doctype html><HEAD lang=x><title>t</title>")
        }
    }
}
