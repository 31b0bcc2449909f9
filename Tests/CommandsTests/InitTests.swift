import Foundation
import Live
import Testing
import Trading

@testable import Commands

/// `init`: files to begin with, which hold what they promise.
@Suite(.serialized) struct InitTests {
    @Test(arguments: ["mainnet", "testnet", "demo"])
    func `check accepts the session file as it stands, and nothing is replaced`(
        environment: String
    )
        async throws
    {
        let folder = try TemporaryFolder()
        let made = try await Program.run(
            ["init", "desk", "--environment", environment],
            in: folder.path
        )
        #expect(made.status == 0, "\(made.errors)")
        let path = folder.path + "/desk/session.yaml"
        let before = try String(contentsOfFile: path, encoding: .utf8)
        #expect(before.contains("\nenvironment: \(environment)\n"))
        let check = try await Program.run(["check", path, "--offline", "--json"], in: folder.path)
        #expect(check.status == 0, "\(check.output) \(check.errors)")
        #expect(check.object["valid"] as? Bool == true)
        let again = try await Program.run(["init", "desk"], in: folder.path)
        #expect(again.status == 73)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == before)
        let wrong = try await Program.run(
            ["init", "other", "--environment", "moon"],
            in: folder.path
        )
        #expect(wrong.status == 64)
    }

    @Test func `every setting is in the session file, and right where it is commented out`() throws
    {
        let text = try SessionTemplate.text(environment: "testnet")
        // Settings are commented out without a blank or with the two of their level, words with one. Of the two places
        // to connect one goes.
        let whole = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let body = line.drop { $0 == " " }
            let isWords = body.hasPrefix("# ") && !body.hasPrefix("#  ")
            guard body.hasPrefix("#"), !isWords, body != "#" else {
                return String(line)
            }
            return String(line.prefix(line.count - body.count)) + String(body.dropFirst())
        }.filter { !$0.hasPrefix("environment:") && !$0.hasPrefix("ca_file:") }
            .joined(separator: "\n")
        let settings = try Settings(yaml: whole, name: "session.yaml")
        let configuration = try SessionSettings.configuration(settings, path: "x", target: nil)
        #expect(configuration.strategies.count == 1 && configuration.subscriptions.count == 7)
        _ = try TapedeckMain.strategies.resolved(configuration.strategies[0])
        for path in SessionSettings.allowed where !path.contains("*") {
            let name = path.split(separator: ".").last.map(String.init) ?? path
            #expect(text.contains(name + ":"), "\(path) is not in the file that init writes")
        }
    }

    @Test func `a strategy's package is written, and its sources fit the library`() async throws {
        let folder = try TemporaryFolder()
        let made = try await Program.run(
            ["init", "strategy", "slow_bid", "--tapedeck", Program.root.path],
            in: folder.path
        )
        #expect(made.status == 0, "\(made.errors)")
        let package = folder.path + "/slow_bid"
        let manifest = try String(contentsOfFile: package + "/Package.swift", encoding: .utf8)
        #expect(manifest.contains(#".product(name: "Tapedeck", package: "tapedeck")"#))
        #expect(manifest.contains(Program.root.path))
        for path in ["Package.swift", "Sources/slow_bid/main.swift", "session.yaml", "README.md"] {
            let text = try String(contentsOfFile: package + "/" + path, encoding: .utf8)
            for word in ["NAME", "TYPE", "TAPEDECK"] { #expect(!text.contains(word), "\(path)") }
        }
        let again = try await Program.run(["init", "strategy", "slow_bid"], in: folder.path)
        #expect(again.status == 73)
        for name in ["Slow", "9lives", "maker", "../up"] {
            let wrong = try await Program.run(["init", "strategy", name], in: folder.path)
            #expect(wrong.status == 64, "\(name)")
        }
        let program = try String(
            contentsOfFile: package + "/Sources/slow_bid/main.swift",
            encoding: .utf8
        )
        #expect(program.contains("import Commands\n"))
        #expect(program.contains("TapedeckMain.run(strategies: [SlowBid.self])\n"))
        // The compiler that built these tests reads the strategy against the modules that it made.
        let modules = URL(filePath: Program.path).deletingLastPathComponent()
            .appending(path: "Modules").path
        try #require(FileManager.default.fileExists(atPath: modules + "/Trading.swiftmodule"))
        let built = try await Program.run(
            [
                "swiftc", "-typecheck", "-swift-version", "6", "-I", modules,
                package + "/Sources/slow_bid/SlowBid.swift",
            ],
            program: "/usr/bin/env",
            in: folder.path
        )
        #expect(built.status == 0, "\(built.errors)")
    }
}
