import Foundation
import Journal
import Live
import Market
import Testing

/// `disk:` of a running session: what it does when its recordings take more than they may.
@Suite struct DiskRuleTests {
    private static func serve(_ folder: TemporaryFolder) async throws -> (Running, String) {
        let server = try Program.start(
            [
                "serve", "--synthetic", "--plain", "--json", "--symbols", "2", "--rate-limits",
                "off", "--for", "600s",
            ],
            in: folder.path
        )
        return (server, try await server.line { line in Endpoint(line) }.url)
    }

    @Test func `stop seals and ends with 74`() async throws {
        let folder = try TemporaryFolder()
        let (server, endpoint) = try await Self.serve(folder)
        defer { server.kill() }
        let outcome = try await Program.run(
            [
                "record", "--endpoint", endpoint, "--public", "linear:orderbook.50.BTCUSDT",
                "--out", "out", "--set", "disk.budget=1KiB", "--set", "disk.when_full=stop",
                "--for", "300s",
            ],
            in: folder.path
        )
        #expect(outcome.status == 74, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.errors.contains("budget"))
        let recording = try Recording.open(folder.path + "/out")
        #expect(recording.state == .sealed)
        #expect(try Verifier.verify(recording.path).state == .sound)
    }

    @Test(arguments: [
        (["disk.when_full=stop"], "disk.when_full"), (["disk.budget=much"], "disk.budget"),
        (["disk.budget=1GiB", "disk.when_full=panic"], "disk.when_full"),
        (["roll=hour"], "roll"),
    ])
    func `what the session file may not say is refused with its place`(
        settings: [String],
        place: String
    ) async throws {
        let outcome = try await Program.run(
            [
                "record", "--endpoint", "http://127.0.0.1:9", "--public",
                "linear:orderbook.50.BTCUSDT",
            ] + settings.flatMap { ["--set", $0] }
        )
        #expect(outcome.status == 78, "\(outcome.errors)")
        #expect(outcome.errors.contains(place))
    }

    @Test func `shed-public counts public data and keeps the rest`() async throws {
        let folder = try TemporaryFolder()
        let live = try await LiveSession(in: folder) {
            $0.key = .builtIn(key: LiveSession.key.0, secret: Array(LiveSession.key.1.utf8))
            $0.subscriptions = [.init(.linear, "orderbook.50.BTCUSDT")]
            $0.diskLimits.budget = 1
            $0.diskLimits.whenFull = .shedPublic
        }
        #expect(await live.session.waitUntilReady(seconds: 60))
        // The count of the first ten seconds or more has been told.
        try await live.eventually { $0.counts.shed > 0 }
        let status = await live.session.status()
        #expect(status.disk.map { $0.missing > 0 } == true)
        _ = try await live.session.seal(reason: "the test is over")
        let recording = try #require(try live.recordings().first)
        let cursor = try recording.cursor()
        var names: Set<String> = []
        var told = 0
        while let record = try cursor.next() {
            let name = cursor.name(of: record.stream).text
            names.insert(name)
            let text = String(decoding: record.payload, as: UTF8.self)
            if name == "link/public/linear", text.contains("\"shed\"") { told += 1 }
        }
        #expect(told > 0)
        #expect(names.contains { $0.hasPrefix("rest/main/") }, "\(names)")
    }

    @Test func `what was shed since the last count is told at the end`() async throws {
        let folder = try TemporaryFolder()
        let live = try await LiveSession(in: folder) {
            $0.subscriptions = [.init(.linear, "orderbook.50.BTCUSDT")]
            $0.diskLimits.budget = 1
            $0.diskLimits.whenFull = .shedPublic
        }
        #expect(await live.session.waitUntilReady(seconds: 60))
        try await live.eventually { $0.counts.shed > 0 }
        // The next count is due ten seconds later.
        let first = await live.session.status().counts.frames
        try await live.eventually { $0.counts.frames > first + 20 }
        let frames = await live.session.status().counts.frames
        _ = try await live.session.seal(reason: "the test is over")
        let recording = try #require(try live.recordings().first)
        let cursor = try recording.cursor()
        var (kept, told): (Int64, Int64) = (0, 0)
        while let record = try cursor.next() {
            let name = cursor.name(of: record.stream).text
            if name.hasPrefix("public/") { kept += 1 }
            guard name == "link/public/linear",
                let object = try JSONSerialization.jsonObject(with: Data(record.payload))
                    as? [String: Any], object["change"] as? String == "shed"
            else { continue }
            told += (object["count"] as? NSNumber)?.int64Value ?? 0
        }
        #expect(kept + told >= frames, "\(kept) kept, \(told) told, \(frames) came")
    }

    @Test func `a row is pruned while it is written, and stays sound`() async throws {
        let folder = try TemporaryFolder()
        let live = try await LiveSession(in: folder) {
            $0.subscriptions = [.init(.linear, "orderbook.50.BTCUSDT")]
            // Whatever is sealed is more than that.
            $0.diskLimits.budget = 1
            $0.diskLimits.whenFull = .prune
        }
        #expect(await live.session.waitUntilReady(seconds: 60))
        for _ in 0..<3 {
            let frames = await live.session.status().counts.frames
            try await live.eventually { $0.counts.frames > frames + 3 }
            try await live.roll { await live.session.roll() }
        }
        try await live.eventually { $0.rolls.sealing == 0 }
        for _ in 0..<600 {
            // One of them may go between its listing and its opening.
            if (try? live.recordings().count) == 1 { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try live.recordings().count == 1)
        let status = await live.session.status()
        #expect(status.disk?.prunes == true)
        _ = try await live.session.seal(reason: "the test is over")
        let verified = try await Program.run(
            ["verify", "--chain", live.archive, "--json"],
            in: folder.path
        )
        #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
        #expect(verified.object["begins"] as? String == "pruned")
        #expect(try PrunedRecording.all(in: live.archive).count == 3)
    }
}
