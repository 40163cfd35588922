import NIOHTTP1

/// What the front of a connection looks at in a request's head, found in one pass.
struct RequestFields {
    var host: String?
    /// A field that decides who is answered came twice: then the long way must decide.
    var isAmbiguous = false
    var connection: String?
    var acceptEncoding: String?
    var ifNoneMatch: String?
    var origin: String?
    var fetchSite: String?
    var fetchMode: String?
    var lastEventID: String?
    var expect: String?

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            switch name.utf8.count {
            case 4: take(name, "host", value, \.host)
            case 6:
                take(name, "origin", value, \.origin)
                take(name, "expect", value, \.expect)
            case 10: take(name, "connection", value, \.connection)
            case 13:
                take(name, "if-none-match", value, \.ifNoneMatch)
                take(name, "last-event-id", value, \.lastEventID)
            case 14:
                take(name, "sec-fetch-site", value, \.fetchSite)
                take(name, "sec-fetch-mode", value, \.fetchMode)
            case 15: take(name, "accept-encoding", value, \.acceptEncoding)
            default: break
            }
        }
    }

    private mutating func take(_ name: String, _ wanted: StaticString, _ value: String, _ field: WritableKeyPath<Self, String?>)
    {
        guard Self.isEqual(name, wanted) else { return }
        if self[keyPath: field] != nil { isAmbiguous = true }
        self[keyPath: field] = value
    }

    /// - Parameter wanted: in lower case, as long as the name.
    private static func isEqual(_ name: String, _ wanted: StaticString) -> Bool {
        wanted.withUTF8Buffer { wanted in
            name.utf8.elementsEqual(wanted) { $0 == $1 || $0 | 0x20 == $1 && $0 >= 0x41 && $0 <= 0x5A }
        }
    }
}
