/// One field line of a head: the name as it came, the value without white space around it.
package struct HeaderField: Hashable, Sendable {
    package var name: String
    /// Bytes, as a value need not be UTF-8.
    package var value: [UInt8]

    package init(_ name: String, _ value: String) {
        self.init(name, Array(value.utf8))
    }

    package init(_ name: String, _ value: [UInt8]) {
        self.name = name
        self.value = value
    }

    /// The value as text; what is not UTF-8 becomes U+FFFD.
    package var text: String { String(decoding: value, as: UTF8.self) }

    func isNamed(_ other: String) -> Bool {
        name.utf8.count == other.utf8.count && name.lowercased() == other
    }
}

/// The fields of a head in their order.
package struct HeaderFields: Hashable, Sendable {
    package var lines: [HeaderField]

    package init(_ lines: [HeaderField] = []) {
        self.lines = lines
    }

    /// The values of a field.
    /// - Parameter name: in lower case.
    package func all(_ name: String) -> [HeaderField] {
        lines.filter { $0.isNamed(name) }
    }

    /// The first value of a field as text.
    /// - Parameter name: in lower case.
    package func first(_ name: String) -> String? {
        lines.first { $0.isNamed(name) }?.text
    }

    /// The elements of a field whose value is a list, in lower case.
    package func list(_ name: String) -> [String] {
        all(name).flatMap { field in
            field.text.split(separator: ",").map { word in
                String(word.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
                    .lowercased()
            }
        }
    }

    /// Takes a field away.
    package mutating func remove(_ name: String) {
        lines.removeAll { $0.isNamed(name) }
    }

    /// Sets a field to one value, at the end.
    package mutating func set(_ name: String, _ value: String) {
        remove(name.lowercased())
        lines.append(HeaderField(name, value))
    }

    /// Takes away what concerns one connection only (RFC 9110, section 7.6.1), and what says how the body is framed: that is said anew.
    /// What a `Connection` field names goes with it, unless the message would mean something else without it.
    package mutating func removeHopByHop() {
        let named = Set(list("connection")).subtracting(Self.endToEnd)
        lines.removeAll { field in
            let name = field.name.lowercased()
            return Self.hopByHop.contains(name) || named.contains(name)
        }
    }

    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "content-length", "http2-settings",
    ]
    private static let endToEnd: Set<String> = [
        "host", "authorization", "cookie", "set-cookie", "content-type", "content-encoding", "cache-control", "origin", "range",
        "location",
    ]
}

/// The head of a request.
package struct RequestHead: Hashable, Sendable {
    package var method: String
    /// Path and query, or `*`.
    package var target: String
    /// The minor version: 0 or 1.
    package var minor: Int
    package var fields: HeaderFields
    package var framing: BodyFraming

    package init(method: String, target: String, minor: Int = 1, fields: HeaderFields, framing: BodyFraming = .none) {
        self.method = method
        self.target = target
        self.minor = minor
        self.fields = fields
        self.framing = framing
    }
}

/// The head of a response.
package struct ResponseHead: Hashable, Sendable {
    package var status: Int
    package var reason: String
    package var minor: Int
    package var fields: HeaderFields
    package var framing: BodyFraming

    package init(status: Int, reason: String, minor: Int = 1, fields: HeaderFields, framing: BodyFraming = .none) {
        self.status = status
        self.reason = reason
        self.minor = minor
        self.fields = fields
        self.framing = framing
    }
}

/// How the end of a body is found.
package enum BodyFraming: Hashable, Sendable {
    case none
    case length(UInt64)
    case chunked
    /// Until the connection ends: responses only.
    case untilClose
}
