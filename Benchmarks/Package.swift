// swift-tools-version: 6.2
import PackageDescription

// Measurements, apart from what they measure: plain executables that print their figures. The measured targets are compiled
// here once more, through links, because their surface is `package`: another package could not see it.
//
//     swift run --package-path Benchmarks -c release ImageBenchmark
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
    name: "trueline-benchmarks",
    targets: [
        .target(name: "Ordering", swiftSettings: settings),
        .target(name: "GridModel", dependencies: ["Ordering"], swiftSettings: settings),
        .target(name: "GridImage", dependencies: ["GridModel", "Ordering"], swiftSettings: settings),
        .executableTarget(
            name: "ImageBenchmark", dependencies: ["GridImage", "GridModel", "Ordering"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
