import Enrichment
import NIOHTTP1
import Testing

@testable import trueline

/// Connections to a model are kept from call to call, and what their end means for a question is never guessed.
@Suite("Kept connections to a model", .timeLimit(.minutes(60))) struct KeptConnectionTests {
    /// A time that does not come within a test.
    private static let never = Duration.seconds(3_600)

    private static func with(
        _ acts: [ScriptedModelServer.Act], refused: Int = 0, idleTime: Duration = never,
        _ body: (ScriptedModelServer, HTTPModelTransport) async throws -> Void
    ) async throws {
        let server = try ScriptedModelServer(acts, refused: refused)
        let transport = HTTPModelTransport(network: ModelNetwork(allowsPrivate: true), idleTime: idleTime)
        try await body(server, transport)
        await transport.shutdown()
        server.stop()
    }

    /// Asks once: nil for an answer, else how it failed.
    private static func ask(_ server: ScriptedModelServer, _ transport: HTTPModelTransport, bytes: Int = 2) async
        -> ModelFailure.Kind?
    {
        let request = TransportRequest(
            method: "POST", url: "http://127.0.0.1:\(server.port)/v1/chat/completions", headers: [],
            body: Array(repeating: UInt8(ascii: " "), count: bytes))
        do throws(ModelFailure) {
            try await transport.send(request) { (_) throws(ModelFailure) in }
            return nil
        } catch {
            return error.kind
        }
    }

    @Test func `calls one after the other go over one connection`() async throws {
        try await Self.with([.reply()]) { server, transport in
            for _ in 0..<20 { #expect(await Self.ask(server, transport) == nil) }
            #expect(server.requests == 20)
            #expect(server.connections == 1)
        }
    }

    @Test(arguments: ["Connection: close\r\n", "Keep-Alive: timeout=1\r\n", "Keep-Alive: timeout=5, max=0\r\n"])
    func `a server that will not keep its connection is taken at its word`(_ header: String) async throws {
        try await Self.with([.reply(more: header)]) { server, transport in
            for _ in 0..<5 { #expect(await Self.ask(server, transport) == nil) }
            #expect(server.connections == 5)
        }
    }

    @Test func `a server that promises more than we need changes nothing`() async throws {
        try await Self.with([.reply(more: "Keep-Alive: timeout=5, max=100\r\n")]) { server, transport in
            for _ in 0..<5 { #expect(await Self.ask(server, transport) == nil) }
            #expect(server.connections == 1)
        }
    }

    @Test func `a connection that nobody uses is ended by us, before the server thinks of it`() async throws {
        try await Self.with([.reply()], idleTime: .milliseconds(1)) { server, transport in
            #expect(await Self.ask(server, transport) == nil)
            for await _ in server.clientEnds { break }
        }
    }

    @Test(arguments: [false, true])
    func `E13: a question that was sent and got no reply is lost, and not asked again behind anybody's back`(reset: Bool)
        async throws
    {
        try await Self.with([.reply(), .end(reset: reset), .reply()]) { server, transport in
            #expect(await Self.ask(server, transport) == nil)
            #expect(await Self.ask(server, transport) == .lost)
            #expect(server.requests == 2)
            #expect(await Self.ask(server, transport) == nil)
            #expect(server.connections == 2)
        }
    }

    @Test func `E13: on a new connection as well`() async throws {
        try await Self.with([.end(reset: false)]) { server, transport in
            #expect(await Self.ask(server, transport) == .lost)
            #expect(server.requests == 1)
        }
    }

    @Test func `E13: a question that was not sent whole is asked over again at once`() async throws {
        // More than any kernel takes for a peer that does not read.
        try await Self.with([.reply()], refused: 2) { server, transport in
            let failure = await Self.ask(server, transport, bytes: 48 << 20)
            #expect(failure == nil)
            #expect(server.requests == 1)
            #expect(server.connections == 3)
        }
    }

    @Test(arguments: [ScriptedModelServer.Act.replyAndEnd, .replyAndResetNext])
    func `E13: where connections end unannounced each question is answered or lost, and none is read twice`(
        _ act: ScriptedModelServer.Act
    ) async throws {
        try await Self.with([act]) { server, transport in
            var answered = 0
            for _ in 0..<60 {
                switch await Self.ask(server, transport) {
                case nil: answered += 1
                case let kind: #expect(kind == .lost)
                }
            }
            #expect(server.requests == answered)
        }
    }

    @Test(arguments: [
        ("timeout=5, max=100", true), ("timeout=2", true), ("timeout=1", false), ("TIMEOUT=0", false), ("max=0", false),
        ("max=1", true), ("timeout=soon", true), ("", true),
    ])
    func `what a server says of its patience`(_ value: String, _ outlasts: Bool) {
        #expect(ConnectionWatch.outlastsIdleTime(HTTPHeaders([("Keep-Alive", value)])) == outlasts)
    }
}
