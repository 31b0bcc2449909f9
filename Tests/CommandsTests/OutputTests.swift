import Foundation
import Testing

/// What commands print, and what they say when it cannot be printed.
@Suite struct OutputTests {
    @Test(
        arguments: [
            ["cat"], ["cat", "--raw"], ["info"], ["verify", "--json"], ["state"], ["pnl"],
            ["replay"],
        ]
    )
    func `results that cannot be written end with 74 and a word`(words: [String]) async throws {
        let (demo, _) = try await DemoTests.demo()
        // A shell, since only its redirection leads there.
        let outcome = try await Program.run(
            ["-c", #""$0" "$@" > /dev/full"#, Program.path, words[0], demo] + words.dropFirst(),
            program: "/bin/sh"
        )
        #expect(outcome.status == 74, "\(outcome.errors)")
        #expect(outcome.errors.contains("No space left on device"), "\(outcome.errors)")
    }

    @Test func `a closed pipe ends quietly`() async throws {
        let (demo, _) = try await DemoTests.demo()
        let piped = try await Program.run(
            ["-c", #"{ "$0" "$@"; echo $? >&2; } | true"#, Program.path, "cat", demo],
            program: "/bin/sh"
        )
        #expect(piped.errors == "0\n", "\(piped.errors)")
    }

    @Test func `a session whose output cannot be written is sealed, and ends with 74`()
        async throws
    {
        let folder = try TemporaryFolder()
        let (server, endpoint) = try await Endpoint.serve(for: "900s", in: folder)
        defer { server.kill() }
        let outcome = try await Program.run(
            [
                "-c", #""$0" "$@" > /dev/full"#, Program.path, "record", "--endpoint", endpoint,
                "--public", "linear:publicTrade.BTCUSDT", "--out", "full", "--json", "--for",
                "600s",
            ],
            program: "/bin/sh",
            in: folder.path
        )
        #expect(outcome.status == 74, "\(outcome.errors)")
        let info = try await Program.run(["info", "full", "--json"], in: folder.path)
        #expect(info.object["state"] as? String == "sealed")
    }

    /// Colour, the terminal's title, a line of somebody's own, and the eight-bit beginning of a sequence.
    private static let evil = "public/\u{1b}[31m\u{1b}]0;x\u{7}\nverify: sound\u{9b}2J\u{7f}"
    private static let escaped = #"public/\x1b[31m\x1b]0;x\x07\x0averify: sound\x9b2J\x7f"#

    @Test(arguments: [["cat"], ["info"], ["verify"], ["cat", "--stream", "\u{1b}[0m"]])
    func `no name and no payload can steer a terminal`(words: [String]) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/evil.mcap"
        var file = ForeignFile()
        file.chunk(Self.evil, [Array("\u{1b}[2J".utf8), Array("a\nb".utf8)])
        try file.write(to: path)
        let outcome = try await Program.run([words[0], path] + words.dropFirst())
        let all = outcome.output + outcome.errors
        let isClean = all.unicodeScalars.allSatisfy {
            $0 == "\n" || ($0.value >= 0x20 && !(0x7f..<0xa0).contains($0.value))
        }
        #expect(isClean, "\(all)")
        #expect(!outcome.lines.contains { $0.hasPrefix("verify: sound") })
        if words == ["cat"] {
            #expect(outcome.lines.count == 2)
            #expect(outcome.lines[0].hasSuffix(Self.escaped + #"  \x1b[2J"#), "\(outcome.output)")
            #expect(outcome.lines[1].hasSuffix("a b"))
        }
        if words.count > 1 { #expect(outcome.errors.contains(#"--stream '\x1b[0m'"#)) }
    }

    @Test func `a name in an error is escaped`() async throws {
        let outcome = try await Program.run(["cat", "a\u{1b}[2Jb"])
        #expect(outcome.status == 66)
        #expect(outcome.errors.contains(#"a\x1b[2Jb"#), "\(outcome.errors)")
    }

    @Test func `a payload that is no UTF-8 stands in base64, and comes back as it was`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path + "/binary.mcap"
        let payloads: [[UInt8]] = [[0xff, 0x00, 0xfe], Array("{\"a\":\"€\"}".utf8), []]
        var file = ForeignFile()
        file.chunk("binary", payloads)
        try file.write(to: path)
        let outcome = try await Program.run(["cat", path, "--json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let objects = try outcome.lines.map {
            try #require(
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            )
        }
        #expect(objects[0]["payload"] == nil)
        let text = try #require(objects[0]["payload_base64"] as? String)
        #expect(Data(base64Encoded: text).map(Array.init) == payloads[0])
        #expect(objects[1]["payload"] as? String == "{\"a\":\"€\"}")
        #expect(objects[1]["payload_base64"] == nil)
        #expect(objects[2]["payload"] as? String == "")
        let both = try await Program.run(["cat", path, "--json", "--raw"])
        #expect(both.status == 64)
    }

    @Test func `a foreign file is counted from 1, and no chain is claimed for it`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/foreign.mcap"
        var file = ForeignFile()
        file.chunk("a", [[0x31], [0x32], [0x33]])
        try file.write(to: path)
        let text = try await Program.run(["verify", path])
        #expect(text.status == 0, "\(text.output)\(text.errors)")
        #expect(text.lines.contains("records    3, 1 to 3"), "\(text.output)")
        #expect(text.lines.contains("chain      none"))
        let json = try await Program.run(["verify", path, "--json"])
        #expect(json.object["chain"] as? String == "")
        let sequence = json.object["sequence"] as? [String: Any]
        #expect(sequence?["first"] as? Int == 1 && sequence?["last"] as? Int == 3)
    }

    @Test func `a damaged file is told the same from a pipe as from the disk`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/bad.mcap"
        var file = ForeignFile()
        file.chunk("a", [[0x31]])
        let place = file.chunk("a", [[0x32]], isSound: false)
        file.chunk("a", [[0x33], [0x34]])
        try file.write(to: path)
        let whole = try await Program.run(["cat", path, "--raw"])
        let input = try #require(FileHandle(forReadingAtPath: path))
        let piped = try await Program.start(["cat", "-", "--raw"], input: input).end()
        #expect(whole.status == 2 && piped.status == 2, "\(whole.errors)\(piped.errors)")
        #expect(whole.output == "1\n3\n4\n" && piped.output == whole.output)
        for outcome in [whole, piped] {
            #expect(outcome.errors.contains("byte \(place)"), "\(outcome.errors)")
        }
    }

    @Test func `a segment of ours with a bad chunk is told the same from a pipe as from the disk`()
        async throws
    {
        let (demo, _) = try await DemoTests.demo()
        let folder = try TemporaryFolder()
        let path = folder.path + "/000000000001.mcap"
        var bytes = try Data(contentsOf: URL(filePath: demo + "/000000000001.mcap"))
        for place in (bytes.count / 2)..<(bytes.count / 2 + 16) { bytes[place] ^= 0x33 }
        try bytes.write(to: URL(filePath: path))
        let whole = try await Program.run(["cat", path, "--json"])
        let input = try #require(FileHandle(forReadingAtPath: path))
        let piped = try await Program.start(["cat", "-", "--json"], input: input).end()
        #expect(whole.status == 2 && piped.status == 2, "\(whole.errors)\(piped.errors)")
        #expect(piped.output == whole.output)
        #expect(whole.lines.count > 100)
        #expect(
            piped.errors.replacing("stdin", with: path) == whole.errors,
            "\(piped.errors)\(whole.errors)"
        )
    }
}
