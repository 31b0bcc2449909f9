import Foundation
import Testing

/// One file to send: what is in it, what is not, and that every command reads it.
@Suite struct BundleTests {
    private static func streams(_ file: String, _ folder: String) async throws -> Set<String> {
        let rows = try await Program.run(["cat", file, "--json"], in: folder).lines
        return Set(rows.compactMap { StartedProxy.object($0)?["stream"] as? String })
    }

    /// Rows of the account's orders, in order.
    private static func orders(_ path: String) async throws -> [[String: Any]] {
        let pushes = try await Program.run(["cat", path, "--stream", "private/*/order", "--raw"])
        return pushes.lines.flatMap {
            StartedProxy.object($0)?["data"] as? [[String: Any]] ?? []
        }
    }

    /// Times of the desk's commands, in order.
    private static func commands(_ path: String) async throws -> [String] {
        try await Program.run(["cat", path, "--stream", "desk/command", "--json"]).lines
            .compactMap { StartedProxy.object($0)?["time"] as? String }
    }

    /// The attachment `tapedeck.bundle`, found by its beginning: it stands in the file as it is.
    private static func note(_ file: String) throws -> [String: Any] {
        let bytes = try Data(contentsOf: URL(filePath: file))
        let start = try #require(bytes.range(of: Data(#"{"schema":"tapedeck.bundle/1""#.utf8)))
        let end = try #require(bytes.range(of: Data("\n".utf8), in: start.lowerBound..<bytes.count))
        let object = try JSONSerialization.jsonObject(
            with: bytes[start.lowerBound..<end.lowerBound]
        )
        return try #require(object as? [String: Any])
    }

    @Test func `a bundle with everything verifies, replays and says the same as its recording`()
        async throws
    {
        let folder = try TemporaryFolder()
        let source = try await SyntheticSession.record(
            in: folder,
            settings: "journal:\n  segment_bytes: 65536",
            seconds: 8
        ) { try await Self.commands($0).count > 8 }
        let made = try await Program.run(
            ["bundle", source, "--with-private", "-o", "whole.mcap", "--json"],
            in: folder.path
        )
        #expect(made.status == 0, "\(made.output)\(made.errors)")
        #expect(made.object["replayable"] as? Bool == true && made.object["left_out"] as? Int == 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!files.contains { $0.hasSuffix(".unfinished") }, "\(files)")

        let verify = try await Program.run(["verify", "whole.mcap", "--json"], in: folder.path)
        #expect(verify.status == 0, "\(verify.output)\(verify.errors)")
        // What keeps tables beside a recording needs its directory.
        for command in [["replay"], ["state"], ["orders"], ["audit"]] {
            let one = try await Program.run(command + [source, "--json"], in: folder.path)
            let other = try await Program.run(command + ["whole.mcap", "--json"], in: folder.path)
            #expect(other.status == one.status, "\(command) \(other.output) \(other.errors)")
            if command == ["replay"] {
                for key in ["result", "records", "state_hash"] {
                    #expect("\(other.object[key] ?? "")" == "\(one.object[key] ?? "-")", "\(key)")
                }
            }
        }
        let rows = try await Program.run(["cat", source, "--json"], in: folder.path)
        let same = try await Program.run(["cat", "whole.mcap", "--json"], in: folder.path)
        #expect(rows.lines == same.lines && rows.lines.count > 100)
        let info = try await Program.run(["info", "whole.mcap", "--json"], in: folder.path)
        #expect(info.object["records"] as? Int == made.object["records"] as? Int)

        // A part of it, cut before and behind: it replays from the state there.
        let commands = try await Self.commands(source)
        let part = try await Program.run(
            [
                "bundle", source, "--with-private", "--from", commands[commands.count / 4], "--to",
                commands[commands.count * 3 / 4], "-o", "part.mcap", "--json",
            ],
            in: folder.path
        )
        #expect(part.object["replayable"] as? Bool == true, "\(part.output)\(part.errors)")
        let replay = try await Program.run(["replay", "part.mcap", "--json"], in: folder.path)
        #expect(
            replay.object["result"] as? String == "identical",
            "\(replay.output)\(replay.errors)"
        )

