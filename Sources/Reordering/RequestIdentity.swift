/// What a request asks for, as far as two runs of a page agree on it: method, path, and arguments whatever their order.
package struct RequestIdentity: Hashable, Sendable {
    /// One argument of a query, as it stands in the address.
    package struct Argument: Hashable, Sendable, Comparable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }

        package static func < (left: Argument, right: Argument) -> Bool {
            (left.name, left.value) < (right.name, right.value)
        }
    }

    package let method: String
    package let path: String
    /// Sorted.
    package let arguments: [Argument]

    /// - Parameters:
    ///   - target: path and query.
    ///   - ignored: names of arguments that mean nothing, such as one that keeps caches away.
    package init(method: String, target: some StringProtocol, ignoring ignored: Set<String> = []) {
        self.method = method.uppercased()
        let halves = String(target).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(halves.first ?? "")
        let query = halves.count > 1 ? halves[1].prefix { $0 != "#" } : ""
        arguments = query.split(separator: "&").map { part in
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return Argument(name: String(sides.first ?? ""), value: sides.count > 1 ? String(sides[1]) : "")
        }.filter { !ignored.contains($0.name) }.sorted()
    }

    /// For people, and as the key by which runs are compared: `GET /api/price?cart=1&quantity=2`.
    package var text: String {
        guard !arguments.isEmpty else { return "\(method) \(path)" }
        return "\(method) \(path)?" + arguments.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }
}

/// Which requests a step is about. What it does not say, it does not ask.
package struct RequestMatcher: Hashable, Sendable {
    package var method: String?
    /// May contain `*`, for any characters.
    package var path: String?
    /// Arguments that must be there; without a value: any.
    package var arguments: [Argument]
    /// No further arguments may be there.
    package var isExact: Bool
    /// What the body must be.
    package var body: BodyMatcher?

    package struct Argument: Hashable, Sendable {
        package var name: String
        package var value: String?

        package init(name: String, value: String?) {
            self.name = name
            self.value = value
        }
    }

    package init(method: String? = nil, path: String? = nil, arguments: [Argument] = [], isExact: Bool = false) {
        self.method = method?.uppercased()
        self.path = path
        self.arguments = arguments
        self.isExact = isExact
    }

    /// Matches requests that ask for exactly this.
    package init(_ identity: RequestIdentity) {
        self.init(
            method: identity.method, path: identity.path.contains("*") ? nil : identity.path,
            arguments: identity.arguments.map { Argument(name: $0.name, value: $0.value) }, isExact: true)
    }

    /// - Parameter sent: the request's body, as much of it as ``BodyMatcher/bytes`` and one more, where a plan asks for it.
    package func matches(_ identity: RequestIdentity, body sent: [UInt8] = []) -> Bool {
        if let method, method != identity.method { return false }
        if isExact, arguments.count != identity.arguments.count { return false }
        if let path, !Self.matches(Array(path.utf8)[...], Array(identity.path.utf8)[...]) { return false }
        if let body, !body.matches(sent) { return false }
        return arguments.allSatisfy { wanted in
            identity.arguments.contains { $0.name == wanted.name && (wanted.value == nil || $0.value == wanted.value) }
        }
    }

    /// Linear in the text for each star: the last star takes the blame, earlier ones never need to be tried again.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var pattern = pattern
        var text = text
        var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, text)
            } else if let first = text.first, pattern.first == first {
                pattern = pattern.dropFirst()
                text = text.dropFirst()
            } else if text.isEmpty, pattern.isEmpty {
                return true
            } else if let again = retry, !again.text.isEmpty {
                retry = (again.pattern, again.text.dropFirst())
                pattern = again.pattern
                text = again.text.dropFirst()
            } else {
                return false
            }
        }
    }
}
