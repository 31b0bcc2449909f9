import Foundation
import Testing

/// Paces, conditions, a recording that grows, other processes: by the program itself.
@Suite struct ReplayPaceTests {
    static let demo = Program.root.appending(path: "Fixtures/replays/behaviour-4-demo").path
    static let limits = Program.root.appending(path: "Fixtures/replays/behaviour-4-limits").path

    @Test func `a pace changes nothing of the result, and takes its time`() async throws {
        let fast = try await Program.run(["replay", Self.demo, "--json"])
        #expect(fast.object["result"] as? String == "identical", "\(fast.errors)")
        let began = ContinuousClock.now
        let paced = try await Program.run(["replay", Self.demo, "--pace", "x5", "--json"])
        // 6.6 s of session.
        #expect(ContinuousClock.now - began > .seconds(1))
        #expect(paced.object["result"] as? String == "identical")
        #expect(paced.object["state_hash"] as? String == fast.object["state_hash"] as? String)
        let alone = try await Program.run(["replay", Self.demo, "--one-core", "--json"])
        #expect(alone.object["state_hash"] as? String == fast.object["state_hash"] as? String)
        for pace in ["slow", "x0", "x", "x1.2345"] {
            #expect(try await Program.run(["replay", Self.demo, "--pace", pace]).status == 64)
        }
    }

    @Test func `step by step, as many as asked for`() async throws {
        let folder = try TemporaryFolder()
        try "\n\n5\nq\n".write(toFile: folder.path + "/keys", atomically: true, encoding: .utf8)
        let keys = try #require(FileHandle(forReadingAtPath: folder.path + "/keys"))
        let running = try Program.start(["replay", Self.demo, "--pace", "step"], input: keys)
        let outcome = try await running.end()
        // Seven inputs, each on a line with its number.
        let inputs = outcome.lines.filter { $0.first?.isNumber == true }
        #expect(inputs.count == 7, "\(outcome.output)")
        #expect(outcome.output.contains("stopped") && outcome.errors.contains("one step"))
    }

    @Test func `it stops at a condition, with what was said there compared`() async throws {
        let command = try await Program.run(
            ["replay", Self.demo, "--until", "command", "--json"]
        )
        let commands = command.object["commands"] as? [String: Any]
        #expect((commands?["compared"] as? Int ?? 0) > 0)
        #expect((commands?["recorded"] as? Int ?? 0) == (commands?["compared"] as? Int ?? -1))
        #expect(command.object["stopped"] as? String == "the first command")
        let rejected = try await Program.run(
            ["replay", Self.limits, "--until", "rejected", "--json"]
        )
        #expect(rejected.object["stopped"] as? String == "the first rejected intent")
        let fill = try await Program.run(["replay", Self.demo, "--until", "fill", "--json"])
        #expect(fill.object["stopped"] as? String == "the first fill")
        let first = command.object["last"] as? Int ?? 0
        #expect(first > 0 && fill.object["last"] as? Int ?? 0 > first)
        #expect(try await Program.run(["replay", Self.demo, "--until", "nonsense"]).status == 64)
    }

    @Test func `a recording that grows is followed to its seal`() async throws {
        let folder = try TemporaryFolder()
        async let path = SyntheticSession.record(in: folder, seconds: 4)
        let session = folder.path + "/session"
        for _ in 0..<6_000 where !FileManager.default.fileExists(atPath: session + "/HEAD") {
            try await Task.sleep(for: .milliseconds(20))
        }
        let following = try Program.start(["replay", session, "--follow", "--json"])
        let recorded = try await path
        let outcome = try await following.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.object["result"] as? String == "identical")
        let whole = try await Program.run(["replay", recorded, "--json"])
        for key in ["records", "state_hash", "last"] {
            #expect("\(outcome.object[key] ?? "")" == "\(whole.object[key] ?? "-")", "\(key)")
        }
    }

    @Test func `twice is the same, and so is the program itself as another build`() async throws {
        let outcome = try await Program.run(
            ["replay", Self.limits, "--twice", "--with", Program.release ?? Program.path, "--json"]
        )
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        let others = outcome.object["compared_with"] as? [[String: Any]] ?? []
        #expect(others.count == 2 && others.allSatisfy { $0["same"] as? Bool == true })
        let none = try await Program.run(["replay", Self.limits, "--with", "/nowhere"])
        #expect(none.status == 66)
    }

    @Test func `a changed parameter is explained down to the state that differs`() async throws {
        let outcome = try await Program.run(
            ["replay", Self.demo, "--set", "strategies.maker.offset_ticks=3", "--json"]
        )
        #expect(outcome.status == 1)
        let divergence = try #require(outcome.object["divergence"] as? [String: Any])
        #expect((divergence["event"] as? String)?.contains("requote") == true)
        let state = divergence["state"] as? [[String: Any]] ?? []
        #expect(
            state.contains {
                $0["path"] as? String == "strategies.maker.parameters.offsetTicks"
                    || ($0["path"] as? String)?.hasSuffix("offset_ticks") == true
            },
            "\(state)"
        )
    }

    @Test func `what cannot be judged says what can be done with it`() async throws {
        let folder = try TemporaryFolder()
        try #"{"t":"recv","data":"{\"topic\":\"publicTrade.BTCUSDT\",\"data\":[]}"}"#
            .write(toFile: folder.path + "/frames.jsonl", atomically: true, encoding: .utf8)
        let server = try Program.start(
            ["serve", "--messages", "frames.jsonl", "--plain", "--json", "--for", "900s"],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { line in Endpoint(line) }.url
        _ = try await Program.run(
            [
                "record", "--endpoint", endpoint, "--public", "linear:publicTrade.BTCUSDT", "--out",
                "public", "--for", "2s",
            ],
            in: folder.path
        )
        let outcome = try await Program.run(["replay", "public", "--json"], in: folder.path)
        #expect(outcome.status == 2, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.object["result"] as? String == "nothing-to-judge")
        let why = outcome.object["why"] as? String ?? ""
        #expect(why.contains("`tapedeck state`"), "\(why)")
        // No command is named that is not there.
        let help = try await Program.run(["--help"]).output
        for name in ["simulate", "test-bot"] {
            #expect(why.contains("`tapedeck \(name)`") == help.contains("  \(name) "))
        }
    }
}
