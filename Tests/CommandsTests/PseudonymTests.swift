import Foundation
import Journal
import Market
import Testing

/// `slice --replayable`, `--pseudonymise` and what `export` leaves out, on a recorded session.
@Suite(.serialized) struct PseudonymTests {
    private static func payloads(_ path: String, _ stream: String) async throws -> [String] {
        try await Program.run(["cat", path, "--stream", stream, "--raw"]).lines
    }

    /// Every value in private frames whose name says that it is an id, long enough to be found.
    private static func ids(_ path: String) async throws -> Set<String> {
        var ids: Set<String> = []
        for stream in ["private/*", "trade/*", "rest/main/*", "sent/private/*"] {
            for line in try await payloads(path, stream) {
                for match in line.matches(
                    of:
                        #/"(?:orderId|orderLinkId|execId|conn_id|connId|traceId|key|tradeId|parentOrderLinkId)":"([^"]{8,})"/#
                ) { ids.insert(String(match.output.1)) }
            }
        }
        return ids
    }

    /// Words of letters, digits, - and _: what ids are made of.
    ///
    /// They are looked up instead of searched for, since there are thousands.
    private static func words(of text: String) -> Set<Substring> {
        Set(
            text.utf8.split { byte in
                let letter = byte | 0x20
                return !(0x61...0x7a).contains(letter) && !(0x30...0x39).contains(byte)
                    && byte != UInt8(ascii: "-") && byte != UInt8(ascii: "_")
            }.map { Substring($0) }
        )
    }

    private static func found(_ ids: Set<String>, in text: String) -> [String] {
        let words = words(of: text)
        return ids.filter { id in
            let own = Self.words(of: id)
            return own.isSubset(of: words) && (own.count == 1 || text.contains(id))
        }
    }

