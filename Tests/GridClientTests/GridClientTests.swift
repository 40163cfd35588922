import GridModel
import Ordering
import Synchronization
import Testing
import Wire

@testable import GridClient

@Suite("Client")
struct GridClientTests {
    let server = ScriptedServer()
    let time = VirtualTime()
    var client: GridClient { GridClient(transport: server, environment: time.environment()) }

    @Test("An address that is not a server's is refused before anything is sent")
    func addresses() async throws {
        for address in ["", "localhost:1", "ftp://x", "http://", "http://a/b", "http://u@h", "http://a?b"] {
            #expect(throws: ClientError.self, "\(address)") {
                try GridClient(baseURL: address, environment: time.environment())
            }
        }
        await (try GridClient(baseURL: "http://127.0.0.1:1/", environment: time.environment())).shutdown()
    }

    @Test("S5: a change whose answer was lost is sent again under the same intent, and takes effect once")
    func resend() async throws {
        server.loseNextAnswers(3)
        let change = Change.setCell(row: RowID(3), column: ScriptedServer.column, value: .yes, ifRevision: nil)
        let intent = client.newIntent()
        let outcome = try await time.whileFlowing { [client] in
            try await client.submit([change], to: ScriptedServer.grid, intent: intent)
        }
        #expect(outcome.revision == Revision(2))
        #expect(server.requests("/changes").count == 4)
        #expect(server.value(3) == "true")
        #expect(time.slept.count == 3)
    }

    @Test("Waits double, are spread, never pass the ceiling, and honour the server's wish")
    func backoff() {
        for random in [0, UInt64.max / 2, UInt64.max] {
            var backoff = Backoff()
            var whole = 0.5
            for _ in 0..<20 {
                let wait = backoff.next(random: random)
                #expect(wait >= .seconds(whole / 2) && wait <= .seconds(whole))
                whole = min(15, whole * 2)
            }
            #expect(backoff.next(random: random, wish: .seconds(40)) == .seconds(40))
        }
    }

    @Test("A refusal carries the server's words, its code, and when to come back")
    func refusal() async throws {
        server.answerNext("/grids") {
            var reply = ScriptedServer.json(429, Problem("overloaded", "Busy", status: 429, detail: "too many at once").wire)
            reply.headers.append((name: "retry-after", value: "7"))
            return reply
        }
        let expected = ClientError(
            .refused(status: 429, problem: "overloaded"), "too many at once", retryAfter: .seconds(7))
        await #expect(throws: expected) { try await client.grids() }
        server.answerNext("/grids") { ScriptedServer.json(200, Array("<html>".utf8)) }
        let damaged = await #expect(throws: ClientError.self) { try await client.grids() }
        #expect(damaged?.code == .damagedReply)
    }

    @Test("A stream that breaks goes on after the last commit handed over, without a loss or a repetition")
    func resume() async throws {
        let events = try await time.whileFlowing { [client, server] in
            var events: [String] = []
            for try await event in client.events(of: ScriptedServer.grid) {
                switch event {
                case .connected(let revision, let after):
                    events.append("hello \(revision) after \(after.map(\.description) ?? "-")")
                    if events.count == 1 { server.commit(row: 1, .yes) }
                case .commit(let commit):
                    events.append("commit \(commit.from)-\(commit.revision)")
                    if commit.revision == Revision(2) {
                        server.breakStreams()
                        server.commit(row: 2, .no)
                        server.commit(row: 2, .yes)
                    } else {
                        return events
                    }
                case .lost: events.append("lost")
                case .run, .gap, .heartbeat, .restored: events.append("unexpected")
                }
            }
            return events
        }
        #expect(events == ["hello 1 after -", "commit 2-2", "lost", "hello 4 after 2", "commit 3-4"])
    }

    @Test("A connection that breaks between hello and the resumed commits does not skip them")
    func resumeTwice() async throws {
        server.answerNext("/events") {
            let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            continuation.yield(Array("id: 9\nevent: hello\ndata: {\"revision\":9}\n\n".utf8))
            continuation.finish()
            return ScriptedServer.stream(stream)
        }
        let asked = try await time.whileFlowing { [client, server] in
            var hellos = 0
            for try await event in client.events(of: ScriptedServer.grid, after: Revision(0)) {
                if case .connected = event { hellos += 1 }
                if hellos == 2 { break }
            }
            return server.requests("/events").map { $0.headers.first { $0.name == "Last-Event-ID" }?.value }
        }
        #expect(asked == ["0", "0"])
    }

    @Test("A grid that is not there ends the stream with the server's words")
    func noGrid() async throws {
        server.answerNext("/events") {
            ScriptedServer.json(404, Problem("not-found", "Not found", status: 404, detail: "no grid g1").wire)
        }
        let client = client
        let error = await #expect(throws: ClientError.self) {
            let live: @Sendable (LiveSheet) async throws -> Void = { sheet in for await _ in sheet.snapshots() {} }
            try await client.withLiveSheet(grid: ScriptedServer.grid, sheet: ScriptedServer.sheet, live)
        }
        #expect(error?.code == .refused(status: 404, problem: "not-found"))
    }

    @Test("C5: a live sheet follows commits, other pages, and a broken stream")
    func live() async throws {
        let seen = try await time.whileFlowing { [client, server] in
            try await client.withLiveSheet(grid: ScriptedServer.grid, sheet: ScriptedServer.sheet) { sheet in
                var seen: [String] = []
                var revision = Revision.zero
                for await snapshot in sheet.snapshots() {
                    #expect(snapshot.revision >= revision, "C2: revisions never fall")
                    revision = snapshot.revision
                    guard snapshot.trust.isCurrent || snapshot.trust.connection == .reconnecting else { continue }
                    let first = snapshot.page(1)?.rows.first?.cells[ScriptedServer.column]?.json
                    let second = snapshot.page(2)?.rows.first?.cells[ScriptedServer.column]?.json
                    switch seen.count {
                    case 0 where first == "1":
                        #expect(snapshot.totalRows == 250 && snapshot.columns.map(\.name) == ["n"])
                        seen.append("loaded")
                        server.commit(row: 1, .yes)
                    case 1 where first == "true":
                        seen.append("followed")
                        sheet.show(pages: 2...2)
                    case 2 where second == "101":
                        seen.append("turned")
                        server.breakStreams()
                        server.commit(row: 101, .no)
                    case 3 where second == "false": return seen + ["resumed"]
                    default: continue
                    }
                }
                return seen
            }
        }
        #expect(seen == ["loaded", "followed", "turned", "resumed"])
    }

    @Test("C9: an edit is a draft until a page shows it saved; a refused one stays until it is discarded")
    func drafts() async throws {
        let states = try await time.whileFlowing { [client, server] in
            try await client.withLiveSheet(grid: ScriptedServer.grid, sheet: ScriptedServer.sheet) { sheet in
                var states: [String] = []
                var snapshots = sheet.snapshots().makeAsyncIterator()
                while let snapshot = await snapshots.next(), snapshot.page(1) == nil {}
                let revision = try await sheet.edit(row: RowID(5), column: ScriptedServer.column, value: .yes)
                while let snapshot = await snapshots.next() {
                    let shown = snapshot.page(1)?.rows[4].cells[ScriptedServer.column]
                    if snapshot.drafts.isEmpty, snapshot.revision >= revision {
                        #expect(shown == .yes)
                        states.append("released")
                        break
                    }
                }
                server.answerNext("/changes") {
                    ScriptedServer.json(409, Problem("cell-changed", "Changed", status: 409, detail: "changed at 2").wire)
                }
                await #expect(throws: ClientError.self) {
                    try await sheet.edit(row: RowID(6), column: ScriptedServer.column, value: .no, ifRevision: Revision(1))
                }
                while let snapshot = await snapshots.next() {
                    guard let draft = snapshot.drafts.first else {
                        if states.count == 2 { return states + ["discarded"] }
                        continue
                    }
                    if draft.state == .refused("changed at 2"), states.count == 1 {
                        states.append("refused")
                        sheet.discard(draft.id)
                    }
                }
                return states
            }
        }
        #expect(states == ["released", "refused", "discarded"])
    }

    @Test("An import reports how far it is, and ends with its report, its problem, or the connection's end")
    func imports() async throws {
        func answer(_ text: String) {
            server.answerNext("/import") {
                let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
                for byte in text.utf8 { continuation.yield([byte]) }
                continuation.finish()
                return ScriptedServer.stream(stream)
            }
        }
        let progress = "event: progress\ndata: {\"bytes\":10,\"rows\":2,\"rejected\":1}\n\n"
        func run() async throws -> (ImportOutcome, [ImportStatus]) {
            let seen = Mutex<[ImportStatus]>([])
            let outcome = try await client.importFile(
                ByteStream { nil }, length: 0, into: ScriptedServer.sheet, of: ScriptedServer.grid,
                options: [(name: "format", value: "csv"), (name: "separator", value: ";")]
            ) { status in seen.withLock { $0.append(status) } }
            return (outcome, seen.withLock { $0 })
        }
        answer(
            progress
                + "event: done\ndata: {\"revision\":3,\"rows\":2,\"rejected\":1,\"rejects\":[{\"line\":4,\"reason\":\"x\"}]}\n\n"
        )
        let (outcome, seen) = try await run()
        #expect(outcome.revision == Revision(3) && outcome.rejects.map(\.line) == [4])
        #expect(seen == [ImportStatus(bytes: 10, rows: 2, rejected: 1)])
        #expect(server.requests.last?.target == "/api/v1/grids/g1/sheets/s1/import?format=csv&separator=%3B")
        let problem = String(
            decoding: Problem("too-large", "Too large", status: 413, detail: "too many rows").wire, as: UTF8.self)
        answer(progress + "event: problem\ndata: \(problem)\n\n")
        #expect(
            await #expect(throws: ClientError.self) { try await run() }?.code == .refused(status: 413, problem: "too-large"))
        answer(progress)
        #expect(await #expect(throws: ClientError.self) { try await run() }?.code == .unreachable)
    }
}
