// swift-tools-version: 6.2
import PackageDescription

// Layers, bottom-up. A target imports only targets above it in this file; the whole table is checked by
// Tests/ArchitectureTests. `TRUELINE_CORE=1` leaves out every target with a heavy dependency, so that the core
// resolves, builds and tests in under a minute; `TRUELINE_CORE=store` adds only the SQLite store to that, and
// `TRUELINE_CORE=trace` leaves only the debugger's pure parts.
let part = Context.environment["TRUELINE_CORE"]
let traceOnly = part == "trace"
let coreOnly = part == "1" || traceOnly
let storeOnly = part == "store"

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

func layer(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies + ["TestKit"], swiftSettings: strict)
}

/// Tests of the debugger's pure parts, which need nothing of the grid.
func pureTests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, swiftSettings: strict)
}

let collections: Target.Dependency = .product(name: "HashTreeCollections", package: "swift-collections")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let certificates: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioHTTPTypesHTTP1: Target.Dependency = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

var products: [Product] = [
    .library(name: "Ordering", targets: ["Ordering"]),
    .library(name: "TraceRecording", targets: ["TraceRecording"]),
    .library(name: "Guards", targets: ["Guards"]),
]

var packages: [Package.Dependency] = [
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
]

var targets: [Target] = [
    // L0: what may be shown, decided without ever seeing a cell. Imports nothing; also compiled to WebAssembly.
    layer("Ordering"),

    // L0: guards against late responses, for any program.
    layer("Guards"),

    // L1: the words of a grid. No I/O, no encodings.
    layer("GridModel", ["Ordering"]),

    // L1: what happened in any application, as data.
    layer("Trace"),

    // L2: pure parts and the protocols that adapters fill in.
    layer("Wire", ["GridModel", "Ordering"]),
    layer("GridImage", ["GridModel", "Ordering", collections]),
    layer("GridStore", ["GridModel", "Ordering"]),
    layer("ChangePipeline", ["GridStore", "GridImage", "GridModel", "Ordering", logging]),
    layer("Interchange", ["GridModel", "Ordering"]),
    layer("TraceSynthesis", ["Trace"]),
    layer("TimelinePage"),
    layer("Diagnosis", ["Trace"]),
    layer("HistoryCheck", ["Trace"]),
    layer("Enrichment", ["ChangePipeline", "GridStore", "GridImage", "GridModel", "Ordering", "Wire", logging]),
    layer("TraceImport", ["Trace"]),
    layer("TraceRecording", ["Trace"]),
    layer("MessageFraming"),
    layer("Reordering", ["Trace"]),
    layer(
        "Exploration",
        [
            "Enrichment", "ChangePipeline", "GridStore", "GridImage", "Wire", "GridModel", "Ordering", "Diagnosis", "Trace",
            logging,
        ]),

    // L3: one adapter a heavy dependency.
    layer("OrderingWasm", ["Ordering"]),

    .target(
        name: "TestKit",
        dependencies: ["ChangePipeline", "GridStore", "GridImage", "GridModel", "Ordering", logging], path: "Tests/TestKit",
        swiftSettings: strict),
    tests("Ordering", ["Ordering", "OrderingWasm"]),
    tests("GridModel", ["GridModel", "Ordering"]),
    tests("Wire", ["Wire", "GridModel", "Ordering"]),
    tests("GridImage", ["GridImage", "GridModel", "Ordering"]),
    tests("GridStore", ["GridStore", "GridModel", "Ordering"]),
    tests("ChangePipeline", ["ChangePipeline", "GridStore", "GridImage", "GridModel", "Ordering"]),
    tests("Interchange", ["Interchange", "GridModel", "Ordering"]),
    tests("Enrichment", ["Enrichment", "ChangePipeline", "GridStore", "GridImage", "GridModel", "Ordering"]),
    pureTests("Trace", ["Trace"]),
    pureTests("TraceSynthesis", ["TraceSynthesis", "Trace"]),
    pureTests("TimelinePage", ["TimelinePage"]),
    pureTests("Diagnosis", ["Diagnosis", "TraceSynthesis", "Trace"]),
    pureTests("TraceImport", ["TraceImport", "Trace"]),
    pureTests("HistoryCheck", ["HistoryCheck", "Trace"]),
    pureTests("TraceRecording", ["TraceRecording", "Trace"]),
    pureTests("Guards", ["Guards", "Diagnosis", "TraceRecording", "Trace"]),
    pureTests("MessageFraming", ["MessageFraming"]),
    pureTests("Reordering", ["Reordering"]),
    tests(
        "Exploration",
        [
            "Exploration", "Enrichment", "ChangePipeline", "GridStore", "GridImage", "Wire", "GridModel", "Ordering",
            "Diagnosis",
            "Trace",
        ]),
    tests("Architecture", []),
]