    @Test(arguments: [[], ["--from", "start+1s"]] as [[String]])
    func `a copy has none of the ids of the recording, and replays as it did`(
        range: [String]
    ) async throws {
        let folder = try TemporaryFolder()
        let (demo, _) = try await DemoTests.demo()
        let ids = try await Self.ids(demo)
        #expect(ids.count > 20)
        let copy = folder.path + "/copy"
        let made = try await Program.run(
            ["slice", demo, "-o", copy, "--pseudonymise", "--replayable", "--json"] + range
        )
        #expect(made.status == 0, "\(made.errors)")
        #expect((made.object["pseudonyms"] as? Int ?? 0) >= ids.count)
        let all = try await Program.run(["cat", copy, "--json"]).output
        #expect(all.utf8.count > 50_000)
        let found = Self.found(ids, in: all)
        #expect(found.isEmpty, "\(found.prefix(3))")
        // Amounts and prices stand as they stood.
        #expect(all.contains("BTCUSDT") && all.contains("0.010"))
        #expect(try await Program.run(["verify", copy]).status == 0)
        // From the recording's own id its client order ids could be computed.
        let origin = try await Self.origin(copy)
        #expect(origin != "demo" && origin.hasPrefix("p"), "\(origin)")
        let replay = try await Program.run(["replay", copy, "--json"])
        #expect(replay.object["result"] as? String == "identical", "\(replay.output)")
        let states = try #require(replay.object["states"] as? [String: Any])
        #expect(states["compared"] as? Int == states["recorded"] as? Int, "\(states)")
        // Not the same ids twice: who has two copies cannot join them.
        let other = folder.path + "/other"
        _ = try await Program.run(["slice", demo, "-o", other, "--pseudonymise"] + range)
        let first = try await Self.ids(copy)
        #expect(first.intersection(try await Self.ids(other)).isEmpty)
        // A trade of the public tape and the fill that it was have one id still.
        let pairs = try await Self.pairs(demo)
        if range.isEmpty { #expect(try await Self.pairs(copy) == pairs) }
    }

    /// What a slice says that it was cut out of.
    private static func origin(_ path: String) async throws -> String {
        let info = try await Program.run(["info", path, "--json"])
        let labels = try #require(info.object["labels"] as? [String: Any], "\(info.output)")
        return try #require(labels["slice.of"] as? String, "\(labels)")
    }

    /// How many fills have their twin in the public trades.
    private static func pairs(_ path: String) async throws -> Int {
        let tape = try await payloads(path, "public/linear/publicTrade*").joined()
        let words = words(of: tape)
        return try await payloads(path, "private/*/execution").count { line in
            guard let id = line.firstMatch(of: #/"execId":"([^"]+)"/#)?.output.1 else {
                return false
            }
            return words.contains(id)
        }
    }

    @Test func `an export leaves private streams out unless it is told, and says so`() async throws
    {
        let (demo, _) = try await DemoTests.demo()
        let plain = try await Program.run(["export", demo, "--format", "jsonl"])
        #expect(plain.status == 0, "\(plain.errors)")
        #expect(!plain.output.contains("\"private/") && !plain.output.contains("desk/command"))
        #expect(!plain.output.contains("\"rest/main") && plain.output.contains("\"public/linear"))
        #expect(plain.errors.contains("--with-private"), "\(plain.errors)")
        let whole = try await Program.run(["export", demo, "--format", "jsonl", "--with-private"])
        #expect(whole.output.contains("\"private/main/order\"") && whole.errors.isEmpty)
        let masked = try await Program.run(
            ["export", demo, "--format", "jsonl", "--with-private", "--pseudonymise"]
        )
        #expect(masked.status == 0, "\(masked.errors)")
        let ids = try await Self.ids(demo)
        #expect(masked.output.contains("\"private/main/order\""))
        #expect(Self.found(ids, in: masked.output).isEmpty)
    }

    @Test func `a bundle has none of the ids, and its part about an order is found by the old one`()
        async throws
    {
        let folder = try TemporaryFolder()
        let (demo, _) = try await DemoTests.demo()
        let ids = try await Self.ids(demo)
        let whole = try await Program.run(
            ["bundle", demo, "--with-private", "--pseudonymise", "-o", "whole.mcap", "--json"],
            in: folder.path
        )
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(whole.object["replayable"] as? Bool == true)
        #expect((whole.object["pseudonyms"] as? Int ?? 0) >= ids.count)
        let all = try await Program.run(["cat", "whole.mcap", "--json"], in: folder.path).output
        #expect(all.utf8.count > 50_000 && Self.found(ids, in: all).isEmpty)
        // The notes beside the records say no id either.
        let bytes = try Data(contentsOf: URL(filePath: folder.path + "/whole.mcap"))
        let start = try #require(bytes.range(of: Data(#"{"schema":"tapedeck.bundle/1""#.utf8)))
        let end = try #require(bytes.range(of: Data("\n".utf8), in: start.lowerBound..<bytes.count))
        let note = String(decoding: bytes[start.lowerBound..<end.lowerBound], as: UTF8.self)
        #expect(Self.found(ids, in: note).isEmpty)
        // From the recording's own id its client order ids could be computed.
        #expect(!note.contains(#""of":"demo""#), "\(note.prefix(80))")
        let origin = try await Self.origin(folder.path + "/whole.mcap")
        #expect(origin != "demo" && all.contains(origin), "\(origin)")
        let replay = try await Program.run(["replay", "whole.mcap", "--json"], in: folder.path)
        #expect(replay.object["result"] as? String == "identical", "\(replay.output)")
        #expect(try await Program.run(["verify", "whole.mcap"], in: folder.path).status == 0)

        let link = try #require(ids.filter { $0.contains("-") }.min() ?? ids.min())
        let part = try await Program.run(
            [
                "bundle", demo, "--pseudonymise", "--around", link, "--margin", "100ms", "-o",
                "part.mcap", "--json",
            ],
            in: folder.path
        )
        #expect(part.status == 0, "\(part.errors)")
        let records = try #require(part.object["records"] as? Int)
        #expect(records > 0 && records < (whole.object["records"] as? Int ?? 0))
        let few = try await Program.run(["cat", "part.mcap", "--json"], in: folder.path).output
        #expect(Self.found(ids, in: few).isEmpty && !few.contains("\"private/"))
        let left = try FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory())
        #expect(!left.contains { $0.hasPrefix("tapedeck-copy-") }, "\(left)")
    }

    /// TAPEDECK_SLICE_POINTS=1000 is the full run.
    @Test func `a slice from any point on replays identically from there`() async throws {
        let folder = try TemporaryFolder()
        let (demo, _) = try await DemoTests.demo()
        let info = try await Program.run(["info", demo, "--json"])
        let sequence = try #require(info.object["sequence"] as? [String: Any])
        let last = try #require(sequence["last"] as? UInt64)
        let count =
            ProcessInfo.processInfo.environment["TAPEDECK_SLICE_POINTS"].flatMap(Int.init) ?? 6
        var state: UInt64 = 42
        for number in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let from = 2 + (state >> 33) % (last - 50)
            let path = folder.path + "/slice-\(number)"
            let cut = try await Program.run(
                ["slice", demo, "--from", "\(from)", "-o", path, "--replayable", "--json"]
            )
            #expect(cut.status == 0, "from \(from): \(cut.errors)")
            #expect(cut.object["replayable"] as? Bool == true)
            let replay = try await Program.run(["replay", path, "--json"])
            let word = replay.object["result"] as? String
            #expect(
                word == "identical" || word == "nothing-to-judge",
                "from \(from): \(replay.output)"
            )
            try FileManager.default.removeItem(atPath: path)
        }
    }
}
