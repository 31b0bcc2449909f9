import Foundation
import Testing

/// What is done with finished recordings, by the built program.
@Suite struct UpkeepTests {
    @Test func `a key pair signs a demo's recording, and only its public half verifies it`()
        async throws
    {
        let folder = try TemporaryFolder()
        let made = try await Program.run(["keygen", "--out", "key"], in: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        let secret = try String(contentsOfFile: folder.path + "/key", encoding: .utf8)
        #expect(!made.output.contains(secret.split(separator: "\n")[1]))
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/key")
        #expect(mode[.posixPermissions] as? Int == 0o600)
        let again = try await Program.run(["keygen", "--out", "key"], in: folder.path)
        #expect(again.status == 73)

        let recording = try await SyntheticSession.record(
            in: folder,
            options: ["--signing-key", "key"]
        )
        let trusted = try await Program.run(
            ["verify", recording, "--key", "key.pub", "--json"],
            in: folder.path
        )
        #expect(trusted.status == 0, "\(trusted.errors)\(trusted.output)")
        _ = try await Program.run(["keygen", "--out", "other"], in: folder.path)
        let other = try await Program.run(
            ["verify", recording, "--key", "other.pub"],
            in: folder.path
        )
        #expect(other.status == 2, "\(other.output)")
        let info = try await Program.run(["info", recording, "--json"], in: folder.path)
        #expect((info.object["signature"] as? String)?.hasPrefix("made by") == true)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644],
            ofItemAtPath: folder.path + "/key"
        )
        let open = try await Program.run(
            [
                "record", "--public", "linear:tickers.BTCUSDT", "--signing-key", "key", "--for",
                "1s",
            ],
            in: folder.path
        )
        #expect(open.status == 77, "\(open.errors)")
    }

