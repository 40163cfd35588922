import MessageFraming

/// A request as the upstream gets it.
struct RequestTranslation {
    private let hub: ProxyHub

    init(_ hub: ProxyHub) {
        self.hub = hub
    }

    func translate(_ head: RequestHead, trace: TraceContext) -> RequestHead {
        var out = head
        let isUpgrade = Self.isUpgrade(head)
        out.fields.removeHopByHop()
        out.fields.remove(Exchange.confirmField)
        out.minor = 1
        let ownOrigin = "\(hub.configuration.scheme)://\(head.fields.first("host") ?? "")"
        if !hub.configuration.keepsHost {
            out.fields.set("Host", hub.configuration.upstream.authority)
            rewrite("Origin", from: ownOrigin, &out.fields)
            rewrite("Referer", from: ownOrigin, &out.fields)
        }
        // What shall be split into messages or given a tag must be readable.
        let isStream = head.fields.list("accept").contains("text/event-stream")
        if isStream || (hub.configuration.injects && Self.wantsHTML(head)) { out.fields.set("Accept-Encoding", "identity") }
        if !trace.isGiven { out.fields.set("traceparent", trace.header) }
        if isUpgrade {
            out.fields.set("Connection", "Upgrade")
            out.fields.set("Upgrade", "websocket")
        }
        return out
    }

    private func rewrite(_ name: String, from own: String, _ fields: inout HeaderFields) {
        guard let value = fields.first(name.lowercased()), value == own || value.hasPrefix(own + "/") else { return }
        fields.set(name, hub.configuration.upstream.origin + value.dropFirst(own.count))
    }

    /// A navigation asks for a document.
    static func wantsHTML(_ head: RequestHead) -> Bool {
        if let destination = head.fields.first("sec-fetch-dest") { return destination == "document" || destination == "iframe" }
        return head.fields.list("accept").contains { $0.hasPrefix("text/html") }
    }

    /// The only change of protocol that is passed on: to a WebSocket.
    static func isUpgrade(_ head: RequestHead) -> Bool {
        head.method == "GET" && head.minor == 1 && head.framing == .none && head.fields.list("connection").contains("upgrade")
            && head.fields.list("upgrade") == ["websocket"]
    }

    /// What an application's code asked for, and no document, picture or script: browsers say which. Programs say nothing; theirs all count.
    static func isCandidate(_ head: RequestHead) -> Bool {
        guard head.method != "OPTIONS" else { return false }
        guard let destination = head.fields.first("sec-fetch-dest") else { return !wantsHTML(head) }
        return destination == "empty" || destination == "websocket"
    }
}
