import Foundation
import Testing

/// `cat --follow` as its users run it: beside a recorder, over its kill and its next run, to the seal.
@Suite struct CatFollowTests {
    private static func object(_ line: String) -> [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }

    /// Waits until the recorder says that it has written so many records, and gives how many.
    private static func written(_ recorder: Running, atLeast count: Int) async throws -> Int {
        try await recorder.line { line in
            guard let object = object(line), object["frames"] as? Int ?? 0 > 0,
                let written = object["written"] as? Int, written >= count
            else { return nil }
            return written
        }
    }

    /// Waits until the follower has printed the record with this number.
    private static func has(_ follower: Running, printed number: Int) async throws {
        let _: Bool = try await follower.line { line in
            object(line)?["sequence"] as? Int == number ? true : nil
        }
    }

    @Test func `it prints what is being recorded, goes on with the next run, and ends at the seal`()
        async throws
    {
        let folder = try TemporaryFolder()
        let (server, endpoint) = try await Endpoint.serve(for: "900s", in: folder)
        defer { server.kill() }
        let command = [
            "record", "--endpoint", endpoint, "--public",
            "linear:orderbook.50.BTCUSDT,linear:publicTrade.*", "--out", "r", "--json",
            "--status-every", "50ms",
        ]
        let first = try Program.start(command, in: folder.path)
        defer { first.kill() }
        let begun = try await Self.written(first, atLeast: 40)
        let follower = try Program.start(["cat", "r", "--follow", "--json"], in: folder.path)
        defer { follower.kill() }
        let topic = "public/linear/orderbook.50.BTCUSDT"
        let filtered = try Program.start(
            ["cat", "r", "--follow", "--raw", "--stream", topic, "--from", "\(begun)"],
            in: folder.path
        )
        defer { filtered.kill() }
        // What it was started behind, and what came since: it does not stop at the end that it found.
        try await Self.has(follower, printed: begun)
        let later = try await Self.written(first, atLeast: begun + 60)
        try await Self.has(follower, printed: later)
        #expect(follower.process.isRunning && filtered.process.isRunning)

        first.kill()
        _ = try await first.end()
        let second = try Program.start(command, in: folder.path)
        defer { second.kill() }
        let restarted = try await Self.written(second, atLeast: later + 60)
        try await Self.has(follower, printed: restarted)
        #expect(follower.process.isRunning && filtered.process.isRunning)
        second.interrupt()
        let end = try await second.end()
        #expect(end.status == 0, "\(end.errors)")

        let whole = try await follower.end()
        #expect(whole.status == 0 && whole.errors.isEmpty, "\(whole.errors)")
        let cat = try await Program.run(["cat", "r", "--json"], in: folder.path)
        #expect(whole.output == cat.output)
        let runs = cat.lines.compactMap(Self.object).filter {
            $0["stream"] as? String == "session/start"
        }
        #expect(runs.count == 2, "the recording goes on over the kill")
        let part = try await filtered.end()
        #expect(part.status == 0 && part.errors.isEmpty, "\(part.errors)")
        let wanted = try await Program.run(
            ["cat", "r", "--raw", "--stream", topic, "--from", "\(begun)"],
            in: folder.path
        )
        #expect(part.output == wanted.output && wanted.lines.count > 10)
        let verify = try await Program.run(["verify", "r"], in: folder.path)
        #expect(verify.status == 0, "\(verify.output)")
        // Of what is sealed there is nothing to wait for.
        let sealed = try await Program.run(["cat", "r", "--follow", "--json"], in: folder.path)
        #expect(sealed.status == 0 && sealed.output == cat.output)
    }
}
