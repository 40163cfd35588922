import MessageFraming

/// A response as the client gets it.
struct ResponseTranslation {
    struct Result {
        var head: ResponseHead
        var isEventStream: Bool
    }

    private let hub: ProxyHub
    private let request: RequestHead

    init(_ hub: ProxyHub, request: RequestHead) {
        self.hub = hub
        self.request = request
    }

    func translate(_ head: ResponseHead, isTunnel: Bool) -> Result {
        var out = head
        let length = head.fields.first("content-length")
        out.fields.removeHopByHop()
        out.fields.remove(Exchange.confirmField)
        out.minor = 1
        if head.framing == .none, head.status != 204, let length {
            // Without a body, but it says how long one would be.
            out.fields.set("Content-Length", length)
        }
        if head.framing == .untilClose || head.framing == .chunked { out.framing = request.minor == 1 ? .chunked : .untilClose }
        if isTunnel {
            out.fields.set("Connection", "Upgrade")
            out.fields.set("Upgrade", "websocket")
        }
        moveHome(&out.fields)
        return Result(head: out, isEventStream: isEventStream(out))
    }

    /// Addresses and cookies of the upstream become the proxy's.
    private func moveHome(_ fields: inout HeaderFields) {
        guard !hub.configuration.keepsHost, let host = request.fields.first("host") else { return }
        let upstream = hub.configuration.upstream
        if let location = fields.first("location"), location == upstream.origin || location.hasPrefix(upstream.origin + "/") {
            fields.set("Location", "\(hub.configuration.scheme)://\(host)" + location.dropFirst(upstream.origin.count))
        }
        // It would bind the proxy's name, such as localhost, for everything else that is there.
        fields.remove("strict-transport-security")
        for (index, field) in fields.lines.enumerated() where field.name.lowercased() == "set-cookie" {
            fields.lines[index].value = Array(
                Self.localCookie(field.text, losesSecure: upstream.isSecure && hub.configuration.certificate == nil).utf8)
        }
    }

    /// A cookie without the domain of the upstream, and without asking for TLS where the proxy does not speak it.
    static func localCookie(_ cookie: String, losesSecure: Bool) -> String {
        cookie.split(separator: ";", omittingEmptySubsequences: false).enumerated().filter { index, part in
            let name = part.drop { $0 == " " }.prefix { $0 != "=" }.lowercased()
            return index == 0 || (name != "domain" && !(losesSecure && name == "secure"))
        }.map(\.element).joined(separator: ";")
    }

    private func isEventStream(_ head: ResponseHead) -> Bool {
        guard head.status == 200, head.framing != .none, head.fields.first("content-encoding") == nil else { return false }
        let type = head.fields.first("content-type") ?? ""
        return type.prefix { $0 != ";" && $0 != " " }.lowercased() == "text/event-stream"
    }
}
