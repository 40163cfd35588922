import GridModel
import Ordering
import Testing

@testable import GridClient

@Suite("Heartbeats", .timeLimit(.minutes(60)))
struct HeartbeatTests {
    let server = ScriptedServer()
    let time = VirtualTime()
    var client: GridClient { GridClient(transport: server, environment: time.environment()) }

    @Test("A stream that is open but silent for one and a half heartbeats is lost, says so, and is opened again")
    func silence() async throws {
        server.promiseHeartbeats(every: 2_000)
        let words = try await time.whileFlowing { [client, server] in
            var words: [String] = []
            for try await event in client.events(of: ScriptedServer.grid) {
                switch event {
                case .connected(_, let after):
                    words.append("connected after \(after.map(\.description) ?? "-")")
                    if words.count == 3 { return words }
                case .lost(let error):
                    words.append("\(error.code): \(error.message)")
                    server.promiseHeartbeats(every: nil)
                case .commit, .run, .gap, .heartbeat, .restored: words.append("unexpected")
                }
            }
            return words
        }
        #expect(
            words == [
                "connected after -", "timedOut: the event stream of grid g1 was silent for 3.0 s: no heartbeat came",
                "connected after 1",
            ])
        // How long it is silent is what was waited for, not what a clock that others share shows later.
        #expect(time.slept.contains(.seconds(3)), "\(time.slept)")
    }

    @Test("S2: a heartbeat that is ahead of what was told is a gap; one that is not says that the stream is alive")
    func beats() async throws {
        let events = try await time.whileFlowing { [client, server] in
            var events: [String] = []
            for try await event in client.events(of: ScriptedServer.grid) {
                switch event {
                case .connected: server.say("event: beat\ndata: {\"revision\":1}\n\n")
                case .heartbeat:
                    events.append("heartbeat")
                    if events.count == 3 { return events }
                    server.say("event: beat\ndata: {\"revision\":4}\n\n")
                case .gap(let revision):
                    events.append("gap \(revision)")
                    server.say("event: beat\ndata: {\"revision\":4}\n\n")
                case .commit, .run, .lost, .restored: events.append("unexpected")
                }
            }
            return events
        }
        #expect(events == ["heartbeat", "gap 4", "heartbeat"])
    }

    @Test("The trust line says why live updates do not come")
    func words() async throws {
        server.promiseHeartbeats(every: 2_000)
        let text = try await time.whileFlowing { [client, server] in
            try await client.withLiveSheet(grid: ScriptedServer.grid, sheet: ScriptedServer.sheet) { sheet in
                for await snapshot in sheet.snapshots() {
                    if snapshot.page(1) != nil {
                        for _ in 0..<3 { server.answerNext("/events") { throw ClientError(.unreachable, "no way") } }
                    }
                    if snapshot.trust.reason != nil { return snapshot.trust.text }
                }
                return ""
            }
        }
        #expect(
            text
                == "live updates lost, showing revision 1 (the event stream of grid g1 was silent for 3.0 s: no heartbeat came)"
        )
    }
}
