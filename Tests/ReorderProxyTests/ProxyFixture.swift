import NIOCore
import ReorderProxy
import Reordering
import Synchronization

/// A proxy in front of a fake upstream.
struct ProxyFixture {
    let proxy: ReorderProxy
    let upstream: FakeUpstream
    let trace: Lines

    /// What was recorded.
    final class Lines: Sendable {
        private let bytes = Mutex([UInt8]())

        func append(_ lines: [UInt8]) { bytes.withLock { $0 += lines } }
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    }

    static func with(
        _ plan: ReorderingPlan, change: (inout ProxyConfiguration) -> Void = { _ in },
        answer: @escaping @Sendable (FakeUpstream.Connection, String) -> Void, _ body: (ProxyFixture) async throws -> Void
    ) async throws {
        let upstream = try await FakeUpstream.start(answer)
        guard let address = Upstream(upstream.url) else { return }
        var configuration = ProxyConfiguration(upstream: address, plan: plan)
        configuration.files = ["index.html": Array("<!doctype html><title>held</title>".utf8)]
        change(&configuration)
        let lines = Lines()
        // Time stands still: nothing here may depend on waiting.
        let chance = Chance()
        let proxy = try await ReorderProxy.start(
            configuration, ProxyEnvironment(now: { 1 }, random: { chance.next() }, record: { lines.append($0) }))
        try await body(ProxyFixture(proxy: proxy, upstream: upstream, trace: lines))
        try await proxy.stop()
        try await upstream.stop()
    }

    private final class Chance: Sendable {
        private let last = Mutex(UInt64(0))

        func next() -> UInt64 {
            last.withLock { last in
                last += 1
                return last
            }
        }
    }

    func client() async throws -> RawClient { try await RawClient.connect(proxy.port) }

    /// Sends a request on a connection of its own.
    func ask(_ target: String, method: String = "GET", fields: String = "", body: String = "") async throws -> RawClient {
        let client = try await client()
        try await client.send("\(method) \(target) HTTP/1.1\r\nHost: localhost:\(proxy.port)\r\n\(fields)\r\n\(body)")
        return client
    }

    /// Waits until so many are held.
    func held(_ count: Int) async throws { try await until("\"heldCount\":\(count),") }

    /// Waits until the proxy's state contains a text.
    func until(_ part: String) async throws {
        var version = ""
        while true {
            let client = try await ask("/__trueline/state\(version)", fields: "Connection: close\r\n")
            let state = await client.whole()
            if state.contains(part) { return }
            guard let start = state.firstRange(of: "{\"version\":") else { throw ChannelError.eof }
            version = "?after=" + state[start.upperBound...].prefix { $0 != "," }
        }
    }
}

/// Bodies that came in chunks.
enum Chunks {
    static func joined(_ text: String) -> String {
        var rest = Array(text.utf8)[...]
        var body: [UInt8] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\r")) {
            guard let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), size > 0 else { break }
            let start = end + 2
            guard rest.endIndex >= start + size else { break }
            body += rest[start..<start + size]
            rest = rest[(start + size)...].dropFirst(2)
        }
        return String(decoding: body, as: UTF8.self)
    }
}

/// Answers every request with its own target.
@Sendable func echo(_ connection: FakeUpstream.Connection, _ request: String) {
    connection.answer(String(request.split(separator: " ")[1]))
}

/// An upstream that answers a chunked request once it is there wholly, with trailers of its own.
final class TrailingUpstream: Sendable {
    private let asked = Mutex("")
    /// What was asked, as it came.
    var request: String { asked.withLock { $0 } }

    @Sendable func answer(_ connection: FakeUpstream.Connection, _ part: String) {
        let isWhole = asked.withLock { asked in
            asked += part
            return asked.hasSuffix("0\r\n\r\n")
        }
        guard isWhole else { return }
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Down: 1\r\n\r\n")
    }
}

func step(_ path: String, message: Int = 0) -> PlanStep { PlanStep(RequestMatcher(path: path), message: message) }

extension String {
    /// The parts between occurrences of a text.
    func components(_ separator: String) -> [Substring] { split(separator: separator, omittingEmptySubsequences: false) }
}
