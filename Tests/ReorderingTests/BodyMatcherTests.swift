import Reordering
import Testing

/// The matcher of a step, as a plan says it.
private func matcher(_ members: String) throws -> RequestMatcher {
    let plan = try PlanReader.read(Array(#"{"type":"plan","version":1,"release":[{"path":"/graphql",\#(members)}]}"#.utf8))
    guard case .steps(let steps) = plan, let first = steps.first else { return RequestMatcher() }
    return first.matcher
}

private let post = RequestIdentity(method: "POST", target: "/graphql")

struct BodyMatcherTests {
    @Test(arguments: [
        (#""body":{"operationName":"Price"}"#, #"{"operationName":"Price","variables":{"cart":2}}"#, true),
        (#""body":{"operationName":"Price"}"#, #"{"variables":{"operationName":"Price"}}"#, false),
        (#""body":{"operationName":"Price"}"#, #"[{"operationName":"Cart"},{"operationName":"Price"}]"#, true),
        (#""body":{"operationName":"Price"}"#, #"{"operationName":"Price2"}"#, false),
        (#""body":{"variables":{"cart":2}}"#, #"{"variables":{"x":[{}],"cart":2.0}}"#, true),
        (#""body":{"variables":{"cart":2}}"#, #"{"variables":{"cart":"2"}}"#, false),
        (#""body":{"id":null}"#, #"{"id":{"any":1}}"#, true), (#""body":{"id":null}"#, "{}", false),
        (#""body":{"ids":[1,2]}"#, #"{"ids":[1, 2]}"#, true), (#""body":{"ids":[1,2]}"#, #"{"ids":[2,1]}"#, false),
        (#""body":{"a":{"b":true}}"#, #"{"a":3}"#, false), (#""body":{}"#, "{}", true), (#""body":{}"#, "3", false),
        (#""body":{"a":1}"#, #"{"a":1"#, false), (#""body":{"a":1}"#, #"{"a":1} x"#, false), (#""body":{"a":1}"#, "", false),
        (#""bodyContains":"query Price""#, #"{"query":"query Price { total }"}"#, true),
        (#""bodyContains":"aab""#, "aaab", true), (#""bodyContains":"aab""#, "aaa", false),
        (#""bodyContains":"x","body":{"a":1}"#, #"{"a":1}"#, false),
    ])
    func `a step can ask for members and for text of a request's body`(members: String, body: String, isMatch: Bool) throws {
        #expect(try matcher(members).matches(post, body: Array(body.utf8)) == isMatch)
    }

    @Test func `P6 of a long body only the beginning is looked at`() throws {
        let start = Array(#"{"operationName":"Price","rest":""#.utf8)
        let long = start + Array(repeating: UInt8(ascii: "x"), count: BodyMatcher.bytes) + Array(#"end"}"#.utf8)
        #expect(try !matcher(#""body":{"operationName":"Price"}"#).matches(post, body: long))
        #expect(try matcher(#""bodyContains":"Price""#).matches(post, body: long))
        #expect(try !matcher(#""bodyContains":"end""#).matches(post, body: long))
    }

    @Test func `P10 a body that nests without end is no match and no crash`() throws {
        let deep = Array(repeating: UInt8(ascii: "["), count: BodyMatcher.bytes)
        #expect(try !matcher(#""body":{"a":1}"#).matches(post, body: deep))
        let closed = Array(String(repeating: "[", count: 120).utf8) + Array(String(repeating: "]", count: 120).utf8)
        #expect(try !matcher(#""body":{"a":1}"#).matches(post, body: closed))
    }

    @Test func `two requests to one address are told apart by their bodies, in whatever order they come`() throws {
        let plan = try PlanReader.read(
            Array(
                #"{"type":"plan","version":1,"release":[{"path":"/graphql","body":{"operationName":"B"}},{"path":"/graphql","body":{"operationName":"A"}}]}"#
                    .utf8))
        #expect(plan.readsBodies)
        for names in [["A", "B"], ["B", "A"]] {
            var scheduler = Scheduler(plan)
            for (index, name) in names.enumerated() {
                let id = ExchangeID(UInt64(index + 1))
                scheduler.handle(
                    .requested(id, post, isCandidate: true, body: Array(#"{"operationName":"\#(name)"}"#.utf8)), at: 0)
                scheduler.handle(.answered(HoldID(id)), at: 0)
            }
            let place = names.firstIndex(of: "B") ?? 0
            #expect(scheduler.nextEffect() == .release(HoldID(ExchangeID(UInt64(place + 1))), confirm: true))
        }
    }

    @Test(arguments: [#""body":3"#, #""body":["x"]"#, #""bodyContains":{}"#, #""body":{"a"}"#])
    func `what is no question about a body is refused`(members: String) {
        #expect(throws: PlanFailure.self) { try matcher(members) }
    }
}
