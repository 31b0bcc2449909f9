import Testing

/// The picture of ARCHITECTURE.md as a test: imports point down only.
@Suite struct ImportTests {
    /// What each module may import directly; everything else fails with file and line.
    static let allowed: [String: Set<String>] = [
        "Market": [],
        "JSON": ["Market", "CSimdjson"],
        "Bybit": ["Market", "JSON"],
        "Trading": ["Market"],
        "Simulation": ["Market"],
        "Watch": ["Market"],
        "Journal": [
            "Market", "CZstd", "CDeflate", "CCrypto", "CBarrier", "Glibc", "Synchronization",
        ],
        "Gateway": [
            "Market", "Bybit", "JSON", "CCurl", "CCrypto", "Glibc", "Synchronization", "Logging",
            "NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket", "NIOSSL", "NIOConcurrencyHelpers",
        ],
        "Projections": ["Market", "GRDB", "CSQLite", "Glibc", "Synchronization"],
        // Simulation: a recorded market with a simulated exchange.
        "Runtime": [
            "Market", "JSON", "Bybit", "Trading", "Simulation", "Journal", "Projections", "Glibc",
            "Synchronization",
        ],
        "Interchange": [
            "Market", "JSON", "Bybit", "Journal", "CZlib", "Glibc", "Synchronization",
        ],
        "ReplayServer": [
            "Market", "JSON", "Bybit", "Simulation", "Journal", "CCrypto", "Glibc",
            "Synchronization", "Logging", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOWebSocket",
            "NIOSSL",
            "NIOConcurrencyHelpers",
        ],
        "Live": [
            "Market", "JSON", "Bybit", "Trading", "Watch", "Journal", "Gateway", "Runtime",
            "Projections", "CSpawn", "CHeap", "Glibc", "Synchronization", "Logging", "NIOCore",
            "NIOPosix", "NIOHTTP1",
        ],
        "Commands": [
            "Market", "JSON", "Bybit", "Trading", "Simulation", "Journal", "Projections", "Runtime",
            "Live", "ReplayServer", "Watch", "Interchange", "CSandbox", "CVersion", "CZstd",
            "CCurl",
            "CCrypto",
            "CSimdjson", "ArgumentParser", "Logging", "Yams", "Foundation",
            "Glibc", "Synchronization",
        ],
        "TapedeckClient": [
            "Market", "Bybit", "Trading", "Gateway", "Synchronization", "NIOCore", "NIOPosix",
        ],
        // In a user's suite: it replays, and cannot place an order.
        "TapedeckTesting": ["Market", "Trading", "Journal", "Runtime", "Testing", "Glibc"],
        "tapedeck": ["Commands"],
    ]

    /// Modules that must not be reachable at all: the replay side cannot place an order, the core does no I/O.
    static let unreachable: [String: Set<String>] = [
        "Runtime": ["Gateway", "Live", "NIOCore", "CCurl"],
        "ReplayServer": ["Gateway", "Live", "Trading", "CCurl"],
        "TapedeckTesting": ["Gateway", "Live", "NIOCore", "CCurl", "ReplayServer"],
        "Interchange": ["Gateway", "Live", "Trading", "CCurl", "Foundation"],
        "Simulation": ["Trading", "Bybit", "Foundation", "Glibc"],
        "Trading": ["Simulation", "Bybit", "Foundation", "Glibc"],
        "Bybit": ["Trading", "Simulation", "Foundation", "Glibc"],
        "Journal": ["Foundation", "Bybit", "Trading"],
        // Another program's client has neither recordings nor an exchange, and none of what they need.
        "TapedeckClient": [
            "Journal", "Runtime", "Simulation", "Projections", "Live", "Foundation",
        ],
    ]

    @Test func `each import is one that the picture has`() throws {
        let tree = try SourceTree()
        #expect(tree.files.count > 20, "the tree was found")
        for (module, imports) in tree.imports.sorted(by: { $0.key < $1.key }) {
            guard let allowed = Self.allowed[module] else {
                Issue.record("Sources/\(module) is not in the picture: add it to ImportTests")
                continue
            }
            for item in imports where !allowed.contains(item.module) {
                Issue.record("\(item.file):\(item.line): \(module) may not import \(item.module)")
            }
        }
    }

    @Test func `the closure of imports keeps the core pure and the replay side away from orders`()
        throws
    {
        let imports = try SourceTree().imports
        for (module, forbidden) in Self.unreachable.sorted(by: { $0.key < $1.key }) {
            for (reached, way) in Self.closure(of: module, imports: imports)
            where forbidden.contains(reached) {
                let path = way.map { "\($0.file):\($0.line)" }.joined(separator: " → ")
                Issue.record("\(module) reaches \(reached) by \(path)")
            }
        }
    }

    @Test
    func `Live and TapedeckClient alone import Gateway, and of ours only Commands imports Live`()
        throws
    {
        for (module, imports) in try SourceTree().imports {
            for item in imports {
                if item.module == "Gateway" {
                    #expect(
                        ["Live", "TapedeckClient"].contains(module),
                        "\(item.file):\(item.line)"
                    )
                }
                if item.module == "Live" {
                    #expect(module == "Commands", "\(item.file):\(item.line)")
                }
                #expect(item.module != "TapedeckClient", "\(item.file):\(item.line)")
            }
        }
    }

    @Test func `a forbidden import would be found`() {
        let imports: [String: [SourceTree.Import]] = [
            "Runtime": [.init(module: "Middle", file: "Sources/Runtime/A.swift", line: 3)],
            "Middle": [.init(module: "Gateway", file: "Sources/Middle/B.swift", line: 7)],
        ]
        let reached = Self.closure(of: "Runtime", imports: imports)
        #expect(reached["Gateway"]?.map(\.line) == [3, 7])
    }

    @Test(arguments: [
        ("import Market", "Market"),
        ("public import struct Market.Price", "Market"),
        ("@preconcurrency internal import NIOCore", "NIOCore"),
    ])
    func `an import line is read in all its forms`(line: String, module: String) {
        #expect(SourceTree.imported(in: line) == module)
    }

    /// Each module reached, with the imports that lead there.
    static func closure(
        of module: String,
        imports: [String: [SourceTree.Import]]
    ) -> [String: [SourceTree.Import]] {
        var ways: [String: [SourceTree.Import]] = [:]
        var open: [(String, [SourceTree.Import])] = [(module, [])]
        while let (current, way) = open.popLast() {
            for item in imports[current] ?? [] where ways[item.module] == nil {
                ways[item.module] = way + [item]
                open.append((item.module, way + [item]))
            }
        }
        return ways
    }
}
