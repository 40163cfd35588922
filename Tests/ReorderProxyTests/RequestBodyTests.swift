import ReorderProxy
import Reordering
import Testing

/// Answers a POST when its last byte is there, with the name of its operation.
@Sendable private func operations(_ connection: FakeUpstream.Connection, _ request: String) {
    for name in ["Cart", "Price"] where request.contains("\"\(name)\"") { connection.answer(name) }
}

@Suite(.timeLimit(.minutes(10))) struct RequestBodyTests {
    @Test func `P1 requests to one address are released in the order that their bodies say`() async throws {
        let plan = try PlanReader.read(
            Array(
                #"{"type":"plan","version":1,"release":[{"path":"/graphql","body":{"operationName":"Price"}},{"path":"/graphql","body":{"operationName":"Cart"}}]}"#
                    .utf8))
        try await ProxyFixture.with(plan, answer: operations) { fixture in
            func post(_ name: String) async throws -> RawClient {
                let body = "{\"variables\":{},\"operationName\":\"\(name)\"}"
                // The head and the body in pieces: what the request is about is known with the last.
                let client = try await fixture.ask(
                    "/graphql", method: "POST", fields: "Content-Length: \(body.utf8.count)\r\n", body: String(body.prefix(10)))
                try await client.send(String(body.dropFirst(10)))
                return client
            }
            let cart = try await post("Cart")
            try await fixture.held(1)
            let price = try await post("Price")
            #expect(await price.whole().hasSuffix("Price"))
            #expect(await cart.whole().hasSuffix("Cart"))
            try await fixture.until("the plan is done")
            #expect(try await !fixture.proxy.summary().isInexact)
        }
    }

    @Test func `a request that is answered before its body is there is known by what came of it`() async throws {
        let plan = try PlanReader.read(
            Array(
                #"{"type":"plan","version":1,"release":[{"path":"/other"},{"path":"/save","bodyContains":"begun"}]}"#.utf8))
        try await ProxyFixture.with(
            plan,
            answer: { connection, request in
                if request.contains("begun") || request.hasPrefix("GET") { connection.answer("early") }
            }
        ) { fixture in
            let early = try await fixture.ask("/save", method: "POST", fields: "Content-Length: 100\r\n", body: "begun")
            try await fixture.held(1)
            #expect(await (try await fixture.ask("/other")).whole().hasSuffix("early"))
            #expect(await early.whole().hasSuffix("early"))
        }
    }
}
