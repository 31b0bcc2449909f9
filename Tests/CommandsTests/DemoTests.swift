import Foundation
import Testing

/// The product's story, told by the program itself.
@Suite(.serialized) struct DemoTests {
    /// One demo for all that looks at a recording: twenty seconds of trading.
    static let recording = Task { () -> (folder: TemporaryFolder, outcome: Program.Outcome) in
        let folder = try TemporaryFolder()
        let outcome = try await Program.run(
            ["demo", "--seconds", "20", "--seed", "7", "--out", folder.path + "/demo", "--json"]
        )
        return (folder, outcome)
    }

    static func demo() async throws -> (path: String, outcome: Program.Outcome) {
        let made = try await recording.value
        return (made.folder.path + "/demo", made.outcome)
    }

    @Test func `a demo trades, replays identically, and agrees with the exchange`() async throws {
        let (_, outcome) = try await Self.demo()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.object["replay"] as? String == "identical")
        #expect(outcome.object["accounting"] as? String == "equal")
    }

    @Test func `two processes and both builds come to the same commands and state`() async throws {
        let (path, _) = try await Self.demo()
        var hashes: Set<String> = []
        for program in [Program.path, Program.path] + [Program.release].compactMap({ $0 }) {
            let outcome = try await Program.run(["replay", path, "--json"], program: program)
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
            #expect(outcome.object["result"] as? String == "identical")
            hashes.insert(try #require(outcome.object["state_hash"] as? String))
        }
        #expect(hashes.count == 1)
    }

    @Test func `a strategy changed by one tick differs at a named record with both commands`()
        async throws
    {
        let (path, _) = try await Self.demo()
        let outcome = try await Program.run(
            ["replay", path, "--set", "strategies.maker.offset_ticks=3", "--json"]
        )
        #expect(outcome.status == 1, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.object["result"] as? String == "differs")
        let divergence = try #require(outcome.object["divergence"] as? [String: Any])
        #expect((divergence["sequence"] as? Int ?? 0) > 0)
        // Risk allowed both: the commands are what differs.
        for side in ["recorded", "replayed"] {
            #expect((divergence[side] as? String)?.hasPrefix("desk/command {") == true)
        }
        #expect((divergence["fields"] as? [Any])?.isEmpty == false)
    }

    @Test func `a parameter that the strategy does not have is wrong usage`() async throws {
        let (path, _) = try await Self.demo()
        let outcome = try await Program.run(["replay", path, "--set", "strategies.maker.ofset=3"])
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("offset_ticks"))
    }

    @Test func `the recording proves itself and its P&L is told in every grouping`() async throws {
        let (path, _) = try await Self.demo()
        let verify = try await Program.run(["verify", path, "--json"])
        #expect(verify.status == 0, "\(verify.output) \(verify.errors)")
        #expect(verify.object["state"] as? String == "sound")
        // The demo cuts each socket once.
        let info = try await Program.run(["info", path, "--json"])
        let gaps = try #require(info.object["interruptions"] as? [[String: Any]])
        #expect(gaps.compactMap { $0["link"] as? String }.count == 3, "\(gaps)")
        #expect(gaps.allSatisfy { ($0["count"] as? Int ?? 0) >= 1 })
        for grouping in ["symbol", "strategy", "account", "day"] {
            let pnl = try await Program.run(["pnl", path, "--by", grouping, "--json"])
            #expect(pnl.status == 0, "\(pnl.errors)")
            #expect(!pnl.lines.isEmpty)
        }
        // How long it takes to connect is not said; by then it has traded.
        let state = try await Program.run(["state", path, "--at", "end-5s", "--json"])
        #expect(state.status == 0, "\(state.errors)")
        #expect((state.object["books"] as? [Any])?.isEmpty == false)
    }

    @Test(arguments: ["fee-sign", "funding-sign", "entry-price"], ["exchange", "ledger"])
    func `a fault in one side's accounts makes the demo say no`(
        what: String,
        side: String
    )
        async throws
    {
        let folder = try TemporaryFolder()
        let outcome = try await Program.run([
            "demo", "--seconds", "12", "--seed", "7", "--fault", "\(side):\(what)", "--json",
            "--out", folder.path + "/demo",
        ])
        #expect(outcome.status == 1, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.object["replay"] as? String == "identical")
        #expect(outcome.object["accounting"] as? String == "differs")
    }
}
