import Foundation
import Testing

@Suite struct RobustnessTests {
    /// Recorders that are killed, over a market that does not stop: four at a time, since most of a cycle is waiting.
    @Test func `two hundred kills of the recorder lose nothing that was written`() async throws {
        let folder = try TemporaryFolder()
        let (server, endpoint) = try await Endpoint.serve(for: "3000s", in: folder)
        defer { server.kill() }
        try await withThrowingTaskGroup { group in
            for place in 1...4 {
                group.addTask {
                    try await Self.killAgainAndAgain("kill-\(place)", endpoint, folder.path)
                }
            }
            try await group.waitForAll()
        }
    }

    /// Fifty kills of the recorder of one recording.
    private static func killAgainAndAgain(
        _ name: String,
        _ endpoint: String,
        _ folder: String
    ) async throws {
        var written = 0
        for cycle in 1...50 {
            let recorder = try Program.start(
                [
                    "record", "--endpoint", endpoint, "--public",
                    "linear:orderbook.50.BTCUSDT,linear:publicTrade.BTCUSDT", "--out", name,
                    "--json", "--status-every", "20ms",
                ],
                in: folder
            )
            // The program's own word on what is written is the witness.
            let before = written
            var promised = try await recorder.line { line -> Int? in
                let number = Self.written(line) ?? 0
                return number > before + 20 ? number : nil
            }
            try await Task.sleep(for: .milliseconds(Int64(cycle * 7 % 40)))
            recorder.kill()
            _ = try await recorder.end()
            promised =
                recorder.outputSoFar.split(separator: "\n").compactMap {
                    Self.written(String($0))
                }.max() ?? promised
            let verify = try await Program.run(["verify", name, "--json"], in: folder)
            #expect([0, 1].contains(verify.status), "\(verify.output) \(verify.errors)")
            let sequence = try #require(verify.object["sequence"] as? [String: Any])
            let last = sequence["last"] as? Int ?? 0
            #expect(last >= promised, "\(name) \(cycle): \(promised) was written, \(last) is there")
            #expect(sequence["first"] as? Int == 1)
            #expect((verify.object["gaps"] as? [Any])?.isEmpty == true)
            written = last
        }
        let info = try await Program.run(["info", name, "--json"], in: folder)
        #expect(info.object["runs"] as? Int == 50)
        #expect(info.object["records"] as? Int == written)
    }

    private static func written(_ line: String) -> Int? {
        let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return object?["written"] as? Int
    }

