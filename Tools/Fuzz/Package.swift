// swift-tools-version: 6.2
import PackageDescription

// The journal's readers under libFuzzer and the address sanitizer: a package of its own, since every file is
// compiled for it anew. `Sources` links to the product's own, so that none of its dependencies is fetched or built.
let package = Package(
    name: "fuzz",
    targets: [
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd"),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto"),
        .target(name: "Market"),
        .target(name: "CBarrier"),
        .target(
            name: "Journal",
            dependencies: ["Market", "CZstd", "CDeflate", "CCrypto", "CBarrier"]
        ),
        .executableTarget(name: "FuzzReader", dependencies: ["Journal", "Market"]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where !target.name.hasPrefix("C") {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