        let note = try Self.note(folder.path + "/whole.mcap")
        #expect(note["private"] as? Bool == true)
        let report = try #require(note["report"] as? [String: Any])
        let topics = (report["rows"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
        #expect(topics.contains { $0.hasPrefix("linear orderbook") }, "\(topics)")
        #expect((note["versions"] as? [String: String])?["program"]?.contains("tapedeck") == true)

        // `info` says the same, and so much of it for people.
        let attached = try #require(
            (info.object["attachments"] as? [[String: Any]])?.first {
                $0["name"] as? String == "tapedeck.bundle"
            }
        )
        #expect(attached["media_type"] as? String == "application/json")
        #expect((attached["bytes"] as? Int ?? 0) > 500)
        let bundle = try #require(info.object["bundle"] as? [String: Any], "\(info.output)")
        #expect(bundle["of"] as? String == note["of"] as? String)
        #expect(bundle["records"] as? Int == made.object["records"] as? Int)
        #expect(bundle["private"] as? Bool == true && bundle["left_out"] as? Int == 0)
        let words = try await Program.run(["info", "whole.mcap"], in: folder.path)
        #expect(
            words.output.contains("attached   tapedeck.bundle, application/json"),
            "\(words.output)"
        )
        #expect(words.output.contains("with what tells of the account"))
        // A recording of one's own has nothing beside its records.
        let own = try await Program.run(["info", source, "--json"], in: folder.path)
        #expect(
            (own.object["attachments"] as? [Any])?.isEmpty == true && own.object["bundle"] == nil
        )

        let again = try await Program.run(
            ["bundle", source, "--with-private", "-o", "whole.mcap"],
            in: folder.path
        )
        #expect(again.status == 73, "\(again.errors)")
    }

    @Test func `without --with-private nothing of the account is in the file, by name or by value`()
        async throws
    {
        let folder = try TemporaryFolder()
        let source = try await SyntheticSession.record(in: folder, seconds: 6) {
            Set(try await Self.orders($0).compactMap { $0["orderLinkId"] as? String }).count > 4
        }
        let orders = try await Self.orders(source)
        let ids = Set(orders.compactMap { $0["orderId"] as? String })
        let links = Set(orders.compactMap { $0["orderLinkId"] as? String }).subtracting([""])
        #expect(ids.count > 3 && links.count > 3)
        let made = try await Program.run(
            ["bundle", source, "-o", "open.mcap", "--json"],
            in: folder.path
        )
        #expect(made.status == 0, "\(made.output)\(made.errors)")
        #expect(made.object["replayable"] as? Bool == false)
        #expect((made.object["left_out"] as? Int ?? 0) > 10)
        let streams = try await Self.streams("open.mcap", folder.path)
        #expect(streams.contains { $0.hasPrefix("public/linear/orderbook") }, "\(streams)")
        for name in streams {
            #expect(!name.hasPrefix("private/") && !name.hasPrefix("desk/"), "\(name)")
            #expect(!name.hasPrefix("trade/") && name != "session/start", "\(name)")
        }
        let text = try await Program.run(["cat", "open.mcap", "--json"], in: folder.path).output
        let note = try JSONSerialization.data(withJSONObject: Self.note(folder.path + "/open.mcap"))
        let all = text + String(decoding: note, as: UTF8.self)
        for id in ids.union(links) { #expect(!all.contains(id), "\(id)") }
        let verify = try await Program.run(["verify", "open.mcap", "--json"], in: folder.path)
        #expect(verify.status == 0, "\(verify.output)\(verify.errors)")
        // Times stay, and so does the order.
        let was = try await Program.run(
            ["cat", source, "--stream", "public/*", "--raw"],
            in: folder.path
        )
        let now = try await Program.run(
            ["cat", "open.mcap", "--stream", "public/*", "--raw"],
            in: folder.path
        )
        #expect(was.lines == now.lines && !was.lines.isEmpty)
        let info = try await Program.run(["info", "open.mcap"], in: folder.path)
        #expect(
            info.status == 0 && info.output.contains("without what tells of an account"),
            "\(info.output)"
        )
        #expect(info.output.contains("left out: private/main/order"), "\(info.output)")
        let replay = try await Program.run(["replay", "open.mcap"], in: folder.path)
        #expect(replay.status == 2, "\(replay.output)\(replay.errors)")
    }

    @Test func `around an order's id is what stands about it, and an id that is not there is 66`()
        async throws
    {
        let folder = try TemporaryFolder()
        let source = try await SyntheticSession.record(in: folder, seconds: 8) {
            try await !Self.orders($0).isEmpty
        }
        let orders = try await Self.orders(source)
        let all = orders.compactMap { $0["orderLinkId"] as? String }.filter { !$0.isEmpty }
        let id = try #require(all.dropFirst(all.count / 2).first)
        let made = try await Program.run(
            [
                "bundle", source, "--around", id, "--margin", "200ms", "--with-private", "-o",
                "around.mcap", "--json",
            ],
            in: folder.path
        )
        #expect(made.status == 0, "\(made.output)\(made.errors)")
        let text = try await Program.run(["cat", "around.mcap", "--raw"], in: folder.path).output
        #expect(text.contains(id))
        let whole = try await Program.run(["info", source, "--json"], in: folder.path)
        let count = made.object["records"] as? Int ?? 0
        #expect(count > 0 && count < whole.object["records"] as? Int ?? 0)
        let none = try await Program.run(
            ["bundle", source, "--around", "no-such-order", "-o", "x.mcap"],
            in: folder.path
        )
        #expect(none.status == 66, "\(none.errors)")
        let both = try await Program.run(
            ["bundle", source, "--around", id, "--from", "1", "-o", "x.mcap"],
            in: folder.path
        )
        #expect(both.status == 64, "\(both.errors)")
    }

    @Test func `a key in a record, and a field that should have been blanked, stop the bundle`()
        async throws
    {
        let folder = try TemporaryFolder()
        try
            "[main]\nkey = PLANTEDKEY0123456789\nsecret = PLANTEDSECRET0123456789abcdef\nenvironment = testnet\n"
            .write(toFile: folder.path + "/keys", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600],
            ofItemAtPath: folder.path + "/keys"
        )
        for (place, payload) in ["PLANTEDKEY0123456789", "apiKey"].enumerated() {
            // What another program made, and what no recorder of ours would have let through.
            var file = ForeignFile()
            file.chunk("public/linear/-", [Array(#"{"symbol":"BTCUSDT"}"#.utf8)])
            file.chunk(
                "public/linear/-",
                [
                    Array(
                        (place == 0
                            ? #"{"note":"PLANTEDKEY0123456789"}"#
                            : #"{"apiKey":"0123456789abcdef"}"#).utf8
                    )
                ]
            )
            let path = folder.path + "/planted-\(place).mcap"
            try file.write(to: path)
            let made = try await Program.run(
                ["bundle", path, "--credentials-file", "keys", "-o", "out-\(place).mcap"],
                in: folder.path
            )
            #expect(made.status == 77, "\(payload): \(made.output)\(made.errors)")
            #expect(made.errors.contains("record 2"), "\(made.errors)")
            #expect(!made.errors.contains("PLANTED") && !made.errors.contains("0123456789abcdef"))
            let isThere = FileManager.default.fileExists(
                atPath: folder.path + "/out-\(place).mcap"
            )
            #expect(!isThere)
        }
    }
}