    @Test
    func `a recording with a strategy is pruned at every boundary, and the rest replays the same`()
        async throws
    {
        let folder = try TemporaryFolder()
        let source = try await SyntheticSession.record(
            in: folder,
            settings: "journal:\n  segment_bytes: 65536",
            seconds: 16,
            until: { try Self.segments($0).count >= 3 }
        )
        let segments = try Self.segments(source)
        #expect(segments.count >= 3, "\(segments)")
        let whole = try await Program.run(["replay", source, "--json"])
        #expect(whole.status == 0, "\(whole.output)\(whole.errors)")
        let state = try await Program.run(["state", source, "--json"])
        let totals = try await Self.totals(source)
        for first in segments.dropFirst() {
            let path = folder.path + "/pruned-\(first)"
            try FileManager.default.copyItem(atPath: source, toPath: path)
            let asked = try await Program.run(["prune", path, "--before", "\(first)"])
            #expect(asked.status == 64, "nobody is there to be asked")
            let plan = try await Program.run(["prune", path, "--before", "\(first)", "--dry-run"])
            #expect(plan.status == 0)
            #expect(try Self.segments(path) == segments)
            let decoded = ["market.events", "market.unfinished", "market.lock"].map {
                path + "/derived/" + $0
            }
            try FileManager.default.createDirectory(
                atPath: path + "/derived",
                withIntermediateDirectories: true
            )
            for file in decoded { try Data("whole".utf8).write(to: URL(fileURLWithPath: file)) }
            let prune = try await Program.run(
                ["prune", path, "--before", "\(first)", "--yes", "--json"]
            )
            #expect(prune.status == 0, "\(prune.errors)")
            #expect(prune.object["begins"] as? Int == first)
            #expect(!decoded.contains { FileManager.default.fileExists(atPath: $0) })
            let verify = try await Program.run(["verify", path, "--json"])
            #expect(verify.status == 0, "\(verify.output)")
            #expect(verify.object["begins"] as? String == "pruned")
            let replay = try await Program.run(["replay", path, "--json"])
            let left = (replay.object["commands"] as? [String: Any])?["recorded"] as? Int
            #expect(replay.status == (left == 0 ? 2 : 0), "\(replay.output)\(replay.errors)")
            #expect(
                replay.object["state_hash"] as? String == whole.object["state_hash"] as? String
            )
            let end = try await Program.run(["state", path, "--json"])
            #expect(end.output == state.output)
            #expect(try await Self.totals(path) == totals)
            let days = try await Program.run(["pnl", path, "--by", "day"])
            try await Self.checkBeginning(days, path, first)
            #expect(days.errors.contains("from the state kept there"))
            let set = try await Program.run(
                ["replay", path, "--set", "strategies.maker.offset_ticks=9"]
            )
            #expect(set.status == 64)
        }
        try await Self.compactAndCut(source, whole, state, in: folder)
    }

    /// The day's figures begin with the first record that the desk hears of: a new stream's announcement, and what was sent,
    /// may stand before it.
    private static func checkBeginning(
        _ days: Program.Outcome,
        _ path: String,
        _ first: Int
    ) async throws {
        let told = try #require(
            days.output.firstMatch(of: #/before record (\d+)/#).flatMap { Int($0.output.1) },
            "\(days.output)"
        )
        let rows = try await Program.run(["cat", path, "--json"]).lines.compactMap {
            StartedProxy.object($0)
        }
        #expect(rows.first?["sequence"] as? Int == first)
        let unheard = rows.prefix { ($0["sequence"] as? Int ?? .max) < told }
            .compactMap { $0["stream"] as? String }
        #expect(told >= first && unheard.count == told - first, "\(days.output)")
        for stream in unheard {
            #expect(stream == "session/channel" || stream.hasPrefix("sent/"), "\(unheard)")
        }
    }

    /// Realised P&L, fees, funding and unrealised P&L by symbol, strategy and account, and their sums by day.
    private static func totals(_ recording: String) async throws -> [String: [String]] {
        var totals: [String: [String]] = [:]
        for grouping in ["symbol", "strategy", "account", "day"] {
            let pnl = try await Program.run(["pnl", recording, "--by", grouping, "--json"])
            #expect(pnl.status == 0, "\(pnl.errors)")
            #expect(!pnl.lines.isEmpty)
            var sums: [String: [Decimal]] = [:]
            for line in pnl.lines {
                let row = try #require(
                    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                )
                let names = ["realised", "fees", "funding", "net"]
                let numbers = try names.map {
                    try #require(Decimal(string: row[$0] as? String ?? ""))
                }
                let group = grouping == "day" ? "all" : row["group"] as? String ?? ""
                let sum = sums[group] ?? numbers.map { _ in 0 }
                sums[group] = zip(sum, numbers).map { $0 + $1 }
                if grouping != "day" {
                    totals["\(grouping) \(group) unrealised"] = [row["unrealised"] as? String ?? ""]
                }
            }
            for (group, sum) in sums { totals["\(grouping) \(group)"] = sum.map { "\($0)" } }
        }
        return totals
    }

    /// The same recording compacted, sliced, merged with itself.
    private static func compactAndCut(
        _ source: String,
        _ whole: Program.Outcome,
        _ state: Program.Outcome,
        in folder: TemporaryFolder
    ) async throws {
        let compact = try await Program.run(["compact", source, "--json"])
        #expect(compact.status == 0, "\(compact.errors)")
        let before = try #require(compact.object["bytes_before"] as? Int)
        let after = try #require(compact.object["bytes_after"] as? Int)
        #expect(after < before)
        let replay = try await Program.run(["replay", source, "--json"])
        #expect(replay.output == whole.output)
        #expect(try await Program.run(["verify", source]).status == 0)

        let last = try #require(whole.object["records"] as? Int)
        let slice = folder.path + "/slice"
        let cut = try await Program.run(
            ["slice", source, "--from", "\(last / 2)", "-o", slice, "--json"]
        )
        #expect(cut.status == 0, "\(cut.errors)")
        #expect(cut.object["replayable"] as? Bool == true, "\(cut.output)")
        #expect(try await Program.run(["verify", slice]).status == 0)
        let part = try await Program.run(["replay", slice, "--json"])
        #expect([0, 2].contains(part.status), "\(part.output)\(part.errors)")
        #expect(part.object["state_hash"] as? String == whole.object["state_hash"] as? String)
        #expect(try await Program.run(["state", slice, "--json"]).output == state.output)

        let merged = folder.path + "/merged"
        let merge = try await Program.run(["merge", source, slice, "-o", merged])
        #expect(merge.status == 0, "\(merge.errors)")
        #expect(try await Program.run(["verify", merged]).status == 0)
        let refused = try await Program.run(["replay", merged])
        #expect(refused.status == 2)
        #expect(refused.errors.contains("merged"))
        let again = try await Program.run(["merge", source, slice, "-o", merged])
        #expect(again.status == 73)
        #expect(again.errors.contains("Name another directory"), "\(again.errors)")
        let twice = try await Program.run(["merge", source, source, "-o", folder.path + "/twice"])
        #expect(twice.status == 64, "\(twice.errors)")
        let copy = folder.path + "/copy"
        try FileManager.default.copyItem(atPath: source, toPath: copy)
        let same = try await Program.run(["merge", source, copy, "-o", folder.path + "/twice"])
        #expect(same.status == 64 && same.errors.contains("the same recording"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/twice"))
        let info = try await Program.run(["info", merged, "--json"])
        #expect((info.object["interruptions"] as? [Any])?.isEmpty == true, "\(info.output)")
    }

    @Test func `a slice that ends at or among one input's outputs goes on to the last of them`()
        async throws
    {
        let (demo, _) = try await DemoTests.demo()
        let folder = try TemporaryFolder()
        let cat = try await Program.run(["cat", demo, "--json", "--from", "1500"])
        let records = try cat.lines.map { line -> (Int, String) in
            let row = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            )
            return (row["sequence"] as? Int ?? 0, row["stream"] as? String ?? "")
        }
        func isOutput(_ place: Int) -> Bool {
            ["desk/command", "desk/verdict", "desk/finding", "desk/state"]
                .contains(records[place].1)
        }
        let begin = try #require(
            (20..<records.count - 10).first {
                isOutput($0) && isOutput($0 + 1) && isOutput($0 + 2) && !isOutput($0 - 1)
            }
        )
        var end = begin
        while isOutput(end + 1) { end += 1 }
        for place in (begin - 1)...end {
            let path = folder.path + "/\(place)"
            let to = records[place].0
            let slice = try await Program.run(
                ["slice", demo, "--from", "1500", "--to", "\(to)", "-o", path, "--json"]
            )
            #expect(slice.status == 0, "\(slice.errors)")
            #expect(slice.object["extended"] as? Bool == (place < end))
            let sequence = slice.object["sequence"] as? [String: Any]
            #expect(sequence?["last"] as? Int == records[end].0)
            let replay = try await Program.run(["replay", path])
            #expect(replay.status == 0, "to \(to): \(replay.output)\(replay.errors)")
        }
        let text = try await Program.run(
            [
                "slice", demo, "--from", "1500", "--to", "\(records[begin].0)", "-o",
                folder.path + "/text",
            ]
        )
        #expect(text.output.contains("extended   behind --to, up to record \(records[end].0)"))
        let over = try await Program.run(
            ["slice", demo, "--from", "1500", "-o", folder.path + "/text"]
        )
        #expect(over.status == 73 && over.errors.contains("Name another directory"))
    }

    @Test func `copies and swapped names of segments are told, and every record is served once`()
        async throws
    {
        let folder = try TemporaryFolder()
        let source = try await SyntheticSession.record(
            in: folder,
            settings: "journal:\n  segment_bytes: 65536",
            seconds: 10,
            until: { try Self.segments($0).count >= 2 }
        )
        let segments = try Self.segments(source)
        try #require(segments.count >= 2)
        let names = segments.map { String(format: "%012d.mcap", $0) }
        let whole = try await Program.run(["cat", source])
        #expect(whole.status == 0)
        let manager = FileManager.default
        func path(_ name: String) -> String { source + "/" + name }

        let copy = "000000000001 (copy).mcap"
        try manager.copyItem(atPath: path(names[0]), toPath: path(copy))
        for command in ["cat", "info", "state", "pnl", "replay", "verify"] {
            let told = try await Program.run([command, source])
            #expect(told.status == 0, "\(command): \(told.errors)")
            #expect((told.output + told.errors).contains(copy), "\(command): \(told.errors)")
            if command == "cat" { #expect(told.output == whole.output) }
        }
        let list = try await Program.run(["ls", "--archive", folder.path])
        let rows = try await Program.run(["ls", "--archive", folder.path, "--json"])
        #expect(list.status == 0 && rows.status == 0)
        let name = try #require(source.split(separator: "/").last)
        let line = try #require(list.lines.first { $0.hasPrefix(name) })
        let header = try #require(list.lines.first)
        let end = try #require(header.range(of: "STRAYS")).upperBound
        let place = header.distance(from: header.startIndex, to: end)
        #expect(line.prefix(place).hasSuffix(" 1"), "\(list.output)")
        let row = try #require(rows.lines.first { $0.contains(#""recording":"\#(name)""#) })
        let object = try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any]
        let named = try #require(object?["strays"] as? [[String: Any]])
        #expect(named.count == 1)
        #expect((named.first?["file"] as? String)?.hasSuffix("/" + copy) == true)
        let beside = try await Program.run(["verify", source, "--json"])
        let strays = try #require(beside.object["strays"] as? [[String: Any]])
        #expect(strays.count == 1)
        #expect((strays[0]["todo"] as? String)?.contains("Move it out") == true)
        try manager.moveItem(atPath: path(copy), toPath: path("000000000002.mcap"))
        for command in ["cat", "info", "verify", "replay"] {
            let told = try await Program.run([command, source])
            #expect(told.status == 2, "\(command): \(told.errors)")
            #expect((told.output + told.errors).contains("000000000002.mcap"))
            if command == "cat" { #expect(told.output == whole.output) }
        }
        try manager.removeItem(atPath: path("000000000002.mcap"))

        try manager.moveItem(atPath: path(names[0]), toPath: folder.path + "/aside")
        try manager.moveItem(atPath: path(names[1]), toPath: path(names[0]))
        try manager.moveItem(atPath: folder.path + "/aside", toPath: path(names[1]))
        let verify = try await Program.run(["verify", source])
        #expect(verify.status == 2)
        for (file, segment) in [(names[0], names[1]), (names[1], names[0])] {
            #expect(
                verify.lines.contains {
                    $0.contains("/\(file): ") && $0.contains("Rename it to \(segment)")
                },
                "\(verify.output)"
            )
        }
        let cat = try await Program.run(["cat", source])
        #expect(cat.status == 2)
        #expect(cat.output == whole.output)
    }

    @Test func `a slice that fails leaves nothing behind`() async throws {
        let folder = try TemporaryFolder()
        let source = try await SyntheticSession.record(in: folder)
        let name = source + "/000000000001.mcap"
        var bytes = try Data(contentsOf: URL(filePath: name))
        for place in (bytes.count / 2)..<(bytes.count / 2 + 16) { bytes[place] ^= 0x33 }
        try bytes.write(to: URL(filePath: name))
        try FileManager.default.createDirectory(
            atPath: folder.path + "/empty",
            withIntermediateDirectories: true
        )
        for target in ["new", "empty"] {
            let slice = try await Program.run(["slice", source, "-o", folder.path + "/" + target])
            #expect(slice.status == 2, "\(slice.output)\(slice.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/new"))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/empty")
        #expect(left.isEmpty)
    }

    @Test func `a damaged recording is recovered beside the old one, and what is lost is named`()
        async throws
    {
        let folder = try TemporaryFolder()
        let source = try await SyntheticSession.record(in: folder)
        let sound = try await Program.run(["recover", source])
        #expect(sound.status == 0, "\(sound.errors)")
        let name = source + "/000000000001.mcap"
        var bytes = try Data(contentsOf: URL(filePath: name))
        let middle = bytes.count / 2
        for place in middle..<(middle + 16) { bytes[place] ^= 0x33 }
        try bytes.write(to: URL(filePath: name))
        let recover = try await Program.run(["recover", source, "--json"])
        #expect(recover.status == 1, "\(recover.output)\(recover.errors)")
        let lost = try #require(recover.object["lost"] as? [[String: Any]])
        #expect(lost.contains { ($0["first"] as? Int ?? 0) > 0 })
        let verify = try await Program.run(["verify", source + "-recovered", "--json"])
        #expect(verify.status == 0, "\(verify.output)")
        #expect((verify.object["gaps"] as? [Any])?.count == 1)
        let replay = try await Program.run(["replay", source + "-recovered"])
        #expect(replay.status == 2, "a replay stops at what is lost: \(replay.output)")
    }

    @Test func `a reader that crashes takes nothing down, and the file is named`() async throws {
        let folder = try TemporaryFolder()
        let source = try await SyntheticSession.record(in: folder)
        let library = try await Preload.build("crash", Self.crash, in: folder.path)
        let outcome = try await Program.run(
            ["verify", source, "--json"],
            environment: ["LD_PRELOAD": library]
        )
        #expect(outcome.status == 2, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.errors.contains("cannot be judged"))
        #expect(outcome.errors.contains(source))
    }

    /// Ends the process at its sixth read at an offset, as a hostile file might.
    private static let crash = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <unistd.h>
        ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
            static ssize_t (*real)(int, void *, size_t, off64_t);
            static int reads;
            if (!real) real = dlsym(RTLD_NEXT, "pread64");
            if (++reads > 5) *(volatile int *)0 = 1;
            return real(file, bytes, count, offset);
        }
        ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
            return pread64(file, bytes, count, offset);
        }
        """

    static func segments(_ path: String) throws -> [Int] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".mcap") }
            .compactMap { Int($0.dropLast(5)) }.sorted()
    }
}