if !coreOnly {
    packages.append(.package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"))
    targets += [
        layer("SQLiteStore", ["GridStore", "GridModel", "Ordering", grdb]),
        tests("SQLiteStore", ["SQLiteStore", "ChangePipeline", "GridStore", "GridImage", "GridModel", "Ordering", grdb]),
    ]
}

if !coreOnly && !storeOnly {
    products += [
        .library(name: "GridClient", targets: ["GridClient", "Wire", "GridModel", "Ordering"]),
        .executable(name: "trueline", targets: ["trueline"]),
    ]
    packages += [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.90.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.30.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.0.0"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.4.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
    ]
    targets += [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        layer(
            "GridServer",
            [
                "Enrichment", "Interchange", "ChangePipeline", "GridStore", "GridImage", "Wire", "GridModel", "Ordering",
                "Trace", "TraceImport", "TraceRecording", "Diagnosis", "CZlib", hummingbird, nio, nioPosix, nioHTTP1,
                nioHTTPTypes, nioHTTPTypesHTTP1,
                httpTypes, serviceLifecycle, logging,
            ]),
        layer(
            "ReorderProxy",
            [
                "Reordering", "MessageFraming", "TraceRecording", "Trace", nio, nioPosix, nioSSL, nioTLS, nioHTTP2, nioHPACK,
                certificates, crypto, asn1,
            ]),
        layer("GridClient", ["Wire", "GridModel", "Ordering", "TraceRecording", httpClient, nio, nioHTTP1]),

        .systemLibrary(name: "CAllocator"),

        // L4: the composition root: the one place that picks stores, clocks, seeds and models.
        .executableTarget(
            name: "trueline",
            dependencies: [
                "Exploration", "TimelinePage", "Diagnosis", "TraceSynthesis", "TraceImport", "TraceRecording", "Trace",
                "HistoryCheck",
                "ReorderProxy", "Reordering",
                "GridServer",
                "GridClient",
                "SQLiteStore",
                "Enrichment", "Interchange", "ChangePipeline", "GridStore", "GridImage", "Wire", "GridModel", "Ordering",
                "CAllocator", arguments,
                logging, httpClient, serviceLifecycle,
                unixSignals,
            ],
            swiftSettings: strict),

        tests(
            "GridServer",
            [
                "GridServer", "SQLiteStore", "Interchange", "Enrichment", "ChangePipeline", "GridStore", "GridImage", "Wire",
                "Trace", "TraceRecording", "GridModel", "Ordering", hummingbirdTesting, hummingbird, nio, nioPosix, nioEmbedded,
                httpTypes,
            ]),
        pureTests("ReorderProxy", ["ReorderProxy", "Reordering", nio, nioPosix, nioSSL, nioHPACK]),
        tests("GridClient", ["GridClient", "TraceRecording", "Wire", "GridModel", "Ordering"]),
        tests(
            "trueline",
            [
                "trueline", "Diagnosis", "Enrichment", "HistoryCheck", arguments, "GridClient", "GridStore", "GridModel",
                "Ordering",
            ]),
    ]
}

if traceOnly {
    let names = [
        "Guards", "Trace", "TraceImport", "TraceRecording", "TraceSynthesis", "TimelinePage", "Diagnosis", "HistoryCheck",
        "MessageFraming", "Reordering",
    ]
    targets = targets.filter { target in names.contains { target.name == $0 || target.name == $0 + "Tests" } }
    packages = []
    products = []
}

let package = Package(
    name: "trueline",
    products: products,
    dependencies: packages,
    targets: targets,
    swiftLanguageModes: [.v6]
)
