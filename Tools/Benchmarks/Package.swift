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
    dependencies: [
        .package(name: "tapedeck", path: "../.."),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    ],
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
        // The command line with a strategy that looks at the clock, and a client that does nothing else.
        .executableTarget(
            name: "latency-bench",
            dependencies: [.product(name: "Tapedeck", package: "tapedeck")],
            swiftSettings: strictness
        ),
        .executableTarget(
            name: "callback-probe",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: strictness
        ),
    ],
    swiftLanguageModes: [.v6]
)
