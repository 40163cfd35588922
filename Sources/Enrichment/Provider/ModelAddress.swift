/// Where a model is served: the one address the operator named, and the only one that prompts and the key ever go to.
package struct ModelAddress: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable {
        case http
        case https
    }

    package let scheme: Scheme
    /// A name, an IPv4 address, or an IPv6 address without its brackets; in lower case.
    package let host: String
    package internal(set) var port: UInt16?
    /// Begins with "/", or is empty; never ends with "/".
    package let path: String

    /// Why an address cannot be used, in words for the operator.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package var description: String
    }

    /// Reads "https://host[:port][/path]", as the setting of `api` holds it. No user, query or fragment: a key in an address
    /// would end in logs.
    package init(_ text: String, for api: ModelAPI) throws(Failure) {
        func fail(_ reason: String) -> Failure {
            Failure(
                description:
                    "\(api.names.address) \(reason); it should read like \(api.exampleAddress) or \(api.usualAddress)")
        }
        var rest = text[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        guard rest.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) else {
            throw fail("has characters that an address cannot have")
        }
        if rest.lowercased().hasPrefix("https://") {
            scheme = .https
            rest = rest.dropFirst("https://".count)
        } else if rest.lowercased().hasPrefix("http://") {
            scheme = .http
            rest = rest.dropFirst("http://".count)
        } else {
            throw fail("does not begin with http:// or https://")
        }
        guard !rest.contains("@") else {
            throw fail("holds a user name or password" + (api.names.key.map { ": put the key in \($0)" } ?? ""))
        }
        guard !rest.contains("?"), !rest.contains("#") else { throw fail("has a query or a fragment") }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<slash]
        var path = rest[slash...]
        while path.last == "/" { path.removeLast() }
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { throw fail("has an unfinished IPv6 address") }
            host = authority[authority.index(after: authority.startIndex)..<close].lowercased()
            authority = authority[authority.index(after: close)...]
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                throw fail("has an IPv6 address that is none")
            }
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<colon].lowercased()
            authority = authority[colon...]
            guard !host.isEmpty, host.utf8.count <= 253,
                host.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == "_" })
            else { throw fail("names no host") }
        }
        if authority.isEmpty {
            port = nil
        } else {
            guard authority.first == ":", let number = UInt16(authority.dropFirst()), number > 0 else {
                throw fail("has a port that is not between 1 and 65535")
            }
            port = number
        }
        self.path = String(path)
    }

    /// The host as a URL writes it.
    package var authority: String {
        (host.contains(":") ? "[\(host)]" : host) + (port.map { ":\($0)" } ?? "")
    }

    /// The address of a resource below the path: `url("chat/completions")`.
    package func url(_ resource: String) -> String {
        "\(scheme.rawValue)://\(authority)\(path)/\(resource)"
    }

    /// True for this machine and for private networks, where a server without a key is usual: loopback, RFC 1918, IPv6 local
    /// addresses, `.local` and names without a dot. The link-local 169.254.0.0/16 is not: that is where clouds keep secrets.
    package var isLocal: Bool {
        // Where a server listens on all addresses, a client that connects to 0.0.0.0 reaches this machine.
        if host == "localhost" || host == "0.0.0.0" || host.hasSuffix(".localhost") || host.hasSuffix(".local") { return true }
        if host.contains(":") { return host == "::1" || host.hasPrefix("fc") || host.hasPrefix("fd") }
        // A number is an IPv4 address in one piece, in decimal or as 0x..., to whatever resolves it; it may be any address.
        guard host.contains(".") else { return host.first?.isNumber == false }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4, let a = parts[0], let b = parts[1], parts[2] != nil, parts[3] != nil else { return false }
        return a == 127 || a == 10 || a == 192 && b == 168 || a == 172 && (16...31).contains(b)
    }
}
