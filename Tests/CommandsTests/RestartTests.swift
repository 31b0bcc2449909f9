import Foundation
import Journal
import Market
import Testing

/// A recorder that is killed and started again with the same command line: each life is the next run.
@Suite(.serialized) struct RestartTests {
    static let given = ProcessInfo.processInfo.environment["TAPEDECK_KILLS"].flatMap { Int($0) }
    static let kills = given ?? 4

    @Test(arguments: [false, true])
    func `each life goes on as the next run, and says what no run recorded`(
        rolls: Bool
    )
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try Program.start(
            [
                "serve", "--synthetic", "--plain", "--json", "--symbols", "2", "--rate-limits",
                "off", "--for", "3000s",
            ],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { line in Endpoint(line) }.url
        let topics = ["orderbook.50.BTCUSDT", "tickers.BTCUSDT", "publicTrade.BTCUSDT"]
        let command =
            [
                "record", "--endpoint", endpoint, "--public",
                topics.map { "linear:" + $0 }.joined(separator: ","), "--out", "out", "--json",
                "--status-every", "50ms",
            ] + (rolls ? ["--set", "roll=day"] : [])
        for _ in 0..<Self.kills {
            let recorder = try Program.start(command, in: folder.path)
            try await Self.waitForFrames(recorder)
            recorder.kill()
            _ = try await recorder.end()
        }
        let last = try Program.start(command, in: folder.path)
        try await Self.waitForFrames(last)
        last.interrupt()
        let outcome = try await last.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")

        // Midnight may have come meanwhile.
        let paths =
            rolls
            ? try RowFolder(folder.path + "/out").members().map(\.path)
            : [folder.path + "/out"]
        let verified = try await Program.run(
            rolls ? ["verify", "--chain", "out"] : ["verify", "out"],
            in: folder.path
        )
        #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
        let lives = try Self.lives(paths, topics)
        #expect(lives.count == Self.kills + 1)
        var worst: Int64 = 0
        for (before, life) in zip(lives, lives.dropFirst()) {
            let ended = try #require(before.lastPublic)
            let began = try #require(life.firstPublic)
            worst = max(worst, began - ended)
            #expect(life.absences.count == 1, "told once for the socket")
            let absence = try #require(life.absences.first)
            #expect(absence.streams == topics.sorted())
            // What is named covers what is missing: from the last record of all to the complete socket.
            #expect(absence.from == before.last)
            // Behind the complete socket the exchange may stand still before it sends the first.
            let complete = try #require(life.ready)
            #expect(absence.from >= ended)
            #expect(absence.to >= min(began, complete) - 1_000_000_000)
        }
        #expect(lives.first?.absences.isEmpty == true)
        // The bar is for a machine that does nothing else.
        #expect(worst < (Self.given == nil ? 60_000_000_000 : 2_000_000_000))
        if Self.given != nil {
            let cost = worst / 1_000_000
            print("\(Self.kills) kills: a restart cost \(cost) ms of public data at most")
        }
    }

    private static func waitForFrames(_ recorder: Running) async throws {
        _ = try await recorder.line { line -> Int? in
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let frames = object?["frames"] as? Int ?? 0
            return frames >= 12 && object?["sockets_ready"] as? Int == 1 ? frames : nil
        }
    }

    struct Life {
        struct Absence {
            var from: Int64
            var to: Int64
            var streams: [String]
        }

        var firstPublic: Int64?
        var lastPublic: Int64?
        var last: Int64 = 0
        /// When the socket was complete.
        var ready: Int64?
        var absences: [Absence] = []
    }

    /// What each run recorded.
    private static func lives(_ paths: [String], _ topics: [String]) throws -> [Life] {
        var lives: [Life] = []
        for path in paths {
            let cursor = try Recording.open(path).cursor()
            while let record = try cursor.next() {
                let name = cursor.name(of: record.stream)
                let time = record.time.nanoseconds
                if name.kind == .sessionStart {
                    let text = String(decoding: record.payload, as: UTF8.self)
                    if !text.contains("\"continues\"") { lives.append(Life()) }
                }
                guard !lives.isEmpty else { continue }
                let place = lives.count - 1
                lives[place].last = time
                if case .publicTopic = name.kind {
                    if lives[place].firstPublic == nil { lives[place].firstPublic = time }
                    lives[place].lastPublic = time
                }
                guard case .link = name.kind else { continue }
                let object = try JSONSerialization.jsonObject(with: Data(record.payload))
                let fields = object as? [String: Any] ?? [:]
                if fields["change"] as? String == "ready", lives[place].ready == nil {
                    lives[place].ready = time
                }
                guard fields["change"] as? String == "absent" else { continue }
                #expect(fields["socket"] as? String == "public/linear")
                lives[place].absences.append(
                    Life.Absence(
                        from: Int64(fields["from"] as? String ?? "") ?? 0,
                        to: Int64(fields["to"] as? String ?? "") ?? 0,
                        streams: (fields["streams"] as? String ?? "").split(separator: " ")
                            .map(String.init)
                    )
                )
            }
        }
        return lives
    }

    @Test func `a second session on the same folder is refused, and touches nothing`() async throws
    {
        let folder = try TemporaryFolder()
        let server = try Program.start(
            ["serve", "--synthetic", "--plain", "--json", "--symbols", "2", "--for", "300s"],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { line in Endpoint(line) }.url
        let command = [
            "record", "--endpoint", endpoint, "--public", "linear:orderbook.50.BTCUSDT", "--out",
            "out", "--json", "--status-every", "50ms", "--set", "roll=day",
        ]
        let first = try Program.start(command, in: folder.path)
        defer { first.kill() }
        try await Self.waitForFrames(first)
        let second = try await Program.run(command, in: folder.path)
        #expect(second.status == 75, "\(second.errors)")
        first.interrupt()
        #expect(try await first.end().status == 0)
        // Started again after a clean end it goes on behind what is sealed.
        let third = try Program.start(command, in: folder.path)
        try await Self.waitForFrames(third)
        third.interrupt()
        #expect(try await third.end().status == 0)
        let verified = try await Program.run(
            ["verify", "--chain", "out", "--json"],
            in: folder.path
        )
        #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
        #expect((verified.object["recordings"] as? [Any])?.count == 2)
        let members = try RowFolder(folder.path + "/out").members()
        let (old, new) = (members[0], members[1])
        #expect(new.manifest.first == SequenceNumber(old.manifest.last.value + 1))
        let recording = try await Program.run(command.map { $0 == "out" ? old.path : $0 })
        #expect(recording.status == 64, "a recording is no folder for many: \(recording.errors)")
        // One that is gone is named.
        try FileManager.default.removeItem(atPath: old.path)
        let missing = try await Program.run(["verify", "--chain", "out"], in: folder.path)
        #expect(missing.status == 2)
        #expect(missing.output.contains(old.manifest.id))
    }
}
