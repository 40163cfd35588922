// swift-tools-version: 6.2
import PackageDescription

// Measurements, apart from what they measure: plain executables that print their figures. The measured targets are compiled
// here once more, through links, because their surface is `package`: another package could not see it.
//
//     swift run --package-path Benchmarks -c release ImageBenchmark
//     swift run --package-path Benchmarks -c release StoreBenchmark commits ROWS COLUMNS DIRECTORY
//     swift run --package-path Benchmarks -c release RunBenchmark ROWS DIRECTORY
//     swift run --package-path Benchmarks -c release DiagnosisBenchmark [EVENTS]
//     swift run --package-path Benchmarks -c release PredictionBenchmark [EVENTS]
//     swift run --package-path Benchmarks -c release SimulationBenchmark [SCHEDULES] [SEED]
//     Benchmarks/history/history_bench.py (builds and runs HistoryBenchmark beside Porcupine)
//     python3 Benchmarks/trace/bench.py [MEGABYTES] [FORMAT...] (builds and runs TraceBenchmark beside node)
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "trueline-benchmarks",
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .target(name: "Ordering", swiftSettings: settings),
        .target(name: "GridModel", dependencies: ["Ordering"], swiftSettings: settings),
        .target(
            name: "GridImage",
            dependencies: ["GridModel", "Ordering", .product(name: "HashTreeCollections", package: "swift-collections")],
            swiftSettings: settings),
        .executableTarget(
            name: "ImageBenchmark", dependencies: ["GridImage", "GridModel", "Ordering"], swiftSettings: settings),
        .target(name: "GridStore", dependencies: ["GridModel", "Ordering"], swiftSettings: settings),
        .target(
            name: "ChangePipeline",
            dependencies: ["GridStore", "GridImage", "GridModel", "Ordering", .product(name: "Logging", package: "swift-log")],
            swiftSettings: settings),
        .target(
            name: "SQLiteStore",
            dependencies: ["GridStore", "GridModel", "Ordering", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings),
        .executableTarget(
            name: "StoreBenchmark",
            dependencies: [
                "SQLiteStore", "ChangePipeline", "GridStore", "GridImage", "GridModel", "Ordering",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: settings),
        .target(name: "Wire", dependencies: ["GridModel", "Ordering"], swiftSettings: settings),
        .target(
            name: "Enrichment",
            dependencies: [
                "ChangePipeline", "GridStore", "GridImage", "GridModel", "Ordering", "Wire",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: settings),
        .executableTarget(
            name: "RunBenchmark",
            dependencies: [
                "Enrichment", "SQLiteStore", "ChangePipeline", "GridStore", "GridImage", "GridModel", "Ordering",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: settings),
        .target(name: "Trace", swiftSettings: settings),
        .target(name: "TraceImport", dependencies: ["Trace"], swiftSettings: settings),
        .systemLibrary(name: "CAllocator"),
        .executableTarget(
            name: "TraceBenchmark", dependencies: ["TraceImport", "Trace", "CAllocator"], swiftSettings: settings),
        .target(name: "HistoryCheck", dependencies: ["Trace"], swiftSettings: settings),
        .target(name: "TraceSynthesis", dependencies: ["Trace"], swiftSettings: settings),
        .target(name: "Diagnosis", dependencies: ["Trace"], swiftSettings: settings),
        .executableTarget(
            name: "DiagnosisBenchmark", dependencies: ["Diagnosis", "TraceSynthesis", "Trace"], swiftSettings: settings),
        .executableTarget(
            name: "PredictionBenchmark", dependencies: ["Diagnosis", "TraceSynthesis", "Trace"], swiftSettings: settings),
        .target(
            name: "Exploration",
            dependencies: [
                "Enrichment", "ChangePipeline", "GridStore", "GridImage", "Wire", "GridModel", "Ordering", "Diagnosis", "Trace",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: settings),
        .executableTarget(name: "SimulationBenchmark", dependencies: ["Exploration"], swiftSettings: settings),
        .executableTarget(name: "HistoryBenchmark", dependencies: ["HistoryCheck"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