    @Test func `SIGTERM seals and says why, and a run after a kill says what it recovered`()
        async throws
    {
        let folder = try TemporaryFolder()
        let (server, endpoint) = try await Endpoint.serve(for: "900s", in: folder)
        defer { server.kill() }
        let arguments = [
            "record", "--endpoint", endpoint, "--public", "linear:publicTrade.BTCUSDT", "--out",
            "one", "--json", "--status-every", "50ms",
        ]
        func start() async throws -> Running {
            let recorder = try Program.start(arguments, in: folder.path)
            _ = try await recorder.line { line in Self.written(line).flatMap { $0 > 30 ? $0 : nil }
            }
            return recorder
        }
        let first = try await start()
        #expect(!first.errorsSoFar.contains("recovered"))
        first.kill()
        _ = try await first.end()
        let info = try await Program.run(["info", "one", "--json"], in: folder.path)
        let last = try #require((info.object["sequence"] as? [String: Any])?["last"] as? Int)
        let second = try await start()
        #expect(
            second.errorsSoFar.contains("ended without a seal at record \(last);"),
            "\(second.errorsSoFar)"
        )
        Foundation.kill(second.process.processIdentifier, SIGTERM)
        let end = try await second.end()
        #expect(end.status == 0, "\(end.errors)")
        let sealed = try await Program.run(["verify", "one", "--json"], in: folder.path)
        #expect(sealed.object["sealed"] as? Bool == true)
        let why = try await Program.run(
            ["cat", "one", "--stream", "session/end", "--raw"],
            in: folder.path
        )
        #expect(why.output.contains("SIGTERM"))
    }

    @Test func `a recorder that never had a connection ends with 69, and is sealed`() async throws {
        let folder = try TemporaryFolder()
        for json in [[], ["--json"]] {
            let outcome = try await Program.run(
                [
                    "record", "--endpoint", "http://127.0.0.1:1", "--public",
                    "linear:publicTrade.BTCUSDT", "--out", "none\(json.count)", "--for", "2s",
                ] + json,
                in: folder.path
            )
            #expect(outcome.status == 69, "\(outcome.output)\(outcome.errors)")
            #expect(outcome.errors.contains("http://127.0.0.1:1"))
            #expect(outcome.errors.contains("refused"), "\(outcome.errors)")
            let info = try await Program.run(
                ["info", "none\(json.count)", "--json"],
                in: folder.path
            )
            #expect(info.object["state"] as? String == "sealed")
        }
    }

    @Test func `a refused subscription is a warning with topic and the exchange's words`()
        async throws
    {
        let folder = try TemporaryFolder()
        let (server, endpoint) = try await Endpoint.serve(for: "900s", in: folder)
        defer { server.kill() }
        let recorder = try Program.start(
            [
                "record", "--endpoint", endpoint, "--public",
                "linear:nosuch.BTCUSDT,linear:publicTrade.BTCUSDT", "--out", "one",
            ],
            in: folder.path
        )
        try await ProxiedSession.until("the refusal is told") {
            recorder.errorsSoFar.contains("subscribe of nosuch.BTCUSDT refused: ")
        }
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("warning"), "\(outcome.errors)")
    }

    @Test func `a second recorder is told who holds the recording, and writes nothing`()
        async throws
    {
        let folder = try TemporaryFolder()
        let (server, endpoint) = try await Endpoint.serve(for: "900s", in: folder)
        defer { server.kill() }
        let arguments = [
            "record", "--endpoint", endpoint, "--public", "linear:publicTrade.BTCUSDT", "--out",
            "one",
            "--json",
        ]
        let first = try Program.start(arguments, in: folder.path)
        _ = try await first.line { Self.written($0) }
        let second = try await Program.run(arguments, in: folder.path)
        #expect(second.status == 75, "\(second.output) \(second.errors)")
        #expect(second.errors.contains("\(first.process.processIdentifier)"))
        first.terminate()
        let end = try await first.end()
        #expect(end.status == 0, "\(end.errors)")
        let info = try await Program.run(["info", "one", "--json"], in: folder.path)
        #expect(info.object["state"] as? String == "sealed")
        let third = try await Program.run(arguments, in: folder.path)
        #expect(third.status == 73, "\(third.output) \(third.errors)")
    }

    @Test func `a damaged recording is refused with file, offset, record and advice`() async throws
    {
        let (source, _) = try await DemoTests.demo()
        let folder = try TemporaryFolder()
        let path = folder.path + "/damaged"
        try FileManager.default.copyItem(atPath: source, toPath: path)
        let segment = try #require(
            FileManager.default.contentsOfDirectory(atPath: path).first { $0.hasSuffix(".mcap") }
        )
        let file = try #require(FileHandle(forUpdatingAtPath: path + "/" + segment))
        let size = try file.seekToEnd()
        try file.seek(toOffset: size / 2)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: size / 2)
        try file.write(contentsOf: Data([byte ^ 0x55]))
        try file.close()
        let verify = try await Program.run(["verify", path, "--json"])
        #expect(verify.status == 2, "\(verify.output) \(verify.errors)")
        let finding = try #require((verify.object["findings"] as? [[String: Any]])?.first)
        #expect((finding["file"] as? String)?.hasSuffix(".mcap") == true)
        #expect((finding["offset"] as? Int ?? 0) > 0)
        let replay = try await Program.run(["replay", path])
        #expect(replay.status == 2, "\(replay.output) \(replay.errors)")
        for word in [".mcap", "byte", "record"] { #expect(replay.errors.contains(word)) }
    }

    @Test func `redundant sockets are for recording, and a trading session refuses them`()
        async throws
    {
        let folder = try TemporaryFolder()
        try "sockets:\n  redundancy: 2\n".write(
            toFile: folder.path + "/session.yaml",
            atomically: true,
            encoding: .utf8
        )
        let outcome = try await Program.run(
            [
                "trade", "session.yaml", "--strategy", "maker", "--endpoint",
                "http://127.0.0.1:9", "--out", "none",
            ],
            in: folder.path
        )
        #expect(outcome.status == 78, "\(outcome.errors)")
        #expect(outcome.errors.contains("session.yaml:2"))
    }

    static let wrongCalls: [([String], Int32)] = [
        (["info", "nothing-here"], 66), (["verify", "nothing-here"], 66), (["frobnicate"], 64),
        (["cat"], 64), (["replay", "last~x"], 66), (["trade", "--strategy", "maker"], 64),
        (["record"], 64), (["record", "missing.yaml"], 78),
        (["serve", "--messages", "missing.jsonl"], 69),
        (["record", "--endpoint", "nonsense", "--public", "linear:x"], 64),
    ]

    @Test(arguments: wrongCalls)
    func `a wrong call ends with its own status and says what to do`(
        arguments: [String],
        status: Int32
    ) async throws {
        let folder = try TemporaryFolder()
        let outcome = try await Program.run(arguments, in: folder.path)
        #expect(outcome.status == status, "\(outcome.output) \(outcome.errors)")
        #expect(!outcome.errors.isEmpty)
    }

    @Test func `a foreign file is refused as not in the format`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/foreign"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let text = "not a recording at all, but long enough to look like one"
        try text.write(toFile: path + "/000000000001.mcap", atomically: true, encoding: .utf8)
        for command in ["replay", "info", "verify", "cat"] {
            let outcome = try await Program.run([command, path])
            #expect(
                [2, 65].contains(outcome.status),
                "\(command): \(outcome.output) \(outcome.errors)"
            )
        }
    }

    @Test func `help and version are there for a newcomer`() async throws {
        let version = try await Program.run(["--version"])
        #expect(version.status == 0)
        for word in ["tapedeck", "commit", "format", "zstd", "SQLite"] {
            #expect(version.output.contains(word))
        }
        for command in [
            "demo", "serve", "record", "trade", "replay", "verify", "info", "cat", "state", "pnl",
            "ls", "keygen",
        ] {
            let help = try await Program.run([command, "--help"])
            #expect(help.status == 0)
            #expect(help.output.contains("OVERVIEW"))
        }
    }
}
