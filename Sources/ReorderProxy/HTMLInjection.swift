import MessageFraming
import NIOCore

/// Puts the recorder's tag into a page, behind `<head>`, while the page passes.
struct HTMLInjection {
    /// The recorder's name among the proxy's files.
    static let recorder = "recorder.js"

    private let tag: String
    private var found = ByteBuffer()
    private var isDone = false

    /// - Returns: `nil` when nothing is put in: not asked for, no page, or forbidden by the page's policy.
    init?(_ hub: ProxyHub, request: RequestHead, response: inout ResponseHead) {
        guard hub.configuration.injects, response.framing != .none, RequestTranslation.wantsHTML(request) else { return nil }
        let type = (response.fields.first("content-type") ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
        guard type == "text/html" || type == "application/xhtml+xml" else { return nil }
        guard response.fields.first("content-encoding") == nil else {
            hub.environment.say(
                "\(request.target): the recorder was not put in: the page is compressed though it was asked not to be")
            return nil
        }
        let policies = response.fields.all("content-security-policy").map(\.text)
        let nonce = ContentPolicy.nonce(policies)
        guard policies.allSatisfy({ ContentPolicy($0).allowsOwnScript(nonce: nonce) }) else {
            hub.environment.say(
                "\(request.target): the recorder was not put in: the page's Content-Security-Policy allows no script of its own"
            )
            return nil
        }
        if !policies.allSatisfy({ ContentPolicy($0).allowsOwnConnections }) {
            hub.environment.say(
                "\(request.target): the page's Content-Security-Policy lets the recorder send nothing; use trueline.download()")
        }
        let values = hub.configuration.keepsValues ? " data-values=\"keep\"" : ""
        let mark = nonce.map { " nonce=\"\($0)\"" } ?? ""
        tag =
            "<script src=\"\(OwnExchange.prefix)\(Self.recorder)?v=\(hub.recorderVersion)\" data-endpoint=\"\(OwnExchange.prefix)traces\" data-confirm=\"\(OwnExchange.prefix)taken\"\(values)\(mark)></script>"
        if case .length(let length) = response.framing {
            let (sum, overflows) = length.addingReportingOverflow(UInt64(tag.utf8.count))
            guard !overflows else { return nil }
            response.framing = .length(sum)
        }
        // It is another document now.
        response.fields.remove("etag")
        response.fields.remove("content-md5")
        response.fields.remove("accept-ranges")
    }

    /// Takes bytes of the page; gives those that may go on.
    mutating func pass(_ bytes: ByteBuffer) -> [ByteBuffer] {
        guard !isDone else { return [bytes] }
        found.writeImmutableBuffer(bytes)
        if let place = HeadTag.place(found.readableBytesView) { return put(at: place) }
        return found.readableBytes >= ProxyLimits.headSearchBytes ? finish() : []
    }

    /// The page is over.
    mutating func finish() -> [ByteBuffer] {
        guard !isDone else { return [] }
        return put(at: HeadTag.fallback(found.readableBytesView))
    }

    private mutating func put(at place: Int) -> [ByteBuffer] {
        isDone = true
        let before = found.readSlice(length: place) ?? ByteBuffer()
        defer { found = ByteBuffer() }
        return [before, ByteBuffer(string: tag), found]
    }
}

/// Where in a page a script can stand first.
enum HeadTag {
    /// Behind `<head ...>`; `nil` while there is none.
    static func place(_ page: ByteBufferView) -> Int? {
        let name = Array("<head".utf8)
        var index = page.startIndex
        while index + name.count < page.endIndex {
            let isHead = zip(name, page[index...]).allSatisfy { $0 == lower($1) }
            let next = page[index + name.count]
            if isHead, next == UInt8(ascii: ">") || next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 {
                guard let end = page[index...].firstIndex(of: UInt8(ascii: ">")) else { return nil }
                return end + 1 - page.startIndex
            }
            index += 1
        }
        return nil
    }

    /// Behind the document type, so that the page stays in standards mode.
    static func fallback(_ page: ByteBufferView) -> Int {
        let start = page.prefix(64)
        guard zip("<!doctype".utf8, start).allSatisfy({ $0 == lower($1) }), start.count > 9,
            let end = start.firstIndex(of: UInt8(ascii: ">"))
        else { return 0 }
        return end + 1 - page.startIndex
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

/// What of a Content-Security-Policy (https://www.w3.org/TR/CSP3/) concerns the recorder.
struct ContentPolicy {
    private var directives: [String: [String]] = [:]

    init(_ text: String) {
        for part in text.split(separator: ";") {
            let words = part.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            guard let name = words.first?.lowercased(), directives[name] == nil else { continue }
            directives[name] = Array(words.dropFirst())
        }
    }

    private var scripts: [String]? {
        directives["script-src-elem"] ?? directives["script-src"] ?? directives["default-src"]
    }

    func allowsOwnScript(nonce: String?) -> Bool {
        guard let sources = scripts else { return true }
        if let nonce, sources.contains("'nonce-\(nonce)'") { return true }
        // With strict-dynamic only a nonce or a hash counts.
        guard !sources.contains("'strict-dynamic'") else { return false }
        return sources.contains { $0 == "'self'" || $0 == "*" || $0 == "http:" }
    }

    var allowsOwnConnections: Bool {
        guard let sources = directives["connect-src"] ?? directives["default-src"] else { return true }
        return sources.contains { $0 == "'self'" || $0 == "*" || $0 == "http:" }
    }

    /// A nonce that the page's own scripts have: this one is the page's now.
    static func nonce(_ policies: [String]) -> String? {
        for policy in policies {
            for source in ContentPolicy(policy).scripts ?? [] where source.hasPrefix("'nonce-") && source.hasSuffix("'") {
                let nonce = source.dropFirst("'nonce-".count).dropLast()
                let isPlain = nonce.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="),
                        UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
                if isPlain { return String(nonce) }
            }
        }
        return nil
    }
}
