// swift-tools-version: 6.2
import PackageDescription

// Fuzzing with libFuzzer and the address sanitizer, apart from the normal build. What is fuzzed is compiled here once more, with
// the sanitizers, through links. Run it with `Fuzz/run.sh`, which CONTRIBUTING.md explains.
let sanitized: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"]),
]

let package = Package(
    name: "trueline-fuzz",
    targets: [
        .target(name: "Trace", swiftSettings: sanitized),
        .target(name: "TraceImport", dependencies: ["Trace"], swiftSettings: sanitized),
        .executableTarget(
            name: "TraceFuzz", dependencies: ["TraceImport", "Trace"], swiftSettings: sanitized,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
    ],
    swiftLanguageModes: [.v6]
)
