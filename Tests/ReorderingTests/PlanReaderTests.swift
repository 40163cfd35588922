import Reordering
import Testing

struct PlanReaderTests {
    @Test func `a plan lists releases with what they match and what they wait for`() throws {
        let plan = try PlanReader.read(
            Array(
                #"{"type":"plan","version":1,"release":[{"method":"get","path":"/api/*","arguments":{"q":"ab","page":null},"nth":2,"after":[{"barrier":"paid"},{"requested":{"path":"/x"}}]},{"path":"/events","message":3}]}"#
                    .utf8))
        let first = PlanStep(
            RequestMatcher(
                method: "GET", path: "/api/*", arguments: [.init(name: "q", value: "ab"), .init(name: "page", value: nil)]),
            nth: 2, after: [.barrier("paid"), .requested(RequestMatcher(path: "/x"))])
        #expect(plan == .steps([first, PlanStep(RequestMatcher(path: "/events"), message: 3)]))
    }

    @Test(arguments: [
        "", "[]", #"{"type":"plan","version":2,"release":[]}"#, #"{"type":"trace","version":1}"#,
        #"{"type":"plan","version":1,"release":[{"path":"/x","nth":0}]}"#,
        #"{"type":"plan","version":1,"release":[{"pat":"/x"}]}"#, #"{"type":"plan","version":1,"release":[{"after":[{}]}]}"#,
        #"{"type":"order","version":1,"steps":[]}"#, #"{"type":"plan","version":1,"release":[]} x"#,
    ])
    func `what is no plan is refused by its place`(text: String) {
        #expect(throws: PlanFailure.self) { try PlanReader.read(Array(text.utf8)) }
    }

    @Test
    func
        `a witness becomes the releases of its deliveries, digests matching anything and equal requests told apart by the recorded order`()
        throws
    {
        let plan = try PlanReader.read(
            Array(
                #"""
                {"type":"order","version":1,"steps":[
                 {"event":"e1","kind":"began","request":"r1","method":"GET","url":"/p?q=~11"},
                 {"event":"e3","kind":"delivered","request":"r3","method":"GET","url":"/p?q=~33"},
                 {"event":"e2","kind":"delivered","request":"r2","method":"GET","url":"https://other.test/p?q=~22"},
                 {"event":"e4","kind":"delivered","request":null,"method":null,"url":null},
                 {"event":"e5","kind":"delivered","request":"r5","method":"GET","url":"/d?cart=5"}],
                 "reversals":[{"first":"e3","second":"e2"}],"ends":[{"key":"k"}]}
                """#.utf8))
        let search = RequestMatcher(method: "GET", path: "/p", arguments: [.init(name: "q", value: nil)], isExact: true)
        let cart = RequestMatcher(method: "GET", path: "/d", arguments: [.init(name: "cart", value: "5")], isExact: true)
        #expect(plan == .steps([PlanStep(search, nth: 2), PlanStep(search, nth: 1), PlanStep(cart, nth: 1)]))
    }

    @Test(arguments: [
        ("/a", "/a", true), ("/a", "/ab", false), ("*", "/anything", true), ("/a/*/c", "/a/b/c", true),
        ("/a/*/c", "/a/b/d", false),
        ("/*a*b", "/xaxxab", true), ("/*a*b", "/xaxxa", false), ("", "/", false),
    ])
    func `a path matches with stars for any characters`(pattern: String, path: String, isMatch: Bool) {
        #expect(RequestMatcher(path: pattern).matches(RequestIdentity(method: "GET", target: path)) == isMatch)
    }

    @Test func `arguments identify whatever their order, and ignored ones do not`() {
        let one = RequestIdentity(method: "get", target: "/p?b=2&a=1&_=99#x", ignoring: ["_"])
        #expect(one == RequestIdentity(method: "GET", target: "/p?a=1&b=2"))
        #expect(one.text == "GET /p?a=1&b=2")
    }

    @Test func `what asks for exactly one thing does not match what asks for more`() {
        let plain = RequestMatcher(RequestIdentity(method: "GET", target: "/list"))
        #expect(plain.matches(RequestIdentity(method: "GET", target: "/list")))
        #expect(!plain.matches(RequestIdentity(method: "GET", target: "/list?page=2")))
        #expect(RequestMatcher(path: "/list").matches(RequestIdentity(method: "GET", target: "/list?page=2")))
    }
}
