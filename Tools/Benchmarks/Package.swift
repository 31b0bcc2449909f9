// swift-tools-version: 6.2
import PackageDescription

let strictness: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

// A package of its own, so that `swift build` of Tapedeck never builds its measurements.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "tapedeck", path: "../..")],
    targets: [
        .target(name: "Measuring", swiftSettings: strictness),
        .executableTarget(
            name: "tapedeck-bench",
            dependencies: [.product(name: "TapedeckParts", package: "tapedeck")],
            swiftSettings: strictness
        ),
        .executableTarget(
            name: "reader-bench",
            dependencies: ["Measuring", .product(name: "TapedeckParts", package: "tapedeck")],
            swiftSettings: strictness
        ),
        .executableTarget(
            name: "writer-bench",
            dependencies: ["Measuring", .product(name: "TapedeckParts", package: "tapedeck")],
            swiftSettings: strictness
        ),
    ],
    swiftLanguageModes: [.v6]
)
