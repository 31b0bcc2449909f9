// swift-tools-version: 6.2
import PackageDescription

// Imports point down only; `Tests/TidyTests` computes the closure and fails with file and line.
//
//   3 wiring    tapedeck, Commands, Live, Runtime, ReplayServer, Interchange, TapedeckClient
//   2 outside   Gateway, Journal, Projections
//   1 pure      Bybit, Trading, Simulation, Watch
//   0 words     Market, JSON
//   C           system libraries and thin shims

/// What `tapedeck --version` and `session/start` say of the build.
let commit = Context.gitInformation.map {
    String($0.currentCommit.prefix(12)) + ($0.hasUncommittedChanges ? "-changed" : "")
}

let package = Package(
    name: "tapedeck",
    products: [
        // The whole command line, and what a strategy of a user's own is written with.
        .library(
            name: "Tapedeck",
            targets: ["Commands", "Runtime", "Projections", "Trading", "Market"]
        ),
        .executable(name: "tapedeck", targets: ["tapedeck"]),
        // Bybit for other Swift programs: no journal, no desk.
        .library(name: "TapedeckClient", targets: ["TapedeckClient"]),
        // Recordings as regression tests, in a user's own Swift Testing suite.
        .library(name: "TapedeckTesting", targets: ["TapedeckTesting", "Trading", "Market"]),
        // What Tools/Benchmarks measures one by one.
        .library(
            name: "TapedeckParts",
            targets: [
                "Market", "JSON", "Bybit", "Trading", "Simulation", "Journal", "Projections",
                "Runtime",
            ]
        ),
    ],
    dependencies: [
        // From what is tested on: a program that uses a product brings versions of its own.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", .upToNextMinor(from: "7.10.0")),
        .package(url: "https://github.com/jpsim/Yams", .upToNextMinor(from: "6.2.2")),
    ],
    targets: [
        // System libraries.
        .systemLibrary(
            name: "CZstd",
            pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"])]
        ),
        .systemLibrary(
            name: "CDeflate",
            pkgConfig: "libdeflate",
            providers: [.apt(["libdeflate-dev"])]
        ),
        .systemLibrary(
            name: "CCrypto",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),
        .systemLibrary(
            name: "CSQLite",
            pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]
        ),
        .systemLibrary(
            name: "CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"])]
        ),
        // simdjson is C++: a thin C face over it (libsimdjson-dev).
        .target(
            name: "CSimdjson",
            cxxSettings: [.define("NDEBUG")],
            linkerSettings: [.linkedLibrary("simdjson")]
        ),
        // The commit this was built from, as a C string: only this target is built again when it changes.
        .target(
            name: "CVersion",
            cSettings: [.define("TAPEDECK_COMMIT", to: "\"\(commit ?? "unknown")\"")]
        ),
        // membarrier, Landlock and seccomp: variadic system calls that Swift cannot see.
        .target(name: "CBarrier"),
        .target(name: "CHeap"),
        .target(name: "CSandbox"),
        // A program that is started with nothing of ours: a call of glibc that Swift cannot see.
        .target(name: "CSpawn"),

        // 0 words
        .target(name: "Market"),
        .target(name: "JSON", dependencies: ["CSimdjson", "Market"]),

        // 1 pure
        .target(name: "Bybit", dependencies: ["Market", "JSON"]),
        .target(name: "Trading", dependencies: ["Market"]),
        .target(
            name: "Simulation",
            dependencies: ["Market"],
            // `serve` says what was assumed, from the page itself.
            resources: [.embedInCode("Simulation.docc/Assumptions.md")]
        ),
        .target(name: "Watch", dependencies: ["Market"]),

        // 2 outside
        .target(
            name: "Journal",
            dependencies: ["Market", "CZstd", "CDeflate", "CCrypto", "CBarrier"]
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "Market", "Bybit", "CCurl", "CCrypto",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Projections",
            dependencies: ["Market", "CSQLite", .product(name: "GRDB", package: "GRDB.swift")]
        ),

        // 3 wiring
        .target(
            name: "Runtime",
            dependencies: [
                "Market", "JSON", "Bybit", "Trading", "Simulation", "Journal", "Projections",
            ]
        ),
        .target(
            name: "Interchange",
            dependencies: ["Market", "JSON", "Bybit", "Journal", "CZlib"]
        ),
        .target(
            name: "ReplayServer",
            dependencies: [
                "Market", "JSON", "Bybit", "Simulation", "Journal", "CCrypto",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Live",
            dependencies: [
                "Market", "JSON", "Bybit", "Trading", "Watch", "Journal", "Gateway", "Runtime",
                "Projections", "CSpawn", "CHeap",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "TapedeckClient",
            dependencies: [
                "Market", "Bybit", "Trading", "Gateway",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(
            name: "TapedeckTesting",
            dependencies: ["Market", "Trading", "Journal", "Runtime"]
        ),
        .target(
            name: "Commands",
            dependencies: [
                "Market", "JSON", "Bybit", "Trading", "Simulation", "Watch", "Journal",
                "Projections", "Runtime", "Live", "ReplayServer", "Interchange", "CSandbox",
                "CVersion",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .executableTarget(name: "tapedeck", dependencies: ["Commands"]),

        // What recordings survive, tried: no product, not installed.
        .executableTarget(
            name: "torture",
            dependencies: ["Journal", "Market", "DiskKit"],
            path: "Tools/Torture"
        ),

        // A recorder through days of virtual time: no product, not installed.
        .executableTarget(
            name: "soak",
            dependencies: [
                "Live", "Gateway", "ReplayServer", "Simulation", "Journal", "Trading", "Bybit",
                "JSON", "Market",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tools/Soak"
        ),

        // The client's example: built and run by the tests, no product.
        .executableTarget(
            name: "client-example",
            dependencies: ["TapedeckClient"],
            path: "Tools/Examples/Client"
        ),

        // The example of a projection of a user's own: as above.
        .executableTarget(
            name: "projection-example",
            dependencies: ["Commands", "Runtime", "Projections", "Trading", "Market"],
            path: "Tools/Examples/Projection"
        ),

        // Recordings as tests: the example is a test of ours.
        .testTarget(
            name: "RegressionExampleTests",
            dependencies: ["TapedeckTesting", "Trading"],
            path: "Tools/Examples/Regression",
            exclude: ["fixtures", "golden", "workflow.yml"]
        ),
        .testTarget(
            name: "TapedeckTestingTests",
            dependencies: ["TapedeckTesting", "Trading", "Journal", "Market"]
        ),

        // Tests: one target a module, `RuntimeTests` for scenarios, `TidyTests` for house style.
        // Strategies for tests, and a program of a user's own that has them.
        .target(
            name: "DeskStrategies",
            dependencies: ["Trading", "Market"],
            path: "Tests/DeskStrategies"
        ),
        .executableTarget(
            name: "flawed-desk",
            dependencies: ["Commands", "DeskStrategies", "Trading"],
            path: "Tests/FlawedDesk"
        ),
        .testTarget(name: "MarketTests", dependencies: ["Market"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        // Reads the third-party recordings beside a full checkout, for more than one test target.
        .target(name: "SharedData", dependencies: ["JSON"], path: "Tests/SharedData"),
        // Disks that do what disks do, for tests and for what tries recordings.
        .target(name: "DiskKit", dependencies: ["Journal"], path: "Tests/DiskKit"),
        // A TCP proxy that does to connections what networks do, for every target that has sockets.
        .target(
            name: "FaultProxy",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/FaultProxy"
        ),
        .testTarget(name: "BybitTests", dependencies: ["Bybit", "Market", "JSON", "SharedData"]),
        .testTarget(
            name: "TradingTests",
            dependencies: ["Trading", "Market", "Bybit", "SharedData"]
        ),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation", "Market"]),
        .testTarget(name: "WatchTests", dependencies: ["Watch", "Market"]),
        .testTarget(name: "JournalTests", dependencies: ["Journal", "Market", "DiskKit"]),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "Bybit", "Market", "CCrypto", "CSandbox", "FaultProxy",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .testTarget(
            name: "ProjectionsTests",
            dependencies: [
                "Projections", "Market", "CSQLite",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .testTarget(
            name: "InterchangeTests",
            dependencies: ["Interchange", "Journal", "Bybit", "JSON", "Market", "DiskKit"]
        ),
        .testTarget(
            name: "ReplayServerTests",
            dependencies: [
                "ReplayServer", "Simulation", "Bybit", "Market", "JSON", "CCrypto", "SharedData",
                .product(name: "NIOCore", package: "swift-nio"),
                // A loop whose time a test moves on.
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "RuntimeTests",
            dependencies: [
                "Runtime", "Trading", "Journal", "Bybit", "Market", "JSON", "Projections",
                "DeskStrategies", "DiskKit", "flawed-desk",
                // A session and its exchange on one virtual clock.
                "Gateway", "ReplayServer", "Simulation",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "ClientTests",
            dependencies: [
                "TapedeckClient", "Gateway", "Bybit", "Market", "ReplayServer", "Simulation",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "LiveTests",
            dependencies: [
                "Live", "Gateway", "Bybit", "Market",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "Commands", "Live", "ReplayServer", "Trading", "Market", "Journal", "Runtime",
                "Bybit", "Watch", "Projections", "CSQLite", "Gateway", "FaultProxy",
                "DeskStrategies",
                "tapedeck", "client-example", "projection-example", "flawed-desk",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "TidyTests"),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

/// One list for every Swift target: what is strict is strict everywhere.
let strictness: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]
let notSwift: Set<String> = [
    "CZstd", "CDeflate", "CCrypto", "CCurl", "CSQLite", "CSimdjson", "CSandbox", "CVersion",
    "CZlib", "CBarrier", "CHeap", "CSpawn",
]
for target in package.targets where !notSwift.contains(target.name) {
    target.swiftSettings = (target.swiftSettings ?? []) + strictness
}
