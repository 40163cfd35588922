import HTTPTypes
import Hummingbird
import Wire

// A page of another site can make a browser send requests here: by a name that it rebinds to 127.0.0.1, or straight, as a form.
// Against the first, only known names are answered; against the second, what changes something must come from our own pages.
// Programs that are no browser send neither Origin nor Sec-Fetch-Site, and need neither. One thing may come from another site: a part of
// a recorded trace, from the origins that the operator named, to the one route that keeps it and answers nothing.

/// Decides which requests are answered at all.
struct HostGuard: Sendable {
    private let names: Set<String>
    private let traceOrigins: Set<String>
    /// Where traces come in.
    static let tracePath: PathPattern = "/traces"

    /// - Parameters:
    ///   - configured: names besides the loopback ones.
    ///   - traceOrigins: origins whose pages may post traces.
    init(configured: [String], traceOrigins: [String] = []) {
        names = Set(["127.0.0.1", "localhost", "[::1]"] + configured.map { $0.lowercased() })
        self.traceOrigins = Set(traceOrigins.map { $0.lowercased() })
    }

    /// True for an origin whose pages may post traces.
    func isTraceOrigin(_ origin: String) -> Bool {
        traceOrigins.contains(origin.lowercased())
    }

    private func isTracePost(_ head: HTTPRequest) -> Bool {
        guard head.method == .post || head.method == .options, let origin = head.headerFields[.origin] else { return false }
        return (head.path ?? "").prefix { $0 != "?" } == Self.tracePath.text && isTraceOrigin(origin)
    }

    /// Throws the problem when the request must not be answered.
    func check(_ head: HTTPRequest) throws(Problem) {
        let fields = head.headerFields
        try check(
            head.method, authority: head.authority ?? "", origin: fields[.origin], site: fields[Self.fetchSite],
            mode: fields[Self.fetchMode], isTracePost: isTracePost(head))
    }

    /// Throws the problem when a request must not be answered.
    /// - Parameters:
    ///   - authority: the host it names.
    ///   - origin: its `Origin`; `site` and `mode` are its `Sec-Fetch-Site` and `Sec-Fetch-Mode`.
    ///   - isTracePost: a page whose origin may post traces posts one.
    func check(
        _ method: HTTPRequest.Method, authority: String, origin: String?, site: String?, mode: String?,
        isTracePost: Bool = false
    ) throws(Problem) {
        guard names.contains(Self.name(of: authority)) else {
            throw Problem(
                "wrong-host", "Unknown host", status: 421,
                detail:
                    "this server does not answer to the host \"\(authority.prefix(100))\"; start it with --allow-host to add a name",
                errors: [.init(["host": .text(String(authority.prefix(100)))])])
        }
        if isTracePost { return }
        if let site, site != "same-origin", site != "none" {
            let isNavigation = mode == "navigate" && Self.isSafe(method)
            guard isNavigation else { throw Self.crossSite("Sec-Fetch-Site: \(site.prefix(40))") }
        }
        guard !Self.isSafe(method), let origin else { return }
        guard
            origin.lowercased() == "http://\(authority.lowercased())"
                || origin.lowercased() == "https://\(authority.lowercased())"
        else { throw Self.crossSite(String(origin.prefix(100))) }
    }

    private static func crossSite(_ origin: String) -> Problem {
        Problem(
            "cross-site", "Request from another site", status: 403,
            detail: "only this server's own pages may do that from a browser; the request came from \(origin)",
            errors: [.init(["origin": .text(origin)])])
    }

    private static func isSafe(_ method: HTTPRequest.Method) -> Bool {
        method == .get || method == .head || method == .options
    }

    /// The host without its port: "[::1]:80" is "[::1]".
    private static func name(of authority: String) -> String {
        let end =
            authority.hasPrefix("[")
            ? authority.firstIndex(of: "]").map { authority.index(after: $0) } ?? authority.endIndex
            : authority.firstIndex(of: ":") ?? authority.endIndex
        let port = authority[end...]
        guard port.isEmpty || port.utf8.dropFirst().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return ""
        }
        return authority[..<end].lowercased()
    }

    private static let fetchSite: HTTPField.Name = named("Sec-Fetch-Site")
    private static let fetchMode: HTTPField.Name = named("Sec-Fetch-Mode")
}

/// A field name written in this source: the fallback is for a misspelling, which a test would show.
func named(_ name: String) -> HTTPField.Name {
    HTTPField.Name(name) ?? .server
}
