import HTTPTypes

/// What every answer carries, so that a cell with a script in it stays text.
enum SecurityHeaders {
    /// No inline script or style, nothing from elsewhere, no frames, markup only through a trusted type. `wasm-unsafe-eval` lets
    /// WebAssembly compile and nothing else.
    static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'", "worker-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'none'",
        "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types trueline",
    ].joined(separator: "; ")

    static let fields: [(HTTPField.Name, String)] = [
        (named("Content-Security-Policy"), contentSecurityPolicy),
        (named("X-Content-Type-Options"), "nosniff"),
        (named("X-Frame-Options"), "DENY"),
        (named("Referrer-Policy"), "no-referrer"),
        (named("Cross-Origin-Opener-Policy"), "same-origin"),
        (named("Cross-Origin-Resource-Policy"), "same-origin"),
        (named("Cross-Origin-Embedder-Policy"), "require-corp"),
        (named("Permissions-Policy"), "camera=(), microphone=(), geolocation=()"),
    ]

    /// What an answer of data carries: it is never a document, so it may do nothing at all.
    static let dataFields: [(HTTPField.Name, String)] = [
        (named("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'"),
        (named("X-Content-Type-Options"), "nosniff"),
        (named("Cross-Origin-Resource-Policy"), "same-origin"),
    ]
}
