/// The one server that a proxy asks.
package struct Upstream: Hashable, Sendable {
    package let isSecure: Bool
    package let host: String
    package let port: Int

    /// - Parameter url: `http://host:port` or `https://host`, without a path: a page's own addresses begin at the root.
    package init?(_ url: String) {
        var rest = url[...]
        if rest.hasPrefix("https://") {
            isSecure = true
            rest = rest.dropFirst("https://".count)
        } else if rest.hasPrefix("http://") {
            isSecure = false
            rest = rest.dropFirst("http://".count)
        } else {
            return nil
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.isEmpty, !rest.contains(where: { "/?#@ ".contains($0) }) else { return nil }
        let end = rest.hasPrefix("[") ? rest.firstIndex(of: "]").map { rest.index(after: $0) } : rest.firstIndex(of: ":")
        let name = rest[..<(end ?? rest.endIndex)]
        let digits = end.map { rest[$0...].dropFirst() } ?? ""
        guard !name.isEmpty else { return nil }
        if digits.isEmpty {
            port = isSecure ? 443 : 80
        } else {
            guard let number = Int(digits), (1...65_535).contains(number) else { return nil }
            port = number
        }
        host = name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : name.lowercased()
    }

    /// What its `Host` field says.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// As browsers write it.
    package var origin: String { "\(isSecure ? "https" : "http")://\(authority)" }
}
