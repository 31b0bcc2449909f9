// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that `swift build` of Tapedeck never builds its measurements.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "tapedeck", path: "../..")],
    targets: [
        .executableTarget(
            name: "tapedeck-bench",
            dependencies: [.product(name: "TapedeckParts", package: "tapedeck")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .treatAllWarnings(as: .error),
            ]
        ),
        .executableTarget(
            name: "reader-bench",
            dependencies: [.product(name: "TapedeckParts", package: "tapedeck")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .treatAllWarnings(as: .error),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
