/// Which modules the sources of each target may import. ARCHITECTURE.md shows the same table; the tests beside this file
/// compare both with what the sources say.
enum ImportTable {
    /// Part of every toolchain, light, and allowed wherever it is not forbidden below.
    static let toolchain: Set<String> = ["Synchronization"]

    static let allowed: [String: Set<String>] = [
        // L0
        "Ordering": [],
        "Guards": ["Synchronization"],
        // L1
        "GridModel": ["Ordering"],
        "Trace": ["Synchronization"],
        // L2
        "Wire": ["GridModel", "Ordering"],
        "GridImage": ["GridModel", "Ordering", "HashTreeCollections", "Synchronization"],
        "GridStore": ["GridModel", "Ordering", "Synchronization"],
        "ChangePipeline": ["GridStore", "GridImage", "GridModel", "Ordering", "Logging", "Synchronization", "Dispatch"],
        "Interchange": ["GridModel", "Ordering"],
        "TraceSynthesis": ["Trace"],
        "TimelinePage": [],
        "Diagnosis": ["Trace"],
        "HistoryCheck": ["Trace"],
        "Enrichment": [
            "ChangePipeline", "GridStore", "GridImage", "GridModel", "Ordering", "Wire", "Logging", "Synchronization",
        ],
        "TraceImport": ["Trace"],
        "TraceRecording": ["Trace", "Synchronization"],
        "MessageFraming": [],
        "Reordering": ["Trace"],
        "Exploration": [
            "Enrichment", "ChangePipeline", "GridStore", "GridImage", "Wire", "GridModel", "Ordering", "Diagnosis", "Trace",
            "Logging", "Synchronization",
        ],
        // L3
        "OrderingWasm": ["Ordering"],
        "SQLiteStore": ["GridStore", "GridModel", "Ordering", "GRDB", "GRDBSQLite", "Synchronization", "Foundation", "Glibc"],
        "GridServer": [
            "Enrichment", "Interchange", "ChangePipeline", "GridStore", "GridImage", "Wire", "GridModel", "Ordering", "Trace",
            "TraceImport", "TraceRecording", "Diagnosis", "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOPosix",
            "NIOHTTP1", "NIOHTTPTypes",
            "NIOHTTPTypesHTTP1", "NIOFoundationCompat",
            "ServiceLifecycle", "Logging", "Synchronization", "Foundation", "FoundationEssentials", "CZlib",
        ],
        "ReorderProxy": [
            "Reordering", "MessageFraming", "TraceRecording", "Trace", "NIOCore", "NIOPosix", "NIOSSL", "NIOTLS", "NIOHTTP2",
            "NIOHPACK", "X509", "Crypto", "SwiftASN1", "Foundation", "Glibc",
        ],
        "GridClient": [
            "Wire", "GridModel", "Ordering", "TraceRecording", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "HTTPTypes",
            "Synchronization",
            "Foundation",
        ],
    ]

    /// The composition root may import everything.
    static let compositionRoot = "trueline"

    /// What reads the clock or rolls dice: only the composition root may. An injected `environment.now()` is no such word.
    static let impure = [
        "Date()", "Date.now", "UUID()", "SystemRandomNumberGenerator", ".random(in:", ".randomElement(", ".shuffled()",
        "ContinuousClock()", "SuspendingClock()", "ContinuousClock.now", "DispatchTime.now", "gettimeofday", "clock_gettime",
        "arc4random",
    ]
}
