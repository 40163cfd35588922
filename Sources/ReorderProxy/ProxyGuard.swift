import MessageFraming

// A page of another site can make a browser send requests here: by a name that it rebinds to 127.0.0.1, or straight, as a form. Against
// the first only known names are answered; against the second the proxy's own addresses answer only pages of this origin. What goes on to
// the upstream is the upstream's to judge, as without a proxy.

/// Decides which requests are answered at all.
struct ProxyGuard {
    private let names: Set<String>
    private let scheme: String

    init(allowed: [String], scheme: String) {
        self.scheme = scheme
        names = Set(["127.0.0.1", "localhost", "[::1]"] + allowed.map { $0.lowercased() })
    }

    struct Refusal {
        var status: Int
        var reason: String
    }

    func refusal(_ head: RequestHead) -> Refusal? {
        let host = head.fields.first("host") ?? ""
        guard names.contains(Self.name(host)) else {
            return Refusal(status: 421, reason: "does not answer to the host \"\(host.prefix(100))\"; --allow-host adds a name")
        }
        guard head.target.hasPrefix(OwnExchange.prefix) else { return nil }
        if let site = head.fields.first("sec-fetch-site"), site != "same-origin", site != "none" {
            let isNavigation = head.fields.first("sec-fetch-mode") == "navigate" && head.method == "GET"
            guard isNavigation else { return Refusal(status: 403, reason: "only pages of this origin may ask for that") }
        }
        if let origin = head.fields.first("origin"), head.method != "GET", head.method != "HEAD" {
            guard origin.lowercased() == "\(scheme)://\(host.lowercased())" else {
                return Refusal(status: 403, reason: "only pages of this origin may ask for that")
            }
        }
        return nil
    }

    private static func name(_ authority: String) -> String {
        let end =
            authority.hasPrefix("[")
            ? authority.firstIndex(of: "]").map { authority.index(after: $0) } ?? authority.endIndex
            : authority.firstIndex(of: ":") ?? authority.endIndex
        let port = authority[end...]
        guard port.isEmpty || port.dropFirst().allSatisfy({ $0.isASCII && $0.isNumber }) else { return "" }
        return authority[..<end].lowercased()
    }
}
