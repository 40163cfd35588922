import Foundation
import HTTPTypes
import Testing
import Wire

@testable import GridServer

@Suite("Security")
struct SecurityTests {
    private static func head(_ method: HTTPRequest.Method, _ authority: String?, _ fields: [String: String] = [:])
        -> HTTPRequest
    {
        var request = HTTPRequest(method: method, scheme: "http", authority: authority, path: "/")
        for (name, value) in fields { request.headerFields[named(name)] = value }
        return request
    }

    private static func refusal(_ head: HTTPRequest, configured: [String] = []) -> String? {
        do {
            try HostGuard(configured: configured).check(head)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(
        "Only known hosts are answered",
        arguments: [
            ("127.0.0.1:8787", true), ("localhost", true), ("LOCALHOST:80", true), ("[::1]:8787", true),
            ("grid.example:1", true),
            ("evil.example", false), ("127.0.0.1.evil.example", false), ("localhost.evil", false), ("", false), ("[::1", false),
            ("127.0.0.1:80@evil", false), ("[::1]evil", false),
        ])
    func hosts(authority: String, isKnown: Bool) {
        let refusal = Self.refusal(Self.head(.get, authority), configured: ["Grid.Example"])
        #expect(refusal == (isKnown ? nil : "wrong-host"))
    }

    @Test("What changes something comes from our own pages or from no browser")
    func origins() {
        let host = "127.0.0.1:8787"
        #expect(Self.refusal(Self.head(.post, host)) == nil)
        #expect(Self.refusal(Self.head(.post, host, ["Origin": "http://127.0.0.1:8787"])) == nil)
        for origin in [
            "http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8787", "http://127.0.0.1:8787.evil",
        ] {
            #expect(Self.refusal(Self.head(.post, host, ["Origin": origin])) == "cross-site", "\(origin)")
            #expect(Self.refusal(Self.head(.delete, host, ["Origin": origin])) == "cross-site", "\(origin)")
        }
        for site in ["cross-site", "same-site"] {
            #expect(Self.refusal(Self.head(.post, host, ["Sec-Fetch-Site": site])) == "cross-site")
            #expect(Self.refusal(Self.head(.get, host, ["Sec-Fetch-Site": site])) == "cross-site")
            let navigation = ["Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"]
            #expect(Self.refusal(Self.head(.get, host, navigation)) == nil)
            #expect(Self.refusal(Self.head(.post, host, navigation)) == "cross-site")
        }
        #expect(Self.refusal(Self.head(.post, host, ["Sec-Fetch-Site": "same-origin", "Origin": "http://" + host])) == nil)
    }

    @Test("A request from another site changes nothing, whatever the route", arguments: Way.allCases)
    func crossSite(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid()
            let headers = ["Origin": "http://evil.example"]
            for (method, path) in [
                (HTTPRequest.Method.post, "/grids"), (.delete, grid.path), (.post, grid.path + "/changes"),
                (.post, grid.sheet + "/import"), (.patch, grid.path), (.delete, grid.sheet),
            ] {
                let answer = try await api.send(method, path, "{}", headers: headers)
                #expect(answer.status == 403)
                #expect(try Problem(wire: answer.body).code == "cross-site")
            }
            #expect(try GridDocument(wire: try await api.send(.get, grid.path).body).revision == grid.revision)
        }
    }

    /// A web directory with a page, a module, a program and a secret beside it.
    private static func web() throws -> String {
        let root = FileManager.default.temporaryDirectory.appending(
            path: "trueline-web-\(ProcessInfo.processInfo.processIdentifier)")
        let web = root.appending(path: "web")
        try FileManager.default.createDirectory(at: web.appending(path: "control"), withIntermediateDirectories: true)
        try Data("open sesame".utf8).write(to: root.appending(path: "secret.txt"))
        try Data("<!doctype html>".utf8).write(to: web.appending(path: "index.html"))
        try Data(String(repeating: "export {};\n", count: 300).utf8).write(to: web.appending(path: "app.js"))
        try Data([0, 0x61, 0x73, 0x6d]).write(to: web.appending(path: "ordering.wasm"))
        try Data("hidden".utf8).write(to: web.appending(path: ".env"))
        try Data("x".utf8).write(to: web.appending(path: "control/index.html"))
        try? FileManager.default.createSymbolicLink(
            at: web.appending(path: "link.txt"), withDestinationURL: root.appending(path: "secret.txt"))
        return web.path
    }

    @Test(
        "Files carry the right types and a strict policy, and nothing outside the directory is served", arguments: Way.allCases)
    func files(_ way: Way) async throws {
        let web = try Self.web()
        try await TestServer(web: web).test(way) { api in
            let page = try await api.send(.get, "/")
            #expect(page.status == 200 && page.headers[.contentType] == "text/html; charset=utf-8")
            let policy = page.headers[named("Content-Security-Policy")] ?? ""
            #expect(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"))
            for rule in [
                "default-src 'none'", "require-trusted-types-for 'script'", "frame-ancestors 'none'", "'wasm-unsafe-eval'",
            ] {
                #expect(policy.contains(rule))
            }
            for (name, value) in [
                ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
                ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ] {
                #expect(page.headers[named(name)] == value)
            }
            #expect(try await api.send(.get, "/ordering.wasm").headers[.contentType] == "application/wasm")
            let script = try await api.send(.get, "/app.js", headers: ["Accept-Encoding": "gzip"])
            #expect(script.headers[.contentEncoding] == "gzip" && script.body.starts(with: [0x1f, 0x8b]))
            let tag = script.headers[.eTag] ?? ""
            #expect(try await api.send(.get, "/app.js", headers: ["If-None-Match": tag]).status == 304)
            // The live client itself refuses a backslash.
            let odd = way == .router ? ["/..\\secret.txt"] : []
            for path in odd + [
                "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/a/../../secret.txt", "/.env", "/link.txt", "/%00",
                "/control/", "/control/index.html", "//etc/passwd", "/absent.js",
            ] {
                let answer = try await api.send(.get, path)
                #expect(answer.status == 404, "\(path)")
                #expect(!answer.text.contains("sesame"), "\(path)")
            }
            #expect(try await api.send(.post, "/app.js", "x").status == 405)
            let head = try await api.send(.head, "/app.js")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test("JSON is compressed when asked for, and says the same", arguments: Way.allCases)
    func compression(_ way: Way) async throws {
        try await TestServer().test(way) { api in
            let grid = try await api.makeGrid(rows: 100)
            let plain = try await api.send(.get, grid.sheet + "/pages")
            let small = try await api.send(.get, grid.sheet + "/pages", headers: ["Accept-Encoding": "br, gzip;q=0.8"])
            #expect(small.headers[.contentEncoding] == "gzip" && small.body.count < plain.body.count / 3)
            #expect(small.headers[.vary] == "Accept-Encoding")
            #expect(plain.headers[.contentEncoding] == nil)
            let refused = try await api.send(.get, grid.sheet + "/pages", headers: ["Accept-Encoding": "gzip;q=0"])
            #expect(refused.headers[.contentEncoding] == nil)
        }
    }
}
