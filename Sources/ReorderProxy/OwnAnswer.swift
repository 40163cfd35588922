import MessageFraming
import NIOCore

/// An answer of the proxy itself.
struct OwnAnswer {
    var status: Int
    var type: String
    var body: [UInt8]
    /// A browser may keep it: under this address it will never be another.
    var isKept = false

    init(status: Int = 200, type: String, body: [UInt8]) {
        self.status = status
        self.type = type
        self.body = body
    }

    init(status: Int, text: String) {
        self.init(status: status, type: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    var head: ResponseHead {
        var fields = HeaderFields([
            HeaderField("Content-Type", type), HeaderField("Cache-Control", isKept ? "max-age=604800, immutable" : "no-store"),
        ])
        for (name, value) in Self.security { fields.lines.append(HeaderField(name, value)) }
        return ResponseHead(
            status: status, reason: Self.reasons[status] ?? "", fields: fields, framing: .length(UInt64(body.count)))
    }

    /// Nothing inline, nothing from elsewhere, no frames: what is shown comes from strangers.
    private static let security = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]

    private static let reasons = [
        200: "OK", 204: "No Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
        413: "Content Too Large", 421: "Misdirected Request", 431: "Request Header Fields Too Large",
        501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 505: "HTTP Version Not Supported",
    ]
}
